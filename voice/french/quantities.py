"""Dates, hours, amounts, measures and plain numbers, from digits to words."""

from __future__ import annotations

import re

from voice.french.numbers import cardinal, counted, decimal, ordinal, roman
from voice.french.tables import FEMININE, FRACTIONS, LETTERS, MONTHS, NOT_COUNTED, SOUNDED, UNITS

_NUMBER = r"(?<![0-9])([0-9]+)"
_NOUN = re.compile(rf"\b({'|'.join(SOUNDED)})(?= (?:{'|'.join(NOT_COUNTED)})\b)(?! pour cent)")
_UNIT = "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True))


def dates(text: str) -> str:
    """15/03/2025, 15.03.2025, 2025-03-15; "le 15/03" without a year, "03/2025" without a day."""
    text = re.sub(r"\b([0-9]{4})-([0-9]{2})-([0-9]{2})\b", lambda m: _date(m[0], m[3], m[2], m[1]), text)
    text = re.sub(
        r"(?<![0-9/.])([0-9]{1,2})(?:/([0-9]{1,2})/([0-9]{4}|[0-9]{2})|\.([0-9]{1,2})\.([0-9]{4}))(?![0-9/]|\.[0-9])",
        lambda m: _date(m[0], m[1], m[2] or m[4], m[3] or m[5]),
        text,
    )
    text = re.sub(
        r"(?<![0-9/])(0?[1-9]|1[0-2])/((?:19|20)[0-9]{2})(?![0-9/])",
        lambda m: f"{MONTHS[int(m[1]) - 1]} {cardinal(m[2])}",
        text,
    )
    return re.sub(r"(?i)(?<=le |du |au )([0-9]{1,2})/([0-9]{2})(?![0-9/])", lambda m: _date(m[0], m[1], m[2], ""), text)


def _date(written: str, day: str, month: str, year: str) -> str:
    if not (1 <= int(day) <= 31 and 1 <= int(month) <= 12):
        return written
    spoken_day = "premier" if int(day) == 1 else cardinal(str(int(day)))
    spoken_year = cardinal(year if len(year) == 4 else f"20{year}") if year else ""
    return f"{spoken_day} {MONTHS[int(month) - 1]} {spoken_year}".rstrip()


def hours(text: str) -> str:
    """17h30, 9 h, 17:30, 24h/24."""
    text = re.sub(r"\b24 ?h(?:eures)? ?/ ?24\b", "vingt-quatre heures sur vingt-quatre", text)
    text = re.sub(r"\b7 ?j(?:ours)? ?/ ?7\b", "sept jours sur sept", text)
    text = re.sub(r"\b([01]?[0-9]|2[0-4]):([0-5][0-9])\b", r"\1h\2", text)
    text = re.sub(r"(?<=[0-9hH]) ?[-–] ?(?=[0-9]{1,2} ?[hH](?![^\W0-9]))", " à ", text)
    return re.sub(r"\b([0-9]{1,4}) ?[hH](?: ?([0-5][0-9])\b|\b)", _hour, text)


def _hour(match: re.Match[str]) -> str:
    whole = counted(match[1].lstrip("0") or "0", "heure", "heures", feminine=True)
    minutes = (match[2] or "").lstrip("0")
    return f"{whole} {cardinal(minutes)}" if minutes else whole


def negatives(text: str) -> str:
    """-5: moins 5."""
    return re.sub(r"(?<![\w-])-(?=[0-9])", "moins ", text)


def rates(text: str) -> str:
    """A slash before a unit of time or a head: 12 €/h, 4 h/semaine."""
    text = re.sub(r"(?<=[\w€%]) ?/ ?(heure|jour|semaine|mois|an|personne|salarié)\b", r" par \1", text)
    return re.sub(r"(?<=€) ?/ ?h\b", " par heure", text)


def thousands(text: str) -> str:
    """1 250 000 becomes one number; so does 1.250.000 of an amount."""
    text = re.sub(
        r"(?<![0-9,.])[0-9]{1,3}(?:\.[0-9]{3})+(?=(?:,[0-9]+)? ?(?:€|euros?\b))", lambda m: m[0].replace(".", ""), text
    )
    return re.sub(r"(?<![0-9,.])[0-9]{1,3}(?: [0-9]{3})+(?![0-9])", lambda m: m[0].replace(" ", ""), text)


