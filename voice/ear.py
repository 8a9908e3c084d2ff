"""Hears when a caller speaks: voice-activity probabilities in, `Started`, `Paused`, `Resumed` out.

Detection is late by nature: on telephone sound the detector sees an onset 80 to 400 ms after the
first sound, so 500 ms from before it are kept, otherwise the first syllable is lost and "oui"
becomes silence. Two thresholds (on 0.3, off 0.1) keep a soft word end inside its word: on the
twelve recordings of tests/audio, none has a gap of 300 ms, against nine with 0.4 and 0.2. Noise,
tones and keys rise above 0.3 for 0.22 s at most (7 of 120 sounds), which the recogniser's plausibility
check then passes over.

After the last word the detector's probability takes some 150 ms to fade from 0.3 to 0.1. When it has
faded, that time is counted as silence, up to 160 ms: the caller was silent in it.

Whether a pause ends the turn is not decided here but in `voice/call.py`, which also knows what was
said. Pure: time is counted in frames of 32 ms (512 samples at 16 kHz).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

FRAME_SAMPLES = 512
FRAME_SECONDS = FRAME_SAMPLES / 16000
ON, OFF = 0.3, 0.1
PRE_ROLL_SECONDS = 0.5
ONSET_SECONDS = 0.09  # shorter sounds are clicks
FADING_SECONDS = 0.16


@dataclass(frozen=True, slots=True)
class Started:
    """Someone began to speak; `seconds` of speech are already in."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Sustained:
    """The speech goes on: `seconds` of it by now. Sent at every frame after the onset while speech lasts."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Paused:
    """The speech stopped `silence_seconds` ago."""

    silence_seconds: float


@dataclass(frozen=True, slots=True)
class Resumed:
    """The speech went on after `Paused`: it was only a breath."""


EarEvent = Started | Sustained | Paused | Resumed


class Ear:
    """One caller's ear. `hear` takes the frames in order; `utterance` is what has been said since `forget`.

    Frames are float32[512] at 16 kHz. An utterance is kept up to `limit_seconds`, then its end is dropped.
    """

    def __init__(self, pause_seconds: float = 0.3, limit_seconds: float = 30.0) -> None:
        self.pause_seconds = pause_seconds
        self._limit_frames = int(limit_seconds / FRAME_SECONDS)
        self._pre_roll: deque[Samples] = deque(maxlen=round(PRE_ROLL_SECONDS / FRAME_SECONDS))
        self.forget()

    def forget(self) -> None:
        """Starts a new utterance; the sound of the last 500 ms stays as its possible beginning."""
        self._frames: list[Samples] = []
        self._speaking = False
        self._started = False
        self._paused = False
        self._run_seconds = 0.0
        self._silence_seconds = 0.0
        self._fading_seconds = 0.0
        self.speech_seconds = 0.0

    def hear(self, probability: float, frame: Samples) -> list[EarEvent]:
        """`probability` of speech in `frame`, from the detector."""
        self._speaking = probability > (OFF if self._speaking else ON)
        if not self._started:
            return self._before(frame)
        if len(self._frames) < self._limit_frames:
            self._frames.append(frame)
        if self._speaking:
            self.speech_seconds += FRAME_SECONDS
            self._silence_seconds = 0.0
            self._fading_seconds = 0.0 if probability > ON else self._fading_seconds + FRAME_SECONDS
            if self._paused:
                self._paused = False
                return [Resumed()]
            return [Sustained(self.speech_seconds)]
        self._silence_seconds += FRAME_SECONDS + min(self._fading_seconds, FADING_SECONDS)
        self._fading_seconds = 0.0
        if not self._paused and self._silence_seconds >= self.pause_seconds:
            self._paused = True
            return [Paused(self._silence_seconds)]
        return []

    def _before(self, frame: Samples) -> list[EarEvent]:
        """Waiting for a first sound long enough to be speech."""
        self._pre_roll.append(frame)
        if not self._speaking:
            self._run_seconds = 0.0
            return []
        self._run_seconds += FRAME_SECONDS
        if self._run_seconds < ONSET_SECONDS:
            return []
        self._started = True
        self._frames = list(self._pre_roll)
        self.speech_seconds = self._run_seconds
        return [Started(self.speech_seconds)]

    def utterance(self) -> Samples:
        """The sound of the utterance so far, pre-roll included; empty before `Started`."""
        return np.concatenate(self._frames) if self._frames else np.zeros(0, np.float32)
