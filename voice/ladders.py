"""When nothing is said, nothing is understood, or nothing is answered: what is said about it, and when it is enough.

Three ladders, each climbed by one kind of failure in a row and left by the first success. Each ends at a person, or
where there is none, politely. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from voice import call_messages as m
from voice.patience import Patience
from voice.prompts import PhonePrompts


class Then(StrEnum):
    """What follows: words, listening on without a word, a person, or the end of the call."""

    SAY = "say"
    LISTEN = "listen"
    PERSON = "person"
    GOODBYE = "goodbye"


@dataclass(frozen=True, slots=True)
class Step:
    """One step up a ladder. `reason` is why a person is asked for, or the call ends."""

    then: Then
    text: str = ""
    reason: str = ""
    notes: tuple[m.Note, ...] = ()


class Ladders:
    """How often in a row the caller was silent, was not understood, or got no answer."""

    def __init__(self, prompts: PhonePrompts, patience: Patience) -> None:
        self._prompts = prompts
        self._patience = patience
        self._silences = self._noises = self._misheard = self._unanswered = 0

    def there(self) -> None:
        """The caller has given a sign of life."""
        self._silences = self._noises = 0

    def understood(self) -> None:
        """The caller has said something clear."""
        self._silences = self._noises = self._misheard = 0

    def answered(self) -> None:
        """The dialogue has answered."""
        self._unanswered = 0

    def handed_over(self) -> None:
        """A person is asked for: what was not understood before says nothing of afterwards."""
        self._misheard = 0

    def silent(self, *, asked_for_an_answer: bool, may_have_person: bool) -> Step:
        """Nobody spoke. After a question of ours, empty words mean: that question again."""
        self._silences += 1
        notes = (m.Note(m.NoteKind.SILENCE, str(self._silences)),)
        if self._silences >= self._patience.silences_before_goodbye:
            if may_have_person:
                return Step(Then.PERSON, reason="silence", notes=notes)
            return Step(Then.GOODBYE, self._prompts.silence_goodbye, "silence", notes)
        if self._silences == 1 and asked_for_an_answer:
            return Step(Then.SAY, notes=notes)
        return Step(Then.SAY, self._prompts.silence[min(self._silences, 2) - 1], notes=notes)

    def noise(self, *, asked_for_an_answer: bool, may_have_person: bool) -> Step:
        """A sound without words is passed over. Several in a row are a silence: none holds the line for ever."""
        self._noises += 1
        if self._noises < self._patience.silences_before_goodbye:
            return Step(Then.LISTEN)
        self._noises = 0
        return self.silent(asked_for_an_answer=asked_for_an_answer, may_have_person=may_have_person)

    def not_understood(self, *, instead: str | None = None) -> Step:
        """Speech that was not understood is owned up to. `instead`: what is asked for again, where it is no question of
        the caller's; empty for what has just been said.
        """
        self._misheard += 1
        notes = (m.Note(m.NoteKind.MISHEARD, str(self._misheard)),)
        if self._misheard > self._patience.misheard_before_person:
            return Step(Then.PERSON, reason="not_understood", notes=notes)
        if instead is not None:
            return Step(Then.SAY, instead, notes=notes)
        last = self._misheard == self._patience.misheard_before_person
        return Step(Then.SAY, self._prompts.misheard_offer_person if last else self._prompts.misheard, notes=notes)

    def not_answered(self) -> Step:
        """The dialogue has failed."""
        self._unanswered += 1
        if self._unanswered > 1:
            return Step(Then.PERSON, reason="dialogue_unavailable")
        return Step(Then.SAY, self._prompts.dialogue_unavailable)
