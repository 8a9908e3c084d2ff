"""A visitor speaks: `GET /api/conversations/{id}/listen`, a WebSocket that turns one question's sound into words.

    visitor                                        gateway
    {"type": "hello", "token": "…"}          →
                                             ←     {"type": "ready"}
    sound: s16le, mono, 16 kHz, any portions →
    {"type": "end"}  (if the visitor stops)  →
                                             ←     {"type": "enough"}   no more sound is wanted
                                             ←     {"type": "heard", "text", "confidence", "plausible"}
                                              or   {"type": "error", "code", "text"}, at any time

The words go back to the visitor alone, to be read, mended and sent as if they were typed: nothing of the sound is kept,
and nothing of the words is kept or logged here. Silence and noise are heard as "", not plausible.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import suppress
from typing import Any

import structlog
from aiohttp import WSMsgType, web

from bot.errors import BadAudio, Busy, GuichetError, Malformed, Unavailable
from bot.web.errors import explain, failure
from bot.web.frames import parsed
from bot.web.keys import CHATS, EARS, SETTINGS, TEXTS, Words
from bot.web.texts import WebTexts

_HELLO_SECONDS = 10.0
_SPARE_SECONDS = 10.0
"""By so much a slow network may bring the sound later than it was spoken."""
_BYTES_PER_SECOND = 2 * 16000
_LONGEST_PORTION_BYTES = _BYTES_PER_SECOND
_HEARTBEAT_SECONDS = 10.0

log = structlog.get_logger(__name__)

routes = web.RouteTableDef()


@routes.get("/api/conversations/{id}/listen")
async def listen(request: web.Request) -> web.StreamResponse:
    ears, texts, limits = request.app.get(EARS), request.app[TEXTS], request.app[SETTINGS].widget
    if ears is None:
        return failure(404, "not_offered", texts.voice_unavailable)
    socket = web.WebSocketResponse(max_msg_size=_LONGEST_PORTION_BYTES, heartbeat=_HEARTBEAT_SECONDS)
    await socket.prepare(request)
    conversation_id = request.match_info["id"]
    try:
        async with asyncio.timeout(_HELLO_SECONDS):
            token = _token(await socket.receive())
        await request.app[CHATS].enter(conversation_id, token)
        with ears.place(conversation_id):
            await socket.send_json({"type": "ready"})
            sounds = _Sounds(most_bytes=int(limits.listen_seconds * _BYTES_PER_SECOND) + _LONGEST_PORTION_BYTES)
            async with asyncio.timeout(limits.listen_seconds + limits.wait_seconds + _SPARE_SECONDS):
                words = await _unless_gone(
                    ears.listen(sounds.portions(), lambda: _tell(socket, {"type": "enough"})), sounds.fill(socket)
                )
        await _tell(socket, _heard(words))
    except GuichetError as error:
        await _tell(socket, _error(error, texts))
    except (TimeoutError, ConnectionError, _Gone):
        pass
    finally:
        await socket.close()
    return socket


class _Gone(Exception):
    """The visitor has closed the connection: the words have lost their reader."""


class _Sounds:
    """Portions of sound on their way from the connection to whoever listens; past `most_bytes` they count as all."""

    def __init__(self, most_bytes: int) -> None:
        self._room_bytes = most_bytes
        self._queue: asyncio.Queue[bytes] = asyncio.Queue()

    async def fill(self, socket: web.WebSocketResponse) -> None:
        """Returns when the connection is closed. Raises `Malformed` for a frame that is none of the protocol's."""
        async for frame in socket:
            if frame.type is WSMsgType.BINARY:
                self._take(frame.data)
            elif parsed(frame.data).get("type") == "end":
                self._end()
            else:
                raise Malformed("Not a frame of this protocol.")

    async def portions(self) -> AsyncIterator[bytes]:
        """Each portion, in order, until the end."""
        while portion := await self._queue.get():
            yield portion

    def _take(self, portion: bytes) -> None:
        if len(portion) % 2:
            raise BadAudio("Half a sample.")
        self._room_bytes -= len(portion)
        if self._room_bytes < 0:
            self._end()
        elif portion:
            self._queue.put_nowait(portion)

    def _end(self) -> None:
        self._queue.put_nowait(b"")


async def _unless_gone(hearing: Coroutine[Any, Any, Words | None], filling: Coroutine[Any, Any, None]) -> Words | None:
    """The words, as long as somebody holds the line. Raises `_Gone`, and whatever either of the two raises."""
    tasks = work, line = asyncio.create_task(hearing), asyncio.create_task(filling)
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            return work.result()
        line.result()
        raise _Gone
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _tell(socket: web.WebSocketResponse, frame: dict[str, Any]) -> None:
    with suppress(ConnectionError):
        await socket.send_json(frame)


def _heard(words: Words | None) -> dict[str, Any]:
    if words is None or not words.plausible:
        return {"type": "heard", "text": "", "confidence": 0.0, "plausible": False}
    return {"type": "heard", "text": words.question, "confidence": round(words.confidence, 3), "plausible": True}


def _error(error: GuichetError, texts: WebTexts) -> dict[str, Any]:
    match error:
        case Busy():
            code, text = "busy", texts.voice_busy
        case Unavailable():
            log.error("listening.failed", error=str(error))
            code, text = "unavailable", texts.voice_unavailable
        case Malformed() | BadAudio():
            code, text = "bad_request", texts.voice_unavailable
        case _:
            _, code, text = explain(error, texts)
    return {"type": "error", "code": code, "text": text}


def _token(frame: Any) -> str:
    if frame.type is WSMsgType.TEXT:
        return str(parsed(frame.data).get("token", ""))
    if frame.type is WSMsgType.BINARY:
        raise Malformed("Sound before the hello.")
    raise _Gone
