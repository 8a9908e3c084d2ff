"""Hears when a caller speaks: voice-activity probabilities in, `Started`, `Paused`, `Resumed` out.

Detection is late by nature: on telephone sound the detector sees an onset 80 to 400 ms after the
first sound, so 500 ms from before it are kept, otherwise the first syllable is lost and "oui"
becomes silence. Two thresholds (on 0.3, off 0.1) keep a soft word end inside its word: on the
twelve recordings of tests/audio, none has a gap of 300 ms, against nine with 0.4 and 0.2. Noise,
tones and keys rise above 0.3 for 0.22 s at most (7 of 120 sounds), which the recogniser's plausibility
check then passes over.

After the last word the detector's probability takes some 150 ms to fade from 0.3 to 0.1. When it has
faded, that time is counted as silence, up to 160 ms: the caller was silent in it.

What is 20 dB weaker than the loudest voice of the call is not the caller: somebody else in the room, a television, the
fading of the detector itself. Without this gate 9 of 42 questions and 23 of 35 words in babble 20 dB below the caller
never ended, and on a quiet line the end was seen 0.15 s later; with it all end, and none of 246 utterances is broken
more often. The loudest voice is forgotten by half a decibel a second, so that a weaker one is heard in the end.

Others in the room who pass that gate now and then would still keep a turn open, up to its longest. So an utterance also
pauses once it has gone on for a while (`FAINT_VOICE_SECONDS` of it voiced) without a frame that is nearly as loud as it
was (`_NEAR_DB` below the louder frames of any two voiced seconds of it), and only such a frame resumes it.

Whether a pause ends the turn is not decided here but in `voice/call.py`, which also knows what was
said. Pure: time is counted in frames of 32 ms (512 samples at 16 kHz).
"""

from __future__ import annotations

import math
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
SURE = 0.5
SURE_SECONDS = 0.06
"""Of frames in a row that are hardly anything but a voice: two. Of 200 sounds without words none has them that does not
go on to be `Started`."""
FADING_SECONDS = 0.16
FAINT_SECONDS, FAINT_VOICE_SECONDS = 0.8, 0.4
"""Since the last frame that was as loud as the caller's: in all, and of it voiced."""
_NEAR_DB = 10.0
"""Of 537 utterances none falls so low for so long before its end (with 8 dB, five); `docs/decisions/0009`."""
_LOUD_SHARE = 0.9
_VOICED_FRAMES_KEPT = 64
_SILENCE_DB = -96.0
_GATE_DB = 20.0
_FORGOTTEN_DB_PER_SECOND = 0.5


@dataclass(frozen=True, slots=True)
class Onset:
    """Someone seems to begin to speak: soon enough to stop talking oneself. `Started` follows, or `Paused`."""

    level_db: float = 0.0


@dataclass(frozen=True, slots=True)
class Started:
    """Someone began to speak; `seconds` of speech are already in, `level_db` is the loudest frame's (RMS, dBFS)."""

    seconds: float
    level_db: float = 0.0


@dataclass(frozen=True, slots=True)
class Sustained:
    """The speech goes on: `seconds` of it by now. Sent at every frame after the onset while speech lasts."""

    seconds: float
    level_db: float = 0.0


@dataclass(frozen=True, slots=True)
class Paused:
    """The speech stopped `silence_seconds` ago, after `speech_seconds` of it."""

    silence_seconds: float
    speech_seconds: float = 1.0


@dataclass(frozen=True, slots=True)
class Resumed:
    """The speech went on after `Paused`: it was only a breath.

    `faint`: so far it is much softer than what was said before, by somebody else in the room perhaps. When it gets as
    loud, another `Resumed` says so.
    """

    faint: bool = False


EarEvent = Onset | Started | Sustained | Paused | Resumed


