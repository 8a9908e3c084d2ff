"""What a telephone hears, and when: the recording of a call with the moments at which it is loud.

"Loud" is a block of 10 ms above -45 dB of full scale: far above the noise of G.711 (-72 dB), below the softest
speech sound that a person notices. Pure: the times are arguments, of one clock.
"""

from __future__ import annotations

from bisect import bisect_left

import numpy as np

from voice.leg import RATE_HZ

BLOCK_SAMPLES = 80
BLOCK_BYTES = 2 * BLOCK_SAMPLES
BLOCK_SECONDS = BLOCK_SAMPLES / RATE_HZ
LOUD_RMS = 32768 * 10 ** (-45 / 20)
FADED = 0.05
"""A turn ends where it has sunk 26 dB below its own loudest block: what follows is breath and room."""


class Listener:
    """Keeps everything heard. `recording` is one piece, so its length is the duration of the call."""

    def __init__(self) -> None:
        self.recording = bytearray()
        self._scanned_bytes = 0
        self._loud_at: list[float] = []

    def hear(self, pcm: bytes, now: float) -> None:
        """Adds sound whose last sample has come at `now`."""
        self.recording += pcm
        fresh = bytes(self.recording[self._scanned_bytes :])
        levels = block_levels(fresh)
        self._scanned_bytes += len(levels) * BLOCK_BYTES
        begins_at = now - len(fresh) / (2 * RATE_HZ)
        self._loud_at += [begins_at + index * BLOCK_SECONDS for index in np.flatnonzero(levels >= LOUD_RMS).tolist()]

    @property
    def last_loud_at(self) -> float | None:
        """When something loud was last heard."""
        return self._loud_at[-1] if self._loud_at else None

    def first_loud_after(self, moment: float) -> float | None:
        """When something loud was first heard after `moment`."""
        index = bisect_left(self._loud_at, moment)
        return self._loud_at[index] if index < len(self._loud_at) else None


def speech_end_bytes(pcm: bytes) -> int:
    """Where the speech of a recorded turn ends; 0 when there is none."""
    levels = block_levels(pcm + bytes(-len(pcm) % BLOCK_BYTES))
    loud = np.flatnonzero(levels >= max(LOUD_RMS, FADED * levels.max(initial=0.0)))
    return min(len(pcm), int(loud[-1] + 1) * BLOCK_BYTES) if len(loud) else 0


def block_levels(pcm: bytes) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The RMS of each whole block of 10 ms."""
    whole = len(pcm) // BLOCK_BYTES
    blocks = np.frombuffer(pcm, "<i2", whole * BLOCK_SAMPLES).astype(np.float64).reshape(whole, BLOCK_SAMPLES)
    levels: np.ndarray[tuple[int], np.dtype[np.float64]] = np.sqrt((blocks**2).mean(axis=1)) if whole else np.zeros(0)
    return levels
