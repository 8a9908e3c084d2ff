"""A desk where requests for a person are only written down: for a gateway without the handover desk, and for tests."""

from __future__ import annotations

from bot.desk.visitor import Availability, HandoverView, VisitorState
from bot.dialogue import Channel
from bot.errors import BadContact, Conflict
from bot.store import HandoverReason, Store

_REQUESTED = HandoverView(VisitorState.REQUESTED)


class RequestsOnly:
    """Nobody joins; the bot goes on answering; no callbacks, no written messages."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def request(
        self, conversation_id: str, channel: Channel, reason: HandoverReason, summary: str
    ) -> HandoverView:
        """Writes it down."""
        await self._store.request_handover(conversation_id, reason, summary)
        return _REQUESTED

    async def cancel(self, conversation_id: str) -> HandoverView | None:
        """Withdraws it."""
        record = await self._store.cancel_handover(conversation_id)
        return HandoverView(VisitorState.CANCELLED) if record else None

    async def leave_callback(self, conversation_id: str, name: str, number: str, slot_id: str) -> HandoverView:
        """Never: none are offered."""
        raise Conflict("No callbacks are offered.")

    async def leave_message(self, conversation_id: str, name: str, contact: str, text: str) -> HandoverView:
        """Never."""
        raise BadContact("No messages are taken.")

    async def now(self, conversation_id: str) -> HandoverView | None:
        """Requested, while the request is open."""
        record = await self._store.handover(conversation_id)
        return _REQUESTED if record and record.state.is_open else None

    def bot_is_silent(self, view: HandoverView | None) -> bool:
        """Never."""
        return False

    async def visitor_left(self, conversation_id: str) -> None:
        """The request stays."""

    async def availability(self, language: str = "fr") -> Availability:
        """A person can be asked for; nobody knows when one answers."""
        return Availability(open=True, staffed=False, messages=False)
