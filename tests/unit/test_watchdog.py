"""A loop that is blocked is noticed, with the place where it was."""

from __future__ import annotations

import asyncio
import threading
import time

from structlog.testing import capture_logs

from bot.watchdog import BLOCKED_SECONDS, Lateness, Watchdog


def test_the_worst_of_the_last_minute_is_told_and_older_ones_are_forgotten() -> None:
    lateness = Lateness()
    assert lateness.worst(0.0) == 0.0
    lateness.add(0.0, 0.9)
    lateness.add(30.0, 0.2)
    assert lateness.worst(59.0) == 0.9
    assert lateness.worst(61.0) == 0.2
    lateness.add(95.0, 0.1)
    assert lateness.worst(95.0) == 0.1
    assert lateness.worst(200.0) == 0.0


def hold_the_loop(a_persons_words: str) -> None:
    time.sleep(2 * BLOCKED_SECONDS)


async def measured(watchdog: Watchdog, seen: list[float], count: int) -> None:
    async with asyncio.timeout(10), watchdog.running():
        while len(seen) < count:
            await asyncio.sleep(0)
        hold_the_loop("mot confidentiel")
        more = len(seen) + 1
        while len(seen) < more:
            await asyncio.sleep(0)


async def test_a_blocking_call_is_logged_with_its_function_and_no_value() -> None:
    seen: list[float] = []
    watchdog = Watchdog(on_late=seen.append)
    with capture_logs() as logs:
        await measured(watchdog, seen, 1)
    blocked = [line for line in logs if line["event"] == "loop.blocked"]
    assert all(line["seconds"] > BLOCKED_SECONDS for line in blocked)
    assert any(".hold_the_loop:" in place for line in blocked for place in line["where"])
    assert "confidentiel" not in str(logs)
    assert watchdog.worst_seconds == max(seen) > BLOCKED_SECONDS


async def test_stopping_leaves_neither_task_nor_thread() -> None:
    watchdog = Watchdog()
    async with watchdog.running():
        pass
    assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []
    assert [thread.name for thread in threading.enumerate() if thread.name == "watchdog"] == []
