"""Slower speech: as long as asked, at the same pitch, without clicks."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from voice.stretch import RATE_HZ, stretch

SCALES = [0.8, 1.15, 1.25, 1.5, 2.0]


def voiced(pitch_hz: float, seconds: float = 1.5) -> bytes:
    """A vowel as a machine would sing it: harmonics up to 3.4 kHz, weaker as they rise, with a syllable's swell."""
    at = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    harmonics = range(1, int(3400 / pitch_hz))
    wave = sum(np.sin(2 * np.pi * pitch_hz * n * at + n) / n for n in harmonics)
    swell = 0.6 + 0.4 * np.sin(2 * np.pi * 3 * at)
    return samples_to_pcm(6000 * wave * swell)


def samples_to_pcm(samples: NDArray[np.float64]) -> bytes:
    return samples.astype("<i2").tobytes()


def samples_of(pcm: bytes) -> NDArray[np.float64]:
    return np.frombuffer(pcm, "<i2").astype(np.float64)


def pitch_hz(pcm: bytes) -> float:
    """From the first peak of the autocorrelation of the middle of a sound."""
    middle = samples_of(pcm)[len(pcm) // 8 :][:4000]
    likeness = np.correlate(middle, middle, "full")[len(middle) - 1 :]
    shortest = RATE_HZ // 400
    return RATE_HZ / (shortest + int(np.argmax(likeness[shortest : RATE_HZ // 60])))


@pytest.mark.parametrize("scale", SCALES)
def test_it_lasts_as_long_as_asked(scale: float) -> None:
    pcm = voiced(200)
    assert len(stretch(pcm, scale)) == pytest.approx(scale * len(pcm), abs=2)


@pytest.mark.parametrize("scale", SCALES)
def test_the_last_word_is_stretched_with_the_rest_and_not_lost(scale: float) -> None:
    """Half a second of speech, silence, and a last word."""
    pcm = voiced(200, 0.5) + b"\0\0" * RATE_HZ + voiced(200, 0.5)
    loud = np.flatnonzero(np.abs(samples_of(stretch(pcm, scale))) > 500)
    assert loud[-1] / RATE_HZ == pytest.approx(2.0 * scale, abs=0.025)


@pytest.mark.parametrize("pitch", [80, 125, 200, 320])
@pytest.mark.parametrize("scale", [0.8, 1.25, 1.5])
def test_the_pitch_is_kept(pitch: float, scale: float) -> None:
    assert pitch_hz(stretch(voiced(pitch), scale)) == pytest.approx(pitch_hz(voiced(pitch)), rel=0.02)


@pytest.mark.parametrize("pitch", [80, 125, 200, 320])
@pytest.mark.parametrize("scale", SCALES)
def test_there_are_no_clicks(pitch: float, scale: float) -> None:
    """A click is a step that the sound itself does not have."""
    pcm = voiced(pitch)
    steps = np.abs(np.diff(samples_of(pcm))).max()
    assert np.abs(np.diff(samples_of(stretch(pcm, scale)))).max() <= 1.2 * steps


def test_it_stays_as_loud() -> None:
    pcm = voiced(140)
    power = [np.sqrt(np.mean(samples_of(sound) ** 2)) for sound in (pcm, stretch(pcm, 1.25))]
    assert power[1] == pytest.approx(power[0], rel=0.1)


def test_the_same_pace_is_the_same_sound() -> None:
    pcm = voiced(140)
    assert stretch(pcm, 1.0) == pcm


def test_what_nobody_would_understand_is_not_made() -> None:
    pcm = voiced(140)
    assert len(stretch(pcm, 50)) == 2 * len(pcm)
    assert len(stretch(pcm, 0.01)) == len(pcm) / 2


@pytest.mark.parametrize("samples", [0, 1, 100, 700])
def test_a_sound_too_short_to_stretch_is_no_error(samples: int) -> None:
    assert len(stretch(b"\1\0" * samples, 1.25)) == 2 * round(1.25 * samples)
