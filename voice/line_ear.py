"""The ear at the end of a telephone line: 8 kHz sound in any pieces, to the frames that the detector and `Ear` take."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from voice.audio import Upsampler8To16, pcm_to_float
from voice.ear import FRAME_SAMPLES, Ear, EarEvent


class VoiceActivity(Protocol):
    """Probability of speech in 512 samples at 16 kHz; keeps the state of one call."""

    def probability(self, frame: np.ndarray[Any, np.dtype[np.float32]]) -> float: ...


@dataclass(frozen=True, slots=True)
class Hushed:
    """Silence has begun: the end, or a gap between two sounds. `Sustained` or `Paused` will tell."""


class LineEar:
    """`ear` hears what has been fed, 32 ms at a time: 0.3 ms of work a frame.

    After `hush_frames` of silence it says so; never, if 0.
    """

    def __init__(
        self, activity: VoiceActivity, pause_seconds: float, limit_seconds: float, hush_frames: int = 0
    ) -> None:
        self._activity = activity
        self._settings = pause_seconds, limit_seconds
        self._hush_frames = hush_frames
        self.afresh()

    def afresh(self) -> None:
        """As at the beginning of the call: nothing of what was heard before is left."""
        self.ear = Ear(*self._settings)
        self._upsample = Upsampler8To16()
        self._pending = np.zeros(0, np.float32)

    def hear(self, pcm: bytes) -> Iterator[EarEvent | Hushed]:
        """Sound of the line (s16le); what the ear says of it."""
        self._pending = np.concatenate([self._pending, self._upsample(pcm_to_float(pcm))])
        while len(self._pending) >= FRAME_SAMPLES:
            frame, self._pending = self._pending[:FRAME_SAMPLES], self._pending[FRAME_SAMPLES:]
            yield from self.ear.hear(self._activity.probability(frame), frame)
            if 0 < self.ear.gap_frames == self._hush_frames:
                yield Hushed()
