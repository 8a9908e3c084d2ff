"""Words that a recogniser writes one for the other, however clearly they are said: "le CEA" becomes "le SIRET". Pure.

Which, the service's editors know (`hearing.mistaken` of its sentences). What such a word stands in may then have been
said in two ways, none likelier than the other; the dialogue asks which, where it matters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from voice.transcript import folded_words

_WORDS_BEFORE = 2
"""How far before the word what makes it sure may stand: "numéro de SIRET"."""

Mistaken = tuple[str, str, Sequence[str]]
"""The word as it is written, what may have been said, and words after which it is what it is."""


def perhaps_said(text: str, mistaken: Iterable[Mistaken]) -> str:
    """The text as it may have been said instead; the same text when nothing in it is doubtful."""
    for written, said, sure_after in mistaken:
        sure = {folded_words(word) for word in sure_after}

        def other(match: re.Match[str], said: str = said, sure: set[str] = sure) -> str:
            before = folded_words(match.string[: match.start()]).split()[-_WORDS_BEFORE:]
            return match[0] if sure & set(before) else said

        text = re.sub(rf"(?<!\w){re.escape(written)}(?!\w)", other, text, flags=re.I)
    return text
