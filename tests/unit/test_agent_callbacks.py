"""Calls back of agents, carried out: with a real desk, a line that dials and a voice that are short classes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.agent_calls import AgentCalls
from bot.desk.callers import Callers
from bot.desk.calling_back import call_back
from bot.desk.desk import Desk
from bot.desk.events import Case
from bot.desk.policy import Policy
from bot.errors import LineUnavailable
from bot.spoken_ahead import spoken_first
from bot.store import Store
from bot.store.desk_records import CallbackRecord, CallbackState
from bot.store.records import HandoverState
from tests.unit.desk.conftest import ANNE, chat, clock, desk, store, url, visitors  # noqa: F401  (fixtures)
from tests.unit.desk.test_agent_calls import TEXTS, until
from tests.unit.desk.test_callers import POLICY, Bringing, takes_calls
from tests.unit.desk.test_desk import NUMBER
from tests.unit.voice.softphone.test_offer import CHROMIUM
from tests.unit.voice.softphone.test_softphones import FakeBrowser
from tests.unit.voice.test_agent_phone import FakeLeg, FakeLine, FakeVoice
from tests.unit.voice.test_call import PROMPTS
from tests.unit.voice.test_calls import Scene as CallsScene
from tests.unit.voice.test_calls import heard_on
from tests.unit.voice.test_session import FakeLeg as CallLeg
from tests.unit.voice.test_session import FakeRecord
from voice.call import Phase
from voice.framing import DialFailed
from voice.leg import CallInfo, Key, LineClosed
from voice.session import Record
from voice.softphone.softphones import Softphones


class Headset(FakeBrowser):
    """A browser that stays until it is gone."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[bytes] = []

    async def sounds(self) -> AsyncIterator[bytes]:
        await self.ended.wait()
        for _ in ():
            yield b""

    async def play(self, pcm: bytes) -> None:
        self.heard.append(pcm)

    def is_gone(self, reason: str) -> None:
        self.reason = reason
        self.ended.set()


@pytest.fixture
def policy() -> Policy:
    return POLICY


class Persons:
    """`bot.web.keys.Callbacks`, for the part that rings."""

    def __init__(self) -> None:
        self.rung: list[tuple[str, str]] = []
        self.stopped: list[str] = []
        self.error: Exception | None = None

    def check(self, number: str) -> None: ...

    async def ring(self, reference: str, number: str) -> None:
        if self.error:
            raise self.error
        self.rung.append((reference, number))

    async def stop(self, reference: str) -> None:
        self.stopped.append(reference)


class Scene:
    """An agent, a promise, a gateway with its calls."""

    def __init__(self, desk: Desk, promise: CallbackRecord, directory: Path) -> None:  # noqa: F811
        self.desk, self.promise_id = desk, promise.id
        self.callers = Callers(desk)
        self.frames = Bringing(self.callers).frames
        self.persons, self.line, self.voice = Persons(), FakeLine(), FakeVoice()
        self.browsers: list[Headset] = []
        self.records: list[str] = []
        self.agents = AgentCalls(
            self.callers, desk, TEXTS, softphones=Softphones(self._browser), dial_as="sip:{number}@pbx"
        )
        self.scene = CallsScene(desk=self.callers).with_speech(directory)
        self.calls = self.scene.calls
        self.agents.serve(self.calls, self.line)
        self.agents.call_back(self.calls, self.persons, self._record, 30.0)

    def _browser(self) -> Headset:
        self.browsers.append(Headset())
        return self.browsers[-1]

    def _record(self, conversation_id: str) -> Record:
        self.records.append(conversation_id)
        return FakeRecord()

    async def promise(self) -> CallbackRecord:
        found = await self.desk.store.callback(self.promise_id)
        assert found is not None
        return found

    async def case(self) -> Case:
        found = await self.desk.store.handover_by_id((await self.promise()).call_id or "")
        assert found is not None
        return found

    async def rings(self) -> Headset:
        """The agent has clicked, the headset is there, the person's telephone rings."""
        await self.begun()
        return await self.connects()

    async def begun(self) -> Case:
        await call_back(self.desk, self.persons, self.promise_id, ANNE, way="browser")
        return await self.case()

    async def connects(self, *, rings: bool = True) -> Headset:
        await self.agents.softphone((await self.case()).id, ANNE, CHROMIUM)
        browser = self.browsers[-1]
        browser.came.set_result(True)
        if rings:
            await until(lambda: self.persons.rung)
        return browser

    def answers(self) -> tuple[CallLeg, asyncio.Task[None]]:
        return self.scene.rings(CallInfo("line-7", reference=self.persons.rung[-1][0]), slow=False)

    async def until_on_line(self, conversation_id: str, line_id: str) -> None:
        """The call is found by its line, as soon as that could be written down."""
        async with asyncio.timeout(5):
            while (known := await self.desk.store.conversation(conversation_id)) is None or known.line_id != line_id:
                await asyncio.sleep(0.005)

    async def until_state(self, state: CallbackState) -> None:
        async with asyncio.timeout(5):
            while (await self.promise()).state is not state:
                await asyncio.sleep(0.005)


