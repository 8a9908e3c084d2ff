"""The small things a turn is made of: what was heard, where the time went. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from bot.dialogue import Reading

Certainty = Literal["high", "medium", "low", "none"]

# A sentence that ends on one of these is not finished: the caller is looking for the next word.
_OPEN_ENDINGS = frozenset(
    "de du des d le la les l un une et ou mais pour par avec sans dans sur à a au aux que qu qui si euh heu ben donc "
    "alors est mon ma mes notre nos votre vos son sa ses ce cette ces je j on nous vous il elle".split()
)


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


def complete_sentence(text: str) -> bool:
    """Whether a transcript ends as a finished sentence does: final punctuation, last word not an opening one."""
    words = re.findall(r"\w+", text.lower())
    return bool(words) and text.rstrip().endswith((".", "?", "!")) and words[-1] not in _OPEN_ENDINGS


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
