"""Telephone exchanges between the caller and the line."""
