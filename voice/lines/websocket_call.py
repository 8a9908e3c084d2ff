"""One call over one WebSocket: the `FarSide` of every protocol whose far end paces the sound by itself."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable

from aiohttp import WSCloseCode, WSMsgType, web

from bot.errors import ProtocolError
from voice.leg import Key, Played, Sound
from voice.lines.far_side import FarEvent
from voice.lines.media import Congested, Echoed, MediaEvent, MediaProtocol, Message, Over, Started
from voice.lines.playout import Playout, Say
from voice.sip.play_queue import PlayQueue

SEND_SECONDS = 5.0
CLOSE_SECONDS = 2.0
MAX_UNSENT_MESSAGES = 60


class WebSocketCall:
    """`started` first; then it serves the bridge. `abort` breaks the connection at once."""

    def __init__(self, socket: web.WebSocketResponse, protocol: MediaProtocol, abort: Callable[[], None]) -> None:
        self._socket = socket
        self._protocol = protocol
        self._abort = abort
        self._playout = Playout()
        self._unsent: asyncio.Queue[Message | None] = asyncio.Queue()
        self._sender: asyncio.Task[None] | None = None
        self._sending_since: float | None = None
        self._early: list[MediaEvent] = []
        self._congested = False

    async def started(self) -> Started:
        """Waits until the far end has said which call it is. Raises `ProtocolError`."""
        async for events in self._received():
            for index, event in enumerate(events):
                if isinstance(event, Started):
                    self._early = events[index + 1 :]
                    self._playout = Playout(
                        echoes=self._protocol.echoes_marks, fills_silence=self._protocol.needs_silence
                    )
                    self._sender = asyncio.create_task(self._send())
                    return event
        raise ProtocolError("closed before it said which call it is")

    async def events(self) -> AsyncIterator[FarEvent]:
        """See `FarSide.events`."""
        for event in self._early:
            if isinstance(event, Over):
                return
            for ours in self._understood(event):
                yield ours
        async for events in self._received():
            for event in events:
                if isinstance(event, Over):
                    return
                for ours in self._understood(event):
                    yield ours

    def transmit(self, queue: PlayQueue, now: float) -> list[str]:
        """See `FarSide.transmit`."""
        stuck = self._sending_since is not None and now - self._sending_since > SEND_SECONDS
        if stuck or (self._sender is not None and self._sender.done()):
            raise OSError("the far end does not read")
        if not self._congested and self._unsent.qsize() < MAX_UNSENT_MESSAGES:
            for step in self._playout.steps(queue, now):
                self._put(self._protocol.say(step.pcm) if isinstance(step, Say) else self._protocol.ask(step.mark_id))
        return self._playout.overdue(now)

    def flush(self) -> list[str]:
        """See `FarSide.flush`."""
        self._forget_unsent()
        self._put(self._protocol.clear())
        return self._playout.flush()

    async def close(self, code: int = WSCloseCode.OK) -> None:
        """See `FarSide.close`. A send that is under way is never cancelled: aiohttp would fail every later one."""
        if self._sender is not None:
            self._forget_unsent()
            self._put([*self._protocol.end(), None])
            await asyncio.wait({self._sender}, timeout=CLOSE_SECONDS)
        if self._sender is None or self._sender.done():
            with contextlib.suppress(OSError, TimeoutError, RuntimeError):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await self._socket.close(code=code)
        self._abort()
        if self._sender is not None:
            await asyncio.gather(self._sender, return_exceptions=True)

    async def _received(self) -> AsyncIterator[list[MediaEvent]]:
        async for message in self._socket:
            match message.type:
                case WSMsgType.TEXT | WSMsgType.BINARY:
                    yield self._protocol.received(message.data)
                case WSMsgType.ERROR:
                    raise ProtocolError("the WebSocket's own rules were broken, or a message was too long")

    def _understood(self, event: MediaEvent) -> Iterable[FarEvent]:
        match event:
            case Sound() | Key():
                yield event
            case Echoed(mark_id=mark_id):
                if (name := self._playout.echoed(mark_id)) is not None:
                    yield Played(name)
            case Congested(full=full):
                self._congested = full

    def _put(self, messages: Iterable[Message | None]) -> None:
        for message in messages:
            self._unsent.put_nowait(message)

    def _forget_unsent(self) -> None:
        while not self._unsent.empty():
            self._unsent.get_nowait()

    async def _send(self) -> None:
        """Ends at None, or when the connection is broken."""
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError, RuntimeError):
            while (message := await self._unsent.get()) is not None:
                self._sending_since = loop.time()
                if isinstance(message, str):
                    await self._socket.send_str(message)
                else:
                    await self._socket.send_bytes(message)
                self._sending_since = None
