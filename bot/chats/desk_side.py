"""What the desk does in a chat (`bot.desk.visitor.VisitorSide`): agents' messages, changes of the request, watching."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import structlog

from bot.chats.room import Room, Window
from bot.chats.rooms import Rooms
from bot.chats.shown import Message, handover_detail
from bot.desk.visitor import HandoverView, VisitorState
from bot.errors import GuichetError, UnknownConversation
from bot.store import MessageKind, MessageRecord

log = structlog.get_logger(__name__)

# What the desk names its messages is kept apart from what windows do: theirs have no colon.
_AGENT = "agent:"
_WATCHED_MAX = 1000


class DeskSide(Rooms):
    """The part of `Chats` that the desk sees."""

    async def handover_changed(self, conversation_id: str, view: HandoverView) -> None:
        """Adds the change to the log and shows it in every window. Quietly nothing for a call, or after erasure."""
        room = await self._find(conversation_id)
        if room is None or room.erased:
            return
        last = room.last_handover()
        if last is not None and last.detail == handover_detail(view) and room.asking_after is None:
            room.view = view
            if view.state in (VisitorState.REQUESTED, VisitorState.QUEUED):
                room.show_queue(view.position, view.wait_seconds)
            return
        try:
            await self._show_view(room, view)
        except UnknownConversation:
            return  # erased meanwhile

    async def queue_moved(self, conversation_id: str, position: int | None, wait_seconds: int | None) -> None:
        """Shows the new place in the queue; not kept in the log."""
        room = self._rooms.get(conversation_id)
        if room is None:
            return
        if room.view is not None:
            room.view = replace(room.view, position=position, wait_seconds=wait_seconds)
        room.show_queue(position, wait_seconds)

    async def agent_said(self, conversation_id: str, client_id: str, name: str, text: str) -> int:
        """Adds an agent's message; its number. The same `client_id` again returns the number of before.

        Raises `UnknownConversation`, `StoreUnavailable` (then nothing was shown).
        """
        room = await self._known(conversation_id)
        room.show_typing("agent", False)
        record = MessageRecord(MessageKind.AGENT, text=text, client_id=_AGENT + client_id[:64], detail={"name": name})
        return (await self._append(room, record, must_be_kept=True)).seq

    async def agent_typing(self, conversation_id: str, on: bool) -> None:
        """Shows it in every window."""
        room = self._rooms.get(conversation_id)
        if room is not None:
            room.show_typing("agent", on)

    async def messages(self, conversation_id: str, after: int = 0) -> list[Message]:
        """The log as the visitor's windows show it. Raises `UnknownConversation`."""
        return (await self._known(conversation_id)).messages(after)

    def watch(self, conversation_id: str, listener: Callable[[Message], Awaitable[None]]) -> Callable[[], None]:
        """Every later message also goes to `listener`, until the returned function is called; so do `typing` of the
        visitor (`who: "person"`) and `erased`."""
        room = self._rooms.get(conversation_id)
        watcher = self._join_to_watch(room) if room is not None and not room.erased else None
        watching = self._in_background(self._watch(conversation_id, listener, watcher, room.seq if room else None))

        def stop() -> None:
            watching.cancel()
            if room is not None and watcher is not None:  # it may not even have begun
                room.watchers.discard(watcher)

        return stop

    async def _watch(
        self,
        conversation_id: str,
        listener: Callable[[Message], Awaitable[None]],
        watcher: Window | None,
        seen: int | None,
    ) -> None:
        try:
            room = await self._known(conversation_id)
            missed: list[Message] = []
            while True:
                if watcher is None:  # not there yet, or it fell behind: what it missed is in the log
                    watcher = self._join_to_watch(room)
                    missed = room.messages(room.seq if seen is None else seen)
                try:
                    for message in missed:
                        seen = message["seq"]
                        await listener(message)
                    while (told := await watcher.next()) is not None:
                        seen = told.get("seq", seen)
                        await listener(told)
                finally:
                    room.watchers.discard(watcher)
                if watcher.ended != "slow":
                    return
                watcher, missed = None, []
        except UnknownConversation:
            return  # a call, or erased: there is no log
        except GuichetError as error:
            log.error("chat.not_watched", conversation=conversation_id, error=str(error))

    def _join_to_watch(self, room: Room) -> Window:
        watcher = Window(_WATCHED_MAX)
        room.watchers.add(watcher)
        return watcher

    async def _known(self, conversation_id: str) -> Room:
        room = await self._find(conversation_id)
        if room is None or room.erased:
            raise UnknownConversation("No such chat, or it has been erased.")
        return room
