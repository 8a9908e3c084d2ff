from pathlib import Path

import numpy as np
import pytest
from faster_whisper.vad import get_vad_model

from bot.errors import BadAudio
from voice.audio import read_wav, resample
from voice.silero import FRAME_SAMPLES, RATE_HZ, SileroVad, voiced_seconds

QUESTION = Path(__file__).parents[2] / "audio" / "adherer.wav"


@pytest.fixture(scope="module")
def question() -> np.ndarray:
    samples, rate_hz = read_wav(QUESTION)
    sound = resample(samples, rate_hz, RATE_HZ)
    return sound[: len(sound) // FRAME_SAMPLES * FRAME_SAMPLES]


def test_frame_by_frame_is_the_same_as_all_at_once(question: np.ndarray) -> None:
    detector = SileroVad()
    live = [detector.probability(frame) for frame in question.reshape(-1, FRAME_SAMPLES)]
    at_once = get_vad_model()(question.copy()).ravel()
    assert np.allclose(live[:-1], at_once[:-1], atol=1e-4)  # the library blanks the end of the last frame


def test_two_calls_do_not_hear_each_other(question: np.ndarray) -> None:
    frames = question.reshape(-1, FRAME_SAMPLES)
    alone, first, second = SileroVad(), SileroVad(), SileroVad()
    expected = [alone.probability(frame) for frame in frames]
    found = []
    for frame in frames:
        second.probability(np.zeros(FRAME_SAMPLES, np.float32))
        found.append(first.probability(frame))
    assert found == expected


def test_a_reset_detector_is_as_new(question: np.ndarray) -> None:
    detector = SileroVad()
    frames = question.reshape(-1, FRAME_SAMPLES)[:20]
    expected = [detector.probability(frame) for frame in frames]
    detector.reset()
    assert [detector.probability(frame) for frame in frames] == expected


def test_speech_is_found_and_silence_is_not(question: np.ndarray) -> None:
    assert 0.5 * len(question) / RATE_HZ < voiced_seconds(question, RATE_HZ) <= len(question) / RATE_HZ
    assert voiced_seconds(np.zeros(8000 * 3, np.float32), 8000) == 0.0
    assert voiced_seconds(np.zeros(0, np.float32), 8000) == 0.0


def test_another_frame_size_is_refused() -> None:
    with pytest.raises(BadAudio):
        SileroVad().probability(np.zeros(160, np.float32))
