"""The engines lent to visitors of a page, who speak into it or have an answer read to them. Callers come first.

A caller cannot wait, and a visitor can type. So a visitor counts as one more conversation, but only callers take the
last place; what a visitor said is transcribed when a worker is free and nobody waits for one, and broken off for a
caller who comes to wait (the step under way is finished, a few tenths of a second); and a clause is made for a visitor
when the voice has nothing else to do. Whoever cannot be served in `wait_seconds` is told so.

Nothing of what visitors say is kept or logged.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from bot.errors import Busy, SpeechUnavailable
from voice import call_messages as m
from voice.audio import Floats, pcm_to_float
from voice.dictation import Dictation, State
from voice.ear import FRAME_SAMPLES, FRAME_SECONDS, Ear
from voice.line_ear import VoiceActivity
from voice.marked_wav import wav_head
from voice.patience import Patience
from voice.speech import Speech
from voice.turn import Hearing
from voice.workers import Workers

_LOOK_SECONDS = 0.03
"""How often it is looked whether a worker is free, or a caller waits for one."""
_LINE_RATE_HZ = 8000
_GAP = b"\0\0" * (_LINE_RATE_HZ * 3 // 20)
"""Between two pieces, as on the telephone."""


@dataclass(frozen=True, slots=True)
class VisitorLimits:
    """`listened_to` visitors at a time, and only while with all calls they are fewer than `conversations`."""

    listened_to: int = 2
    conversations: int = 6
    listen_seconds: float = 30.0
    wait_seconds: float = 10.0


class Visitors:
    """Hears and reads for visitors. `speech` is None while the engines are loading, or when they cannot be loaded."""

    def __init__(self, activity: Callable[[], VoiceActivity], patience: Patience, limits: VisitorLimits) -> None:
        self.speech: Speech | None = None
        self._activity = activity
        self._patience = patience
        self._limits = limits
        self._listened_to: set[str] = set()
        self._hears, self._reads = asyncio.Lock(), asyncio.Lock()

    @contextmanager
    def place(self, conversation_id: str) -> Iterator[None]:
        """To be held while listening. Raises `Busy`, or `SpeechUnavailable` without engines."""
        on = len(self._listened_to)
        full = on >= self._limits.listened_to or on + self._engines().calls_on >= self._limits.conversations
        if full or conversation_id in self._listened_to:
            raise Busy("The recogniser is for callers now, or listens to this visitor already.")
        self._listened_to.add(conversation_id)
        try:
            yield
        finally:
            self._listened_to.discard(conversation_id)

    async def listen(self, sounds: AsyncIterator[bytes], enough: Callable[[], Awaitable[None]]) -> Hearing | None:
        """What is said in `sounds`: PCM (s16le, mono, 16 kHz) in portions of any size, which may end at any time.

        `enough` is told when no more sound is wanted. None: nobody spoke; a hearing may be implausible (a noise).
        Raises `SpeechUnavailable`, `Busy` (no turn at the recogniser), `BadAudio` (half a sample).
        """
        dictating = _Dictating(self._hear, self._activity(), self._patience, self._limits.listen_seconds)
        try:
            async for pcm in sounds:
                if dictating.take(pcm):
                    break
            dictating.finish()
            await enough()
            return await dictating.result()
        finally:
            dictating.close()

    def read(self, text: str) -> Reading:
        """A written text read aloud. Raises `SpeechUnavailable` without engines."""
        speech = self._engines()
        return Reading(speech.pieces(text), speech.is_cached, lambda piece: self._speak(speech, piece))

    def _engines(self) -> Speech:
        if self.speech is None:
            raise SpeechUnavailable("The speech engines are not loaded.")
        return self.speech

    async def _hear(self, samples: Floats, speech_seconds: float) -> Hearing:
        speech = self._engines()
        try:
            async with asyncio.timeout(self._limits.wait_seconds), self._hears:
                while True:
                    await _until_free(speech.transcriptions)
                    hearing = await _unless_waited_for(
                        speech.transcriptions, asyncio.create_task(speech.hear_visitor(samples, speech_seconds))
                    )
                    if hearing is not None:
                        return hearing
        except TimeoutError:
            raise Busy("No turn at the recogniser for a visitor.") from None

    async def _speak(self, speech: Speech, piece: str) -> bytes:
        if speech.is_cached(piece):
            return await speech.speak(piece)
        try:
            async with asyncio.timeout(self._limits.wait_seconds), self._reads:
                await _until_free(speech.syntheses)
                return await speech.speak(piece)
        except TimeoutError:
            raise Busy("No turn at the voice for a visitor.") from None


class Reading:
    """A text as a WAV file that can be sent while it is being made. `is_ready`: nothing of it has to be made."""

    content_type = "audio/wav"

    def __init__(
        self, pieces: list[str], is_cached: Callable[[str], bool], speak: Callable[[str], Awaitable[bytes]]
    ) -> None:
        self._pieces = pieces
        self._speak = speak
        self.is_ready = all(is_cached(piece) for piece in pieces)

    async def chunks(self) -> AsyncIterator[bytes]:
        """The head with the first piece, then the others. Raises `SpeechUnavailable` or `Busy`."""
        if self.is_ready:
            sound = _GAP.join([await self._speak(piece) for piece in self._pieces])
            yield wav_head(_LINE_RATE_HZ, len(sound)) + sound
            return
        head = wav_head(_LINE_RATE_HZ, None)
        for number, piece in enumerate(self._pieces):
            pcm = await self._speak(piece)
            yield (_GAP if number else head) + pcm


class _Dictating:
    """One visitor being listened to: cuts the sound into frames, does what `Dictation` decides."""

    def __init__(
        self,
        hear: Callable[[Floats, float], Awaitable[Hearing]],
        activity: VoiceActivity,
        patience: Patience,
        limit_seconds: float,
    ) -> None:
        self._hear = hear
        self._activity = activity
        self._ear = Ear(patience.pause_seconds, limit_seconds)
        self._dictation = Dictation(patience, limit_seconds)
        self._seconds = 0.0
        self._pending: Floats = np.zeros(0, np.float32)
        self._transcribing: asyncio.Task[Hearing] | None = None
        self._attempt = 0

    def take(self, pcm: bytes) -> bool:
        """Listens to a portion; whether that is enough."""
        self._pending = np.concatenate([self._pending, pcm_to_float(pcm)])
        while len(self._pending) >= FRAME_SAMPLES and not self._is_over:
            frame, self._pending = self._pending[:FRAME_SAMPLES], self._pending[FRAME_SAMPLES:]
            self._seconds += FRAME_SECONDS
            for event in (*self._ear.hear(self._activity.probability(frame), frame), *self._heard(), m.Tick()):
                self._happened(event)
        return self._is_over

    def finish(self) -> None:
        """No more sound."""
        for command in self._dictation.finish(self._seconds):
            self._perform(command)

    async def result(self) -> Hearing | None:
        """After the sound. Raises `SpeechUnavailable`, `Busy`."""
        while self._dictation.state is not State.DONE:
            assert self._transcribing is not None
            await asyncio.wait({self._transcribing})
            for event in self._heard():
                self._happened(event)
        if self._dictation.failed and self._transcribing is not None:
            self._transcribing.result()
        return self._dictation.hearing

    def close(self) -> None:
        """Nobody waits for the words any more."""
        if self._transcribing is not None:
            self._transcribing.cancel()

    @property
    def _is_over(self) -> bool:
        return self._dictation.state is not State.LISTENING

    def _heard(self) -> list[m.Event]:
        task = self._transcribing
        if task is None or not task.done() or not self._attempt:
            return []
        attempt, self._attempt = self._attempt, 0
        failed = task.cancelled() or task.exception() is not None
        return [m.Heard(attempt, None if failed else task.result())]

    def _happened(self, event: m.Event) -> None:
        for command in self._dictation.handle(event, self._seconds):
            self._perform(command)

    def _perform(self, command: m.Command) -> None:
        match command:
            case m.Transcribe(attempt=attempt):
                self.close()
                self._attempt = attempt
                work = self._hear(self._ear.utterance(), self._ear.speech_seconds)
                self._transcribing = asyncio.ensure_future(work)
            case m.StopTranscribing():
                self.close()
                self._attempt = 0
            case m.Listen():
                self._ear.forget()


async def _until_free(workers: Workers) -> None:
    while not workers.is_free:
        await asyncio.sleep(_LOOK_SECONDS)


async def _unless_waited_for(workers: Workers, task: asyncio.Task[Hearing]) -> Hearing | None:
    """What the task brings, or None when it was broken off because a caller waits for a worker."""
    try:
        while not task.done() and not workers.waiting:
            await asyncio.wait({task}, timeout=_LOOK_SECONDS)
        return task.result() if task.done() else None
    finally:
        task.cancel()
