"""A double of Asterisk's chan_websocket, after `chan_websocket.c` of 22.10: keeps frames, plays one each 20 ms."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from typing import Any, Self

import aiohttp

from tests.integration.lines.lines_under_test import PBX
from voice.lines.codecs import Codec, codec_for

XOFF_FRAMES, XON_FRAMES = 900, 800
FORMATS = {"slin": ("s16le", 8000), "slin16": ("s16le", 16000), "alaw": ("alaw", 8000), "ulaw": ("mulaw", 8000)}


class AsteriskDouble:
    """`async with AsteriskDouble(url) as asterisk`: one call. `speech` is what the caller says, 8 kHz PCM."""

    def __init__(
        self,
        url: str,
        *,
        form: str = "slin16",
        in_json: bool = True,
        variables: dict[str, str] | None = None,
        speech: bytes = b"",
        headers: dict[str, str] = PBX,
    ) -> None:
        self.heard = bytearray()
        self.commands: list[str] = []
        self.channel = "WebSocket/guichet/0x7fe14000a010"
        self.closed = asyncio.Event()
        self.hung_up_by_command = False
        self.frames = self.most_frames = 0
        self._url, self._form, self._in_json, self._variables = url, form, in_json, variables or {}
        self._headers = headers
        self._speech = bytearray(speech)
        self._toward_us: Codec = codec_for(*FORMATS[form])  # type: ignore[arg-type]
        self._toward_bot: Codec = codec_for(*FORMATS[form])  # type: ignore[arg-type]
        self._queue: deque[bytes | str] = deque()
        self._bulk, self._leftover = False, b""
        self._congested = False

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(headers=self._headers)
        try:
            self._socket = await self._http.ws_connect(f"{self._url}/lines/asterisk", protocols=("media",))
        except BaseException:
            await self._http.close()
            raise
        assert self._socket.protocol == "media"
        await self._event("MEDIA_START", **self._start_fields())
        self._tasks = [asyncio.create_task(self._receive()), asyncio.create_task(self._play())]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        results = await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._socket.close()
        await self._http.close()
        for one in results:
            if isinstance(one, Exception) and not isinstance(one, OSError):
                raise one

    async def press(self, digit: str) -> None:
        await self._event("DTMF_END", digit=digit, channel_id="1795306405.334")

    async def hang_up(self) -> None:
        await self._socket.close()

    def _start_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = {
            "connection_id": "guichet",
            "channel": self.channel,
            "channel_id": "1795306405.334",
            "format": self._form,
            "optimal_frame_size": self._toward_us.frame_bytes,
            "ptime": 20,
        }
        return {**fields, "channel_variables": self._variables} if self._in_json else fields

    async def _event(self, event: str, **fields: Any) -> None:
        if self._in_json:
            await self._socket.send_json({"event": event, **fields})
        elif "correlation_id" in fields:
            await self._socket.send_str(f"{event} {fields['correlation_id']}")
        else:
            await self._socket.send_str(" ".join([event, *(f"{key}:{value}" for key, value in fields.items())]))

    async def _receive(self) -> None:
        async for message in self._socket:
            if message.type is aiohttp.WSMsgType.BINARY:
                await self._queue_sound(message.data)
                continue
            assert len(message.data.encode()) <= 128
            if self._in_json:
                fields = json.loads(message.data)
                command, correlation_id = fields["command"], fields.get("correlation_id", "")
            else:
                command, _, correlation_id = message.data.partition(" ")
            self.commands.append(command)
            await self._obey(command, correlation_id)
        self.closed.set()

    async def _obey(self, command: str, correlation_id: str) -> None:
        match command:
            case "START_MEDIA_BUFFERING":
                self._bulk = True
            case "STOP_MEDIA_BUFFERING":
                if self._leftover:
                    self._queue.append(self._leftover)
                self._bulk, self._leftover = False, b""
                self._queue.append(correlation_id)
            case "FLUSH_MEDIA":
                self._queue.clear()
                self._bulk, self._leftover = False, b""
            case "HANGUP":
                self.hung_up_by_command = True
                await self._socket.close()
            case _:
                raise AssertionError(f"unknown command {command}")

    async def _queue_sound(self, coded: bytes) -> None:
        size = self._toward_us.frame_bytes
        coded = self._leftover + coded
        whole = len(coded) // size * size
        self.frames += whole // size
        self._queue.extend(coded[start : start + size] for start in range(0, whole, size))
        self._leftover = coded[whole:] if self._bulk else b""
        self.most_frames = max(self.most_frames, len(self._queue))
        if len(self._queue) >= XOFF_FRAMES and not self._congested:
            self._congested = True
            await self._event("MEDIA_XOFF", channel_id="1795306405.334")

    async def _play(self) -> None:
        loop = asyncio.get_running_loop()
        tick = loop.time()
        while not self._socket.closed:
            while self._queue and isinstance(self._queue[0], str):
                await self._event("MEDIA_BUFFERING_COMPLETED", correlation_id=self._queue.popleft())
            frame = self._queue.popleft() if self._queue else b""
            assert isinstance(frame, bytes)
            self.heard += self._toward_us.decode(frame).ljust(320, b"\0")
            if self._congested and len(self._queue) < XON_FRAMES:
                self._congested = False
                await self._event("MEDIA_XON", channel_id="1795306405.334")
            said = bytes(self._speech[:320]).ljust(320, b"\0")
            del self._speech[:320]
            await self._socket.send_bytes(self._toward_bot.encode(said))
            tick += 0.02
            await asyncio.sleep(max(0.0, tick - loop.time()))
