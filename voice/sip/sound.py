"""The sound of one call, between the stack and the gateway: rates, the play queue, silence where nothing comes.

At most 80 ms wait in the stack, so that a flush is heard at once; with nothing queued the stack itself sends silence,
so the other side never sees the sound stop. A renegotiation may change the codec in the middle of a call: the
converters are made anew whenever the stack's format is not theirs.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Protocol

import numpy as np
from baresip.errors import AudioNotActive, AudioRestarted

from voice.audio import Floats, float_to_pcm, pcm_to_float
from voice.leg import FRAME_BYTES, RATE_HZ
from voice.sip.play_queue import PlayQueue
from voice.sip.resample import Downsampler, Upsampler
from voice.sip.silence import SilenceFiller

AHEAD_BYTES = 4 * FRAME_BYTES
READ_BYTES = 65536

Convert = Callable[[bytes], bytes]


class StackFormat(Protocol):
    """The stack's view of its streams (`baresip.audio.AudioInfo`)."""

    tx_ready: bool
    tx_sample_rate: int
    tx_channels: int
    tx_buffered: int
    rx_sample_rate: int
    rx_channels: int


class StackCounts(Protocol):
    """How often the stack's sender has done what (`baresip.audio.AudioStats`); begins anew with a renegotiation."""

    tx_flushed_bytes: int
    tx_silence_frames: int


class StackAudio(Protocol):
    """What is used of `baresip.audio.CallAudio`."""

    def info(self) -> StackFormat: ...
    def stats(self) -> StackCounts: ...
    def read(self, max_bytes: int) -> bytes: ...
    def write(self, pcm: bytes) -> int: ...
    def flush_tx(self) -> None: ...


class CallSound:
    """Look every 20 ms: `receive`, then `transmit`. `queue` is what the caller is going to hear, filled by `say`."""

    def __init__(self, audio: StackAudio) -> None:
        self.queue = PlayQueue()
        self._audio = audio
        self._filler = SilenceFiller()
        self._emptying: tuple[int, int] | None = None
        self._from_line: tuple[int, int, Convert] | None = None
        self._to_line: tuple[int, int, Convert] | None = None

    def receive(self, now: float) -> bytes:
        """What has come since the last look, as 8 kHz mono. Raises `AudioNotActive`."""
        try:
            info = self._audio.info()
            pcm = self._audio.read(READ_BYTES)
        except AudioRestarted:
            pcm = b""
        if pcm:
            rate, channels = info.rx_sample_rate, info.rx_channels
            if self._from_line is None or self._from_line[:2] != (rate, channels):
                self._from_line = (rate, channels, from_line(rate, channels))
            pcm = self._from_line[2](pcm)
        return self._filler.complete(pcm, now)

    def say(self, pcm: bytes) -> list[str]:
        """Queues sound (8 kHz); the first after a silence does not wait for the next look. Otherwise as `transmit`.

        Raises `ProtocolError` when the sender never stops.
        """
        at_once = self.queue.played_out and len(pcm) >= AHEAD_BYTES
        self.queue.add(pcm)
        return self.transmit() if at_once else []

    def transmit(self) -> list[str]:
        """Hands queued sound to the stack; returns the marks due. Raises `AudioNotActive`, `AudioRestarted`."""
        info = self._audio.info()
        if not info.tx_ready or self._still_emptying(info.tx_buffered):
            return []
        rate, channels = info.tx_sample_rate, info.tx_channels
        unsent = info.tx_buffered * RATE_HZ // (rate * channels)
        frames = (AHEAD_BYTES - unsent) // FRAME_BYTES
        if frames > 0 and (pcm := self.queue.take(frames * FRAME_BYTES)):
            if self._to_line is None or self._to_line[:2] != (rate, channels):
                self._to_line = (rate, channels, to_line(rate, channels))
            padded = pcm + bytes(-len(pcm) % FRAME_BYTES)
            self._audio.write(self._to_line[2](padded))
            unsent += len(padded)
        return self.queue.due(unsent)

    def flush(self) -> list[str]:
        """Forgets all that is not played; returns the outstanding marks.

        The stack empties its buffer at its next frame, on a thread of its own, and would empty it of what is written
        meanwhile as well. How long that takes is read off its counters: looks may be late and then follow each other
        at once, so counting them tells nothing.
        """
        with contextlib.suppress(AudioNotActive, AudioRestarted):
            if self._audio.info().tx_buffered:
                self._audio.flush_tx()
                self._emptying = self._counts()
        return self.queue.flush()

    def _still_emptying(self, buffered_bytes: int) -> bool:
        if self._emptying is not None and not buffered_bytes and self._counts() != self._emptying:
            self._emptying = None
        return self._emptying is not None

    def _counts(self) -> tuple[int, int]:
        counts = self._audio.stats()
        return counts.tx_flushed_bytes, counts.tx_silence_frames


def from_line(rate_hz: int, channels: int) -> Convert:
    """From the codec's format to 8 kHz mono. Raises `ValueError` for a rate that is no multiple of 8 kHz."""
    if (rate_hz, channels) == (RATE_HZ, 1):
        return bytes
    downsample = Downsampler(rate_hz) if rate_hz != RATE_HZ else _unchanged

    def convert(pcm: bytes) -> bytes:
        mono = pcm_to_float(pcm).reshape(-1, channels).mean(axis=1, dtype=np.float32)
        return float_to_pcm(downsample(mono))

    return convert


def to_line(rate_hz: int, channels: int) -> Convert:
    """From 8 kHz mono to the codec's format. Raises `ValueError` for a rate that is no multiple of 8 kHz."""
    if (rate_hz, channels) == (RATE_HZ, 1):
        return bytes
    upsample = Upsampler(rate_hz) if rate_hz != RATE_HZ else _unchanged

    def convert(pcm: bytes) -> bytes:
        return float_to_pcm(np.repeat(upsample(pcm_to_float(pcm)), channels))

    return convert


def _unchanged(samples: Floats) -> Floats:
    return samples
