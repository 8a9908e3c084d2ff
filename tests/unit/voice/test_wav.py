import io
import struct
import wave
from pathlib import Path

import numpy as np
import pytest

from bot.errors import BadAudio
from voice.audio import read_wav, write_wav

RAMP = np.linspace(-0.9, 0.9, 100).astype(np.float32)


def riff(
    kind: int, bits: int, sound: bytes, *, channels: int = 1, rate_hz: int = 16000, extension: bytes = b""
) -> bytes:
    block = channels * bits // 8
    form = struct.pack("<HHIIHH", kind, channels, rate_hz, rate_hz * block, block, bits) + extension
    body = b"WAVE" + struct.pack("<4sI", b"fmt ", len(form)) + form
    body += struct.pack("<4sI", b"LIST", 3) + b"abc\0"  # an odd chunk to step over
    return (
        struct.pack("<4sI", b"RIFF", len(body) + 8 + len(sound))
        + body
        + struct.pack("<4sI", b"data", len(sound))
        + sound
    )


def three_bytes(samples: np.ndarray) -> bytes:
    return b"".join(int(value).to_bytes(3, "little", signed=True) for value in samples * 2**23)


@pytest.mark.parametrize(
    "content",
    [
        riff(1, 8, ((RAMP * 128) + 128).astype(np.uint8).tobytes()),
        riff(1, 16, (RAMP * 2**15).astype("<i2").tobytes()),
        riff(1, 24, three_bytes(RAMP)),
        riff(1, 32, (RAMP * 2.0**31).astype("<i4").tobytes()),
        riff(3, 32, RAMP.astype("<f4").tobytes()),
        riff(3, 64, RAMP.astype("<f8").tobytes()),
        riff(0xFFFE, 16, (RAMP * 2**15).astype("<i2").tobytes(), extension=struct.pack("<HHIH14x", 22, 16, 4, 1)),
    ],
    ids=["8", "16", "24", "32", "float", "double", "extensible"],
)
def test_every_kind_of_sample_gives_the_same_sound(content: bytes) -> None:
    samples, rate_hz = read_wav(content)
    assert rate_hz == 16000
    assert samples.dtype == np.float32
    assert np.allclose(samples, RAMP, atol=0.01)


def test_channels_are_averaged() -> None:
    stereo = np.stack([RAMP, np.zeros_like(RAMP)], axis=1)
    samples, rate_hz = read_wav(riff(1, 16, (stereo * 2**15).astype("<i2").tobytes(), channels=2, rate_hz=44100))
    assert rate_hz == 44100
    assert np.allclose(samples, RAMP / 2, atol=0.001)


def test_a_streamed_wav_that_never_learnt_its_length_is_read() -> None:
    content = bytearray(riff(1, 16, (RAMP * 2**15).astype("<i2").tobytes()))
    content[-204:-200] = b"\xff\xff\xff\xff"
    assert len(read_wav(bytes(content))[0]) == 100


def test_not_a_number_and_too_loud_become_harmless() -> None:
    samples, _ = read_wav(riff(3, 32, np.array([np.nan, np.inf, -7.0, 0.5], "<f4").tobytes()))
    assert samples.tolist() == [0.0, 1.0, -1.0, 0.5]


GOOD = riff(1, 16, (RAMP * 2**15).astype("<i2").tobytes())


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (GOOD[:20], "cut short"),
        (GOOD[:-50], "150 of 200 bytes"),
        (riff(1, 16, b""), "no sound"),
        (riff(1, 16, b"\0"), "no sound"),
        (riff(2, 4, b"1234" * 50), "unsupported"),
        (riff(1, 16, b"1234", channels=0), "damaged"),
        (riff(1, 16, b"1234", rate_hz=0), "damaged"),
        (b"This is not a sound, whatever its name says. " * 30, "not a sound file"),
        (np.random.default_rng(3).bytes(5000), "not a sound file"),
    ],
)
def test_what_is_not_sound_is_refused_with_one_sentence(content: bytes, sentence: str) -> None:
    with pytest.raises(BadAudio, match=sentence) as caught:
        read_wav(content)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("cut", range(0, len(GOOD), 7))
def test_a_wav_cut_anywhere_is_refused_and_never_crashes(cut: int) -> None:
    with pytest.raises(BadAudio):
        read_wav(GOOD[:cut])


def test_an_absent_file_and_a_directory_are_named(tmp_path: Path) -> None:
    with pytest.raises(BadAudio, match=r"absent\.wav does not exist"):
        read_wav(tmp_path / "absent.wav")
    with pytest.raises(BadAudio, match="cannot be read"):
        read_wav(tmp_path)


def test_other_formats_are_decoded() -> None:
    import av

    coded = io.BytesIO()
    with av.open(coded, "w", format="flac") as container:
        stream = container.add_stream("flac", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray((np.sin(np.arange(8000) / 5) * 9000).astype(np.int16)[None], "s16", "mono")
        frame.sample_rate = 8000
        container.mux([*stream.encode(frame), *stream.encode(None)])
    samples, rate_hz = read_wav(coded.getvalue())
    assert len(samples) / rate_hz == pytest.approx(1.0, abs=0.05)
    assert np.max(np.abs(samples)) == pytest.approx(9000 / 32768, abs=0.03)


@pytest.mark.parametrize("samples", [RAMP, (RAMP * 32768).astype(np.int16)])
def test_what_is_written_is_read_back(tmp_path: Path, samples: np.ndarray) -> None:
    path = tmp_path / "x.wav"
    write_wav(path, samples, 8000)
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 8000)
    assert np.allclose(read_wav(path)[0], RAMP, atol=0.001)
