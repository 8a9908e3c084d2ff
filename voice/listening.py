"""One utterance of the caller: from waiting for a first sound to words, or to the knowledge that there are none.

A turn ends in two stages. After `pause_seconds` of silence the transcription starts, and is thrown away if the caller
goes on; how much more silence ends the turn depends on what it says (`voice/endpointing.py`). The transcription is thus
hidden behind a silence that has to be waited for anyway. Every state has a deadline, because comfort noise never pauses
and a recogniser may never answer. Pure: events in, commands out, time as an argument.

    SILENT ──Started──► SPEAKING ──Paused──► PAUSED ──silence──► OVER ──words──► DONE
                            ▲────Resumed────────┴──────────────────┘

A known answer ("oui", "le deux") that is followed by a much softer voice is not taken back: others talk in the room.

While an answer waits for the end (`hurry`), sound that lasts is transcribed as far as it has come: a voice that is
understood is heard out all the same, a noisy room is not.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from enum import StrEnum

from voice.call_messages import Command, Event, Heard, StopTranscribing, Tick, Transcribe
from voice.ear import Paused, Resumed, Started
from voice.endpointing import short_answer, silence_that_ends
from voice.meaning import is_clear
from voice.patience import Patience
from voice.turn import Expecting, Hearing


class Stage(StrEnum):
    """How far the utterance is. OVER: the caller has finished, the words are not known yet."""

    SILENT = "silent"
    SPEAKING = "speaking"
    PAUSED = "paused"
    OVER = "over"
    DONE = "done"


class Listening:
    """Feed events to `handle` until `stage` is DONE; then `spoke`, `hearing` and the times tell what happened.

    `expecting` is what the recogniser is told; `dictated`: a number may come in any case, whose groups are waited for;
    `interrupts`: the bot has stopped for it.
    `attempts` numbers the transcriptions of a whole call, so that a late one is never taken for this utterance's.
    """

    def __init__(
        self,
        patience: Patience,
        now: float,
        attempts: Iterator[int],
        *,
        silence_seconds: float | None = None,
        expecting: Expecting = Expecting.QUESTION,
        dictated: bool = False,
        interrupts: bool = False,
    ) -> None:
        self.stage = Stage.SILENT
        self.hearing: Hearing | None = None
        self.ended_at: float | None = None
        """When the caller's last sound was heard."""
        self.over_at: float | None = None
        """When the silence after it had lasted long enough."""
        self.wake_at = self.silent_until = now + (silence_seconds or patience.silence_seconds)
        self.attempt = 0
        self._patience = patience
        self._attempts = attempts
        self.expecting = expecting
        self._dictated = dictated
        self._interrupts = interrupts
        self._hurried_at = math.inf
        self._probes = False  # OVER, but only to find out whether this is speech
        self._quiet_at: float | None = None  # meanwhile
        self._faintly = False  # somebody goes on, much softer
        self._began_at: float | None = None
        self._transcribed = False

    @property
    def spoke(self) -> bool:
        """Whether there was any sound that may be speech."""
        return self._began_at is not None

    @property
    def began_at(self) -> float:
        """When the first sound was heard. Only once `spoke`."""
        assert self._began_at is not None
        return self._began_at

    @property
    def transcribed(self) -> bool:
        """Whether `hearing` is final for this utterance (None: the recogniser failed, or took too long)."""
        return self._transcribed

    def handle(self, event: Event, now: float) -> list[Command]:
        """What to do about `event`; events that do not belong to this stage are ignored."""
        match self.stage, event:
            case Stage.DONE, _:
                return []
            case Stage.OVER, (Paused() | Resumed() | Heard()) if self._probes:
                return self._probed(event, now)
            case Stage.SILENT, Started(seconds=seconds):
                self._began_at = now - seconds
                return self._goes_on()
            case Stage.SPEAKING, Paused(silence_seconds=silence):
                return self._paused(now - silence, now)
            case ((Stage.PAUSED | Stage.OVER), Resumed(faint=True)) if not self._transcribed or self._is_answer:
                self._faintly, self._quiet_at = True, None
                return []
            case ((Stage.PAUSED | Stage.OVER), (Resumed() | Started())):
                return [StopTranscribing(), *self._goes_on()]
            case ((Stage.PAUSED | Stage.OVER), Paused(silence_seconds=silence)) if self._faintly:
                self._quiet_at = now - silence
                return []
            case ((Stage.PAUSED | Stage.OVER), Heard(attempt=attempt, hearing=hearing)) if attempt == self.attempt:
                return self._heard(hearing, now)
            case _, Tick() if now >= self.wake_at:
                return self._due(now)
            case _:
                return []

    def hurry(self, at: float) -> None:
        """Something waits for the end: find out then whether this is speech."""
        self._hurried_at = at
        if self.stage is Stage.SPEAKING:
            self.wake_at = min(self.wake_at, at)

    def finish_now(self, now: float) -> list[Command]:
        """Ends the turn without waiting for more silence (the caller pressed a key that says so)."""
        if self.stage is Stage.SPEAKING:
            return self._paused(now, now)
        if self.stage is Stage.PAUSED and self._transcribed:
            self._done(now)
        return []

    def _goes_on(self) -> list[Command]:
        """The caller is speaking: wait for the end, but not for ever."""
        assert self._began_at is not None
        self.stage = Stage.SPEAKING
        self.hearing = None  # of a part of it
        self.ended_at = self.over_at = None
        self.attempt = 0
        self._transcribed = self._faintly = False
        self.wake_at = min(self._began_at + self._patience.max_utterance_seconds, self._hurried_at)
        return []

    def _paused(self, ended_at: float, now: float) -> list[Command]:
        self.stage = Stage.PAUSED
        self.ended_at = ended_at
        self.attempt = next(self._attempts)
        self.wake_at = ended_at + silence_that_ends(None, self._patience, dictated=self._dictated)
        return [Transcribe(self.attempt, self.expecting), *(self._due(now) if now >= self.wake_at else [])]

    @property
    def _is_answer(self) -> bool:
        """Whether what was said is a whole answer, clearly heard."""
        text = self.hearing.text if self.hearing is not None and is_clear(self.hearing) else ""
        return short_answer(text) and not self._dictated

    def _went_on(self, now: float) -> list[Command]:
        """What went on is counted as the caller's, and may have paused since."""
        quiet_at, commands = self._quiet_at, self._goes_on()
        return commands if quiet_at is None else [*commands, *self._paused(quiet_at, now)]

    def _heard(self, hearing: Hearing | None, now: float) -> list[Command]:
        self.hearing, self._transcribed = hearing, True
        if self._faintly and not self._is_answer:
            return self._went_on(now)
        assert self.ended_at is not None
        silence = silence_that_ends(hearing, self._patience, dictated=self._dictated, interrupts=self._interrupts)
        silence_over = self.ended_at + silence
        if now < silence_over:
            self.stage = Stage.PAUSED
            self.over_at = None
            self.wake_at = silence_over
            return []
        self._done(now, silence_over)
        return []

    def _probed(self, event: Paused | Resumed | Heard, now: float) -> list[Command]:
        match event:
            case Paused(silence_seconds=silence):
                self._quiet_at = now - silence
            case Resumed():
                self._quiet_at = None
            case Heard(attempt=attempt, hearing=hearing) if attempt == self.attempt:
                self._probes, self._hurried_at = False, math.inf
                if is_clear(hearing):
                    return self._went_on(now)
                self.hearing, self._transcribed = hearing, True
                self._done(now)
        return []

    def _due(self, now: float) -> list[Command]:
        match self.stage:
            case Stage.SPEAKING:  # the longest turn: what there is must do
                self._probes, self._quiet_at = now >= self._hurried_at, None
                done = self._paused(now, now)
                self.stage, self.over_at = Stage.OVER, now
                self.wake_at = now + self._patience.transcription_seconds
                return done
            case Stage.PAUSED if self._faintly and not self._transcribed:
                return [StopTranscribing(), *self._went_on(now)]
            case Stage.PAUSED if not self._transcribed:
                self.stage, self.over_at = Stage.OVER, now
                assert self.ended_at is not None
                self.wake_at = max(now, self.ended_at + self._patience.transcription_seconds)
                return []
            case _:
                self._transcribed = True
                self._done(now)
                return []

    def _done(self, now: float, over_at: float | None = None) -> None:
        self.stage = Stage.DONE
        if self.over_at is None:
            self.over_at = now if over_at is None else min(now, over_at)
