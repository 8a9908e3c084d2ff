"""The store: conversations, their turns, and the requests for a person.

Each method is one transaction and returns records, never database objects. Each raises `StoreUnavailable`
when the database does not answer or refuses to write, with a sentence that names the remedy; a caller
on the line must not notice, so whoever carries a conversation catches it and goes on.
"""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from sqlalchemy import ColumnElement, delete, exists, func, select, text, update
from sqlalchemy.orm import selectinload

from bot.dialogue import Channel
from bot.store.accounts import AccountsKept
from bot.store.audit import AuditKept
from bot.store.called_back import CalledBackKept
from bot.store.calls import CallsKept
from bot.store.connection import UPKEEP_SECONDS, hold
from bot.store.handovers import count_change
from bot.store.message_models import Message
from bot.store.messages import MessagesKept, append_turn
from bot.store.models import Conversation, Turn
from bot.store.past import PastKept
from bot.store.records import ConversationRecord, Mode, TurnRecord
from bot.store.rows import conversation_record, row_count


class Store(CallsKept, CalledBackKept, PastKept, MessagesKept, AccountsKept, AuditKept):
    """Opened by `Store.open`, shared by all tasks, closed by `close`."""

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
            await hold(session, conversation_id)
            return await append_turn(session, conversation_id, turn)

    async def conversation(self, conversation_id: str) -> ConversationRecord | None:
        """The conversation with its turns and notes."""
        return await self._one_conversation(Conversation.id == conversation_id)

    async def conversation_by_line(self, line_id: str) -> ConversationRecord | None:
        """The latest conversation of that line id."""
        return await self._one_conversation(Conversation.line_id == line_id)

    # Retention

    async def erase_conversation(self, conversation_id: str) -> bool:
        """Deletes the conversation, its turns, messages, notes and handovers for good. False when it was not there."""
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
        """Ends what a crash has left open, dated at its last message or turn; returns how many.

        `channel` limits it to calls or chats, `unused_since` to those without a message or turn since.
        Where several gateways share a database, always give `unused_since`.
        """
        conditions: list[ColumnElement[bool]] = [Conversation.ended_at.is_(None)]
        if channel is not None:
            conditions.append(Conversation.channel == channel.value)
        if unused_since is not None:
            conditions.append(_last_used_before(unused_since))
        last_turn = select(func.max(Turn.at)).where(Turn.conversation_id == Conversation.id).scalar_subquery()
        last_message = select(func.max(Message.at)).where(Message.conversation_id == Conversation.id).scalar_subquery()
        async with self._writing(UPKEEP_SECONDS) as session:
            result = await session.execute(
                update(Conversation)
                .where(*conditions)
                .values(ended_at=func.coalesce(last_message, last_turn, Conversation.started_at), ended_reason=reason)
                .execution_options(synchronize_session=False)
            )
            return row_count(result)

    # Inside

    async def _one_conversation(self, condition: ColumnElement[bool]) -> ConversationRecord | None:
        query = (
            select(Conversation)
            .where(condition)
            .order_by(Conversation.started_at.desc())
            .limit(1)
            .options(selectinload(Conversation.turns), selectinload(Conversation.notes))
        )
        async with self._reading() as session:
            row = await session.scalar(query)
            return conversation_record(row, row.notes) if row else None

    async def _erase(self, condition: ColumnElement[bool]) -> int:
        async with self._writing(UPKEEP_SECONDS) as session:
            result = await session.execute(
                delete(Conversation).where(condition).execution_options(synchronize_session=False)
            )
            erased = row_count(result)
            if erased:
                await count_change(session)
        if erased and self._is_sqlite:
            # The write-ahead log still holds the old pages: fold it into the file and empty it.
            async with self._reading() as session:
                await session.commit()
                await session.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        return erased


def _last_used_before(time: datetime) -> ColumnElement[bool]:
    spoke_since = exists().where(Turn.conversation_id == Conversation.id, Turn.at >= time)
    wrote_since = exists().where(Message.conversation_id == Conversation.id, Message.at >= time)
    return (func.coalesce(Conversation.ended_at, Conversation.started_at) < time) & ~spoke_since & ~wrote_since
