"""Tells everyone in this process that the desk has changed; what has changed, each finds out from the store.

Changes of other gateways come in by the store's change counter, which the sweep reads once a second.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Bus:
    """One event for each listener: many changes while a listener is busy are one."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Event] = set()

    def changed(self) -> None:
        """Wakes every listener."""
        for listener in self._listeners:
            listener.set()

    @contextmanager
    def listening(self) -> Iterator[asyncio.Event]:
        """An event that is set by each change; whoever waits for it clears it first, then looks."""
        event = asyncio.Event()
        self._listeners.add(event)
        try:
            yield event
        finally:
            self._listeners.discard(event)