async def settled() -> None:
    """Whatever can happen without anything from outside has happened."""
    for _ in range(50):
        await asyncio.sleep(0)


@pytest.fixture
async def scene(desk: Desk, store: Store, tmp_path: Path) -> AsyncIterator[Scene]:  # noqa: F811
    await takes_calls(desk, ANNE)
    await desk.leave_callback(await chat(store), "Mme Petit", NUMBER, "")
    (promise,) = await store.callbacks()
    made = Scene(desk, promise, tmp_path)
    yield made
    await made.agents.close()
    await made.callers.settle()


async def test_the_agent_is_there_before_the_person_is_called_hears_it_ring_and_speaks_with_them(scene: Scene) -> None:
    await call_back(scene.desk, scene.persons, scene.promise_id, ANNE, way="browser")
    await settled()
    assert scene.persons.rung == [], "nobody is called for an agent who is not there"
    headset = await scene.connects()
    assert scene.persons.rung[0][1] == "+33612345678"
    await until(lambda: any(any(frame) for frame in headset.heard))
    leg, call = scene.answers()
    await heard_on(leg, "je vous passe votre conseiller")
    await scene.until_state(CallbackState.KEPT)
    case = await scene.case()
    assert scene.calls.phase(case.conversation_id) == Phase.WITH_AGENT.value
    assert scene.records == [case.conversation_id], "the call has one conversation"
    await scene.until_on_line(case.conversation_id, "line-7")
    assert not headset.ended.is_set()
    leg.queue.put_nowait(LineClosed("caller"))
    await call
    await scene.callers.settle()
    assert (await scene.case()).ending == "left"
    assert (await scene.promise()).state is CallbackState.KEPT


async def test_an_agent_s_telephone_is_rung_first_and_1_calls_the_person(scene: Scene) -> None:
    await call_back(scene.desk, scene.persons, scene.promise_id, ANNE, way="phone")
    await until(lambda: scene.line.dialled)
    leg = FakeLeg(scene.line.dialled[0][1])
    carried = asyncio.create_task(scene.calls.take(leg))
    async with asyncio.timeout(5):
        while not leg.played:
            await asyncio.sleep(0.005)
    assert scene.persons.rung == [], "picking up calls nobody"
    leg.queue.put_nowait(Key("1"))
    await until(lambda: scene.persons.rung)
    leg.queue.put_nowait(LineClosed("caller"))
    await until(lambda: scene.persons.stopped == [scene.persons.rung[0][0]])
    await scene.until_state(CallbackState.PROMISED)
    await carried
    await settled()
    assert scene.frames == [], "who has put down their telephone knows it"


async def test_an_agent_s_telephone_tells_whom_it_is_about_from_where_the_call_was_promised(scene: Scene) -> None:
    told, personal = await scene.agents._briefing(await scene.begun())
    assert TEXTS.callback_keys in told
    assert TEXTS.reasons["callback"] in told
    assert any("Adhérer au service" in one for one in told)
    assert any("Comment adhérer" in one for one in personal)


