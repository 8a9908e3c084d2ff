"""Those who wait to write go together, each has an answer of its own, and all are told when the store fails."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest

from bot.errors import GuichetError, StoreUnavailable, UnknownConversation, Unwritable
from bot.store.together import Together

GONE = UnknownConversation("gone")


class Written:
    """What was written, group by group. `goes_on` lets it be written."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []
        self.goes_on = asyncio.Event()
        self.refused = ""
        self.unwritable = ""
        self.stops = False

    async def __call__(self, group: Sequence[str]) -> list[str | GuichetError]:
        self.groups.append(list(group))
        await self.goes_on.wait()
        if self.stops:
            raise asyncio.CancelledError
        if self.unwritable in group:
            raise Unwritable(self.unwritable)
        if self.refused in group:
            raise StoreUnavailable(self.refused)
        return [GONE if one == "gone" else one.upper() for one in group]


@pytest.fixture
def written() -> Written:
    return Written()


@pytest.fixture
def together(written: Written) -> Together[str, str]:
    return Together(written, key=lambda one: one[0], seconds=60)


async def until(is_so: Callable[[], object]) -> None:
    while not is_so():
        await asyncio.sleep(0)


async def asked(together: Together[str, str], written: Written, *those: str) -> list[asyncio.Task[str]]:
    """All of these, once the first is being written."""
    tasks = [asyncio.create_task(together(one)) for one in those]
    await until(lambda: written.groups)
    return tasks


async def test_those_who_wait_go_together_and_each_has_an_answer_of_its_own(
    together: Together[str, str], written: Written
) -> None:
    tasks = await asked(together, written, "a", "b", "c") + await asked(together, written, "gone", "d")
    written.goes_on.set()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert answers == ["A", "B", "C", GONE, "D"]
    assert len(written.groups) <= 2
    assert await together("e") == "E"


async def test_of_the_same_key_one_goes_at_a_time_and_a_crowd_in_parts(
    together: Together[str, str], written: Written
) -> None:
    written.goes_on.set()
    those = [chr(ord("0") + number) for number in range(120)]
    assert await asyncio.gather(*(together(one) for one in ["x1", "x2", "x3", *those])) == [
        one.upper() for one in ["x1", "x2", "x3", *those]
    ]
    assert max(len(group) for group in written.groups) == 50
    assert all(len({one[0] for one in group}) == len(group) for group in written.groups)


async def test_what_fails_is_told_to_all_who_went_and_not_tried_again(
    together: Together[str, str], written: Written
) -> None:
    written.refused = "b"
    written.goes_on.set()
    answers = await asyncio.gather(*(together(one) for one in "abc"), return_exceptions=True)
    assert [type(one) for one in answers] == [StoreUnavailable] * 3
    assert written.groups == [["a", "b", "c"]]
    assert await together("d") == "D"


async def test_who_waits_for_a_store_that_hangs_is_told_and_the_next_may_succeed(
    together: Together[str, str], written: Written
) -> None:
    together.seconds = 0.01
    answers = await asyncio.gather(*(together(one) for one in "abc"), return_exceptions=True)
    assert [type(one) for one in answers] == [StoreUnavailable] * 3
    together.seconds = 60
    written.goes_on.set()
    assert await together("d") == "D"


async def test_who_has_left_is_not_written(together: Together[str, str], written: Written) -> None:
    (first,) = await asked(together, written, "a")
    leaving, staying = asyncio.create_task(together("b")), asyncio.create_task(together("c"))
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.wait([leaving])
    written.goes_on.set()
    assert await first == "A"
    assert await staying == "C"
    assert written.groups == [["a"], ["c"]]


async def test_what_cannot_be_written_takes_nobody_along(together: Together[str, str], written: Written) -> None:
    written.unwritable = "b"
    written.goes_on.set()
    answers = await asyncio.gather(*(together(one) for one in "abc"), return_exceptions=True)
    assert (answers[0], type(answers[1]), answers[2]) == ("A", Unwritable, "C")
    assert written.groups == [["a", "b", "c"], ["a"], ["b"], ["c"]]


async def test_who_has_waited_too_long_is_told_alone(together: Together[str, str], written: Written) -> None:
    (first,) = await asked(together, written, "a")
    together.seconds = 0.05
    waiting_longest = await asked(together, written, "b")
    await asyncio.sleep(0)
    together.seconds = 60
    newcomers = await asked(together, written, "c")
    await asyncio.sleep(0)
    written.goes_on.set()  # for the first: the others go together, and hang
    written.goes_on.clear()
    assert await first == "A"
    (told,) = await asyncio.wait_for(asyncio.gather(*waiting_longest, return_exceptions=True), 5)
    assert isinstance(told, StoreUnavailable)
    written.goes_on.set()
    assert await asyncio.gather(*newcomers) == ["C"]


async def test_who_is_told_while_others_are_written_is_not_written(
    together: Together[str, str], written: Written
) -> None:
    (first,) = await asked(together, written, "a")
    together.seconds = 0.01
    with pytest.raises(StoreUnavailable):
        await asyncio.wait_for(together("b"), 5)
    together.seconds = 60
    written.goes_on.set()
    assert [await first, await together("c")] == ["A", "C"]
    assert written.groups == [["a"], ["c"]]


async def test_when_the_writing_is_stopped_all_are_told_and_the_next_is_written(
    together: Together[str, str], written: Written
) -> None:
    those = await asked(together, written, "a", "b")
    those += await asked(together, written, "c")
    await asyncio.sleep(0)
    written.stops = True
    written.goes_on.set()
    told = await asyncio.wait_for(asyncio.gather(*those, return_exceptions=True), 5)
    assert [str(one) for one in told] == ["It could not be written: the writing was stopped."] * 3
    written.stops = False
    assert await asyncio.wait_for(together("d"), 5) == "D"
