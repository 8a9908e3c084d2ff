"""Promised calls that agents make themselves: the promise, the call and its request change together, or not at all."""

from __future__ import annotations

from dataclasses import asdict, replace

from sqlalchemy import insert, update

from bot.dialogue import Channel
from bot.store.desk import DeskKept
from bot.store.desk_models import HandoverEvent
from bot.store.desk_records import CallbackRecord, Claim, EventRecord
from bot.store.handovers import count_change
from bot.store.models import Conversation, Handover
from bot.store.promises import write_promise
from bot.store.records import HandoverRecord, Mode
from bot.store.rows import handover_values


class CalledBackKept(DeskKept):
    """The part of `Store` that knows which call keeps which promise."""

    async def begin_callback(
        self, before: CallbackRecord, after: CallbackRecord, request: HandoverRecord, event: EventRecord, claim: Claim
    ) -> CallbackRecord | None:
        """The promise as it is kept, its call and the call's request begun; None, and nothing, if somebody was quicker.

        `request` names the new conversation, which is the agent's. `claim`: see `change_handover`.
        """
        async with self._writing() as session:
            if not await write_promise(session, before, after):
                return None
            session.add(
                Conversation(
                    id=request.conversation_id,
                    channel=Channel.PHONE.value,
                    mode=Mode.HUMAN.value,
                    started_at=request.requested_at,
                )
            )
            await session.flush()
            await session.execute(insert(Handover).values(handover_values(request)))
            await session.execute(insert(HandoverEvent).values(asdict(event)))
            await self._claim(session, request, claim)
            await count_change(session, [request])
        return replace(after, version=before.version + 1)

    async def call_answered(self, conversation_id: str, line_id: str) -> None:
        """The call that was begun for a promise is on this line."""
        async with self._writing() as session:
            await session.execute(
                update(Conversation).where(Conversation.id == conversation_id).values(line_id=line_id)
            )
