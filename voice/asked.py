"""What the bot's last words ask for: one of several things, a yes or no, or anything at all. Pure.

An answer is half known before it is given: after "Voulez-vous plus de détails ?" a short sound is more likely "oui"
than anywhere else, and is believed a little sooner (`voice/short_words.py`). French asks for a yes or no by turning
pronoun and verb round, or by "est-ce que"; with a word that asks (quel, comment, où) it wants something else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from voice.turn import Expecting

_TURNED = re.compile(r"\b(?:est-ce|\w+-(?:t-)?(?:vous|je|nous|il|elle|ils|elles|on))\b", re.IGNORECASE)
_ASKS_FOR_MORE = re.compile(
    r"\b(?:qu|quel|quels|quelle|quelles|lequel|laquelle|qui|quoi|comment|combien|où|quand|pourquoi|pouvez-vous)\b",
    re.IGNORECASE,
)
_SAYS_SO = re.compile(r"\b(?:dites|répondez(?: par)?) oui\b", re.IGNORECASE)
_SENTENCE = re.compile(r"[^.!?…]*[.!?…]+")


def asked_for(texts: Sequence[str], choices: int) -> Expecting:
    """`texts` are what was said last, `choices` how many things were offered in it."""
    if choices > 1:
        return Expecting.CHOICE
    if choices == 1 or (texts and _asks_yes_or_no(texts[-1])):
        return Expecting.YES_OR_NO
    return Expecting.QUESTION


def _asks_yes_or_no(text: str) -> bool:
    """Whether its last question can be answered by yes or no."""
    questions = [one for one in _SENTENCE.findall(text) if one.endswith("?")]
    if _SAYS_SO.search(text):
        return True
    return bool(questions and _TURNED.search(questions[-1]) and not _ASKS_FOR_MORE.search(questions[-1]))
