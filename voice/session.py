"""Drives one call: waits for what happens on the line, gives it to `voice.call.Call`, does what that commands.

Nothing is decided here. The only clock is here (the event loop's); every slow thing (transcription,
dialogue, synthesis, storage) is a task whose result comes back as an event with its number.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

import numpy as np
import structlog

from bot.dialogue import Channel, Dialogue, Question, Reply
from bot.errors import GuichetError
from voice import call_messages as m
from voice.audio import Upsampler8To16, pcm_to_float
from voice.call import Call, Phase
from voice.ear import FRAME_SAMPLES, Ear
from voice.leg import CallLeg, Key, LineClosed, Played, Sound, TransferFailed
from voice.speech import Speech
from voice.spoken import spoken_sentences

_SENTENCE_GAP = b"\0\0" * 1200  # 150 ms between two sentences
_MAX_INT16 = 32767

log = structlog.get_logger(__name__)


class VoiceActivity(Protocol):
    """Probability of speech in 512 samples at 16 kHz; keeps the state of one call."""

    def probability(self, frame: np.ndarray[Any, np.dtype[np.float32]]) -> float: ...


class Record(Protocol):
    """What a call leaves behind. Every method may raise `StoreUnavailable`; the call goes on without it."""

    async def keep_turn(self, turn: m.TurnKept) -> None: ...

    async def request_person(self, reason: str) -> None: ...

    async def end(self, reason: str) -> None: ...


class CallSession:
    """One call on one leg, from `run` to its end."""

    def __init__(
        self,
        leg: CallLeg,
        call: Call,
        *,
        conversation_id: str,
        dialogue: Dialogue,
        speech: Speech,
        activity: VoiceActivity,
        record: Record,
        transfer_to: str = "",
        on_phase: Callable[[Phase], None] = lambda _: None,
    ) -> None:
        self.call = call
        self.conversation_id = conversation_id
        self._leg = leg
        self._dialogue = dialogue
        self._speech = speech
        self._activity = activity
        self._record = record
        self._transfer_to = transfer_to
        self._on_phase = on_phase
        self._ear = Ear(call.patience.pause_seconds, call.patience.max_utterance_seconds + 5)
        self._upsample = Upsampler8To16()
        self._pending = np.zeros(0, np.float32)
        self._events: asyncio.Queue[m.Event] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        self._records: asyncio.Queue[Callable[[], Coroutine[Any, Any, None]] | None] = asyncio.Queue()
        self._talk: asyncio.Task[None] | None = None
        self._pace = 1.0
        self._gain = 1.0

    async def run(self) -> None:
        """Ends when the call has ended, with everything it started stopped and everything it wrote down kept."""
        loop = asyncio.get_running_loop()
        listener = asyncio.create_task(self._read_line())
        writer = asyncio.create_task(self._write_records())
        self._speech.calls_on += 1
        try:
            self._events.put_nowait(m.CallAnswered())
            while self.call.phase is not Phase.ENDED:
                event = await self._next_event(loop)
                for command in self.call.handle(event, loop.time()):
                    self._perform(command)
                self._on_phase(self.call.phase)
        finally:
            self._speech.calls_on -= 1
            for task in (*self._tasks, listener):
                task.cancel()
            await asyncio.gather(*self._tasks, listener, return_exceptions=True)
            self._keep(lambda: self._record.end(self.call.end_reason or "interrupted"))
            self._records.put_nowait(None)
            await writer
            await self._leg.hangup()

    async def _next_event(self, loop: asyncio.AbstractEventLoop) -> m.Event:
        wake_at = self.call.wake_at
        try:
            async with asyncio.timeout_at(wake_at):
                return await self._events.get()
        except TimeoutError:
            return m.Tick()

    async def _read_line(self) -> None:
        async for event in self._leg.events():
            match event:
                case Sound(pcm=pcm):
                    self._hear(pcm)
                case Key(digit=digit):
                    self._events.put_nowait(m.KeyPressed(digit))
                case Played(name=name) if name.isdigit():
                    self._events.put_nowait(m.Said(int(name)))
                case TransferFailed():
                    self._events.put_nowait(m.TransferRefused())
                case LineClosed(reason=reason):
                    self._events.put_nowait(m.HungUp(reason or "caller"))
        self._events.put_nowait(m.HungUp("line_lost"))

    def _hear(self, pcm: bytes) -> None:
        """Cuts the sound into the detector's frames (32 ms) and listens to each: 0.3 ms of work a frame."""
        self._pending = np.concatenate([self._pending, self._upsample(pcm_to_float(pcm))])
        while len(self._pending) >= FRAME_SAMPLES:
            frame, self._pending = self._pending[:FRAME_SAMPLES], self._pending[FRAME_SAMPLES:]
            for heard in self._ear.hear(self._activity.probability(frame), frame):
                self._events.put_nowait(heard)

    def _perform(self, command: m.Command) -> None:
        match command:
            case m.Say(serial=serial, texts=texts):
                self._stop_talking()
                self._talk = self._start(self._say(serial, texts, self._talk))
            case m.StopTalking():
                self._stop_talking()
                self._start(self._leg.flush())
            case m.Listen():
                self._ear.forget()
            case m.Transcribe(attempt=attempt):
                self._start(self._transcribe(attempt))
            case m.Ask():
                self._start(self._ask(command))
            case m.KeepTurn(turn=turn):
                self._keep(lambda: self._record.keep_turn(turn))
            case m.RequestPerson(reason=reason):
                self._keep(lambda: self._record.request_person(reason))
            case m.Transfer():
                self._start(self._leg.transfer(self._transfer_to))
            case m.SetPace(length_scale=length_scale):
                self._pace = length_scale
            case m.SetVolume(gain=gain):
                self._gain = gain
            case m.HangUp():
                self._start(self._leg.hangup())

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _stop_talking(self) -> None:
        if self._talk is not None:
            self._talk.cancel()

    async def _say(self, serial: int, texts: tuple[str, ...], before: asyncio.Task[None] | None) -> None:
        """Sentence by sentence: while one is on the line, the next is made."""
        if before is not None:
            await asyncio.wait([before])
        first = True
        try:
            for text in texts:
                for sentence in spoken_sentences(text):
                    pcm = await self._speech.speak(sentence, self._pace)
                    await self._leg.play(self._louder(pcm) + _SENTENCE_GAP)
                    if first:
                        self._events.put_nowait(m.SpeakingStarted(serial))
                        first = False
        except GuichetError as error:
            log.error("call.speech_failed", conversation=self.conversation_id, error=str(error))
            self._events.put_nowait(m.Said(serial, failed=True))
            return
        await self._leg.mark(str(serial))

    def _louder(self, pcm: bytes) -> bytes:
        if self._gain == 1.0:
            return pcm
        samples = np.frombuffer(pcm, "<i2").astype(np.float32) * self._gain
        return bytes(np.clip(samples, -_MAX_INT16, _MAX_INT16).astype("<i2").tobytes())

    async def _transcribe(self, attempt: int) -> None:
        hearing = None
        try:
            hearing = await self._speech.hear(self._ear.utterance(), self._ear.speech_seconds)
        except GuichetError as error:
            log.error("call.recognition_failed", conversation=self.conversation_id, error=str(error))
        self._events.put_nowait(m.Heard(attempt, hearing))

    async def _ask(self, ask: m.Ask) -> None:
        reply: Reply | None = None
        try:
            reply = await self._dialogue.ask(
                Question(self.conversation_id, Channel.PHONE, ask.text, ask.choice, ask.confidence, ask.alternatives)
            )
        except GuichetError as error:
            log.error("call.dialogue_failed", conversation=self.conversation_id, error=str(error))
        self._events.put_nowait(m.Replied(ask.turn, reply))

    def _keep(self, write: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._records.put_nowait(write)

    async def _write_records(self) -> None:
        """One after the other, in order, beside the call: the store may be slow, the caller does not wait."""
        while (write := await self._records.get()) is not None:
            try:
                await write()
            except GuichetError as error:
                log.error("call.not_recorded", conversation=self.conversation_id, error=str(error))
