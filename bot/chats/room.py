"""A chat in use: its log in memory, and the windows that follow it.

Nobody waits for a window: each has a queue of its own, and one that takes its messages too slowly is let go. It comes
back and names the last message that it has, so it misses nothing, and the others never notice.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from secrets import randbits

from bot.chats.shown import Message, handover_now, message_json, queue_json
from bot.desk.visitor import HandoverView, VisitorState
from bot.dialogue import Channel
from bot.store import MessageKind, MessageRecord, TurnRecord

QUEUED_MAX = 256


class Window:
    """What one window has still to be told. `ended` is why nothing more will come, or empty."""

    def __init__(self, queued_max: int = QUEUED_MAX) -> None:
        self.ended = ""
        self._queue: deque[Message] = deque()
        self._queued_max = queued_max
        self._something = asyncio.Event()

    def tell(self, message: Message) -> None:
        """Never waits."""
        if self.ended:
            return
        if len(self._queue) >= self._queued_max:
            self._queue.clear()
            self.end("slow")
            return
        self._queue.append(message)
        self._something.set()

    def end(self, reason: str) -> None:
        """What is queued is still told."""
        self.ended = self.ended or reason
        self._something.set()

    async def wait(self) -> None:
        """Until there is something to be told, or it has ended."""
        await self._something.wait()

    async def next(self) -> Message | None:
        """The next message; None at the end."""
        await self._something.wait()
        if self._queue:
            message = self._queue.popleft()
            if not self._queue and not self.ended:
                self._something.clear()
            return message
        return None


@dataclass(eq=False, slots=True)
class Room:
    """One chat in use. `turn_lock` is held by whoever speaks with dialogue or desk, `log_lock` to append."""

    id: str
    token_digest: str
    channel: Channel
    log: list[MessageRecord] = field(default_factory=list)
    turns: dict[int, TurnRecord] = field(default_factory=dict)
    view: HandoverView | None = None
    windows: set[Window] = field(default_factory=set)
    watchers: set[Window] = field(default_factory=set)
    typing: set[str] = field(default_factory=set)  # "bot", "agent"
    version: int = field(default_factory=lambda: randbits(40))  # of what is shown beside the log; new after a restart
    asking_after: int | None = None  # the last number when the desk was asked; None while it is not
    handled: dict[str, int] = field(default_factory=dict)  # client id → number, of what has no message of its own
    erased: bool = False
    recent: deque[float] = field(default_factory=deque)
    turn_lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    log_lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    leaving: asyncio.TimerHandle | None = None

    @property
    def seq(self) -> int:
        """The number of the last message."""
        return self.log[-1].seq if self.log else 0

    def messages(self, after: int = 0) -> list[Message]:
        """The log as a window shows it, from the message that follows `after`."""
        return [self.shown(record) for record in self.log if record.seq > after]

    def shown(self, record: MessageRecord) -> Message:
        """One message as a window shows it."""
        return message_json(record, self.turns)

    def at(self, seq: int) -> MessageRecord | None:
        """The message of that number."""
        return next((record for record in reversed(self.log) if record.seq == seq), None)

    def sent_as(self, client_id: str) -> MessageRecord | None:
        """The message that was sent under that name."""
        return next((record for record in reversed(self.log) if record.client_id == client_id), None)

    def last_handover(self) -> MessageRecord | None:
        """The latest word about a request for a person."""
        return next((record for record in reversed(self.log) if record.kind is MessageKind.HANDOVER), None)

    def replace(self, record: MessageRecord) -> None:
        """The message of that number is now like this."""
        for index in range(len(self.log) - 1, -1, -1):
            if self.log[index].seq == record.seq:
                self.log[index] = record
                return

    def show(self, message: Message, *, to_watchers: bool = True) -> None:
        """Tells every window, and the desk if it watches."""
        for window in (*self.windows, *(self.watchers if to_watchers else ())):
            window.tell(message)

    def show_typing(self, who: str, on: bool) -> None:
        """Who is typing, or not any more; told only when it changes."""
        if on == (who in self.typing):
            return
        (self.typing.add if on else self.typing.discard)(who)
        self.version += 1
        self.show({"type": "typing", "on": on, "who": who}, to_watchers=False)

    def show_queue(self, position: int | None, wait_seconds: int | None) -> None:
        """The place in the queue."""
        self.version += 1
        self.show({"type": "queue"} | queue_json(position, wait_seconds), to_watchers=False)

    def standing(self) -> Message:
        """How things stand beside the log, for a window that asks by plain requests."""
        waits = self.view is not None and self.view.state in (VisitorState.REQUESTED, VisitorState.QUEUED)
        return {
            "seq": self.seq,
            "state": f"{self.version:x}",
            "handover": handover_now(self.view),
            "queue": queue_json(self.view.position, self.view.wait_seconds) if self.view and waits else None,
            "typing": next(iter(sorted(self.typing)), None),
        }

    @property
    def is_idle(self) -> bool:
        """Whether it may be forgotten: the store has it."""
        busy = self.turn_lock.locked() or self.log_lock.locked() or self.leaving is not None
        return not (self.windows or self.watchers or busy)
