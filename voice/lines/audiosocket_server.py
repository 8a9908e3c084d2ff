"""The AudioSocket server: Asterisk connects for each call and says its UUID; we pace the sound.

One message each 20 ms, silence included: Asterisk plays what comes when it comes, and gives up after two seconds of
nothing. There is nothing to flush over there but the 20 ms on their way.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import structlog

from bot.errors import BadSettings, Busy, ProtocolError
from bot.settings import LinesSettings
from voice.leg import FRAME_BYTES, RATE_HZ, CallInfo, Key, Sound
from voice.lines import audiosocket
from voice.lines.calls import LineCalls
from voice.lines.codecs import Codec, codec_for
from voice.lines.far_side import FarEvent
from voice.lines.ledger import Announcement
from voice.sip.play_queue import PlayQueue

log = structlog.get_logger(__name__)

READ_BYTES = 16384
SEND_BUFFER_BYTES = 32768
MAX_UNSENT_BYTES = 32000
"""Two seconds beyond the system's own small buffer: Asterisk has stopped reading."""
CLOSE_SECONDS = 2.0
WAIT_FOR_RATE_FRAMES = 5


class AudioSocketCall:
    """The `FarSide` of one connection."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, decoder: audiosocket.Decoder
    ) -> None:
        self._reader, self._writer, self._decoder = reader, writer, decoder
        self._codec: Codec = codec_for("s16le", RATE_HZ)
        self._frames_until_sound = WAIT_FOR_RATE_FRAMES
        self.early: list[audiosocket.Message] = []
        """What came together with the UUID."""

    async def events(self) -> AsyncIterator[FarEvent]:
        """See `FarSide.events`."""
        messages = self.early
        while True:
            for message in messages:
                match message:
                    case audiosocket.RawSound(rate_hz=rate_hz, pcm=pcm):
                        yield Sound(self._decoded(rate_hz, pcm))
                    case Key():
                        yield message
                    case audiosocket.Ended():
                        return
            received = await self._reader.read(READ_BYTES)
            if not received:
                return
            messages = self._decoder.feed(received)

    def _decoded(self, rate_hz: int, pcm: bytes) -> bytes:
        self._frames_until_sound = 0
        if rate_hz != self._codec.rate_hz:
            self._codec = codec_for("s16le", rate_hz)
        return self._codec.decode(pcm)

    def transmit(self, queue: PlayQueue, now: float) -> list[str]:
        """See `FarSide.transmit`. Waits a moment at first, for the rate is that of the sound from Asterisk."""
        if self._frames_until_sound:
            self._frames_until_sound -= 1
            return []
        if self._writer.transport.get_write_buffer_size() > MAX_UNSENT_BYTES:
            raise OSError("Asterisk does not read")
        frame = queue.take(FRAME_BYTES).ljust(FRAME_BYTES, b"\0")
        self._writer.write(audiosocket.sound(self._codec.rate_hz, self._codec.encode(frame)))
        return queue.due(0)

    def flush(self) -> list[str]:
        """See `FarSide.flush`."""
        return []

    async def close(self) -> None:
        """See `FarSide.close`. To Asterisk, 0x00 and a closed connection are the same."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                self._writer.write(audiosocket.END)
                await self._writer.drain()


class AudioSocketServer:
    """`start`, then calls are carried until `stop`."""

    def __init__(self, settings: LinesSettings, calls: LineCalls) -> None:
        self._settings = settings
        self._calls = calls
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Raises `BadSettings`, naming the setting."""
        host, port = self._settings.audiosocket_host, self._settings.audiosocket_port
        try:
            self._server = await asyncio.start_server(self._connected, host, port)
        except OSError as error:
            raise BadSettings(
                f"Cannot listen on {host}:{port} ({error.strerror}): check lines.audiosocket_host and "
                f"lines.audiosocket_port (GUICHET_LINES__AUDIOSOCKET_PORT)."
            ) from None

    async def stop(self) -> None:
        """After `LineCalls.stop`: only connections that never said which call they are are left."""
        if self._server is not None:
            self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # By default the system would keep a minute of sound for an Asterisk that does not read.
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        task = asyncio.create_task(self._serve(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            peer = writer.get_extra_info("peername") or ("",)
            if not self._calls.allows(peer[0]):
                log.warning("lines.dropped", protocol="audiosocket", reason="peer")
                return
            async with self._calls.place():
                await self._take_call(reader, writer)
        except Busy:
            log.warning("lines.dropped", protocol="audiosocket", reason="full")
        except (ProtocolError, TimeoutError, OSError) as error:
            log.warning("lines.dropped", protocol="audiosocket", reason=str(error) or "no UUID in time")
        finally:
            writer.close()
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await writer.wait_closed()
            writer.transport.abort()

    async def _take_call(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        decoder = audiosocket.Decoder()
        far = AudioSocketCall(reader, writer, decoder)
        async with asyncio.timeout(self._settings.hello_timeout_seconds):
            while not far.early:
                received = await reader.read(READ_BYTES)
                if not received:
                    raise ProtocolError("closed before it said which call it is")
                far.early = decoder.feed(received)
        hello = far.early.pop(0)
        assert isinstance(hello, audiosocket.Hello)
        announcement = self._calls.ledger.take(hello.call_id, asyncio.get_running_loop().time())
        if announcement is None:
            if self._settings.audiosocket_calls == "announced":
                raise ProtocolError("the UUID was not announced, or used before")
            announcement = Announcement()
        info = CallInfo(
            line_id=hello.call_id,
            caller=announcement.caller,
            called=announcement.called,
            protocol="audiosocket",
        )
        await self._calls.carry(far, info)
