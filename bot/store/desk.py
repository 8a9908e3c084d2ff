"""The desk in the store: changes of a request that succeed for one only, and the requests that are not over.

`change_handover` is the one way to change a request: it names the version it has read, and whoever comes second is told
so and looks again. Who gives an agent a request holds the agent until it is written: of two gateways the second sees
what the first has given, whichever requests they are. Everything that belongs to the change (who answers the person, a
promise, a note, the event) is in the same transaction: all of it happens, or nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import datetime

from sqlalchemy import Select, bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from bot.dialogue import Channel
from bot.store.agents import AgentsKept
from bot.store.board import Board, TakenSince
from bot.store.desk_models import COUNTER_ID, DeskAgent, DeskCounter, HandoverEvent
from bot.store.desk_records import Claim, EventRecord, Kept, LiveHandover
from bot.store.desk_rows import agent_record, record_of
from bot.store.handovers import HandoversKept, count_change
from bot.store.models import Conversation, Handover, Turn
from bot.store.promises import PromisesKept
from bot.store.records import LIVE_STATES, HandoverReason, HandoverRecord, HandoverState, Mode, TurnRecord, utc_now
from bot.store.rows import handover_changes, handover_record, row_count, turn_record
from bot.store.shared import Shared

_LIVE = [state.value for state in LIVE_STATES]
_REQUEST = tuple(Handover.__table__.columns)  # many are read at once: without the ORM, whose objects cost the most
_COUNTED = select(DeskCounter.value).where(DeskCounter.id == COUNTER_ID)
_WITH_CHANNEL = select(Handover, Conversation.channel).join(Conversation, Conversation.id == Handover.conversation_id)
_HOLDING_AGENTS = (
    select(DeskAgent)
    .where(DeskAgent.id.in_(bindparam("ids", expanding=True)))
    .order_by(DeskAgent.id)  # who waits for whom is never a circle: request, agents, counter
    .with_for_update()
)
_TAKEN_READ = 30


class DeskKept(AgentsKept, PromisesKept, HandoversKept):
    """The part of `Store` that the desk works with."""

    def __init__(self, engine: AsyncEngine, now: Callable[[], datetime] = utc_now) -> None:
        super().__init__(engine, now)
        self._version_read = Shared(self._read_version)
        self._live_read = Shared(self.live_handovers)

    async def change_handover(
        self,
        before: HandoverRecord,
        after: HandoverRecord,
        *,
        mode: Mode | None = None,
        event: EventRecord | None = None,
        kept: Sequence[Kept] = (),
        per_slot: int | None = None,
        claim: Claim | None = None,
    ) -> HandoverRecord | None:
        """Writes `after` if the request still is as it was in `before`; returns it as it is kept, or None if not.

        `per_slot` and `SlotFull`: see `keep`. `claim`: the agent of `after` gets this request; what it raises goes on
        to the caller, and nothing has happened.
        """
        async with self._writing() as session:
            result = await session.execute(
                update(Handover)
                .where(Handover.id == before.id, Handover.version == before.version)
                .values(handover_changes(after) | {"version": before.version + 1})
                .execution_options(synchronize_session=False)
            )
            if not row_count(result):
                return None
            if mode is not None:
                await session.execute(
                    update(Conversation).where(Conversation.id == before.conversation_id).values(mode=mode.value)
                )
            if event is not None:
                await session.execute(insert(HandoverEvent).values(asdict(event)))
            for one in kept:
                await self._insert(session, one, per_slot)
            if claim is not None:
                await self._claim(session, after, claim, until_now=before.agent_id)
            if before.state is HandoverState.ACTIVE and before.agent_id and after.state is not HandoverState.ACTIVE:
                freed = update(DeskAgent).where(DeskAgent.id == before.agent_id)
                await session.execute(freed.values(free_since=self._now()))
            saved = replace(after, version=before.version + 1)
            await count_change(session, [saved])
        return saved

    async def live_requests(self) -> list[HandoverRecord]:
        """Every request that is not over, the longest wait first; from memory while it is how things are."""
        await self._look_at_board()
        return self._board.live

    async def live_handovers(self) -> list[LiveHandover]:
        """The same with what is known of their calls, read anew."""
        query = (
            select(*_REQUEST, Conversation.channel, Conversation.ended_at, Conversation.ended_reason)
            .join(Conversation, Conversation.id == Handover.conversation_id)
            .where(Handover.state.in_(_LIVE))
            .order_by(Handover.requested_at, Handover.id)
        )
        async with self._reading() as session:
            version = await session.scalar(_COUNTED) or 0  # first: what is read after it may be newer, never older
            rows = (await session.execute(query)).all()
        live = [
            LiveHandover(
                handover_record(row, row.channel),
                row.channel == Channel.PHONE.value and row.ended_at is not None,
                row.ended_reason or "",
            )
            for row in rows
        ]
        self._board.load(version, (one.handover for one in live))
        return live

    async def handovers_of(self, conversation_id: str) -> list[HandoverRecord]:
        """All requests of a conversation, the latest last."""
        of_conversation = _WITH_CHANNEL.where(Handover.conversation_id == conversation_id)
        return await self._requests(of_conversation.order_by(Handover.requested_at, Handover.id))

    async def handovers_by_id(self, handover_ids: Sequence[str]) -> dict[str, HandoverRecord]:
        """Those that there are, by id."""
        found = await self._requests(_WITH_CHANNEL.where(Handover.id.in_(handover_ids)))
        return {one.id: one for one in found}

    async def handovers_since(self, since: datetime) -> list[HandoverRecord]:
        """All requests made since, for figures."""
        return await self._requests(_WITH_CHANNEL.where(Handover.requested_at >= since))

    async def lately_taken(self, since: datetime) -> list[HandoverRecord]:
        """The last requests that were taken since, the latest first: what others have waited."""
        await self._look_at_board()
        board = self._board
        if (known := board.taken) is None or known.since > since:
            query = (
                select(Handover)
                .where(
                    Handover.taken_at >= since,
                    Handover.place_given.is_not(None),
                    Handover.reason != HandoverReason.CALLBACK.value,  # an agent's call began before anybody waited
                )
                .order_by(Handover.taken_at.desc())
                .limit(_TAKEN_READ)
            )
            takes = board.takes
            async with self._reading() as session:
                rows = (await session.scalars(query)).all()
            known = TakenSince(since, [handover_record(row, Channel.WEB.value) for row in rows])
            if board.takes == takes:
                board.taken = known
        return [one for one in known.requests if one.taken_at is not None and one.taken_at >= since]

    async def events_of(self, handover_ids: Sequence[str]) -> list[EventRecord]:
        """What happened to these requests, in order."""
        query = select(HandoverEvent).where(HandoverEvent.handover_id.in_(handover_ids)).order_by(HandoverEvent.id)
        async with self._reading() as session:
            return [record_of(EventRecord, row) for row in (await session.scalars(query)).all()]

    async def turns_of(self, conversation_ids: Sequence[str]) -> dict[str, list[TurnRecord]]:
        """The turns of several conversations, in order."""
        query = (
            select(Turn).where(Turn.conversation_id.in_(conversation_ids)).order_by(Turn.conversation_id, Turn.number)
        )
        turns: dict[str, list[TurnRecord]] = {one: [] for one in conversation_ids}
        async with self._reading() as session:
            for row in (await session.scalars(query)).all():
                turns[row.conversation_id].append(turn_record(row))
        return turns

    async def desk_version(self) -> int:
        """How often the desk has changed, whichever gateway did it."""
        return await self._version_read()

    # Inside

    async def _claim(
        self, session: AsyncSession, request: HandoverRecord, claim: Claim, *, until_now: str | None = None
    ) -> None:
        """Last but for the counter: until this transaction is over, nobody else gives this agent anything.

        `until_now` is whose it was: written with it, and therefore held with the other.
        """
        ids = {one for one in (request.agent_id, until_now) if one is not None}
        held = {row.id: agent_record(row) for row in await session.scalars(_HOLDING_AGENTS, {"ids": sorted(ids)})}
        if request.agent_id not in held:
            return  # never seen: there is nobody to hold
        others = (
            select(*_REQUEST, Conversation.channel)
            .join(Conversation, Conversation.id == Handover.conversation_id)
            .where(Handover.agent_id == request.agent_id, Handover.state.in_(_LIVE), Handover.id != request.id)
        )
        rows = (await session.execute(others)).all()
        claim(held[request.agent_id], [handover_record(row, row.channel) for row in rows])

    async def _requests(self, query: Select[Handover, str]) -> list[HandoverRecord]:
        async with self._reading() as session:
            return [handover_record(row, channel) for row, channel in (await session.execute(query)).all()]

    async def _look_at_board(self) -> None:
        """Afterwards the board shows how things are, or were after this was asked."""
        known = self._board.version
        version = await self._version_read()
        if version < known:  # the database is an earlier one again: restored, or another server took over
            self._board = Board()
        if self._board.version < version:  # what was counted may be of this gateway, which hears of it in a moment
            await self._one_write_later()
        if self._board.version < version:
            await self._live_read()

    async def _read_version(self) -> int:
        async with self._reading() as session:
            return await session.scalar(_COUNTED) or 0
