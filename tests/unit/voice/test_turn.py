"""The small rules of a turn."""

from __future__ import annotations

from voice.turn import Segments


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