@pytest.mark.parametrize(("reason", "code"), [("486", "person_busy"), ("no_answer", "person_not_answered")])
async def test_who_does_not_answer_is_told_to_the_agent_and_stays_promised(
    scene: Scene, reason: str, code: str
) -> None:
    headset = await scene.rings()
    heard = len(headset.heard)
    scene.agents.dial_failed(DialFailed(scene.persons.rung[0][0], reason))
    await scene.until_state(CallbackState.PROMISED)
    await until(lambda: scene.frames)
    assert scene.frames == [("anne", code)]
    assert len(headset.heard) > heard, "in words, too"
    assert headset.ended.is_set()
    case = await scene.case()
    assert (case.state, case.ending) == (HandoverState.CLOSED, code.removeprefix("person_"))
    assert (await scene.promise()).attempts == 1


async def test_a_line_that_cannot_call_is_said_and_nobody_was_called(scene: Scene) -> None:
    scene.persons.error = LineUnavailable("gone")
    await call_back(scene.desk, scene.persons, scene.promise_id, ANNE, way="browser")
    await scene.connects(rings=False)
    await scene.until_state(CallbackState.PROMISED)
    await until(lambda: scene.frames)
    assert scene.frames == [("anne", "person_no_line")]
    assert (await scene.promise()).attempts == 0


async def test_hanging_up_in_the_console_stops_the_ringing(scene: Scene) -> None:
    headset = await scene.rings()
    await scene.desk.close((await scene.case()).id, ANNE)
    await scene.callers.look()
    await until(lambda: scene.persons.stopped == [scene.persons.rung[0][0]])
    await until(headset.ended.is_set)
    assert scene.frames == []


async def test_a_headset_that_is_lost_may_come_back_while_it_rings(scene: Scene) -> None:
    (await scene.rings()).is_gone("lost")
    await settled()
    headset = await scene.connects(rings=False)
    await until(lambda: headset.heard)
    assert len(scene.persons.rung) == 1
    leg, call = scene.answers()
    await scene.until_state(CallbackState.KEPT)
    leg.queue.put_nowait(LineClosed("caller"))
    await call


async def never(*_: object) -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize("slow", ["call_answered", "rung"])
async def test_who_picks_up_hears_who_calls_though_the_store_does_not_answer(
    scene: Scene, slow: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scene.desk.store if slow == "call_answered" else scene.desk, slow, never)
    await scene.rings()
    leg, call = scene.answers()
    await heard_on(leg, "je vous passe votre conseiller")
    leg.queue.put_nowait(LineClosed("caller"))
    await call


async def test_who_picks_up_too_late_is_excused_though_the_desk_does_not_answer(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    headset = await scene.rings()
    monkeypatch.setattr(scene.callers, "not_reached", never)
    headset.is_gone("hung_up")
    await until(lambda: scene.persons.stopped)
    leg, call = scene.answers()
    await heard_on(leg, PROMPTS.callback_alone[0])
    leg.queue.put_nowait(LineClosed("caller"))
    await call


def test_what_whoever_is_called_back_may_hear_first_is_spoken_before_the_telephone_rings() -> None:
    texts = spoken_first(PROMPTS)
    for group in (PROMPTS.callback_agent, PROMPTS.callback_alone):
        assert set(group) <= set(texts)
    assert {PROMPTS.callback_left, PROMPTS.callback_assistant} <= set(texts)


async def test_whoever_answers_when_the_agent_has_gone_hears_an_apology_and_finds_the_bot(scene: Scene) -> None:
    await scene.rings()
    await scene.desk.close((await scene.case()).id, ANNE)
    await scene.callers.look()
    await until(lambda: scene.persons.stopped)
    leg, call = scene.answers()  # at that very moment
    await heard_on(leg, PROMPTS.callback_alone[0])
    assert (await scene.promise()).state is CallbackState.PROMISED
    leg.queue.put_nowait(LineClosed("caller"))
    await call


async def test_a_call_with_a_reference_that_was_never_given_out_is_joined_to_nobody(scene: Scene) -> None:
    headset = await scene.rings()
    leg, call = scene.scene.rings(CallInfo("line-8", reference="callback-guessed"))
    await heard_on(leg, PROMPTS.callback_alone[0])
    assert (await scene.promise()).state is CallbackState.DIALLING
    assert not headset.ended.is_set()
    leg.queue.put_nowait(LineClosed("caller"))
    await call
