"""What is kept with a conversation at the desk: promised calls, written messages, private notes and judgements."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.errors import SlotFull
from bot.store.connection import Connected
from bot.store.desk_models import Annotation, Callback, DeskMessage, DeskNote
from bot.store.desk_records import (
    AnnotationRecord,
    CallbackRecord,
    CallbackState,
    DeskMessageRecord,
    DeskNoteRecord,
    Kept,
    MessageState,
)
from bot.store.desk_rows import record_of, values_of
from bot.store.handovers import NO_REQUEST, OPEN_CALLBACKS, count_change
from bot.store.models import Conversation
from bot.store.rows import row_count

_SLOTS_LOCK = 0x61757475  # any number that no other lock of this database has
_TABLES = {
    DeskNoteRecord: DeskNote,
    AnnotationRecord: Annotation,
    CallbackRecord: Callback,
    DeskMessageRecord: DeskMessage,
}
_MOST_OPEN = 2000
_Promise = TypeVar("_Promise", CallbackRecord, DeskMessageRecord)


class PromisesKept(Connected):
    """The part of `Store` that keeps them."""

    async def keep(self, one: Kept, *, per_slot: int | None = None, once: bool = False) -> bool:
        """Adds it. False when its conversation is gone; with `once` also when that call has been promised already.

        A promise in a slot that holds `per_slot` already raises `SlotFull`, and nothing has happened.
        """
        async with self._writing() as session:
            here = select(Conversation.id).where(Conversation.id == one.conversation_id).with_for_update()
            if await session.scalar(here) is None:
                return False
            if once and isinstance(one, CallbackRecord) and await session.scalar(_same_promise(one)) is not None:
                return False
            await self._insert(session, one, per_slot)
            await count_change(session, NO_REQUEST)
        return True

    async def change_promise(self, before: _Promise, after: _Promise) -> _Promise | None:
        """For callbacks and messages what `change_handover` is for requests."""
        async with self._writing() as session:
            if not await write_promise(session, before, after):
                return None
            await count_change(session, NO_REQUEST)
        return replace(after, version=before.version + 1)

    async def desk_notes(self, conversation_id: str) -> list[DeskNoteRecord]:
        query = select(DeskNote).where(DeskNote.conversation_id == conversation_id).order_by(DeskNote.at, DeskNote.id)
        async with self._reading() as session:
            return [record_of(DeskNoteRecord, row) for row in (await session.scalars(query)).all()]

    async def annotations(
        self, *, conversation_id: str | None = None, since: datetime | None = None
    ) -> list[AnnotationRecord]:
        """Of one conversation, or all since; in order."""
        query = select(Annotation).order_by(Annotation.at, Annotation.id)
        if conversation_id is not None:
            query = query.where(Annotation.conversation_id == conversation_id)
        if since is not None:
            query = query.where(Annotation.at >= since)
        async with self._reading() as session:
            return [record_of(AnnotationRecord, row) for row in (await session.scalars(query)).all()]

    async def callback(self, callback_id: str) -> CallbackRecord | None:
        async with self._reading() as session:
            row = await session.get(Callback, callback_id)
            return record_of(CallbackRecord, row) if row else None

    async def open_callback_of(self, handover_id: str) -> CallbackRecord | None:
        """The promise that was made with this request and is not over."""
        query = select(Callback).where(Callback.handover_id == handover_id, Callback.state.in_(OPEN_CALLBACKS))
        async with self._reading() as session:
            row = await session.scalar(query.limit(1))
            return record_of(CallbackRecord, row) if row else None

    async def callback_of_call(self, handover_id: str) -> CallbackRecord | None:
        """The promise for which this request's call was made last."""
        async with self._reading() as session:
            row = await session.scalar(select(Callback).where(Callback.call_id == handover_id).limit(1))
            return record_of(CallbackRecord, row) if row else None

    async def callbacks(
        self,
        *,
        state: CallbackState | None = None,
        conversation_id: str | None = None,
        current_since: datetime | None = None,
        promised_since: datetime | None = None,
        limit: int = 200,
    ) -> list[CallbackRecord]:
        """Those not over first, each the most urgent first.

        `current_since`: those not over, 2,000 at the most, and of those that ended since the last `limit`.
        """
        is_open = Callback.state.in_(OPEN_CALLBACKS)
        conditions: list[ColumnElement[bool]] = []
        if state is not None:
            conditions.append(Callback.state == state.value)
        if conversation_id is not None:
            conditions.append(Callback.conversation_id == conversation_id)
        if current_since is not None:
            ended = select(Callback.id).where(~is_open, Callback.ended_at >= current_since)
            conditions.append(is_open | Callback.id.in_(ended.order_by(Callback.ended_at.desc()).limit(limit)))
            limit += _MOST_OPEN
        if promised_since is not None:
            conditions.append(Callback.promised_at >= promised_since)
        query = select(Callback).where(*conditions).order_by(~is_open, Callback.due_at, Callback.id).limit(limit)
        async with self._reading() as session:
            return [record_of(CallbackRecord, row) for row in (await session.scalars(query)).all()]

    async def callbacks_in_slots(self, since: datetime) -> dict[str, int]:
        """How many promises each slot holds, by its id."""
        query = (
            select(Callback.slot_id, func.count())
            .where(Callback.slot_end >= since, Callback.state.in_(OPEN_CALLBACKS))
            .group_by(Callback.slot_id)
        )
        async with self._reading() as session:
            return {row[0]: row[1] for row in (await session.execute(query)).all()}

    async def desk_message(self, message_id: str) -> DeskMessageRecord | None:
        async with self._reading() as session:
            row = await session.get(DeskMessage, message_id)
            return record_of(DeskMessageRecord, row) if row else None

    async def desk_messages(
        self,
        *,
        state: MessageState | None = None,
        conversation_id: str | None = None,
        current_since: datetime | None = None,
        received_since: datetime | None = None,
        limit: int = 200,
    ) -> list[DeskMessageRecord]:
        """The new ones first, each the oldest first. `current_since`: as for `callbacks`."""
        is_new = DeskMessage.state == MessageState.NEW.value
        conditions: list[ColumnElement[bool]] = []
        if state is not None:
            conditions.append(DeskMessage.state == state.value)
        if conversation_id is not None:
            conditions.append(DeskMessage.conversation_id == conversation_id)
        if current_since is not None:
            done = select(DeskMessage.id).where(~is_new, DeskMessage.done_at >= current_since)
            conditions.append(is_new | DeskMessage.id.in_(done.order_by(DeskMessage.done_at.desc()).limit(limit)))
            limit += _MOST_OPEN
        if received_since is not None:
            conditions.append(DeskMessage.received_at >= received_since)
        query = select(DeskMessage).where(*conditions).order_by(~is_new, DeskMessage.received_at, DeskMessage.id)
        async with self._reading() as session:
            return [record_of(DeskMessageRecord, row) for row in (await session.scalars(query.limit(limit))).all()]

    # Inside

    async def _insert(self, session: AsyncSession, one: Kept, per_slot: int | None = None) -> None:
        if isinstance(one, CallbackRecord) and one.slot_id and per_slot is not None:
            await self._leave_room(session, one.slot_id, per_slot)
        if isinstance(one, AnnotationRecord) and one.handover_id is not None:  # judged again: the last one counts
            before = delete(Annotation).where(
                Annotation.handover_id == one.handover_id, Annotation.agent_id == one.agent_id
            )
            await session.execute(before.execution_options(synchronize_session=False))
        await session.execute(insert(_TABLES[type(one)]).values(values_of(one)))

    async def _leave_room(self, session: AsyncSession, slot_id: str, per_slot: int) -> None:
        """Of those who promise the same slot at the same instant, each counts after the one before has written."""
        if not self._is_sqlite:  # where one writes at a time anyway
            await session.execute(
                text("SELECT pg_advisory_xact_lock(:key, hashtext(:slot))"), {"key": _SLOTS_LOCK, "slot": slot_id}
            )
        promised = select(func.count()).where(Callback.slot_id == slot_id, Callback.state.in_(OPEN_CALLBACKS))
        if (await session.scalar(promised) or 0) >= per_slot:
            raise SlotFull


def _same_promise(one: CallbackRecord) -> Select[str]:
    """One made with the same request, kept by now or not, or one of the same call that is not over."""
    same = Callback.state.in_(OPEN_CALLBACKS) & (Callback.number == one.number) & (Callback.slot_id == one.slot_id)
    if one.handover_id is not None:
        same |= Callback.handover_id == one.handover_id
    return select(Callback.id).where(Callback.conversation_id == one.conversation_id, same).limit(1)


async def write_promise(session: AsyncSession, before: _Promise, after: _Promise) -> bool:
    """Whether the promise was still as it is in `before`; `count_change` is the caller's."""
    table: Any = _TABLES[type(before)]
    values = values_of(after) | {"version": before.version + 1}
    result = await session.execute(
        update(table)
        .where(table.id == before.id, table.version == before.version)
        .values({name: value for name, value in values.items() if name not in ("id", "conversation_id")})
        .execution_options(synchronize_session=False)
    )
    return bool(row_count(result))
