"""The lines' codecs, to and from 8 kHz."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from bot.errors import ProtocolError
from voice.audio import Floats
from voice.lines.codecs import Codec, Downsampler16To8, Encoding, codec_for


def tone(hz: float, rate_hz: int, seconds: float = 0.5) -> NDArray[np.int16]:
    moments = np.arange(round(seconds * rate_hz)) / rate_hz
    return (10000 * np.sin(2 * np.pi * hz * moments)).astype("<i2")


def level(pcm: bytes) -> float:
    """Root mean square, after the filters have settled."""
    return float(np.sqrt(np.mean(np.frombuffer(pcm, "<i2")[400:].astype(float) ** 2)))


@pytest.mark.parametrize(
    ("encoding", "rate_hz", "frame_bytes"),
    [("mulaw", 8000, 160), ("alaw", 8000, 160), ("s16le", 8000, 320), ("s16le", 16000, 640), ("s16be", 16000, 640)],
)
@pytest.mark.parametrize("hz", [300, 1000, 3300])
def test_a_telephones_sound_survives_both_ways(encoding: Encoding, rate_hz: int, frame_bytes: int, hz: float) -> None:
    pcm = tone(hz, 8000).tobytes()
    codec = codec_for(encoding, rate_hz)
    assert codec.frame_bytes == frame_bytes
    assert level(codec.decode(codec.encode(pcm))) == pytest.approx(level(pcm), rel=0.06)


def test_what_a_telephone_cannot_carry_does_not_come_back_as_something_else() -> None:
    high = tone(5500, 16000).tobytes()
    assert level(codec_for("s16le", 16000).decode(high)) < 10, "an alias 60 dB down"


def test_big_endian_is_the_other_way_round() -> None:
    assert codec_for("s16be", 8000).decode(b"\x01\x02") == b"\x02\x01"
    assert codec_for("s16be", 8000).encode(b"\x01\x02") == b"\x02\x01"


def test_chunks_of_any_size_give_the_same_stream() -> None:
    samples: Floats = np.random.default_rng(1).normal(0, 0.1, 5001).astype(np.float32)
    whole = Downsampler16To8()(samples)
    piecewise = Downsampler16To8()
    pieces = [piecewise(piece) for piece in np.split(samples, [1, 2, 5, 320, 333, 1000, 1000, 4999])]
    np.testing.assert_allclose(np.concatenate(pieces), whole, atol=1e-6)
    assert len(whole) == 2501


@pytest.mark.parametrize(("encoding", "rate_hz"), [("mulaw", 16000), ("s16le", 24000), ("s16be", 0)])
def test_other_rates_are_refused(encoding: Encoding, rate_hz: int) -> None:
    with pytest.raises(ProtocolError, match="not carried"):
        codec_for(encoding, rate_hz)


def test_half_a_sample_is_refused() -> None:
    with pytest.raises(ProtocolError):
        Codec("s16le", 8000).decode(b"abc")
