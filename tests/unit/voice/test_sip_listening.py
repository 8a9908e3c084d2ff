"""Time on the line: silence where nothing comes, and the moments at which a telephone hears something."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice.leg import FRAME_BYTES, FRAME_SECONDS
from voice.sip.listener import Listener, speech_end_bytes
from voice.sip.silence import FORGET_SECONDS, LONGEST_GAP_SECONDS, MARGIN_SECONDS, MAX_GAP_SECONDS, SilenceFiller

FRAME = b"\1\0" * (FRAME_BYTES // 2)
LOUD = (np.sin(np.arange(8000) / 3) * 8000).astype("<i2").tobytes()
QUIET = (np.sin(np.arange(8000) / 3) * 20).astype("<i2").tobytes()


def test_received_sound_passes_untouched() -> None:
    filler = SilenceFiller()
    assert filler.complete(b"", 0.0) == b""
    assert [filler.complete(FRAME, 0.02 * tick) for tick in range(1, 50)] == [FRAME] * 49


def test_a_short_gap_is_waited_for() -> None:
    filler = SilenceFiller()
    filler.complete(FRAME, 0.0)
    assert filler.complete(b"", MAX_GAP_SECONDS - 0.01) == b""
    assert filler.complete(FRAME + FRAME, MAX_GAP_SECONDS) == FRAME + FRAME


def frame_number(number: int) -> bytes:
    return (number + 1).to_bytes(4, "little") * (FRAME_BYTES // 4)


def silence_noticed(filler: SilenceFiller, since: float) -> float:
    """How long nothing comes until that is noticed."""
    return next(look * FRAME_SECONDS for look in range(1, 100) if filler.complete(b"", since + look * FRAME_SECONDS))


def heard_of_bursts(filler: SilenceFiller, burst_seconds: float, *, bursts: int, begins: float = 0.0) -> list[bytes]:
    """What is heard, a burst at a time, of a network that holds sound back and delivers it all at once."""
    frames = round(burst_seconds / FRAME_SECONDS)
    heard = []
    for burst in range(bursts):
        looks = range(burst * frames + 1, (burst + 1) * frames + 1)
        arrives = {looks[-1]: FRAME * frames}
        heard.append(b"".join(filler.complete(arrives.get(look, b""), begins + look * FRAME_SECONDS) for look in looks))
    return heard


@pytest.mark.parametrize("burst_seconds", [0.06, 0.12, 0.2, 0.3, 0.44])
def test_of_sound_that_comes_in_bursts_at_most_the_first_has_a_hole(burst_seconds: float) -> None:
    filler = SilenceFiller()
    filler.complete(FRAME, 0.0)
    first, *others = heard_of_bursts(filler, burst_seconds, bursts=5)
    frames = round(burst_seconds / FRAME_SECONDS)
    assert first.endswith(FRAME * frames), "late, and still all there"
    assert others == [FRAME * frames] * 4


def test_bursts_that_grow_are_waited_for_before_they_make_a_hole() -> None:
    filler = SilenceFiller()
    filler.complete(FRAME, 0.0)
    heard_of_bursts(filler, 0.18, bursts=2)
    assert heard_of_bursts(filler, 0.2, bursts=1, begins=0.36) == [FRAME * 10]


def test_a_device_that_sends_no_silence_is_not_taken_for_a_slow_network() -> None:
    filler = SilenceFiller()
    filler.complete(FRAME, 0.0)
    for second in range(1, 5):
        for look in range(1, 26):
            filler.complete(b"", second + look * FRAME_SECONDS)
        for look in range(26, 51):
            filler.complete(FRAME, second + look * FRAME_SECONDS)
    assert filler.complete(b"", 5 + MAX_GAP_SECONDS + 0.01) != b""


def test_no_call_is_waited_for_longer_than_half_a_second() -> None:
    filler = SilenceFiller()
    filler.complete(FRAME, 0.0)
    heard_of_bursts(filler, 3.0, bursts=1)
    assert silence_noticed(filler, 3.0) == pytest.approx(LONGEST_GAP_SECONDS)


@pytest.mark.parametrize("pieces", [1, 10, 20])
def test_late_sound_is_known_in_however_many_pieces_it_is_handed_over(pieces: int) -> None:
    filler = SilenceFiller()
    filler.complete(FRAME, 0.0)
    for look in range(1, 20):
        filler.complete(b"", look * FRAME_SECONDS)
    for piece in range(pieces):  # as the lines over TCP do: a message at a time
        filler.complete(FRAME * (20 // pieces), 0.4 + piece * 1e-5)
    assert 0.4 < silence_noticed(filler, 0.4) < 0.4 + 2 * MARGIN_SECONDS, "waited for as long as it took"


def test_after_half_a_minute_without_late_sound_silence_is_noticed_as_soon_as_ever() -> None:
    filler = SilenceFiller()
    filler.complete(FRAME, 0.0)
    heard_of_bursts(filler, 0.4, bursts=2)
    for look in range(41, 41 + int((FORGET_SECONDS + 1) / FRAME_SECONDS)):
        filler.complete(FRAME, look * FRAME_SECONDS)
    assert silence_noticed(filler, look * FRAME_SECONDS) <= MAX_GAP_SECONDS + FRAME_SECONDS


def test_a_machine_that_did_not_look_learns_nothing_of_the_line() -> None:
    filler = SilenceFiller()
    filler.complete(FRAME, 0.0)
    assert filler.complete(FRAME * 22, 0.44) == FRAME * 22
    assert silence_noticed(filler, 0.44) <= MAX_GAP_SECONDS + FRAME_SECONDS


@given(
    every=st.sampled_from([5, 8, 10, 20, 25, 50, 10**6]),
    hiccup=st.integers(0, 30),
    looked=st.booleans(),
    talks=st.lists(st.tuples(st.integers(50, 200), st.integers(50, 300)), min_size=1, max_size=5),
    burst=st.integers(1, 9),
)
def test_whatever_a_device_sends_time_goes_on_and_no_sound_is_lost(
    every: int, hiccup: int, looked: bool, talks: list[tuple[int, int]], burst: int
) -> None:
    """Speech in bursts, silences with a packet now and then or none, after a hiccup of the line or of ourselves."""
    sent: dict[int, bytes] = {50 + hiccup: FRAME * hiccup} | dict.fromkeys(range(50), FRAME)
    look = 50 + hiccup
    for talk, silence in talks:
        sent |= {look + end: FRAME * burst for end in range(burst, talk + 1, burst)}
        look += talk
        sent |= {look + at: FRAME for at in range(every, silence, every)}
        look += silence
    missed = range(50, 50 + hiccup) if not looked else range(0)
    numbered = {
        at: b"".join(frame_number(at * 50 + part) for part in range(len(pcm) // FRAME_BYTES))
        for at, pcm in sent.items()
    }
    filler = SilenceFiller()
    heard = b"".join(
        filler.complete(numbered.get(at, b""), at * FRAME_SECONDS) for at in range(look + 1) if at not in missed
    )
    frames = [heard[start : start + FRAME_BYTES] for start in range(0, len(heard), FRAME_BYTES)]
    assert [frame for frame in frames if any(frame)] == [
        numbered[at][start : start + FRAME_BYTES]
        for at in sorted(sent)
        for start in range(0, len(numbered[at]), FRAME_BYTES)
    ]
    # Each silence may lose what was still waited for when the next sound came; a hiccup is heard, and its sound too.
    waited = round(LONGEST_GAP_SECONDS / FRAME_SECONDS) + burst
    assert look - waited * len(talks) <= len(frames) <= look + hiccup + 2 * burst * len(talks) + 2


def opus_silence(filler: SilenceFiller, begins: float, seconds: float, every: float) -> float:
    """Seconds handed on of a silence during which one packet comes every so often."""
    step = round(every / FRAME_SECONDS)
    looks = range(1, round(seconds / FRAME_SECONDS) + 1)
    heard = [filler.complete(b"" if look % step else FRAME, begins + look * FRAME_SECONDS) for look in looks]
    return len(b"".join(heard)) / 16000


@pytest.mark.parametrize("every", [0.1, 0.16, 0.2, 0.4])
@pytest.mark.parametrize("hiccup", [0.1, 0.2, 0.36, 0.44, 0.5])
def test_a_packet_now_and_then_does_not_pass_for_the_silence_it_is_sent_in(hiccup: float, every: float) -> None:
    filler = SilenceFiller()
    filler.complete(FRAME, 0.0)
    heard_of_bursts(filler, hiccup, bursts=1)
    assert opus_silence(filler, hiccup, 5.0, every) == pytest.approx(5.0, abs=LONGEST_GAP_SECONDS)


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
