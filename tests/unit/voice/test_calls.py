"""Which calls are taken, which are told that there is no place, and which hear the busy tone."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.errors import StoreUnavailable
from tests.unit.voice.test_call import PROMPTS
from tests.unit.voice.test_session import ANSWER, FakeDialogue, FakeEngines, FakeLeg, FakeRecord, LoudIsSpeech
from tests.unit.voice.test_session_at_desk import FakeDesk
from voice.call import Phase
from voice.call_desk import CallDesk
from voice.calls import Calls, Limits, LiveCall, ToPeople
from voice.framing import DialFailed
from voice.leg import CallInfo, Key, LineClosed
from voice.patience import Patience
from voice.session import Record
from voice.speech import Speech
from voice.to_a_person import Closed
from voice.turn import TurnKept


class Counted:
    """An observer that remembers."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.refused: list[str] = []
        self.ended: list[str] = []

    def call_started(self, protocol: str) -> None:
        self.started.append(protocol)

    def call_refused(self, reason: str) -> None:
        self.refused.append(reason)

    def call_ended(self, reason: str, seconds: float) -> None:
        self.ended.append(reason)

    def turn_kept(self, turn: TurnKept) -> None: ...

    def noted(self, kind: str) -> None: ...


class Scene:
    def __init__(
        self,
        *,
        calls: int = 1,
        polite: int = 1,
        people: ToPeople | None = None,
        store: bool = True,
        desk: CallDesk | None = None,
    ) -> None:
        self.records: list[FakeRecord] = []
        self.observer = Counted()
        self.answered: list[str] = []
        self.store = store
        self.calls = Calls(
            prompts=PROMPTS,
            patience=Patience(),
            dialogue=FakeDialogue(ANSWER),
            activity=LoudIsSpeech,
            open_record=self._open_record,
            limits=Limits(calls, polite),
            people=people,
            desk=desk,
            observer=self.observer,
            on_answered=self.answered.append,
        )

    async def _open_record(self, line_id: str) -> tuple[str, Record]:
        if not self.store:
            raise StoreUnavailable("The disk is full.")
        self.records.append(FakeRecord())
        return f"c{len(self.records)}", self.records[-1]

    def with_speech(self, directory: Path) -> Scene:
        engines = FakeEngines()
        self.calls.speech = Speech(engines, engines, directory)
        return self

    def rings(self, info: CallInfo | None = None, *, slow: bool = True) -> tuple[FakeLeg, asyncio.Task[None]]:
        leg = FakeLeg(slow=slow)
        leg.info = info or CallInfo("line")
        return leg, asyncio.create_task(self.calls.take(leg))


async def heard_on(leg: FakeLeg, words: str) -> None:
    async with asyncio.timeout(5):
        while words not in b"".join(pcm[:-2400] for pcm in leg.played).decode("utf-16-le"):
            await asyncio.sleep(0.005)


async def test_the_call_beyond_the_places_is_told_so_and_the_next_one_gets_the_busy_tone(tmp_path: Path) -> None:
    scene = Scene().with_speech(tmp_path)
    first, first_call = scene.rings()
    await heard_on(first, PROMPTS.greeting[0])
    second, second_call = scene.rings()
    await heard_on(second, PROMPTS.all_busy)
    third, third_call = scene.rings()
    await third_call
    assert third.closed
    assert third.played == []
    assert scene.observer.refused == ["full"]
    for leg, call in ((first, first_call), (second, second_call)):
        leg.queue.put_nowait(LineClosed("caller"))
        await call
    assert scene.calls.live == {}
    assert len(scene.observer.ended) == len(scene.observer.started) == 2


async def test_a_polite_refusal_takes_no_place_from_a_caller(tmp_path: Path) -> None:
    scene = Scene().with_speech(tmp_path)
    first, first_call = scene.rings()
    await heard_on(first, PROMPTS.greeting[0])
    second, second_call = scene.rings()
    await heard_on(second, PROMPTS.all_busy)
    first.queue.put_nowait(LineClosed("caller"))
    await first_call
    third, third_call = scene.rings()
    await heard_on(third, PROMPTS.greeting[0])
    for leg, call in ((second, second_call), (third, third_call)):
        leg.queue.put_nowait(LineClosed("caller"))
        await call


async def test_while_the_voice_is_loading_a_caller_hears_the_busy_tone() -> None:
    scene = Scene()
    leg, call = scene.rings()
    await call
    assert leg.closed
    assert scene.observer.refused == ["no_speech"]


async def test_without_a_record_of_its_own_a_call_is_refused(tmp_path: Path) -> None:
    scene = Scene(store=False).with_speech(tmp_path)
    leg, call = scene.rings()
    await call
    assert leg.closed
    assert scene.observer.refused == ["store"]