def euros(text: str) -> str:
    """11,88 €: onze euros quatre-vingt-huit."""
    text = re.sub(rf"{_NUMBER} ?k€", r"\g<1>000 €", text)
    text = re.sub(rf"{_NUMBER} ?M€", r"\g<1>000000 €", text)
    unit = r" ?(?:€|EUR\b|[eE]uros?\b)"
    text = re.sub(rf"{_NUMBER}\.([0-9]{{2}})(?={unit})", r"\1,\2", text)
    text = re.sub(rf"{_NUMBER},([0-9]{{1,2}}){unit}", _euros_and_cents, text)
    text = re.sub(rf"{_NUMBER},([0-9]{{3,}}){unit}", lambda m: f"{decimal(m[1], m[2])} euros", text)
    return re.sub(rf"(?<![0-9],){_NUMBER}{unit}", lambda m: counted(m[1], "euro", "euros"), text)


def _euros_and_cents(match: re.Match[str]) -> str:
    cents = match[2].ljust(2, "0").lstrip("0")
    if cents and not match[1].strip("0"):
        return counted(cents, "centime", "centimes")
    whole = counted(match[1], "euro", "euros")
    return f"{whole} {cardinal(cents)}" if cents else whole


def measures(text: str) -> str:
    """30 min, 25 m², 1,5 km."""
    return re.sub(rf"{_NUMBER}(?:,([0-9]+))? ?({_UNIT})(?![\w°'])", _measure, text)


def _measure(match: re.Match[str]) -> str:
    singular, plural = UNITS[match[3]]
    if match[2]:
        return f"{decimal(match[1], match[2])} {plural}"
    return counted(match[1], singular, plural, feminine=singular in FEMININE)


def fractions(text: str) -> str:
    """1/2: un demi; 2/5: deux sur cinq."""
    return re.sub(
        r"(?<![0-9/])([0-9]{1,4})/([0-9]{1,4})(?![0-9/])",
        lambda m: FRACTIONS.get((int(m[1]), int(m[2]))) or f"{cardinal(m[1])} sur {cardinal(m[2])}",
        text,
    )


def ordinals(text: str) -> str:
    """1er, 2e, 71ème, XXIe."""
    text = re.sub(r"\b1er(s?)\b", r"premier\1", text)
    text = re.sub(r"\b1(?:re|ère)s?\b", "première", text)
    text = re.sub(r"\b2nds?\b", "second", text)
    text = re.sub(r"\b2ndes?\b", "seconde", text)
    text = re.sub(r"\b([0-9]{1,9})(?:e|è|ème|eme)s?\b", lambda m: ordinal(int(m[1])), text)
    # "Le", "Ce" and "De" are not Roman numerals.
    text = re.sub(r"\b([IVXLC]{2,}|[VX])e\b", lambda m: ordinal(roman(m[1])) if roman(m[1]) else m[0], text)
    return re.sub(r"\bI(er|re)\b", lambda m: ordinal(1, feminine=m[1] == "re"), text)


def numbers(text: str) -> str:
    """All digits that are left: ranges, decimals, versions, codes with letters, integers."""
    text = re.sub(r"\b([A-Z]{1,3})-?(?=[0-9])|\b([B-Z]) (?=[0-9])", _letters_of_code, text)
    text = re.sub(r"(?<=[0-9])(?=[^\W0-9_])|(?<=[^\W0-9_])-?(?=[0-9])", " ", text)
    text = re.sub(r"(?<=[0-9]) ?[-–] ?(?=[0-9])", " à ", text)
    text = re.sub(rf"{_NUMBER},([0-9]+)", lambda m: f"{decimal(m[1], m[2])} ", text)
    text = re.sub(rf"(?<![0-9]\.){_NUMBER}\.([0-9]+)(?!\.?[0-9])", lambda m: f"{decimal(m[1], m[2])} ", text)
    text = re.sub(r"(?<=[0-9])\.(?=[0-9])", " point ", text)
    return re.sub(rf"{_NUMBER}( [^\W0-9_]+)?", _number, text)


def _letters_of_code(match: re.Match[str]) -> str:
    return " ".join(LETTERS[letter] for letter in match[1] or match[2]) + " "


def _number(match: re.Match[str]) -> str:
    following = match[2] or ""
    return cardinal(match[1], feminine=following.strip().lower() in FEMININE) + following


def sounded_finals(text: str) -> str:
    """Six, huit and dix keep their last consonant where they count nothing: "le sisse du mois"."""
    return _NOUN.sub(lambda m: SOUNDED[m[1]], text)
