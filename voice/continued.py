"""A question that was judged over while its caller was only looking for the next word: the two halves are one.

Who goes on takes up their own sentence; who interrupts has heard the answer and reacts to it. Nobody understands an
answer and begins to speak within `reacts_seconds` (0.5 s) of its first sound, and pauses inside a sentence are seldom
longer than `goes_on_seconds` (1.2 s). So speech that begins before either is over belongs to the question, for which
then both halves are asked together, as if nothing had been asked before (`replaces`).

Not everything does. "Stop", "conseiller", "non" are said to the bot, and stand for themselves; and who was answered
on a "oui" has finished. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.dialogue import Choice, Reading, Reply
from voice.endpointing import dictating, lone_number, nod, short_answer, unfinished
from voice.meaning import choice_named, is_clear
from voice.patience import Patience
from voice.transcript import MOST_ALTERNATIVES, Certainty, folded_words
from voice.turn import Hearing

_CERTAINTIES: tuple[Certainty, ...] = ("none", "low", "medium", "high")
_SEAM = " \t.…,;:-–—"
_CONNECTIVES = frozenset(
    """et ou mais pour de du des d à au aux que qu qui dans avec sur sans par chez en entre vers dont car si quand
    lorsque lorsqu parce puisque puisqu comme afin donc concernant depuis pendant avant après""".split()
)
"""A sentence that begins with one of these most likely goes on with the one before."""
_TO_THE_BOT = re.compile(
    r"\W*(?:non\b\s*[,.!;:]|non\W+merci\b|merci\b(?!\W+d(?:e|['’]))|au revoir\b|d['’]accord\b\W*merci\b)", re.IGNORECASE
)
_COURTESY = re.compile(r"\W*\b(?:s['’]il vous pla[iî]t|euh)\b", re.IGNORECASE)
_ASKING_NOTHING = frozenset(
    {"allo", "bonjour", "euh", "s il vous plait", "c est ca", "exactement", "tout a fait", "voila", "pardon"}
)
_ALSO_NOUNS = frozenset({"aide", "agent", "retour"})
"""Words to the bot that end a sentence as well: "J'ai besoin d'une… aide." """
_LONGEST_QUESTION = 1500
"""Characters; the dialogue takes 2,000. Of a longer account the end is what is asked."""


class AskedQuestion:
    """The last question, while its answer may still be dropped because the caller goes on.

    `is_out`: the dialogue has not answered. `held` is an answer that came while the caller was speaking again; `came`
    tells it from none, since an answer may also be that there is none (`held` is None).
    """

    def __init__(
        self,
        patience: Patience,
        turn: int = 0,
        hearing: Hearing | None = None,
        *,
        ended_at: float = 0.0,
        choices: Sequence[Choice] = (),
    ) -> None:
        self.turn = turn
        self.hearing = hearing
        self.choices = tuple(choices)
        """Those that were on offer when it was asked."""
        self.is_out = turn > 0
        self.came = False
        self.held: Reply | None = None
        self._patience = patience
        self._may_go_on = hearing is not None and may_go_on(hearing, choices)
        self._ended_at = ended_at
        self._sounded_at: float | None = None

    def arrived(self, reply: Reply | None) -> None:
        """The answer has come, and must wait."""
        self.came, self.held = True, reply

    def answered(self) -> None:
        """The answer is being said."""
        self.is_out = False

    def sounded(self, now: float) -> None:
        """The first sound of what is said to the caller."""
        if not self.is_out and self._sounded_at is None:
            self._sounded_at = now

    def closed(self) -> None:
        """It has been answered, or given up: what comes next is something else."""
        self.is_out = self._may_go_on = False

    def goes_on(self, began_at: float) -> bool:
        """Whether speech that began then is the same caller's same question."""
        if not self._may_go_on:
            return False
        if self._sounded_at is None or began_at <= self._sounded_at + self._patience.reacts_seconds:
            return True
        return began_at <= self._ended_at + self._patience.goes_on_seconds

    def outlives(self, said: Hearing | None) -> bool:
        """Whether its answer is given after this all the same.

        What was not understood is nothing to drop it for, unless the question itself was no whole one.
        """
        if is_clear(said) or choice_named(said, self.choices) is not None:
            return asks_nothing(said)
        return self.hearing is None or not unfinished(self.hearing.text)

    def with_more(self, more: Hearing | None) -> Hearing | None:
        """The whole question; None when `more` was not understood, or stands for itself."""
        if self.hearing is None or more is None or not is_clear(more) or choice_named(more, self.choices) is not None:
            return None
        return joined(self.hearing, more) if belongs(self.hearing, more) else None


