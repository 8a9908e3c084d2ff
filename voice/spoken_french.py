"""Written French as it is said: "le 15/03/2025, 11,88 €" has to be words before a voice reads it.

The phonemiser behind the voice says "quinze zéro trois" for a date, "neuf ache" for 9 h, "dpé" for DPAE, and ends a
sentence after "M.". Each kind of writing has one small function in `voice.french`; their order matters (a date
before a fraction, an amount before a number), and the last steps leave nothing but words and punctuation.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from voice.french.codes import articles_of_law, phones, registrations
from voice.french.numbers import cardinal
from voice.french.quantities import (
    dates,
    euros,
    fractions,
    hours,
    measures,
    negatives,
    numbers,
    ordinals,
    rates,
    sounded_finals,
    thousands,
)
from voice.french.tables import PRONUNCIATIONS, SYMBOLS
from voice.french.words import abbreviations, addresses, initials, phrases

__all__ = ["DEFAULT", "speak", "with_exceptions"]

DEFAULT: Mapping[str, str] = PRONUNCIATIONS
"""How a word (the key, in capitals) is said, in whatever case it is written. Short capitals not here are spelt."""


def with_exceptions(pronunciation: Mapping[str, str]) -> Mapping[str, str]:
    """The general French pronunciations with a service's own over them; it may write its words in any case."""
    return {**DEFAULT, **{written.upper(): said for written, said in pronunciation.items()}}


def speak(text: str, exceptions: Mapping[str, str] = DEFAULT) -> str:
    """A text to be read by a voice: words and punctuation, no digit, no mark-up. May be empty.

    Give it whole texts or single sentences; what it returns is one line.
    """
    text = _lines_as_sentences(_without_markdown(_plain_characters(text)))
    text = abbreviations(phrases(addresses(text, exceptions), exceptions))
    for step in (
        dates,
        hours,
        negatives,
        rates,
        phones,
        registrations,
        articles_of_law,
        thousands,
        euros,
        measures,
        fractions,
        ordinals,
        numbers,
        sounded_finals,
    ):
        text = step(text)
    return _tidy(_symbols(initials(text, exceptions)))


def _plain_characters(text: str) -> str:
    """One kind of space, apostrophe, hyphen and digit."""
    text = unicodedata.normalize("NFC", text)
    text = re.sub("[\u00a0\u2000-\u200a\u202f\u205f\t]", " ", text)
    text = re.sub("[\u200b-\u200f\u2060\ufeff\u00ad]", "", text)
    text = re.sub("[’ʼ]", "'", text)
    text = re.sub("[‐‑−]", "-", text)
    text = text.replace("ᵉʳ", "er").replace("ʳᵉ", "re").replace("ᵉ", "e")
    return "".join(_ascii_digit(letter) for letter in text)


def _ascii_digit(letter: str) -> str:
    return str(unicodedata.digit(letter)) if letter.isdigit() and letter != "²" else letter


def _without_markdown(text: str) -> str:
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"(?m)^\s{0,3}(?:#{1,6}|>|[-*•+]|[0-9]+[.)])\s+", "", text)
    text = re.sub(r"(\*\*|__)(.+?)\1", r"\2", text)
    text = re.sub(r"(?<!\w)([*_`])(?=\S)(.+?)(?<=\S)\1(?!\w)", r"\2", text)
    return re.sub(r"(?<= )\*(?= |[.,]|$)", "étoile", text)  # the telephone key


def _lines_as_sentences(text: str) -> str:
    """A title or an item of a list ends like a sentence."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    ended = [line if line[-1] in ".!?…:;," else f"{line}." for line in lines[:-1]]
    return " ".join([*ended, *lines[-1:]])


def _symbols(text: str) -> str:
    text = re.sub(r"(?<=\w)\(\w{1,3}\)", "", text)  # salarié(e)s
    text = re.sub(r"(?<=\w)(?:·\w{1,3})+", "", text)  # salarié·e·s
    return "".join(_symbol(letter) for letter in text)


def _symbol(letter: str) -> str:
    if letter in SYMBOLS:
        return SYMBOLS[letter]
    if letter.isdigit():
        return f" {cardinal(str(unicodedata.digit(letter)))} "
    return " " if unicodedata.category(letter) in ("So", "Sk", "Cc", "Cn", "Co", "Cs", "Mn", "Me") else letter


def _tidy(text: str) -> str:
    """Punctuation as the voice expects it: one space, no pause on top of another, none at the start; capitals."""
    text = re.sub(r"\s+", " ", text)
    text = re.sub(r" +(?=[.,])", "", text)
    text = re.sub(r"(?:,\s*)+(?=[.,;:!?])", "", text)
    text = re.sub(r"([.;:!?])(?:\s*,)+", r"\1", text)
    text = text.strip(" ,;")
    # A number written in digits now opens its sentence with a small letter.
    return re.sub(r"(?:^|(?<=[.!?…] ))[^\W\d_]", lambda m: m[0].upper(), text)
