"""The speech engines as a service shared by all calls: bounded workers, and a cache of spoken sentences.

With fixed answers almost everything that is said has been said before. A rendered sentence is kept
as 8 kHz PCM under a name that holds all that shaped it (text, voice digest, pace, rate, format
version), so that a change of voice or pace can never play old sound.

Synthesis takes turns sentence by sentence, callers before the background rendering, which also
stands aside while a call is on.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

import numpy as np
import structlog
from numpy.typing import NDArray

from bot.errors import SpeechUnavailable
from voice.turn import Hearing

Samples = NDArray[np.float32]
_CACHE_VERSION = "2"
_BACKGROUND_PAUSE_SECONDS = 0.2

log = structlog.get_logger(__name__)


class Recogniser(Protocol):
    """Samples (float32, mono, 16 kHz) and the seconds of speech in them to words. Runs in a worker thread."""

    def hear(self, samples: Samples, speech_seconds: float) -> Hearing: ...


class Synthesiser(Protocol):
    """Text ready to be spoken to 8 kHz PCM (s16le mono). Runs in a worker thread. `digest` names the voice."""

    @property
    def digest(self) -> str: ...

    def speak(self, text: str, length_scale: float) -> bytes: ...


class Speech:
    """Hears and speaks for every call. All methods belong to the event loop's thread."""

    def __init__(
        self, recogniser: Recogniser, synthesiser: Synthesiser, cache_dir: Path, *, workers: int = 1, pace: float = 1.0
    ) -> None:
        self._recogniser = recogniser
        self._synthesiser = synthesiser
        self._cache_dir = cache_dir
        self._pace = pace
        self._hearing = ThreadPoolExecutor(workers, thread_name_prefix="hear")
        self._speaking = ThreadPoolExecutor(1, thread_name_prefix="speak")
        self._rendering: dict[Path, asyncio.Task[bytes]] = {}
        self.calls_on = 0  # the background rendering waits while this is not 0

    async def hear(self, samples: Samples, speech_seconds: float) -> Hearing:
        """Raises `SpeechUnavailable` when the recogniser fails."""
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._hearing, self._recogniser.hear, samples, speech_seconds
            )
        except RuntimeError as error:
            raise SpeechUnavailable(f"The recogniser failed: {type(error).__name__}.") from error

    async def speak(self, text: str, pace: float = 1.0) -> bytes:
        """8 kHz PCM of a sentence, from the cache or made now. Raises `SpeechUnavailable`.

        `pace` multiplies the configured one. Two callers who need the same sentence share one synthesis.
        """
        length_scale = round(self._pace * pace, 3)
        path = self._path(text, length_scale)
        cached = await asyncio.to_thread(_read, path)
        if cached is not None:
            return cached
        task = self._rendering.get(path)
        if task is None:
            task = asyncio.create_task(self._render(text, length_scale, path))
            self._rendering[path] = task
            task.add_done_callback(lambda _: self._rendering.pop(path, None))
        return await asyncio.shield(task)

    def is_cached(self, text: str) -> bool:
        """Whether `text` at the configured pace needs no synthesis."""
        return self._path(text, round(self._pace, 3)).exists()

    async def prerender(self, texts: Iterable[str]) -> int:
        """Speaks into the cache what is not there yet, while no call is on. Returns how many were made."""
        made = 0
        for text in texts:
            if self.is_cached(text):
                continue
            while self.calls_on:
                await asyncio.sleep(_BACKGROUND_PAUSE_SECONDS)
            started = time.monotonic()
            try:
                await self.speak(text)
            except SpeechUnavailable as error:
                log.warning("prerender.failed", error=str(error), rendered=made)
                return made
            made += 1
            # Leave half of the machine's time to others.
            await asyncio.sleep(min(1.0, time.monotonic() - started))
        return made

    async def close(self) -> None:
        """Stops the workers; a synthesis under way is finished, not waited for."""
        self._hearing.shutdown(wait=False, cancel_futures=True)
        self._speaking.shutdown(wait=False, cancel_futures=True)

    async def _render(self, text: str, length_scale: float, path: Path) -> bytes:
        loop = asyncio.get_running_loop()
        try:
            pcm = await loop.run_in_executor(self._speaking, self._synthesiser.speak, text, length_scale)
        except RuntimeError as error:
            raise SpeechUnavailable(f"The voice failed: {type(error).__name__}.") from error
        try:
            await asyncio.to_thread(_write, path, pcm)
        except OSError as error:  # a full disk costs speed, not the call
            log.warning("speech_cache.not_written", error=error.strerror)
        return pcm

    def _path(self, text: str, length_scale: float) -> Path:
        key = "\0".join((_CACHE_VERSION, self._synthesiser.digest, f"{length_scale:.3f}", "8000", text))
        name = hashlib.sha256(key.encode()).hexdigest()
        return self._cache_dir / name[:2] / f"{name}.s16"


def _read(path: Path) -> bytes | None:
    try:
        pcm = path.read_bytes()
    except OSError:
        return None
    return pcm if pcm and len(pcm) % 2 == 0 else None


def _write(path: Path, pcm: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        temporary.write_bytes(pcm)
        temporary.replace(path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
