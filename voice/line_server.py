"""The gateway's end of the telephone: each connection of a line process becomes a `CallLeg`.

The session runs for as long as the call; when it returns or fails, the call is hung up, and when the
line goes, the session gets `LineClosed` and a little time to finish. The line answers the call when the
session first reads its events or plays something; a session that hangs up before has refused the call, and
the caller hears the busy tone.

A connection that begins with `CanDial` is a line that places calls; what it answers for comes as a call of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog

from bot.errors import BadSettings, LineUnavailable, ProtocolError
from voice.framing import CanDial, Decoder, Dial, DialFailed, StopDialling, encode
from voice.leg import CallInfo, CallLeg
from voice.socket_leg import SocketLeg

log = structlog.get_logger(__name__)

START_SECONDS = 2.0
DIAL_SECONDS = 2.0
HANGUP_SECONDS = 5.0
SESSION_GRACE_SECONDS = 30.0
MAX_SOCKET_PATH_BYTES = 107
READ_BYTES = 65536


def default_socket_path(data_path: Path) -> Path:
    """Where the gateway and its line processes meet."""
    return data_path / "run" / "line.sock"


class LineServer:
    """Listens on a Unix socket (mode 600) for line processes; `on_call` is one call's session.

    `on_dial_failed` hears of every `dial` that does not become a call; `line_lost` is its reason when the line is gone.
    """

    def __init__(
        self,
        socket_path: Path,
        on_call: Callable[[CallLeg], Awaitable[None]],
        on_dial_failed: Callable[[DialFailed], None] = lambda failed: None,
    ) -> None:
        self.socket_path = socket_path
        self._on_call = on_call
        self._on_dial_failed = on_dial_failed
        self._dialling: dict[asyncio.StreamWriter, set[str]] = {}
        self._server: asyncio.Server | None = None
        self._legs: set[SocketLeg] = set()
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def calls(self) -> int:
        """Calls going on now."""
        return len(self._legs)

    @property
    def can_dial(self) -> bool:
        """Whether a line is there that places calls."""
        return bool(self._dialling)

    async def dial(self, target: str, reference: str) -> None:
        """Has a line place a call. It comes with `CallInfo.reference` once answered, or `on_dial_failed` is called.

        Raises `LineUnavailable` when no line can dial.
        """
        for writer, ringing in list(self._dialling.items()):
            ringing.add(reference)
            try:
                writer.write(encode(Dial(target, reference)))
                await asyncio.wait_for(writer.drain(), DIAL_SECONDS)
            except (OSError, TimeoutError):
                ringing.discard(reference)
                continue
            return
        raise LineUnavailable("no line is there that can place calls")

    async def stop_dialling(self, reference: str) -> None:
        """Ends the ringing, if it rings. The call may be answered at that very moment, and then comes all the same."""
        for writer, ringing in list(self._dialling.items()):
            if reference in ringing:
                with contextlib.suppress(OSError, TimeoutError):
                    writer.write(encode(StopDialling(reference)))
                    await asyncio.wait_for(writer.drain(), DIAL_SECONDS)

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
        """Refuses new calls, leaves the others to their lines and waits for the sessions, a few seconds at most.

        Nobody is hung up on: a line that loses its gateway passes the caller on to people where it can.
        """
        if self._server is not None:
            self._server.close()
            self.socket_path.unlink(missing_ok=True)
        for writer in list(self._dialling):
            writer.close()
        for leg in list(self._legs):
            leg.lost("gateway_stopped")
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
            start = await asyncio.wait_for(_read_start(reader, decoder), START_SECONDS)
            if isinstance(start, CanDial):
                await self._serve_dialling(reader, writer, decoder)
            else:
                await self._serve_call(SocketLeg(start, writer), reader, decoder)
        except LineUnavailable as error:  # also another gateway that looks whether this one is alive
            log.debug("line.connection_dropped", reason=str(error))
        except (TimeoutError, ProtocolError, OSError) as error:
            log.warning("line.connection_dropped", reason=str(error) or "it never announced a call")
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _serve_call(self, leg: SocketLeg, reader: asyncio.StreamReader, decoder: Decoder) -> None:
        for ringing in self._dialling.values():
            ringing.discard(leg.info.reference)
        self._legs.add(leg)
        try:
            await self._run_call(leg, reader, decoder)
        finally:
            self._legs.discard(leg)

    async def _serve_dialling(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, decoder: Decoder
    ) -> None:
        ringing = self._dialling[writer] = set()
        try:
            while True:
                for frame in decoder.frames():
                    if not isinstance(frame, DialFailed):
                        raise ProtocolError(f"a line that dials may not send {type(frame).__name__} here")
                    if frame.reference in ringing:
                        ringing.discard(frame.reference)
                        self._on_dial_failed(frame)
                received = await reader.read(READ_BYTES)
                if not received:
                    return
                decoder.feed(received)
        finally:
            del self._dialling[writer]
            for reference in ringing:
                self._on_dial_failed(DialFailed(reference, "line_lost"))

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
            leg.disconnect()
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


async def _read_start(reader: asyncio.StreamReader, decoder: Decoder) -> CallInfo | CanDial:
    while (frame := decoder.next_frame()) is None:
        received = await reader.read(READ_BYTES)
        if not received:
            raise LineUnavailable("the line process left before it announced a call")
        decoder.feed(received)
    if not isinstance(frame, CallInfo | CanDial):
        raise ProtocolError(f"the first frame is {type(frame).__name__}, neither CallInfo nor CanDial")
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
