"""One question said into a page: when it is over, what a noise does, what a second press does."""

from __future__ import annotations

import pytest

from voice.call_messages import Heard, Listen, StopTranscribing, Tick, Transcribe
from voice.dictation import Dictation, State, unhurried
from voice.ear import Paused, Resumed, Started, Sustained
from voice.patience import Patience
from voice.turn import Hearing

PATIENCE = Patience()
LIMIT = 30.0
QUESTION = Hearing("Comment adhérer ?", 0.8, "high", True, 1.5)
NOISE = Hearing("Sous-titrage", 0.3, "low", False, 0.3)


def dictation() -> Dictation:
    return Dictation(PATIENCE, LIMIT)


def paused(at: float = 2.0) -> Dictation:
    """Somebody spoke from 0.5 s until 0.2 s before `at`."""
    said = dictation()
    said.handle(Started(0.1), 0.6)
    assert said.handle(Paused(0.2), at) == [Transcribe(1)]
    return said


def test_a_question_is_over_after_its_silence_and_what_was_heard_is_kept() -> None:
    said = paused()
    said.handle(Heard(1, QUESTION), 2.1)
    assert said.state is State.LISTENING
    said.handle(Tick(), 1.8 + PATIENCE.turn_over_complete_seconds)
    assert (said.state, said.hearing, said.failed) == (State.DONE, QUESTION, False)


def test_words_that_are_slow_to_come_are_waited_for_without_any_more_sound() -> None:
    said = paused()
    said.handle(Tick(), 1.8 + PATIENCE.turn_over_seconds)
    assert said.state is State.ENOUGH
    assert said.handle(Resumed(), 2.5) == []
    said.handle(Heard(1, QUESTION), 2.5)
    assert (said.state, said.hearing) == (State.DONE, QUESTION)


def test_who_goes_on_speaking_is_heard_to_the_end() -> None:
    said = paused()
    assert said.handle(Resumed(), 2.2) == [StopTranscribing()]
    said.handle(Heard(1, QUESTION), 2.3)
    assert said.handle(Paused(0.2), 5.0) == [Transcribe(2)]
    said.handle(Heard(2, QUESTION), 5.1)
    said.handle(Tick(), 6.0)
    assert said.state is State.DONE


def test_a_noise_does_not_end_it() -> None:
    said = paused()
    said.handle(Heard(1, NOISE), 2.1)
    assert said.handle(Tick(), 1.8 + PATIENCE.turn_over_seconds) == [Listen()]
    assert said.state is State.LISTENING
    said.handle(Started(0.1), 4.0)
    said.handle(Paused(0.2), 5.0)
    said.handle(Heard(2, QUESTION), 5.1)
    said.handle(Tick(), 6.0)
    assert said.hearing is QUESTION


def test_noise_and_then_silence_are_no_words() -> None:
    said = paused()
    said.handle(Heard(1, NOISE), 2.1)
    said.handle(Tick(), 2.4)
    said.handle(Tick(), 2.4 + PATIENCE.silence_seconds)
    assert said.state is State.DONE
    assert said.hearing is NOISE


def test_nobody_speaks() -> None:
    said = dictation()
    said.handle(Tick(), PATIENCE.silence_seconds)
    assert (said.state, said.hearing, said.failed) == (State.DONE, None, False)


def test_a_second_press_before_any_word_is_the_end() -> None:
    said = dictation()
    said.finish(1.0)
    assert (said.state, said.hearing) == (State.DONE, None)


def test_a_second_press_in_the_middle_of_a_word_takes_what_there_is() -> None:
    said = dictation()
    said.handle(Started(0.1), 0.6)
    assert said.finish(1.0) == [Transcribe(1)]
    assert said.state is State.ENOUGH
    said.handle(Heard(1, QUESTION), 1.0)
    assert (said.state, said.hearing) == (State.DONE, QUESTION)


def test_a_second_press_does_not_wait_for_a_silence_when_the_words_are_there() -> None:
    said = paused()
    said.handle(Heard(1, QUESTION), 2.1)
    said.finish(2.15)
    assert (said.state, said.hearing) == (State.DONE, QUESTION)


def test_a_second_press_while_the_words_are_being_found_waits_for_them_alone() -> None:
    said = paused()
    said.finish(2.1)
    said.handle(Heard(1, QUESTION), 2.1)
    assert (said.state, said.hearing) == (State.DONE, QUESTION)


def test_a_noise_before_the_second_press_is_not_listened_beyond() -> None:
    said = dictation()
    said.handle(Started(0.1), 0.6)
    said.finish(1.0)
    assert said.handle(Heard(1, NOISE), 1.0) == []
    assert (said.state, said.hearing) == (State.DONE, NOISE)


def test_who_never_stops_is_heard_up_to_the_limit() -> None:
    said = dictation()
    said.handle(Started(0.1), 0.6)
    said.handle(Sustained(20.0), 20.0)
    assert said.handle(Tick(), LIMIT) == [Transcribe(1)]
    assert said.state is State.ENOUGH


def test_noises_one_after_another_come_to_an_end() -> None:
    said, now, attempt = dictation(), 0.0, 0
    while said.state is State.LISTENING:
        now += 1.0
        said.handle(Started(0.1), now)
        for command in said.handle(Paused(0.2), now + 0.2):
            assert isinstance(command, Transcribe)
            attempt = command.attempt
        said.handle(Heard(attempt, NOISE), now + 0.3)
        said.handle(Tick(), now + 0.8)
    assert now <= LIMIT + 1


def test_a_recogniser_that_fails_is_told_apart_from_silence() -> None:
    said = paused()
    said.handle(Heard(1, None), 2.1)
    said.handle(Tick(), 3.0)
    assert (said.state, said.hearing, said.failed) == (State.DONE, None, True)


@pytest.mark.parametrize("name", ["turn_over_seconds", "turn_over_short_seconds", "turn_over_digits_seconds"])
def test_a_visitor_is_given_more_time_than_a_caller(name: str) -> None:
    patient = unhurried(PATIENCE, 2.0, LIMIT)
    assert getattr(patient, name) == 2 * getattr(PATIENCE, name)
    assert patient.max_utterance_seconds == LIMIT
    assert patient.pause_seconds == PATIENCE.pause_seconds
