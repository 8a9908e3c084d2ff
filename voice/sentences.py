"""Cutting a text where a speaker breathes, so that the caller hears the first piece while the next is being made.

A sentence is the unit of synthesis and of the cache. Three cuts are made inside sentences. After a colon, always: what
is filled into a sentence of the bot ("Vouliez-vous dire : …") stands there, so the fixed half and each title are two
pieces that have been spoken before, and the pause is natural. Around the groups of a telephone number, for the same
reasons: a hundred pairs make them all. And in a long first sentence, at a comma, because the wait for the first sound
is proportional to the first piece.
"""

from __future__ import annotations

import re

_FIRST_PIECE_CHARS = 25
_LONG_FIRST_CHARS = 60
"""A first sentence up to this long (about 4 s) is spoken in one piece."""
_LONGEST_CHARS = 280
"""A voice takes some 500 phonemes at once; intonation is lost long before."""

# A full stop after these does not end a sentence.
_ABBREVIATIONS = frozenset(
    "m mm mme mmes mlle mlles me dr pr st ste art al cf ex p pp l r d n no tél tel bd av env max min etc réf ch".split()
)

_END = re.compile(r"(?P<mark>[.!?…]+)(?:[»\")\]]|\s»)*(?=\s|$)")
_COLON = re.compile(r"(?<=\w:)\s+|(?<=\w\s:)\s+")
_DIGITS = "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize".split()
_TENS = "vingts? trente quarante cinquante soixante cents? et".split()
_GROUP = rf"(?:{'|'.join([*_DIGITS, *_TENS])})(?:[ -](?:{'|'.join([*_DIGITS, *_TENS])}))*"
_DICTATED = re.compile(rf"(?i)(?<!\w)((?:plus )?{_GROUP}(?:, {_GROUP}){{3,}})(?=\s?(?:[,.;:!?…]|$))(\s?[,.;:!?…]+)?")
_CLAUSE = re.compile(r"[,;](?=\s)")
# Where a sentence that has to be made while the caller waits may be cut as well.
_OPENING_WORDS = (
    "et ou mais car puis parce afin pour si quand lorsque dont qui que? dans avec sans sur depuis comme selon".split()
)
_BREATH = re.compile(rf"(?<=[,;])\s+|\s+(?=(?:{'|'.join(_OPENING_WORDS)})\b)")
_SHORTEST_CLAUSE_CHARS = 14


def sentences(text: str) -> list[str]:
    """The pieces to synthesise one after another, in order, none empty; joined by a space they are the text.

    Lines are separate sentences. "M. Dupont", "n° 12", "L. 133-5", "1 250,50" and "www.urssaf.fr" stay whole.
    """
    whole = [sentence for line in text.splitlines() for sentence in _split_line(line.strip()) if sentence]
    halves = [part for sentence in whole for half in _COLON.split(sentence) for part in _by_group(half)]
    pieces = [*_shorten_first(halves[0]), *halves[1:]] if halves else []
    return [short for piece in pieces for short in _within_limit(piece)]


def clauses(piece: str) -> list[str]:
    """A piece that is not in the cache, cut into shorter ones to be made while the caller waits; joined by a space
    they are the piece.

    None is so short that it would be spoken like a list: the first sound comes after a second or so of speech is made.
    """
    parts: list[str] = []
    for part in _BREATH.split(piece):
        if parts and len(parts[-1]) < _SHORTEST_CLAUSE_CHARS:
            parts[-1] = f"{parts[-1]} {part}"
        else:
            parts.append(part)
    if len(parts) > 1 and len(parts[-1]) < _SHORTEST_CLAUSE_CHARS:
        parts[-2:] = [f"{parts[-2]} {parts[-1]}"]
    return parts


def _by_group(sentence: str) -> list[str]:
    """Cuts before, in and after a number of four groups or more, as it is dictated; other sentences stay whole."""
    number = _DICTATED.search(sentence)
    if number is None:
        return [sentence]
    *groups, last = number[1].split(", ")
    before, after = sentence[: number.start()].strip(), sentence[number.end() :].strip()
    pieces = [
        before,
        *(f"{group}," for group in groups),
        last + (number[2] or ""),
        *(_by_group(after) if after else ()),
    ]
    return [piece for piece in pieces if piece]


def _split_line(line: str) -> list[str]:
    found, start = [], 0
    for match in _END.finditer(line):
        stop = set(match["mark"]) <= set(".…")
        if stop and not _ends_sentence(line[start : match.start()], line[match.end() :]):
            continue
        found.append(line[start : match.end()].strip())
        start = match.end()
    return [*found, line[start:].strip()]


def _ends_sentence(before: str, after: str) -> bool:
    """Whether a full stop between these is the end of a sentence."""
    following = after.lstrip(" \u00a0\u202f»\"'«(")
    if not following:
        return True
    words = re.findall(r"[^\W\d_]+", before)
    last = words[-1] if words else ""
    if before.endswith(last) and last:
        if last.lower() == "etc":
            return following[0].isupper()
        if last.lower() in _ABBREVIATIONS and (before[: -len(last)] or " ")[-1] in " \u00a0\u202f('’«":
            return False
        if len(last) == 1 and last.isupper():  # initials: J. Martin
            return False
    return not following[0].islower()


def _shorten_first(sentence: str) -> list[str]:
    if len(sentence) <= _LONG_FIRST_CHARS:
        return [sentence]
    for match in _CLAUSE.finditer(sentence):
        if match.start() >= _FIRST_PIECE_CHARS:
            rest = sentence[match.end() :].strip()
            # A tail of a word or two would be spoken like an afterthought.
            return [sentence[: match.end()], rest] if len(rest) >= 12 else [sentence]
    return [sentence]


def _within_limit(piece: str) -> list[str]:
    """Cuts an endless sentence at the last clause within the limit, or failing that between words."""
    pieces = []
    while len(piece) > _LONGEST_CHARS:
        head = piece[:_LONGEST_CHARS]
        clauses = [match.end() for match in _CLAUSE.finditer(head) if match.end() > _LONGEST_CHARS // 3]
        spaces = [match.start() for match in re.finditer(r" ", head)]
        cut = clauses[-1] if clauses else spaces[-1] if spaces else _LONGEST_CHARS
        pieces.append(piece[:cut].strip())
        piece = piece[cut:].strip()
    return [*pieces, piece] if piece else pieces
