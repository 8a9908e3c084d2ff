"""Sound between two people: even, and never late for long."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from voice.leg import FRAME_BYTES, FRAME_SECONDS
from voice.live_sound import GATHERED_FRAMES, LATE_SECONDS, SILENCE, LiveSound, Pace

MOST_FRAMES = int(LATE_SECONDS / FRAME_SECONDS)


def frame(number: int) -> bytes:
    """Loud, and another one for each number."""
    return (1000 + number).to_bytes(2, "little") * (FRAME_BYTES // 2)


def number_of(pcm: bytes) -> int:
    return int.from_bytes(pcm[:2], "little") - 1000


def test_sound_comes_out_as_it_went_in_after_a_little_was_gathered() -> None:
    sound = LiveSound()
    sound.add(frame(1))
    assert sound.frame() is SILENCE
    sound.add(frame(2))
    sound.add(frame(3))
    assert [sound.frame() for _ in range(4)] == [frame(1), frame(2), frame(3), SILENCE]


def test_portions_of_any_size_make_the_same_sound() -> None:
    sound, stream = LiveSound(), frame(1) + frame(2) + frame(3)
    for start in range(0, len(stream), 100):
        sound.add(stream[start : start + 100])
    assert b"".join(sound.frame() for _ in range(3)) == stream


def test_what_has_become_late_is_dropped_and_the_newest_is_heard() -> None:
    sound = LiveSound()
    for number in range(MOST_FRAMES + 1):
        sound.add(frame(number))
    heard = [sound.frame() for _ in range(GATHERED_FRAMES)]
    assert heard == [frame(MOST_FRAMES - 1), frame(MOST_FRAMES)]
    assert sound.frame() is SILENCE
    assert sound.dropped_bytes == (MOST_FRAMES - 1) * FRAME_BYTES


def test_a_delay_is_made_up_for_between_two_words() -> None:
    sound = LiveSound()
    for number in range(6):
        sound.add(frame(number))
    for _ in range(4):
        sound.add(bytes(FRAME_BYTES))
        sound.frame()
    sound.add(frame(9))
    assert [sound.frame() for _ in range(3)] == [frame(4), frame(5), frame(9)]


@given(st.lists(st.one_of(st.none(), st.integers(0, 15)), max_size=50))
def test_sound_is_never_later_than_the_limit(steps: list[int | None]) -> None:
    """None: a frame is played; a number: a burst of so many frames comes."""
    sound, came = LiveSound(), 0
    for step in steps:
        if step is None:
            played = sound.frame()
            if played is not SILENCE:
                assert came - number_of(played) <= MOST_FRAMES
        else:
            for _ in range(step):
                came += 1
                sound.add(frame(came))


def test_a_pace_does_not_drift_when_each_frame_is_a_little_late() -> None:
    pace, now = Pace(), 100.0
    for _ in range(1000):
        now += pace.wait_seconds(now) + 0.003
    assert abs(now - (100.0 + 999 * FRAME_SECONDS + 0.003)) < 1e-6
    assert pace.missed == 0


def test_after_a_standstill_what_was_due_is_left_out_and_not_sent_in_a_burst() -> None:
    pace = Pace()
    pace.wait_seconds(0.0)
    assert pace.wait_seconds(1.0) == 0.0
    assert pace.missed == 49
    assert 0 < pace.wait_seconds(1.0) < 2 * FRAME_SECONDS
