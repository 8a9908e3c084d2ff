import numpy as np
import pytest

from bot.errors import BadAudio
from voice.audio import (
    A_LAW,
    G711,
    MU_LAW,
    Upsampler8To16,
    float_to_pcm,
    level_dbfs,
    pcm_to_float,
    quiet_cuts,
    resample,
    to_peak,
    trim_silence,
)


def tone(hz: float, seconds: float, rate_hz: int, level: float = 0.5) -> np.ndarray:
    return (level * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate_hz)) / rate_hz)).astype(np.float32)


# The values of ITU-T G.711's tables at the ends and in the middle (16-bit scale).
@pytest.mark.parametrize(
    ("law", "code", "level"),
    [
        (A_LAW, 0xD5, 8),
        (A_LAW, 0x55, -8),
        (A_LAW, 0xAA, 32256),
        (A_LAW, 0x2A, -32256),
        (MU_LAW, 0xFF, 0),
        (MU_LAW, 0x80, 32124),
        (MU_LAW, 0x00, -32124),
        (MU_LAW, 0xF0, 120),
    ],
)
def test_g711_levels_are_those_of_the_recommendation(law: G711, code: int, level: int) -> None:
    assert law.decode(bytes([code]))[0] == level


@pytest.mark.parametrize("law", [A_LAW, MU_LAW])
def test_every_g711_code_survives_decoding_and_encoding(law: G711) -> None:
    codes = bytes(range(256))
    again = law.encode(law.decode(codes))
    assert np.array_equal(law.decode(again), law.decode(codes))  # µ-law has two codes for zero


@pytest.mark.parametrize("law", [A_LAW, MU_LAW])
def test_g711_keeps_every_sample_within_its_step(law: G711) -> None:
    samples = np.arange(-32768, 32768).astype(np.int16)
    error = np.abs(law.decode(law.encode(samples)).astype(int) - samples)
    assert np.all(error <= np.maximum(16, np.abs(samples.astype(int)) // 30 + 16))


def test_upsampling_gives_the_same_stream_whatever_the_chunks() -> None:
    sound = np.random.default_rng(1).standard_normal(1000).astype(np.float32)
    whole = Upsampler8To16()(sound)
    stream = Upsampler8To16()
    parts = [stream(chunk) for chunk in np.split(sound, [1, 1, 160, 161, 480, 999])]
    assert np.allclose(np.concatenate(parts), whole, atol=1e-6)
    assert len(whole) == 2000


def test_upsampling_is_less_than_a_millisecond_late_and_keeps_the_level() -> None:
    impulse = np.zeros(100, np.float32)
    impulse[0] = 1
    assert np.argmax(Upsampler8To16()(impulse)) == 15
    spoken = Upsampler8To16()(tone(1000, 0.5, 8000))[200:]
    assert level_dbfs(spoken) == pytest.approx(level_dbfs(tone(1000, 0.5, 16000)), abs=0.1)


def test_upsampling_makes_no_mirror_image() -> None:
    spectrum = np.abs(np.fft.rfft(Upsampler8To16()(tone(1000, 1, 8000))[4000:12000]))
    assert spectrum[3400:3600].max() < spectrum[480:520].max() / 1000  # 7 kHz against 1 kHz, in bins of 2 Hz


def test_pcm_and_floats_are_inverse_and_clip() -> None:
    pcm = np.array([-32768, -1, 0, 1, 32767], "<i2").tobytes()
    assert float_to_pcm(pcm_to_float(pcm)) == pcm
    assert np.frombuffer(float_to_pcm(np.array([2.0, -2.0], np.float32)), "<i2").tolist() == [32767, -32768]
    assert len(pcm_to_float(b"")) == 0


def test_half_a_sample_is_refused() -> None:
    with pytest.raises(BadAudio, match="3 bytes"):
        pcm_to_float(b"abc")


@pytest.mark.parametrize("to_hz", [8000, 16000, 24000, 44100])
def test_resampling_keeps_duration_and_level(to_hz: int) -> None:
    sound = resample(tone(500, 1, 24000), 24000, to_hz)
    assert len(sound) == pytest.approx(to_hz, abs=2)
    assert level_dbfs(sound) == pytest.approx(level_dbfs(tone(500, 1, 24000)), abs=0.1)


def test_resampling_to_the_telephone_removes_what_would_alias() -> None:
    assert level_dbfs(resample(tone(5000, 1, 24000), 24000, 8000)[500:-500]) < -90


def test_peak_is_set_and_silence_left_alone() -> None:
    assert np.max(np.abs(to_peak(tone(300, 0.1, 8000, 0.01), -3))) == pytest.approx(0.708, abs=0.001)
    assert not np.any(to_peak(np.zeros(10, np.float32), -3))
    assert len(to_peak(np.zeros(0, np.float32), -3)) == 0


def test_trimming_leaves_the_margins_and_nothing_of_silence() -> None:
    sound = np.concatenate([np.zeros(8000, np.float32), tone(300, 1, 8000), np.zeros(8000, np.float32)])
    assert len(trim_silence(sound, 8000, 0.08, 0.12)) == pytest.approx(8000 + 640 + 960, abs=20)
    assert len(trim_silence(np.zeros(8000, np.float32), 8000, 0.08, 0.12)) == 0


def test_long_sound_is_cut_in_its_pauses_and_nothing_is_lost() -> None:
    rng = np.random.default_rng(2)
    sound = rng.standard_normal(60 * 1000).astype(np.float32)
    sound[19_000:19_500] = 0
    sound[40_000:40_500] = 0
    pieces = quiet_cuts(sound, 1000, 28)
    assert np.array_equal(np.concatenate(pieces), sound)
    assert all(len(piece) <= 28_000 for piece in pieces)
    assert 19_000 <= len(pieces[0]) <= 19_500


def test_short_sound_is_not_cut() -> None:
    assert [len(piece) for piece in quiet_cuts(np.zeros(10, np.float32), 1000, 28)] == [10]
