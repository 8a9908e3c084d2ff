"""What a recogniser says it heard, and how far to trust it.

Whisper always writes something, be it for a dial tone. Two of its figures tell words from inventions, and words
to act on from words to have confirmed (real telephone speech, share of wrong words beside): average log
probability above -0.4, 8 to 11 %; down to -0.9, 31 to 58 %; below, 77 to 79 %.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Certainty = Literal["high", "medium", "low", "none"]

NO_SPEECH_ABOVE = 0.6
"""Noise, tones and silence reach 0.69 to 0.95; speech 10 dB above the noise at most 0.48."""
UNLIKELY_BELOW = -1.4
HIGH_ABOVE = -0.4
MEDIUM_ABOVE = -0.9


@dataclass(frozen=True, slots=True)
class Transcript:
    """One utterance in words.

    `text` is as Whisper wrote it, even when `certainty` is "none": ask `voice.plausibility` before acting on it.
    `confidence` is the geometric mean of the probabilities of its tokens, from 0 to 1.
    `redone`: the text went round in circles and was transcribed again with the 30 s window.
    """

    text: str
    confidence: float
    certainty: Certainty
    avg_logprob: float
    no_speech_probability: float
    duration_seconds: float
    redone: bool = False


def certainty_of(text: str, avg_logprob: float, no_speech_probability: float) -> Certainty:
    """ "none" when it should be treated as if nothing had been said."""
    if not text or no_speech_probability > NO_SPEECH_ABOVE or avg_logprob < UNLIKELY_BELOW:
        return "none"
    if avg_logprob > HIGH_ABOVE:
        return "high"
    return "medium" if avg_logprob > MEDIUM_ABOVE else "low"
