"""Numbers in French words."""

from __future__ import annotations

import re

from num2words import num2words

_LONGEST_NUMBER = 12
"""Above 999 billion nobody follows: longer digit strings are codes, said in groups."""


def cardinal(digits: str, *, feminine: bool = False) -> str:
    """An integer; leading zeros are said, and a code of more than 12 digits is said by threes."""
    if len(digits) > _LONGEST_NUMBER:
        return grouped([digits[start : start + 3] for start in range(0, len(digits), 3)])
    zeros = len(digits) - len(digits.lstrip("0"))
    if zeros == len(digits):
        return " ".join(["zéro"] * len(digits))
    words = str(num2words(int(digits), lang="fr"))
    if feminine and words.endswith("un"):
        words += "e"
    return " ".join(["zéro"] * zeros + [words])


def grouped(groups: list[str]) -> str:
    """Groups of digits with a pause between them, as telephone numbers are said."""
    return ", ".join(cardinal(group) for group in groups)


def ordinal(number: int, *, feminine: bool = False) -> str:
    """Premier, deuxième, …"""
    if number == 1:
        return "première" if feminine else "premier"
    if number == 0 or number >= 10**_LONGEST_NUMBER:
        return cardinal(str(number))
    # The library writes "quatre-vingtsième", "deux centsième".
    return re.sub(r"(?<=vingt|.cent)sième$", "ième", str(num2words(number, lang="fr", to="ordinal")))


def decimal(whole: str, fraction: str) -> str:
    """2,05: deux virgule zéro cinq."""
    return f"{cardinal(whole)} virgule {cardinal(fraction)}"


def counted(digits: str, singular: str, plural: str, *, feminine: bool = False) -> str:
    """A number of things; zero and one take the singular."""
    of = "de " if _is_round_million(digits) else ""
    if of and plural[0] in "aeiouhéê":
        of = "d'"
    noun = plural if digits.lstrip("0") not in ("", "1") else singular
    return f"{cardinal(digits, feminine=feminine)} {of}{noun}"


def _is_round_million(digits: str) -> bool:
    return 7 <= len(digits) <= _LONGEST_NUMBER and digits.endswith("000000")


def roman(numeral: str) -> int:
    """Value of a Roman numeral; 0 when it is not written the usual way."""
    values = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}
    total = 0
    for letter, following in zip(numeral, [*numeral[1:], ""], strict=True):
        value = values[letter]
        total += -value if values.get(following, 0) > value else value
    return total if _as_roman(total) == numeral else 0


def _as_roman(number: int) -> str:
    pairs = ((100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))
    text = ""
    for value, letters in pairs:
        count, number = divmod(number, value)
        text += letters * count
    return text
