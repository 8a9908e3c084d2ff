"""How a request is changed: read, decided (pure), written if nobody was quicker, and only then told.

Whoever loses the race for a request reads again and decides again. What an agent may have beside other requests is
looked at once more when it is written (`claim`): by then another gateway may have given them one, of which nobody who
decides here has read. Two gateways on one database need no other agreement.
What has to be told is told after it is written: a gateway that dies in between leaves a request that stands as it is
kept, which every window learns when it comes back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from weakref import WeakValueDictionary

import structlog

from bot.desk import routing
from bot.desk.bus import Bus
from bot.desk.events import (
    CallbackLeft,
    Case,
    Decision,
    Event,
    GiveToBot,
    GiveToPerson,
    Offered,
    PromiseAgain,
    SetAway,
    Situation,
    Taken,
    TellVisitor,
    Who,
)
from bot.desk.handover import decide
from bot.desk.policy import Policy
from bot.desk.refusals import AgentBusy, NotNow
from bot.desk.texts import DeskTexts
from bot.desk.visitor import HandoverView, Refusal, Slot, VisitorSide, VisitorState
from bot.dialogue import Channel
from bot.errors import GuichetError
from bot.knowledge import Knowledge
from bot.opening_hours import OpeningHours
from bot.store.desk_records import AgentRecord, AgentStatus, CallbackRecord, CallbackState, Claim, EventRecord, Kept
from bot.store.records import HandoverRecord, HandoverState, Mode, utc_now
from bot.store.shared import Shared
from bot.store.store import Store

log = structlog.get_logger(__name__)

TRIES = 20
_LATELY = timedelta(hours=3)
_VISITOR_STATES = {
    HandoverState.REQUESTED: VisitorState.REQUESTED,
    HandoverState.QUEUED: VisitorState.QUEUED,
    HandoverState.OFFERED: VisitorState.QUEUED,
    HandoverState.ACTIVE: VisitorState.ACTIVE,
    HandoverState.CANCELLED: VisitorState.CANCELLED,
    HandoverState.REFUSED: VisitorState.REFUSED,
    HandoverState.CALLBACK: VisitorState.CALLBACK,
    HandoverState.MESSAGE_LEFT: VisitorState.MESSAGE_LEFT,
}


class Cases:
    """The part of `Desk` that changes requests. `now` is the clock."""

    def __init__(
        self,
        store: Store,
        hours: OpeningHours,
        knowledge: Knowledge,
        texts: DeskTexts,
        policy: Policy | None = None,
        *,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.store = store
        self.hours = hours
        self.knowledge = knowledge
        self.texts = texts
        self.policy = policy or Policy()
        self.bus = Bus()
        self.visitors: VisitorSide | None = None
        self.clock = now
        self._staffed_at: dict[tuple[str, bool], datetime] = {}
        self._began = now()
        self._there_since = self._began
        self._grace_until = datetime.min.replace(tzinfo=UTC)
        self._present = Shared(lambda: store.agents_seen(self.there_since()))
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def serve(self, visitors: VisitorSide) -> None:
        """From now on visitors are told what happens."""
        self.visitors = visitors

    async def change(
        self,
        case: Case,
        event: Event,
        *,
        by: Who | None = None,
        detail: str = "",
        kept: Sequence[Kept] = (),
        tell: bool = True,
    ) -> Case:
        """The request after the event. With `tell` the visitor hears of it. `kept` is written with the change, if any.

        Raises `NotNow`, `AgentBusy` for who would get the request, `SlotFull` for a promise, and `StoreUnavailable`:
        then nothing has happened.
        """
        after, _ = await self.changed(case, event, by=by, detail=detail, kept=kept, tell=tell)
        return after

    async def changed(
        self,
        case: Case,
        event: Event,
        *,
        by: Who | None = None,
        detail: str = "",
        kept: Sequence[Kept] = (),
        tell: bool = True,
    ) -> tuple[Case, bool]:
        """The same, and whether anything was written: otherwise nor is what was to be kept."""
        for _ in range(TRIES):
            decision = decide(case, event, self.clock(), self.policy.rules)
            if decision.case == case:
                return case, False
            after = await self._with_wait_given(decision.case)
            saved = await self.store.change_handover(
                case,
                after,
                mode=_mode(decision),
                event=self._event(case, decision, by, detail),
                kept=kept if decision.kind else (),
                per_slot=self.policy.callbacks_per_slot,
                claim=_claim(case, after, event),
            )
            if saved is not None:
                await self._perform(saved, decision, tell=tell)
                return saved, True
            found = await self.store.handover_by_id(case.id)
            if found is None:
                return case, False  # erased meanwhile: there is nobody to tell
            case = found
        raise NotNow("over")

    def in_turn(self, who: str) -> asyncio.Lock:
        """Of an agent or a conversation. Held while it is looked at what there is and something is added: of two clicks
        each sees the other."""
        return self._turns.setdefault(who, asyncio.Lock())

    async def present(self) -> list[AgentRecord]:
        """The agents of whom there is a sign of life."""
        return await self._present()

    def could_not_see(self, since: datetime) -> None:
        """Since then no sign of life could be told from none: who was there then has as long as ever to give one."""
        if since > self._grace_until:  # otherwise it is still the same outage
            self._there_since = since - self.policy.agent_lost
        self._grace_until = self.clock() + self.policy.agent_lost

    def there_since(self) -> datetime:
        """Whoever has given a sign of life since then is there."""
        return self._there_since if self.is_grace() else self.clock() - self.policy.agent_lost

    def is_grace(self) -> bool:
        """Whether who was there before an outage still has time to give a sign: until then it is not known who is."""
        return self.clock() < self._grace_until

    def is_staffed(self, case: Case, agents: Sequence[AgentRecord]) -> bool:
        """Whether anybody is available for this request now; remembers when."""
        staffed = routing.staffed(agents, case)
        if staffed:
            self._staffed_at[_asks(case)] = self.clock()
        return staffed

    def situation(
        self, case: Case, agents: Sequence[AgentRecord], live: Sequence[HandoverRecord], spoken: datetime | None = None
    ) -> Situation:
        """How things are for this request."""
        now = self.clock()
        staffed = self.is_staffed(case, agents)
        others = sum(routing.is_waiting(one) for one in live if one.id != case.id)
        return Situation(
            open=self.hours.is_open(now, case.team),
            staffed=staffed,
            full=others >= self.policy.queue_limit,
            unstaffed_for=now - self._staffed_at.get(_asks(case), self._began),
            last_spoken_at=spoken,
        )

    async def live(self) -> list[HandoverRecord]:
        """Every request that is not over."""
        return await self.store.live_requests()

    async def lately_taken(self) -> list[HandoverRecord]:
        """From whose waits the wait of others is known."""
        return await self.store.lately_taken(self.clock() - _LATELY)

    async def expected_wait(self, place: int) -> int | None:
        """What is told to whoever has this place."""
        return routing.expected_wait_seconds(place, await self.lately_taken())

    async def view(self, case: Case, told: TellVisitor | None = None, slot: Slot | None = None) -> HandoverView:
        """The request in the visitor's eyes."""
        state = told.state if told else _VISITOR_STATES.get(case.state, VisitorState.ENDED)
        if state is VisitorState.QUEUED and case.refusal and not routing.waits(case):
            state = VisitorState.REFUSED  # the call is listed, its caller does not wait
        position = wait = None
        if state is VisitorState.QUEUED and routing.waits(case):
            position = routing.positions(await self.live()).get(case.id)
            wait = await self.expected_wait(position) if position else None
        return HandoverView(
            state=state,
            reason=Refusal(case.refusal) if state is VisitorState.REFUSED and case.refusal else None,
            position=position,
            wait_seconds=wait,
            agent=(told.agent if told else "") or (case.agent_name if state is VisitorState.ACTIVE else ""),
            slot=slot,
            text=self.texts.of_visitor(told.why, told.agent) if told and told.why else "",
        )

    async def _with_wait_given(self, after: Case) -> Case:
        """Remembers the place and the wait that the visitor is told first, to be compared with what came."""
        if after.state is not HandoverState.QUEUED or not routing.waits(after) or after.place_given is not None:
            return after
        others = [one for one in await self.live() if one.id != after.id]
        place = routing.positions([*others, after])[after.id]
        return replace(after, place_given=place, wait_given_seconds=await self.expected_wait(place))

    def _event(self, before: Case, decision: Decision, by: Who | None, detail: str) -> EventRecord | None:
        if not decision.kind:
            return None
        agent_id = by.id if by else decision.case.agent_id or before.agent_id
        name = by.name if by else decision.case.agent_name or before.agent_name
        return EventRecord(before.id, self.clock(), decision.kind, agent_id, name, detail)

    async def _perform(self, case: Case, decision: Decision, *, tell: bool) -> None:
        log.info("desk.changed", handover=case.id, conversation=case.conversation_id, what=decision.kind or "renewed")
        for command in decision.commands:
            match command:
                case SetAway(agent_id=agent_id):
                    await self._quietly_set_away(agent_id)
                case PromiseAgain():
                    await self._quietly_promise_again(case)
                case TellVisitor() if tell:
                    await self._tell(case, command)
        self.bus.changed()

    async def _quietly_set_away(self, agent_id: str) -> None:
        try:
            await self.store.set_agent(agent_id, {"status": AgentStatus.AWAY.value})
        except GuichetError as error:
            log.error("desk.not_set_away", error=str(error))

    async def promise_of_call(
        self, case: Case, changed: Callable[[CallbackRecord], CallbackRecord | None]
    ) -> CallbackRecord | None:
        """Changes the promise that this call is made for; None where there is none, or nothing to change."""
        for _ in range(TRIES):
            promise = await self.store.callback_of_call(case.id)
            after = changed(promise) if promise else None
            if promise is None or after is None:
                return None
            saved = await self.store.change_promise(promise, after)
            if saved is not None:
                self.bus.changed()
                return saved
        raise NotNow("over")

    async def promise_again(self, case: Case) -> None:
        """Who has not been spoken with is to be called again, by the promise and not by a listed call as well.

        The listed call goes first: a promise that is still being kept, by a call that is over, the sweep finds.
        """
        promise = await self.store.callback_of_call(case.id)
        if promise is None or _promised_again(promise) is None:
            return
        if not case.state.is_final:
            await self.change(case, CallbackLeft(), tell=False)
        await self.promise_of_call(case, _promised_again)

    async def _quietly_promise_again(self, case: Case) -> None:
        try:
            await self.promise_again(case)
        except GuichetError as error:  # `Promises.again_what_was_not_finished` does it then
            log.error("desk.not_promised_again", handover=case.id, error=str(error))

    async def _tell(self, case: Case, told: TellVisitor) -> None:
        if self.visitors is None or case.channel is Channel.PHONE:
            return
        try:
            await self.visitors.handover_changed(case.conversation_id, await self.view(case, told))
        except GuichetError as error:
            log.error("desk.visitor_not_told", conversation=case.conversation_id, error=str(error))


