"""Ending a background task: cancelled once, and waited for.

A task that uses the store must be over before the event loop is. Cancelled in the middle of a query, it still has its
connection to close; where it is cancelled a second time there, as the loop does with all that is left at its end, the
close of aiosqlite 0.22 waits for a thread that has gone, and the process never ends.
"""

from __future__ import annotations

import asyncio
from typing import Any


async def end(task: asyncio.Task[Any]) -> None:
    """Returns when the task is over, its own clean-up included, however it ended."""
    task.cancel()
    await asyncio.wait([task])
