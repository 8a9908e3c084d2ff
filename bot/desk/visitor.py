"""The seam between the chats and the desk: what a visitor may ask of the desk, and what the desk tells the visitor.

`bot/chats.py` uses `VisitorDesk` and is used through `VisitorSide`; neither knows more of the other. The views are
what a visitor may know: no agent's id, no other person's name.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from bot.dialogue import Channel
from bot.opening_hours import Slot
from bot.store import HandoverReason

__all__ = ["Availability", "HandoverView", "Refusal", "Slot", "VisitorDesk", "VisitorSide", "VisitorState"]


class VisitorState(StrEnum):
    """How a request for a person stands, in the visitor's eyes (`HandoverState` of docs/api.md)."""

    REQUESTED = "requested"
    QUEUED = "queued"
    ACTIVE = "active"
    ENDED = "ended"
    CANCELLED = "cancelled"
    REFUSED = "refused"
    CALLBACK = "callback"
    MESSAGE_LEFT = "message_left"


class Refusal(StrEnum):
    """Why nobody can be reached now."""

    CLOSED = "closed"
    NOBODY = "nobody"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class HandoverView:
    """`position` counts from 1; None when unknown, as are `wait_seconds`. `agent` is the name shown to visitors.

    `text` is what the log says instead of the state's usual sentence; most often empty.
    """

    state: VisitorState
    reason: Refusal | None = None
    position: int | None = None
    wait_seconds: int | None = None
    agent: str = ""
    slot: Slot | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Availability:
    """When a person can be reached. `hours` are lines for reading, in the language that was asked for."""

    open: bool
    staffed: bool
    hours: tuple[str, ...] = ()
    next_opening: datetime | None = None
    slots: tuple[Slot, ...] = ()
    messages: bool = True


class VisitorDesk(Protocol):
    """What the chats ask of the desk.

    What `request`, `cancel`, `leave_callback` and `leave_message` bring about is in the view they return and is not
    told again; `VisitorSide.handover_changed` tells what happens later, or by other hands.
    """

    async def request(
        self, conversation_id: str, channel: Channel, reason: HandoverReason, summary: str
    ) -> HandoverView:
        """Asks for a person; a second request while one is open returns that one. May be refused at once."""
        ...

    async def cancel(self, conversation_id: str) -> HandoverView | None:
        """The visitor no longer wants a person (waiting or served); None when nothing was open."""
        ...

    async def leave_callback(self, conversation_id: str, name: str, number: str, slot_id: str) -> HandoverView:
        """Raises `BadMessage` for a number that is none, `Conflict` for a slot that is no longer offered."""
        ...

    async def leave_message(self, conversation_id: str, name: str, contact: str, text: str) -> HandoverView:
        """Raises `BadMessage` when text or contact is empty or too long."""
        ...

    async def now(self, conversation_id: str) -> HandoverView | None:
        """How the latest open request stands; None when the bot alone has the conversation."""
        ...

    def bot_is_silent(self, view: HandoverView | None) -> bool:
        """Whether a person answers in the bot's place (only while active: the bot goes on helping who waits)."""
        ...

    async def visitor_left(self, conversation_id: str) -> None:
        """The last window has been gone for a while, or the conversation was erased."""
        ...

    async def availability(self, language: str = "fr") -> Availability: ...


class VisitorSide(Protocol):
    """What the desk tells the visitor's windows; implemented by `bot.chats.Chats`."""

    async def handover_changed(self, conversation_id: str, view: HandoverView) -> None:
        """Adds the change to the log and shows it in every window. Quietly nothing for a call, or after erasure."""
        ...

    async def queue_moved(self, conversation_id: str, position: int | None, wait_seconds: int | None) -> None:
        """Shows the new place in the queue; not kept in the log."""
        ...

    async def agent_said(self, conversation_id: str, client_id: str, name: str, text: str) -> int:
        """Adds an agent's message; its number. The same `client_id` again returns the number of before.

        Raises `UnknownConversation`, `StoreUnavailable` (then nothing was shown).
        """
        ...

    async def agent_typing(self, conversation_id: str, on: bool) -> None: ...

    async def messages(self, conversation_id: str, after: int = 0) -> list[dict[str, Any]]:
        """The log as the visitor's windows show it. Raises `UnknownConversation`."""
        ...

    def watch(self, conversation_id: str, listener: Callable[[dict[str, Any]], Awaitable[None]]) -> Callable[[], None]:
        """Every later message of the conversation also goes to `listener`, until the returned function is called.

        So do two frames that are in no log: `typing` of the visitor (`who` is "person") and `erased`.
        """
        ...
