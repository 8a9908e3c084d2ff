"""The ear at the end of a line, which takes its sound as it comes."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from voice.ear import Onset, Paused, Started, Sustained
from voice.line_ear import Hushed, LineEar

SPEECH = (np.sin(np.arange(8000)) * 12000).astype("<i2").tobytes()  # 1 s


class LoudIsSpeech:
    def probability(self, frame: NDArray[np.float32]) -> float:
        assert len(frame) == 512
        return 0.9 if np.abs(frame).max() > 0.1 else 0.0


@pytest.mark.parametrize("size", [2, 320, 322, 16000])
def test_it_hears_the_same_in_whatever_pieces_the_sound_comes(size: int) -> None:
    heard, pieces = LineEar(LoudIsSpeech(), 0.3, 30.0), LineEar(LoudIsSpeech(), 0.3, 30.0)
    whole = list(heard.hear(SPEECH))
    assert [type(event) for event in whole[:2]] == [Onset, Started]
    assert [event for at in range(0, len(SPEECH), size) for event in pieces.hear(SPEECH[at : at + size])] == whole


def test_afresh_nothing_that_was_said_to_somebody_else_is_left() -> None:
    ear = LineEar(LoudIsSpeech(), 0.3, 30.0)
    list(ear.hear(SPEECH))
    ear.afresh()
    list(ear.hear(bytes(len(SPEECH))))
    assert len(ear.ear.utterance()) == 0
    began = next(event for event in ear.hear(SPEECH) if not isinstance(event, Onset))
    assert isinstance(began, Started)
    assert np.abs(ear.ear.utterance()[:512]).max() == 0  # the half second before it is the silence


def test_silence_that_begins_is_told_once_and_before_it_is_a_pause() -> None:
    ear = LineEar(LoudIsSpeech(), 0.3, 30.0, hush_frames=2)
    for _ in range(2):
        events = [one for one in ear.hear(SPEECH + bytes(16000)) if not isinstance(one, Sustained)]
        assert [type(one) for one in events][-2:] == [Hushed, Paused]
        assert [type(one) for one in events].count(Hushed) == 1


def test_a_gap_of_one_frame_is_not_worth_telling_and_silence_before_a_first_word_neither() -> None:
    ear = LineEar(LoudIsSpeech(), 0.3, 30.0, hush_frames=2)
    events = [*ear.hear(bytes(16000)), *ear.hear(SPEECH + bytes(512) + SPEECH)]
    assert not any(isinstance(one, Hushed) for one in events)


def test_a_pause_that_is_seen_at_once_is_no_hush_as_well() -> None:
    ear = LineEar(LoudIsSpeech(), 0.03, 30.0, hush_frames=2)
    events = list(ear.hear(SPEECH + bytes(16000)))
    assert any(isinstance(one, Paused) for one in events)
    assert not any(isinstance(one, Hushed) for one in events)
