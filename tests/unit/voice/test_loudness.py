"""Every sentence equally loud, and louder on demand without a sample at full scale."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from voice.loudness import (
    CEILING_DBFS,
    RATE_HZ,
    SPEECH_DBFS,
    Floats,
    limited,
    louder,
    speech_level_dbfs,
    to_speech_level,
)

CEILING = 10 ** (CEILING_DBFS / 20)


def speech(level: float = 0.1, pause_seconds: float = 0.5) -> Floats:
    """Syllables of noise with the crest of a voice (peaks 12 dB and more above the mean), and a pause."""
    random = np.random.default_rng(1)
    at = np.arange(2 * RATE_HZ) / RATE_HZ
    syllables = random.laplace(0, 1, len(at)) * (0.55 + 0.45 * np.sin(2 * np.pi * 4 * at))
    pause = random.normal(0, 0.0005, int(pause_seconds * RATE_HZ))
    return (level * np.concatenate([syllables, pause, syllables])).astype(np.float32)


def pcm(samples: Floats) -> bytes:
    return np.clip(samples * 32767, -32768, 32767).astype("<i2").tobytes()


def floats(sound: bytes) -> Floats:
    return (np.frombuffer(sound, "<i2") / 32767).astype(np.float32)


def rms_db(samples: Floats) -> float:
    return 10 * float(np.log10(np.mean(np.square(samples, dtype=np.float64))))


def test_six_decibels_more_are_heard_as_at_least_four() -> None:
    calm = to_speech_level(speech())
    assert rms_db(floats(louder(pcm(calm), 6.0))) - rms_db(calm) >= 4.0


@pytest.mark.parametrize("gain_db", [3.0, 6.0, 12.0, 40.0])
def test_no_sample_is_above_the_ceiling_and_none_sticks_to_it(gain_db: float) -> None:
    loud = floats(louder(pcm(to_speech_level(speech())), gain_db))
    assert np.abs(loud).max() <= CEILING + 1e-4
    at_the_top = np.abs(loud) > 0.999 * CEILING
    assert not np.any(at_the_top[2:] & at_the_top[1:-1] & at_the_top[:-2])


def test_what_is_far_from_a_peak_is_simply_louder() -> None:
    quiet = (0.05 * np.sin(np.arange(RATE_HZ) / 3)).astype(np.float32)
    with_peak = np.concatenate([quiet, np.full(1, 0.9, np.float32), quiet])
    loud = floats(louder(pcm(with_peak), 6.0))
    assert loud[1000:6000] == pytest.approx(floats(pcm(quiet))[1000:6000] * 1.995, abs=2e-4)


def test_the_gain_changes_without_a_step() -> None:
    tone = np.concatenate([np.full(2000, 0.2), np.full(50, 0.95), np.full(2000, 0.2)]).astype(np.float32)
    tone = tone * np.sin(np.arange(len(tone)) * 2 * np.pi * 400 / RATE_HZ)
    gain = np.divide(limited(2 * tone), 2 * tone, where=np.abs(tone) > 0.01, out=np.full(len(tone), np.nan))
    steps = np.abs(np.diff(gain[~np.isnan(gain)]))
    assert steps.max() < 0.05


def test_nothing_asked_nothing_changed() -> None:
    sound = pcm(speech(0.5))
    assert louder(sound, 0.0) == sound


def test_quiet_and_loud_sentences_end_at_one_level() -> None:
    levels = [speech_level_dbfs(to_speech_level(speech(level))) for level in (0.002, 0.02, 0.1)]
    assert levels == pytest.approx([SPEECH_DBFS] * 3, abs=0.5)


def test_pauses_do_not_make_a_sentence_louder() -> None:
    long, short = (to_speech_level(speech(0.1, pause)) for pause in (3.0, 0.1))
    assert np.abs(long).max() == pytest.approx(np.abs(short).max(), rel=0.05)


@pytest.mark.parametrize("samples", [0, 10, 4000])
def test_silence_stays_silence(samples: int) -> None:
    silence = np.zeros(samples, np.float32)
    assert np.array_equal(to_speech_level(silence), silence)
    assert louder(pcm(silence), 6.0) == pcm(silence)


@given(arrays(np.float32, st.integers(0, 500), elements=st.floats(-30, 30, width=32)))
def test_the_ceiling_holds_for_every_sound(samples: Floats) -> None:
    out = limited(samples)
    assert out.shape == samples.shape
    assert np.all(np.abs(out) <= CEILING * 1.0001)
