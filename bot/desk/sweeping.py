"""Once a second: what is due, whoever began it; agents who are gone; offers; and what other gateways have changed.

A look at the change counter is all there is to do most of the time. Everything is looked at when it has moved, when a
deadline has come, and every few seconds for what moves without the counter: signs of life, calls that end. A request
that cannot be dealt with is passed over until the next look: the others go on.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Sequence
from datetime import datetime, timedelta

import structlog

from bot.desk import events, routing
from bot.desk.desk import Desk
from bot.desk.events import Case, Who
from bot.desk.handover import wake_at
from bot.desk.refusals import AgentBusy
from bot.dialogue import Channel
from bot.errors import GuichetError, StoreUnavailable, UnknownConversation, Unwritable
from bot.store.desk_records import AgentRecord, LiveHandover
from bot.store.records import WAITING_STATES, HandoverState

log = structlog.get_logger(__name__)

SWEEP_SECONDS = 1.0
_EVERYTHING_EVERY = timedelta(seconds=5)
_BLIND_AFTER = 2 * _EVERYTHING_EVERY
_OWNED = (HandoverState.OFFERED, HandoverState.ACTIVE)
_TRANSFERRED = "transferred"


class Sweep:
    """What makes the desk's clock tick in this gateway."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._version: int | None = None
        self._due: datetime | None = None
        self._told: dict[str, tuple[int | None, int | None]] = {}
        self._saw_all_at: datetime | None = None
        self._failed = False
        self._passed_over: set[str] = set()

    async def run(self) -> None:
        """Until cancelled. A store that does not answer is asked again."""
        while True:
            await self.look()
            await asyncio.sleep(SWEEP_SECONDS)

    async def look(self) -> None:
        """One look, whatever comes of it. After a while in which none succeeded, nobody is taken for gone at once."""
        try:
            await self.notice_gap()
            await self.once()
        except GuichetError as error:
            if not self._failed:
                log.error("desk.sweep_failed", error=str(error))
            self._failed = True
        except Exception:  # it is the desk's clock: no single request may stop it
            if not self._failed:
                log.exception("desk.sweep_broken")
            self._failed = True
        else:
            self._failed = False

    async def notice_gap(self) -> None:
        """Whether nobody has looked for a while. Before the first look of a gateway that is its own stop, and that of
        all others: whoever was there then has as long as ever to come back. After longer than a conversation without a
        word lasts nobody is expected back. Raises `StoreUnavailable`.
        """
        now = self._desk.clock()
        if self._saw_all_at is None:
            watched_at = await self._desk.store.last_watched()
            if watched_at is not None and now - watched_at < self._desk.policy.rules.idle:
                self._saw_all_at = watched_at
        if self._saw_all_at is not None and now - self._saw_all_at > _BLIND_AFTER:
            self._desk.could_not_see(self._saw_all_at)

    async def once(self) -> None:
        """One look. Raises `StoreUnavailable`."""
        now = self._desk.clock()
        version = await self._desk.store.desk_version()
        if version != self._version:
            self._desk.bus.changed()
        elif self._due is not None and now < self._due:
            return
        self._version = version
        await self._everything(now)

    async def _everything(self, now: datetime) -> None:
        live = await self._desk.store.live_handovers()
        agents = await self._desk.present()
        there = {agent.id for agent in agents}
        if self._desk.telephone is not None:
            there |= await self._desk.telephone.keep_alive([one.handover for one in live], agents)
        self._passed_over &= {one.handover.id for one in live}
        for one in live:
            await self._or_pass_over(one.handover, self._one(one, agents, there, live))
        live_now = await self._desk.live()
        if self._desk.policy.automatic:
            await self._offer(live_now, await self._desk.present())  # who did not answer is away by now
        await self._desk.again_what_was_not_finished()
        await self._tell_places(live_now)
        deadlines = [due for one in live_now if (due := wake_at(one)) is not None]
        self._due = min([*deadlines, now + _EVERYTHING_EVERY])
        if not self._desk.is_grace():  # a gateway that starts meanwhile is to wait for the same
            await self._desk.store.watched(self._desk.clock())
        self._saw_all_at = self._desk.clock()

    async def _or_pass_over(self, case: Case, work: Awaitable[object]) -> None:
        """Raises `StoreUnavailable` only when the store is away: then nobody can be helped."""
        try:
            await work
        except Exception as error:  # a fault of ours as well: it would stop the clock for everybody
            if isinstance(error, StoreUnavailable) and not isinstance(error, Unwritable):
                raise
            if case.id not in self._passed_over:  # said once, not every few seconds
                self._passed_over.add(case.id)
                log.exception("desk.passed_over", handover=case.id)
        else:
            self._passed_over.discard(case.id)

    async def _one(
        self, one: LiveHandover, agents: Sequence[AgentRecord], there: set[str], live: Sequence[LiveHandover]
    ) -> None:
        desk, case, now = self._desk, one.handover, self._desk.clock()
        if case.state in _OWNED and case.agent_id not in there:
            case = await desk.change(case, events.AgentLost(case.agent_id or ""))
        if case.channel is Channel.PHONE:
            case = await self._call(case, one)
        due = wake_at(case)
        if due is None:
            return
        waits = case.state is HandoverState.QUEUED and routing.waits(case)
        if due <= now or (waits and not desk.is_staffed(case, agents)):
            spoken = await self._last_spoken(case) if case.state is HandoverState.ACTIVE else None
            situation = desk.situation(case, agents, [other.handover for other in live], spoken)
            await desk.change(case, situation)

    async def _call(self, case: Case, one: LiveHandover) -> Case:
        if case.callback_number and case.state in WAITING_STATES:
            return await self._desk.keep_promise(case)
        if one.call_over:
            return await self._desk.change(case, events.CallOver(one.call_ended_reason == _TRANSFERRED))
        return case

    async def _offer(self, live: Sequence[Case], agents: Sequence[AgentRecord]) -> None:
        by_id = {one.id: one for one in live}
        for offer in routing.offers([one for one in live if self._is_offered_here(one)], agents):
            case, to = by_id[offer.handover_id], Who(offer.agent.id, offer.agent.name)
            await self._or_pass_over(case, self._offer_to(case, to))

    async def _offer_to(self, case: Case, to: Who) -> None:
        """Who has just been given another request is passed by: this one waits for the next look and the next agent."""
        with contextlib.suppress(AgentBusy):
            await self._desk.change(case, events.Offered(to))

    def _is_offered_here(self, case: Case) -> bool:
        """A caller on the line is offered by the gateway that holds the call: it can be taken nowhere else."""
        if case.state is not HandoverState.QUEUED or not case.on_line:
            return True
        telephone = self._desk.telephone
        return telephone is not None and telephone.on_line(case.conversation_id)

    async def _tell_places(self, live: Sequence[Case]) -> None:
        """Only what is new, and only to who waits."""
        visitors = self._desk.visitors
        places = routing.positions(live)
        told: dict[str, tuple[int | None, int | None]] = {}
        seconds_each = routing.seconds_for_a_place(await self._desk.lately_taken()) if places else None
        for one in live:
            if one.id not in places or one.channel is Channel.PHONE:  # a call hears its place from `Callers`
                continue
            told[one.id] = (places[one.id], routing.wait_at(places[one.id], seconds_each))
            if visitors is not None and one.id in self._told and self._told[one.id] != told[one.id]:
                try:
                    await visitors.queue_moved(one.conversation_id, *told[one.id])
                except GuichetError as error:
                    log.error("desk.visitor_not_told", conversation=one.conversation_id, error=str(error))
        self._told = told

    async def _last_spoken(self, case: Case) -> datetime | None:
        """The last word of visitor or agent."""
        if self._desk.visitors is None or case.channel is Channel.PHONE:
            return None
        try:
            messages = await self._desk.visitors.messages(case.conversation_id)
        except UnknownConversation:
            return None
        said = [one["at"] for one in messages if one.get("type") in ("person", "agent") and one.get("at")]
        return datetime.fromisoformat(said[-1]) if said else None
