"""A background task is over, its clean-up included, when it has been ended."""

from __future__ import annotations

import asyncio

from bot.tasks import end


async def test_what_a_task_closes_is_closed_and_not_interrupted() -> None:
    closed: list[str] = []

    async def working() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            for step in ("one", "two", "three"):
                await asyncio.sleep(0)
                closed.append(step)

    task = asyncio.create_task(working())
    await asyncio.sleep(0)
    await end(task)
    assert closed == ["one", "two", "three"]
    assert task.cancelled()


async def test_a_task_that_failed_or_was_over_is_ended_without_a_word() -> None:
    async def failing() -> None:
        raise OSError

    task = asyncio.create_task(failing())
    await asyncio.wait([task])
    await end(task)
    assert isinstance(task.exception(), OSError)
