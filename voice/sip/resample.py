"""Live sound at another rate: 8 kHz on our side, whatever the codec has on the other.

A streaming resampler of a library holds back 50 to 90 ms, which a caller would wait for. The rates of telephone
codecs are whole multiples of 8 kHz, so a plain low-pass filter does it with 1.75 ms of delay each way: flat to
3.4 kHz, aliases 70 dB down from 4.6 kHz. Pure; chunks of any size give the same stream.
"""

from __future__ import annotations

import numpy as np

from voice.audio import Floats
from voice.leg import RATE_HZ

HALF_LENGTH_SAMPLES = 14
"""Of the filter, counted at 8 kHz."""


class Downsampler:
    """`rate_hz` → 8 kHz."""

    def __init__(self, rate_hz: int) -> None:
        self._factor = whole_factor(rate_hz)
        self._taps = _low_pass(self._factor)
        self._past: Floats = np.zeros(len(self._taps) - 1, np.float32)
        self._skip = 0

    def __call__(self, samples: Floats) -> Floats:
        """What is complete so far."""
        if len(samples) == 0:
            return samples
        stream = np.concatenate([self._past, samples])
        filtered = np.convolve(stream, self._taps, "valid")
        self._past = stream[len(samples) :]
        kept = filtered[self._skip :: self._factor]
        self._skip = (self._skip - len(filtered)) % self._factor
        return kept.astype(np.float32)


class Upsampler:
    """8 kHz → `rate_hz`."""

    def __init__(self, rate_hz: int) -> None:
        self._factor = whole_factor(rate_hz)
        self._taps = _low_pass(self._factor) * np.float32(self._factor)
        self._past: Floats = np.zeros(len(self._taps) - 1, np.float32)

    def __call__(self, samples: Floats) -> Floats:
        """`rate_hz / 8000` times as many samples as came in."""
        if len(samples) == 0:
            return samples
        stream = np.zeros(len(self._past) + self._factor * len(samples), np.float32)
        stream[: len(self._past)] = self._past
        stream[len(self._past) :: self._factor] = samples
        self._past = stream[-len(self._past) :]
        return np.convolve(stream, self._taps, "valid").astype(np.float32)


def whole_factor(rate_hz: int) -> int:
    """How many times 8 kHz a rate is. Raises `ValueError` when it is not a whole number of times."""
    factor, rest = divmod(rate_hz, RATE_HZ)
    if rest or factor < 2:
        raise ValueError(f"{rate_hz} Hz is not a multiple of {RATE_HZ} Hz")
    return factor


def _low_pass(factor: int) -> Floats:
    offsets = np.arange(-HALF_LENGTH_SAMPLES * factor, HALF_LENGTH_SAMPLES * factor + 1)
    taps = np.sinc(offsets / factor) * np.kaiser(len(offsets), 7.0)
    scaled: Floats = (taps / taps.sum()).astype(np.float32)
    return scaled
