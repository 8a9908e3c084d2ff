"""The gateway's end of the telephone: each connection of a line process becomes a `CallLeg`.

The session runs for as long as the call; when it returns or fails, the call is hung up, and when the
line goes, the session gets `LineClosed` and a little time to finish. The line answers the call when the
session first reads its events or plays something; a session that hangs up before has refused the call, and
the caller hears the busy tone. Everything queued has a limit, so that neither a stuck session nor a stuck
line process can eat memory: the oldest sound is dropped.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import structlog

from bot.errors import BadSettings, LineUnavailable, ProtocolError
from voice.framing import Accept, Decoder, Flush, Frame, HangUp, Mark, Transfer, encode, sound_frames
from voice.leg import CallInfo, CallLeg, Key, LineClosed, LineEvent, Played, Sound, TransferFailed

log = structlog.get_logger(__name__)

START_SECONDS = 2.0
DRAIN_SECONDS = 5.0
HANGUP_SECONDS = 5.0
SESSION_GRACE_SECONDS = 30.0
MAX_UNREAD_SOUND_BYTES = 30 * 16000
MAX_UNREAD_EVENTS = 5000
MAX_SOCKET_PATH_BYTES = 107
READ_BYTES = 65536


def default_socket_path(data_path: Path) -> Path:
    """Where the gateway and its line processes meet."""
    return data_path / "run" / "line.sock"


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

    async def transfer(self, target: str) -> None:
        """See `CallLeg.transfer`."""
        await self._send(encode(Transfer(target)))

    async def hangup(self) -> None:
        """See `CallLeg.hangup`."""
        await self._send(encode(HangUp()))

    def received(self, frame: Frame) -> None:
        """Passes a frame of the line process on. Raises `ProtocolError` for one it may not send."""
        if not isinstance(frame, Sound | Key | Played | TransferFailed | LineClosed):
            raise ProtocolError(f"a line process may not send {type(frame).__name__} here")
        self._queue.put(frame)

    def lost(self, reason: str) -> None:
        """The connection is gone: `LineClosed` follows unless it has come already."""
        self._queue.put(LineClosed(reason))
        if self._queue.dropped_bytes:
            log.warning("line.sound_dropped", reason="session_too_slow", dropped_bytes=self._queue.dropped_bytes)

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
            await asyncio.wait_for(self._writer.drain(), DRAIN_SECONDS)
        except TimeoutError:
            self.lost("line_stuck")
            self._writer.transport.abort()
        except OSError:
            self.lost("line_lost")


class LineServer:
    """Listens on a Unix socket (mode 600) for line processes; `on_call` is one call's session."""

    def __init__(self, socket_path: Path, on_call: Callable[[CallLeg], Awaitable[None]]) -> None:
        self.socket_path = socket_path
        self._on_call = on_call
        self._server: asyncio.Server | None = None
        self._legs: set[SocketLeg] = set()
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def calls(self) -> int:
        """Calls going on now."""
        return len(self._legs)

    async def start(self) -> None:
        """Starts listening. Raises `BadSettings` when the path cannot serve, or another gateway is using it."""
        path = self.socket_path
        if len(bytes(path)) > MAX_SOCKET_PATH_BYTES:
            raise BadSettings(
                f"data_dir is too long a path: {path} has over {MAX_SOCKET_PATH_BYTES} bytes; choose a shorter one."
            )
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if path.exists() and _answers(path):
                raise BadSettings(f"Another gateway listens on {path}: stop it, or set another data_dir.")
            path.unlink(missing_ok=True)
            self._server = await asyncio.start_unix_server(self._connected, str(path))
            path.chmod(0o600)
        except OSError as error:
            raise BadSettings(f"The line socket {path} cannot be made ({error.strerror}): check data_dir.") from None

    async def stop(self) -> None:
        """Refuses new calls, hangs up the others and waits for their sessions, a few seconds at most."""
        if self._server is not None:
            self._server.close()
            self.socket_path.unlink(missing_ok=True)
        for leg in list(self._legs):
            await leg.hangup()
        if self._connections:
            _, pending = await asyncio.wait(self._connections, timeout=HANGUP_SECONDS)
            for task in pending:
                task.cancel()
            await asyncio.gather(*pending, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            decoder = Decoder()
            info = await asyncio.wait_for(_read_start(reader, decoder), START_SECONDS)
            leg = SocketLeg(info, writer)
            self._legs.add(leg)
            try:
                await self._run_call(leg, reader, decoder)
            finally:
                self._legs.discard(leg)
        except LineUnavailable as error:  # also another gateway that looks whether this one is alive
            log.debug("line.connection_dropped", reason=str(error))
        except (TimeoutError, ProtocolError, OSError) as error:
            log.warning("line.connection_dropped", reason=str(error) or "it never announced a call")
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _run_call(self, leg: SocketLeg, reader: asyncio.StreamReader, decoder: Decoder) -> None:
        receiving = asyncio.ensure_future(_receive(leg, reader, decoder))
        session = asyncio.ensure_future(self._run_session(leg))
        try:
            await asyncio.wait({receiving, session}, return_when=asyncio.FIRST_COMPLETED)
            if not leg.is_closed:
                await leg.hangup()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(leg.wait_closed(), HANGUP_SECONDS)
                leg.lost("line_stuck")
            _, late = await asyncio.wait({session}, timeout=SESSION_GRACE_SECONDS)
            if late:
                log.error("line.session_cancelled", after_seconds=SESSION_GRACE_SECONDS)
        finally:
            for task in (session, receiving):
                task.cancel()
            await asyncio.gather(session, receiving, return_exceptions=True)

    async def _run_session(self, leg: SocketLeg) -> None:
        try:
            await self._on_call(leg)
        except Exception:
            log.exception("line.session_failed")


async def _read_start(reader: asyncio.StreamReader, decoder: Decoder) -> CallInfo:
    while (frame := decoder.next_frame()) is None:
        received = await reader.read(READ_BYTES)
        if not received:
            raise LineUnavailable("the line process left before it announced a call")
        decoder.feed(received)
    if not isinstance(frame, CallInfo):
        raise ProtocolError(f"the first frame is {type(frame).__name__}, not CallInfo")
    return frame


async def _receive(leg: SocketLeg, reader: asyncio.StreamReader, decoder: Decoder) -> None:
    """Passes frames on until the line closes or breaks."""
    try:
        while not leg.is_closed:
            for frame in decoder.frames():
                leg.received(frame)
            received = await reader.read(READ_BYTES)
            if not received:
                break
            decoder.feed(received)
        leg.lost("line_lost")
    except ProtocolError as error:
        log.warning("line.protocol_error", reason=str(error))
        leg.lost("protocol_error")
    except OSError:
        leg.lost("line_lost")


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(0.5)
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True