class Ear:
    """One caller's ear. `hear` takes the frames in order; `utterance` is what has been said since `forget`.

    Frames are float32[512] at 16 kHz. An utterance is kept up to `limit_seconds`, then its end is dropped.
    `gap_frames` is how much of silence there has been since the last voice, until it is enough for `Paused`.
    """

    def __init__(self, pause_seconds: float = 0.3, limit_seconds: float = 30.0) -> None:
        self.pause_seconds = pause_seconds
        self._limit_frames = int(limit_seconds / FRAME_SECONDS)
        self._pre_roll: deque[Samples] = deque(maxlen=round(PRE_ROLL_SECONDS / FRAME_SECONDS))
        self._frame_db = self._loudest_voice_db = _SILENCE_DB
        self.forget()

    def forget(self) -> None:
        """Starts a new utterance; the sound of the last 500 ms stays as its possible beginning."""
        self._frames: list[Samples] = []
        self._voiced = self._speaking = False
        self._started = self._began = False
        self._paused = False
        self._run_seconds = self._sure_seconds = 0.0
        self._silence_seconds = 0.0
        self.gap_frames = 0
        self._fading_seconds = 0.0
        self._level_db = _SILENCE_DB
        self._levels_db: deque[float] = deque(maxlen=_VOICED_FRAMES_KEPT)
        self._faint_seconds = self._faint_voice_seconds = 0.0
        self._loud_db = _SILENCE_DB
        self._faded = False
        self._resumed_faintly = False
        self.speech_seconds = 0.0

    def hear(self, probability: float, frame: Samples) -> list[EarEvent]:
        """`probability` of speech in `frame`, from the detector."""
        self._pre_roll.append(frame)
        level_db = _level_db(frame)
        self._speaking = self._is_the_caller(probability, level_db)
        is_sure = self._speaking and probability >= SURE
        self._sure_seconds = self._sure_seconds + FRAME_SECONDS if is_sure else 0.0
        if self._speaking:
            self._level_db = max(self._level_db, level_db)
        if not self._started:
            return self._before()
        if len(self._frames) < self._limit_frames:
            self._frames.append(frame)
        if self._is_faint(level_db):
            return self._fade()
        if self._speaking:
            self.speech_seconds += FRAME_SECONDS
            self._silence_seconds = 0.0
            self.gap_frames = 0
            self._fading_seconds = 0.0 if probability > ON else self._fading_seconds + FRAME_SECONDS
            if self._paused or self._resumed_faintly:
                return self._resume(level_db)
            return [Sustained(self.speech_seconds, self._level_db)]
        self._silence_seconds += FRAME_SECONDS + min(self._fading_seconds, FADING_SECONDS)
        self._fading_seconds = 0.0
        if not self._paused and self._silence_seconds >= self.pause_seconds:
            self._paused = True
            self.gap_frames = 0
            return [Paused(self._silence_seconds, self.speech_seconds)]
        self.gap_frames += not self._paused
        return []

    def _is_the_caller(self, probability: float, level_db: float) -> bool:
        """Whether this is a voice, and near enough to the loudest one; a knock of a single frame makes none louder."""
        self._voiced = probability > (OFF if self._voiced else ON)
        self._loudest_voice_db -= _FORGOTTEN_DB_PER_SECOND * FRAME_SECONDS
        if self._voiced:
            self._loudest_voice_db = max(self._loudest_voice_db, min(level_db, self._frame_db))
        self._frame_db = level_db
        return self._voiced and level_db > self._loudest_voice_db - _GATE_DB

    def _is_faint(self, level_db: float) -> bool:
        """Whether it is long since the utterance was as loud as before: then it goes on only with somebody as loud."""
        if self._speaking:
            if not self._faded:
                self._levels_db.append(level_db)
            loud_db = sorted(self._levels_db)[int(_LOUD_SHARE * (len(self._levels_db) - 1))]
            self._loud_db = max(self._loud_db, loud_db)
            if self._is_near(level_db):
                self._faint_seconds = self._faint_voice_seconds = 0.0
                self._faded = False
                return False
            self._faint_voice_seconds += FRAME_SECONDS
        self._faint_seconds += FRAME_SECONDS
        is_long = self._faint_seconds >= FAINT_SECONDS and self._faint_voice_seconds >= FAINT_VOICE_SECONDS
        self._faded = self._faded or is_long
        return self._faded

    def _is_near(self, level_db: float) -> bool:
        return level_db > self._loud_db - _NEAR_DB

    def _resume(self, level_db: float) -> list[EarEvent]:
        """Somebody speaks after a pause; whether it is the caller is told at their first frame as loud as before."""
        was_paused, self._paused = self._paused, False
        self._resumed_faintly = not self._is_near(level_db)
        if was_paused or not self._resumed_faintly:
            return [Resumed(faint=self._resumed_faintly)]
        return [Sustained(self.speech_seconds, self._level_db)]

    def _fade(self) -> list[EarEvent]:
        """The caller has finished, and others are still heard."""
        if self._paused:
            return []
        self._paused = True
        self.gap_frames = 0
        self._silence_seconds = self._faint_seconds
        return [Paused(self._silence_seconds, self.speech_seconds)]

    def _before(self) -> list[EarEvent]:
        """Waiting for a first sound long enough to be speech."""
        if not self._speaking:
            run, self._run_seconds = self._run_seconds, 0.0
            self._level_db = _SILENCE_DB
            began, self._began = self._began, False
            return [Paused(FRAME_SECONDS, run)] if began else []
        self._run_seconds += FRAME_SECONDS
        if self._run_seconds < ONSET_SECONDS:
            self._began = self._sure_seconds >= SURE_SECONDS
            return [Onset(self._level_db)] if self._began else []
        self._began = False
        self._started = True
        self._frames = list(self._pre_roll)
        self.speech_seconds = self._run_seconds
        return [Started(self.speech_seconds, self._level_db)]

    def utterance(self) -> Samples:
        """The sound of the utterance so far, pre-roll included; empty before `Started`."""
        return np.concatenate(self._frames) if self._frames else np.zeros(0, np.float32)


def _level_db(frame: Samples) -> float:
    """RMS in dB below full scale."""
    power = float(np.dot(frame, frame)) / len(frame)
    return max(_SILENCE_DB, 10 * math.log10(power)) if power > 0 else _SILENCE_DB
