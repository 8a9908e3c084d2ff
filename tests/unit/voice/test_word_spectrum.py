"""The spectrum that single words are known by: where a tone is in it, and what does not change it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from voice.install.catalogue import WHISPER_BASE
from voice.short_words import ShortWords
from voice.word_spectrum import (
    BANDS,
    MOST_FRAMES,
    RATE_HZ,
    WINDOW_SAMPLES,
    WordSpectrum,
    mel_filters,
    picture,
    spectrum,
)


def tone(hertz: float, seconds: float = 0.3, level: float = 0.1) -> NDArray[np.float32]:
    at = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return (level * np.sin(2 * np.pi * hertz * at)).astype(np.float32)


@pytest.mark.parametrize("hertz", [150, 500, 1500, 3500])
def test_a_tone_is_brightest_in_the_band_that_it_belongs_to(hertz: float) -> None:
    brightest = spectrum(tone(hertz)).mean(axis=0).argmax()
    frequencies = np.fft.rfftfreq(WINDOW_SAMPLES, 1 / RATE_HZ)
    assert (
        mel_filters()[brightest][np.abs(frequencies - hertz).argmin()]
        == mel_filters()[:, np.abs(frequencies - hertz).argmin()].max()
    )


def test_a_sound_is_a_frame_each_10_ms_up_to_its_longest() -> None:
    assert spectrum(np.zeros(WINDOW_SAMPLES - 1, np.float32)).shape == (0, BANDS)
    assert spectrum(np.zeros(WINDOW_SAMPLES, np.float32)).shape == (1, BANDS)
    assert spectrum(np.zeros(WINDOW_SAMPLES + 160, np.float32)).shape == (2, BANDS)
    assert len(spectrum(np.zeros(10 * RATE_HZ, np.float32))) == MOST_FRAMES


def test_a_loud_caller_and_a_soft_one_make_the_same_picture() -> None:
    lots = np.random.default_rng(0)
    speech = tone(600) * lots.uniform(0.2, 1.0, round(0.3 * RATE_HZ)).astype(np.float32)
    loud, soft = picture(spectrum(speech)), picture(spectrum(speech * 0.05))
    assert np.abs(loud - soft).max() < 0.01
    assert loud.min() >= -1.25


def test_the_mean_of_several_networks_is_given() -> None:
    lots = np.random.default_rng(1)
    shapes = {
        "patch1": (3, 3, 1, 4), "patch2": (3, 3, 4, 6), "step": (BANDS // 4 * 6, 8), "around": (4, 9, 8),
        "mixed": (4, 8, 8), "last": (8, 12), "words": (24, 3), "patch1_bias": (4,), "patch2_bias": (6,),
        "step_bias": (8,), "around_bias": (4, 8), "mixed_bias": (4, 8), "last_bias": (12,), "words_bias": (3,),
    }  # fmt: skip
    first, second = (
        {name: lots.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes.items()} for _ in range(2)
    )
    for seconds in (0.033, 0.05, 0.2, 0.5):  # odd and even counts of frames
        bands = spectrum(tone(700, seconds))
        alone = [WordSpectrum(one).likely(bands) for one in (first, second)]
        assert np.allclose(WordSpectrum(first, second).likely(bands), np.mean(alone, axis=0), atol=1e-6)
        assert [one.sum() for one in alone] == pytest.approx([1.0, 1.0], abs=1e-5)


def test_silence_and_hiss_are_no_word() -> None:
    words = ShortWords.load(WHISPER_BASE[0].sha256)
    assert words is not None
    assert words._by_spectrum is not None
    hiss = np.random.default_rng(2).normal(0, 0.02, RATE_HZ).astype(np.float32)
    for sound in (np.zeros(RATE_HZ, np.float32), hiss):
        likely = words._by_spectrum.likely(spectrum(sound))
        assert int(likely.argmax()) == len(words.words)
