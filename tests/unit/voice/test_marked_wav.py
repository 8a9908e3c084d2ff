"""A file that is read aloud says, to programs, that a machine speaks."""

from __future__ import annotations

import io
import wave

import av
import numpy as np
import pytest

from voice.marked_wav import DIGITAL_SOURCE_TYPE, wav_head
from voice.wav import read_wav

SOUND = np.arange(-400, 400, dtype="<i2").tobytes()


@pytest.mark.parametrize("length", [len(SOUND), None])
def test_every_reader_finds_the_sound(length: int | None) -> None:
    content = wav_head(8000, length) + SOUND
    samples, rate_hz = read_wav(content)
    assert (len(samples), rate_hz) == (800, 8000)
    with av.open(io.BytesIO(content)) as container:
        frames = list(container.decode(audio=0))
    assert sum(frame.samples for frame in frames) == 800


def test_a_known_length_is_right_to_the_byte() -> None:
    with wave.open(io.BytesIO(wav_head(8000, len(SOUND)) + SOUND)) as reader:
        assert (reader.getnframes(), reader.getframerate(), reader.getnchannels()) == (800, 8000, 1)
        assert reader.readframes(800) == SOUND


def test_nothing_said_is_still_a_file() -> None:
    with wave.open(io.BytesIO(wav_head(8000, 0))) as reader:
        assert reader.getnframes() == 0


def test_players_are_told_that_the_voice_is_synthetic() -> None:
    with av.open(io.BytesIO(wav_head(8000, len(SOUND)) + SOUND)) as container:
        comment = container.metadata["comment"]
    assert comment.startswith("Voix de synthèse")
    assert "AI-generated speech" in comment


def test_archives_are_told_in_the_iptcs_own_term() -> None:
    head = wav_head(8000, None)
    assert head.index(b"_PMX") < head.index(b"data")
    assert DIGITAL_SOURCE_TYPE.encode() in head
