"""Which figures were dictated, from the ways in which an ear heard them (`voice/number_ear.py`). Pure.

Figures are said in pairs, one by one, or both; "quatre-vingt-dix-sept" may be 97, 80 17 or 4 20 10 7, "quarante-quatre,
vingt-cinq" also 40 85. The longest number is meant most often, unless its words come far apart: one number ends where
the next word is late. And a telephone number has its length: that tells which of two readings it is, and of two ways to
hear it, which is likelier.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from voice.french.figures import spelt
from voice.number_ear import OTHER, Way

SURE = 0.5
"""From here on figures are acted on without being transcribed."""
_FEWEST = 2
"""Figures: "un" may be a key, or "hein"."""
_FEWEST_AMONG_WORDS = 6
"""A question may hold some, too ("40 heures au lieu de 14"); it is transcribed."""
_SPLIT = 0.05
"""How likely two numbers are where one would do, against the one, if the second begins `_NEXT_SECONDS` after the word
before it."""
_NEXT_SECONDS, _LATE_SECONDS = 0.4, 0.1
"""And e times as likely for each `_LATE_SECONDS` later. Of 121 texts of the teachers that can be read in two ways as
well, 94 are then read rightly, instead of 44."""
_MOST_LATE, _MOST_EARLY = 6.0, 3.0
_MOST_READINGS = 12
_WHOLE_FROM = 9
"""Figures: what has fewer may be a part of a number."""
_NOT_WHOLE = 0.02
"""How likely it is that so many figures are no whole number, against that they are."""
_LONGEST = 15


@dataclass(frozen=True, slots=True)
class Dictated:
    """The likeliest figures, and how likely they are. Empty: most likely nothing was dictated. `alone`: no other words
    were heard."""

    figures: str
    probability: float
    alone: bool = True

    @property
    def sure(self) -> bool:
        """Whether they may be acted on without being transcribed: read back, that is, and corrected."""
        return len(self.figures) >= (_FEWEST if self.alone else _FEWEST_AMONG_WORDS) and self.probability >= SURE


NO_NUMBER = Dictated("", 1.0)


def dictated(ways: Iterable[Way]) -> Dictated:
    """What was dictated, by these ways to hear it."""
    likely: dict[str, float] = defaultdict(float)
    among_words: dict[str, float] = defaultdict(float)
    for way in ways:
        for figures, share in _readings_of(way).items():
            probability = way.probability * share * _prior(figures)
            likely[figures] += probability
            among_words[figures] += probability * (OTHER in way.words)
    whole = sum(likely.values())
    if not whole:
        return NO_NUMBER
    best = max(likely, key=lambda figures: likely[figures])
    return Dictated(best, likely[best] / whole, alone=among_words[best] < likely[best] / 2)


def _readings_of(way: Way) -> dict[str, float]:
    heard = [place for place, word in enumerate(way.words) if word != OTHER]
    begun = [way.begun[place] for place in heard] if way.begun else []
    after = [later - earlier for earlier, later in itertools.pairwise(begun)]
    return readings([way.words[place] for place in heard], after)


def readings(words: Sequence[str], after: Sequence[float] = ()) -> dict[str, float]:
    """The figures that a row of number words may be, and how likely each is; none for words that are no numbers.

    `after`: how many seconds after the word before each word begins, from the second on; empty: not known.
    """
    starts = [1.0, *(_new_number(seconds) for seconds in after or [_NEXT_SECONDS] * (len(words) - 1))]
    found: list[dict[str, float]] = [{"": 1.0}] + [{} for _ in words]
    for start in range(len(words)):
        for figures, share in found[start].items():
            for end, number in _numbers_from(words, start):
                longer = figures + number
                found[end][longer] = max(found[end].get(longer, 0.0), share * starts[start])
        for later in found[start + 1 :]:
            for extra in sorted(later, key=lambda one: -later[one])[_MOST_READINGS:]:
                del later[extra]
    possible = found[-1]
    whole = sum(possible.values())
    return {figures: share / whole for figures, share in possible.items()}


def _new_number(seconds: float) -> float:
    """How likely a number begins with a word that comes so long after the one before, against that one goes on."""
    late = (seconds - _NEXT_SECONDS) / _LATE_SECONDS
    return _SPLIT * math.exp(min(max(late, -_MOST_EARLY), _MOST_LATE))


def _numbers_from(words: Sequence[str], start: int) -> Iterable[tuple[int, str]]:
    """The numbers below a hundred that begin at a word, and where each ends."""
    for end in range(start + 1, min(len(words), start + 5) + 1):
        if number := spelt(" ".join(words[start:end])):
            yield end, number


def _prior(figures: str) -> float:
    if len(figures) > _LONGEST:
        return 0.0
    return 1.0 if len(figures) < _WHOLE_FROM or _is_whole(figures) else _NOT_WHOLE


def _is_whole(figures: str) -> bool:
    """Of a French number, with or without its country."""
    if figures.startswith("33"):
        return len(figures) == 11
    if figures.startswith("0033"):
        return len(figures) == 13
    return len(figures) == 10 and figures[0] == "0" and figures[1] != "0"