def claim(request: Case, *, needs_room: bool = False) -> Claim:
    """Raises `AgentBusy` when the agent has something beside which this request cannot be theirs."""

    def claimed(agent: AgentRecord, others: Sequence[HandoverRecord]) -> None:
        if code := routing.why_busy(agent, others, request, needs_room=needs_room):
            raise AgentBusy(code)

    return claimed


def _claim(before: Case, after: Case, event: Event) -> Claim | None:
    """None when nobody gets anything. Who is handed a request needs no room for it, nor does a supervisor."""
    is_given = after.state in (HandoverState.OFFERED, HandoverState.ACTIVE)
    if not is_given or (before.state, before.agent_id) == (after.state, after.agent_id):
        return None
    needs_room = isinstance(event, Offered) or (isinstance(event, Taken) and not event.by.supervises)
    return claim(after, needs_room=needs_room)


def _promised_again(promise: CallbackRecord) -> CallbackRecord | None:
    under_way = promise.state is CallbackState.DIALLING
    return replace(promise, state=CallbackState.PROMISED) if under_way else None


def _asks(case: Case) -> tuple[str, bool]:
    """Of whom something is asked: the team's agents, or those of them who take calls."""
    return case.team, case.channel is Channel.PHONE


def _mode(decision: Decision) -> Mode | None:
    if GiveToPerson() in decision.commands:
        return Mode.HUMAN
    return Mode.BOT if GiveToBot() in decision.commands else None
