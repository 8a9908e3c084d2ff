"""What a recogniser says it heard, and how far to trust it.

Whisper always writes something, be it for a dial tone. Two of its figures tell words from inventions, and words
to act on from words to have confirmed (real telephone speech, share of wrong words beside): average log
probability above -0.4, 8 to 11 %; down to -0.9, 31 to 58 %; below, 77 to 79 %.

A word by itself is unlikely to it, right or not: "oui", "non", "stop", rightly heard, have -0.9 to -1.5. But hardly any
sound is taken for one of the words by which people answer: none of two hundred noises was. So these are believed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from bot.dialogue import Reading
from voice.endpointing import dictating, short_answer

Certainty = Literal["high", "medium", "low", "none"]

NO_SPEECH_ABOVE = 0.6
"""Noise, tones and silence reach 0.69 to 0.95; speech 10 dB above the noise at most 0.48, but for dictated numbers."""
UNLIKELY_BELOW = -1.4
SHORT_UNLIKELY_BELOW = -1.8
"""Of a short answer: "OUI" is written at -1.5, "Merci." for "cinq" at -2."""
HIGH_ABOVE = -0.4
MEDIUM_ABOVE = -0.9
MOST_ALTERNATIVES = 2


@dataclass(frozen=True, slots=True)
class Transcript:
    """One utterance in words.

    `text` is as Whisper wrote it, even when `certainty` is "none": ask `voice.plausibility` before acting on it.
    `confidence` is the geometric mean of the probabilities of its tokens, from 0 to 1.
    `redone`: the text went round in circles and was transcribed again with the 30 s window.
    `alternatives` are other words for the same sound, likeliest first.
    """

    text: str
    confidence: float
    certainty: Certainty
    avg_logprob: float
    no_speech_probability: float
    duration_seconds: float
    redone: bool = False
    alternatives: tuple[Reading, ...] = ()


def certainty_of(text: str, avg_logprob: float, no_speech_probability: float) -> Certainty:
    """ "none" when it should be treated as if nothing had been said. A short answer is "medium" at least."""
    if not text or no_speech(text, avg_logprob, no_speech_probability) or unlikely(text, avg_logprob):
        return "none"
    if avg_logprob > HIGH_ABOVE:
        return "high"
    return "medium" if avg_logprob > MEDIUM_ABOVE or short_answer(text) else "low"


def no_speech(text: str, avg_logprob: float, no_speech_probability: float) -> bool:
    """Whether the recogniser thinks that nobody spoke.

    So it does of figures dictated in groups (0.60 to 0.88) that it writes rightly, and is sure of (-0.10 to -0.67); of
    noises it wrote no number, and nothing above -0.94. So a number is believed.
    """
    return no_speech_probability > NO_SPEECH_ABOVE and not (dictating(text) and avg_logprob > MEDIUM_ABOVE)


def unlikely(text: str, avg_logprob: float) -> bool:
    """Whether the recogniser doubts its own words too much for them to be taken for any."""
    return avg_logprob < (SHORT_UNLIKELY_BELOW if short_answer(text) else UNLIKELY_BELOW)


def other_readings(text: str, readings: Iterable[Reading]) -> tuple[Reading, ...]:
    """Those of `readings` that are other words than `text` and than each other, at most two, in their order.

    Most of a beam's hypotheses differ in a comma or a capital, which nobody can hear.
    """
    seen = {folded_words(text), ""}
    others = []
    for reading in readings:
        words = folded_words(reading.text)
        if words not in seen:
            seen.add(words)
            others.append(reading)
    return tuple(others[:MOST_ALTERNATIVES])


def folded_words(text: str) -> str:
    """The words alone: no case, accents or punctuation, one space between two."""
    plain = unicodedata.normalize("NFKD", text.lower().replace("œ", "oe"))
    return " ".join(re.findall(r"[a-z0-9]+", "".join(c for c in plain if not unicodedata.combining(c))))
