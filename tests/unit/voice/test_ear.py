"""When the ear says that someone speaks, on probabilities as the detector gives them."""

from __future__ import annotations

import numpy as np
import pytest

from voice.ear import FRAME_SAMPLES, FRAME_SECONDS, Ear, EarEvent, Onset, Paused, Resumed, Started, Sustained


def frame(value: float = 0.1) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.full(FRAME_SAMPLES, value, np.float32)


def hear(ear: Ear, probability: float, seconds: float, value: float = 0.1) -> list[EarEvent]:
    return [event for event in all_heard(ear, probability, seconds, value) if not isinstance(event, Onset | Sustained)]


def all_heard(ear: Ear, probability: float, seconds: float, value: float = 0.1) -> list[EarEvent]:
    events: list[EarEvent] = []
    for _ in range(round(seconds / FRAME_SECONDS)):
        events += ear.hear(probability, frame(value))
    return events


def test_silence_is_not_speech() -> None:
    assert hear(Ear(), 0.1, 30) == []


def test_a_click_is_not_speech() -> None:
    ear = Ear()
    assert Started not in map(type, hear(ear, 0.9, 0.06) + hear(ear, 0.0, 2))


def test_a_clear_voice_is_told_of_before_it_is_certain_and_then_it_was_speech_or_not() -> None:
    ear = Ear()
    assert [type(event) for event in all_heard(ear, 0.9, 0.1)] == [Onset, Started]
    ear.forget()
    assert [type(event) for event in all_heard(ear, 0.9, 0.06) + all_heard(ear, 0.0, 1)] == [Onset, Paused]
    ear.forget()
    assert [type(event) for event in all_heard(ear, 0.4, 0.1)] == [Started], "a doubtful one is not"


def test_speech_starts_pauses_and_resumes() -> None:
    ear = Ear(pause_seconds=0.3)
    assert [type(event) for event in hear(ear, 0.9, 1.0)] == [Started]
    assert [type(event) for event in hear(ear, 0.0, 0.5)] == [Paused]
    assert [type(event) for event in hear(ear, 0.9, 0.5)] == [Resumed]


def test_a_soft_word_end_stays_in_its_word() -> None:
    ear = Ear()
    hear(ear, 0.9, 0.5)
    assert hear(ear, 0.2, 1.0) == [], "0.2 keeps a word going"
    ear.forget()
    assert hear(ear, 0.2, 1.0) == [], "but does not begin one"


def test_the_time_in_which_a_word_fades_counts_as_silence_but_a_long_murmur_does_not() -> None:
    ear = Ear(pause_seconds=0.3)
    hear(ear, 0.9, 1.0)
    hear(ear, 0.2, 0.13)
    assert hear(ear, 0.0, 0.2), "0.13 s of fading and 0.2 s of silence are a pause of 0.3 s"
    ear.forget()
    hear(ear, 0.9, 1.0)
    assert hear(ear, 0.2, 2.0) == []
    assert hear(ear, 0.0, 0.1) == [], "only 0.16 s of a murmur count"


def test_the_first_syllable_is_kept() -> None:
    ear = Ear()
    hear(ear, 0.1, 1.0, value=0.5)  # the detector has not seen it yet
    hear(ear, 0.9, 0.2, value=0.9)
    utterance = ear.utterance()
    assert utterance[0] == np.float32(0.5)
    before = np.count_nonzero(utterance == np.float32(0.5)) / 16000
    assert 0.3 <= before <= 0.5


def test_a_new_utterance_does_not_hold_the_old_one() -> None:
    ear = Ear()
    hear(ear, 0.9, 3.0, value=0.9)
    ear.forget()
    hear(ear, 0.0, 1.0, value=0.0)
    hear(ear, 0.9, 0.5, value=0.2)
    assert not np.any(ear.utterance() == np.float32(0.9))


def test_a_new_utterance_begins_with_the_sound_just_before_it_however_soon_it_comes() -> None:
    ear = Ear()
    fed = [0.9] * 30 + [0.0] * 20 + [None] + [0.0] * 5 + [0.9] * 4
    values: list[float] = []
    for probability in fed:
        if probability is None:
            ear.forget()
            continue
        values.append((len(values) + 1) / 100)
        ear.hear(probability, frame(values[-1]))
    utterance = ear.utterance()[::FRAME_SAMPLES]
    assert len(utterance) > 9, "more than was fed since: what came before is the possible beginning"
    assert utterance == pytest.approx(values[-len(utterance) :])


