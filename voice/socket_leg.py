"""A call leg over a connection of a line process: frames in, events out, and back.

Everything queued has a limit, so that neither a stuck session nor a stuck line process can eat memory: the oldest
sound is dropped, the end of the call never is.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator

import structlog

from bot.errors import ProtocolError
from voice.framing import Accept, Flush, Frame, HangUp, Mark, Transfer, encode, sound_frames
from voice.leg import (
    CallInfo,
    Held,
    Key,
    LineClosed,
    LineEvent,
    Played,
    Retrieved,
    Sound,
    TransferFailed,
    TransferMode,
)

log = structlog.get_logger(__name__)

DRAIN_SECONDS = 5.0
MAX_UNREAD_SOUND_BYTES = 30 * 16000
MAX_UNREAD_EVENTS = 5000


class EventQueue:
    """Events of one call, first in, first out, for one reader. Never blocks the writer.

    Beyond `MAX_UNREAD_SOUND_BYTES` the oldest sound is dropped. `LineClosed` is kept whatever happens,
    and only the first one.
    """

    def __init__(self) -> None:
        self._events: deque[LineEvent] = deque()
        self._sound_bytes = 0
        self._changed = asyncio.Event()
        self.closed = asyncio.Event()
        self.dropped_bytes = 0

    def put(self, event: LineEvent) -> None:
        """Adds an event; nothing is added after `LineClosed`."""
        if self.closed.is_set():
            return
        if isinstance(event, LineClosed):
            self.closed.set()
        elif isinstance(event, Sound):
            self._sound_bytes += len(event.pcm)
            while self._sound_bytes > MAX_UNREAD_SOUND_BYTES:
                self._drop_oldest_sound()
        elif len(self._events) >= MAX_UNREAD_EVENTS:
            return
        self._events.append(event)
        self._changed.set()

    async def get(self) -> LineEvent:
        """The next event, when there is one."""
        while not self._events:
            self._changed.clear()
            await self._changed.wait()
        event = self._events.popleft()
        if isinstance(event, Sound):
            self._sound_bytes -= len(event.pcm)
        return event

    def _drop_oldest_sound(self) -> None:
        for index, event in enumerate(self._events):
            if isinstance(event, Sound):
                self._sound_bytes -= len(event.pcm)
                self.dropped_bytes += len(event.pcm)
                del self._events[index]
                return
        self._sound_bytes = 0


class SocketLeg:
    """A `CallLeg` over a connection of a line process."""

    def __init__(self, info: CallInfo, writer: asyncio.StreamWriter) -> None:
        self.info = info
        self._writer = writer
        self._queue = EventQueue()
        self._accepted = False

    async def events(self) -> AsyncIterator[LineEvent]:
        """See `CallLeg.events`. For one reader. Accepts the call."""
        await self._accept()
        while True:
            event = await self._queue.get()
            yield event
            if isinstance(event, LineClosed):
                return

    async def play(self, pcm: bytes) -> None:
        """See `CallLeg.play`. Accepts the call."""
        await self._accept()
        for frame in sound_frames(pcm):
            await self._send(frame)

    async def mark(self, name: str) -> None:
        """See `CallLeg.mark`."""
        await self._send(encode(Mark(name)))

    async def flush(self) -> None:
        """See `CallLeg.flush`."""
        await self._send(encode(Flush()))

    async def transfer(
        self, target: str, *, mode: TransferMode = TransferMode.BLIND, context: dict[str, str] | None = None
    ) -> None:
        """See `CallLeg.transfer`."""
        await self._send(encode(Transfer(target, mode, context or {})))

    async def hangup(self) -> None:
        """See `CallLeg.hangup`."""
        await self._send(encode(HangUp()))

    def received(self, frame: Frame) -> None:
        """Passes a frame of the line process on. Raises `ProtocolError` for one it may not send."""
        if not isinstance(frame, Sound | Key | Played | TransferFailed | Held | Retrieved | LineClosed):
            raise ProtocolError(f"a line process may not send {type(frame).__name__} here")
        self._queue.put(frame)

    def lost(self, reason: str) -> None:
        """The connection is gone: `LineClosed` follows unless it has come already."""
        self._queue.put(LineClosed(reason))
        if self._queue.dropped_bytes:
            log.warning("line.sound_dropped", reason="session_too_slow", dropped_bytes=self._queue.dropped_bytes)

    def disconnect(self) -> None:
        """Lets the line's connection go, once the call is over on the line; the session may still finish its work."""
        self._writer.close()

    @property
    def is_closed(self) -> bool:
        """Whether the call is over on the line."""
        return self._queue.closed.is_set()

    async def wait_closed(self) -> None:
        """Returns when the call is over on the line."""
        await self._queue.closed.wait()

    async def _accept(self) -> None:
        if not self._accepted:
            self._accepted = True
            await self._send(encode(Accept()))

    async def _send(self, frame: bytes) -> None:
        if self.is_closed:
            return
        try:
            self._writer.write(frame)
            async with asyncio.timeout(DRAIN_SECONDS):  # wait_for may swallow a cancellation on Python 3.11
                await self._writer.drain()
        except TimeoutError:
            self.lost("line_stuck")
            self._writer.transport.abort()
        except OSError:
            self.lost("line_lost")