async def test_a_call_that_we_placed_says_why_and_is_reported_as_answered(tmp_path: Path) -> None:
    scene = Scene().with_speech(tmp_path)
    leg, call = scene.rings(CallInfo("line", reference="c0"))
    await heard_on(leg, PROMPTS.callback_greeting[0])
    assert scene.answered == ["c0"]
    assert scene.calls.is_called_back("c0")
    assert scene.calls.is_full
    leg.queue.put_nowait(LineClosed("caller"))
    await call
    assert not scene.calls.is_called_back("c0")


async def test_a_call_that_we_placed_is_known_to_be_on_before_it_is_reported_as_answered(tmp_path: Path) -> None:
    scene = Scene().with_speech(tmp_path)
    known: list[bool] = []
    scene.calls._on_answered = lambda reference: known.append(scene.calls.is_called_back(reference))
    leg, call = scene.rings(CallInfo("line", reference="c0"))
    await heard_on(leg, PROMPTS.callback_greeting[0])
    assert known == [True]
    leg.queue.put_nowait(LineClosed("caller"))
    await call


async def test_a_call_that_we_placed_and_cannot_carry_may_be_placed_again() -> None:
    scene = Scene()
    _, call = scene.rings(CallInfo("line", reference="c0"))
    await call
    assert scene.answered == ["c0"]


class Placed:
    """Calls placed for agents: every one that has a reference. Their agents are there."""

    def __init__(self) -> None:
        self.not_there: list[DialFailed] = []

    def is_placed(self, reference: str) -> bool:
        return bool(reference)

    async def answered(self, reference: str, line_id: str) -> tuple[str, Record] | None:
        return "of-agent", FakeRecord()

    def failed(self, failed: DialFailed) -> None:
        self.not_there.append(failed)


async def test_who_answers_an_agent_s_call_is_taken_though_every_place_is_taken(tmp_path: Path) -> None:
    scene = Scene(calls=1, polite=0, desk=FakeDesk([])).with_speech(tmp_path)
    scene.calls.agent_callbacks = Placed()
    first, first_call = scene.rings()
    await heard_on(first, PROMPTS.greeting[0])
    second, second_call = scene.rings(CallInfo("line", reference="callback-1"))
    await heard_on(second, "je vous passe votre conseiller")
    third, third_call = scene.rings()
    await third_call
    assert third.closed, "a caller finds no place"
    for leg, call in ((first, first_call), (second, second_call)):
        leg.queue.put_nowait(LineClosed("caller"))
        await call


async def test_an_agent_hears_at_once_that_the_call_made_for_them_was_refused() -> None:
    scene = Scene()
    placed = scene.calls.agent_callbacks = Placed()
    _, call = scene.rings(CallInfo("line", reference="callback-1"))
    await call
    assert placed.not_there == [DialFailed("callback-1", "not_sent")]


@pytest.mark.parametrize(("line_can", "expected"), [(True, PROMPTS.all_busy_transfer), (False, PROMPTS.all_busy)])
async def test_a_transfer_is_announced_only_where_the_line_can_do_it(
    tmp_path: Path, line_can: bool, expected: str
) -> None:
    scene = Scene(calls=0, people=ToPeople(transfer_to="sip:people@pbx")).with_speech(tmp_path)
    leg, call = scene.rings(CallInfo("line", can_transfer=line_can))
    await heard_on(leg, expected)
    leg.queue.put_nowait(LineClosed("caller"))
    await call


@pytest.mark.parametrize(("closed", "asked"), [(None, ["request key"]), (Closed(), [])])
async def test_the_desk_is_asked_first_where_there_is_one_unless_it_is_closed(
    tmp_path: Path, closed: Closed | None, asked: list[str]
) -> None:
    desk = FakeDesk([])
    scene = Scene(people=ToPeople(closed=lambda: closed), desk=desk).with_speech(tmp_path)
    leg, call = scene.rings(slow=False)
    await heard_on(leg, PROMPTS.greeting[-1])
    leg.queue.put_nowait(Key("0"))
    await heard_on(leg, PROMPTS.closed if closed else PROMPTS.desk_looking)
    leg.queue.put_nowait(LineClosed("caller"))
    await call
    assert desk.log == ["enter", *asked, "leave"]


async def test_the_phase_of_a_live_call_can_be_asked(tmp_path: Path) -> None:
    scene = Scene().with_speech(tmp_path)
    leg, call = scene.rings()
    await heard_on(leg, PROMPTS.greeting[0])
    assert scene.calls.phase("c1") == Phase.GREETING.value
    leg.queue.put_nowait(LineClosed("caller"))
    await call
    assert scene.calls.phase("c1") == Phase.ENDED.value


def idle(*live: LiveCall, places: int = 2) -> Calls:
    """Calls that are on without anybody carrying them."""
    calls = Scene(calls=places).calls
    calls.live = {call.conversation_id: call for call in live}
    return calls
