"""Bringing an agent to a caller by telephone, transfer or headset, with the real desk and a line that is a fake."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from bot.agent_briefing import load_briefing_texts
from bot.agent_calls import AgentCalls
from bot.desk.callers import Callers
from bot.desk.desk import Desk
from bot.desk.policy import Policy
from bot.desk.refusals import NotNow, NotThere
from bot.errors import SoftphoneUnavailable
from bot.pack import load_pack
from bot.settings import PROJECT_DIR
from bot.store.records import HandoverState
from tests.unit.desk.conftest import ANNE, BRUNO, OnThePhone, calls_in
from tests.unit.desk.test_callers import POLICY, Bringing, request_of, takes_calls
from tests.unit.voice.softphone.test_offer import CHROMIUM
from tests.unit.voice.softphone.test_softphones import FakeBrowser
from tests.unit.voice.test_agent_phone import FakeLeg, FakeLine, FakeVoice
from tests.unit.voice.test_calls import idle
from voice import call_messages as m
from voice.framing import DialFailed
from voice.leg import Held, Key, Retrieved
from voice.softphone.softphones import Softphones

TEXTS = load_briefing_texts(load_pack(PROJECT_DIR).prompts())
DIAL_AS = "sip:{number}@pbx.example"


@pytest.fixture
def policy() -> Policy:
    return POLICY


class Brought:
    """The thing under test, and what it works with."""

    def __init__(self, desk: Desk, *, dial_as: str = DIAL_AS, softphones: bool = True) -> None:
        self.desk, self.callers = desk, Callers(desk)
        self.frames = Bringing(self.callers).frames
        self.line, self.voice = FakeLine(), FakeVoice()
        self.browsers: list[FakeBrowser] = []
        made = Softphones(self._browser) if softphones else None
        self.agents = AgentCalls(self.callers, desk, TEXTS, softphones=made, dial_as=dial_as)
        self.calls = idle()
        self.calls.speech = self.voice  # type: ignore[assignment]
        self.agents.serve(self.calls, self.line)

    async def caller(self) -> OnThePhone:
        await takes_calls(self.desk, ANNE, BRUNO)
        return await calls_in(self.callers)

    async def taken(self, way: str) -> OnThePhone:
        phone = await self.caller()
        await self.desk.take((await request_of(self.desk, phone)).id, ANNE, way=way)
        return phone

    async def answered(self) -> FakeLeg:
        await until(lambda: self.line.dialled)
        leg = FakeLeg(self.line.dialled[-1][1])
        self.carried = asyncio.create_task(self.calls.take(leg))
        await until(lambda: self.voice.spoken)
        return leg

    def _browser(self) -> FakeBrowser:
        self.browsers.append(FakeBrowser())
        return self.browsers[-1]


@pytest.fixture
async def bringing(desk: Desk) -> AsyncIterator[Brought]:
    made = Brought(desk)
    yield made
    await made.agents.close()
    await made.callers.settle()


async def until(happened: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not happened():
            await asyncio.sleep(0)


async def until_state(desk: Desk, phone: OnThePhone, state: HandoverState) -> None:
    async with asyncio.timeout(5):
        while (await request_of(desk, phone)).state is not state:
            await asyncio.sleep(0)


def agents_of(phone: OnThePhone) -> list[m.Event]:
    return [event for event in phone.told if isinstance(event, m.AgentOnLine)]


async def test_the_agent_s_own_number_is_rung_and_by_1_the_call_has_its_agent(bringing: Brought) -> None:
    phone = await bringing.taken("phone")
    leg = await bringing.answered()
    assert bringing.line.dialled[0][0] == "sip:214@pbx.example"
    assert any("conseiller" in said for said in bringing.voice.spoken)
    assert agents_of(phone) == []
    leg.queue.put_nowait(Key("1"))
    await until(lambda: agents_of(phone))
    assert bringing.calls.live == {}, "an agent's telephone is no caller"


async def test_the_caller_s_last_words_are_told_to_the_agent_and_their_sound_is_not_kept(bringing: Brought) -> None:
    await bringing.taken("phone")
    await bringing.answered()
    words = "Comment adhérer ?"
    await until(lambda: any(words in said for said in bringing.voice.spoken))
    assert bringing.voice.kept
    assert not any(words in kept for kept in bringing.voice.kept)


async def test_a_caller_hears_music_while_the_agent_s_telephone_holds_us(bringing: Brought) -> None:
    phone = await bringing.taken("phone")
    leg = await bringing.answered()
    leg.queue.put_nowait(Key("1"))
    await until(lambda: agents_of(phone))
    bringing.callers.set_line(phone.conversation_id, "joined", "phone")
    leg.queue.put_nowait(Held())
    await until(lambda: m.HoldAsked(True) in phone.told)
    leg.queue.put_nowait(Retrieved())
    await until(lambda: m.HoldAsked(False) in phone.told)


async def test_a_telephone_that_is_parted_from_the_caller_holds_them_no_more(bringing: Brought) -> None:
    phone = await bringing.taken("phone")
    leg = await bringing.answered()
    leg.queue.put_nowait(Key("1"))
    await until(lambda: agents_of(phone))
    request = await request_of(bringing.desk, phone)
    await bringing.desk.transfer(request.id, ANNE, to_agent=BRUNO.id)
    await bringing.callers.look()
    await bringing.desk.take(request.id, BRUNO, way="browser")
    bringing.callers.set_line(phone.conversation_id, "joined", "browser")
    leg.queue.put_nowait(Held())
    await until(leg.queue.empty)
    assert not [event for event in phone.told if isinstance(event, m.HoldAsked)]


async def test_a_telephone_that_is_busy_puts_the_caller_back_and_the_agent_is_told(bringing: Brought) -> None:
    phone = await bringing.taken("phone")
    await until(lambda: bringing.line.dialled)
    bringing.agents.dial_failed(DialFailed(bringing.line.dialled[0][1], "486"))
    await until_state(bringing.desk, phone, HandoverState.QUEUED)
    await until(lambda: bringing.frames == [(ANNE.id, "declined")])


async def test_where_the_line_places_no_calls_the_agent_is_told_and_the_caller_goes_on_waiting(desk: Desk) -> None:
    bringing = Brought(desk, dial_as="")
    for way in ("phone", "transfer"):
        phone = await bringing.taken(way)
        await until_state(desk, phone, HandoverState.QUEUED)
    await until(lambda: bringing.frames == [(ANNE.id, "no_line")] * 2)
    await bringing.agents.close()


async def test_a_caller_who_hangs_up_stops_the_ringing(bringing: Brought) -> None:
    phone = await bringing.taken("phone")
    await until(lambda: bringing.line.dialled)
    bringing.callers.leave(phone.conversation_id)
    await until(lambda: bringing.line.stopped == [bringing.line.dialled[0][1]])
    assert bringing.frames == []


async def test_a_caller_who_hangs_up_at_once_is_rung_for_nobody(bringing: Brought) -> None:
    phone = await bringing.taken("phone")
    bringing.callers.leave(phone.conversation_id)
    await bringing.callers.settle()
    await asyncio.sleep(0)
    assert bringing.line.dialled == []


async def test_an_agent_who_gives_the_caller_back_while_it_rings_is_not_joined_any_more(bringing: Brought) -> None:
    phone = await bringing.taken("phone")
    leg = await bringing.answered()
    await bringing.desk.give_back((await request_of(bringing.desk, phone)).id, ANNE)
    await bringing.callers.look()
    leg.queue.put_nowait(Key("1"))
    await bringing.carried
    assert leg.hung_up
    assert agents_of(phone) == []


async def test_a_transfer_is_asked_of_the_call(bringing: Brought) -> None:
    phone = await bringing.taken("transfer")
    assert m.TransferAsked("sip:214@pbx.example") in phone.told


async def test_the_headset_of_the_agent_who_has_the_call_is_joined(bringing: Brought) -> None:
    phone = await bringing.taken("browser")
    request = await request_of(bringing.desk, phone)
    assert await bringing.agents.softphone(request.id, ANNE, CHROMIUM) == "v=0 answer"
    bringing.browsers[0].came.set_result(True)
    await until(lambda: agents_of(phone))


async def test_nobody_else_s_headset_and_none_without_the_call(bringing: Brought) -> None:
    phone = await bringing.caller()
    request = await request_of(bringing.desk, phone)
    with pytest.raises(NotThere):
        await bringing.agents.softphone("no such", ANNE, CHROMIUM)
    with pytest.raises(NotNow, match="over"):
        await bringing.agents.softphone(request.id, ANNE, CHROMIUM)
    await bringing.desk.take(request.id, ANNE, way="browser")
    with pytest.raises(NotNow, match="not_yours"):
        await bringing.agents.softphone(request.id, BRUNO, CHROMIUM)
    assert bringing.browsers == []


async def test_where_browsers_take_no_calls_the_console_is_told(desk: Desk) -> None:
    bringing = Brought(desk, softphones=False)
    phone = await bringing.taken("browser")
    with pytest.raises(SoftphoneUnavailable):
        await bringing.agents.softphone((await request_of(desk, phone)).id, ANNE, CHROMIUM)
    await bringing.agents.close()
