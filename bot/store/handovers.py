"""Requests for a person, as the store keeps them: at most one open for each conversation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, Select, bindparam, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import joinedload

from bot.store.board import Board
from bot.store.connection import Connected, hold
from bot.store.desk_models import COUNTER_ID, Callback, DeskCounter, HandoverEvent
from bot.store.desk_records import CallbackState, EventRecord
from bot.store.messages import LAST_TURN
from bot.store.models import Conversation, Handover, Turn
from bot.store.records import OPEN_STATES, HandoverReason, HandoverRecord, HandoverState, utc_now
from bot.store.rows import conversation_record, handover_record, handover_values

NO_REQUEST: tuple[HandoverRecord, ...] = ()
_COUNTED = "guichet_counted"
_COUNTING = (
    update(DeskCounter)
    .where(DeskCounter.id == COUNTER_ID)
    .values(value=DeskCounter.value + 1)
    .returning(DeskCounter.value)
    .execution_options(synchronize_session=False)
)
# Tables, not their classes: of these many are written at once, which is then one statement.
_ADD_REQUESTS = insert(Handover.__table__)  # type: ignore[arg-type]  # a Table, which the annotation of the class hides
_ADD_EVENTS = insert(HandoverEvent.__table__)  # type: ignore[arg-type]  # as above
OPEN_CALLBACKS = [state.value for state in CallbackState if state.is_open]


class HandoversKept(Connected):
    """The part of `Store` that holds the requests. `on_request` is told each new one, whatever its channel."""

    on_request: Callable[[HandoverReason], None] | None = None

    def __init__(self, engine: AsyncEngine, now: Callable[[], datetime] = utc_now) -> None:
        super().__init__(engine, now)
        self._board = Board()

    def _written(self, session: AsyncSession) -> None:
        if (counted := session.info.get(_COUNTED)) is not None:
            self._board.follow(*counted)

    async def request_handover(
        self,
        conversation_id: str,
        reason: HandoverReason,
        summary: str = "",
        *,
        callback_number: str | None = None,
        priority: int = 0,
        team: str = "",
        skills: Sequence[str] = (),
    ) -> HandoverRecord:
        """Asks for a person. While one request is open, returns that one, with a number it may not have had before.

        `callback_number` is given only when the person agreed to be called back. Raises `UnknownConversation`.
        """
        async with self._writing() as session:
            await hold(session, conversation_id)
            row = await session.scalar(_open_of(conversation_id))
            is_new = row is None
            if row is None:
                row = Handover(
                    id=uuid4().hex,
                    conversation_id=conversation_id,
                    requested_at=self._now(),
                    reason=reason.value,
                    state=HandoverState.REQUESTED.value,
                    summary=summary,
                    through_turn=await _last_turn(session, conversation_id),
                    priority=priority,
                    team=team,
                    skills=list(skills),
                )
                session.add(row)
                await session.flush()
            channel = await _channel(session, conversation_id)
            if is_new:
                await count_change(session, [handover_record(row, channel)])
            if callback_number and callback_number != row.callback_number:
                await _write_number(session, row, callback_number)
            record = handover_record(row, channel)
        if is_new and self.on_request is not None:
            self.on_request(reason)
        return record

    async def begin_handovers(self, begun: Sequence[tuple[HandoverRecord, EventRecord]]) -> list[HandoverRecord | None]:
        """New requests of different conversations, as they have been decided, each with what happened to it.

        None for who has an open one already, and where there is no such conversation: then nothing is written of it.
        """
        ids = [one.conversation_id for one, _ in begun]
        async with self._writing() as session:
            await self._hold_many(session, ids)
            rows = await session.execute(_WITHOUT_REQUEST, {"ids": ids})
            last_turns = {row.id: row.last_turn or 0 for row in rows}
            new = [
                (replace(one, through_turn=last_turns[one.conversation_id]), event)
                for one, event in begun
                if one.conversation_id in last_turns
            ]
            if new:
                await session.execute(_ADD_REQUESTS, [handover_values(one) for one, _ in new])
                await session.execute(_ADD_EVENTS, [asdict(event) for _, event in new])
                await count_change(session, [one for one, _ in new])
        written = {one.conversation_id: one for one, _ in new}
        for one in written.values():
            if self.on_request is not None:
                self.on_request(one.reason)
        return [written.get(one) for one in ids]

    async def intents_of(self, conversation_ids: Sequence[str]) -> dict[str, list[str]]:
        """What was understood in the turns of these conversations, in order; of those that there are."""
        query = (
            select(Conversation.id, Turn.intent)
            .outerjoin(Turn, Turn.conversation_id == Conversation.id)
            .where(Conversation.id.in_(conversation_ids))
            .order_by(Conversation.id, Turn.number)
        )
        intents: dict[str, list[str]] = {}
        async with self._reading() as session:
            for row in await session.execute(query):
                of_one = intents.setdefault(row.id, [])
                if row.intent is not None:
                    of_one.append(row.intent)
        return intents

    async def set_callback(self, conversation_id: str, number: str) -> bool:
        """Writes the number to call back to the open request. False when there is none."""
        async with self._writing() as session:
            row = await session.scalar(_open_of(conversation_id).with_for_update())
            if row is not None:
                await _write_number(session, row, number)
            return row is not None

    async def cancel_handover(self, conversation_id: str) -> HandoverRecord | None:
        """Withdraws the open request and returns it as cancelled; None when there is none."""
        async with self._writing() as session:
            row = await session.scalar(_open_of(conversation_id).with_for_update())
            if row is None:
                return None
            row.state = HandoverState.CANCELLED.value
            row.closed_at = self._now()
            row.version += 1
            await count_change(session)
            return handover_record(row, await _channel(session, conversation_id))

    async def handover(self, conversation_id: str) -> HandoverRecord | None:
        """The latest request of a conversation, whatever its state."""
        async with self._reading() as session:
            row = await session.scalar(
                _with_conversation()
                .where(Handover.conversation_id == conversation_id)
                .order_by(Handover.requested_at.desc())
                .limit(1)
            )
            return handover_record(row, row.conversation.channel) if row else None

    async def handover_by_id(self, handover_id: str) -> HandoverRecord | None:
        """One request, whatever its state."""
        async with self._reading() as session:
            row = await session.scalar(_with_conversation().where(Handover.id == handover_id))
            return handover_record(row, row.conversation.channel) if row else None

    async def open_handovers(self, limit: int = 200) -> list[HandoverRecord]:
        """Those who wait for a person or a promised call, the longest wait first, each with its whole conversation.

        Two queries.
        """
        query = (
            select(Handover)
            .where(_is_open() | _will_be_called_back())
            .order_by(Handover.requested_at, Handover.id)
            .limit(limit)
            .options(joinedload(Handover.conversation).selectinload(Conversation.turns))
        )
        async with self._reading() as session:
            rows: Sequence[Handover] = (await session.scalars(query)).all()
            return [
                handover_record(row, row.conversation.channel, conversation_record(row.conversation)) for row in rows
            ]


def _is_open() -> ColumnElement[bool]:
    return Handover.state.in_([state.value for state in OPEN_STATES])


def _open_of(conversation_id: str) -> Select[Handover]:
    return select(Handover).where(Handover.conversation_id == conversation_id, _is_open())


_WITHOUT_REQUEST = select(
    Conversation.id,
    select(func.max(Turn.number)).where(Turn.conversation_id == Conversation.id).scalar_subquery().label("last_turn"),
).where(
    Conversation.id.in_(bindparam("ids", expanding=True)),
    ~exists().where(Handover.conversation_id == Conversation.id, _is_open()),
)


def _will_be_called_back() -> ColumnElement[bool]:
    promised = exists().where(Callback.handover_id == Handover.id, Callback.state.in_(OPEN_CALLBACKS))
    return (Handover.state == HandoverState.CALLBACK.value) & promised


def _with_conversation() -> Select[Any]:
    return select(Handover).options(joinedload(Handover.conversation))


async def _channel(session: AsyncSession, conversation_id: str) -> str:
    return await session.scalar(select(Conversation.channel).where(Conversation.id == conversation_id)) or ""


async def _last_turn(session: AsyncSession, conversation_id: str) -> int:
    return await session.scalar(LAST_TURN, {"id": conversation_id}) or 0


async def _write_number(session: AsyncSession, row: Handover, number: str) -> None:
    """A change like any other: whoever changes the request at the same time must look again."""
    row.callback_number = number
    row.version += 1
    await session.flush()
    await count_change(session)


async def count_change(session: AsyncSession, changed: Sequence[HandoverRecord] | None = None) -> None:
    """Tells every gateway that the desk has changed. Last in a transaction: all others wait for its row.

    `changed` are the requests of which this transaction has written anything, as they are now, or `NO_REQUEST`: then
    this gateway need not read again what it knows (`bot.store.board`). None says nothing of them.
    """
    version = await session.scalar(_COUNTING)
    if changed is not None and version is not None:
        session.info[_COUNTED] = (version, changed)
