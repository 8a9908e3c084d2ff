"""What a call writes down in the store: the other side of `voice.session.Record`."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol
from uuid import uuid4

import structlog

from bot.dialogue import Channel, Outcome, Reply
from bot.errors import StoreUnavailable
from bot.phone_numbers import normalised
from bot.store import HandoverReason, NoteKind, NoteRecord, Store, TurnRecord
from bot.summary import summarise
from voice.session import Record
from voice.turn import TurnKept

log = structlog.get_logger(__name__)


class TellsCallbacks(Protocol):
    """Whom the operator's own tools hear of a promise from (`bot.notify.HookNotifier`)."""

    async def tell_callback(self, conversation_id: str, to: str) -> bool: ...


class CallRecord:
    """The record of one call. `operator` is told of promised callbacks, also when the store is away."""

    def __init__(self, store: Store, conversation_id: str, operator: TellsCallbacks | None = None) -> None:
        self._store = store
        self._id = conversation_id
        self._operator = operator

    async def keep_turn(self, turn: TurnKept) -> None:
        reply = turn.reply or Reply(Outcome.ABSTAINED)
        record = TurnRecord.from_reply(
            reply,
            heard=turn.heard,
            heard_confidence=turn.heard_confidence,
            key=turn.key or None,
            segments=turn.segments,
        )
        kept = replace(record, spoken=turn.spoken, readings=turn.alternatives, interrupted=turn.interrupted)
        await self._store.add_turn(self._id, kept)

    async def note(self, at_seconds: float, kind: str, detail: str) -> None:
        """`kind` is a value of `NoteKind`; `at_seconds` counts from the beginning of the call."""
        await self._store.add_note(self._id, NoteRecord(NoteKind(kind), max(0, round(at_seconds * 1000)), detail))

    async def request_person(self, reason: str) -> None:
        await self._store.request_handover(self._id, HandoverReason(reason), await self._summary())

    async def promise_callback(self, number: str) -> None:
        """The caller agreed to be called back at `number`. A request for a person is made if none is open."""
        number = normalised(number) or number
        if self._operator is not None:
            await self._operator.tell_callback(self._id, number)
        if not await self._store.set_callback(self._id, number):
            await self._store.request_handover(
                self._id, HandoverReason.ASKED, await self._summary(), callback_number=number
            )

    async def _summary(self) -> str:
        conversation = await self._store.conversation(self._id)
        return summarise(conversation.turns) if conversation else ""

    async def end(self, reason: str) -> None:
        await self._store.end_conversation(self._id, reason)


class NoRecord:
    """A call while the store is away: it is answered all the same, and leaves nothing but a promise."""

    def __init__(self, conversation_id: str, operator: TellsCallbacks | None = None) -> None:
        self._id = conversation_id
        self._operator = operator

    async def keep_turn(self, turn: TurnKept) -> None: ...

    async def note(self, at_seconds: float, kind: str, detail: str) -> None: ...

    async def request_person(self, reason: str) -> None: ...

    async def promise_callback(self, number: str) -> None:
        """Only the operator's own tools can keep this promise."""
        if self._operator is None or not await self._operator.tell_callback(self._id, normalised(number) or number):
            log.error("call.promise_lost", conversation=self._id)

    async def end(self, reason: str) -> None: ...


async def open_call_record(store: Store, line_id: str, operator: TellsCallbacks | None = None) -> tuple[str, Record]:
    """Starts the conversation of a call; its id and its record."""
    try:
        conversation_id = await store.start_conversation(Channel.PHONE, line_id=line_id)
    except StoreUnavailable as error:
        log.error("call.not_recorded", error=str(error))
        conversation_id = uuid4().hex
        return conversation_id, NoRecord(conversation_id, operator)
    return conversation_id, CallRecord(store, conversation_id, operator)