def may_go_on(first: Hearing, choices: Sequence[Choice]) -> bool:
    """Whether this was no answer that is complete in itself. A lone figure is one only where choices were offered."""
    return not short_answer(first.text) or (not choices and lone_number(first.text))


def belongs(first: Hearing, more: Hearing) -> bool:
    """Whether `more` goes on with `first`, rather than being a word to the bot."""
    if _TO_THE_BOT.match(more.text):
        return False
    if not _words_to_the_bot(more.text):
        return True
    if unfinished(first.text) and folded_words(more.text) in _ALSO_NOUNS:
        return True
    awaited = lone_number(first.text) or dictating(first.text) or unfinished(first.text)
    return awaited and lone_number(more.text)


def asks_nothing(hearing: Hearing | None) -> bool:
    """Whether what was said while we think changes nothing: the best reply to "allô ?" is the answer."""
    return hearing is not None and is_clear(hearing) and folded_words(once(hearing.text)) in _ASKING_NOTHING


def joined(first: Hearing, more: Hearing) -> Hearing:
    """Both as one utterance, no surer than the less sure of them."""
    confidence = min(first.confidence, more.confidence)
    text = sewn(first.text, more.text)
    question = sewn(first.question, more.question)
    others = [
        Reading(sewn(one.text, more.question), min(one.confidence, more.confidence)) for one in first.alternatives
    ]
    others += [Reading(sewn(first.question, one.text), min(one.confidence, confidence)) for one in more.alternatives]
    others.sort(key=lambda one: -one.confidence)
    return replace(
        more,
        text=text,
        confidence=confidence,
        certainty=min(first.certainty, more.certainty, key=_CERTAINTIES.index),
        speech_seconds=first.speech_seconds + more.speech_seconds,
        mended="" if question == text else question,
        alternatives=tuple(others[:MOST_ALTERNATIVES]),
    )


def sewn(first: str, more: str) -> str:
    """Two halves of a sentence as one: the recogniser ends each half like a sentence, and begins each like one.

    A question mark stays, and the full stop does where nothing tells that the sentence goes on: there may have been two
    questions, or a question and a request for a person. A word that was said again at the seam is said once.
    """
    first, more = first.strip(), more.strip()
    if not first.endswith(("?", "!")):
        open_ended, more = unfinished(first) or _goes_on_with_figures(first, more), more.lstrip(_SEAM)
        first = first.rstrip(_SEAM)
        begun = _without_stutter(first, more)
        if open_ended or begun != first or _connects(more):
            first, more = begun, _not_begun(more)
        elif first and more:
            first += "."
    between = "" if first.endswith(("'", "’")) else " "
    whole = f"{first}{between}{more}".strip()
    return whole if len(whole) <= _LONGEST_QUESTION else whole[-_LONGEST_QUESTION:].partition(" ")[2]


def once(text: str) -> str:
    """A word that is only repeated, said once: "allô, allô ?" is "allo"."""
    words = folded_words(text).split()
    return words[0] if len(words) > 1 and len(set(words)) == 1 else text


def _words_to_the_bot(text: str) -> bool:
    """Whether it is nothing but short answers: "Stop, un conseiller, s'il vous plaît !"."""
    parts = [part for part in re.split(r"[,.;:!?…]+", _COURTESY.sub("", once(text))) if part.strip()]
    return bool(parts) and all(short_answer(part) or nod(part) for part in parts)


def _connects(more: str) -> bool:
    word = re.search(r"[^\W_]+", more)
    return word is not None and (word[0][0].islower() or word[0].lower() in _CONNECTIVES)


def _goes_on_with_figures(first: str, more: str) -> bool:
    return lone_number(more) or (dictating(first) and re.match(r"\W*\d", more) is not None)


def _not_begun(text: str) -> str:
    """Without the capital of a beginning; initials keep theirs."""
    word = re.match(r"\w+", text)
    if word is None or (len(word[0]) > 1 and not word[0][1:].islower()):
        return text
    return text[0].lower() + text[1:]


def _without_stutter(first: str, more: str) -> str:
    """`first` without its last word where `more` begins with it. Figures are never said for nothing."""
    last, following = re.search(r"[^\W\d]+$", first), re.match(r"[^\W\d]+", more)
    if last is None or following is None or last[0].lower() != following[0].lower():
        return first
    return first[: last.start()].rstrip()
