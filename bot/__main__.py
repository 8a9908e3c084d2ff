"""`python -m bot` is `guichet`."""

from bot.cli import main

main()
