"""The codecs of the lines, to and from the session's sound: 16-bit little-endian PCM at 8 kHz. Pure, streaming.

Half the lines speak 16 kHz, although what a telephone carries ends at 3.4 kHz. Down to 8 kHz goes a half-band filter
of 63 taps (1.9 ms late, aliases 60 dB down from 4.7 kHz on), for a library's streaming resampler would hold back 50
to 90 ms; up again goes the filter of the voice detector.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from bot.errors import ProtocolError
from voice.audio import A_LAW, G711, MU_LAW, Floats, Upsampler8To16, float_to_pcm, pcm_to_float
from voice.leg import FRAME_SECONDS

Encoding = Literal["mulaw", "alaw", "s16le", "s16be"]

_G711: dict[str, G711] = {"mulaw": MU_LAW, "alaw": A_LAW}
LINEAR_RATES_HZ = (8000, 16000)


class Downsampler16To8:
    """Streaming 16 → 8 kHz; chunks of any size give the same stream."""

    _TAPS = 63

    def __init__(self) -> None:
        offsets = np.arange(self._TAPS) - (self._TAPS - 1) / 2
        taps = np.sinc(offsets / 2) * np.kaiser(self._TAPS, 6.0)
        self._taps = (taps / taps.sum()).astype(np.float32)
        self._past: Floats = np.zeros(self._TAPS - 1, np.float32)
        self._skip = 0

    def __call__(self, samples: Floats) -> Floats:
        """Half as many samples as came in, give or take one."""
        if len(samples) == 0:
            return np.zeros(0, np.float32)
        joined = np.concatenate([self._past, samples])
        filtered = np.convolve(joined, self._taps, "valid")[self._skip :: 2]
        self._skip = (self._skip + len(samples)) % 2
        self._past = joined[-len(self._past) :]
        return filtered.astype(np.float32)


@dataclass(slots=True)
class Codec:
    """One call's codec; both directions keep their filters' past. Made by `codec_for`."""

    encoding: Encoding
    rate_hz: int
    _down: Downsampler16To8 = field(default_factory=Downsampler16To8)
    _up: Upsampler8To16 = field(default_factory=Upsampler8To16)

    @property
    def frame_bytes(self) -> int:
        """Coded bytes of 20 ms."""
        return round(self.rate_hz * FRAME_SECONDS) * (1 if self.encoding in _G711 else 2)

    def decode(self, coded: bytes) -> bytes:
        """Session sound. Raises `ProtocolError` for half a sample."""
        if law := _G711.get(self.encoding):
            return law.decode(coded).astype("<i2").tobytes()
        if len(coded) % 2:
            raise ProtocolError(f"{len(coded)} bytes are not a whole number of 16-bit samples")
        pcm = _swapped(coded) if self.encoding == "s16be" else coded
        return pcm if self.rate_hz == 8000 else float_to_pcm(self._down(pcm_to_float(pcm)))

    def encode(self, pcm: bytes) -> bytes:
        """The line's bytes for whole samples of session sound."""
        if law := _G711.get(self.encoding):
            return law.encode(np.frombuffer(pcm, "<i2"))
        if self.rate_hz == 16000:
            pcm = float_to_pcm(self._up(pcm_to_float(pcm)))
        return _swapped(pcm) if self.encoding == "s16be" else pcm


def codec_for(encoding: Encoding, rate_hz: int) -> Codec:
    """Raises `ProtocolError` for a rate that is not carried."""
    rates = (8000,) if encoding in _G711 else LINEAR_RATES_HZ
    if rate_hz not in rates:
        raise ProtocolError(f"{encoding} at {rate_hz} Hz is not carried: only {' or '.join(map(str, rates))} Hz")
    return Codec(encoding, rate_hz)


def _swapped(pcm: bytes) -> bytes:
    return np.frombuffer(pcm, "<i2").byteswap().tobytes()
