"""Abbreviations, initials, web and e-mail addresses."""

from __future__ import annotations

import re
from collections.abc import Mapping

from voice.french.tables import ABBREVIATIONS, DOMAINS, LETTERS, PLAIN_WORDS

_ABBREVIATIONS = [(re.compile(rf"(?<![\w.]){pattern}"), said) for pattern, said in ABBREVIATIONS]

_HOST = r"(?:[\w-]+\.)+"
_PATH = r"(?::[0-9]+)?(?:/[^\s)»]*)?(?<![.,;:!?])"
_WEB = re.compile(rf"(?i)(?:https?://|(?<=\b)(?=www\.))({_HOST}[a-z]{{2,}}){_PATH}")
_BARE_SITE = re.compile(rf"(?i)(?<![\w@.-])({_HOST}(?:{'|'.join(DOMAINS)}))(?![\w-]|\.\w){_PATH}")
_EMAIL = re.compile(rf"(?i)\b([\w.+-]+)@({_HOST}[a-z]{{2,}})\b")
_MARKS = {".": " point ", "-": " tiret ", "_": " tiret bas ", "+": " plus "}


def abbreviations(text: str) -> str:
    """M., Mme, n°, art., etc."""
    for pattern, said in _ABBREVIATIONS:
        text = pattern.sub(said, text)
    return re.sub(r"(et cétéra)(?=\s+[A-ZÀ-Ý]|\s*$)", r"\1.", text)


def addresses(text: str, exceptions: Mapping[str, str]) -> str:
    """Of a web address only the site is said: nobody can note down the rest."""
    text = _EMAIL.sub(lambda m: f"{_labels(m[1], exceptions)} arobase {_site(m[2], exceptions)}", text)
    text = _WEB.sub(lambda m: _site(m[1], exceptions), text)
    return _BARE_SITE.sub(lambda m: _site(m[1], exceptions), text)


def _site(host: str, exceptions: Mapping[str, str]) -> str:
    *names, domain = host.split(".")
    ending = DOMAINS.get(domain.lower()) or _label(domain, exceptions)
    return " point ".join([*(_labels(name, exceptions) for name in names), ending])


def _labels(name: str, exceptions: Mapping[str, str]) -> str:
    parts = re.split(r"([.+_-])", name)
    return "".join(_MARKS.get(part) or _label(part, exceptions) for part in parts)


def _label(word: str, exceptions: Mapping[str, str]) -> str:
    said = exceptions.get(word.upper())
    if said is None and word.upper() in PLAIN_WORDS:
        return word
    if said is None and len(word) <= 3 and word.isascii() and word.isalpha():
        return spelt(word)
    return said or word


def phrases(text: str, exceptions: Mapping[str, str]) -> str:
    """Exceptions that are more than one word, or not of letters only: "Impact emploi", "1-2-3 Asso"."""
    keys = sorted((key for key in exceptions if not key.isalpha()), key=len, reverse=True)
    if not keys:
        return text
    pattern = rf"(?i)(?<!\w)(?:{'|'.join(map(re.escape, keys))})(?!\w)"
    return re.sub(pattern, lambda m: exceptions.get(m[0].upper(), m[0]), text)


def initials(text: str, exceptions: Mapping[str, str]) -> str:
    """Letter by letter, or as the word that they have become; words in capitals as ordinary ones."""
    text = re.sub(r"\b(?:[A-Z]\.){2,}", lambda m: spelt(m[0].replace(".", "")), text)
    text = re.sub(r"(?i)\be-mails?\b", lambda m: exceptions.get("E-MAIL", m[0]), text)
    return re.sub(r"[^\W0-9_]+", lambda m: _said(m[0], exceptions), text)


def _said(word: str, exceptions: Mapping[str, str]) -> str:
    exception = exceptions.get(word.upper())
    if exception is not None:
        return exception
    if word.isupper() and len(word) > 1:
        ordinary = word in PLAIN_WORDS or len(word) > 5 or not word.isascii()
        return word.lower() if ordinary else spelt(word)
    singular = word.removesuffix("s")  # CDDs
    capitals = sum(letter.isupper() for letter in singular)
    return spelt(singular) if capitals >= 3 and len(singular) <= 6 and singular.isascii() else word


def spelt(word: str) -> str:
    """Letters, as they are named."""
    return " ".join(LETTERS.get(letter, letter) for letter in word.upper())
