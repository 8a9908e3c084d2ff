"""What a person lives through whom an agent calls back: they hear at once who calls, and are joined to somebody."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.voice.test_call import DESK_EVENTS, EVENTS, PROMPTS, SHUT, Line, of, said
from tests.unit.voice.test_call_at_desk import PATIENCE, TAKEN, WITH_CALLBACK, told
from tests.unit.voice.test_joining import FakeAgentLeg
from voice import call_messages as m
from voice.agent_leg import AgentLeg
from voice.call import Phase
from voice.call_messages import DeskNews, DeskState
from voice.to_a_person import Possible

DESK = Possible(has_desk=True)


def answered(leg: FakeAgentLeg | None = None, possible: Possible = DESK) -> Line:
    """The person has picked up, and is being told who calls."""
    line = Line(possible)
    line(m.CallAnswered(m.Opening.AGENT), TAKEN)
    if leg is not None:
        line(m.AgentOnLine(leg))
    return line


def test_the_person_hears_who_calls_and_is_then_with_the_agent() -> None:
    line, leg = Line(DESK), FakeAgentLeg()
    assert said(line(m.CallAnswered(m.Opening.AGENT))) == list(PROMPTS.callback_agent)
    assert not of(m.Join, line(TAKEN, m.AgentOnLine(leg))), "not over the words that say who calls"
    done = line.finish_speaking()
    assert of(m.Join, done) == [m.Join(leg)]
    assert told(done) == [DeskNews.JOINED]
    assert line.call.phase is Phase.WITH_AGENT
    assert not of(m.AskDesk, line.commands)
    assert not of(m.PlayMusic, line.commands), "and waits for nothing"


def test_a_voice_that_is_late_keeps_nobody_apart() -> None:
    assert of(m.Join, answered(FakeAgentLeg()).wait(PATIENCE.announce_seconds))
    line = answered(FakeAgentLeg())
    assert of(m.Join, line(m.Said(line.call.serial, failed=True)))


def test_keys_and_words_change_nothing_before_the_two_are_joined() -> None:
    line = answered(FakeAgentLeg(), WITH_CALLBACK)
    assert line(m.KeyPressed("*"), m.KeyPressed("1"), m.KeyPressed("0")) == []
    assert of(m.Join, line.finish_speaking())


def test_hold_and_hanging_up_are_as_in_any_call() -> None:
    leg = FakeAgentLeg()
    line = answered(leg)
    line.finish_speaking()
    assert of(m.PlayMusic, line(m.HoldAsked(True)))
    assert of(m.Join, line(m.HoldAsked(False)))
    done = line(m.DeskSaid(DeskState.CLOSED))
    assert of(m.HangUp, done)


def test_an_agent_who_has_left_when_the_person_answers_is_excused_and_the_bot_offers_its_help() -> None:
    line = Line(DESK)
    assert said(line(m.CallAnswered(m.Opening.AGENT_GONE))) == list(PROMPTS.callback_alone)
    assert said(line.finish_speaking()) == [PROMPTS.greeting[-1]]
    line.finish_speaking()
    assert line.call.phase is Phase.LISTENING


TAKES_OVER = [PROMPTS.callback_left, PROMPTS.callback_assistant, PROMPTS.greeting[-1]]


def test_an_agent_who_leaves_while_the_person_is_told_who_calls_is_excused() -> None:
    for state in (DeskState.CLOSED, DeskState.GONE):
        line = answered(FakeAgentLeg())
        assert said(line(m.DeskSaid(state))) == TAKES_OVER
        line.finish_speaking()
        assert line.call.phase is Phase.LISTENING
    leg = FakeAgentLeg()
    line = answered(leg)
    leg.reason = "hung_up"  # a telephone put down: nobody has watched it meanwhile
    done = line.finish_speaking()
    assert (told(done), said(done)) == ([DeskNews.HUNG_UP], TAKES_OVER)
    assert not of(m.Join, line.commands)


def test_an_agent_who_is_cut_off_meanwhile_is_waited_for_and_then_another_is_looked_for() -> None:
    leg = FakeAgentLeg()
    line = answered(leg)
    leg.reason = "lost"
    assert said(line.finish_speaking()) == [PROMPTS.desk_lost]
    line.finish_speaking()
    assert of(m.Join, line(m.AgentOnLine(FakeAgentLeg())))
    assert line.wait(1) == []
    assert line.call.phase is Phase.WITH_AGENT, "and they speak as long as any two"
    line = answered()  # nobody at all
    assert said(line.finish_speaking()) == [PROMPTS.desk_taken]
    done = line.wait(PATIENCE.agent_seconds)
    assert told(done) == [DeskNews.ABSENT]


def test_the_assistant_says_who_it_is_where_it_takes_over() -> None:
    leg = FakeAgentLeg()
    line = answered(leg)
    line.finish_speaking()
    assert said(line(m.DeskSaid(DeskState.RETURNED))) == [PROMPTS.callback_assistant, PROMPTS.greeting[-1]]
    line.finish_speaking()
    line(m.KeyPressed("0"), TAKEN, m.AgentOnLine(leg))
    assert said(line(m.DeskSaid(DeskState.RETURNED))) == [PROMPTS.desk_returned], "once"


def test_where_nobody_else_comes_the_assistant_introduces_itself_before_it_offers_anything() -> None:
    line = answered(FakeAgentLeg(), WITH_CALLBACK)
    line.finish_speaking()
    line(m.DeskSaid(DeskState.QUEUED, place=1))
    done = said(line(m.DeskSaid(DeskState.REFUSED, "nobody")))
    assert done == [PROMPTS.callback_assistant, PROMPTS.desk_waited, PROMPTS.callback_offer]


def in_vain() -> Line:
    """The agent is cut off before the two have spoken, and does not come back: the person waits in the queue."""
    leg = FakeAgentLeg()
    line = answered(leg, WITH_CALLBACK)
    leg.reason = "lost"
    line.finish_speaking()
    line(m.DeskSaid(DeskState.QUEUED, place=1))
    line.finish_speaking()
    return line


def test_who_has_spoken_with_nobody_is_promised_nothing_twice_and_not_listed_too() -> None:
    for line, event in (
        (in_vain(), m.KeyPressed("1")),
        (in_vain(), m.DeskSaid(DeskState.REFUSED, "nobody")),
        (in_vain(), m.DeskSaid(DeskState.GONE)),
    ):
        assert said(line(event)) == TAKES_OVER
        assert not of(m.RequestPerson, line.commands)
    line = in_vain()
    assert PROMPTS.callback_left in said(line.wait(PATIENCE.call_wait_seconds))
    assert of(m.LeaveDesk, line.commands) == [m.LeaveDesk(listed=True)]
    assert not of(m.RequestPerson, line.commands)


def test_whoever_takes_the_place_of_the_agent_has_spoken_with_them() -> None:
    line = in_vain()
    line(TAKEN, m.AgentOnLine(FakeAgentLeg()))
    line(m.DeskSaid(DeskState.QUEUED, place=1))
    assert PROMPTS.callback_offer in said(line(m.KeyPressed("1")))


def test_a_person_who_hangs_up_is_gone_whatever_was_being_said() -> None:
    for line in (answered(), answered(FakeAgentLeg())):
        line(m.HungUp("caller"))
        assert line.call.phase is Phase.ENDED


def test_out_of_hours_an_agent_may_call_all_the_same() -> None:
    leg = FakeAgentLeg()
    line = answered(leg, Possible(has_desk=True, closed=lambda: SHUT))
    assert of(m.Join, line.finish_speaking())


@given(st.lists(st.tuples(EVENTS | DESK_EVENTS, st.floats(0, 20)), max_size=60))
@settings(max_examples=300, deadline=None)
def test_whatever_happens_nobody_speaks_over_the_agent_and_nobody_is_left_alone(
    events: list[tuple[m.Event, float]],
) -> None:
    line = Line(WITH_CALLBACK)
    line(m.CallAnswered(m.Opening.AGENT))
    person: AgentLeg | None = None
    for event, seconds in events:
        line.now += seconds
        if isinstance(event, m.AgentGone) and event.leg is person:
            person = None
        for command in line(event):
            match command:
                case m.Join(leg=leg):
                    person = leg
                case m.Part() | m.HangUp():
                    person = None
                case m.Say() | m.PlayMusic() | m.Listen():
                    assert person is None
        assert line.call.phase is Phase.ENDED or line.call.wake_at is not None
