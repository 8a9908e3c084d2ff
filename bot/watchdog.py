"""Whether the event loop is ever blocked: it carries every call, so 250 ms of it are 250 ms of silence for all.

The loop wakes itself every 100 ms and measures how late it was. A thread of its own watches these wake-ups from
outside: when one does not come, it notes where the loop's thread is at that very moment (functions and lines,
never values). A loop that stays away for five seconds is logged at once, since it may never return to do it itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import structlog

EVERY_SECONDS = 0.1
BLOCKED_SECONDS = 0.25
STUCK_SECONDS = 5.0
_WINDOW_SECONDS = 60.0
_FRAMES_SHOWN = 12

log = structlog.get_logger(__name__)


class Lateness:
    """How late the loop was during the last minute. Times are given, seconds."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, float]] = deque()

    def add(self, now: float, late_seconds: float) -> None:
        """One measurement."""
        self._seen.append((now, late_seconds))
        while self._seen[0][0] < now - _WINDOW_SECONDS:
            self._seen.popleft()

    def worst(self, now: float) -> float:
        """The worst of the minute before `now`; 0 when nothing was measured."""
        return max((late for at, late in self._seen if at >= now - _WINDOW_SECONDS), default=0.0)


class Watchdog:
    """Watches the loop in which `running` is entered. `on_late` is told every measurement, in seconds."""

    def __init__(self, on_late: Callable[[float], None] = lambda _: None) -> None:
        self._on_late = on_late
        self._lateness = Lateness()
        self._loop_thread = 0
        self._beat_at = 0.0
        self._stopped = threading.Event()
        self._caught: tuple[str, ...] = ()

    @property
    def worst_seconds(self) -> float:
        """How late the loop was at worst during the last minute."""
        return self._lateness.worst(time.monotonic())

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Measures until the block is left."""
        self._loop_thread = threading.get_ident()
        self._beat_at = time.monotonic()
        beating = asyncio.create_task(self._beat())
        outside = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        outside.start()
        try:
            yield
        finally:
            self._stopped.set()
            beating.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await beating
            await asyncio.to_thread(outside.join)

    async def _beat(self) -> None:
        while True:
            due_at = self._beat_at + EVERY_SECONDS
            await asyncio.sleep(due_at - time.monotonic())
            now = time.monotonic()
            late_seconds = max(0.0, now - due_at)
            self._lateness.add(now, late_seconds)
            self._on_late(late_seconds)
            caught, self._caught = self._caught, ()
            self._beat_at = now
            if late_seconds > BLOCKED_SECONDS:
                log.warning("loop.blocked", seconds=round(late_seconds, 3), where=list(caught))

    def _watch(self) -> None:
        """In a thread of its own."""
        beat = self._beat_at
        is_caught = is_stuck = False
        while not self._stopped.wait(self._next_look(beat, is_caught)):
            if self._beat_at != beat:
                beat, is_caught, is_stuck = self._beat_at, False, False
                continue
            late_seconds = time.monotonic() - beat - EVERY_SECONDS
            if late_seconds > BLOCKED_SECONDS and not is_caught:
                is_caught = True
                self._caught = self._where()
            if late_seconds > STUCK_SECONDS and not is_stuck:
                is_stuck = True
                log.error("loop.stuck", seconds=round(late_seconds, 1), where=list(self._where()))

    def _next_look(self, beat: float, is_caught: bool) -> float:
        if is_caught:
            return EVERY_SECONDS
        return max(0.01, beat + EVERY_SECONDS + BLOCKED_SECONDS - time.monotonic())

    def _where(self) -> tuple[str, ...]:
        """What the loop's thread is doing, the innermost function last."""
        frame = sys._current_frames().get(self._loop_thread)
        if frame is None:
            return ()
        stack = [
            f"{one.f_globals.get('__name__', '?')}.{one.f_code.co_name}:{number}"
            for one, number in traceback.walk_stack(frame)
        ]
        return tuple(reversed(stack[:_FRAMES_SHOWN]))
