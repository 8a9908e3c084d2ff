"""Threads for slow work behind a queue that is bounded, first come first served, and forgets who gave up.

A transcription that nobody waits for any more (the caller went on speaking) must not take its turn before one that
is waited for. So work waits on the event loop, where it can be cancelled, and goes to a thread only when one is free.

Sound comes before words, words before voices: the line's packets must leave every 20 ms, a caller who has spoken waits
for the transcription, and what is being spoken has a sentence's head start. So each engine steps back by its own
number (`nice`), which needs no privilege, where raising the line's priority would.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import ParamSpec, TypeVar

from bot.errors import SpeechUnavailable

_P = ParamSpec("_P")
_T = TypeVar("_T")
HEARING_NICE, SPEAKING_NICE, ADVANCE_NICE = 3, 8, 19
"""Out of 19. The engines' own threads take over that of the thread which loads them (`made_at`)."""


class Workers:
    """`count` threads and the queue in front of them. All methods belong to the event loop's thread.

    `waiting` and `running` are for the metrics. `nice` is how far the threads step back (on Linux).
    """

    def __init__(self, count: int, name: str, *, longest_queue: int, nice: int = 0) -> None:
        self.waiting = 0
        self.running = 0
        self._count = count
        self._longest_queue = longest_queue
        self._free = asyncio.Semaphore(count)
        self._threads = ThreadPoolExecutor(count, thread_name_prefix=name, initializer=partial(_step_back, nice))

    @property
    def is_free(self) -> bool:
        """Whether work given now begins at once."""
        return not self._free.locked()

    @property
    def one_to_spare(self) -> bool:
        """Whether another is free while work given now is done: never where there is only one."""
        return self.running + self.waiting + 1 < self._count

    async def do(self, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """The result of `work`, which does not start any more once this is cancelled.

        Raises what `work` raises, and `SpeechUnavailable` when too many wait already.
        """
        if self.waiting >= self._longest_queue:
            raise SpeechUnavailable(f"{self.waiting} others are waiting for a speech engine already.")
        self.waiting += 1
        try:
            await self._free.acquire()
        finally:
            self.waiting -= 1
        self.running += 1
        under_way = asyncio.get_running_loop().run_in_executor(self._threads, lambda: work(*args, **kwargs))
        under_way.add_done_callback(self._finished)
        return await asyncio.shield(under_way)  # the thread goes on when we are cancelled, and is not free until then

    def close(self) -> None:
        """Work under way is finished, not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _finished(self, work: asyncio.Future[_T]) -> None:
        self.running -= 1
        self._free.release()
        if not work.cancelled():
            work.exception()  # looked at, since nobody else may be left to do it


def made_at(nice: int, make: Callable[[], _T]) -> _T:
    """What `make` makes, in a thread that has stepped back, as do the threads that it starts there."""
    with ThreadPoolExecutor(1, initializer=partial(_step_back, nice)) as threads:
        return threads.submit(make).result()


def _step_back(nice: int) -> None:
    """On Linux a priority belongs to a thread, and so do the processors' turns."""
    if nice and sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), nice)
