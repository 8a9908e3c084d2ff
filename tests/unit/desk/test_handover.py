"""One request for a person: what each event does, and what holds whatever the order of events."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.desk.events import (
    AgentAbsent,
    AgentLost,
    Answered,
    CallbackLeft,
    CallOver,
    CallWaits,
    Cancelled,
    Case,
    Closed,
    Declined,
    Event,
    GiveToBot,
    GiveToPerson,
    MessageLeft,
    NotReached,
    Offered,
    PromiseAgain,
    Returned,
    Rules,
    SetAway,
    Situation,
    Spoke,
    Taken,
    TellVisitor,
    Transferred,
    VisitorLeft,
    Who,
    WrappedUp,
)
from bot.desk.handover import calls_back, decide, wake_at
from bot.desk.refusals import NotNow
from bot.desk.visitor import Refusal, VisitorState
from bot.dialogue import Channel
from bot.store.records import HandoverReason, HandoverRecord, HandoverState

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
RULES = Rules()
ANNE, BRUNO = Who("anne", "Anne"), Who("bruno", "Bruno")
CHIEF = Who("chief", "Chef", supervises=True)
State = HandoverState


def asked(channel: Channel = Channel.WEB) -> Case:
    return HandoverRecord("h1", "c1", T0, HandoverReason.ASKED, State.REQUESTED, channel=channel)


def after(*events: Event, case: Case | None = None, now: datetime = T0) -> Case:
    case = case or asked()
    for event in events:
        case = decide(case, event, now, RULES).case
    return case


QUEUED = after(Situation())
OFFERED = after(Situation(), Offered(ANNE))
ACTIVE = after(Situation(), Taken(ANNE))
WRAP_UP = after(Situation(), Taken(ANNE), Closed(ANNE))


def code(case: Case, event: Event) -> str:
    with pytest.raises(NotNow) as refusal:
        decide(case, event, T0, RULES)
    return refusal.value.code


@pytest.mark.parametrize(
    ("situation", "reason"),
    [
        (Situation(open=False, staffed=False), Refusal.CLOSED),
        (Situation(open=False), Refusal.CLOSED),
        (Situation(staffed=False), Refusal.NOBODY),
        (Situation(full=True), Refusal.FULL),
    ],
)
def test_whoever_cannot_be_served_is_told_why(situation: Situation, reason: Refusal) -> None:
    decision = decide(asked(), situation, T0, RULES)
    assert decision.case.state is State.REFUSED
    assert decision.commands == (TellVisitor(VisitorState.REFUSED, reason),)


@pytest.mark.parametrize(("event", "state"), [(CallbackLeft(), State.CALLBACK), (MessageLeft(), State.MESSAGE_LEFT)])
def test_who_was_refused_may_leave_a_number_or_a_message(event: Event, state: State) -> None:
    refused = after(Situation(staffed=False))
    assert after(event, case=refused).state is state
    assert after(event, case=QUEUED).state is state


def test_a_call_is_shown_whatever_the_hour(  # the telephone has told its caller already
) -> None:
    case = after(Situation(open=False, staffed=False), case=asked(Channel.PHONE))
    assert (case.state, case.deadline) == (State.QUEUED, T0 + RULES.missed_call)


def test_taking_silences_the_bot_and_names_the_agent() -> None:
    decision = decide(OFFERED, Taken(ANNE), T0, RULES)
    assert decision.commands == (GiveToPerson(), TellVisitor(VisitorState.ACTIVE, agent="Anne"))
    assert (decision.case.state, decision.case.agent_id, decision.case.taken_at) == (State.ACTIVE, "anne", T0)


def test_only_one_may_take_it() -> None:
    assert code(OFFERED, Taken(BRUNO)) == "taken"
    assert code(ACTIVE, Taken(BRUNO)) == "taken"
    assert code(WRAP_UP, Taken(BRUNO)) == "taken"
    assert after(Taken(ANNE), case=ACTIVE) == ACTIVE
    assert after(Taken(CHIEF), case=ACTIVE).agent_id == "chief"


def test_nobody_takes_more_than_there_is_room_for() -> None:
    assert code(QUEUED, Taken(ANNE, has_room=False)) == "no_room"


def test_an_offer_that_is_not_answered_goes_back_to_its_place_and_the_agent_is_away() -> None:
    late = T0 + RULES.offer
    decision = decide(OFFERED, Situation(), late, RULES)
    assert decision.commands == (SetAway("anne"),)
    assert decision.case == replace(QUEUED, deadline=QUEUED.deadline)
    assert decide(OFFERED, Situation(), late - timedelta(seconds=1), RULES).case == OFFERED


def test_who_declines_is_remembered() -> None:
    declined = after(Declined(ANNE), case=OFFERED)
    assert (declined.state, declined.declined, declined.agent_id) == (State.QUEUED, ("anne",), None)
    assert code(OFFERED, Declined(BRUNO)) == "not_yours"


def test_a_lost_agent_costs_the_visitor_no_place() -> None:
    decision = decide(ACTIVE, AgentLost("anne"), T0, RULES)
    assert decision.commands == (GiveToBot(), TellVisitor(VisitorState.QUEUED, why="lost"))
    assert (decision.case.state, decision.case.front, decision.case.agent_id) == (State.QUEUED, True, None)
    assert after(AgentLost("bruno"), case=ACTIVE) == ACTIVE
    assert after(AgentLost("anne"), case=OFFERED).front is False


def test_a_transfer_goes_to_the_agent_or_to_the_front_of_the_team() -> None:
    decision = decide(ACTIVE, Transferred(ANNE, to=BRUNO), T0, RULES)
    assert decision.commands == (GiveToBot(), TellVisitor(VisitorState.QUEUED, why="handed_on"))
    assert (decision.case.state, decision.case.agent_id) == (State.OFFERED, "bruno")
    ignored = decide(decision.case, Situation(), T0 + RULES.offer, RULES).case
    assert (ignored.state, ignored.front) == (State.QUEUED, True)
    to_team = after(Transferred(ANNE, team="ccas"), case=ACTIVE)
    assert (to_team.state, to_team.team, to_team.front, to_team.declined) == (State.QUEUED, "ccas", True, ("anne",))
    assert code(ACTIVE, Transferred(BRUNO, team="ccas")) == "not_yours"
    assert code(ACTIVE, Transferred(ANNE, to=ANNE)) == "nobody"


@pytest.mark.parametrize(
    ("event", "ending", "told"),
    [
        (Returned(ANNE), "returned", VisitorState.ENDED),
        (Closed(ANNE), "closed", VisitorState.ENDED),
        (Cancelled(), "cancelled", VisitorState.CANCELLED),
        (VisitorLeft(), "left", VisitorState.ENDED),
    ],
)
def test_whoever_ends_it_the_bot_answers_and_the_agent_writes_up(event: Event, ending: str, told: VisitorState) -> None:
    decision = decide(ACTIVE, event, T0, RULES)
    assert (decision.case.state, decision.case.ending, decision.case.agent_id) == (State.WRAP_UP, ending, "anne")
    assert GiveToBot() in decision.commands
    assert [told_one.state for told_one in decision.commands_to_visitor()] == [told]
    assert after(WrappedUp(ANNE), case=decision.case).state is State.CLOSED


def test_a_wrap_up_ends_by_itself() -> None:
    assert decide(WRAP_UP, Situation(), T0 + RULES.wrap_up, RULES).case.state is State.CLOSED


def test_a_silent_conversation_is_given_back_but_not_one_in_which_somebody_spoke() -> None:
    late = T0 + RULES.idle
    assert decide(ACTIVE, Situation(), late, RULES).case.ending == "idle"
    spoken = late - timedelta(minutes=1)
    assert decide(ACTIVE, Situation(last_spoken_at=spoken), late, RULES).case.deadline == spoken + RULES.idle
    assert decide(ACTIVE, Spoke(), spoken, RULES).case.deadline == spoken + RULES.idle


def test_who_waits_while_everybody_has_left_is_told_so() -> None:
    nobody = Situation(staffed=False, unstaffed_for=RULES.nobody)
    assert decide(QUEUED, nobody, T0 + RULES.nobody, RULES).case.refusal == "nobody"
    assert decide(QUEUED, replace(nobody, open=False), T0 + RULES.nobody, RULES).case.refusal == "closed"
    just_gone = Situation(staffed=False, unstaffed_for=timedelta(seconds=3))
    assert decide(QUEUED, just_gone, T0 + RULES.nobody, RULES).case == QUEUED


def test_a_call_that_a_person_took_by_telephone_leaves_the_list_and_one_hung_up_stays_a_while() -> None:
    call = after(Situation(), case=asked(Channel.PHONE))
    assert after(CallOver(transferred=True), case=call).state is State.CLOSED
    hung_up = after(CallOver(), case=call)
    assert hung_up == call
    assert decide(hung_up, Situation(), T0 + RULES.missed_call, RULES).case.state is State.LEFT


def test_a_request_that_a_dead_gateway_left_long_ago_is_nobodys() -> None:
    assert decide(asked(), Situation(), T0 + RULES.queue + timedelta(1), RULES).case.state is State.LEFT


ON_LINE = after(CallWaits(Situation()), case=asked(Channel.PHONE))
SPOKEN_WITH = after(Taken(ANNE, to_speak=True), case=ON_LINE)


@pytest.mark.parametrize(
    ("situation", "refusal"),
    [
        (Situation(open=False), "closed"),
        (Situation(open=False, staffed=False), "closed"),
        (Situation(staffed=False), "nobody"),
        (Situation(full=True), "full"),
    ],
)
def test_a_caller_who_may_not_wait_is_listed_and_told_why(situation: Situation, refusal: str) -> None:
    listed = after(CallWaits(situation), case=asked(Channel.PHONE))
    assert (listed.state, listed.on_line, listed.refusal) == (State.QUEUED, False, refusal)
    assert listed.deadline == T0 + RULES.missed_call
    again = after(CallWaits(Situation()), case=listed, now=T0 + timedelta(minutes=5))
    assert (again.on_line, again.refusal, again.deadline) == (True, None, T0 + timedelta(minutes=5) + RULES.call_wait)


def test_nobody_waits_on_the_line_for_longer_than_allowed_but_stays_to_be_called_back() -> None:
    late = T0 + RULES.call_wait
    assert decide(ON_LINE, Situation(), late - timedelta(seconds=1), RULES).case == ON_LINE
    waited = decide(ON_LINE, Situation(), late, RULES).case
    assert (waited.state, waited.on_line, waited.refusal) == (State.QUEUED, False, "nobody")
    assert decide(waited, Situation(), T0 + RULES.missed_call, RULES).case.state is State.LEFT


def test_a_caller_whom_everybody_has_left_waits_no_longer() -> None:
    nobody = Situation(staffed=False, unstaffed_for=RULES.nobody)
    left_alone = decide(ON_LINE, nobody, T0 + RULES.nobody, RULES).case
    assert (left_alone.state, left_alone.on_line, left_alone.refusal) == (State.QUEUED, False, "nobody")


@pytest.mark.parametrize("case", [ON_LINE, after(Offered(ANNE), case=ON_LINE)])
def test_who_hangs_up_while_waiting_is_a_missed_call(case: Case) -> None:
    missed = after(CallOver(), case=case)
    assert (missed.state, missed.on_line, missed.agent_id) == (State.QUEUED, False, None)
    assert missed.deadline == T0 + RULES.missed_call
    assert code(missed, Taken(BRUNO, to_speak=True)) == "over"
    assert after(Taken(BRUNO), case=missed).state is State.ACTIVE  # to be called back, as ever


@pytest.mark.parametrize(("transferred", "ending"), [(False, "left"), (True, "transferred")])
def test_a_call_that_ends_with_an_agent_is_written_up(transferred: bool, ending: str) -> None:
    decision = decide(SPOKEN_WITH, CallOver(transferred), T0, RULES)
    assert (decision.case.state, decision.case.ending, decision.case.on_line) == (State.WRAP_UP, ending, False)
    assert GiveToBot() in decision.commands


def test_the_end_of_a_listed_call_is_nothing_to_the_agent_who_works_on_it() -> None:
    worked_on = after(Situation(), Taken(ANNE), case=asked(Channel.PHONE))
    assert after(CallOver(), case=worked_on) == worked_on


def test_an_agent_who_does_not_come_on_the_line_is_not_asked_again() -> None:
    decision = decide(SPOKEN_WITH, AgentAbsent("anne"), T0 + timedelta(seconds=45), RULES)
    again = decision.case
    assert (again.state, again.front, again.on_line, again.declined) == (State.QUEUED, True, True, ("anne",))
    assert GiveToBot() in decision.commands
    assert again.deadline == T0 + RULES.call_wait  # the caller has been waiting all the while
    assert after(AgentAbsent("bruno"), case=SPOKEN_WITH) == SPOKEN_WITH
    assert after(AgentAbsent("anne"), case=again) == again


def test_a_caller_who_loses_the_agent_or_is_handed_on_waits_at_the_front() -> None:
    later = T0 + timedelta(minutes=20)
    lost = after(AgentLost("anne"), case=SPOKEN_WITH, now=later)
    assert (lost.state, lost.front, lost.on_line, lost.deadline) == (State.QUEUED, True, True, later + RULES.call_wait)
    handed_on = after(Transferred(ANNE, to=BRUNO), case=SPOKEN_WITH)
    assert (handed_on.state, handed_on.agent_id, handed_on.on_line) == (State.OFFERED, "bruno", True)


def test_a_long_conversation_by_telephone_is_not_idle_while_it_is_renewed() -> None:
    later = T0 + RULES.idle - timedelta(minutes=1)
    assert after(Spoke(), case=SPOKEN_WITH, now=later).deadline == later + RULES.idle
    assert decide(SPOKEN_WITH, Situation(), T0 + RULES.idle, RULES).case.ending == "idle"


def test_nobody_speaks_with_two_callers() -> None:
    assert code(ON_LINE, Taken(ANNE, to_speak=True, on_a_call=True)) == "on_a_call"
    assert code(ON_LINE, Taken(CHIEF, to_speak=True, on_a_call=True)) == "on_a_call"
    assert after(Taken(ANNE, to_speak=True, on_a_call=True), case=SPOKEN_WITH) == SPOKEN_WITH


# An agent who calls back

CALLING = calls_back("h1", "c1", ANNE, T0, RULES)
SPEAKING = after(Answered(), case=CALLING)


def test_who_calls_back_has_their_call_before_anybody_has_answered() -> None:
    assert (CALLING.state, CALLING.agent_id, CALLING.on_line) == (State.ACTIVE, "anne", True)
    assert CALLING.deadline == T0 + RULES.reach
    answered = after(Answered(), case=CALLING, now=T0 + timedelta(seconds=20))
    assert answered.deadline == T0 + timedelta(seconds=20) + RULES.idle
    assert after(Answered(), case=answered) == answered


@pytest.mark.parametrize(
    ("event", "ending"),
    [
        (NotReached("busy"), "busy"),
        (AgentAbsent("anne"), "agent_absent"),
        (AgentLost("anne"), "agent_lost"),
        (CallOver(), "interrupted"),
        (Closed(ANNE), "hung_up"),
        (Returned(CHIEF), "hung_up"),
    ],
)
def test_before_the_answer_whatever_goes_wrong_ends_it_and_the_promise_stands(event: Event, ending: str) -> None:
    decision = decide(CALLING, event, T0, RULES)
    assert (decision.case.state, decision.case.ending, decision.case.agent_id) == (State.CLOSED, ending, None)
    assert len(ending) <= 16, "as the tables have it"
    assert decision.commands == (GiveToBot(), PromiseAgain())
    assert decision.kind == "not_reached"


def test_a_gateway_that_dies_while_it_rings_leaves_nobody_stuck() -> None:
    decision = decide(CALLING, Situation(), T0 + RULES.reach, RULES)
    assert (decision.case.ending, decision.commands[-1]) == ("too_late", PromiseAgain())


def test_before_the_answer_it_is_nobody_else_s() -> None:
    assert code(CALLING, Taken(CHIEF)) == "taken"
    assert code(CALLING, Closed(BRUNO)) == "not_yours"
    assert code(CALLING, Transferred(ANNE, to=BRUNO)) == "over"
    assert after(Taken(ANNE), AgentLost("bruno"), AgentAbsent("bruno"), Offered(BRUNO), case=CALLING) == CALLING


def test_after_the_answer_it_is_a_call_like_any_other() -> None:
    lost = after(AgentLost("anne"), case=SPEAKING)
    assert (lost.state, lost.front, lost.on_line) == (State.QUEUED, True, True)
    closed = decide(SPEAKING, Closed(ANNE), T0, RULES)
    assert (closed.case.state, closed.commands[-1]) == (State.WRAP_UP, PromiseAgain())
    gone = decide(lost, CallOver(), T0, RULES)
    assert (gone.case.state, gone.case.on_line, gone.commands) == (State.QUEUED, False, (PromiseAgain(),))


WHO = st.sampled_from([ANNE, BRUNO, CHIEF])
SITUATIONS = st.builds(
    Situation,
    open=st.booleans(),
    staffed=st.booleans(),
    full=st.booleans(),
    unstaffed_for=st.sampled_from([timedelta(0), timedelta(hours=1)]),
)
EVENTS: st.SearchStrategy[Event] = st.one_of(
    SITUATIONS,
    st.builds(CallWaits, SITUATIONS),
    st.builds(Offered, WHO),
    st.builds(Taken, WHO, st.booleans(), st.booleans(), st.booleans()),
    st.builds(Declined, WHO),
    st.builds(Returned, WHO),
    st.builds(Closed, WHO),
    st.builds(Transferred, WHO, st.none() | WHO, st.sampled_from(["", "ccas"])),
    st.builds(WrappedUp, WHO),
    st.builds(AgentLost, st.sampled_from(["anne", "bruno", "chief"])),
    st.builds(AgentAbsent, st.sampled_from(["anne", "bruno", "chief"])),
    st.sampled_from([Spoke(), Cancelled(), VisitorLeft(), CallbackLeft(), MessageLeft(), CallOver(), CallOver(True)]),
    st.sampled_from([Answered(), NotReached("busy")]),
)
STEPS = st.lists(st.tuples(EVENTS, st.sampled_from([0, 0, 1, 35, 200, 4000])), max_size=30)
# From every state, so that short sequences reach everything.
CALLS = [asked(Channel.PHONE), ON_LINE, after(Offered(ANNE), case=ON_LINE), SPOKEN_WITH, CALLING, SPEAKING]
STARTS = st.sampled_from([asked(), QUEUED, OFFERED, ACTIVE, WRAP_UP, *CALLS])


def owned(case: Case) -> bool:
    return case.state in (State.OFFERED, State.ACTIVE, State.WRAP_UP)


@settings(deadline=None, max_examples=500)
@given(STEPS, STARTS)
def test_whatever_happens_there_is_one_owner_a_deadline_and_a_way_back_to_the_bot(
    steps: list[tuple[Event, int]], case: Case
) -> None:
    now, human = T0, case.state is State.ACTIVE
    for event, seconds in steps:
        now += timedelta(seconds=seconds)
        before = case
        try:
            decision = decide(case, event, now, RULES)
        except NotNow:
            continue
        case = decision.case
        if GiveToBot() in decision.commands:
            human = False
        if GiveToPerson() in decision.commands:
            human = True
        assert human == (case.state is State.ACTIVE)
        if owned(case):
            assert case.agent_id is not None
        if case.state in (State.REQUESTED, State.QUEUED):
            assert case.agent_id is None
        if not case.state.is_final:
            due = wake_at(case)
            assert due is not None
            assert due <= now + RULES.missed_call
        if case.on_line:
            assert case.channel is Channel.PHONE
            assert case.state in (State.QUEUED, State.OFFERED, State.ACTIVE)
        assert len(decision.commands_to_visitor()) <= 1
        if before.state.is_final and before.state is not State.REFUSED:
            assert case == before


@settings(deadline=None, max_examples=500)
@given(STEPS, STARTS)
def test_left_alone_everything_ends_within_the_delays(steps: list[tuple[Event, int]], case: Case) -> None:
    now = T0
    for event, seconds in steps:
        now += timedelta(seconds=seconds)
        try:
            case = decide(case, event, now, RULES).case
        except NotNow:
            continue
    began = now
    for _ in range(8):
        due = wake_at(case)
        if due is None:
            break
        now = max(now, due)
        if case.agent_id is not None and case.state is State.ACTIVE:
            case = decide(case, AgentLost(case.agent_id), now, RULES).case
        case = decide(case, Situation(staffed=False, unstaffed_for=timedelta(hours=1)), now, RULES).case
    assert case.state.is_final
    assert now - began <= RULES.missed_call + RULES.idle + RULES.queue


GIVING_UP = (Cancelled, VisitorLeft, CallbackLeft, MessageLeft)


@settings(deadline=None, max_examples=500)
@given(STEPS, st.sampled_from(CALLS))
def test_a_caller_on_the_line_is_never_forgotten(steps: list[tuple[Event, int]], case: Case) -> None:
    """Whoever is taken off the line is with the bot by an agent's hand, has gone, or is listed and knows why.

    Who was called back and has not answered was never on it: they are still promised a call.
    """
    now = T0
    for event, seconds in steps:
        now += timedelta(seconds=seconds)
        before = case
        try:
            decision = decide(case, event, now, RULES)
        except NotNow:
            continue
        case = decision.case
        if not before.on_line or case.on_line:
            continue
        if before.reason is HandoverReason.CALLBACK and before.waiting_since is None:
            assert (case.state, decision.commands[-1]) == (State.CLOSED, PromiseAgain())
            continue
        if isinstance(event, (CallOver, *GIVING_UP)):
            continue  # they went by themselves
        if before.state is State.ACTIVE:
            assert (case.state, case.ending) in [(State.WRAP_UP, ending) for ending in ("returned", "closed", "idle")]
        else:
            assert case.state is State.QUEUED
            assert case.refusal in ("nobody", "closed")


@settings(deadline=None)
@given(st.sampled_from([CallOver(), Cancelled(), Returned(ANNE), Closed(ANNE), CallOver(True)]))
def test_a_call_works_a_second_and_a_third_time(end: Event) -> None:
    for _ in range(3):  # each time a new request of the same call
        case = after(CallWaits(Situation()), Offered(ANNE), Taken(ANNE, to_speak=True), end, case=asked(Channel.PHONE))
        assert (case.state, case.on_line) == (State.WRAP_UP, False)


@settings(deadline=None)
@given(st.sampled_from([Cancelled(), VisitorLeft(), Returned(ANNE), Closed(ANNE)]))
def test_it_works_a_second_and_a_third_time(end: Event) -> None:
    for _ in range(3):  # each time a new request of the same conversation
        case = after(Situation(), Taken(ANNE), end)
        assert case.state is State.WRAP_UP
        assert not case.state.is_open
