"""Past conversations, page by page: what was said in each and what the desk did, in few queries whatever the number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.dialogue import Channel
from bot.store.connection import Connected
from bot.store.desk_models import Annotation, HandoverEvent
from bot.store.desk_records import FoundConversation, Verdict
from bot.store.message_models import Message
from bot.store.models import Conversation, Handover, Turn
from bot.store.records import HandoverRecord
from bot.store.rows import handover_record

_SAID_BY_PEOPLE = ("person", "agent")


@dataclass(frozen=True, slots=True)
class Sought:
    """Which conversations; empty means all. `agent` took part in it, `begins` is the beginning of an id.

    `words` must all occur, each as a pattern of LIKE or by one of the intents beside it: a first choice, since no
    database folds accents as we do.
    """

    channel: str = ""
    agent: str = ""
    verdict: str = ""
    with_handover: bool = False
    begins: str = ""
    words: tuple[tuple[str, tuple[str, ...]], ...] = ()


class PastKept(Connected):
    """The part of `Store` that shows what is over."""

    async def past(
        self, sought: Sought, limit: int, *, before: tuple[datetime, str] | None = None
    ) -> list[FoundConversation]:
        """The latest first; `before` is the start and id of the last one of the page before. Five queries."""
        query = _conversations(sought).limit(limit)
        if before is not None:
            time, last_id = before
            earlier = Conversation.started_at < time
            query = query.where(earlier | ((Conversation.started_at == time) & (Conversation.id < last_id)))
        async with self._reading() as session:
            rows = (await session.execute(query)).all()
            ids = [row.id for row in rows]
            turns = await _turns(session, ids)
            said = await _said(session, ids)
            handovers = await _handovers(session, {row.id: row.channel for row in rows})
            verdicts = await _verdicts(session, ids)
        return [
            FoundConversation(
                id=row.id,
                channel=Channel(row.channel),
                started_at=row.started_at,
                ended_at=row.ended_at,
                said=(*(heard for heard, _ in turns[row.id] if heard), *said[row.id]),
                titles=tuple(dict.fromkeys(title for _, titles in turns[row.id] for title in titles)),
                turns=len(turns[row.id]),
                handover=handovers.get(row.id),
                verdict=verdicts.get(row.id),
            )
            for row in rows
        ]


def _conversations(sought: Sought) -> Any:
    query: Any = select(Conversation.id, Conversation.channel, Conversation.started_at, Conversation.ended_at).order_by(
        Conversation.started_at.desc(), Conversation.id.desc()
    )
    of_conversation = Handover.conversation_id == Conversation.id
    if sought.channel:
        query = query.where(Conversation.channel == sought.channel)
    if sought.begins:
        query = query.where(Conversation.id.startswith(sought.begins, autoescape=True))
    if sought.with_handover:
        query = query.where(exists().where(of_conversation))
    if sought.agent:
        took_part = HandoverEvent.handover_id == Handover.id
        query = query.where(
            exists().where(of_conversation, Handover.agent_id == sought.agent)
            | exists().where(of_conversation, took_part, HandoverEvent.agent_id == sought.agent)
        )
    for pattern, intents in sought.words:
        of_turn, of_message = Turn.conversation_id == Conversation.id, Message.conversation_id == Conversation.id
        query = query.where(
            exists().where(of_turn, Turn.heard.ilike(pattern) | Turn.intent.in_(intents))
            | exists().where(of_message, Message.turn.is_(None), Message.text.ilike(pattern))
            | exists().where(of_conversation, Handover.summary.ilike(pattern))
        )
    if sought.verdict:
        judged = Annotation.conversation_id == Conversation.id
        query = query.where(exists().where(judged, Annotation.verdict == sought.verdict))
    return query


async def _turns(session: AsyncSession, ids: Sequence[str]) -> dict[str, list[tuple[str, list[str]]]]:
    """What was said in each turn, and the titles of its answers."""
    query = (
        select(Turn.conversation_id, Turn.heard, Turn.answers)
        .where(Turn.conversation_id.in_(ids))
        .order_by(Turn.conversation_id, Turn.number)
    )
    found: dict[str, list[tuple[str, list[str]]]] = defaultdict(list)
    for row in (await session.execute(query)).all():
        titles = [str(one.get("title") or one.get("id")) for one in row.answers if one.get("source")]
        found[row.conversation_id].append((row.heard, titles))
    return found


async def _said(session: AsyncSession, ids: Sequence[str]) -> dict[str, list[str]]:
    """What people wrote beside the turns: to an agent, and what the agent wrote."""
    query = (
        select(Message.conversation_id, Message.text)
        .where(Message.conversation_id.in_(ids), Message.turn.is_(None), Message.kind.in_(_SAID_BY_PEOPLE))
        .order_by(Message.conversation_id, Message.seq)
    )
    found: dict[str, list[str]] = defaultdict(list)
    for row in (await session.execute(query)).all():
        found[row.conversation_id].append(row.text)
    return found


async def _handovers(session: AsyncSession, channels: dict[str, str]) -> dict[str, HandoverRecord]:
    """The latest request of each."""
    query = select(Handover).where(Handover.conversation_id.in_(channels)).order_by(Handover.requested_at, Handover.id)
    return {
        row.conversation_id: handover_record(row, channels[row.conversation_id])
        for row in (await session.scalars(query)).all()
    }


async def _verdicts(session: AsyncSession, ids: Sequence[str]) -> dict[str, Verdict]:
    """The latest judgement of each."""
    query = (
        select(Annotation.conversation_id, Annotation.verdict)
        .where(Annotation.conversation_id.in_(ids))
        .order_by(Annotation.at, Annotation.id)
    )
    return {row.conversation_id: Verdict(row.verdict) for row in (await session.execute(query)).all()}
