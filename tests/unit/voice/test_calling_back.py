"""A person whom an agent calls back: the agent comes first, and it is always decided, in one way, in time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.voice.test_joining import FakeAgentLeg
from voice import call_messages as m
from voice.calling_back import (
    PERSON,
    CallingBack,
    CallingBackLimits,
    CallingBackPhase,
    Command,
    Event,
    Finish,
    PersonAnswered,
    PersonNotReached,
    PlayRingback,
    RingPerson,
    StopRinging,
    TellAgent,
    Told,
    Watch,
)

LIMITS = CallingBackLimits()
TAKEN = m.DeskSaid(m.DeskState.TAKEN, agent="Anne")
GONE = m.DeskSaid(m.DeskState.GONE)


def calling(at: float = 5.0) -> tuple[CallingBack, FakeAgentLeg]:
    """With an agent, while the person's telephone rings."""
    call, leg = CallingBack(0.0), FakeAgentLeg()
    call.handle(m.AgentOnLine(leg), at)
    return call, leg


def test_nobody_is_called_before_the_agent_is_there() -> None:
    call, leg = CallingBack(0.0), FakeAgentLeg()
    assert call.handle(TAKEN, 0.0) == []
    assert call.handle(m.AgentOnLine(leg), 4.0) == [Watch(leg), PlayRingback(), RingPerson()]
    assert call.handle(m.AgentOnLine(leg), 4.5) == [], "told twice"


def test_whoever_answers_finds_the_agent() -> None:
    call, _ = calling()
    assert call.handle(PersonAnswered(), 12.0) == [TellAgent("answered")]
    assert (call.phase, call.wake_at) == (CallingBackPhase.ANSWERED, None)
    assert call.handle(GONE, 13.0) == [], "from here on it is a call like any other"


def test_an_agent_who_never_comes_calls_nobody() -> None:
    call = CallingBack(0.0)
    assert call.handle(m.Tick(), LIMITS.agent_seconds - 1) == []
    assert call.handle(m.Tick(), LIMITS.agent_seconds) == [Finish("agent_absent")]


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("486", "busy"), ("600", "busy"), ("603", "declined"), ("404", "unknown_number"), ("484", "unknown_number"),
        ("480", "not_answered"), ("no_answer", "not_answered"), ("cancelled", "not_answered"), ("503", "no_line"),
        ("line_lost", "no_line"), ("not_sent", "no_line"),
    ],
)  # fmt: skip
def test_the_agent_is_told_why_nobody_answered(reason: str, code: str) -> None:
    call, _ = calling()
    assert call.handle(PersonNotReached(reason), 20.0) == [TellAgent(code)]
    assert call.handle(PersonAnswered(), 21.0) == []
    assert call.handle(Told(), 23.0) == [Finish(f"person_{code}")]


def test_what_cannot_be_told_holds_nobody_up() -> None:
    call, _ = calling()
    call.handle(PersonNotReached("486"), 20.0)
    assert call.handle(m.Tick(), 20.0 + LIMITS.tell_seconds) == [Finish("person_busy")]


def test_a_line_that_says_nothing_is_not_waited_for() -> None:
    call, _ = calling(5.0)
    assert call.handle(m.Tick(), 5.0 + LIMITS.ring_seconds) == [StopRinging(), TellAgent("not_answered")]


@pytest.mark.parametrize("event", [GONE, m.DeskSaid(m.DeskState.CLOSED), m.DeskSaid(m.DeskState.QUEUED)])
def test_who_hangs_up_in_the_console_stops_the_ringing(event: m.Event) -> None:
    call, _ = calling()
    assert call.handle(event, 9.0) == [StopRinging(), Finish("hung_up")]
    assert CallingBack(0.0).handle(event, 1.0) == [Finish("hung_up")]


def test_who_puts_the_telephone_down_stops_the_ringing() -> None:
    call, leg = calling()
    assert call.handle(m.AgentGone(leg, "hung_up"), 9.0) == [StopRinging(), Finish("hung_up")]


def test_an_agent_who_is_cut_off_may_come_back_while_it_rings() -> None:
    call, leg = calling()
    again = FakeAgentLeg()
    assert call.handle(m.AgentGone(leg, "lost"), 9.0) == []
    assert call.handle(m.AgentOnLine(again), 12.0) == [Watch(again), PlayRingback()]
    assert call.handle(m.AgentGone(leg, "lost"), 13.0) == [], "the one of before"
    assert call.handle(PersonAnswered(), 14.0) == [TellAgent("answered")]


def test_nobody_is_rung_for_an_agent_who_does_not_come_back() -> None:
    call, leg = calling()
    call.handle(m.AgentGone(leg, "lost"), 9.0)
    assert call.handle(m.Tick(), 9.0 + LIMITS.back_seconds) == [StopRinging(), Finish("agent_lost")]


def test_whoever_answers_while_the_agent_is_cut_off_is_not_joined_to_nobody() -> None:
    call, leg = calling()
    call.handle(m.AgentGone(leg, "lost"), 9.0)
    assert call.handle(PersonAnswered(), 10.0)[-1] == Finish("agent_lost")
    assert call.phase is CallingBackPhase.OVER


LEGS = [FakeAgentLeg(), FakeAgentLeg()]
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.sampled_from([TAKEN, GONE, PersonAnswered(), PersonNotReached("486"), Told(), m.Tick()]),
    st.builds(m.AgentOnLine, st.sampled_from(LEGS)),
    st.builds(m.AgentGone, st.sampled_from(LEGS), st.sampled_from(["hung_up", "lost"])),
)


@given(st.lists(st.tuples(EVENTS, st.floats(0, 20)), max_size=30))
def test_whatever_arrives_it_is_decided_in_time_and_in_one_way_only(happened: list[tuple[Event, float]]) -> None:
    call, now = CallingBack(0.0), 0.0
    done: list[Command] = []
    for event, later in happened:
        now += later
        while call.wake_at is not None and call.wake_at < now:
            done += call.handle(m.Tick(), call.wake_at)
        done += call.handle(event, now)
    while call.wake_at is not None:
        assert call.wake_at <= LIMITS.agent_seconds + LIMITS.ring_seconds + LIMITS.tell_seconds
        done += call.handle(m.Tick(), call.wake_at)
    answered = call.phase is CallingBackPhase.ANSWERED
    ends = [one for one in done if isinstance(one, Finish)]
    assert len(ends) == (0 if answered else 1)
    assert all(len(end.code.removeprefix(PERSON)) <= 16 for end in ends), "as the store keeps it"
    assert done.count(RingPerson()) <= 1, "nobody is called twice"
    if answered:
        assert call.leg is not None
        assert RingPerson() in done
    elif RingPerson() in done and not any(isinstance(event, PersonNotReached) for event, _ in happened):
        assert StopRinging() in done, "nothing goes on ringing"
