"""From a written text to the sentences that are spoken one by one: the unit of synthesis and of the cache."""

from __future__ import annotations

from voice.sentences import sentences
from voice.spoken_french import speak


def spoken_sentences(text: str) -> list[str]:
    """Numbers, dates and initials in words, then cut where a pause is natural."""
    return sentences(speak(text))
