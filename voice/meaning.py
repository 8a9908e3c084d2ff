"""What an utterance was, as far as can be told before anybody is asked: a choice, a noise, unclear words. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bot.dialogue import Choice
from voice.endpointing import farewell, nod, short_answer
from voice.short_answers import LONGEST_SECONDS, chosen
from voice.turn import Hearing

_NOISE_SECONDS = 0.8
"""Sounds without words up to this long are passed over in silence; longer ones are owned up to."""


def choice_named(hearing: Hearing | None, choices: Sequence[Choice]) -> Choice | None:
    """The choice that was named by its number, among those just offered; one alone is answered by yes or no.

    What only sounds like a number must be short. Where others talk in the room, nothing is: there it must be one.
    """
    if hearing is None or not hearing.plausible or len(choices) < 2:
        return None
    readings = [hearing.question, *(one.text for one in hearing.alternatives)]
    if hearing.speech_seconds > LONGEST_SECONDS:
        readings = [hearing.question] if short_answer(hearing.question) else []
    place = chosen(readings, len(choices))
    return None if place is None else choices[place]


def is_clear(hearing: Hearing | None) -> bool:
    """Whether words were said, and understood."""
    return hearing is not None and hearing.plausible and hearing.certainty not in ("low", "none")


def is_noise(hearing: Hearing | None) -> bool:
    """A sound without words, too short for anybody to expect an answer."""
    return hearing is not None and not hearing.plausible and hearing.speech_seconds < _NOISE_SECONDS


def was_nothing(hearing: Hearing | None, *, more_to_say: bool) -> bool:
    """Whether what stopped the bot was a noise, or a sign that somebody listens while there is `more_to_say`."""
    if hearing is None or not hearing.plausible:
        return True
    if not is_clear(hearing):
        return hearing.speech_seconds < _NOISE_SECONDS
    return more_to_say and nod(hearing.text)


def parts(hearing: Hearing | None, ending: str) -> bool:
    """Whether what was said over the bot's goodbye leaves it at that; `ending` is why the call was ending.

    After a goodbye, that is everything but clear words that are not one. Who has been silent is there after all when
    anything was said.
    """
    if ending == "goodbye":
        return hearing is None or not is_clear(hearing) or farewell(hearing.text)
    return was_nothing(hearing, more_to_say=False)
