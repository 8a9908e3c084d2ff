"""The number at which a caller wants to be called back: theirs, or another one, typed on the keys or spoken. Pure.

While it is being asked for, every key is part of the answer, the 0 too: French numbers begin with it. A number is
spoken in groups, and who looks it up pauses longer between them than any silence that ends a turn: so groups add up
until they are a number, or nothing more comes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from voice.french.figures import in_figures

SHORTEST, LONGEST = 9, 15
"""Digits of a number: A French number has 10 (9 after +33); E.164 allows 15."""
_AGREED = re.compile(
    r"\b(?:pourquoi pas|pas de (?:souci|problème)s?|avec plaisir|si vous (?:le )?voulez|bien sûr|tout à fait|"
    r"c['’ ]est (?:bien )?(?:ça|cela|bon|le bon|exact|correct|parfait)|très bien)\b"
)
_YES = frozenset(
    "oui ouais ok okay accord volontiers exactement exact correct parfait absolument entendu voila voilà".split()
)
_NO_YES = frozenset("mais comment combien quand où quel quelle quels quelles pourquoi qui quoi si".split())
"""What makes of a sentence that begins with a yes something else."""
_LONGEST_YES = 7
"""Words: "Oui, vous pouvez me rappeler à ce numéro." """
_NO = frozenset("non pas jamais".split())
_REFUSED = re.compile(
    r"\bnon[ ,]+(?:merci|c['’ ]est bon|ça ira?)\b|\b(?:laissez|laisse) tomber\b|\bpas (?:besoin|la peine)\b|"
    r"\b(?:me|m['’ ]) ?rappele[zr] pas\b|\bpas (?:être|me faire) rappelée?\b"
)
"""No callback, whatever was asked."""
_WRONG = re.compile(
    r"\bpas (?:du tout )?(?:ça|cela|bon|le bon|mon|exact|correct)\b|\b(?:faux|erreur|trompée?)\b|"
    r"\bmal (?:entendu|compris)\b"
)
"""Said of a number that was read back."""
_POLITE = frozenset("merci beaucoup bien madame monsieur s il te vous plaît plait euh ah oh alors donc d".split())
_PAUSES = frozenset(
    """euh heu hum hm ben bon alors attendez attends pardon excusez moi un une deux 1 2 petit petite seconde secondes
    instant minute minutes moment s il vous plaît plait je cherche regarde""".split()
)
"""What is said while the rest of a number is looked for."""
_AROUND_FIGURES = frozenset(
    """c est le au alors euh numéro mon de téléphone donc ensuite puis et oui voilà non pardon attendez me
    joindre rappeler rappelez moi plus""".split()
)
"""Words that stand around the groups of a number and are no question."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """Call back at this number."""

    number: str


@dataclass(frozen=True, slots=True)
class Proposed:
    """A number was spoken: it has to be read back before it is believed."""

    number: str


@dataclass(frozen=True, slots=True)
class Begun:
    """A part of a number was spoken: the rest is to be waited for."""


@dataclass(frozen=True, slots=True)
class Misheard:
    """The number that was read back is not what was said: it has to be said again."""


@dataclass(frozen=True, slots=True)
class NotThere:
    """Not at the number of the call; perhaps at another one."""


@dataclass(frozen=True, slots=True)
class Declined:
    """No callback."""


@dataclass(frozen=True, slots=True)
class Incomplete:
    """What was typed or spoken is no number."""


Answer = Accepted | Proposed | Begun | Misheard | NotThere | Declined | Incomplete


class CallbackOffer:
    """`number` is where the call comes from, empty when it is hidden; or what was heard and has been `read_back`."""

    def __init__(self, number: str = "", *, read_back: bool = False) -> None:
        self.number = number
        self.read_back = read_back
        self.typed = self.spoken = ""

    @property
    def begun(self) -> bool:
        """Whether a part of a number is there."""
        return bool(self.typed or self.spoken)

    def key(self, digit: str) -> Accepted | Misheard | NotThere | Incomplete | None:
        """None while more keys may come."""
        self.spoken = ""
        if digit == "#":
            return self._typed_out()
        if digit == "*":
            self.typed = ""
            return None
        if not self.typed and self.number and digit in "12":
            return Accepted(self.number) if digit == "1" else self._no()
        self.typed += digit
        return self._typed_out() if len(self.typed) >= LONGEST else None

    def finished(self) -> Accepted | Proposed | Incomplete | None:
        """Nothing more comes: too long a pause. None when nothing has begun."""
        if self.typed or not self.spoken:
            return self._typed_out()
        spoken, self.spoken = self.spoken, ""
        return Proposed(spoken) if SHORTEST <= len(spoken) <= LONGEST else Incomplete()

    def _typed_out(self) -> Accepted | Incomplete | None:
        typed, self.typed = self.typed, ""
        if not typed:
            return None
        return Accepted(typed) if SHORTEST <= len(typed) <= LONGEST else Incomplete()

    def words(self, text: str) -> Answer | None:
        """A spoken yes, no or number, or a part of it; None for anything else, which is then a new question."""
        figures = in_figures(text)
        words = re.findall(r"\w+", figures)
        if self.typed and not re.search(r"\d", figures):
            return self._words_while_typing(figures, words)
        self.typed = ""
        group = _group(words)
        if group == "1" and self.number and not self.begun and not _NO & set(words):
            return Accepted(self.number)  # as the key
        if group:
            if len(group) >= SHORTEST or _NO & set(words):  # the whole number once more, or another one
                self.spoken = ""
            return self._more(group)
        spoken = "".join(re.findall(r"\d", figures))
        if SHORTEST <= len(spoken) <= LONGEST:
            return Proposed(spoken)
        if self.spoken and words and set(words) <= _PAUSES:
            return Begun()
        if _REFUSED.search(figures):
            return Declined()
        if self.read_back and _WRONG.search(figures):
            return Misheard()
        if self.spoken and _NO & set(words) and set(words) <= _NO | _PAUSES | _POLITE:  # begins again
            self.spoken = ""
            return Begun()
        answer = [word for word in re.findall(r"\w+", _AGREED.sub("oui", figures)) if word not in _POLITE]
        if _agrees(figures, answer):
            if self.spoken:  # "voilà": that was all of it
                return self.finished()
            return Accepted(self.number) if self.number else Begun()
        if not answer or len(answer) > 4:
            return None
        if self.spoken and _YES & set(answer):
            return self.finished()
        if _NO & set(answer):
            return self._no() if self.number else Declined()
        return None

    def _words_while_typing(self, figures: str, words: list[str]) -> Answer | None:
        """Who has typed a number says that this was all, or that it was wrong; it is not forgotten for less."""
        answer = [word for word in re.findall(r"\w+", _AGREED.sub("oui", figures)) if word not in _POLITE]
        if _REFUSED.search(figures):
            return Declined()
        if _agrees(figures, answer):
            return self._typed_out()
        if answer and set(answer) <= _NO | _PAUSES:
            self.typed = "" if _NO & set(answer) else self.typed
            return Begun()
        return Begun() if set(words) <= _POLITE else None

    def _no(self) -> Misheard | NotThere:
        """To the number that was offered or read back: it is another one."""
        return Misheard() if self.read_back else NotThere()

    def _more(self, group: str) -> Proposed | Begun | Incomplete:
        self.spoken += group
        if len(self.spoken) > LONGEST:
            self.spoken = ""
            return Incomplete()
        if len(self.spoken) < _whole(self.spoken):
            return Begun()
        spoken, self.spoken = self.spoken, ""
        return Proposed(spoken)


def _agrees(figures: str, answer: list[str]) -> bool:
    """Whether it is a yes, in one word or in a sentence: "Oui, je veux bien.", "C'est exact."."""
    said = set(answer)
    if not said or said & _NO or figures.rstrip().endswith("?") or "est-ce" in figures:
        return False
    if said <= _YES:
        return True
    return answer[0] in _YES and len(answer) <= _LONGEST_YES and not said & _NO_YES and not re.search(r"\d", figures)


def _group(words: list[str]) -> str:
    """The figures of a text that is nothing but a part of a number; empty when it is something else."""
    others = {word for word in words if not word.isdecimal()}
    return "" if others - _AROUND_FIGURES else "".join(word for word in words if word.isdecimal())


def _whole(spoken: str) -> int:
    """How many figures a number has that begins like this: 06…, 33 6…, 0033 6…, or a foreign one."""
    if spoken.startswith("00"):
        return 13 if "0033".startswith(spoken[:4]) else SHORTEST + 2
    if spoken.startswith("0"):
        return 10
    return 11 if spoken.startswith("33") else SHORTEST
