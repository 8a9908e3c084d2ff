"""The log of a chat as the store keeps it: numbered messages, each sender's `client_id` once.

The store gives the numbers, in the transaction that writes the message, so that two writers never give the same; and
it finds what was sent before, so that a gateway that has forgotten everything still handles nothing twice. Messages of
different chats that wait for the same turn to write are written in one transaction (`bot.store.together`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BindParameter, Integer, bindparam, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from bot.errors import GuichetError
from bot.store.connection import ANSWER_SECONDS, Connected, unknown_conversation
from bot.store.message_models import Message
from bot.store.models import Conversation, Turn
from bot.store.records import TurnRecord, utc_now
from bot.store.rows import turn_values
from bot.store.together import Together

LAST_TURN = select(func.max(Turn.number)).where(Turn.conversation_id == bindparam("id"))
_AMONG: BindParameter[str] = bindparam("ids", expanding=True)
_ENDS = select(
    Conversation.id,
    select(func.max(Message.seq)).where(Message.conversation_id == Conversation.id).scalar_subquery().label("message"),
    select(func.max(Turn.number)).where(Turn.conversation_id == Conversation.id).scalar_subquery().label("turn"),
).where(Conversation.id.in_(_AMONG))
_SENT = select(Message).where(
    Message.conversation_id.in_(_AMONG), Message.client_id.in_(bindparam("client_ids", expanding=True))
)
# Tables, not their classes: of these many are written at once, which is then one statement.
_ADD_TURNS = insert(Turn.__table__)  # type: ignore[arg-type]  # a Table, which the annotation of the class hides
_ADD_MESSAGES = insert(Message.__table__)  # type: ignore[arg-type]  # as above
_SETTLE = (
    update(Message.__table__)  # type: ignore[arg-type]  # as above
    .where(Message.conversation_id == bindparam("of"), Message.seq == bindparam("settled"))
    .values(awaits=None, turn=func.coalesce(Message.turn, bindparam("with_turn", type_=Integer)))
)


class MessageKind(StrEnum):
    """Who or what a message is from."""

    PERSON = "person"
    REPLY = "reply"
    AGENT = "agent"
    HANDOVER = "handover"


class Awaits(StrEnum):
    """What has still to be done about a visitor's message; it outlives a crash."""

    REPLY = "reply"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class MessageRecord:
    """One message of a log. `seq` is given by the store, from 1 on.

    `turn` is the number of the turn that it belongs to; the reply's answers and choices are there, not here. `detail`
    is what else a message of its kind says: an agent's name, the state of a handover. `helpful` and
    `feedback_reason` are what the visitor thinks of a reply.
    """

    kind: MessageKind
    text: str = ""
    client_id: str | None = None
    turn: int | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    awaits: Awaits | None = None
    helpful: bool | None = None
    feedback_reason: str | None = None
    at: datetime = field(default_factory=utc_now)
    seq: int = 0


@dataclass(frozen=True, slots=True)
class _Appended:
    """What `add_message` was asked."""

    conversation_id: str
    message: MessageRecord
    after: int
    turn: TurnRecord | None
    settles: int | None


