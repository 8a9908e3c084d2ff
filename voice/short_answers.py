"""What a word or two were meant to be, when only a few things can be meant. Pure.

A recogniser made for sentences writes what a lone word sounds like: "Conseillé !", "Toi.", "Gâtre". Among the handful
of answers that a telephone expects, the sound settles it: the same sound (`bot/nlu/phonetic.py`) or, for words of three
sounds and more, one that a telephone line blurs. Only short sounds may be read so; a sentence is left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from bot.nlu.phonetic import key, near

LONGEST_SECONDS = 1.2
"""Of speech. "Plus lentement", said slowly."""
LEAST_SOUNDS = 3
_MOST_WORDS = 3

COMMANDS = (
    "oui",
    "non",
    "conseiller",
    "un conseiller",
    "une conseillère",
    "répétez",
    "répéter",
    "plus lentement",
    "plus fort",
    "attendez",
    "stop",
    "au revoir",
    "agent",
    "un agent",
    "d'accord",
    "merci",
)
"""What may be said at any moment, as the dialogue understands it."""
NUMBERS = (
    ("un", "le un", "le premier", "la première", "numéro un"),
    ("deux", "le deux", "le deuxième", "la deuxième", "le second", "la seconde", "numéro deux"),
    ("trois", "le trois", "le troisième", "la troisième", "numéro trois"),
)
"""How the first, second and third choice are named."""


def meant(readings: Iterable[str], among: Sequence[str]) -> str | None:
    """The one of `among` that sounds like a reading, the likeliest reading first; None when none does.

    The same sound in any reading counts more than a blurred one in a likelier.
    """
    heard = [sounds for reading in readings if (sounds := _key(reading))]
    possible = [(answer, _key(answer)) for answer in among]
    for sounds in heard:
        for answer, wanted in possible:
            if sounds == wanted:
                return answer
    for sounds in heard:
        for answer, wanted in possible:
            if min(len(sounds), len(wanted)) >= LEAST_SOUNDS and near(sounds, wanted):
                return answer
    return None


def chosen(readings: Sequence[str], choices: int) -> int | None:
    """Which of so many choices was named, from 0 on."""
    for place, names in enumerate(NUMBERS[:choices]):
        if meant(readings[:1], names) is not None:
            return place
    found = meant(readings, [name for names in NUMBERS[:choices] for name in names])
    return next((place for place, names in enumerate(NUMBERS[:choices]) if found in names), None)


def _key(text: str) -> str:
    words = re.findall(r"[^\W\d_]+'?", text.replace("’", "'"))
    return key(words) if 0 < len(words) <= _MOST_WORDS else ""
