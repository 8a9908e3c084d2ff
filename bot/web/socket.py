"""A conversation over a WebSocket: the protocol of docs/api.md.

Two tasks for each window: one reads its frames, the other tells it what happens, from a queue. So nobody waits for a
slow window, and one whose question is being answered can still call for a person.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from bot.chats import Message, Room, Window, handover_now
from bot.errors import GuichetError, Malformed, Unavailable
from bot.web.errors import explain
from bot.web.frames import act, parsed
from bot.web.keys import ADDRESS_LIMITS, CHATS, TEXTS
from bot.web.texts import WebTexts

_HELLO_SECONDS = 10.0
_SEND_SECONDS = 10.0
_MAX_FRAME_BYTES = 64 * 1024
_HEARTBEAT_SECONDS = 25.0
_UNDER_WAY_MAX = 8
_INVALID_MAX = 20
_CLIENT_ID_CHARS = 64
_CLOSED_WITH = {
    "erased": WSCloseCode.OK,
    "slow": WSCloseCode.TRY_AGAIN_LATER,
    "stopping": WSCloseCode.GOING_AWAY,
    "invalid": WSCloseCode.POLICY_VIOLATION,
}

routes = web.RouteTableDef()
log = structlog.get_logger(__name__)


@routes.get("/api/conversations/{id}/ws")
async def conversation_socket(request: web.Request) -> web.StreamResponse:
    socket = web.WebSocketResponse(max_msg_size=_MAX_FRAME_BYTES, heartbeat=_HEARTBEAT_SECONDS)
    await socket.prepare(request)
    chats = request.app[CHATS]
    try:
        async with asyncio.timeout(_HELLO_SECONDS):
            hello = parsed(await socket.receive_str())
        after = _hello_after(hello)
        room = await chats.enter(request.match_info["id"], str(hello.get("token", "")))
        standing = await chats.standing(room)
        # Joined before the replay, in the same step of the loop: nothing falls between the two.
        window = chats.join(room)
    except (TimeoutError, TypeError, Malformed):
        await socket.close(code=WSCloseCode.POLICY_VIOLATION)
        return socket
    except GuichetError as error:
        await _send(socket, _error(request.app[TEXTS], error))
        await socket.close()
        return socket
    begin: list[Message] = [
        {"type": "welcome", "seq": room.seq, "handover": handover_now(standing)},
        *room.messages(after),
    ]
    telling = asyncio.create_task(_tell(socket, window, begin))
    try:
        await Reader(request, room, window).read(socket)
        if window.ended:  # the reason is being told
            await asyncio.wait({telling}, timeout=_SEND_SECONDS)
    finally:
        chats.leave(room, window)
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)
    return socket


async def _tell(socket: web.WebSocketResponse, window: Window, begin: list[Message]) -> None:
    """Tells the window everything, then closes it."""
    try:
        for message in begin:
            await _send(socket, message)
        while (told := await window.next()) is not None:
            await _send(socket, told)
    except (ConnectionError, TimeoutError):
        window.end("slow")
    with suppress(TimeoutError):
        async with asyncio.timeout(_SEND_SECONDS):
            await socket.close(code=_CLOSED_WITH[window.ended])


async def _send(socket: web.WebSocketResponse, message: Message) -> None:
    async with asyncio.timeout(_SEND_SECONDS):
        await socket.send_json(message)


class Reader:
    """Acts upon the frames of one window: each while the next is read, begun in the order in which they came."""

    def __init__(self, request: web.Request, room: Room, window: Window) -> None:
        self._app = request.app
        self._request = request
        self._room = room
        self._window = window
        self._places = asyncio.Semaphore(_UNDER_WAY_MAX)
        self._tasks: set[asyncio.Task[None]] = set()
        self._invalid = 0

    async def read(self, socket: web.WebSocketResponse) -> None:
        """Until the window is gone, or has sent too much that makes no sense."""
        try:
            async for received in socket:
                if received.type is WSMsgType.TEXT:
                    await self._begin(received.data)
                elif received.type is WSMsgType.BINARY:
                    self._refuse(Malformed("Not text."))
                if self._invalid >= _INVALID_MAX:
                    self._window.end("invalid")
                    return
        finally:
            for task in self._tasks:
                task.cancel()  # what was begun in the chat goes on

    async def _begin(self, data: str) -> None:
        try:
            frame = parsed(data)
        except Malformed as error:
            self._refuse(error)
            return
        await self._places.acquire()
        task = asyncio.create_task(self._act(frame))
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._places.release()

    async def _act(self, frame: dict[str, Any]) -> None:
        client_id = str(frame.get("client_id", ""))[:_CLIENT_ID_CHARS]
        try:
            if ADDRESS_LIMITS in self._app:
                self._app[ADDRESS_LIMITS].message(self._request)
            done = await act(self._app[CHATS], self._room, frame)
        except GuichetError as error:
            self._refuse(error, client_id)
        except Exception as error:  # noqa: BLE001  a mistake of ours: the window must not wait for ever
            log.error("window.failed", error=type(error).__name__)
            self._refuse(Unavailable("A mistake in the gateway."), client_id)
        else:
            if done is not None:
                self._window.tell(done)

    def _refuse(self, error: GuichetError, client_id: str = "") -> None:
        self._invalid += isinstance(error, Malformed)
        named = {"client_id": client_id} if client_id else {}
        self._window.tell(_error(self._app[TEXTS], error) | named)


def _hello_after(hello: dict[str, Any]) -> int:
    after = hello.get("after", 0)
    if hello.get("type") != "hello" or not isinstance(after, int):
        raise Malformed("Not a hello.")
    return after


def _error(texts: WebTexts, error: GuichetError) -> Message:
    _, code, text = explain(error, texts)
    return {"type": "error", "code": code, "text": text}
