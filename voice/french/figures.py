"""Numbers below a hundred, from the words that are spoken back to figures, and figures as they are written. Pure."""

from __future__ import annotations

import re

from num2words import num2words

_SPELT = {
    str(num2words(value, lang=lang)).replace("-", " ").replace("vingts", "vingt"): str(value)
    for lang in ("fr_CH", "fr")  # septante, nonante, and what France says
    for value in range(100)
}
_NUMBER = re.compile(
    r"\b(?:"
    + "|".join(re.escape(words).replace(r"\ ", "[ -]") for words in sorted(_SPELT, key=len, reverse=True))
    + r")(?:(?<=vingt)s)?\b(?!-vingt)"  # "trente quatre-vingt" is 30 and 80
)


def in_figures(text: str) -> str:
    """The text, in small letters, with its spoken numbers as figures: "zéro six, vingt et un" is "0 6, 21"."""
    return _NUMBER.sub(_written, text.lower())


def spelt(words: str) -> str | None:
    """The figures of one number below a hundred, its words with spaces between them: "quatre vingt un" is "81"."""
    return _SPELT.get(words)


def in_pairs(figures: str) -> str:
    """As the French write them: "06 12 34"."""
    return " ".join(figures[at : at + 2] for at in range(0, len(figures), 2))


def _written(match: re.Match[str]) -> str:
    return _SPELT[match[0].replace("-", " ").replace("vingts", "vingt")]
