"""Time on the line: silence where nothing comes, and the moments at which a telephone hears something."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice.leg import FRAME_BYTES, FRAME_SECONDS
from voice.sip.listener import Listener, speech_end_bytes
from voice.sip.silence import MAX_GAP_SECONDS, SilenceFiller

FRAME = b"\1\0" * (FRAME_BYTES // 2)
LOUD = (np.sin(np.arange(8000) / 3) * 8000).astype("<i2").tobytes()
QUIET = (np.sin(np.arange(8000) / 3) * 20).astype("<i2").tobytes()


def test_received_sound_passes_untouched() -> None:
    filler = SilenceFiller()
    assert filler.complete(b"", 0.0) == b""
    assert [filler.complete(FRAME, 0.02 * tick) for tick in range(1, 50)] == [FRAME] * 49


def test_a_short_gap_is_left_to_the_jitter_buffer() -> None:
    filler = SilenceFiller()
    filler.complete(FRAME, 0.0)
    assert filler.complete(b"", MAX_GAP_SECONDS - 0.01) == b""
    assert filler.complete(FRAME + FRAME, MAX_GAP_SECONDS) == FRAME + FRAME


@given(st.floats(1, 20))
def test_a_line_that_sends_nothing_lasts_as_long_as_the_clock(seconds: float) -> None:
    filler = SilenceFiller()
    filler.complete(FRAME, 0.0)
    ticks = int(seconds / FRAME_SECONDS)
    filled = b"".join(filler.complete(b"", tick * FRAME_SECONDS) for tick in range(1, ticks + 1))
    assert not any(filled)
    assert len(filled) / 16000 == pytest.approx(ticks * FRAME_SECONDS, abs=2 * FRAME_SECONDS)


def test_the_first_loud_moment_after_a_turn_is_found_to_ten_milliseconds() -> None:
    listener = Listener()
    listener.hear(QUIET, 11.0)
    listener.hear(LOUD, 12.0)
    listener.hear(QUIET, 13.0)
    assert listener.first_loud_after(10.5) == pytest.approx(11.0, abs=0.011)
    assert listener.last_loud_at == pytest.approx(12.0, abs=0.011)
    assert listener.first_loud_after(12.5) is None


def test_sound_in_odd_pieces_is_heard_the_same() -> None:
    listener = Listener()
    sound, at = QUIET + LOUD, 0.0
    for start in range(0, len(sound), 222):
        piece = sound[start : start + 222]
        at += len(piece) / 16000
        listener.hear(piece, at)
    assert listener.first_loud_after(0.0) == pytest.approx(1.0, abs=0.011)
    assert bytes(listener.recording) == sound


def test_speech_ends_before_the_trailing_room_noise() -> None:
    assert speech_end_bytes(LOUD + QUIET) == pytest.approx(len(LOUD), abs=320)


def test_silence_has_no_speech() -> None:
    assert speech_end_bytes(QUIET) == 0
    assert speech_end_bytes(b"") == 0
