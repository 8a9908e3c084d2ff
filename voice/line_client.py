"""A line process's end of one call: offered to the gateway, then frames both ways until either side closes.

Every line adapter (SIP, AudioSocket, WebSockets) joins its calls to the gateway with this; what it does with the
frames is its own.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from bot.errors import ProtocolError
from voice import framing
from voice.leg import CallInfo, LineClosed, Sound

CONNECT_SECONDS = 1.0
ACCEPT_SECONDS = 5.0
CLOSE_SECONDS = 5.0
READ_BYTES = 32768
MAX_UNSENT_BYTES = 30 * 16000


class Refused(Exception):
    """The gateway is absent, does not answer, or has no place for this call."""


class GatewayLink:
    """One call's connection to the gateway. Made by `offer_call`, ended by `close`, which must be called."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._decoder = framing.Decoder()
        self._ended = False

    def send(self, frame: framing.Frame) -> None:
        """Never blocks. Sound is dropped for a gateway that does not read, rather than kept."""
        if self._ended or self._writer.is_closing():
            return
        if isinstance(frame, Sound) and self._writer.transport.get_write_buffer_size() > MAX_UNSENT_BYTES:
            return
        self._writer.write(framing.encode(frame))

    async def frames(self) -> AsyncIterator[framing.Frame]:
        """What the gateway sends; ends when the connection does. Raises `ProtocolError`, OSError."""
        while (frame := await self.next_frame()) is not None:
            yield frame

    async def next_frame(self) -> framing.Frame | None:
        """The next frame; None at the end of the connection. Raises `ProtocolError`, OSError."""
        while (frame := self._decoder.next_frame()) is None:
            received = await self._reader.read(READ_BYTES)
            if not received:
                return None
            self._decoder.feed(received)
        return frame

    async def close(self, reason: str) -> None:
        """Tells the gateway why the call has ended, and reads on until it has hung up too.

        A connection closed under a gateway that still writes would fail there before the reason is read.
        """
        self.send(LineClosed(reason))
        self._ended = True
        with contextlib.suppress(OSError, TimeoutError, ProtocolError):
            self._writer.write_eof()
            async with asyncio.timeout(CLOSE_SECONDS):
                async for _ in self.frames():
                    pass
        await self.drop()

    async def drop(self) -> None:
        """Ends the connection without a word."""
        self._writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._writer.wait_closed()


async def connect(socket_path: Path) -> GatewayLink:
    """A connection that has not said yet what it is for. Raises `Refused`."""
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            return GatewayLink(*await asyncio.open_unix_connection(str(socket_path)))
    except (OSError, TimeoutError):
        raise Refused("gateway_absent") from None


async def offer_call(socket_path: Path, info: CallInfo) -> GatewayLink:
    """Announces a call and returns once the gateway has accepted it: answer it now. Raises `Refused`."""
    link = await connect(socket_path)
    link.send(info)
    try:
        async with asyncio.timeout(ACCEPT_SECONDS):
            accepted = await link.next_frame()
    except (OSError, TimeoutError, ProtocolError):
        await link.drop()
        raise Refused("gateway_stuck") from None
    if not isinstance(accepted, framing.Accept):
        await link.drop()
        raise Refused("gateway_busy")
    return link
