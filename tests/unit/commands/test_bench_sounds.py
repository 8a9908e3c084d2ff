"""A caller on a noisy line, whose end of speech is known all the same."""

from __future__ import annotations

import numpy as np
import pytest

from bot.commands.bench.sounds import (
    SPEECH_DBFS,
    Mouth,
    NoiseKind,
    Samples,
    Utterance,
    babble,
    db_to_gain,
    line_noise,
    rms,
    speech_span,
    utterance,
)
from voice.audio import A_LAW, Floats

RATE_HZ = 8000


def words(seconds: float, lead: float = 0.3, tail: float = 0.6, peak: float = 0.5) -> Floats:
    """A tone with silence around it."""
    tone = peak * np.sin(2 * np.pi * 300 * np.arange(round(seconds * RATE_HZ)) / RATE_HZ)
    return np.concatenate([np.zeros(round(lead * RATE_HZ)), tone, np.zeros(round(tail * RATE_HZ))]).astype(np.float32)


def frames(mouth: Mouth, count: int) -> tuple[Samples, int | None]:
    """What leaves the telephone in `count` frames, and the number of the frame with the end of the speech."""
    coded, ended = b"", None
    for number in range(count):
        coded += mouth.frame()
        if mouth.spoken_out:
            assert ended is None, "the end was told twice"
            ended = number
    return A_LAW.decode(coded).astype(np.float64) / 32768, ended


def test_the_end_of_speech_is_that_of_the_clean_sound() -> None:
    assert speech_span(words(1.0).astype(np.float64)) == (round(0.3 * RATE_HZ), round(1.3 * RATE_HZ))
    assert utterance("q", words(1.0)).seconds == pytest.approx(1.3)


def test_breath_after_the_last_word_is_not_speech() -> None:
    sound = words(1.0)
    sound[round(1.3 * RATE_HZ) :] = 0.5 * db_to_gain(-30)
    assert utterance("q", sound).seconds == pytest.approx(1.3)


def test_silence_has_no_speech() -> None:
    assert speech_span(np.zeros(4000)) == (0, 0)
    assert speech_span(np.zeros(0)) == (0, 0)


@pytest.mark.parametrize("peak", [0.01, 0.9])
def test_everybody_speaks_at_the_level_of_a_telephone(peak: float) -> None:
    spoken = utterance("q", words(1.0, lead=0, tail=0, peak=peak))
    assert rms(spoken.samples) == pytest.approx(db_to_gain(SPEECH_DBFS), rel=0.01)


@pytest.mark.parametrize("kind", ["pink", "babble"])
def test_noise_is_as_far_below_the_speech_as_asked(kind: NoiseKind) -> None:
    voices = [utterance("a", words(2.0)), utterance("b", words(1.0))]
    noise = line_noise(kind, 20.0, np.random.default_rng(1), voices)
    assert 20 * np.log10(rms(noise)) == pytest.approx(SPEECH_DBFS - 20, abs=0.1)


def test_a_quiet_line_is_quiet_whatever_is_asked() -> None:
    noise = line_noise("quiet", 20.0, np.random.default_rng(1))
    assert 20 * np.log10(rms(noise)) < SPEECH_DBFS - 50


def test_pink_noise_has_more_low_than_high_tones_and_babble_never_pauses() -> None:
    power = np.abs(np.fft.rfft(line_noise("pink", 20.0, np.random.default_rng(1)))) ** 2
    assert power[: len(power) // 8].sum() > power[len(power) // 8 :].sum()
    mixed = babble([utterance("a", words(2.0)), utterance("b", words(1.0))], 10 * RATE_HZ, np.random.default_rng(1))
    assert min(rms(mixed[start : start + RATE_HZ]) for start in range(0, len(mixed), RATE_HZ)) > 0


def test_the_line_sends_noise_before_during_and_after_the_words() -> None:
    noise = line_noise("pink", 20.0, np.random.default_rng(1))
    mouth = Mouth(noise)
    before, ended = frames(mouth, 50)
    assert ended is None
    assert 20 * np.log10(rms(before)) == pytest.approx(SPEECH_DBFS - 20, abs=2)
    spoken = utterance("q", words(1.0))
    mouth.say(spoken)
    during, ended = frames(mouth, 100)
    assert ended == (spoken.end_samples - 1) // 160
    speech = during[round(0.3 * RATE_HZ) : round(1.3 * RATE_HZ)]
    assert 20 * np.log10(rms(speech)) == pytest.approx(SPEECH_DBFS, abs=0.2)
    under = speech - spoken.samples[spoken.start_samples : spoken.end_samples]
    assert 20 * np.log10(rms(under)) == pytest.approx(SPEECH_DBFS - 20, abs=2)
    after = during[round(1.6 * RATE_HZ) :]
    assert 20 * np.log10(rms(after)) == pytest.approx(SPEECH_DBFS - 20, abs=2)


def test_the_beginning_of_the_words_is_told_once() -> None:
    mouth = Mouth(np.zeros(1600))
    mouth.say(utterance("q", words(1.0)))
    began = []
    for number in range(100):
        mouth.frame()
        began += [number] if mouth.spoken_in else []
    assert began == [round(0.3 * RATE_HZ) // 160]


def test_a_loud_voice_is_clipped_not_wrapped() -> None:
    loud = Utterance("q", "v", "", np.full(320, 2.0), 0, 320)
    mouth = Mouth(np.zeros(1600))
    mouth.say(loud)
    sound, _ = frames(mouth, 2)
    assert sound.min() > 0.9
