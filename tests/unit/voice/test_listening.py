"""One utterance: when it is over, and what happens when the caller goes on."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice.call_messages import Event, Heard, StopTranscribing, Tick, Transcribe
from voice.ear import Paused, Resumed, Started, Sustained
from voice.listening import Listening, Stage
from voice.patience import Patience
from voice.turn import Hearing

PATIENCE = Patience()
QUESTION = Hearing("Comment adhérer ?", 0.8, "high", True, 1.5)
YES = Hearing("oui", 0.95, "high", True, 0.4)
OPEN = Hearing("Je voudrais savoir pour le.", 0.8, "high", True, 1.5)


def listening(now: float = 0.0) -> Listening:
    return Listening(PATIENCE, now, itertools.count(1))


def paused(now: float = 2.0) -> Listening:
    """Somebody spoke from 0.5 s until 0.2 s before `now`."""
    heard = listening()
    heard.handle(Started(0.1), 0.6)
    assert heard.handle(Paused(0.2), now) == [Transcribe(1)]
    return heard


def test_nobody_speaks() -> None:
    heard = listening()
    heard.handle(Tick(), PATIENCE.silence_seconds)
    assert heard.stage is Stage.DONE
    assert not heard.spoke


def test_words_that_came_early_wait_for_the_silence_they_need() -> None:
    heard = paused()
    heard.handle(Heard(1, QUESTION), 2.1)
    assert heard.stage is Stage.PAUSED
    assert heard.wake_at == pytest.approx(1.8 + PATIENCE.turn_over_complete_seconds)
    heard.handle(Tick(), heard.wake_at)
    assert heard.stage is Stage.DONE
    assert heard.hearing is QUESTION


def test_the_words_of_a_part_are_not_taken_for_the_whole_that_was_never_transcribed() -> None:
    heard = paused()
    heard.handle(Heard(1, OPEN), 2.1)
    heard.handle(Resumed(), 2.2)
    heard.handle(Paused(0.2), 4.0)
    while heard.stage is not Stage.DONE:
        heard.handle(Tick(), heard.wake_at)
    assert heard.hearing is None


def test_words_that_came_late_are_taken_at_once_and_the_lateness_is_not_called_silence() -> None:
    heard = paused()
    heard.handle(Tick(), heard.wake_at)
    assert heard.stage is Stage.OVER
    heard.handle(Heard(1, QUESTION), 3.5)
    assert heard.stage is Stage.DONE
    assert heard.over_at == pytest.approx(1.8 + PATIENCE.turn_over_seconds)


def test_late_words_that_are_not_finished_still_get_their_silence() -> None:
    heard = paused()
    heard.handle(Tick(), heard.wake_at)
    heard.handle(Heard(1, OPEN), 2.45)
    assert heard.stage is Stage.PAUSED
    assert heard.wake_at == pytest.approx(1.8 + PATIENCE.turn_over_unfinished_seconds)


@pytest.mark.parametrize("over", [False, True])
def test_a_caller_who_goes_on_is_heard_and_the_first_half_is_not_believed(over: bool) -> None:
    heard = paused()
    if over:
        heard.handle(Tick(), heard.wake_at)
    assert heard.handle(Resumed(), 2.5) == [StopTranscribing()]
    assert heard.stage is Stage.SPEAKING
    assert heard.handle(Heard(1, QUESTION), 2.6) == []
    assert heard.handle(Paused(0.2), 4.0) == [Transcribe(2)]


def test_a_known_answer_is_not_taken_back_because_others_talk_behind_it() -> None:
    heard = paused()
    heard.handle(Heard(1, YES), 2.05)
    assert heard.handle(Resumed(faint=True), 2.1) == []
    assert heard.handle(Paused(0.1), 2.15) == []
    heard.handle(Resumed(faint=True), 2.18)
    heard.handle(Tick(), heard.wake_at)
    assert heard.stage is Stage.DONE
    assert heard.hearing is YES
    assert heard.over_at == pytest.approx(1.8 + PATIENCE.turn_over_short_seconds)


def test_an_answer_that_becomes_known_while_others_talk_counts_from_its_own_end() -> None:
    heard = paused()
    assert heard.handle(Resumed(faint=True), 2.05) == [], "its transcription goes on"
    heard.handle(Heard(1, YES), 2.1)
    assert heard.wake_at == pytest.approx(1.8 + PATIENCE.turn_over_short_seconds)


def test_an_answer_that_is_followed_by_more_as_loud_is_heard_with_it() -> None:
    heard = paused()
    heard.handle(Heard(1, YES), 2.05)
    heard.handle(Resumed(faint=True), 2.1)
    assert heard.handle(Resumed(), 2.15) == [StopTranscribing()]
    assert heard.stage is Stage.SPEAKING


@pytest.mark.parametrize("hearing", [QUESTION, Hearing("Oui.", 0.4, "low", True, 0.4), None])
def test_whoever_goes_on_softly_after_other_words_is_heard_out(hearing: Hearing | None) -> None:
    known, unknown = paused(), paused()
    known.handle(Heard(1, hearing), 2.05)
    known.handle(Resumed(faint=True), 2.1)
    unknown.handle(Resumed(faint=True), 2.05)
    unknown.handle(Heard(1, hearing), 2.1)
    for heard in (known, unknown):
        assert heard.stage is Stage.SPEAKING
        assert heard.handle(Paused(0.2), 4.0) == [Transcribe(2)]


def test_the_soft_end_of_a_sentence_is_transcribed_with_it_though_it_was_over_before_its_beginning_was() -> None:
    heard = paused()
    heard.handle(Resumed(faint=True), 2.05)
    assert heard.handle(Paused(0.1), 2.25) == []
    assert heard.handle(Heard(1, QUESTION), 2.3) == [Transcribe(2)]
    assert heard.ended_at == pytest.approx(2.15)


def test_who_goes_on_softly_before_anything_is_known_is_not_cut_by_the_clock() -> None:
    heard = paused()
    heard.handle(Resumed(faint=True), 2.05)
    assert heard.handle(Tick(), heard.wake_at) == [StopTranscribing()]
    assert heard.stage is Stage.SPEAKING


def test_a_recogniser_that_never_answers_does_not_hold_the_call() -> None:
    heard = paused()
    heard.handle(Tick(), heard.wake_at)
    heard.handle(Tick(), heard.wake_at)
    assert heard.stage is Stage.DONE
    assert heard.spoke
    assert heard.hearing is None


def test_noise_that_never_pauses_ends_by_the_clock() -> None:
    heard = listening()
    heard.handle(Started(0.1), 0.1)
    heard.handle(Sustained(5.0), 5.0)
    assert heard.handle(Tick(), PATIENCE.max_utterance_seconds) == [Transcribe(1)]
    assert heard.stage is Stage.OVER


def test_the_hash_key_ends_the_turn_without_more_silence() -> None:
    heard = listening()
    heard.handle(Started(0.1), 0.6)
    assert heard.finish_now(1.0) == [Transcribe(1)]
    heard.handle(Heard(1, QUESTION), 1.5)
    assert heard.stage in (Stage.DONE, Stage.PAUSED)


EVENTS = st.one_of(
    st.builds(Started, st.floats(0.05, 1)),
    st.builds(Paused, st.floats(0.2, 2)),
    st.builds(Resumed, st.booleans()),
    st.builds(Heard, st.integers(0, 4), st.sampled_from([None, QUESTION, OPEN, YES])),
    st.just(Tick()),
)


@given(st.lists(st.tuples(EVENTS, st.floats(0, 3)), max_size=40))
def test_whatever_arrives_it_ends_by_ticks_alone(events: list[tuple[Event, float]]) -> None:
    heard, now = listening(), 0.0
    for event, seconds in events:
        now += seconds
        heard.handle(event, now)
    for _ in range(4):
        now = max(now, heard.wake_at)
        heard.handle(Tick(), now)
    assert heard.stage is Stage.DONE
