"""The speech engines as a service shared by all calls: bounded workers, and a cache of spoken sentences.

With fixed answers almost everything that is said has been said before, and is in the cache at the configured pace;
"plus lentement" stretches that. What was never said is made clause by clause while the caller waits, half a second for
each second of speech. Callers come first: speaking in advance waits while a call is on, and is broken off in
mid-sentence when one begins.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
import structlog
from numpy.typing import NDArray

from bot.errors import SpeechUnavailable
from voice.sentences import clauses
from voice.speech_cache import SpeechCache
from voice.spoken import spoken_sentences
from voice.spoken_french import DEFAULT
from voice.stretch import FASTEST, SLOWEST, stretch
from voice.turn import Expecting, Hearing
from voice.workers import ADVANCE_NICE, HEARING_NICE, SPEAKING_NICE, Workers

Samples = NDArray[np.float32]
_LONGEST_QUEUE = 16
_BACKGROUND_PAUSE_SECONDS = 0.2

log = structlog.get_logger(__name__)


class GaveWay(Exception):
    """Speaking in advance was broken off for a caller."""


class Recogniser(Protocol):
    """Samples (float32, mono, 16 kHz) and the seconds of speech in them to words. Runs in a worker thread.

    Asked between its steps, `is_wanted` tells whether anybody still waits for the result; if not, it may be anything.
    `expecting` is what the caller was asked for.
    """

    def hear(
        self, samples: Samples, speech_seconds: float, is_wanted: Callable[[], bool], expecting: Expecting
    ) -> Hearing: ...


class Synthesiser(Protocol):
    """Text ready to be spoken to 8 kHz PCM (s16le mono). Runs in a worker thread. `digest` names the voice."""

    @property
    def digest(self) -> str: ...

    def speak(self, text: str, length_scale: float) -> bytes: ...


class AdvanceVoice(Protocol):
    """The same voice for speaking in advance, which gives way to callers."""

    def speak(self, text: str, length_scale: float) -> bytes:
        """As a `Synthesiser`; raises `GaveWay` when it was broken off."""
        ...

    def break_off(self) -> None:
        """Ends what `speak` is doing, if anything. From any thread."""
        ...


class Speech:
    """Hears and speaks for every call. All methods belong to the event loop's thread.

    `advance` speaks in advance; without one the synthesiser does, and cannot be broken off. `said_as` is how words are
    pronounced. `for_visitors` hears what comes from a page's microphone, where that is not the `recogniser` of the
    telephone. `transcriptions` and `syntheses` tell how many are waiting and running.
    """

    def __init__(
        self,
        recogniser: Recogniser,
        synthesiser: Synthesiser,
        cache_dir: Path,
        *,
        workers: int = 1,
        pace: float = 1.0,
        said_as: Mapping[str, str] = DEFAULT,
        advance: AdvanceVoice | None = None,
        for_visitors: Recogniser | None = None,
    ) -> None:
        self.transcriptions = Workers(workers, "hear", longest_queue=_LONGEST_QUEUE, nice=HEARING_NICE)
        self.syntheses = Workers(1, "speak", longest_queue=_LONGEST_QUEUE, nice=SPEAKING_NICE)
        self._recogniser = recogniser
        self._for_visitors = for_visitors or recogniser
        self._recognisers = workers
        self._synthesiser = synthesiser
        self._advance = advance
        self._length_scale = round(pace, 3)
        self._said_as = said_as
        self._cache = SpeechCache(cache_dir, synthesiser.digest, self._length_scale)
        self._background = Workers(1, "render", longest_queue=1, nice=ADVANCE_NICE)
        self._making: dict[str, asyncio.Task[bytes]] = {}
        self._ahead: set[asyncio.Task[Hearing]] = set()
        self._calls_on = 0
        self.cache_hits = self.cache_misses = 0

    @property
    def calls_on(self) -> int:
        """Calls under way, counted by their sessions: nothing is spoken in advance meanwhile."""
        return self._calls_on

    @calls_on.setter
    def calls_on(self, count: int) -> None:
        self._calls_on = count
        if count:
            self._make_way()

    async def hear(
        self,
        samples: Samples,
        speech_seconds: float,
        begun: asyncio.Task[Hearing] | None = None,
        *,
        expecting: Expecting = Expecting.QUESTION,
    ) -> Hearing:
        """Raises `SpeechUnavailable` when the recogniser fails, or too many wait for it.

        Cancelled before its turn, it costs nothing; later, no more than the step that is being done. `begun` is what
        `hear_ahead` gave for the same words: it is waited for, unless it had to give way.
        """
        if begun is not None and not begun.cancelling():
            self._ahead.discard(begun)
            return await begun
        if not self.transcriptions.is_free:
            for task in self._ahead:
                task.cancel()
        return await self._hear(self._recogniser, samples, speech_seconds, expecting)

    async def hear_visitor(self, samples: Samples, speech_seconds: float) -> Hearing:
        """As `hear`, for a page's microphone; nothing that was begun ahead for a caller gives way to it."""
        return await self._hear(self._for_visitors, samples, speech_seconds, Expecting.QUESTION)

    def hear_ahead(
        self, samples: Samples, speech_seconds: float, expecting: Expecting = Expecting.QUESTION
    ) -> asyncio.Task[Hearing] | None:
        """Begins what `hear` will probably be asked for; whoever does not want it any more cancels it.

        Most of these beginnings come to nothing, so it gives way to whoever would have to wait, and is None where no
        recogniser would remain free for another, or more calls are on than there are recognisers.
        """
        if (
            not self.transcriptions.one_to_spare
            or sum(not task.done() for task in self._ahead) + 1 >= self._recognisers
        ):
            return None
        if self.calls_on > self._recognisers:
            return None
        task = asyncio.create_task(self._hear(self._recogniser, samples, speech_seconds, expecting))
        self._ahead.add(task)
        task.add_done_callback(self._looked_at)
        return task

    def _looked_at(self, task: asyncio.Task[Hearing]) -> None:
        self._ahead.discard(task)
        if not task.cancelled():
            task.exception()  # whoever began it may not want it any more

    async def _hear(
        self, recogniser: Recogniser, samples: Samples, speech_seconds: float, expecting: Expecting
    ) -> Hearing:
        given_up = threading.Event()

        def is_wanted() -> bool:
            return not given_up.is_set()

        try:
            return await self.transcriptions.do(recogniser.hear, samples, speech_seconds, is_wanted, expecting)
        except asyncio.CancelledError:
            given_up.set()
            raise
        except RuntimeError as error:
            raise SpeechUnavailable(f"The recogniser failed: {type(error).__name__}.") from error

    def pieces(self, text: str) -> list[str]:
        """What to `speak` one after another for a written text: sentences that have been spoken before, and those that
        have not in clauses, so that the next is made while one is on the line."""
        whole = spoken_sentences(text, self._said_as)
        return [piece for one in whole for piece in ([one] if one in self._cache else clauses(one))]

    async def speak(self, piece: str, pace: float = 1.0, *, keep: bool = True) -> bytes:
        """8 kHz PCM of one of the `pieces`, from the cache or made now. Raises `SpeechUnavailable`.

        `pace` multiplies the configured one: 1.25 is a quarter slower. Two callers who need the same piece share one
        synthesis. Without `keep` it is not written to the cache: for somebody's own words.
        """
        pcm = await asyncio.to_thread(self._cache.read, piece)
        if pcm is not None:
            self.cache_hits += 1
        else:
            self.cache_misses += 1
            task = self._making.get(piece)
            if task is None:
                task = self._making[piece] = asyncio.create_task(self._make(piece, keep))
                task.add_done_callback(partial(self._made, piece))
            pcm = await asyncio.shield(task)
        return pcm if pace == 1.0 else await asyncio.to_thread(stretch, pcm, pace)

    def is_cached(self, piece: str, pace: float = 1.0) -> bool:
        """Whether the piece needs no synthesis, at a pace that stretching can give."""
        return SLOWEST >= pace >= FASTEST and piece in self._cache

    async def prepare(self, texts: Iterable[str]) -> None:
        """As `prerender`, of what is needed before the first caller can come: as quick as for a caller, however busy
        the machine is with other programs."""
        for piece in await asyncio.to_thread(self._missing, list(texts)):
            try:
                pcm = await self._synthesis(self.syntheses, self._synthesiser, piece)
            except SpeechUnavailable as error:
                log.warning("prepare.failed", error=str(error))
                return
            if not await asyncio.to_thread(self._cache.write, piece, pcm):
                return

    async def prerender(self, texts: Iterable[str]) -> int:
        """Speaks the pieces of written texts into the cache, while no call is on. Returns how many are new.

        Ends early when the voice fails, or where nothing can be kept.
        """
        made = 0
        for piece in await asyncio.to_thread(self._missing, list(texts)):
            started = time.monotonic()
            try:
                kept = await self._make_in_background(piece)
            except SpeechUnavailable as error:
                log.warning("prerender.failed", error=str(error), rendered=made)
                break
            if not kept:
                break
            made += 1
            # Leave half of the machine's time to others.
            await asyncio.sleep(min(1.0, time.monotonic() - started))
        return made

    async def close(self) -> None:
        """Stops the workers; a synthesis under way is finished, not waited for."""
        for workers in (self.transcriptions, self.syntheses, self._background):
            workers.close()

    def _make_way(self) -> None:
        if self._advance is not None:
            self._advance.break_off()

    def _made(self, piece: str, task: asyncio.Task[bytes]) -> None:
        del self._making[piece]
        if not task.cancelled():
            task.exception()  # looked at, though whoever asked may have hung up

    def _missing(self, texts: list[str]) -> list[str]:
        pieces = dict.fromkeys(piece for text in texts for piece in spoken_sentences(text, self._said_as))
        return [piece for piece in pieces if piece not in self._cache]

    async def _make(self, piece: str, keep: bool) -> bytes:
        self._make_way()
        pcm = await self._synthesis(self.syntheses, self._synthesiser, piece)
        if keep:
            await asyncio.to_thread(self._cache.write, piece, pcm)
        return pcm

    async def _make_in_background(self, piece: str) -> bool:
        """When nobody needs the voice; again from the start whenever a caller breaks it off. Whether it is kept."""
        while piece not in self._cache:
            if self.calls_on or self._making:
                await asyncio.sleep(_BACKGROUND_PAUSE_SECONDS)
                continue
            try:
                pcm = await self._synthesis(self._background, self._advance or self._synthesiser, piece)
            except GaveWay:
                continue
            return await asyncio.to_thread(self._cache.write, piece, pcm)
        return True

    async def _synthesis(self, workers: Workers, voice: Synthesiser | AdvanceVoice, piece: str) -> bytes:
        try:
            return await workers.do(voice.speak, piece, self._length_scale)
        except RuntimeError as error:
            raise SpeechUnavailable(f"The voice failed: {type(error).__name__}.") from error
