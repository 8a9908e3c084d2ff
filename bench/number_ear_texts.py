"""What is said to `bench/number_ear.py`: telephone numbers as the French say them, parts of them, and anything else.

A text is what is said; what in it is no number stands in brackets: "[mon numéro c'est le] zéro six, vingt et un".
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from num2words import num2words

from bench.short_words_texts import ANSWERS, OTHER_WORDS
from voice.number_ear import OTHER, TOKENS

WORDS = TOKENS[:-1]
_BEFORE = (
    "c'est le", "mon numéro c'est le", "le", "au", "euh", "alors", "oui alors c'est le", "vous pouvez m'appeler au",
    "rappelez-moi au", "notez", "attendez, c'est le", "mon téléphone, c'est", "oui", "non, c'est le", "je répète",
)  # fmt: skip
_BETWEEN = ("euh", "ensuite", "et puis", "attendez", "pardon")
_AFTER = ("voilà", "merci", "c'est ça", "s'il vous plaît", "c'est mon portable", "voilà merci")
_SEPARATORS = (", ", ", ", " ", ". ")


def whole(rng: np.random.Generator, *, by_figure: bool) -> str:
    """A number of ten figures, in pairs or figure by figure."""
    figures = "0" + str(rng.integers(1, 10)) + "".join(str(one) for one in rng.integers(0, 10, 8))
    separator = str(rng.choice(_SEPARATORS))
    groups = list(figures) if by_figure else [figures[at : at + 2] for at in range(0, 10, 2)]
    return _dressed(rng, [said(one) for one in groups], separator)


def part(rng: np.random.Generator, *, by_figure: bool) -> str:
    """One to three pairs, or two to four figures, as they stand between two pauses."""
    if by_figure:
        groups = [str(one) for one in rng.integers(0, 10, rng.integers(2, 5))]
    else:
        groups = [f"{rng.integers(0, 100):02}" for _ in range(rng.integers(1, 4))]
    return ", ".join(said(one) for one in groups)


def other(rng: np.random.Generator, questions: Sequence[str]) -> str:
    """Words that are no part of a number."""
    lot = rng.random()
    if lot < 0.45:
        return f"[{rng.choice(questions)}]"
    texts = OTHER_WORDS if lot < 0.75 else [wording for meaning in sorted(ANSWERS) for wording in ANSWERS[meaning]]
    text = str(rng.choice(list(texts)))
    return f"[{text}]" if not tokens(text, WORDS) else other(rng, questions)


def said(figures: str) -> str:
    """A pair or a figure in words: "zéro six", "quatre-vingt-un", "sept"."""
    if len(figures) > 1 and figures[0] == "0":
        return f"zéro {said(figures[1])}"
    return str(num2words(int(figures), lang="fr"))


def plain(text: str) -> str:
    """As it is spoken."""
    return text.replace("[", "").replace("]", "")


def tokens(text: str, words: Sequence[str] = TOKENS) -> list[str]:
    """The number words of a text in their order, and one token for each stretch in brackets."""
    marked = re.sub(r"\[[^]]*\]", f" {OTHER} ", text.lower()).replace("vingts", "vingt")
    return [word for word in re.findall(r"\w+", marked) if word in words]


def _dressed(rng: np.random.Generator, groups: list[str], separator: str) -> str:
    if rng.random() < 0.08:
        groups.insert(int(rng.integers(1, len(groups))), f"[{rng.choice(_BETWEEN)}]")
    before = f"[{rng.choice(_BEFORE)}] " if rng.random() < 0.3 else ""
    after = f", [{rng.choice(_AFTER)}]" if rng.random() < 0.08 else ""
    return before + separator.join(groups) + after
