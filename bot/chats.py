"""Chats: who may speak in a conversation, each message handled once and in order, every reply to every window.

A chat's log is the sequence of its turns. Turn n gives two messages: what the person sent (seq 2n-1)
and what was answered (seq 2n), so that a window that comes back asks for what follows the last
number it has, and nothing is lost or doubled. The log lives in memory while the chat is in use and
in the store for good; a store that fails costs the record, not the answer.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

import structlog

from bot.dialogue import Channel, Dialogue, Outcome, Question, Reply
from bot.errors import BadMessage, Busy, StoreUnavailable, UnknownConversation
from bot.store import ConversationRecord, HandoverReason, Store, TurnRecord, token_digest
from bot.summary import summarise

log = structlog.get_logger(__name__)

Message = dict[str, Any]
Listener = Callable[[Message], Awaitable[None]]

_ROOMS_KEPT = 2000
_MINUTE_SECONDS = 60.0
PERSON_KEY = "person"  # `TurnRecord.key` of the button "Parler à un conseiller"


@dataclass(slots=True)
class Room:
    """One chat in use."""

    id: str
    token_digest: str
    channel: Channel
    turns: list[TurnRecord] = field(default_factory=list)
    handled: dict[str, int] = field(default_factory=dict)  # client id → turn number
    listeners: set[Listener] = field(default_factory=set)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    recent: deque[float] = field(default_factory=deque)

    def messages(self, after: int = 0) -> list[Message]:
        """The log as a window shows it, from the message that follows `after`."""
        shown = [message for turn in self.turns for message in messages_of(turn)]
        return [message for message in shown if message["seq"] > after]


def messages_of(turn: TurnRecord) -> list[Message]:
    """What a window shows of a turn."""
    person = {"type": "person", "seq": 2 * turn.number - 1, "text": turn.heard}
    reply: Message = {"seq": 2 * turn.number, "text": turn.spoken}
    if turn.outcome == Outcome.HANDOVER:
        reply |= {"type": "handover", "state": "requested"}
    else:
        answers = [answer_json(answer) for answer in turn.answers]
        reply |= {"type": "reply", "outcome": turn.outcome, "intent": turn.intent, "answers": answers}
        reply |= {"choices": [{"intent": choice.intent, "text": choice.text} for choice in turn.choices]}
        if answers:
            reply["text"] = ""
    return [person, reply]


def answer_json(answer: Any) -> Message:
    """An answer with its source and the date on which it was verified."""
    fields = ("id", "title", "text", "source", "source_url", "verified_on")
    return {name: getattr(answer, name) for name in fields}


def reply_json(reply: Reply) -> Message:
    """A reply with everything that explains it, for `guichet ask --json` and the API."""
    return {
        "outcome": reply.outcome.value,
        "intent": reply.intent,
        "confidence": round(reply.confidence, 4),
        "ranking": [{"intent": one.intent, "confidence": round(one.confidence, 4)} for one in reply.ranking],
        "answers": [answer_json(answer) for answer in reply.answers],
        "choices": [{"intent": choice.intent, "text": choice.text} for choice in reply.choices],
        "text": reply.text,
        "why": reply.why,
    }


class Chats:
    """Every chat of this gateway. `clock` counts seconds and never goes back."""

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
    ) -> None:
        self._dialogue = dialogue
        self._store = store
        self._max_message_chars = max_message_chars
        self._messages_per_minute = messages_per_minute
        self._person_requested_text = person_requested_text
        self._person_label = person_label
        self._clock = clock
        self._rooms: OrderedDict[str, Room] = OrderedDict()

    async def open(self, channel: Channel = Channel.WEB) -> tuple[str, str]:
        """A new conversation: its id and the token that only its visitor knows (256 bits)."""
        token = secrets.token_urlsafe(32)
        digest = token_digest(token)
        try:
            conversation_id = await self._store.start_conversation(channel, token_digest=digest)
        except StoreUnavailable as error:  # answered all the same, and remembered only here
            log.error("chat.not_recorded", error=str(error))
            conversation_id = uuid4().hex
        self._keep(Room(conversation_id, digest, channel))
        return conversation_id, token

    async def enter(self, conversation_id: str, token: str) -> Room:
        """The chat, for whoever has its token. Raises `UnknownConversation` for a wrong token too: no hint."""
        room = self._rooms.get(conversation_id) or await self._recall(conversation_id)
        if room is None or not hmac.compare_digest(room.token_digest, token_digest(token)):
            raise UnknownConversation("No such conversation, or not yours.")
        self._keep(room)
        return room

    async def say(
        self, room: Room, client_id: str, *, text: str = "", choice: str = "", label: str = ""
    ) -> Reply | None:
        """Handles a message once and tells every window. None when `client_id` had been handled before.

        Raises `BadMessage` (empty, too long), `Busy` (too many in a minute), `DialogueUnavailable`.
        """
        text = text.strip()
        if not text and not choice:
            raise BadMessage("The message is empty.")
        if len(text) > self._max_message_chars:
            raise BadMessage(f"The message has {len(text)} characters; at most {self._max_message_chars} are taken.")
        async with room.lock:
            if client_id in room.handled:
                return None
            self._count(room)
            shown = text or label[:200] or choice
            await self._tell(room, {"type": "typing", "on": True})
            try:
                reply = await self._dialogue.ask(Question(room.id, room.channel, text, choice))
            finally:
                await self._tell(room, {"type": "typing", "on": False})
            await self._append(room, client_id, TurnRecord.from_reply(reply, heard=shown))
            if reply.outcome is Outcome.HANDOVER:
                await self._request_person(room, HandoverReason.ASKED)
            return reply

    async def call_person(self, room: Room, client_id: str) -> None:
        """The button "Parler à un conseiller"."""
        async with room.lock:
            if client_id in room.handled:
                return
            self._count(room)
            turn = TurnRecord(
                heard=self._person_label,
                key=PERSON_KEY,
                intent="handover",
                outcome=Outcome.HANDOVER.value,
                spoken=self._person_requested_text,
            )
            await self._append(room, client_id, turn)
            await self._request_person(room, HandoverReason.ASKED)

    async def erase(self, room: Room) -> None:
        """Deletes the chat for good."""
        async with room.lock:
            self._rooms.pop(room.id, None)
            await self._store.erase_conversation(room.id)

    async def _append(self, room: Room, client_id: str, turn: TurnRecord) -> None:
        try:
            number = await self._store.add_turn(room.id, turn)
        except (StoreUnavailable, UnknownConversation) as error:
            log.error("chat.not_recorded", conversation=room.id, error=str(error))
            number = len(room.turns) + 1
        kept = replace(turn, number=max(number, len(room.turns) + 1))
        room.turns.append(kept)
        room.handled[client_id] = kept.number
        person, reply = messages_of(kept)
        await self._tell(room, person | {"client_id": client_id})
        await self._tell(room, reply)

    async def _request_person(self, room: Room, reason: HandoverReason) -> None:
        try:
            await self._store.request_handover(room.id, reason, summarise(room.turns))
        except (StoreUnavailable, UnknownConversation) as error:
            log.error("chat.handover_not_recorded", conversation=room.id, error=str(error))

    async def _tell(self, room: Room, message: Message) -> None:
        for listener in tuple(room.listeners):
            await listener(message)

    def _count(self, room: Room) -> None:
        now = self._clock()
        while room.recent and now - room.recent[0] > _MINUTE_SECONDS:
            room.recent.popleft()
        if len(room.recent) >= self._messages_per_minute:
            raise Busy("Too many messages in a minute.")
        room.recent.append(now)

    async def _recall(self, conversation_id: str) -> Room | None:
        record: ConversationRecord | None = await self._store.conversation(conversation_id)
        if record is None or record.token_digest is None:
            return None
        return Room(record.id, record.token_digest, record.channel, list(record.turns))

    def _keep(self, room: Room) -> None:
        self._rooms[room.id] = room
        self._rooms.move_to_end(room.id)
        for old_id in list(self._rooms):
            if len(self._rooms) <= _ROOMS_KEPT:
                break
            if not self._rooms[old_id].listeners and not self._rooms[old_id].lock.locked():
                del self._rooms[old_id]
