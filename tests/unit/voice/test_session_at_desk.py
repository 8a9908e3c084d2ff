"""The driver of a call whose caller waits at a desk that exists only here, and speaks with a person who does, too."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.unit.voice.test_call import PROMPTS
from tests.unit.voice.test_joining import FakeAgentLeg
from tests.unit.voice.test_session import (
    ANSWER,
    QUICK,
    SILENCE,
    SPEECH,
    FakeDialogue,
    FakeEngines,
    FakeLeg,
    FakeRecord,
    LoudIsSpeech,
)
from voice import call_messages as m
from voice.call import Call, Phase
from voice.call_messages import DeskNews, DeskState
from voice.leg import Held, Key, LineClosed, Played, Retrieved, Sound
from voice.patience import Patience
from voice.session import CallSession
from voice.speech import Speech
from voice.to_a_person import Possible

CALLER = SPEECH
AGENT = b"\x20\x4e" * 160


class FakeDesk:
    """Remembers what the call asked of it, in order; `tell` is the call."""

    def __init__(self, log: list[str]) -> None:
        self.log = log
        self.tell: Callable[[m.Event], None] = lambda _: None

    def enter(self, conversation_id: str, tell: Callable[[m.Event], None]) -> None:
        self.log.append("enter")
        self.tell = tell

    def leave(self, conversation_id: str) -> None:
        self.log.append("leave")

    async def request(self, conversation_id: str, reason: str) -> None:
        self.log.append(f"request {reason}")

    async def cancel(self, conversation_id: str, *, listed: bool = False) -> None:
        self.log.append("listed" if listed else "cancel")

    async def told(self, conversation_id: str, what: m.DeskNews) -> None:
        self.log.append(what.value)


class WatchedRecord(FakeRecord):
    """Writes into the desk's log, too."""

    def __init__(self, log: list[str]) -> None:
        super().__init__()
        self.log = log
        self.fails: Exception | None = None
        self.is_stuck = False

    async def request_person(self, reason: str) -> None:
        self.log.append(f"listed {reason}")

    async def end(self, reason: str) -> None:
        self.log.append(f"end {reason}")
        if self.fails is not None:
            raise self.fails
        if self.is_stuck:
            await asyncio.Event().wait()


class Detector(LoudIsSpeech):
    """Counts what it is given."""

    def __init__(self) -> None:
        self.frames = 0

    def probability(self, frame: NDArray[np.float32]) -> float:
        self.frames += 1
        return super().probability(frame)


class PacedLeg(FakeLeg):
    """Words are heard at once; music, as on a real line, lasts: its marks come back when the test says so."""

    async def mark(self, name: str) -> None:
        if not name.endswith("music"):
            self.queue.put_nowait(Played(name))


