"""What a call writes down in the store: the other side of `voice.session.Record`."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import structlog

from bot.dialogue import Channel, Outcome, Reply
from bot.errors import StoreUnavailable
from bot.store import HandoverReason, Store, TurnRecord
from bot.summary import summarise
from voice.call_messages import TurnKept
from voice.session import Record

log = structlog.get_logger(__name__)


class CallRecord:
    """The record of one call."""

    def __init__(self, store: Store, conversation_id: str) -> None:
        self._store = store
        self._id = conversation_id

    async def keep_turn(self, turn: TurnKept) -> None:
        reply = turn.reply or Reply(Outcome.ABSTAINED)
        record = TurnRecord.from_reply(
            reply,
            heard=turn.heard,
            heard_confidence=turn.heard_confidence,
            key=turn.key or None,
            segments=turn.segments,
        )
        await self._store.add_turn(self._id, replace(record, spoken=turn.spoken))

    async def request_person(self, reason: str) -> None:
        conversation = await self._store.conversation(self._id)
        summary = summarise(conversation.turns) if conversation else ""
        await self._store.request_handover(self._id, HandoverReason(reason), summary)

    async def end(self, reason: str) -> None:
        await self._store.end_conversation(self._id, reason)


class NoRecord:
    """A call while the store is away: it is answered all the same, and leaves nothing."""

    async def keep_turn(self, turn: TurnKept) -> None: ...

    async def request_person(self, reason: str) -> None: ...

    async def end(self, reason: str) -> None: ...


async def open_call_record(store: Store, line_id: str) -> tuple[str, Record]:
    """Starts the conversation of a call; its id and its record."""
    try:
        conversation_id = await store.start_conversation(Channel.PHONE, line_id=line_id)
    except StoreUnavailable as error:
        log.error("call.not_recorded", error=str(error))
        return uuid4().hex, NoRecord()
    return conversation_id, CallRecord(store, conversation_id)
