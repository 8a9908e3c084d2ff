"""One transaction for all who wait to write the same kind of thing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from bot.errors import GuichetError, StoreUnavailable, Unwritable

T = TypeVar("T")
R = TypeVar("R")

_MOST = 50


@dataclass(frozen=True, slots=True)
class _Asked(Generic[T, R]):
    one: T
    written: asyncio.Future[R]


class Together(Generic[T, R]):
    """Whoever comes while others are being written goes with all who wait into the next write, 50 at the most.

    So a crowd costs a few transactions, nobody else waits behind all of it, and who comes alone is written at once. In
    one write there is one of each `key`; of the `at_once` writes that go on side by side, two may have the same.

    `write` answers for each, in their order, with its result or the error that is its alone. What it raises all of them
    are told, and nothing is tried again, since it may have been written; but after `Unwritable` nothing has been: then
    each is written alone, and only whom it is about is told. Whoever has asked for `seconds` is told
    `StoreUnavailable`, alone. Who has left before is not written.
    """

    def __init__(
        self,
        write: Callable[[Sequence[T]], Awaitable[Sequence[R | GuichetError]]],
        *,
        key: Callable[[T], Hashable],
        seconds: float,
        at_once: int = 1,
    ) -> None:
        self.seconds = seconds
        self._write = write
        self._key = key
        self._at_once = at_once
        self._waiting: list[_Asked[T, R]] = []
        self._writers: set[asyncio.Task[None]] = set()

    async def __call__(self, one: T) -> R:
        asked: _Asked[T, R] = _Asked(one, asyncio.get_running_loop().create_future())
        self._waiting.append(asked)
        if sum(not writer.done() for writer in self._writers) < self._at_once:
            writer = asyncio.create_task(self._write_what_waits())
            self._writers.add(writer)
            writer.add_done_callback(self._writers.discard)
        try:
            async with asyncio.timeout(self.seconds):
                return await asked.written  # which is cancelled when the time is over: who is told so is not written
        except TimeoutError:
            raise _too_slow() from None

    async def _write_what_waits(self) -> None:
        group: Sequence[_Asked[T, R]] = ()
        try:
            while self._waiting:
                if group := self._next_group():
                    await self._write_group(group)
        except BaseException:  # this task is cancelled, or what it waited for: nobody is left waiting for nothing
            stopped = StoreUnavailable("It could not be written: the writing was stopped.")
            untold, self._waiting = [*group, *self._waiting], []
            _tell(untold, [stopped] * len(untold))
            raise

    def _next_group(self) -> list[_Asked[T, R]]:
        group: dict[Hashable, _Asked[T, R]] = {}
        later = []
        for asked in self._waiting:
            if asked.written.done():
                continue
            key = self._key(asked.one)
            if len(group) < _MOST and key not in group:
                group[key] = asked
            else:
                later.append(asked)
        self._waiting = later
        return list(group.values())

    async def _write_group(self, group: Sequence[_Asked[T, R]]) -> None:
        answers: Sequence[R | Exception]
        try:
            async with asyncio.timeout(self.seconds):
                answers = await self._write([asked.one for asked in group])
        except TimeoutError:
            answers = [_too_slow()] * len(group)
        except Unwritable as error:
            if len(group) > 1:
                for asked in group:
                    if not asked.written.done():
                        await self._write_group([asked])
                return
            answers = [error]
        except Exception as error:  # noqa: BLE001  # whatever it is, who has asked is told
            answers = [error] * len(group)
        _tell(group, answers)


def _tell(group: Sequence[_Asked[T, R]], answers: Sequence[R | Exception]) -> None:
    for asked, answer in zip(group, answers, strict=True):
        if asked.written.done():
            continue
        if isinstance(answer, Exception):
            asked.written.set_exception(answer)
        else:
            asked.written.set_result(answer)


def _too_slow() -> StoreUnavailable:
    return StoreUnavailable("It could not be written in time: the store is slow.")
