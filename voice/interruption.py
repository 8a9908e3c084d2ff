"""Something was said while the bot spoke, or thought: nothing, the rest of the question, or a turn of its own. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from voice import call_messages as m
from voice.continued import AskedQuestion
from voice.meaning import is_clear, was_nothing
from voice.turn import Hearing


@dataclass(frozen=True, slots=True)
class Interruption:
    """`hearing` is what was said from `began_at` on, `question` the last one asked.

    `over_answer`: the bot was stopped in the middle of speaking. `more_to_say`: behind the place where that was,
    there is more of it, and a yes would not answer what has been said so far.
    """

    question: AskedQuestion
    hearing: Hearing | None
    began_at: float
    over_answer: bool
    more_to_say: bool

    @property
    def is_nothing(self) -> bool:
        """What the bot was doing goes on."""
        if was_nothing(self.hearing, more_to_say=self.question.is_out or self.more_to_say):
            return True
        return self.question.is_out and self.question.outlives(self.hearing)

    @property
    def whole(self) -> Hearing | None:
        """The question with its rest; None when this is none."""
        return self.question.with_more(self.hearing) if self._goes_on else None

    @property
    def answer_is_unheard(self) -> bool:
        """Whether the next question takes the place of the last, as if that had never been asked."""
        return self.question.is_out or (self._goes_on and (self.whole is not None or not is_clear(self.hearing)))

    @property
    def stops(self) -> list[m.Command]:
        """What ends the bot's speaking, and is noted."""
        stop: list[m.Command] = [m.StopTalking()] if self.over_answer else []
        if self.whole is not None:
            return [*stop, m.Note(m.NoteKind.WENT_ON, "over_answer" if self.over_answer else "")]
        return [*stop, m.Note(m.NoteKind.INTERRUPTED)] if self.over_answer else []

    @property
    def _goes_on(self) -> bool:
        return self.question.goes_on(self.began_at)
