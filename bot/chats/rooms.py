"""The chats in use, and their logs: in memory while somebody follows them, in the store for good.

The store gives each message its number. When it does not answer, the number is given here, the message is shown all
the same, and only the record is lost; numbers go on from there, so that none ever comes twice.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections import OrderedDict, deque
from collections.abc import Coroutine, Mapping
from dataclasses import replace
from typing import Any, TypeVar
from uuid import uuid4

import structlog

from bot.chats.room import Room, Window
from bot.chats.shown import handover_detail
from bot.chats.wording import handover_text
from bot.desk.visitor import HandoverView, VisitorDesk, VisitorState
from bot.dialogue import Channel
from bot.errors import GuichetError, StoreUnavailable, TooManyWindows, UnknownConversation
from bot.store import MessageKind, MessageRecord, Store, TurnRecord, token_digest

log = structlog.get_logger(__name__)

T = TypeVar("T")

_ROOMS_KEPT = 2000
_ERASED_KEPT = 1000


class Rooms:
    """Every chat of this gateway. `desk` may be set once it is there, before anybody comes."""

    def __init__(
        self,
        store: Store,
        desk: VisitorDesk,
        *,
        handover_texts: Mapping[str, str],
        windows_per_conversation: int,
        left_after_seconds: float,
    ) -> None:
        self.desk = desk
        self._store = store
        self._handover_texts = handover_texts
        self._windows_max = windows_per_conversation
        self._left_after_seconds = left_after_seconds
        self._rooms: OrderedDict[str, Room] = OrderedDict()
        self._erased: deque[str] = deque(maxlen=_ERASED_KEPT)
        self._work: set[asyncio.Task[object]] = set()

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
        room = await self._find(conversation_id)
        if room is None or not hmac.compare_digest(room.token_digest, token_digest(token)):
            raise UnknownConversation("No such conversation, or not yours.")
        return room

    def join(self, room: Room) -> Window:
        """A window that is told everything from now on; to be left by `leave`. Raises `TooManyWindows`."""
        if room.erased:
            raise UnknownConversation("The conversation has been erased.")
        if len(room.windows) >= self._windows_max:
            raise TooManyWindows("The conversation is open in too many windows.")
        if room.leaving is not None:
            room.leaving.cancel()
            room.leaving = None
        window = Window()
        room.windows.add(window)
        return window

    def leave(self, room: Room, window: Window) -> None:
        """The window is gone. The desk is told when it was the last one and none comes back for a while."""
        room.windows.discard(window)
        if room.windows or room.erased or room.leaving is not None:
            return
        loop = asyncio.get_running_loop()
        room.leaving = loop.call_later(self._left_after_seconds, self._has_left, room)

    async def standing(self, room: Room) -> HandoverView | None:
        """How the request for a person stands, by the desk, or as it was when the desk last could say."""
        before = room.view
        try:
            view = await self.desk.now(room.id)
            if room.view is before:  # the desk has not told anything newer meanwhile
                room.view = view
        except GuichetError as error:
            log.error("chat.desk_silent", conversation=room.id, error=str(error))
        return room.view

    async def erase(self, room: Room) -> None:
        """Deletes the chat for good and says so in every window. Raises `StoreUnavailable`: nothing was erased."""
        await self._store.erase_conversation(room.id)
        room.erased = True
        self._erased.append(room.id)
        self._rooms.pop(room.id, None)
        if room.leaving is not None:
            room.leaving.cancel()
        room.show({"type": "erased"})
        for window in (*room.windows, *room.watchers):
            window.end("erased")
        room.log.clear()
        room.turns.clear()
        await self._tell_left(room)

    async def close(self, seconds: float = 2.0) -> None:
        """Ends every window, and lets what is under way finish."""
        for room in self._rooms.values():
            for window in (*room.windows, *room.watchers):
                window.end("stopping")
            if room.leaving is not None:
                room.leaving.cancel()
        if self._work:
            await asyncio.wait(self._work, timeout=seconds)

    # The log

    async def _append(
        self,
        room: Room,
        record: MessageRecord,
        *,
        turn: TurnRecord | None = None,
        settles: int | None = None,
        must_be_kept: bool = False,
    ) -> MessageRecord:
        """Adds a message to the log and shows it; one that was sent before under the same name is returned instead.

        With `must_be_kept` raises `StoreUnavailable` rather than showing what the store did not take.
        """
        async with room.log_lock:
            return await self._append_locked(room, record, turn, settles, must_be_kept)

    async def _append_locked(
        self,
        room: Room,
        record: MessageRecord,
        turn: TurnRecord | None = None,
        settles: int | None = None,
        must_be_kept: bool = False,
    ) -> MessageRecord:
        known = room.sent_as(record.client_id) if record.client_id else None
        if known is not None:
            return known
        try:
            kept = await self._store.add_message(room.id, record, after=room.seq, turn=turn, settles=settles)
        except (StoreUnavailable, UnknownConversation) as error:
            if must_be_kept or room.erased:
                raise
            log.error("chat.not_recorded", conversation=room.id, error=str(error))
            number = max(room.turns, default=0) + 1 if turn else record.turn
            kept = replace(record, seq=room.seq + 1, turn=number)
        if room.erased:
            raise UnknownConversation("The conversation has been erased.")
        if turn is not None and kept.turn is not None:
            room.turns[kept.turn] = replace(turn, number=kept.turn)
        if kept.seq != room.seq + 1:
            await self._catch_up(room, kept)
            return kept
        self._add(room, kept, settles)
        return kept

    def _add(self, room: Room, kept: MessageRecord, settles: int | None = None) -> None:
        room.log.append(kept)
        if settles is not None and (settled := room.at(settles)) is not None:
            room.replace(replace(settled, awaits=None, turn=settled.turn or kept.turn))
        room.show(room.shown(kept))

    async def _catch_up(self, room: Room, kept: MessageRecord) -> None:
        """Another gateway has written to the same log: shows what is missing here, in order."""
        record = await self._store.conversation(room.id)
        if record is not None:
            room.turns |= {turn.number: turn for turn in record.turns}
        for one in await self._store.messages(room.id, room.seq):
            self._add(room, one)
        if kept.seq > room.seq:
            self._add(room, kept)

    async def _show_view(
        self, room: Room, view: HandoverView, *, client_id: str | None = None, settles: int | None = None
    ) -> MessageRecord:
        """Writes into the log how the request stands now, unless that is what the log says already.

        The desk may tell a change by itself while it is being asked, so what was written since then counts as said.
        """
        room.view = view
        if view.state is not VisitorState.ACTIVE:
            room.show_typing("agent", False)
        detail = handover_detail(view)
        async with room.log_lock:
            last = room.last_handover()
            if last is not None and last.seq > (room.asking_after or 0) and last.detail == detail:
                if settles is not None:
                    await self._settle(room, settles)
                if client_id is not None and last.client_id is None:
                    await self._settle(room, last.seq, client_id)
                return last
            record = MessageRecord(
                MessageKind.HANDOVER,
                text=handover_text(view, self._handover_texts),
                client_id=client_id,
                detail=detail,
            )
            appended = await self._append_locked(room, record, settles=settles)
        if view.state is VisitorState.QUEUED and view.position is not None:
            room.show_queue(view.position, view.wait_seconds)  # the log does not say it: it moves
        return appended

    async def _settle(self, room: Room, seq: int, client_id: str | None = None) -> None:
        """Nothing has to be done about that message any more; `client_id` names what asked for it."""
        record = room.at(seq)
        if record is not None:
            room.replace(replace(record, awaits=None, client_id=record.client_id or client_id))
        try:
            await self._store.settle_message(room.id, seq, client_id)
        except StoreUnavailable as error:
            log.error("chat.not_recorded", conversation=room.id, error=str(error))

    # Which chats are in memory

    async def _find(self, conversation_id: str) -> Room | None:
        """A chat, not a call; None when there is none of that id. Raises `StoreUnavailable`."""
        room = self._rooms.get(conversation_id)
        if room is None:
            recalled = await self._recall(conversation_id)
            if recalled is None or conversation_id in self._erased:
                return None
            room = self._rooms.setdefault(conversation_id, recalled)  # another may have been quicker
        self._keep(room)
        return room

    async def _recall(self, conversation_id: str) -> Room | None:
        record = await self._store.conversation(conversation_id)
        if record is None or record.token_digest is None:
            return None
        messages = await self._store.messages(conversation_id)
        turns = {turn.number: turn for turn in record.turns}
        room = Room(record.id, record.token_digest, record.channel, messages, turns)
        await self.standing(room)
        return room

    def _keep(self, room: Room) -> None:
        self._rooms[room.id] = room
        self._rooms.move_to_end(room.id)
        for old_id in list(self._rooms):
            if len(self._rooms) <= _ROOMS_KEPT:
                break
            if self._rooms[old_id].is_idle:
                del self._rooms[old_id]

    # Leaving

    def _has_left(self, room: Room) -> None:
        room.leaving = None
        self._in_background(self._tell_left(room))

    async def _tell_left(self, room: Room) -> None:
        try:
            await self.desk.visitor_left(room.id)
        except GuichetError as error:
            log.error("chat.desk_silent", conversation=room.id, error=str(error))

    def _in_background(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Work that nobody's leaving interrupts."""
        task = asyncio.create_task(work)
        self._work.add(task)
        task.add_done_callback(self._worked)
        return task

    def _worked(self, task: asyncio.Task[Any]) -> None:
        """Who asked may be gone, so that nobody else sees how it ended."""
        self._work.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, GuichetError):
            log.error("chat.failed", error=type(error).__name__)
