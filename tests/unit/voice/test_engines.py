"""What the recogniser hands to the call: the words as written, the words to act on, and other readings."""

from __future__ import annotations

from typing import cast

import numpy as np

from bot.dialogue import Reading
from voice.corrections import Corrections
from voice.engines import WhisperRecogniser
from voice.transcript import Transcript
from voice.turn import Hearing
from voice.whisper import Whisper


class Writes:
    def __init__(self, transcript: Transcript) -> None:
        self.transcript = transcript

    def transcribe(self, samples: object) -> Transcript:
        return self.transcript


def heard(text: str, *alternatives: str) -> Hearing:
    readings = tuple(Reading(other, 0.5) for other in alternatives)
    transcript = Transcript(text, 0.8, "high", -0.2, 0.1, 2.0, alternatives=readings)
    corrections = Corrections(["volet social"], frozenset("le la de".split()))
    return WhisperRecogniser(cast(Whisper, Writes(transcript)), corrections).hear(np.zeros(8, np.float32), 1.5)


def test_the_words_are_mended_for_the_dialogue_and_kept_as_they_were() -> None:
    hearing = heard("Le volée social ?")
    assert (hearing.text, hearing.question) == ("Le volée social ?", "Le volet social ?")


def test_what_needs_no_mending_is_asked_as_it_is() -> None:
    hearing = heard("Comment adhérer ?")
    assert (hearing.mended, hearing.question) == ("", "Comment adhérer ?")


def test_an_alternative_that_is_mended_into_the_same_words_is_none() -> None:
    hearing = heard("Le volet social ?", "Le volée social", "La volaille social")
    assert [one.text for one in hearing.alternatives] == ["La volaille social"]
