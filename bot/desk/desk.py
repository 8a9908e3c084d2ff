"""The desk: what agents do with a request, beside what visitors ask of it (`bot.desk.asking`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

import structlog

from bot.desk import events, routing
from bot.desk.agents import Agent, who
from bot.desk.asking import Asking
from bot.desk.events import Case
from bot.desk.refusals import AgentBusy, BadWay, NotNow, NotThere, Unusable
from bot.desk.telephone import BROWSER, Telephone
from bot.dialogue import Channel
from bot.errors import GuichetError
from bot.store.desk_records import AgentRecord, AgentStatus, AnnotationRecord, DeskNoteRecord, Verdict
from bot.store.records import HandoverState

log = structlog.get_logger(__name__)

_AFTER_CLOSING = timedelta(days=1)
_RENEWED_EVERY = timedelta(seconds=60)
_TEXT_CHARS = 4000


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether the bot was right. Without a turn the last one that it answered is meant; 0 is none in particular."""

    verdict: str
    intent: str = ""
    turn: int | None = None
    note: str = ""


class Desk(Asking):
    """One for each gateway; several may share a database. `telephone` is there when callers wait in the queue."""

    telephone: Telephone | None = None

    async def seen(
        self,
        agent: Agent,
        *,
        status: AgentStatus | None = None,
        capacity: int | None = None,
        takes_calls: bool | None = None,
        phone: str | None = None,
    ) -> AgentRecord:
        """A sign of life, and what the agent sets. An empty `phone` clears it. Raises `Unusable` for a wrong one."""
        if phone:
            phone = self.policy.numbers.dialled(phone)
        now = self.clock()
        record = AgentRecord(
            id=agent.id,
            name=agent.name,
            role=agent.role,
            teams=agent.teams,
            skills=agent.skills,
            status=AgentStatus.AWAY,
            capacity=self.policy.capacity,
            seen_at=now,
            free_since=now,
        )
        record = await self.store.agent_seen(record, lost_after=self.policy.agent_lost, there_since=self.there_since())
        wanted = {
            "status": status and status.value,
            "capacity": capacity,
            "takes_calls": takes_calls,
            "phone": phone,
        }
        changes = {name: value for name, value in wanted.items() if value is not None}
        if changes:
            record = await self.store.set_agent(agent.id, changes) or record
            self.bus.changed()
        return record

    async def show(self, agent: Agent, conversation_id: str | None) -> None:
        """What is on the agent's screen; others see it."""
        await self.seen(agent)
        await self.store.set_agent(agent.id, {"viewing": conversation_id})
        self.bus.changed()

    async def take(self, handover_id: str, agent: Agent, *, way: str = "", phone: str = "") -> Case:
        """Atomic: of two who take, one gets `NotNow("taken")`.

        `way` and `phone` (otherwise the agent's own) are for a caller on the line, who is brought to the agent by
        `self.telephone`. Raises `BadWay`, `Unusable`; `NotNow`: "over" when the caller has hung up, "elsewhere" when
        another gateway holds the call, "on_a_call".
        """
        async with self.in_turn(agent.id):
            return await self._take(handover_id, agent, way, phone)

    async def _take(self, handover_id: str, agent: Agent, way: str, phone: str) -> Case:
        case = await self._case(handover_id)
        record = await self.seen(agent)
        others = [one for one in await self.live() if one.id != handover_id]
        has_room = routing.has_room(record, routing.loads(others))
        if not case.on_line and not way:
            return await self.change(case, events.Taken(who(agent), has_room), by=who(agent))
        if case.on_line and (self.telephone is None or not self.telephone.on_line(case.conversation_id)):
            if case.state is HandoverState.OFFERED and case.agent_id == agent.id:
                await self.decline(case.id, agent)  # willing, but unable from here: the next is asked
            raise NotNow("elsewhere")
        way, phone = self.way_of(record, way, phone)
        event = events.Taken(who(agent), has_room, to_speak=True, on_a_call=agent.id in routing.on_a_call(others))
        case = await self.change(case, event, by=who(agent), detail=way)
        if self.telephone is not None:
            self.telephone.taken(case, agent, way, phone)
        return case

    async def decline(self, handover_id: str, agent: Agent) -> Case:
        return await self._act(handover_id, events.Declined(who(agent)), agent)

    async def give_back(self, handover_id: str, agent: Agent) -> Case:
        """To the bot."""
        return await self._act(handover_id, events.Returned(who(agent)), agent)

    async def close(self, handover_id: str, agent: Agent) -> Case:
        return await self._act(handover_id, events.Closed(who(agent)), agent)

    async def transfer(
        self, handover_id: str, agent: Agent, *, to_agent: str = "", team: str = "", note: str = ""
    ) -> Case:
        """To an agent who is there, or to a team."""
        case = await self._case(handover_id)
        if bool(to_agent) == bool(team):
            raise Unusable
        to = None
        if to_agent:
            there = {one.id: one for one in await self.present()}
            if to_agent not in there or (case.on_line and not await self._can_be_asked(there[to_agent])):
                raise NotNow("nobody")
            to = events.Who(to_agent, there[to_agent].name)
        elif team not in self.teams(await self.present()):
            raise NotNow("nobody")
        kept = [self._note(case.conversation_id, agent, note)] if note.strip() else []
        event = events.Transferred(who(agent), to, team)
        try:
            return await self.change(case, event, by=who(agent), detail=to_agent or team, kept=kept)
        except AgentBusy:
            raise NotNow("nobody") from None

    async def hold(self, handover_id: str, agent: Agent, on: bool) -> Case:
        """Music for the caller, or the agent again. Only by who speaks with the caller."""
        case = await self.spoken_with(handover_id, agent)
        assert self.telephone is not None
        self.telephone.hold(case.conversation_id, on)
        return case

    async def spoken_with(self, handover_id: str, agent: Agent) -> Case:
        """The call that this agent has, if it is held here. Raises `NotNow`: "not_yours", "over", "elsewhere"."""
        case = await self._case(handover_id)
        if case.state is not HandoverState.ACTIVE or not case.on_line:
            raise NotNow("over")
        if case.agent_id != agent.id:
            raise NotNow("not_yours")
        if self.telephone is None or not self.telephone.on_line(case.conversation_id):
            raise NotNow("elsewhere")
        return case

    async def wrap_up(self, handover_id: str, agent: Agent, judgement: Judgement | None) -> Case:
        """Also for a while after it has closed by itself. None: nothing is said of the bot.

        Of what one agent says of one request, again or otherwise, the last is kept.
        """
        case = await self._case(handover_id)
        kept = [await self._annotation(case.conversation_id, agent, judgement, case.id)] if judgement else []
        if case.state is HandoverState.CLOSED and case.agent_id == agent.id:
            closed_at = case.closed_at or case.requested_at
            if kept and closed_at + _AFTER_CLOSING < self.clock():
                raise NotNow("over")
            for one in kept:
                await self._keep(one)
            return case
        verdict = judgement.verdict if judgement else ""
        by = who(agent)
        after, is_kept = await self.changed(case, events.WrappedUp(by), by=by, detail=verdict, kept=kept)
        if not is_kept:  # it closed at this very moment
            for one in kept:
                await self._keep(one)
        return after

    async def annotate(self, conversation_id: str, agent: Agent, judgement: Judgement) -> AnnotationRecord:
        """A judgement outside a wrap-up."""
        made = await self._annotation(conversation_id, agent, judgement)
        await self._keep(made)
        return made

    async def add_note(self, conversation_id: str, agent: Agent, text: str) -> DeskNoteRecord:
        """What the visitor never sees."""
        if not text.strip() or len(text) > _TEXT_CHARS:
            raise Unusable("too_long" if text.strip() else "bad_request")
        note = self._note(conversation_id, agent, text)
        await self._keep(note)
        return note

    async def say(self, conversation_id: str, agent: Agent, client_id: str, text: str) -> int:
        """To the visitor; the number of the message. Only by the owner of the active request."""
        text = text.strip()
        if not text or not client_id:
            raise Unusable
        if len(text) > _TEXT_CHARS:
            raise Unusable("too_long")
        case = await self._owned(conversation_id, agent)
        assert self.visitors is not None
        number = await self.visitors.agent_said(conversation_id, client_id, agent.name, text)
        due = self.clock() + self.policy.rules.idle
        if case.deadline is None or due - case.deadline > _RENEWED_EVERY:
            await self._quietly_renew(case)
        return number

    async def typing(self, conversation_id: str, agent: Agent, on: bool) -> None:
        """The visitor sees that somebody writes."""
        try:
            await self._owned(conversation_id, agent)
        except NotNow:
            if on:
                raise
            return  # it was over before the agent had stopped
        assert self.visitors is not None
        await self.visitors.agent_typing(conversation_id, on)

    def teams(self, agents: Sequence[AgentRecord]) -> list[str]:
        """Every team there is: in the hours, in the settings, of the agents who are there."""
        of_hours = getattr(self.hours, "teams", ())
        return sorted({*of_hours, *self.policy.team_by_theme.values(), *(team for one in agents for team in one.teams)})

    # Inside

    def way_of(self, agent: AgentRecord, way: str, phone: str) -> tuple[str, str]:
        """How this agent takes a call, and the number that is rung. Raises `BadWay`, `Unusable`."""
        ways = self.policy.call_ways if self.policy.calls else ()
        way = way or next(iter(ways), "")
        if way not in ways:
            raise BadWay
        return way, "" if way == BROWSER else self.policy.numbers.dialled(phone or agent.phone)

    async def _can_be_asked(self, agent: AgentRecord) -> bool:
        """Whether a caller can be handed on to this agent."""
        return agent.takes_calls and agent.id not in routing.on_a_call(await self.live())

    async def _act(self, handover_id: str, event: events.Event, agent: Agent) -> Case:
        return await self.change(await self._case(handover_id), event, by=who(agent))

    async def _case(self, handover_id: str) -> Case:
        case = await self.store.handover_by_id(handover_id)
        if case is None:
            raise NotThere("unknown_request")
        return case

    async def _owned(self, conversation_id: str, agent: Agent) -> Case:
        case = await self._open(conversation_id)
        if case is None or case.state is not HandoverState.ACTIVE or case.channel is Channel.PHONE:
            raise NotNow("over")
        if case.agent_id != agent.id:
            raise NotNow("not_yours")
        return case

    async def _keep(self, one: AnnotationRecord | DeskNoteRecord) -> None:
        if not await self.store.keep(one):
            raise NotThere("unknown_conversation")
        self.bus.changed()

    async def _annotation(
        self, conversation_id: str, agent: Agent, judgement: Judgement, handover_id: str | None = None
    ) -> AnnotationRecord:
        """Checked, not yet kept."""
        intent, turn = judgement.intent, judgement.turn
        is_known = judgement.verdict in set(Verdict) and (not intent or intent in self.knowledge)
        if not is_known or len(judgement.note) > _TEXT_CHARS:
            raise Unusable
        conversation = await self.store.conversation(conversation_id)
        if conversation is None:
            raise NotThere("unknown_conversation")
        if turn is None:
            turn = next((one.number for one in reversed(conversation.turns) if one.outcome == "answered"), 0)
        elif turn not in (0, *(one.number for one in conversation.turns)):
            raise Unusable
        return AnnotationRecord(
            id=uuid4().hex,
            conversation_id=conversation_id,
            handover_id=handover_id,
            at=self.clock(),
            agent_id=agent.id,
            agent_name=agent.name,
            verdict=Verdict(judgement.verdict),
            intent=intent,
            turn=turn,
            note=judgement.note.strip(),
        )

    def _note(self, conversation_id: str, agent: Agent, text: str) -> DeskNoteRecord:
        return DeskNoteRecord(
            uuid4().hex, conversation_id, self.clock(), agent.id, agent.name, text.strip()[:_TEXT_CHARS]
        )

    async def _quietly_renew(self, case: Case) -> None:
        try:
            await self.change(case, events.Spoke())
        except GuichetError as error:
            log.error("desk.not_renewed", handover=case.id, error=str(error))