class MessagesKept(Connected):
    """The part of `Store` that holds the logs of chats."""

    def __init__(self, engine: AsyncEngine, now: Callable[[], datetime] = utc_now) -> None:
        super().__init__(engine, now)
        self._appending = Together(
            self._append_all,
            key=lambda one: one.conversation_id,
            seconds=ANSWER_SECONDS,
            at_once=self._writers_at_once,
        )

    async def add_message(
        self,
        conversation_id: str,
        message: MessageRecord,
        *,
        after: int = 0,
        turn: TurnRecord | None = None,
        settles: int | None = None,
    ) -> MessageRecord:
        """Appends a message under a number greater than `after`, and returns it as it is kept.

        What is there already under the same `client_id` is returned instead, and nothing is written. With `turn`, that
        turn is appended too and the message refers to it. `settles` is the number of the message that awaited this
        one. All of it or nothing. Raises `UnknownConversation`, for instance when it was erased meanwhile.
        """
        return await self._appending(_Appended(conversation_id, message, after, turn, settles))

    async def _append_all(self, asked: Sequence[_Appended]) -> list[MessageRecord | GuichetError]:
        """Each of another conversation."""
        ids = [one.conversation_id for one in asked]
        turns: list[dict[str, Any]] = []
        messages: list[dict[str, Any]] = []
        settled: list[dict[str, Any]] = []
        kept: list[MessageRecord | GuichetError] = []
        async with self._writing() as session:
            await self._hold_many(session, ids)
            ends = {row.id: row for row in await session.execute(_ENDS, {"ids": ids})}
            sent = await _sent_before(session, asked)
            for one in asked:
                of = {"conversation_id": one.conversation_id}
                if (end := ends.get(one.conversation_id)) is None:
                    kept.append(unknown_conversation())
                    continue
                if (known := sent.get((one.conversation_id, one.message.client_id))) is not None:
                    kept.append(message_record(known))
                    continue
                number = (end.turn or 0) + 1 if one.turn is not None else one.message.turn
                record = replace(one.message, seq=max(end.message or 0, one.after) + 1, turn=number)
                kept.append(record)
                messages.append(_values(record) | of)
                if one.turn is not None:
                    turns.append(turn_values(one.turn) | of | {"number": number})
                if one.settles is not None:
                    settled.append({"of": one.conversation_id, "settled": one.settles, "with_turn": number})
            for statement, rows in ((_ADD_TURNS, turns), (_ADD_MESSAGES, messages), (_SETTLE, settled)):
                if rows:
                    await session.execute(statement, rows)
        return kept

    async def messages(self, conversation_id: str, after: int = 0) -> list[MessageRecord]:
        """The messages whose number is greater than `after`, in order; none for an unknown conversation."""
        query = (
            select(Message).where(Message.conversation_id == conversation_id, Message.seq > after).order_by(Message.seq)
        )
        async with self._reading() as session:
            return [message_record(row) for row in (await session.scalars(query)).all()]

    async def settle_message(self, conversation_id: str, seq: int, client_id: str | None = None) -> None:
        """Nothing has to be done about it any more; `client_id` is the one under which it was asked for."""
        values: dict[str, Any] = {"awaits": None}
        if client_id is not None:
            values["client_id"] = client_id
        await self._update_message(conversation_id, seq, values)

    async def rate_reply(self, conversation_id: str, seq: int, helpful: bool, reason: str | None) -> None:
        """Keeps what the visitor thinks of a reply, instead of what was kept before."""
        await self._update_message(conversation_id, seq, {"helpful": helpful, "feedback_reason": reason})

    async def _update_message(self, conversation_id: str, seq: int, values: dict[str, Any]) -> None:
        async with self._writing() as session:
            await session.execute(
                update(Message).where(Message.conversation_id == conversation_id, Message.seq == seq).values(values)
            )


async def _sent_before(session: AsyncSession, asked: Sequence[_Appended]) -> dict[tuple[str, str | None], Message]:
    """What was sent under the same names, by conversation and name."""
    names = [one.message.client_id for one in asked if one.message.client_id is not None]
    if not names:
        return {}
    rows = await session.scalars(_SENT, {"ids": [one.conversation_id for one in asked], "client_ids": names})
    return {(row.conversation_id, row.client_id): row for row in rows}


async def append_turn(session: AsyncSession, conversation_id: str, turn: TurnRecord) -> int:
    """Appends a turn to a conversation that the session holds; its number."""
    number = (await session.scalar(LAST_TURN, {"id": conversation_id}) or 0) + 1
    values = turn_values(turn) | {"conversation_id": conversation_id, "number": number}
    await session.execute(insert(Turn).values(values))
    return number


def _values(record: MessageRecord) -> dict[str, Any]:
    return {
        "seq": record.seq,
        "at": record.at,
        "kind": record.kind.value,
        "client_id": record.client_id,
        "text": record.text,
        "turn": record.turn,
        "detail": dict(record.detail),
        "awaits": record.awaits and record.awaits.value,
        "helpful": record.helpful,
        "feedback_reason": record.feedback_reason,
    }


def message_record(row: Message) -> MessageRecord:
    return MessageRecord(
        kind=MessageKind(row.kind),
        text=row.text,
        client_id=row.client_id,
        turn=row.turn,
        detail=row.detail,
        awaits=Awaits(row.awaits) if row.awaits else None,
        helpful=row.helpful,
        feedback_reason=row.feedback_reason,
        at=row.at,
        seq=row.seq,
    )
