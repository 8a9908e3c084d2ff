"""A conversation over a WebSocket: the protocol that the chat page speaks (docs/api.md)."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import urlsplit

from aiohttp import WSMsgType, web

from bot.chats import Message, Room
from bot.errors import BadMessage, GuichetError
from bot.web.errors import explain, failure
from bot.web.keys import CHATS, TEXTS

_HELLO_SECONDS = 10.0
_MAX_FRAME_BYTES = 64 * 1024
_HEARTBEAT_SECONDS = 25.0

routes = web.RouteTableDef()


@routes.get("/api/conversations/{id}/ws")
async def conversation_socket(request: web.Request) -> web.StreamResponse:
    if not _same_origin(request):
        return failure(403, "forbidden_origin", "this page may not open conversations here")
    socket = web.WebSocketResponse(max_msg_size=_MAX_FRAME_BYTES, heartbeat=_HEARTBEAT_SECONDS)
    await socket.prepare(request)
    texts = request.app[TEXTS]

    async def send(message: Message) -> None:
        if not socket.closed:
            try:
                await socket.send_json(message)
            except ConnectionError:
                room_left.set()

    room_left = asyncio.Event()
    try:
        async with asyncio.timeout(_HELLO_SECONDS):
            hello = _object(await socket.receive_str())
        room = await request.app[CHATS].enter(request.match_info["id"], str(hello.get("token", "")))
    except GuichetError as error:
        _, code, text = explain(error, texts)
        await send({"type": "error", "code": code, "text": text})
        await socket.close()
        return socket
    except (TimeoutError, TypeError, ValueError):
        await socket.close()
        return socket
    after = hello.get("after", 0)
    # Joined before the replay, in the same step of the loop: nothing falls between the two.
    room.listeners.add(send)
    missed = room.messages(after if isinstance(after, int) else 0)
    try:
        await send({"type": "welcome", "seq": 2 * len(room.turns), "handover": None})
        for message in missed:
            await send(message)
        async for frame in socket:
            if frame.type is WSMsgType.TEXT:
                await _handle(request, room, frame.data, send)
    finally:
        room.listeners.discard(send)
    return socket


async def _handle(request: web.Request, room: Room, data: str, send: Any) -> None:
    client_id = ""
    chats, texts = request.app[CHATS], request.app[TEXTS]
    try:
        message = _object(data)
        client_id = str(message.get("client_id", ""))[:64]
        if not client_id:
            raise BadMessage("client_id is missing.")
        match message.get("type"):
            case "message":
                await chats.say(room, client_id, text=str(message.get("text", "")))
            case "choice":
                intent, label = str(message.get("intent", "")), str(message.get("label", ""))
                await chats.say(room, client_id, choice=intent, label=label)
            case "handover":
                await chats.call_person(room, client_id)
            case _:
                raise BadMessage("Unknown type of message.")
        await send({"type": "received", "client_id": client_id, "seq": 2 * room.handled[client_id] - 1})
    except GuichetError as error:
        _, code, text = explain(error, texts)
        await send({"type": "error", "code": code, "text": text, "client_id": client_id})


def _object(data: str) -> dict[str, Any]:
    try:
        message = json.loads(data)
    except ValueError:
        raise BadMessage("Not JSON.") from None
    if not isinstance(message, dict):
        raise BadMessage("Not a JSON object.")
    return message


def _same_origin(request: web.Request) -> bool:
    """A browser always names the page's origin; it must be ours. Programs name none."""
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.host
