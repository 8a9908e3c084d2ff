"""The store: conversations, their turns, and the requests for a person.

Each method is one transaction and returns records, never database objects. Each raises `StoreUnavailable`
when the database does not answer or refuses to write, with a sentence that names the remedy; a caller
on the line must not notice, so whoever carries a conversation catches it and goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, cast
from uuid import uuid4

from sqlalchemy import ColumnElement, CursorResult, Result, delete, exists, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.orm import joinedload, selectinload

from bot.dialogue import Channel
from bot.errors import UnknownConversation
from bot.store import database
from bot.store.faults import translated
from bot.store.models import Conversation, Handover, Turn
from bot.store.records import (
    OPEN_STATES,
    ConversationRecord,
    HandoverReason,
    HandoverRecord,
    HandoverState,
    Mode,
    TurnRecord,
    utc_now,
)
from bot.store.rows import conversation_record, handover_record, turn_values

ANSWER_SECONDS = 10.0
UPKEEP_SECONDS = 600.0


class Store:
    """Opened by `Store.open`, shared by all tasks, closed by `close`. `now` is the clock for what the store dates."""

    def __init__(self, engine: AsyncEngine, now: Callable[[], datetime] = utc_now) -> None:
        self._engine = engine
        self._place = database.place(engine.url)
        self._now = now
        writer = engine.execution_options(**{database.WRITES: True})
        self._reader_sessions = async_sessionmaker(engine, expire_on_commit=False)
        self._writer_sessions = async_sessionmaker(writer, expire_on_commit=False)
        # SQLite lets one transaction write at a time and makes the others poll for their turn;
        # waiting in line here is fair and wakes at once.
        self._writers = asyncio.Semaphore(1 if self._is_sqlite else database.POOL_SIZE)

    @classmethod
    async def open(cls, url: str, *, now: Callable[[], datetime] = utc_now) -> Store:
        """Connects and brings the tables to the present version.

        Raises `StoreUnavailable`, `BadSettings` for a wrong address, `Misconfigured` for a newer database.
        """
        parsed = database.parse(url)
        with translated(database.place(parsed)):
            engine = database.make_engine(parsed)
            try:
                await database.upgrade(engine)
            except BaseException:
                await engine.dispose()
                raise
        return cls(engine, now)

    async def close(self) -> None:
        """Afterwards the store must not be used."""
        with translated(self._place):
            await self._engine.dispose()

    async def ping(self) -> None:
        """Raises `StoreUnavailable` unless the tables can be read."""
        async with self._reading() as session:
            await session.execute(select(Conversation.id).limit(1))

    # Conversations

    async def start_conversation(
        self, channel: Channel, *, line_id: str | None = None, token_digest: str | None = None
    ) -> str:
        """A new conversation, owned by the bot; its id is 32 hexadecimal digits and cannot be guessed."""
        conversation_id = uuid4().hex
        async with self._writing() as session:
            session.add(
                Conversation(
                    id=conversation_id,
                    channel=channel.value,
                    mode=Mode.BOT.value,
                    started_at=self._now(),
                    line_id=line_id,
                    token_digest=token_digest,
                )
            )
        return conversation_id

    async def end_conversation(self, conversation_id: str, reason: str) -> None:
        """Ends it, once: a second end, or one after the erasure, changes nothing."""
        async with self._writing() as session:
            await session.execute(
                update(Conversation)
                .where(Conversation.id == conversation_id, Conversation.ended_at.is_(None))
                .values(ended_at=self._now(), ended_reason=reason)
            )

    async def add_turn(self, conversation_id: str, turn: TurnRecord) -> int:
        """Appends a turn and returns its number: 1, 2, 3 …, whoever else appends at the same time.

        Raises `UnknownConversation`, for instance when it was erased meanwhile.
        """
        async with self._writing() as session:
            await _hold(session, conversation_id)
            last = await session.scalar(
                select(func.coalesce(func.max(Turn.number), 0)).where(Turn.conversation_id == conversation_id)
            )
            number = (last or 0) + 1
            values = turn_values(turn) | {"conversation_id": conversation_id, "number": number}
            await session.execute(insert(Turn).values(values))
        return number

    async def conversation(self, conversation_id: str) -> ConversationRecord | None:
        """The conversation with its turns."""
        return await self._one_conversation(Conversation.id == conversation_id)

    async def conversation_by_line(self, line_id: str) -> ConversationRecord | None:
        """The latest conversation of that line id."""
        return await self._one_conversation(Conversation.line_id == line_id)

    # Handovers

    async def request_handover(self, conversation_id: str, reason: HandoverReason, summary: str = "") -> HandoverRecord:
        """Asks for a person. While one request is open, returns that one unchanged.

        Raises `UnknownConversation`.
        """
        async with self._writing() as session:
            await _hold(session, conversation_id)
            row = await session.scalar(select(Handover).where(Handover.conversation_id == conversation_id, _is_open()))
            if row is None:
                row = Handover(
                    id=uuid4().hex,
                    conversation_id=conversation_id,
                    requested_at=self._now(),
                    reason=reason.value,
                    state=HandoverState.REQUESTED.value,
                    summary=summary,
                )
                session.add(row)
            return handover_record(row)

    async def cancel_handover(self, conversation_id: str) -> HandoverRecord | None:
        """Withdraws the open request and returns it as cancelled; None when there is none."""
        async with self._writing() as session:
            row = await session.scalar(
                select(Handover).where(Handover.conversation_id == conversation_id, _is_open()).with_for_update()
            )
            if row is None:
                return None
            row.state = HandoverState.CANCELLED.value
            row.closed_at = self._now()
            return handover_record(row)

    async def handover(self, conversation_id: str) -> HandoverRecord | None:
        """The latest request of a conversation, whatever its state."""
        async with self._reading() as session:
            row = await session.scalar(
                select(Handover)
                .where(Handover.conversation_id == conversation_id)
                .order_by(Handover.requested_at.desc())
                .limit(1)
            )
            return handover_record(row) if row else None

    async def open_handovers(self, limit: int = 200) -> list[HandoverRecord]:
        """Those who wait for a person, the longest wait first, each with its whole conversation. Two queries."""
        query = (
            select(Handover)
            .where(_is_open())
            .order_by(Handover.requested_at, Handover.id)
            .limit(limit)
            .options(joinedload(Handover.conversation).selectinload(Conversation.turns))
        )
        async with self._reading() as session:
            rows: Sequence[Handover] = (await session.scalars(query)).all()
            return [handover_record(row, conversation_record(row.conversation)) for row in rows]

    # Retention

    async def erase_conversation(self, conversation_id: str) -> bool:
        """Deletes the conversation, its turns and its handovers for good. False when it was not there."""
        return await self._erase(Conversation.id == conversation_id) > 0

    async def purge(self, before: datetime) -> int:
        """Deletes what ended before that time or, never ended, was last used before it; returns how many."""
        return await self._erase(_last_used_before(before))

    async def close_abandoned(
        self,
        *,
        reason: str = "interrupted",
        channel: Channel | None = None,
        unused_since: datetime | None = None,
    ) -> int:
        """Ends what a crash has left open, dated at its last turn; returns how many.

        `channel` limits it to calls or chats, `unused_since` to those without a turn since.
        Where several gateways share a database, always give `unused_since`.
        """
        conditions: list[ColumnElement[bool]] = [Conversation.ended_at.is_(None)]
        if channel is not None:
            conditions.append(Conversation.channel == channel.value)
        if unused_since is not None:
            conditions.append(_last_used_before(unused_since))
        last_turn = select(func.max(Turn.at)).where(Turn.conversation_id == Conversation.id).scalar_subquery()
        async with self._writing(UPKEEP_SECONDS) as session:
            result = await session.execute(
                update(Conversation)
                .where(*conditions)
                .values(ended_at=func.coalesce(last_turn, Conversation.started_at), ended_reason=reason)
                .execution_options(synchronize_session=False)
            )
            return _count(result)

    # Inside

    @property
    def _is_sqlite(self) -> bool:
        return database.is_sqlite(self._engine.url)

    async def _one_conversation(self, condition: ColumnElement[bool]) -> ConversationRecord | None:
        query = (
            select(Conversation)
            .where(condition)
            .order_by(Conversation.started_at.desc())
            .limit(1)
            .options(selectinload(Conversation.turns))
        )
        async with self._reading() as session:
            row = await session.scalar(query)
            return conversation_record(row) if row else None

    async def _erase(self, condition: ColumnElement[bool]) -> int:
        async with self._writing(UPKEEP_SECONDS) as session:
            result = await session.execute(
                delete(Conversation).where(condition).execution_options(synchronize_session=False)
            )
            erased = _count(result)
        if erased and self._is_sqlite:
            # The write-ahead log still holds the old pages: fold it into the file and empty it.
            async with self._reading() as session:
                await session.commit()
                await session.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        return erased

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[AsyncSession]:
        with translated(self._place):
            async with asyncio.timeout(ANSWER_SECONDS), self._reader_sessions() as session:
                yield session

    @asynccontextmanager
    async def _writing(self, seconds: float = ANSWER_SECONDS) -> AsyncIterator[AsyncSession]:
        with translated(self._place):
            async with asyncio.timeout(seconds), self._writers, self._writer_sessions.begin() as session:
                yield session


async def _hold(session: AsyncSession, conversation_id: str) -> None:
    """Keeps other writers away from this conversation until the transaction ends."""
    query = select(Conversation.id).where(Conversation.id == conversation_id).with_for_update()
    if await session.scalar(query) is None:
        raise UnknownConversation("No such conversation: it was never started, or it has been erased.")


def _is_open() -> ColumnElement[bool]:
    return Handover.state.in_([state.value for state in OPEN_STATES])


def _last_used_before(time: datetime) -> ColumnElement[bool]:
    used_since = exists().where(Turn.conversation_id == Conversation.id, Turn.at >= time)
    return (func.coalesce(Conversation.ended_at, Conversation.started_at) < time) & ~used_since


def _count(result: Result[Any]) -> int:
    return cast("CursorResult[Any]", result).rowcount
