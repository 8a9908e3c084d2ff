"""Test callers of these lines: what Asterisk and Twilio do for a telephone, on a clock of their own.

As `voice.sip.phone`, for `guichet call` and the tests. The wait for an answer runs from the last loud sample that
leaves to the first that the caller would hear; for a media stream that is after the provider's own buffer, which
is played at its pace here too.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import uuid
from abc import ABC, abstractmethod
from typing import Any, Self
from urllib.parse import urlsplit

import aiohttp
import numpy as np

from bot.errors import BadRequest, LineUnavailable, ProtocolError
from bot.settings import LinesSettings
from voice.audio import MU_LAW
from voice.framing import KEYS
from voice.leg import FRAME_BYTES, FRAME_SECONDS, RATE_HZ
from voice.lines import audiosocket, credentials
from voice.sip.listener import Listener, speech_end_bytes
from voice.sip.play_queue import PlayQueue

ANSWER_SECONDS = 7.0
CLOSE_SECONDS = 5.0
MAX_LATE_SECONDS = 0.5
READ_BYTES = 16384


class LineCall(ABC):
    """One answered call (`bot.callers.AnsweredCall`), until `hang_up` or the other side's."""

    def __init__(self, line_id: str) -> None:
        self.line_id = line_id
        self.heard = Listener()
        self.closed = asyncio.Event()
        self._answered = asyncio.Event()
        self._queue = PlayQueue()
        self._left_at: dict[str, asyncio.Future[float]] = {}
        self._marks = 0
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Returns when the bot's side sends sound. Raises `LineUnavailable` when it hangs up instead."""
        self._tasks = [asyncio.create_task(self._receive_until_closed()), asyncio.create_task(self._run())]
        closed = asyncio.create_task(self.closed.wait())
        answered = asyncio.create_task(self._answered.wait())
        await asyncio.wait({closed, answered}, timeout=ANSWER_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        closed.cancel()
        answered.cancel()
        if not self._answered.is_set():
            await self.hang_up()
            raise LineUnavailable("The call was not answered: the line closed it, or sent nothing.")

    async def say(self, pcm: bytes) -> float:
        """Returns, when all of it has left, the moment at which its last loud sample did.

        Raises `LineUnavailable` when the call ends before.
        """
        end = speech_end_bytes(pcm)
        self._queue.add(pcm[:end])
        speech_ended = self._mark()
        self._queue.add(pcm[end:])
        ended = self._mark()
        over = asyncio.ensure_future(self.closed.wait())
        either: set[asyncio.Future[Any]] = {over, ended}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not ended.done():
                raise LineUnavailable("The call ended in the middle of the caller's turn.")
            return speech_ended.result()
        finally:
            over.cancel()

    async def press(self, keys: str) -> None:
        """Presses keys. Raises `BadRequest` for what is not a key."""
        if not set(keys) <= KEYS:
            raise BadRequest("A key is one of 0-9, *, #, A-D.")
        for key in keys:
            await self._send_key(key)

    async def hang_up(self) -> None:
        """Ends the call, in any state."""
        self.closed.set()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._close()

    def first_loud_after(self, moment: float) -> float | None:
        """When something loud was first heard after `moment`, on the event loop's clock."""
        return self.heard.first_loud_after(moment)

    def quiet_seconds(self, now: float) -> float | None:
        """For how long nothing loud has been heard; None when nothing ever was."""
        last = self.heard.last_loud_at
        return None if last is None else now - last

    # ---- what a protocol does

    @abstractmethod
    async def _receive(self) -> None:
        """Takes what comes until the other side closes. Sets `_answered` at the first sound."""

    @abstractmethod
    async def _send(self, pcm: bytes, now: float) -> None:
        """Sends 20 ms of sound, and plays 20 ms of what waits to be played."""

    @abstractmethod
    async def _send_key(self, key: str) -> None: ...

    @abstractmethod
    async def _close(self) -> None: ...

    # ---- every 20 ms

    async def _receive_until_closed(self) -> None:
        try:
            with contextlib.suppress(OSError, ProtocolError):
                await self._receive()
        finally:
            self.closed.set()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time()
        with contextlib.suppress(OSError):
            while not self.closed.is_set():
                now = loop.time()
                await self._send(self._queue.take(FRAME_BYTES).ljust(FRAME_BYTES, b"\0"), now)
                for name in self._queue.due(0):
                    if not (left := self._left_at.pop(name)).done():
                        left.set_result(now)
                deadline = max(deadline + FRAME_SECONDS, now - MAX_LATE_SECONDS)
                await asyncio.sleep(max(0.0, deadline - loop.time()))

    def _mark(self) -> asyncio.Future[float]:
        self._marks += 1
        self._queue.mark(str(self._marks))
        left = self._left_at[str(self._marks)] = asyncio.get_running_loop().create_future()
        return left


class AudioSocketCall(LineCall):
    """As Asterisk's AudioSocket application."""

    def __init__(self, line_id: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        super().__init__(line_id)
        self._reader, self._writer = reader, writer

    @classmethod
    async def dial(cls, address: str, settings: LinesSettings, http: aiohttp.ClientSession) -> Self:
        """`address` is host:port. Announces the call first when the line wants that. Raises `LineUnavailable`."""
        host, _, port = address.rpartition(":")
        if not host or not port.isdecimal():
            raise BadRequest("The address of an AudioSocket is written host:port.")
        announced = settings.audiosocket_calls == "announced"
        line_id = await _announce(settings, http) if announced else str(uuid.uuid4())
        try:
            reader, writer = await asyncio.open_connection(host.strip("[]"), int(port))
        except OSError as error:
            raise LineUnavailable(f"The call could not be placed: {error.strerror or error}.") from None
        writer.write(audiosocket.hello(line_id))
        call = cls(line_id, reader, writer)
        await call.start()
        return call

    async def _receive(self) -> None:
        buffer = bytearray()
        while received := await self._reader.read(READ_BYTES):
            buffer += received
            while len(buffer) >= audiosocket.HEADER.size:
                kind, length = audiosocket.HEADER.unpack_from(buffer)
                end = audiosocket.HEADER.size + length
                if len(buffer) < end:
                    break
                self._take(kind, bytes(buffer[audiosocket.HEADER.size : end]))
                del buffer[:end]

    def _take(self, kind: int, payload: bytes) -> None:
        if kind == 0x00:
            raise ConnectionResetError
        self._answered.set()
        self.heard.hear(payload, asyncio.get_running_loop().time())

    async def _send(self, pcm: bytes, now: float) -> None:
        self._writer.write(audiosocket.sound(RATE_HZ, pcm))
        await self._writer.drain()

    async def _send_key(self, key: str) -> None:
        self._writer.write(audiosocket.key(key))

    async def _close(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()


class MediaStreamCall(LineCall):
    """As Twilio's <Connect><Stream>: keeps what the bot sends, plays it at its pace, echoes marks."""

    def __init__(self, line_id: str, socket: aiohttp.ClientWebSocketResponse) -> None:
        super().__init__(line_id)
        self._socket = socket
        self._stream_sid = f"MZ{uuid.uuid4().hex}"
        self._waiting = PlayQueue()

    @classmethod
    async def dial(cls, url: str, settings: LinesSettings, http: aiohttp.ClientSession) -> Self:
        """`url` is ws://…/lines/media-streams. Raises `LineUnavailable`."""
        try:
            socket = await http.ws_connect(url, headers=_credentials(url, settings))
        except aiohttp.WSServerHandshakeError as error:
            raise LineUnavailable(f"The call was not answered: {error.status}.") from None
        except (aiohttp.ClientError, OSError) as error:
            raise LineUnavailable(f"The call could not be placed: {error}.") from None
        call = cls(f"CA{uuid.uuid4().hex}", socket)
        await call._begin()
        await call.start()
        return call

    async def _begin(self) -> None:
        start = {
            "streamSid": self._stream_sid,
            "callSid": self.line_id,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": RATE_HZ, "channels": 1},
            "customParameters": {},
        }
        await self._socket.send_json({"event": "connected", "protocol": "Call", "version": "1.0.0"})
        await self._message("start", start=start)

    async def _receive(self) -> None:
        async for received in self._socket:
            message = json.loads(received.data)
            match message["event"]:
                case "media":
                    self._answered.set()
                    coded = base64.b64decode(message["media"]["payload"])
                    self._waiting.add(MU_LAW.decode(coded).astype("<i2").tobytes())
                case "mark":
                    self._waiting.mark(message["mark"]["name"])
                case "clear":
                    await self._echo(self._waiting.flush())

    async def _send(self, pcm: bytes, now: float) -> None:
        self.heard.hear(self._waiting.take(FRAME_BYTES).ljust(FRAME_BYTES, b"\0"), now)
        await self._echo(self._waiting.due(0))
        payload = base64.b64encode(MU_LAW.encode(np.frombuffer(pcm, "<i2"))).decode()
        await self._message("media", media={"track": "inbound", "payload": payload})

    async def _echo(self, marks: list[str]) -> None:
        for name in marks:
            await self._message("mark", mark={"name": name})

    async def _send_key(self, key: str) -> None:
        await self._message("dtmf", dtmf={"track": "inbound_track", "digit": key})

    async def _message(self, event: str, **fields: Any) -> None:
        await self._socket.send_json({"event": event, "streamSid": self._stream_sid, **fields})

    async def _close(self) -> None:
        if not self._socket.closed:
            await self._message("stop", stop={"callSid": self.line_id})
        await self._socket.close()


async def _announce(settings: LinesSettings, http: aiohttp.ClientSession) -> str:
    """As a dialplan does. Raises `LineUnavailable`."""
    url = f"http://{settings.web_host}:{settings.web_port}/lines/calls"
    headers = {"Authorization": aiohttp.encode_basic_auth(settings.pbx_user, settings.pbx_password.get_secret_value())}
    try:
        async with http.post(url, data={"caller": "guichet call"}, headers=headers) as response:
            if response.status != 200:
                raise LineUnavailable(f"The call was not announced: {response.status}.")
            return (await response.text()).strip()
    except (aiohttp.ClientError, OSError) as error:
        raise LineUnavailable(f"The call could not be announced: {error}.") from None


def _credentials(url: str, settings: LinesSettings) -> dict[str, str]:
    auth_token, token = (one.get_secret_value() for one in (settings.twilio_auth_token, settings.media_token))
    if not auth_token:
        return {"Authorization": f"Bearer {token}"}
    address = urlsplit(url)
    signed = credentials.signed_urls(settings.public_url, address.netloc, address.path, is_stream=True)[0]
    return {"X-Twilio-Signature": credentials.twilio_signature(signed, {}, auth_token)}
