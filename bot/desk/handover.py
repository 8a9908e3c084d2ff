"""One request for a person, from the question to the wrap-up: events in, the new state and commands out.

Three rules keep it honest. Whoever leaves `ACTIVE`, by whatever way, gives the conversation back to the bot in the same
step. Whatever is not over has a deadline, or an owner of whom a sign of life is expected (`deadline` is set in every
live state; an owner's absence comes in as `AgentLost`). And an event that no longer fits, because somebody else was
quicker, changes nothing: what the visitor or the clock brings is ignored, what an agent asked for is refused by name.

A call is `on_line` while its caller waits in the queue or speaks with the agent: then it is a request like a chat's.
Any other call that wanted a person is only listed, for somebody to call back.

A call that an agent makes, as promised, begins with its agent (`calls_back`). Nobody waits in it before the person has
answered (`Answered`): until then whatever goes wrong ends it, and the promise stands. From then on it is a call like
any other: an agent who is cut off leaves a person on the line, who is in front of the queue.

Nothing here reads a clock or a database: `decide(case, event, now, rules)`; the desk writes what comes out with
compare-and-set, so that of two who decide at once one decides again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

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
    Command,
    Decision,
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
from bot.desk.refusals import NotNow
from bot.desk.visitor import Refusal, VisitorState
from bot.dialogue import Channel
from bot.store.records import WAITING_STATES, HandoverReason, HandoverState

State = HandoverState


def wake_at(case: Case) -> datetime | None:
    """When `decide` must be asked again though nothing happens; None when the request is over."""
    if case.state.is_final:
        return None
    return case.deadline or case.requested_at


def calls_back(request_id: str, conversation_id: str, by: Who, now: datetime, rules: Rules, *, team: str = "") -> Case:
    """The request of a call that this agent is about to make; `conversation_id` is the call's own.

    Nobody waits for it to be taken: `taken_at` stays empty, and no wait is measured.
    """
    return Case(
        id=request_id,
        conversation_id=conversation_id,
        requested_at=now,
        reason=HandoverReason.CALLBACK,
        state=State.ACTIVE,
        channel=Channel.PHONE,
        deadline=now + rules.reach,
        team=team,
        agent_id=by.id,
        agent_name=by.name,
        on_line=True,
    )


def decide(case: Case, event: Event, now: datetime, rules: Rules) -> Decision:
    """What the event changes. Raises `NotNow` for what an agent may not do now; whatever else comes late is ignored."""
    if _reaches_out(case):
        return _before_the_answer(case, event, now, rules)
    match event:
        case Situation():
            return _by_itself(case, event, now, rules)
        case Cancelled() | VisitorLeft() | CallbackLeft() | MessageLeft():
            return _by_visitor(case, event, now, rules)
        case CallWaits() | CallOver() | AgentAbsent():
            return _by_telephone(case, event, now, rules)
        case AgentLost(agent_id=agent_id) if case.agent_id == agent_id:
            return _lost(case, now, rules)
        case Offered(to=to) if case.state is State.QUEUED:
            return _offer(case, to, now, rules)
        case Spoke() if case.state is State.ACTIVE:
            return Decision(replace(case, deadline=now + rules.idle))
        case Taken() | Declined() | Returned() | Closed() | Transferred() | WrappedUp():
            return _by_agent(case, event, now, rules)
        case _:
            return Decision(case)


def _before_the_answer(case: Case, event: Event, now: datetime, rules: Rules) -> Decision:
    """Of an agent who calls back, while the person is not on the line: nothing can be handed to anybody else."""
    is_late = case.deadline is not None and now >= case.deadline
    match event:
        case Answered() | Spoke():  # who speaks has answered, though it could not be written down yet
            answered = replace(case, waiting_since=now, deadline=now + rules.idle)
            return Decision(answered, (), "answered")
        case NotReached(code=code):
            return _not_reached(case, now, code)
        case Situation() if is_late:
            return _not_reached(case, now, "too_late")
        case CallOver():
            return _not_reached(case, now, "interrupted")
        case AgentAbsent(agent_id=agent_id) | AgentLost(agent_id=agent_id) if agent_id == case.agent_id:
            return _not_reached(case, now, "agent_absent" if isinstance(event, AgentAbsent) else "agent_lost")
        case Taken(by=by) if by.id == case.agent_id:
            return Decision(case)
        case Returned(by=by) | Closed(by=by) if by.id == case.agent_id or by.supervises:
            return _not_reached(case, now, "hung_up")
        case Taken():
            raise NotNow("taken")
        case Returned() | Closed() | Declined() | Transferred() | WrappedUp():
            raise NotNow("over" if event.by.id == case.agent_id else "not_yours")
        case _:
            return Decision(case)


def _not_reached(case: Case, now: datetime, code: str) -> Decision:
    ended = _end(case, State.CLOSED, now, "not_reached", ending=code)
    return replace(ended, commands=(GiveToBot(), *ended.commands))


def _by_itself(case: Case, situation: Situation, now: datetime, rules: Rules) -> Decision:
    is_late = case.deadline is not None and now >= case.deadline
    match case.state:
        case State.REQUESTED:
            return _admit(case, situation, now, rules)
        case State.QUEUED if is_late and _is_listed(case):
            return _end(case, State.LEFT, now, "left", ending="left")
        case State.QUEUED if is_late:
            return _refuse(case, Refusal.NOBODY, now, rules)
        case State.QUEUED if not _is_listed(case) and not situation.staffed:
            if situation.unstaffed_for < rules.nobody or now - _waiting_since(case) < rules.nobody:
                return Decision(case)
            return _refuse(case, Refusal.NOBODY if situation.open else Refusal.CLOSED, now, rules)
        case State.OFFERED if is_late:
            return Decision(_requeue(case, now, rules), (SetAway(case.agent_id or ""),), "not_answered")
        case State.ACTIVE if is_late:
            spoken = situation.last_spoken_at
            if spoken is not None and spoken + rules.idle > now:
                return Decision(replace(case, deadline=spoken + rules.idle))
            return _over(case, VisitorState.ENDED, "idle", now, rules)
        case State.WRAP_UP if is_late:
            return _end(case, State.CLOSED, now, "closed")
        case _:
            return Decision(case)


def _admit(case: Case, situation: Situation, now: datetime, rules: Rules) -> Decision:
    if case.channel is Channel.PHONE:  # who waits on the line says so (`CallWaits`): this one only shows up here
        return Decision(_listed(case, rules), (), "queued")
    if now - case.requested_at > rules.queue:  # left by a gateway that died long ago: nobody waits any more
        return _end(case, State.LEFT, now, "left", ending="left")
    if (reason := _why_not(situation)) is not None:
        return _refuse(case, reason, now, rules)
    told = TellVisitor(VisitorState.QUEUED)
    return Decision(_waiting(case, case.requested_at, now + rules.queue), (told,), "queued")


def _why_not(situation: Situation) -> Refusal | None:
    """Why nobody may begin to wait now."""
    if not situation.open:
        return Refusal.CLOSED
    if not situation.staffed:
        return Refusal.NOBODY
    return Refusal.FULL if situation.full else None


def _by_telephone(case: Case, event: CallWaits | CallOver | AgentAbsent, now: datetime, rules: Rules) -> Decision:
    match event:
        case CallWaits(situation=situation) if case.state in (State.REQUESTED, State.QUEUED) and _is_listed(case):
            if (reason := _why_not(situation)) is not None:
                return Decision(replace(_listed(case, rules), refusal=reason.value), (), "call_refused")
            waiting = replace(_waiting(case, now, now + rules.call_wait), on_line=True, refusal=None, declined=())
            return Decision(waiting, (), "queued")
        case CallOver(transferred=True) if case.state in WAITING_STATES:
            return _end(case, State.CLOSED, now, "transferred", ending="transferred")
        case CallOver() if case.on_line and case.state in WAITING_STATES:
            return Decision(_listed(case, rules), _of_promise(case), "call_missed")
        case CallOver(transferred=transferred) if case.on_line and case.state is State.ACTIVE:
            return _over(case, VisitorState.ENDED, "transferred" if transferred else "left", now, rules)
        case AgentAbsent(agent_id=absent) if case.on_line and case.state is State.ACTIVE and absent == case.agent_id:
            since = _waiting_since(case)  # all the while: nobody has spoken with the caller
            again = replace(_waiting(case, since, since + rules.call_wait), front=True)
            return Decision(replace(again, declined=(*case.declined, absent)), (GiveToBot(),), "agent_absent")
        case _:
            return Decision(case)


def _by_visitor(
    case: Case, event: Cancelled | VisitorLeft | CallbackLeft | MessageLeft, now: datetime, rules: Rules
) -> Decision:
    if case.state in WAITING_STATES or (case.state is State.REFUSED and isinstance(event, CallbackLeft | MessageLeft)):
        match event:
            case Cancelled():
                told = TellVisitor(VisitorState.CANCELLED)
                return _end(case, State.CANCELLED, now, "cancelled", told, ending="cancelled")
            case VisitorLeft():
                return _end(case, State.LEFT, now, "left", TellVisitor(VisitorState.ENDED), ending="left")
            case CallbackLeft():
                return _end(case, State.CALLBACK, now, "callback", TellVisitor(VisitorState.CALLBACK))
            case MessageLeft():
                return _end(case, State.MESSAGE_LEFT, now, "message_left", TellVisitor(VisitorState.MESSAGE_LEFT))
    if case.state is State.ACTIVE:
        match event:
            case Cancelled():
                return _over(case, VisitorState.CANCELLED, "cancelled", now, rules)
            case VisitorLeft():
                return _over(case, VisitorState.ENDED, "left", now, rules)
            case CallbackLeft():
                return _over(case, VisitorState.CALLBACK, "callback", now, rules)
            case MessageLeft():
                return _over(case, VisitorState.MESSAGE_LEFT, "message_left", now, rules)
    return Decision(case)


def _by_agent(
    case: Case,
    event: Taken | Declined | Returned | Closed | Transferred | WrappedUp,
    now: datetime,
    rules: Rules,
) -> Decision:
    by = event.by
    is_own = case.agent_id == by.id
    if isinstance(event, Taken) and event.to_speak:
        _check_call(case, event)
    match event, case.state:
        case Taken(), State.ACTIVE | State.WRAP_UP if is_own:
            return Decision(case)
        case Taken(has_room=False), State.QUEUED | State.OFFERED | State.ACTIVE if not by.supervises:
            raise NotNow("no_room")
        case Taken(), State.QUEUED:
            return _take(case, by, now, rules)
        case Taken(), State.OFFERED | State.ACTIVE if is_own or by.supervises:
            return _take(case, by, now, rules)
        case Taken(), State.OFFERED | State.ACTIVE | State.WRAP_UP:
            raise NotNow("taken")
        case Declined(), State.OFFERED if is_own:
            return Decision(replace(_requeue(case, now, rules), declined=(*case.declined, by.id)), (), "declined")
        case Returned() | Closed(), State.ACTIVE if is_own or by.supervises:
            ending = "returned" if isinstance(event, Returned) else "closed"
            return _over(case, VisitorState.ENDED, ending, now, rules)
        case Returned() | Closed(), State.WRAP_UP | State.CLOSED if is_own:
            return Decision(case)
        case Transferred(), State.ACTIVE if is_own or by.supervises:
            return _transfer(case, event, now, rules)
        case WrappedUp(), State.WRAP_UP if is_own or by.supervises:
            return _end(case, State.CLOSED, now, "wrapped_up")
        case WrappedUp(), State.CLOSED if is_own:
            return Decision(case)
        case ((Declined() | Returned() | Closed() | Transferred() | WrappedUp()), _) if not case.state.is_final:
            raise NotNow("over" if is_own or case.agent_id is None else "not_yours")
        case _:
            raise NotNow("over")


def _check_call(case: Case, event: Taken) -> None:
    is_own = case.agent_id == event.by.id
    if not case.on_line:
        raise NotNow("over")
    if event.on_a_call and not (is_own and case.state is State.ACTIVE):
        raise NotNow("on_a_call")


def _offer(case: Case, to: Who, now: datetime, rules: Rules) -> Decision:
    offered = replace(case, state=State.OFFERED, agent_id=to.id, agent_name=to.name, deadline=now + rules.offer)
    return Decision(offered, (), "offered")


def _take(case: Case, by: Who, now: datetime, rules: Rules) -> Decision:
    taken = replace(
        case,
        state=State.ACTIVE,
        agent_id=by.id,
        agent_name=by.name,
        taken_at=case.taken_at or now,
        deadline=now + rules.idle,
        declined=(),
    )
    return Decision(taken, (GiveToPerson(), TellVisitor(VisitorState.ACTIVE, agent=by.name)), "taken")


def _transfer(case: Case, event: Transferred, now: datetime, rules: Rules) -> Decision:
    to, team = event.to, event.team
    told = TellVisitor(VisitorState.QUEUED, why="handed_on")
    again = replace(_requeue(case, now, rules), front=True, waiting_since=now)
    if to is not None:
        if to.id == case.agent_id:
            raise NotNow("nobody")
        offered = replace(_offer(again, to, now, rules).case, team=team or case.team)
        return Decision(offered, (GiveToBot(), told), "transferred")
    # Whoever handed it on is asked last.
    return Decision(replace(again, team=team, declined=(case.agent_id or "",)), (GiveToBot(), told), "transferred")


def _lost(case: Case, now: datetime, rules: Rules) -> Decision:
    if case.state is State.OFFERED:
        return Decision(_requeue(case, now, rules), (), "agent_lost")
    if case.state is not State.ACTIVE:
        return Decision(case)
    again = replace(_requeue(case, now, rules), front=True, waiting_since=now)
    return Decision(again, (GiveToBot(), TellVisitor(VisitorState.QUEUED, why="lost")), "agent_lost")


def _requeue(case: Case, now: datetime, rules: Rules) -> Case:
    """Back into the queue; who waited goes on waiting, and not longer than the rules say."""
    since = now if case.state is State.ACTIVE else _waiting_since(case)
    if _is_listed(case):
        return _waiting(case, since, since + rules.missed_call)
    return _waiting(case, since, since + (rules.call_wait if case.on_line else rules.queue))


def _waiting(case: Case, since: datetime, deadline: datetime) -> Case:
    return replace(case, state=State.QUEUED, agent_id=None, agent_name="", waiting_since=since, deadline=deadline)


def _listed(case: Case, rules: Rules) -> Case:
    """A call that nobody waits in: without a place in the queue, to be seen and called back."""
    since = case.requested_at
    off = replace(case, on_line=False, front=False, place_given=None, wait_given_seconds=None)
    return _waiting(off, since, since + rules.missed_call)


def _is_listed(case: Case) -> bool:
    return case.channel is Channel.PHONE and not case.on_line


def _waiting_since(case: Case) -> datetime:
    return case.waiting_since or case.requested_at


def _reaches_out(case: Case) -> bool:
    """Whether an agent calls back and the person has not answered: nobody waits yet."""
    return case.reason is HandoverReason.CALLBACK and case.state is State.ACTIVE and case.waiting_since is None


def _of_promise(case: Case) -> tuple[Command, ...]:
    return (PromiseAgain(),) if case.reason is HandoverReason.CALLBACK else ()


def _refuse(case: Case, reason: Refusal, now: datetime, rules: Rules) -> Decision:
    refused = replace(case, refusal=reason.value)
    if case.on_line:
        return Decision(_listed(refused, rules), _of_promise(case), "call_unanswered")
    return _end(refused, State.REFUSED, now, "refused", TellVisitor(VisitorState.REFUSED, reason))


def _over(case: Case, told: VisitorState, ending: str, now: datetime, rules: Rules) -> Decision:
    """The agent's part is over; the agent writes it up while the bot answers again."""
    over = replace(case, state=State.WRAP_UP, ending=ending, deadline=now + rules.wrap_up, closed_at=now, on_line=False)
    why = ending if ending in ("returned", "idle") else ""
    commands = (GiveToBot(), TellVisitor(told, agent=case.agent_name, why=why), *_of_promise(case))
    return Decision(over, commands, ending)


def _end(case: Case, state: State, now: datetime, kind: str, *commands: Command, ending: str | None = None) -> Decision:
    served = case.state is State.WRAP_UP
    ended = replace(
        case,
        state=state,
        closed_at=case.closed_at or now,
        deadline=None,
        on_line=False,
        ending=ending or case.ending,
        agent_id=case.agent_id if served else None,
        agent_name=case.agent_name if served else "",
    )
    return Decision(ended, (*commands, *_of_promise(case)), kind)
