"""Slow work in threads: who waits, who is turned away, and who is not served because they have gone."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import AsyncIterator, Callable

import pytest

from bot.errors import ModelMissing, SpeechUnavailable
from voice.workers import Workers, made_at


class Desk:
    """One worker whose work waits for `gate`; `done` lists what was worked on."""

    def __init__(self, **options: bool) -> None:
        self.gate = threading.Event()
        self.done: list[str] = []
        self.workers = Workers(1, "test", longest_queue=2, **options)

    def work(self, name: str) -> str:
        self.gate.wait(5)
        self.done.append(name)
        return name

    def ask(self, name: str) -> asyncio.Task[str]:
        return asyncio.create_task(self.workers.do(self.work, name))


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    desk = Desk()
    yield desk
    desk.gate.set()
    desk.workers.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0)


async def test_who_gave_up_before_their_turn_is_not_served(desk: Desk) -> None:
    first, gone, last = (desk.ask(name) for name in ("first", "gone", "last"))
    await until(lambda: (desk.workers.running, desk.workers.waiting) == (1, 2))
    gone.cancel()
    await until(lambda: desk.workers.waiting == 1)
    desk.gate.set()
    assert await last == "last"
    assert await first == "first"
    assert desk.done == ["first", "last"]


async def test_a_thread_that_nobody_waits_for_any_more_is_not_free_before_it_is_done(desk: Desk) -> None:
    gone = desk.ask("gone")
    await until(lambda: desk.workers.running == 1)
    gone.cancel()
    after = desk.ask("after")
    await until(lambda: desk.workers.waiting == 1)
    assert gone.cancelled()
    assert desk.workers.running == 1
    desk.gate.set()
    assert await after == "after"


async def test_too_long_a_queue_turns_the_next_away_and_serves_the_others(desk: Desk) -> None:
    served = [desk.ask("one")]
    await until(lambda: desk.workers.running == 1)
    served += [desk.ask("two"), desk.ask("three")]
    await until(lambda: desk.workers.waiting == 2)
    with pytest.raises(SpeechUnavailable, match="2 others are waiting"):
        await desk.workers.do(desk.work, "four")
    desk.gate.set()
    assert [await one for one in served] == ["one", "two", "three"]


async def test_work_that_fails_frees_its_thread(desk: Desk) -> None:
    desk.gate.set()
    for _ in range(3):
        with pytest.raises(ValueError, match="invalid literal"):
            await desk.workers.do(int, "no number")
    assert await desk.workers.do(desk.work, "next") == "next"
    assert (desk.workers.running, desk.workers.waiting) == (0, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="a thread has no priority of its own elsewhere")
async def test_slow_work_steps_back_before_the_line_s_packets() -> None:
    def priority() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    mine = priority()
    ordinary = Workers(1, "ordinary", longest_queue=1)
    background = Workers(1, "background", longest_queue=1, nice=19)
    assert await background.do(priority) == 19
    assert await ordinary.do(priority) == mine
    assert priority() == mine
    ordinary.close()
    background.close()


def test_an_engine_s_own_threads_step_back_with_the_one_that_loads_it() -> None:
    def loaded() -> int:
        found: list[int] = []
        own = threading.Thread(target=lambda: found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id())))
        own.start()
        own.join()
        return found[0]

    assert made_at(8, loaded) == 8
    assert made_at(0, loaded) == os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


def test_a_model_that_cannot_be_loaded_says_so_through_the_thread() -> None:
    def absent() -> None:
        raise ModelMissing("no voice")

    with pytest.raises(ModelMissing):
        made_at(3, absent)
