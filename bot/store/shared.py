"""One reading for all who ask for the same thing at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Shared(Generic[T]):
    """Whoever asks is answered by a reading that began after they asked: as true as one of their own.

    Those who ask while one is under way wait for the next, all for the same one. So two hundred who ask at once cost
    two readings. What a reading raises, all its askers are told.
    """

    def __init__(self, read: Callable[[], Awaitable[T]]) -> None:
        self._read = read
        self._under_way: asyncio.Task[T] | None = None
        self._next: asyncio.Task[T] | None = None

    async def __call__(self) -> T:
        if self._next is None:
            self._next = asyncio.create_task(self._reading(self._under_way))
            self._next.add_done_callback(_seen)
        return await asyncio.shield(self._next)

    async def _reading(self, before: asyncio.Task[T] | None) -> T:
        if before is not None and not before.done():
            await asyncio.wait([before])
        self._under_way, self._next = self._next, None
        return await self._read()


def _seen(task: asyncio.Task[T]) -> None:
    """Everybody who asked may be gone: then nobody else looks at the error."""
    if not task.cancelled():
        task.exception()
