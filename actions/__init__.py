"""Rasa's action server: turns an understood intent into a sourced answer, a choice or a handover."""
