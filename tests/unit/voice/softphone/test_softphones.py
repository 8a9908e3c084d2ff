"""One softphone for each call: the newest wins, and nobody comes to a call that is no longer theirs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from bot.errors import BadMessage, SoftphoneUnavailable
from tests.unit.voice.softphone.test_offer import CHROMIUM
from voice.agent_leg import AgentLeg
from voice.softphone.offer import Offer
from voice.softphone.softphones import Softphones


class FakeBrowser:
    reason = ""

    def __init__(self, *, fails: bool = False) -> None:
        self.came: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.ended = asyncio.Event()
        self.fails = fails

    async def answer(self, offer: Offer) -> str:
        if self.fails:
            raise SoftphoneUnavailable("no port")
        return "v=0 answer"

    async def connected(self) -> bool:
        return await asyncio.shield(self.came)

    async def over(self) -> None:
        await self.ended.wait()

    async def sounds(self) -> AsyncIterator[bytes]:
        yield b""

    async def play(self, pcm: bytes) -> None: ...

    async def hangup(self) -> None:
        self.ended.set()
        if not self.came.done():
            self.came.set_result(False)


class Made:
    """Softphones whose browsers can be looked at."""

    def __init__(self, *, fails: bool = False) -> None:
        self.browsers: list[FakeBrowser] = []
        self.legs: list[AgentLeg] = []
        self.softphones = Softphones(self._make)
        self._fails = fails

    def _make(self) -> FakeBrowser:
        self.browsers.append(FakeBrowser(fails=self._fails))
        return self.browsers[-1]

    async def offered(self, *, comes: bool = True) -> FakeBrowser:
        assert await self.softphones.answer("c1", CHROMIUM, self.legs.append) == "v=0 answer"
        if comes:
            self.browsers[-1].came.set_result(True)
            await until(lambda: self.browsers[-1] in self.legs)
        return self.browsers[-1]


async def until(happened: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not happened():
            await asyncio.sleep(0)


async def test_the_call_hears_of_a_browser_when_it_is_there_and_not_when_it_is_answered() -> None:
    made = Made()
    browser = await made.offered(comes=False)
    assert made.legs == []
    browser.came.set_result(True)
    await until(lambda: made.legs == [browser])


async def test_a_page_loaded_anew_takes_the_place_of_its_former_self() -> None:
    made = Made()
    former = await made.offered()
    newer = await made.offered(comes=False)
    assert not former.ended.is_set(), "until the new one is there, the old one may still be"
    newer.came.set_result(True)
    await until(former.ended.is_set)
    assert made.legs == [former, newer]
    await until(lambda: made.softphones.count == 1)


async def test_offers_that_never_come_do_not_heap_up() -> None:
    made = Made()
    for _ in range(5):
        await made.offered(comes=False)
    await until(lambda: [one.ended.is_set() for one in made.browsers] == [True] * 4 + [False])
    assert made.softphones.count == 1


async def test_a_browser_that_is_on_its_way_never_comes_to_a_call_that_is_no_longer_its_agent_s() -> None:
    made = Made()
    browser = await made.offered(comes=False)
    made.softphones.part("c1")
    browser.came.cancel()
    await until(browser.ended.is_set)
    assert made.legs == []


async def test_a_browser_that_comes_at_the_very_moment_of_parting_is_not_joined() -> None:
    made = Made()
    browser = await made.offered(comes=False)
    browser.came.set_result(True)
    made.softphones.part("c1")
    await until(browser.ended.is_set)
    assert made.legs == []


async def test_another_call_s_softphone_is_left_alone() -> None:
    made = Made()
    browser = await made.offered(comes=False)
    made.softphones.part("c2")
    browser.came.set_result(True)
    await until(lambda: made.legs == [browser])


async def test_a_refused_offer_leaves_nothing_behind() -> None:
    made = Made(fails=True)
    with pytest.raises(BadMessage):
        await made.softphones.answer("c1", "v=0", made.legs.append)
    with pytest.raises(SoftphoneUnavailable):
        await made.softphones.answer("c1", CHROMIUM, made.legs.append)
    assert made.softphones.count == 0
    assert made.browsers[0].ended.is_set()


async def test_a_browser_that_is_gone_is_forgotten_and_at_the_stop_all_are_ended() -> None:
    made = Made()
    gone = await made.offered()
    gone.ended.set()
    await until(lambda: made.softphones.count == 0)
    browsers = [await made.offered(), await made.offered(comes=False)]
    await made.softphones.close()
    assert all(browser.ended.is_set() for browser in browsers)
    assert made.softphones.count == 0
