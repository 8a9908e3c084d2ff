"""Sound as numbers: G.711, rates and levels. Pure.

Live sound and finished sound need different filters. A streaming resampler of a library holds back 50 to
90 ms, which a caller would wait for; so the live path to the voice detector (8 → 16 kHz) has a filter of its own with
0.9 ms of delay and 0.7 dB of loss only above 3.4 kHz. Whatever is complete (an utterance, a sentence)
goes through soxr in one shot.

Everywhere: mono; float32 between -1 and 1, or PCM as signed 16-bit little-endian bytes.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import soxr
from numpy.typing import NDArray

from bot.errors import BadAudio
from voice.wav import read_wav, write_wav

__all__ = [
    "A_LAW",
    "G711",
    "MU_LAW",
    "Floats",
    "Upsampler8To16",
    "float_to_pcm",
    "level_dbfs",
    "pcm_to_float",
    "quiet_cuts",
    "read_wav",
    "resample",
    "to_peak",
    "trim_silence",
    "write_wav",
]

Floats = NDArray[np.float32]

_FULL_SCALE = 32768.0


class G711:
    """One of the two laws of ITU-T G.711, by table: 256 entries to decode, 65,536 to encode."""

    def __init__(self, law: Literal["a", "mu"]) -> None:
        self.levels: NDArray[np.int16] = _a_law_levels() if law == "a" else _mu_law_levels()
        self._codes = _nearest_codes(self.levels)

    def decode(self, coded: bytes) -> NDArray[np.int16]:
        """One sample a byte."""
        return self.levels[np.frombuffer(coded, np.uint8)]

    def encode(self, samples: NDArray[np.int16]) -> bytes:
        """The nearest code of each sample."""
        return self._codes[samples.astype(np.int32) + 32768].tobytes()


def _a_law_levels() -> NDArray[np.int16]:
    codes = np.arange(256, dtype=np.int32) ^ 0x55
    mantissa, segment = (codes & 0x0F) << 4, (codes & 0x70) >> 4
    size = np.where(segment == 0, mantissa + 8, (mantissa + 0x108) << np.maximum(segment - 1, 0))
    return np.where(codes & 0x80, size, -size).astype(np.int16)


def _mu_law_levels() -> NDArray[np.int16]:
    codes = ~np.arange(256, dtype=np.int32) & 0xFF
    size = (((codes & 0x0F) << 3) + 0x84 << ((codes & 0x70) >> 4)) - 0x84
    return np.where(codes & 0x80, -size, size).astype(np.int16)


def _nearest_codes(levels: NDArray[np.int16]) -> NDArray[np.uint8]:
    codes = np.argsort(levels.astype(np.int32), kind="stable")
    ordered = levels[codes].astype(np.int32)
    borders = (ordered[1:] + ordered[:-1] + 1) // 2
    return codes[np.searchsorted(borders, np.arange(-32768, 32768), side="right")].astype(np.uint8)


A_LAW = G711("a")
MU_LAW = G711("mu")


class Upsampler8To16:
    """Streaming 8 → 16 kHz for the voice detector: a half-band filter of 31 taps, 15 samples (0.9 ms) late."""

    _TAPS = 31

    def __init__(self) -> None:
        offsets = np.arange(self._TAPS) - (self._TAPS - 1) / 2
        taps = np.sinc(offsets / 2) * np.kaiser(self._TAPS, 7.0)
        self._taps = (2 * taps / taps.sum()).astype(np.float32)
        self._past: Floats = np.zeros(self._TAPS - 1, np.float32)

    def __call__(self, samples: Floats) -> Floats:
        """Twice as many samples as came in; chunks of any size give the same stream."""
        if len(samples) == 0:
            return np.zeros(0, np.float32)
        stuffed = np.zeros(len(self._past) + 2 * len(samples), np.float32)
        stuffed[: len(self._past)] = self._past
        stuffed[len(self._past) :: 2] = samples
        self._past = stuffed[-len(self._past) :]
        return np.convolve(stuffed, self._taps, "valid").astype(np.float32)


def pcm_to_float(pcm: bytes) -> Floats:
    """Raises `BadAudio` for half a sample."""
    if len(pcm) % 2:
        raise BadAudio(f"{len(pcm)} bytes are not a whole number of 16-bit samples.")
    return np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(_FULL_SCALE)


def float_to_pcm(samples: Floats) -> bytes:
    """What is too loud is clipped."""
    pcm: bytes = np.clip(np.rint(samples * _FULL_SCALE), -32768, 32767).astype("<i2").tobytes()
    return pcm


def resample(samples: Floats, from_hz: int, to_hz: int) -> Floats:
    """A whole sound at another rate (aliases below -100 dB)."""
    if from_hz == to_hz or len(samples) == 0:
        return samples.astype(np.float32, copy=False)
    resampled: Floats = soxr.resample(samples.astype(np.float32, copy=False), from_hz, to_hz, quality="HQ")
    return resampled


def level_dbfs(samples: Floats) -> float:
    """Root mean square in dB below full scale; -120 for silence or nothing."""
    power = float(np.mean(np.square(samples, dtype=np.float64))) if len(samples) else 0.0
    return max(-120.0, 10 * float(np.log10(power + 1e-12)))


def to_peak(samples: Floats, peak_dbfs: float) -> Floats:
    """The same sound with its loudest sample at `peak_dbfs`; silence stays silence."""
    peak = float(np.max(np.abs(samples))) if len(samples) else 0.0
    return samples if peak < 1e-6 else (samples * np.float32(10 ** (peak_dbfs / 20) / peak)).astype(np.float32)


def trim_silence(samples: Floats, rate_hz: int, keep_before_seconds: float, keep_after_seconds: float) -> Floats:
    """Cuts what is 40 dB or more below the peak at both ends, but for the margins. All silence: nothing is left."""
    peak = float(np.max(np.abs(samples))) if len(samples) else 0.0
    if peak < 1e-6:
        return np.zeros(0, np.float32)
    loud = np.flatnonzero(np.abs(samples) > peak * 0.01)
    start = max(0, int(loud[0]) - round(keep_before_seconds * rate_hz))
    return samples[start : int(loud[-1]) + 1 + round(keep_after_seconds * rate_hz)]


def quiet_cuts(samples: Floats, rate_hz: int, longest_seconds: float) -> list[Floats]:
    """Pieces of at most `longest_seconds`, cut where it is quietest in the second half of each piece."""
    window, longest = round(0.2 * rate_hz), round(longest_seconds * rate_hz)
    pieces = []
    while len(samples) > longest:
        energy = np.convolve(np.square(samples[longest // 2 : longest]), np.ones(window, np.float32), "valid")
        cut = longest // 2 + int(np.argmin(energy)) + window // 2
        pieces.append(samples[:cut])
        samples = samples[cut:]
    return [*pieces, samples]
