"""The driver of a call on a line that exists only here: what is played, asked, kept, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.dialogue import Answer, Outcome, Question, Reading, Reply
from bot.errors import DialogueUnavailable
from tests.unit.voice.test_call import PROMPTS
from voice.call import Call
from voice.leg import CallInfo, Held, Key, LineClosed, LineEvent, Played, Retrieved, Sound, TransferMode
from voice.patience import Patience
from voice.session import CallSession
from voice.speech import Speech
from voice.to_a_person import Possible
from voice.turn import Expecting, Hearing, TurnKept

SPEECH = b"\x10\x27" * 160  # loud
SILENCE = b"\0\0" * 160
QUICK = Patience(pause_seconds=0.15, turn_over_seconds=0.2, turn_over_complete_seconds=0.2, silence_seconds=30.0)


class FakeLeg:
    """A line that plays everything at once, or, `slow`, never gets to the end of anything."""

    def __init__(self, *, slow: bool = False) -> None:
        self.slow = slow
        self.transfers: list[tuple[str, TransferMode, dict[str, str] | None]] = []
        self.info = CallInfo("line-1")
        self.queue: asyncio.Queue[LineEvent] = asyncio.Queue()
        self.played: list[bytes] = []
        self.flushed = 0
        self.closed = False

    async def events(self) -> AsyncIterator[LineEvent]:
        while True:
            event = await self.queue.get()
            yield event
            if isinstance(event, LineClosed):
                return

    async def play(self, pcm: bytes) -> None:
        self.played.append(pcm)

    async def mark(self, name: str) -> None:
        if not self.slow:
            self.queue.put_nowait(Played(name))

    async def flush(self) -> None:
        self.flushed += 1

    async def transfer(
        self, target: str, *, mode: TransferMode = TransferMode.BLIND, context: dict[str, str] | None = None
    ) -> None:
        self.transfers.append((target, mode, context))

    async def hangup(self) -> None:
        if not self.closed:
            self.closed = True
            self.queue.put_nowait(LineClosed("us"))


class FakeDialogue:
    def __init__(self, reply: Reply | None) -> None:
        self.reply = reply
        self.questions: list[Question] = []

    async def ask(self, question: Question) -> Reply:
        self.questions.append(question)
        if self.reply is None:
            raise DialogueUnavailable("Rasa is away.")
        return self.reply


class FakeRecord:
    def __init__(self) -> None:
        self.turns: list[TurnKept] = []
        self.requests: list[str] = []
        self.notes: list[str] = []
        self.callbacks: list[str] = []
        self.ended = ""

    async def keep_turn(self, turn: TurnKept) -> None:
        self.turns.append(turn)

    async def request_person(self, reason: str) -> None:
        self.requests.append(reason)

    async def note(self, at_seconds: float, kind: str, detail: str) -> None:
        assert at_seconds >= 0
        self.notes.append(kind)

    async def promise_callback(self, number: str) -> None:
        self.callbacks.append(number)

    async def end(self, reason: str) -> None:
        self.ended = reason


class FakeEngines:
    """Hears the same question whatever is said; speaks a text as its own bytes."""

    digest = "fake"

    def hear(
        self, samples: NDArray[np.float32], speech_seconds: float, is_wanted: Callable[[], bool], expecting: Expecting
    ) -> Hearing:
        return Hearing(
            "Comment a déréré ?",
            0.9,
            "high",
            True,
            speech_seconds,
            mended="Comment adhérer ?",
            alternatives=(Reading("Comment admirer ?", 0.7),),
        )

    def speak(self, text: str, length_scale: float) -> bytes:
        if "muet" in text.lower():
            raise RuntimeError("no voice")
        return text.encode("utf-16-le")


class LoudIsSpeech:
    def probability(self, frame: NDArray[np.float32]) -> float:
        return 0.9 if np.abs(frame).max() > 0.1 else 0.0


ANSWER = Reply(
    Outcome.ANSWERED, "adhesion_comment", 0.9, answers=(Answer("adhesion_comment", "En ligne.", source="F766"),)
)


class Scene:
    def __init__(
        self, tmp_path: Path, reply: Reply | None = ANSWER, *, possible: Possible | None = None, slow: bool = False
    ) -> None:
        self.leg = FakeLeg(slow=slow)
        self.dialogue = FakeDialogue(reply)
        self.record = FakeRecord()
        engines = FakeEngines()
        self.speech = Speech(engines, engines, tmp_path)
        self.session = CallSession(
            self.leg,
            Call(PROMPTS, QUICK, possible),
            conversation_id="c1",
            dialogue=self.dialogue,
            speech=self.speech,
            activity=LoudIsSpeech(),
            record=self.record,
            transfer_to="sip:people@pbx",
            context={"X-Guichet-Conversation": "c1"},
        )

    async def say_something(self) -> None:
        for pcm in [SPEECH] * 40 + [SILENCE] * 30:
            self.leg.queue.put_nowait(Sound(pcm))
            await asyncio.sleep(0)

    def heard_by_caller(self) -> str:
        return b"".join(pcm[:-2400] for pcm in self.leg.played).decode("utf-16-le")

    async def until_heard(self, words: str) -> None:
        async with asyncio.timeout(5):
            while words not in self.heard_by_caller():
                await asyncio.sleep(0.005)


async def test_a_question_is_answered_and_written_down(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    running = asyncio.create_task(scene.session.run())
    await scene.until_heard("Votre question ?")
    await asyncio.sleep(0.02)
    await scene.say_something()
    await scene.until_heard("Autre chose ?")
    scene.leg.queue.put_nowait(LineClosed("caller"))
    await running
    assert scene.heard_by_caller().endswith("En ligne.Autre chose ?")
    assert [(question.text, question.heard_confidence) for question in scene.dialogue.questions] == [
        ("Comment adhérer ?", 0.9)
    ]
    assert [reading.text for reading in scene.dialogue.questions[0].alternatives] == ["Comment admirer ?"]
    assert [(turn.heard, turn.spoken) for turn in scene.record.turns] == [
        ("Comment a déréré ?", "En ligne. Autre chose ?")  # the record keeps what was really heard
    ]
    assert scene.record.ended == "caller"


async def test_key_0_reaches_the_desk(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    running = asyncio.create_task(scene.session.run())
    await scene.until_heard("Votre question ?")
    scene.leg.queue.put_nowait(Key("0"))
    await scene.until_heard(PROMPTS.person_requested)
    scene.leg.queue.put_nowait(LineClosed("caller"))
    await running
    assert scene.record.requests == ["key"]


async def test_a_dead_dialogue_is_owned_up_to(tmp_path: Path) -> None:
    scene = Scene(tmp_path, reply=None)
    running = asyncio.create_task(scene.session.run())
    await scene.until_heard("Votre question ?")
    await asyncio.sleep(0.02)
    await scene.say_something()
    await scene.until_heard(PROMPTS.dialogue_unavailable)
    scene.leg.queue.put_nowait(LineClosed("caller"))
    await running


async def test_a_dead_voice_passes_the_call_on_and_hangs_up(tmp_path: Path) -> None:
    scene = Scene(tmp_path, reply=Reply(Outcome.ANSWERED, text="muet"))
    running = asyncio.create_task(scene.session.run())
    await scene.until_heard("Votre question ?")
    await asyncio.sleep(0.02)
    await scene.say_something()
    async with asyncio.timeout(5):
        await running
    assert scene.record.requests == ["speech_unavailable"]
    assert scene.leg.closed


async def test_a_hang_up_before_the_first_word_leaves_nothing_running(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.leg.queue.put_nowait(LineClosed("caller"))
    async with asyncio.timeout(5):
        await scene.session.run()
    assert scene.record.ended == "caller"
    assert scene.speech.calls_on == 0
    assert [task for task in asyncio.all_tasks() if task is not asyncio.current_task()] == []


async def test_who_asks_for_a_person_is_transferred_with_the_conversation_s_reference(tmp_path: Path) -> None:
    scene = Scene(tmp_path, possible=Possible(can_transfer=True))
    running = asyncio.create_task(scene.session.run())
    await scene.until_heard("Votre question ?")
    scene.leg.queue.put_nowait(Key("0"))
    async with asyncio.timeout(5):
        while not scene.leg.transfers:
            await asyncio.sleep(0.005)
    assert scene.leg.transfers == [("sip:people@pbx", TransferMode.BLIND, {"X-Guichet-Conversation": "c1"})]
    scene.leg.queue.put_nowait(LineClosed("transferred"))
    await running
    assert "transfer" in scene.record.notes
    assert scene.record.ended == "transferred"


async def test_a_promised_callback_is_written_down(tmp_path: Path) -> None:
    scene = Scene(tmp_path, possible=Possible(can_call_back=True, caller_number="+33612345678"))
    running = asyncio.create_task(scene.session.run())
    await scene.until_heard("Votre question ?")
    scene.leg.queue.put_nowait(Key("0"))
    await scene.until_heard(PROMPTS.callback_offer)
    scene.leg.queue.put_nowait(Key("1"))
    await scene.until_heard("Rappel au")
    scene.leg.queue.put_nowait(LineClosed("caller"))
    await running
    assert scene.record.callbacks == ["+33612345678"]


async def test_on_hold_the_bot_is_silent_and_afterwards_goes_on(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    running = asyncio.create_task(scene.session.run())
    await scene.until_heard("Votre question ?")
    flushed = scene.leg.flushed
    scene.leg.queue.put_nowait(Held())
    scene.leg.queue.put_nowait(Retrieved())
    await scene.until_heard(PROMPTS.back_from_hold)
    assert scene.leg.flushed > flushed
    scene.leg.queue.put_nowait(LineClosed("caller"))
    await running
    assert [kind for kind in scene.record.notes if kind in ("held", "retrieved")] == ["held", "retrieved"]
