"""When is a turn over? The silence that must follow, from what was said and what was asked. Pure.

A fixed silence is either too long after "oui" or too short inside a telephone number. The transcript is there before
the silence is over (it is made speculatively), so it can say which of the two this is.
"""

from __future__ import annotations

import re
import unicodedata

from voice.patience import Patience
from voice.turn import Hearing

# A sentence that ends on one of these is not finished: the caller is looking for the next word.
_OPEN_ENDINGS = frozenset(
    """de du des d le la les l un une et ou mais pour par avec sans dans sur a au aux que qu qui si euh heu hum ben donc
    alors est mon ma mes notre nos votre vos son sa ses ce cette ces je j on il elle chez entre vers quel
    quelle quels quelles comme parce puis c""".split()
)
_NUMBER_WORDS = frozenset(
    """zero un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize vingt trente
    quarante cinquante soixante cent cents mille""".split()
)
_NO_CHOICE = _NUMBER_WORDS - frozenset("zero un deux trois quatre cinq".split()) | frozenset("6789")
"""Never said but to begin a number: no more than three things are offered."""
_BEGINNING_SECONDS = 1.2
"""Words that are not understood, and fewer than this, may be a beginning, for which it is too early to apologise."""
_FAREWELL = frozenset(
    """merci beaucoup bien au revoir a bientot prochaine la une tres bonne bon journee soiree apres midi week end
    vous aussi de meme egalement madame monsieur oui ouais ok okay d accord non c est gentil parfait super entendu
    voila ca marche bye salut ciao et""".split()
)
_WHOLE_NUMBER = re.compile(r"0[1-9]\d{8}")
_YEAR = re.compile(r"(?:19|20)\d\d")
_SHORT = frozenset(
    """oui, non, ouais, si, ok, okay, d'accord, merci, stop, conseiller, un conseiller, une conseillere, repetez,
    repeter, plus lentement, plus fort, attendez, allo, un, deux, trois, quatre, cinq, zero, le un, le deux, le trois,
    le premier, la premiere, le deuxieme, la deuxieme, le second, la seconde, le troisieme, la troisieme, oui oui,
    oui merci, non merci, d'accord merci, oui s'il vous plait, au revoir, bonjour, aide, agent, pardon, suivant,
    retour, voila, exactement, tout a fait, c'est ca, jamais, numero un, numero deux, numero trois""".replace(
        "\n    ", " "
    ).split(", ")
)
_NODS = frozenset(
    """oui, ouais, ok, okay, d'accord, mh, hm, hum, mhm, ah, ah oui, ah d'accord, oui oui, bien, tres bien, voila,
    merci, je vois, entendu, parfait, super, ah bon, bon, oui d'accord, ok merci""".replace("\n    ", " ").split(", ")
)


def silence_that_ends(
    hearing: Hearing | None, patience: Patience, *, dictated: bool = False, interrupts: bool = False
) -> float:
    """Seconds of silence after which the caller's turn is over. `hearing` is None while nothing is transcribed.

    `dictated`: a number may come in any case, whose groups are waited for until it is whole. `interrupts`: the bot has
    stopped in the middle of something, and goes on if it was nothing.
    """
    if dictated:
        is_whole = hearing is not None and hearing.certainty == "high" and whole_number(hearing.text)
        return patience.turn_over_seconds if is_whole else patience.turn_over_digits_seconds
    if hearing is None:
        return patience.turn_over_seconds
    if dictating(hearing.text):
        return patience.turn_over_digits_seconds
    if not hearing.plausible:
        return patience.turn_over_seconds
    if short_answer(hearing.text):
        return patience.turn_over_short_seconds
    if hearing.certainty == "low" and hearing.speech_seconds < _BEGINNING_SECONDS and not interrupts:
        return patience.turn_over_unfinished_seconds
    if unfinished(hearing.text):
        return patience.turn_over_unfinished_seconds
    if hearing.certainty == "high" and hearing.text.rstrip().endswith((".", "?", "!")):
        return patience.turn_over_complete_seconds
    return patience.turn_over_seconds


def unfinished(text: str) -> bool:
    """Whether the last word opens something that has not come yet, or the recogniser itself heard it trail off."""
    words = _words(text)
    return bool(words) and (words[-1] in _OPEN_ENDINGS or text.rstrip().endswith((",", "...", "…", "-")))


def dictating(text: str) -> bool:
    """Whether the text ends in a number that may go on: people say a Siret or a telephone number in groups.

    Every dictated number that was cut in the measures ended in figures ("C'est le 552.", "06, 74."), no question of the
    service did, but for years. A single figure from six on is the first of a number.
    """
    if text.rstrip().endswith("?"):
        return False
    words = _words(text)
    if not words:
        return False
    if _YEAR.fullmatch(words[-1]):
        return False
    if len(words) == 1 and words[0] in _NO_CHOICE:
        return True
    if words[-1].isdigit():
        return len(words[-1]) > 1 or (len(words) > 1 and words[-2].isdigit())
    return len(words) > 1 and words[-1] in _NUMBER_WORDS and words[-2] in _NUMBER_WORDS


def whole_number(text: str) -> bool:
    """Whether the text is a French telephone number and nothing else: no figure is to come."""
    return bool(_WHOLE_NUMBER.fullmatch(re.sub(r"[\s.,]", "", text)))


def lone_number(text: str) -> bool:
    """Whether the text is figures or number words, and nothing else."""
    words = _words(text)
    return bool(words) and all(word.isdigit() or word in _NUMBER_WORDS for word in words)


def short_answer(text: str) -> bool:
    """Whether the text is one of the words by which people answer, choose or ask for a person."""
    return _folded(text) in _SHORT


def nod(text: str) -> bool:
    """Whether the text only tells that its speaker is listening ("d'accord", "oui oui")."""
    return _folded(text) in _NODS


def farewell(text: str) -> bool:
    """Whether the text is made of the words by which people part, and of nothing else."""
    return all(word in _FAREWELL for word in _words(text))


def _folded(text: str) -> str:
    """Small letters, no accents, one space between words; apostrophes are kept."""
    plain = unicodedata.normalize("NFD", text.lower().replace("’", "'"))
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return " ".join(re.findall(r"[\w']+", letters))


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", _folded(text))
