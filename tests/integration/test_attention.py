"""The detector and the ear on recorded callers, after the long silence in which the bot has spoken."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from voice.audio import Upsampler8To16, read_wav
from voice.ear import FRAME_SAMPLES, FRAME_SECONDS, Ear, EarEvent, Paused, Resumed, Started
from voice.silero import SileroVad

AUDIO = Path(__file__).parents[1] / "audio"
SPOKEN = sorted(path.stem for path in AUDIO.glob("*.wav") if path.stem != "silence")
RATE_HZ = 8000
LINE_AFTER_SECONDS = 0.37  # in each recording, after its last sound


def listen(sound: NDArray[np.float32]) -> list[tuple[float, EarEvent]]:
    """Every event but the continuation of speech, with its time in seconds."""
    detector, ear, samples = SileroVad(), Ear(), Upsampler8To16()(sound)
    events = []
    for start in range(0, len(samples) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
        frame = samples[start : start + FRAME_SAMPLES]
        for event in ear.hear(detector.probability(frame), frame):
            if isinstance(event, Started | Paused | Resumed):
                events.append((start / FRAME_SAMPLES * FRAME_SECONDS, event))
    return events


@pytest.mark.parametrize("name", SPOKEN)
@pytest.mark.parametrize("lead", ["digital silence", "line noise"])
def test_a_question_is_noticed_early_and_not_cut_after_fifteen_seconds_of_silence(name: str, lead: str) -> None:
    rng = np.random.default_rng(1)
    before = rng.normal(0, 0.003 if lead == "line noise" else 0.0, 15 * RATE_HZ).astype(np.float32)
    sound, _ = read_wav(AUDIO / f"{name}.wav")
    events = listen(np.concatenate([before, sound, before[: 2 * RATE_HZ]]))
    kinds = [type(event) for _, event in events]
    assert kinds == [Started, Paused]
    assert 15.0 <= events[0][0] <= 15.8
    assert events[1][0] >= 15 + len(sound) / RATE_HZ - LINE_AFTER_SECONDS, "not before the last sound"


@pytest.mark.parametrize("kind", ["white", "pink", "tone", "key", "ringing", "silence"])
def test_what_is_not_speech_is_not_noticed(kind: str) -> None:
    rng, t = np.random.default_rng(2), np.arange(20 * RATE_HZ) / RATE_HZ
    if kind == "white":
        sound = rng.normal(0, 0.05, len(t))
    elif kind == "pink":
        spectrum = np.fft.rfft(rng.normal(0, 1, len(t)))
        spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 1))
        sound = np.fft.irfft(spectrum, len(t))
        sound *= 0.05 / np.std(sound)
    elif kind == "tone":
        sound = 0.3 * np.sin(2 * np.pi * 440 * t)
    elif kind == "key":
        sound = 0.2 * (np.sin(2 * np.pi * 770 * t) + np.sin(2 * np.pi * 1336 * t)) * (t % 0.5 < 0.15)
    elif kind == "ringing":
        sound = 0.3 * np.sin(2 * np.pi * 440 * t) * (t % 5 < 1.5)
    else:
        sound = np.zeros(len(t))
    assert listen(sound.astype(np.float32)) == []
