"""A dialogue, a desk and a store that do as they are told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bot.chats import Chats, Room, Window
from bot.desk.visitor import Availability, HandoverView, VisitorState
from bot.dialogue import Answer, Channel, Outcome, Question, Reply
from bot.errors import BadMessage, Conflict, DialogueUnavailable, StoreUnavailable
from bot.store import HandoverReason, MessageRecord, Store, TurnRecord

ANSWER = Answer("adhesion", "En ligne.", "Adhérer", "F766", "https://example.org", "2026-11-21")
QUEUED = HandoverView(VisitorState.QUEUED, position=2, wait_seconds=90)
ACTIVE = HandoverView(VisitorState.ACTIVE, agent="Camille")
ENDED = HandoverView(VisitorState.ENDED)


class Echo:
    """A dialogue that repeats the question. `gate`, when set, is waited for; `is_down` makes it fail."""

    def __init__(self) -> None:
        self.asked: list[Question] = []
        self.is_down = False
        self.gate: asyncio.Event | None = None

    async def ask(self, question: Question) -> Reply:
        self.asked.append(question)
        if self.gate is not None:
            await self.gate.wait()
        if self.is_down:
            raise DialogueUnavailable("Rasa does not answer.")
        text = question.text or question.choice
        if text == "conseiller":
            return Reply(Outcome.HANDOVER, "handover", 0.99, text="Je transmets.")
        return Reply(Outcome.ANSWERED, "adhesion", 0.9, answers=(ANSWER,), text=text)

    @property
    def questions(self) -> list[str]:
        return [question.text or question.choice for question in self.asked]


@dataclass
class Desk:
    """Says `view` to whoever asks; remembers what it was asked."""

    view: HandoverView | None = None
    answer: HandoverView = QUEUED
    tells_by_itself: bool = False
    is_down: bool = False
    side: Chats | None = None
    asked: list[tuple[Any, ...]] = field(default_factory=list)

    async def request(
        self, conversation_id: str, channel: Channel, reason: HandoverReason, summary: str
    ) -> HandoverView:
        return await self._change(conversation_id, self.answer, "request", reason.value, summary)

    async def cancel(self, conversation_id: str) -> HandoverView | None:
        if self.view is None:
            return None
        return await self._change(conversation_id, HandoverView(VisitorState.CANCELLED), "cancel")

    async def leave_callback(self, conversation_id: str, name: str, number: str, slot_id: str) -> HandoverView:
        if slot_id == "gone":
            raise Conflict("The slot is no longer offered.")
        if not number.strip("+").isdigit():
            raise BadMessage("Not a number.")
        return await self._change(conversation_id, HandoverView(VisitorState.CALLBACK), "callback", name, number)

    async def leave_message(self, conversation_id: str, name: str, contact: str, text: str) -> HandoverView:
        if not text or not contact:
            raise BadMessage("Text or contact is missing.")
        return await self._change(conversation_id, HandoverView(VisitorState.MESSAGE_LEFT), "message", contact, text)

    async def now(self, conversation_id: str) -> HandoverView | None:
        if self.is_down:
            raise StoreUnavailable("The database does not answer.")
        return self.view

    def bot_is_silent(self, view: HandoverView | None) -> bool:
        return view is not None and view.state is VisitorState.ACTIVE

    async def visitor_left(self, conversation_id: str) -> None:
        self.asked.append(("left", conversation_id))

    async def availability(self, language: str = "fr") -> Availability:
        if self.is_down:
            raise StoreUnavailable("The database does not answer.")
        return Availability(open=True, staffed=True, hours=(f"hours in {language}",))

    async def _change(self, conversation_id: str, view: HandoverView, *asked: Any) -> HandoverView:
        if self.is_down:
            raise StoreUnavailable("The database does not answer.")
        self.asked.append(asked)
        self.view = view if view.state in (VisitorState.QUEUED, VisitorState.ACTIVE) else None
        if self.tells_by_itself and self.side is not None:
            await self.side.handover_changed(conversation_id, view)
        return view


class BrokenStore(Store):
    """The real one, which can be made to fail at writing messages, or to fail once they are written."""

    fails = False
    dies_after_writing = False

    async def add_message(
        self,
        conversation_id: str,
        message: MessageRecord,
        *,
        after: int = 0,
        turn: TurnRecord | None = None,
        settles: int | None = None,
    ) -> MessageRecord:
        if self.fails:
            raise StoreUnavailable("The disk is full.")
        kept = await super().add_message(conversation_id, message, after=after, turn=turn, settles=settles)
        if self.dies_after_writing:
            raise asyncio.CancelledError
        return kept

    async def erase_conversation(self, conversation_id: str) -> bool:
        if self.fails:
            raise StoreUnavailable("The disk is full.")
        return await super().erase_conversation(conversation_id)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def chats_of(
    dialogue: Echo,
    store: Store,
    desk: Desk | None = None,
    *,
    per_minute: int = 100,
    windows: int = 4,
    left_after_seconds: float = 0.0,
    clock: Callable[[], float] | None = None,
) -> Chats:
    desk = desk or Desk()
    chats = Chats(
        dialogue,
        store,
        desk=desk,
        max_message_chars=200,
        messages_per_minute=per_minute,
        person_requested_text="Demande transmise.",
        person_label="Parler à un conseiller",
        handover_texts={"queued": "En file.", "active": "Avec {agent}.", "cancelled": "Annulé.", "ended": "Fini."},
        windows_per_conversation=windows,
        left_after_seconds=left_after_seconds,
        clock=clock or Clock(),
    )
    desk.side = chats
    return chats


def told(window: Window) -> list[dict[str, Any]]:
    """All that the window has been told and has not read."""
    messages = list(window._queue)
    window._queue.clear()
    if not window.ended:
        window._something.clear()
    return messages


def lines(room: Room) -> list[tuple[str, str]]:
    """The log in short."""
    return [(one["type"], one["text"] or one.get("outcome", "")) for one in room.messages()]