def test_an_endless_utterance_does_not_eat_memory() -> None:
    ear = Ear(limit_seconds=5)
    hear(ear, 0.9, 60)
    assert len(ear.utterance()) <= 5.5 * 16000


def test_speech_seconds_counts_speech_only() -> None:
    ear = Ear()
    hear(ear, 0.9, 1.0)
    hear(ear, 0.0, 1.0)
    assert 0.9 <= ear.speech_seconds <= 1.1


def test_a_weaker_voice_in_the_room_does_not_keep_the_turn_open() -> None:
    ear = Ear(pause_seconds=0.3)
    hear(ear, 0.9, 1.0, value=0.1)
    assert [type(event) for event in hear(ear, 0.9, 0.5, value=0.009)] == [Paused], "21 dB below the caller"
    assert [type(event) for event in hear(ear, 0.9, 0.1, value=0.011)] == [Resumed], "19 dB below: the caller, softly"


def test_a_weaker_voice_does_not_begin_a_turn_after_the_caller_was_heard() -> None:
    ear = Ear()
    hear(ear, 0.9, 1.0, value=0.1)
    ear.forget()
    assert hear(ear, 0.9, 1.0, value=0.009) == []


def test_a_weaker_caller_is_heard_in_the_end() -> None:
    ear = Ear()
    hear(ear, 0.9, 1.0, value=0.1)
    ear.forget()
    hear(ear, 0.0, 10.0, value=0.0)
    assert [type(event) for event in hear(ear, 0.9, 1.0, value=0.009)] == [Started]


def test_a_knock_does_not_make_the_ear_deaf() -> None:
    ear = Ear()
    hear(ear, 0.9, 0.03, value=1.0)
    assert [type(event) for event in hear(ear, 0.9, 0.5, value=0.05)] == [Started], "26 dB below the knock"


def room(ear: Ear, seconds: float, value: float = 0.02) -> list[EarEvent]:
    """Others in the room, 14 dB below the caller: they pass the gate, with gaps too short for a pause."""
    events: list[EarEvent] = []
    for _ in range(round(seconds / 0.192)):
        events += hear(ear, 0.9, 0.096, value) + hear(ear, 0.0, 0.096, value)
    return events


def test_who_is_heard_behind_the_caller_does_not_keep_the_turn_open_for_ever() -> None:
    ear = Ear(pause_seconds=0.13)
    hear(ear, 0.9, 1.0)
    (paused,) = room(ear, 10)
    assert isinstance(paused, Paused)
    assert 0.8 <= paused.silence_seconds < 1.1
    assert [type(event) for event in hear(ear, 0.9, 0.1)] == [Resumed], "the caller goes on"
    assert [type(event) for event in hear(ear, 0.0, 0.2)] == [Paused]


def test_a_much_softer_voice_after_a_pause_is_told_from_the_callers() -> None:
    ear = Ear(pause_seconds=0.13)
    hear(ear, 0.9, 0.5)
    hear(ear, 0.0, 0.2)
    (first, *others) = hear(ear, 0.9, 0.2, value=0.02)
    assert first == Resumed(faint=True), "14 dB below"
    assert not any(isinstance(event, Resumed) for event in others)
    (louder, *others) = hear(ear, 0.9, 0.2)
    assert louder == Resumed(faint=False), "the caller goes on"
    assert not any(isinstance(event, Resumed) for event in others)
    hear(ear, 0.0, 0.2)
    assert hear(ear, 0.9, 0.05)[0] == Resumed(faint=False)


def test_a_mumbled_end_belongs_to_its_sentence() -> None:
    ear = Ear(pause_seconds=0.13)
    hear(ear, 0.9, 1.0)
    assert hear(ear, 0.9, 0.7, 0.02) == []
    (paused,) = hear(ear, 0.0, 0.3)
    assert isinstance(paused, Paused)
    assert paused.speech_seconds == pytest.approx(1.7, abs=0.1)


def test_a_knock_in_a_sentence_does_not_end_it() -> None:
    ear = Ear(pause_seconds=0.13)
    assert [type(event) for event in hear(ear, 0.9, 0.5)] == [Started]
    hear(ear, 0.9, 0.064, 0.9)
    assert hear(ear, 0.9, 3.0) == []
