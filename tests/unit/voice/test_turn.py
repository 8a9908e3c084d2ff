"""The small rules of a turn."""

from __future__ import annotations

import pytest

from voice.turn import Segments, complete_sentence


@pytest.mark.parametrize("text", ["Comment adhérer ?", "Je veux un conseiller.", "Oui."])
def test_a_finished_sentence_is_complete(text: str) -> None:
    assert complete_sentence(text)


@pytest.mark.parametrize(
    "text", ["", "...", "Je voudrais savoir pour le.", "Comment adhérer", "Euh.", "C'est pour mon."]
)
def test_a_sentence_in_search_of_its_next_word_is_not(text: str) -> None:
    assert not complete_sentence(text)


def test_a_step_that_did_not_happen_has_no_segment_and_the_sum_stays_right() -> None:
    segments = Segments()
    segments.speech_ended(1.0)
    segments.replied(1.1)
    segments.first_sound(1.25)
    assert segments.milliseconds() == {"dialogue": 100.0, "synthesis": 150.0}


def test_the_first_time_of_a_step_counts() -> None:
    segments = Segments()
    segments.speech_ended(1.0)
    segments.first_sound(2.0)
    segments.first_sound(9.0)
    assert segments.milliseconds() == {"synthesis": 1000.0}
