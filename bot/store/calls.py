"""The telephone calls among the conversations: in a list, found by a part of their id, and what happened in them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select, func, insert, select

from bot.dialogue import Channel, Outcome
from bot.store.connection import Connected, hold
from bot.store.models import Conversation, Handover, Note, Turn
from bot.store.records import CallSummary, HandoverReason, NoteRecord

_ID_CHARS_MIN = 4


class CallsKept(Connected):
    """The part of `Store` that shows calls."""

    async def add_note(self, conversation_id: str, note: NoteRecord) -> None:
        """Writes down that something happened. Raises `UnknownConversation`."""
        async with self._writing() as session:
            await hold(session, conversation_id)
            await session.execute(
                insert(Note).values(
                    conversation_id=conversation_id, at_ms=note.at_ms, kind=note.kind.value, detail=note.detail
                )
            )

    async def calls(
        self, limit: int = 50, *, before: datetime | None = None, since: datetime | None = None
    ) -> list[CallSummary]:
        """The latest calls, newest first: those that began before `before`, and not earlier than `since`. One query."""
        query = _summaries().order_by(Conversation.started_at.desc(), Conversation.id.desc()).limit(limit)
        if before is not None:
            query = query.where(Conversation.started_at < before)
        if since is not None:
            query = query.where(Conversation.started_at >= since)
        async with self._reading() as session:
            rows = (await session.execute(query)).all()
        return [
            CallSummary(
                row.id,
                row.started_at,
                row.ended_at,
                row.ended_reason,
                row.line_id,
                row.turns,
                row.answered,
                HandoverReason(row.person) if row.person else None,
            )
            for row in rows
        ]

    async def call_ids(self, beginning: str, limit: int = 2) -> list[str]:
        """The ids of calls that begin like this, at least four characters of it; the newest first."""
        if len(beginning) < _ID_CHARS_MIN:
            return []
        query = (
            select(Conversation.id)
            .where(Conversation.id.startswith(beginning, autoescape=True), Conversation.channel == Channel.PHONE.value)
            .order_by(Conversation.started_at.desc())
            .limit(limit)
        )
        async with self._reading() as session:
            return list((await session.scalars(query)).all())


def _summaries() -> Select[tuple[str, datetime, datetime | None, str | None, str | None, int, int, str | None]]:
    of_call = Turn.conversation_id == Conversation.id
    turns = select(func.count()).where(of_call).scalar_subquery()
    answered = select(func.count()).where(of_call, Turn.outcome == Outcome.ANSWERED.value).scalar_subquery()
    person = (
        select(Handover.reason)
        .where(Handover.conversation_id == Conversation.id)
        .order_by(Handover.requested_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    return select(
        Conversation.id,
        Conversation.started_at,
        Conversation.ended_at,
        Conversation.ended_reason,
        Conversation.line_id,
        turns.label("turns"),
        answered.label("answered"),
        person.label("person"),
    ).where(Conversation.channel == Channel.PHONE.value)
