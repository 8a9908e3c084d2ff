"""Numbers that are names: telephone numbers, registration numbers, articles of law. Said in groups."""

from __future__ import annotations

import re

from voice.french.numbers import cardinal, grouped
from voice.french.tables import LETTERS, SHORT_PHONES

_SHORT_PHONE = "|".join(f"{number[:2]} ?{number[2:]}" for number in sorted(SHORT_PHONES))


def phones(text: str) -> str:
    """French numbers, national or international, the short ones where they are announced ("le 3646"), and those of
    other countries by pairs."""
    text = re.sub(
        r"(?<![0-9+])(?:\+|00)33[ .]?(?:\(0\))?[ .]?([1-9])((?:[ .]?[0-9]{2}){4})(?![0-9])",
        lambda m: f"plus trente-trois, {grouped([m[1], *_pairs(m[2])])}",
        text,
    )
    text = re.sub(r"(?<![0-9+])\+([0-9](?:[ .]?[0-9]){6,14})(?![0-9])", lambda m: f"plus {grouped(_pairs(m[1]))}", text)
    text = re.sub(
        r"(?<![0-9])0[ .]?(8[0-9]{2})[ .]?([0-9]{3})[ .]?([0-9]{3})(?![0-9])",
        lambda m: f"zéro {grouped([m[1], m[2], m[3]])}",
        text,
    )
    text = re.sub(
        r"(?<![0-9])0[ .]?(8[0-9]{2})((?:[ .]?[0-9]{2}){3})(?![0-9])",
        lambda m: f"zéro {grouped([m[1], *_pairs(m[2])])}",
        text,
    )
    text = re.sub(r"(?<![0-9])(0[1-9])((?:[ .-]?[0-9]{2}){4})(?![0-9])", lambda m: grouped([m[1], *_pairs(m[2])]), text)
    return re.sub(
        rf"(?i)\b(le |au |appelez |composez |numéro )({_SHORT_PHONE})(?! ?[0-9€%])\b",
        lambda m: m[1] + " ".join(cardinal(pair) for pair in _pairs(m[2])),
        text,
    )


def registrations(text: str) -> str:
    """Siret (14 digits), and Siren (9) only where it is named: elsewhere that is a number of millions. Also the
    numbers of associations (W and 9 digits), activities (94.99Z) and judgments (n° 14-13.127)."""
    text = re.sub(
        r"(?<![0-9])([0-9]{3}) ?([0-9]{3}) ?([0-9]{3}) ?([0-9]{5})(?! ?[0-9])",
        lambda m: grouped(list(m.groups())),
        text,
    )
    text = re.sub(
        r"\bW ?([0-9]{3}) ?([0-9]{3}) ?([0-9]{3})(?![0-9])",
        lambda m: f"{LETTERS['W']}, {grouped(list(m.groups()))}",
        text,
    )
    text = re.sub(
        r"\b([0-9]{2})\.?([0-9]{2}) ?([A-Z])\b(?!')",
        lambda m: f"{cardinal(m[1])}, {cardinal(m[2])}, {LETTERS[m[3]]}",
        text,
    )
    text = re.sub(r"(?<=numéro )([0-9]{2})-([0-9]{2})\.([0-9]{3})(?![0-9])", lambda m: grouped(list(m.groups())), text)
    text = re.sub(r"(?<![0-9])([0-9]{3}) ?([0-9]{3}) ?([0-9]{3})(?= RCS\b)", lambda m: grouped(list(m.groups())), text)
    return re.sub(
        r"(?i)(\bsiren\b[^0-9.]{0,12})([0-9]{3}) ?([0-9]{3}) ?([0-9]{3})(?! ?[0-9])",
        lambda m: m[1] + grouped([m[2], m[3], m[4]]),
        text,
    )


def articles_of_law(text: str) -> str:
    """L. 133-5-1: elle cent trente-trois tiret cinq tiret un."""
    return re.sub(
        r"\b([LRD])(?:\. ?|(?= ?[0-9]+-))\*? ?([0-9]+(?:-[0-9]+)*)",
        lambda m: f"{LETTERS[m[1]]} {' tiret '.join(cardinal(number) for number in m[2].split('-'))}",
        text,
    )


def _pairs(text: str) -> list[str]:
    digits = re.sub(r"[^0-9]", "", text)
    return [digits[start : start + 2] for start in range(0, len(digits), 2)]
