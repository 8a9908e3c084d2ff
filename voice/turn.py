"""The small things a turn is made of: what was heard, where the time went. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Literal

from bot.dialogue import Reading, Reply

Certainty = Literal["high", "medium", "low", "none"]


class Expecting(StrEnum):
    """What the caller was asked for. `CHOICE`: one of two or three things by its number; `NUMBER`: that of a telephone,
    or a yes to one."""

    QUESTION = "question"
    YES_OR_NO = "yes_or_no"
    CHOICE = "choice"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Hearing:
    """What the recogniser made of an utterance; `plausible` is false when no words were really said.

    `text` is what it wrote, which the record keeps. `mended` is the same with its usual mistakes put right, or empty.
    `alternatives` are its other readings, mended too.
    """

    text: str
    confidence: float
    certainty: Certainty
    plausible: bool
    speech_seconds: float
    mended: str = ""
    alternatives: tuple[Reading, ...] = ()

    @property
    def question(self) -> str:
        """The words for the dialogue."""
        return self.mended or self.text


class Segments:
    """Contiguous times of one turn, from the end of the caller's speech to the first sound of the answer.

    They add up to the wait: `endpoint` (silence waited for), `transcription` (what of it was not hidden
    behind that silence), `dialogue`, `synthesis` (until the first sound is on the line).
    """

    _NAMES = ("endpoint", "transcription", "dialogue", "synthesis")

    def __init__(self) -> None:
        self._at: list[float | None] = [None] * 5

    def _mark(self, index: int, now: float) -> None:
        if self._at[index] is None:
            self._at[index] = now

    def speech_ended(self, at: float) -> None:
        """The caller's last sound."""
        self._mark(0, at)

    def turn_over(self, now: float) -> None:
        """The decision that the caller has finished."""
        self._mark(1, now)

    def transcribed(self, now: float) -> None:
        """The words are known."""
        self._mark(2, now)

    def replied(self, now: float) -> None:
        """The dialogue has answered."""
        self._mark(3, now)

    def first_sound(self, now: float) -> None:
        """The answer begins on the line."""
        self._mark(4, now)

    def milliseconds(self) -> dict[str, float]:
        """The known segments, rounded to 0.1 ms. A step that did not happen has no segment."""
        result: dict[str, float] = {}
        last = self._at[0]
        for name, at in zip(self._NAMES, self._at[1:], strict=True):
            if at is not None and last is not None:
                result[name] = round((at - last) * 1000, 1)
                last = at
        return result


@dataclass(frozen=True, slots=True)
class TurnKept:
    """A turn as it is written down: what was heard, how sure, what was said, where the time went.

    `interrupted`: the caller spoke or pressed a key before all of `spoken` was heard.
    """

    heard: str = ""
    heard_confidence: float | None = None
    key: str = ""
    reply: Reply | None = None
    spoken: str = ""
    segments: dict[str, float] = field(default_factory=dict)
    interrupted: bool = False
    alternatives: tuple[Reading, ...] = ()


class TurnUnderWay:
    """The turn that has begun and is not written down yet, if any, with its times."""

    def __init__(self) -> None:
        self.times = Segments()
        self._turn: TurnKept | None = None

    def listened(self, ended_at: float | None, over_at: float | None, now: float) -> None:
        """An utterance is over, and its words are known `now`; what it was is yet to be found out."""
        self.times = Segments()
        self.times.speech_ended(now if ended_at is None else ended_at)
        self.times.turn_over(now if over_at is None else over_at)
        self.times.transcribed(now)

    def heard(self, hearing: Hearing | None, *, words: bool = True) -> None:
        """It was a turn; without `words` only that something was said is kept."""
        self._turn = TurnKept(
            heard=hearing.text if hearing and words else "",
            heard_confidence=hearing.confidence if hearing else None,
            alternatives=hearing.alternatives if hearing and words else (),
        )

    def pressed(self, key: str, now: float) -> None:
        """A key that is a turn of its own."""
        self._turn = TurnKept(key=key)
        self.times = Segments()
        self.times.speech_ended(now)

    def replied(self, reply: Reply) -> None:
        """The dialogue's answer."""
        if self._turn is not None:
            self._turn = replace(self._turn, reply=reply)

    def handed_over(self, reply: Reply) -> None:
        """As `replied`, unless the dialogue has answered."""
        if self._turn is not None and self._turn.reply is None:
            self._turn = replace(self._turn, reply=reply)

    def says(self, texts: Iterable[str]) -> None:
        """What the caller hears."""
        if self._turn is not None:
            self._turn = replace(self._turn, spoken=" ".join(texts))

    @property
    def unanswered(self) -> bool:
        """Whether the caller has heard nothing of an answer yet."""
        return self._turn is not None and not self._turn.spoken

    def finish(self, *, interrupted: bool) -> TurnKept | None:
        """The turn as it is kept, once."""
        turn, self._turn = self._turn, None
        return turn and replace(turn, segments=self.times.milliseconds(), interrupted=interrupted)
