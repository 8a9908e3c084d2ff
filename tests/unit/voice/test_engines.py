"""What the recogniser hands to the call: the words as written, the words to act on, and other readings. How one voice
speaks for callers and in advance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np

from bot.dialogue import Reading
from voice.corrections import Corrections
from voice.engines import PiperInAdvance, PiperSynthesiser, WhisperRecogniser
from voice.piper_voice import PiperVoice
from voice.transcript import Certainty, Transcript
from voice.turn import Hearing
from voice.whisper import Whisper


class Writes:
    def __init__(self, transcript: Transcript) -> None:
        self.transcript = transcript

    def transcribe(self, samples: object, is_wanted: Callable[[], bool]) -> Transcript:
        return self.transcript


def heard(text: str, *alternatives: str, certainty: Certainty = "high", speech_seconds: float = 1.5) -> Hearing:
    readings = tuple(Reading(other, 0.5) for other in alternatives)
    transcript = Transcript(text, 0.8, certainty, -0.2, 0.1, 2.0, alternatives=readings)
    corrections = Corrections(["volet social", "Smic"], frozenset("le la de".split()))
    mistaken = [("Smic", "Guso", ("montant",))]
    recogniser = WhisperRecogniser(cast(Whisper, Writes(transcript)), corrections, mistaken=mistaken)
    return recogniser.hear(np.zeros(8, np.float32), speech_seconds)


def test_the_words_are_mended_for_the_dialogue_and_kept_as_they_were() -> None:
    hearing = heard("Le volée social ?")
    assert (hearing.text, hearing.question) == ("Le volée social ?", "Le volet social ?")


def test_what_needs_no_mending_is_asked_as_it_is() -> None:
    hearing = heard("Comment adhérer ?")
    assert (hearing.mended, hearing.question) == ("", "Comment adhérer ?")


def test_the_terms_read_out_over_music_are_not_believed_unless_they_are_clear() -> None:
    assert not heard("Volet social, Smic,", certainty="medium").plausible
    assert heard("Volet social, Smic.").plausible
    assert heard("Le volet social, le Smic, et après ?", certainty="medium").plausible


def test_an_alternative_that_is_mended_into_the_same_words_is_none() -> None:
    hearing = heard("Le volet social ?", "Le volée social", "La volaille social")
    assert [one.text for one in hearing.alternatives] == ["La volaille social"]


def test_a_word_that_may_have_been_another_is_a_reading_as_likely_as_the_text_and_comes_first() -> None:
    hearing = heard("C'est quoi le smique ?", "C'est toi le smic ?")
    assert hearing.question == "C'est quoi le Smic ?"
    assert [(one.text, one.confidence) for one in hearing.alternatives] == [
        ("C'est quoi le Guso ?", hearing.confidence),
        ("C'est toi le smic ?", 0.5),
    ]
    assert heard("Quel est le montant du Smic ?").alternatives == ()


def test_a_word_that_was_hardly_heard_is_believed_where_the_likeliest_reading_is_that_word() -> None:
    hearing = heard("Conseillé !", "C'est l'été.", certainty="low", speech_seconds=0.5)
    assert (hearing.question, hearing.certainty) == ("conseiller", "medium")


def test_a_word_that_music_may_have_said_is_asked_again() -> None:
    hearing = heard("C'est parti !", "C'est bon !", "Oui.", certainty="low", speech_seconds=0.3)
    assert hearing.certainty == "low"


class Says:
    """A voice that notes what is asked of it."""

    digest = "voice-1"

    def __init__(self) -> None:
        self.asked: list[tuple[str, float, bool]] = []
        self.broken_off = 0

    def synthesise(self, text: str, *, length_scale: float, background: bool) -> np.ndarray[Any, np.dtype[np.float32]]:
        self.asked.append((text, length_scale, background))
        return np.array([0.5, -0.5], np.float32)

    def break_off(self) -> None:
        self.broken_off += 1


def test_only_speaking_in_advance_can_be_broken_off() -> None:
    voice = Says()
    advance = PiperInAdvance(cast(PiperVoice, voice))
    spoken = PiperSynthesiser(cast(PiperVoice, voice)).speak("Bonjour.", 1.1)
    assert advance.speak("Bonjour.", 1.1) == spoken == np.array([16384, -16384], "<i2").tobytes()
    assert voice.asked == [("Bonjour.", 1.1, False), ("Bonjour.", 1.1, True)]
    advance.break_off()
    assert voice.broken_off == 1
