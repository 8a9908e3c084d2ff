"""The API of a conversation: `POST /api/conversations`, messages over HTTP or a WebSocket, erasure.

    GET    /api/service                          what the page shows before anyone speaks
    POST   /api/conversations                    a new conversation: id and token
    GET    /api/conversations/{id}?after=n       the log from message n+1 on
    POST   /api/conversations/{id}/messages      one message, answered in the same response
    DELETE /api/conversations/{id}               erased for good
    GET    /api/conversations/{id}/ws            the same over a WebSocket (bot/web/socket.py)

The token goes in `Authorization: Bearer …`, never in an address.
"""

from __future__ import annotations

import hmac
from typing import Any

from aiohttp import web

from bot.chats import Room, messages_of, reply_json
from bot.dialogue import Channel
from bot.errors import BadMessage
from bot.web.errors import failure
from bot.web.keys import CHATS, DESK_TOKEN, SETTINGS, TEXTS

routes = web.RouteTableDef()


@routes.get("/api/service")
async def service(request: web.Request) -> web.Response:
    texts, settings = request.app[TEXTS], request.app[SETTINGS]
    return web.json_response(
        {
            "service": texts.service,
            "greeting": texts.greeting,
            "suggestions": list(texts.suggestions),
            "max_message_chars": settings.web.max_message_chars,
        }
    )


@routes.post("/api/conversations")
async def start(request: web.Request) -> web.Response:
    """`{"channel": "phone"}` gives the telephone's wordings, for whoever holds the desk token (`guichet ask`)."""
    body = await json_body(request) if request.can_read_body else {}
    channel = Channel.WEB
    if body.get("channel") == Channel.PHONE:
        if not is_desk(request):
            return failure(403, "forbidden", "channel phone needs the desk token")
        channel = Channel.PHONE
    conversation_id, token = await request.app[CHATS].open(channel)
    texts = request.app[TEXTS]
    return web.json_response(
        {
            "id": conversation_id,
            "token": token,
            "service": texts.service,
            "greeting": texts.greeting,
            "suggestions": list(texts.suggestions),
        },
        status=201,
    )


@routes.get("/api/conversations/{id}")
async def read(request: web.Request) -> web.Response:
    room = await _room(request)
    try:
        after = int(request.query.get("after", "0"))
    except ValueError:
        return failure(400, "bad_request", "after must be a number")
    return web.json_response({"messages": room.messages(after)})


@routes.post("/api/conversations/{id}/messages")
async def post_message(request: web.Request) -> web.Response:
    room = await _room(request)
    body = await json_body(request)
    client_id = str(body.get("client_id", ""))[:64] or request.headers.get("Idempotency-Key", "")[:64]
    if not client_id:
        return failure(400, "bad_request", "client_id is missing: any text that no other message of yours has")
    chats = request.app[CHATS]
    if body.get("handover") is True:
        await chats.call_person(room, client_id)
        return web.json_response(messages_of(room.turns[-1])[1])
    reply = await chats.say(
        room, client_id, text=_text(body, "text"), choice=_text(body, "choice"), label=_text(body, "label")
    )
    if reply is None:
        turn = next(turn for turn in room.turns if turn.number == room.handled[client_id])
        return web.json_response(messages_of(turn)[1])
    return web.json_response(reply_json(reply) | {"type": "reply", "seq": 2 * room.turns[-1].number})


@routes.delete("/api/conversations/{id}")
async def erase(request: web.Request) -> web.Response:
    await request.app[CHATS].erase(await _room(request))
    return web.Response(status=204)


async def _room(request: web.Request) -> Room:
    return await request.app[CHATS].enter(request.match_info["id"], bearer(request))


def bearer(request: web.Request) -> str:
    """The token of the Authorization header; empty when there is none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def is_desk(request: web.Request) -> bool:
    """Whether the request carries the desk token."""
    return hmac.compare_digest(bearer(request).encode(), request.app[DESK_TOKEN].encode())


async def json_body(request: web.Request) -> dict[str, Any]:
    """The JSON object of the request. Raises `BadMessage` for anything else."""
    try:
        body = await request.json()
    except (ValueError, LookupError):  # LookupError: a charset nobody knows
        raise BadMessage("The body is not JSON.") from None
    if not isinstance(body, dict):
        raise BadMessage("The body is not a JSON object.")
    return body


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name, "")
    if not isinstance(value, str):
        raise BadMessage(f"{name} is not a text.")
    return value
