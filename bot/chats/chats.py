"""Chats: who may speak in a conversation, each message handled once and in order, every reply to every window.

A visitor's message is in the log before anybody is asked about it, marked with what it awaits. So whatever happens
then, a crash included, the same message sent again finds itself there: answered, and nothing is done; or still awaiting
its answer, and gets it once. What has begun is finished even if the window that asked is gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from typing import Any

import structlog

from bot.chats.desk_side import DeskSide
from bot.chats.hostile import harmless
from bot.chats.requests_only import RequestsOnly
from bot.chats.room import Room
from bot.chats.rooms import T
from bot.desk.visitor import Availability, HandoverView, Refusal, VisitorDesk, VisitorState
from bot.dialogue import Dialogue, Outcome, Question, Reply
from bot.errors import (
    BadContact,
    BadMessage,
    GuichetError,
    Malformed,
    StoreUnavailable,
    TooFast,
    TooLong,
    UnknownConversation,
)
from bot.store import Awaits, HandoverReason, MessageKind, MessageRecord, Store, TurnRecord
from bot.summary import summarise

log = structlog.get_logger(__name__)

_MINUTE_SECONDS = 60.0
_LABEL_CHARS = 200
_INTENT_CHARS = 128
_LEFT_AFTER_SECONDS = 120.0
_HANDLED_KEPT = 500
PERSON_KEY = "person"  # `TurnRecord.key` of the button "Parler à un conseiller"
FEEDBACK_REASONS = frozenset({"wrong", "not_my_question", "unclear", "incomplete"})


@dataclass(frozen=True, slots=True)
class Handled:
    """What became of a frame: the number of the message it made, and the reply if it was answered just now."""

    seq: int
    reply: Reply | None = None
    reply_seq: int = 0


class Chats(DeskSide):
    """Every chat of this gateway. `clock` counts seconds and never goes back.

    `on_feedback` is told what visitors think of replies: whether it helped, and the reason or "".
    """

    def __init__(
        self,
        dialogue: Dialogue,
        store: Store,
        *,
        max_message_chars: int,
        messages_per_minute: int,
        person_requested_text: str,
        person_label: str,
        clock: Callable[[], float],
        desk: VisitorDesk | None = None,
        handover_texts: Mapping[str, str] | None = None,
        windows_per_conversation: int = 12,
        left_after_seconds: float = _LEFT_AFTER_SECONDS,
    ) -> None:
        super().__init__(
            store,
            desk or RequestsOnly(store),
            handover_texts={"requested": person_requested_text, **(handover_texts or {})},
            windows_per_conversation=windows_per_conversation,
            left_after_seconds=left_after_seconds,
        )
        self.on_feedback: Callable[[bool, str], None] | None = None
        self._dialogue = dialogue
        self._max_message_chars = max_message_chars
        self._messages_per_minute = messages_per_minute
        self._person_label = person_label
        self._clock = clock

    # What a visitor may do. Each returns once it is done, however often it was sent, and goes on if the caller leaves.

    async def say(self, room: Room, client_id: str, *, text: str = "", choice: str = "", label: str = "") -> Handled:
        """Asks the dialogue, unless a person answers in its place.

        Raises `BadMessage` (empty, `TooLong`), `TooFast`, `DialogueUnavailable`: then the same may be sent again.
        """
        text, choice = harmless(text), harmless(choice)[:_INTENT_CHARS]
        if not text and not choice:
            raise BadMessage("The message is empty.")
        if len(text) > self._max_message_chars:
            raise TooLong(f"The message has {len(text)} characters; at most {self._max_message_chars} are taken.")
        shown = text or harmless(label)[:_LABEL_CHARS] or choice
        return await self._finish(self._say(room, client_id, shown, choice))

    async def call_person(self, room: Room, client_id: str) -> Handled:
        """The button "Parler à un conseiller". Raises `TooFast`, `StoreUnavailable`: then it may be sent again."""
        return await self._finish(self._call_person(room, client_id))

    async def cancel_person(self, room: Room, client_id: str) -> Handled:
        """No person is wanted any more."""
        return await self._of_the_desk(room, client_id, lambda: self.desk.cancel(room.id))

    async def leave_callback(self, room: Room, client_id: str, name: str, number: str, slot_id: str) -> Handled:
        """Raises `BadContact`, `Conflict` when the slot is gone."""
        name, number, slot_id = harmless(name), harmless(number), harmless(slot_id)
        return await self._of_the_desk(
            room, client_id, lambda: self.desk.leave_callback(room.id, name, number, slot_id)
        )

    async def leave_message(self, room: Room, client_id: str, name: str, contact: str, text: str) -> Handled:
        """Raises `BadContact`, `TooLong`."""
        name, contact, text = harmless(name), harmless(contact), harmless(text)
        if len(text) > self._max_message_chars:
            raise TooLong(f"The message has {len(text)} characters; at most {self._max_message_chars} are taken.")
        return await self._of_the_desk(room, client_id, lambda: self.desk.leave_message(room.id, name, contact, text))

    async def rate(self, room: Room, client_id: str, seq: int, helpful: bool, reason: str = "") -> Handled:
        """What the visitor thinks of a reply; the last word counts. Raises `Malformed`."""
        record = room.at(seq)
        if record is None or record.kind is not MessageKind.REPLY or (reason and reason not in FEEDBACK_REASONS):
            raise Malformed("Not a reply of this conversation, or not a reason.")
        if client_id in room.handled:
            return Handled(room.handled[client_id])
        self._count(room)
        room.replace(replace(record, helpful=helpful, feedback_reason=reason or None))
        self._remember(room, client_id, seq)
        if self.on_feedback is not None and (record.helpful, record.feedback_reason) != (helpful, reason or None):
            self.on_feedback(helpful, reason)
        try:
            await self._store.rate_reply(room.id, seq, helpful, reason or None)
        except StoreUnavailable as error:
            log.error("chat.not_recorded", conversation=room.id, error=str(error))
        return Handled(seq)

    def types(self, room: Room, on: bool) -> None:
        """Shown to the desk only, kept nowhere."""
        for watcher in tuple(room.watchers):
            watcher.tell({"type": "typing", "on": on, "who": "person"})

    async def availability(self, language: str) -> Availability:
        """When a person can be reached; as if nobody knew, when the desk cannot say."""
        try:
            return await self.desk.availability(language)
        except GuichetError as error:
            log.error("chat.desk_silent", error=str(error))
            return Availability(open=True, staffed=False, messages=False)

    # Inside

    async def _say(self, room: Room, client_id: str, shown: str, choice: str) -> Handled:
        message = room.sent_as(client_id)
        if message is None or message.awaits is not None:
            self._count(room)
        if message is None:
            silent = self.desk.bot_is_silent(await self.standing(room))
            awaits = None if silent else Awaits.REPLY
            message = await self._append(
                room, MessageRecord(MessageKind.PERSON, text=shown, client_id=client_id, awaits=awaits)
            )
        async with room.turn_lock:
            current = room.at(message.seq) or message
            if current.awaits is not Awaits.REPLY:
                return Handled(message.seq)
            if self.desk.bot_is_silent(room.view):  # a person has joined while it waited
                await self._settle(room, message.seq)
                return Handled(message.seq)
            # What the log shows is what is asked, also when it is sent again.
            text = "" if choice else current.text
            reply = await self._ask(room, Question(room.id, room.channel, text, choice))
            turn = TurnRecord.from_reply(reply, heard=current.text)
            kept = await self._append(room, MessageRecord(MessageKind.REPLY), turn=turn, settles=message.seq)
            if reply.outcome is Outcome.HANDOVER:
                await self._asking(room, self._request_or_refuse(room))
            return Handled(message.seq, reply, kept.seq)

    async def _ask(self, room: Room, question: Question) -> Reply:
        room.show_typing("bot", True)
        try:
            return await self._dialogue.ask(question)
        finally:
            room.show_typing("bot", False)

    async def _call_person(self, room: Room, client_id: str) -> Handled:
        message = room.sent_as(client_id)
        if message is None or message.awaits is not None:
            self._count(room)
        if message is None:
            turn = TurnRecord(
                heard=self._person_label, key=PERSON_KEY, intent="handover", outcome=Outcome.HANDOVER.value
            )
            record = MessageRecord(
                MessageKind.PERSON, text=self._person_label, client_id=client_id, awaits=Awaits.PERSON
            )
            message = await self._append(room, record, turn=turn)
        async with room.turn_lock:
            current = room.at(message.seq)
            if current is not None and current.awaits is Awaits.PERSON:
                try:
                    await self._asking(room, self._request(room), settles=message.seq)
                except UnknownConversation:
                    raise StoreUnavailable("The conversation was never recorded: nobody could take it over.") from None
            return Handled(message.seq)

    async def _request(self, room: Room) -> HandoverView:
        turns = [room.turns[number] for number in sorted(room.turns)]
        return await self.desk.request(room.id, room.channel, HandoverReason.ASKED, summarise(turns))

    async def _request_or_refuse(self, room: Room) -> HandoverView:
        """The bot has just said that a person is asked for: if that fails, the visitor must know."""
        try:
            return await self._request(room)
        except (StoreUnavailable, UnknownConversation) as error:
            log.error("chat.handover_not_recorded", conversation=room.id, error=str(error))
            return HandoverView(VisitorState.REFUSED, Refusal.NOBODY)

    async def _of_the_desk(
        self, room: Room, client_id: str, ask: Callable[[], Coroutine[Any, Any, HandoverView | None]]
    ) -> Handled:
        return await self._finish(self._ask_desk(room, client_id, ask))

    async def _ask_desk(
        self, room: Room, client_id: str, ask: Callable[[], Coroutine[Any, Any, HandoverView | None]]
    ) -> Handled:
        async with room.turn_lock:
            if client_id in room.handled:
                return Handled(room.handled[client_id])
            if (known := room.sent_as(client_id)) is not None:
                return Handled(known.seq)
            self._count(room)
            try:
                seq = await self._asking(room, ask(), client_id=client_id) or room.seq
            except BadMessage as error:
                raise BadContact(str(error)) from None
            self._remember(room, client_id, seq)
            return Handled(seq)

    async def _asking(
        self,
        room: Room,
        asked: Coroutine[Any, Any, HandoverView | None],
        *,
        client_id: str | None = None,
        settles: int | None = None,
    ) -> int | None:
        """Asks the desk and shows what it says; the number of that message, None when it had nothing to say."""
        room.asking_after = room.seq
        try:
            view = await asked
            if view is None:
                return None
            return (await self._show_view(room, view, client_id=client_id, settles=settles)).seq
        finally:
            room.asking_after = None

    async def _finish(self, work: Coroutine[Any, Any, T]) -> T:
        return await asyncio.shield(self._in_background(work))

    def _remember(self, room: Room, client_id: str, seq: int) -> None:
        room.handled[client_id] = seq
        while len(room.handled) > _HANDLED_KEPT:
            del room.handled[next(iter(room.handled))]

    def _count(self, room: Room) -> None:
        now = self._clock()
        while room.recent and now - room.recent[0] > _MINUTE_SECONDS:
            room.recent.popleft()
        if len(room.recent) >= self._messages_per_minute:
            raise TooFast("Too many messages in a minute.", _MINUTE_SECONDS - (now - room.recent[0]))
        room.recent.append(now)
