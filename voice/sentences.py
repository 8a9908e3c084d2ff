"""Cutting a text where a speaker breathes, so that the caller hears the first piece while the next is being made.

A sentence is the unit of synthesis and of the cache. A long first sentence is cut once more, at a comma,
because the wait for the first sound is proportional to the first piece.
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
_CLAUSE = re.compile(r"[,;:](?=\s)")


def sentences(text: str) -> list[str]:
    """The pieces to synthesise one after another, in order, none empty; joined by a space they are the text.

    Lines are separate sentences. "M. Dupont", "n° 12", "L. 133-5", "1 250,50" and "www.urssaf.fr" stay whole.
    """
    whole = [sentence for line in text.splitlines() for sentence in _split_line(line.strip()) if sentence]
    pieces = [*_shorten_first(whole[0]), *whole[1:]] if whole else []
    return [short for piece in pieces for short in _within_limit(piece)]


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
