"""An agent's telephone that is rung: only the key 1 takes the caller, and it is over in time whatever happens."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice.rung_phone import (
    Connect,
    Event,
    NotReached,
    PickedUp,
    Pressed,
    PutDown,
    PutDownPhone,
    Report,
    RungPhase,
    RungPhone,
    RungPhoneLimits,
    SayGone,
    StopRinging,
    Tell,
    Tick,
    Told,
    Withdrawn,
)

LIMITS = RungPhoneLimits()


def picked_up(at: float = 5.0) -> RungPhone:
    phone = RungPhone(0.0)
    assert phone.handle(PickedUp(), at) == [Tell(1)]
    return phone


def test_who_picks_up_is_told_who_calls_and_takes_the_caller_by_1() -> None:
    phone = picked_up()
    assert phone.handle(Told(1), 12.0) == []
    assert phone.handle(Pressed("1"), 13.0) == [Connect()]
    assert phone.wake_at is None


def test_the_key_may_come_before_all_is_said() -> None:
    assert picked_up().handle(Pressed("1"), 6.0) == [Connect()]


def test_a_voice_mail_never_takes_a_caller_though_it_is_told_twice() -> None:
    phone = picked_up()
    phone.handle(Told(1), 12.0)
    assert phone.handle(Tick(), 12.0 + LIMITS.key_seconds) == [Tell(2)]
    phone.handle(Told(2), 24.0)
    assert phone.handle(Tick(), 24.0 + LIMITS.key_seconds) == [PutDownPhone(), Report("not_answered")]


@pytest.mark.parametrize("event", [Pressed("#"), PutDown()])
def test_the_key_hash_and_hanging_up_decline(event: Event) -> None:
    assert picked_up().handle(event, 8.0)[-1] == Report("declined")


def test_another_key_is_not_an_answer() -> None:
    phone = picked_up()
    assert phone.handle(Pressed("2"), 8.0) == []
    assert phone.handle(Pressed("1"), 9.0) == [Connect()]


def test_a_telephone_that_nobody_picks_up_stops_ringing() -> None:
    phone = RungPhone(0.0)
    assert phone.handle(Tick(), LIMITS.ring_seconds - 1) == []
    assert phone.handle(Tick(), LIMITS.ring_seconds) == [StopRinging(), Report("not_answered")]
    assert phone.handle(PickedUp(), LIMITS.ring_seconds + 1) == []


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("no_answer", "not_answered"),
        ("480", "not_answered"),
        ("486", "declined"),
        ("603", "declined"),
        ("not_sent", "no_line"),
        ("line_lost", "no_line"),
    ],
)
def test_the_desk_is_told_why_it_was_not_taken(reason: str, code: str) -> None:
    assert RungPhone(0.0).handle(NotReached(reason), 3.0) == [Report(code)]


def test_who_picks_up_late_has_no_more_time_than_the_caller_waits() -> None:
    phone = picked_up(29.0)
    assert phone.wake_at == LIMITS.take_seconds
    assert phone.handle(Tick(), LIMITS.take_seconds) == [PutDownPhone(), Report("not_answered")]


def test_a_caller_who_goes_stops_the_ringing_and_nobody_is_blamed() -> None:
    assert RungPhone(0.0).handle(Withdrawn(), 3.0) == [StopRinging()]


def test_who_has_picked_up_hears_that_the_caller_has_gone() -> None:
    phone = picked_up()
    assert phone.handle(Withdrawn(), 8.0) == [SayGone(2)]
    assert phone.handle(Pressed("1"), 9.0) == []
    assert phone.handle(Told(1), 9.5) == [], "the end of what was said before"
    assert phone.handle(Told(2), 10.0) == [PutDownPhone()]


def test_who_is_connected_is_not_parted_by_anything_late() -> None:
    phone = picked_up()
    phone.handle(Pressed("1"), 6.0)
    late = [Withdrawn(), Told(1), Tick(), Pressed("#"), PutDown(), PickedUp(), NotReached("486")]
    assert [phone.handle(event, 50.0) for event in late] == [[]] * len(late)


EVENTS = st.sampled_from(
    [PickedUp(), Told(1), Pressed("1"), Pressed("#"), Pressed("5"), PutDown(), NotReached("486"), Withdrawn(), Tick()]
)


@given(st.lists(st.tuples(EVENTS, st.floats(0, 20)), max_size=30))
def test_whatever_arrives_it_is_over_in_time_and_in_one_way_only(happened: list[tuple[Event, float]]) -> None:
    phone, now, done = RungPhone(0.0), 0.0, []
    for event, later in happened:
        now += later
        while phone.wake_at is not None and phone.wake_at < now:
            done += phone.handle(Tick(), phone.wake_at)
        done += phone.handle(event, now)
    while phone.wake_at is not None:
        assert phone.wake_at <= LIMITS.take_seconds + LIMITS.goodbye_seconds
        done += phone.handle(Tick(), phone.wake_at)
    assert phone.phase in (RungPhase.CONNECTED, RungPhase.OVER)
    ends = [one for one in done if isinstance(one, Connect | Report)]
    assert len(ends) <= 1
    if Connect() in done:
        assert (PickedUp() in [event for event, _ in happened]) and (Pressed("1") in [event for event, _ in happened])
    if not ends:
        assert Withdrawn() in [event for event, _ in happened]
