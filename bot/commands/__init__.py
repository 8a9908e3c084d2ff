"""The commands of `guichet`, one module each."""