class Scene:
    def __init__(self, tmp_path: Path, patience: Patience = QUICK) -> None:
        self.log: list[str] = []
        self.leg, self.desk = PacedLeg(), FakeDesk(self.log)
        self.record = WatchedRecord(self.log)
        self.detector = Detector()
        engines = FakeEngines()
        self.session = CallSession(
            self.leg,
            Call(PROMPTS, patience, Possible(has_desk=True)),
            conversation_id="c1",
            dialogue=FakeDialogue(ANSWER),
            speech=Speech(engines, engines, tmp_path),
            activity=self.detector,
            record=self.record,
            desk=self.desk,
            transfer_to="sip:people@pbx",
        )
        self.running = asyncio.create_task(self.session.run())

    async def until(self, true: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not true():
                await asyncio.sleep(0.005)

    def heard(self) -> str:
        """The words."""
        return b"".join(pcm[:-2400] for pcm in self.leg.played if len(pcm) not in (320, 32000)).decode("utf-16-le")

    @property
    def music(self) -> list[bytes]:
        return [pcm for pcm in self.leg.played if len(pcm) == 32000]

    async def asks(self) -> Scene:
        await self.until(lambda: "Votre question ?" in self.heard())
        self.leg.queue.put_nowait(Key("0"))
        await self.until(lambda: "request key" in self.log)
        return self

    async def joined(self) -> FakeAgentLeg:
        await self.asks()
        agent = FakeAgentLeg()
        self.desk.tell(m.DeskSaid(DeskState.TAKEN, agent="Jeanne"))
        self.desk.tell(m.AgentOnLine(agent))
        await self.until(lambda: "joined" in self.log)
        return agent

    async def hangs_up(self) -> None:
        self.leg.queue.put_nowait(LineClosed("caller"))
        await self.running


async def test_the_caller_hears_their_place_and_then_music_until_somebody_comes(tmp_path: Path) -> None:
    scene = await Scene(tmp_path).asks()
    scene.desk.tell(m.DeskSaid(DeskState.QUEUED, place=1))
    await scene.until(lambda: PROMPTS.desk_keys in scene.heard())
    await scene.until(lambda: len(scene.music) == 2)
    flushed = scene.leg.flushed
    scene.desk.tell(m.DeskSaid(DeskState.TAKEN))
    await scene.until(lambda: PROMPTS.desk_taken in scene.heard())
    assert scene.leg.flushed > flushed
    await scene.hangs_up()
    assert scene.log == ["enter", "request key", "end caller", "leave"]


async def test_caller_and_person_hear_each_other_and_the_bot_hears_nothing(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    agent = await scene.joined()
    played, listened = len(scene.leg.played), scene.detector.frames
    for _ in range(40):
        scene.leg.queue.put_nowait(Sound(CALLER))
    agent.says.put_nowait(AGENT)
    await scene.until(lambda: len(agent.heard) == 40 and AGENT in scene.leg.played[played:])
    assert scene.detector.frames == listened
    await scene.hangs_up()
    assert agent.is_hung_up
    assert scene.log == ["enter", "request key", "joined", "end caller", "leave"]


async def test_given_back_the_caller_is_heard_by_the_bot_again(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    agent = await scene.joined()
    scene.desk.tell(m.DeskSaid(DeskState.RETURNED))
    await scene.until(lambda: PROMPTS.desk_returned in scene.heard())
    await scene.until(lambda: scene.session.call.phase is Phase.LISTENING)
    for pcm in [CALLER] * 40 + [SILENCE] * 30:
        scene.leg.queue.put_nowait(Sound(pcm))
        await asyncio.sleep(0)
    await scene.until(lambda: "En ligne." in scene.heard())
    assert agent.is_hung_up
    assert agent.heard == []
    await scene.hangs_up()


async def test_the_agent_s_hold_is_music_and_the_caller_s_is_silence(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    agent = await scene.joined()
    scene.desk.tell(m.HoldAsked(True))
    await scene.until(lambda: len(scene.music) == 2 and "held" in scene.log)
    scene.leg.queue.put_nowait(Sound(CALLER))
    scene.desk.tell(m.HoldAsked(False))
    await scene.until(lambda: scene.log[-1] == "joined")
    scene.leg.queue.put_nowait(Held())
    await scene.until(lambda: "held" in scene.record.notes)
    agent.says.put_nowait(AGENT)
    await scene.until(agent.says.empty)
    scene.leg.queue.put_nowait(Retrieved())
    await scene.until(lambda: "retrieved" in scene.record.notes)
    assert AGENT not in scene.leg.played
    assert agent.heard == []
    agent.says.put_nowait(AGENT)
    await scene.until(lambda: AGENT in scene.leg.played)
    await scene.hangs_up()


async def test_a_person_who_hangs_up_ends_the_call_and_the_desk_hears_of_it_first(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    agent = await scene.joined()
    agent.is_gone("hung_up")
    async with asyncio.timeout(5):
        await scene.running
    assert scene.leg.closed
    assert scene.log[-3:] == [DeskNews.HUNG_UP.value, "end agent", "leave"]


async def test_a_person_whose_connection_is_lost_is_waited_for(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    agent = await scene.joined()
    agent.is_gone("lost")
    await scene.until(lambda: PROMPTS.desk_lost in scene.heard())
    back = FakeAgentLeg()
    scene.desk.tell(m.AgentOnLine(back))
    await scene.until(lambda: scene.log.count("joined") == 2)
    scene.leg.queue.put_nowait(Sound(CALLER))
    await scene.until(lambda: back.heard == [CALLER])
    await scene.hangs_up()
    assert agent.heard == []


async def test_the_line_passes_the_call_on_to_the_telephone_of_whoever_took_it(tmp_path: Path) -> None:
    scene = await Scene(tmp_path).asks()
    scene.desk.tell(m.DeskSaid(DeskState.TAKEN))
    scene.desk.tell(m.TransferAsked("sip:12@pbx"))
    await scene.until(lambda: bool(scene.leg.transfers))
    assert scene.leg.transfers[0][0] == "sip:12@pbx"
    scene.leg.queue.put_nowait(LineClosed("transferred"))
    await scene.running
    assert scene.log == ["enter", "request key", "transferred", "end transferred", "leave"]


async def test_who_goes_back_to_the_bot_leaves_the_queue(tmp_path: Path) -> None:
    scene = await Scene(tmp_path).asks()
    scene.desk.tell(m.DeskSaid(DeskState.QUEUED, place=2))
    scene.leg.queue.put_nowait(Key("*"))
    await scene.until(lambda: "cancel" in scene.log)
    await scene.until(lambda: PROMPTS.desk_left in scene.heard())
    await scene.hangs_up()
    assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []


async def test_who_is_not_waited_for_any_longer_stays_listed(tmp_path: Path) -> None:
    scene = await Scene(tmp_path, replace(QUICK, desk_seconds=0.05)).asks()
    await scene.until(lambda: "listed" in scene.log)
    assert "cancel" not in scene.log
    await scene.hangs_up()


async def test_a_record_that_breaks_keeps_nobody_at_the_desk_or_on_the_line(tmp_path: Path) -> None:
    scene = await Scene(tmp_path).asks()
    scene.record.fails = RuntimeError("unforeseen")
    with pytest.raises(RuntimeError):
        await scene.hangs_up()
    assert scene.log[-2:] == ["end caller", "leave"]
    assert scene.leg.closed


async def test_a_call_that_is_cancelled_while_it_is_written_down_leaves_the_desk_and_the_line(tmp_path: Path) -> None:
    scene = await Scene(tmp_path).asks()
    scene.record.is_stuck = True
    scene.leg.queue.put_nowait(LineClosed("caller"))
    await scene.until(lambda: scene.log[-1] == "end caller")
    scene.running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await scene.running
    assert scene.log[-1] == "leave"
    assert scene.leg.closed
    assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []
