"""Guichet: text, dialogue and people. `voice` holds sound and the telephone, `actions` Rasa's action server."""

__version__ = "0.1.0"
