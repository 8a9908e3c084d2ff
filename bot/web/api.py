"""The API of a conversation: `POST /api/conversations`, frames over HTTP or a WebSocket, erasure (docs/api.md).

    GET    /api/service                          what a window shows before anyone speaks
    POST   /api/conversations                    a new conversation: id and token
    GET    /api/conversations/{id}?after=n       the log from message n+1 on, at once or when there is something
    POST   /api/conversations/{id}/messages      one frame
    DELETE /api/conversations/{id}               erased for good
    GET    /api/conversations/{id}/ws            the same over a WebSocket (bot/web/socket.py)

The token goes in `Authorization: Bearer …`, never in an address.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from aiohttp import web

from bot.chats import Message, Room, availability_json, reply_json
from bot.dialogue import Channel
from bot.errors import Malformed
from bot.settings import Settings
from bot.store import MessageKind
from bot.web.errors import failure
from bot.web.frames import act, client_id_of, parsed, text_of
from bot.web.keys import ADDRESS_LIMITS, CHATS, DESK_TOKEN, SETTINGS, TEXTS
from bot.web.limits import AddressLimits
from bot.web.origins import add_origins
from bot.web.tokens import bearer, bears

__all__ = ["add_visitors_rules", "bearer", "is_desk", "json_body", "routes"]

routes = web.RouteTableDef()

_WAIT_SECONDS_MAX = 25.0
_LANGUAGE_CHARS = 8


def add_visitors_rules(app: web.Application, settings: Settings) -> None:
    """Whose pages may use these routes, and how fast. Needs `visitors_pages_only` among the middlewares."""
    add_origins(app, settings)
    app[ADDRESS_LIMITS] = AddressLimits(settings.web, time.monotonic)
    app.on_shutdown.append(_end_windows)


async def _end_windows(app: web.Application) -> None:
    await app[CHATS].close()


@routes.get("/api/service")
async def service(request: web.Request) -> web.Response:
    texts, settings = request.app[TEXTS], request.app[SETTINGS]
    language = request.query.get("lang", "fr")[:_LANGUAGE_CHARS].lower()
    person = await request.app[CHATS].availability(language)
    return web.json_response(
        {
            "service": texts.service,
            "greeting": texts.greeting_in(language),
            "suggestions": list(texts.suggestions),
            "max_message_chars": settings.web.max_message_chars,
            "keep_days": settings.store.keep_days,
            "person": availability_json(person),
            "voice": {"listen": settings.widget.listen, "speak": settings.widget.speak},
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
    if ADDRESS_LIMITS in request.app:
        request.app[ADDRESS_LIMITS].conversation(request)
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
    """At once, or as soon as there is a later message or another state than the one the window knows."""
    room = await _room(request)
    try:
        after = int(request.query.get("after", "0"))
        seconds = min(float(request.query.get("wait", "0")), _WAIT_SECONDS_MAX)
    except ValueError:
        return failure(400, "bad_request", "after and wait must be numbers")
    state = request.query.get("state")
    chats = request.app[CHATS]
    if seconds > 0 and room.seq <= after and state in (None, room.standing()["state"]):
        window = chats.join(room)
        try:
            await asyncio.wait_for(window.wait(), seconds)
        except TimeoutError:
            pass
        finally:
            chats.leave(room, window)
        if room.erased:
            room = await _room(request)  # raises: it is no more
    return web.json_response({"messages": room.messages(after)} | room.standing())


@routes.post("/api/conversations/{id}/messages")
async def post_message(request: web.Request) -> web.Response:
    """A frame as over the WebSocket, or the short form for programs, which is answered by the reply itself."""
    room = await _room(request)
    body = await json_body(request)
    if ADDRESS_LIMITS in request.app:
        request.app[ADDRESS_LIMITS].message(request)
    if "type" in body:
        return web.json_response(await act(request.app[CHATS], room, body) or {})
    return web.json_response(await _short(request, room, body))


async def _short(request: web.Request, room: Room, body: dict[str, Any]) -> Message:
    client_id = client_id_of(body if "client_id" in body else {"client_id": _idempotency_key(request)})
    chats = request.app[CHATS]
    if body.get("handover") is True:
        handled = await chats.call_person(room, client_id)
        return _answer_in_log(room, handled.seq, MessageKind.HANDOVER)
    text, choice, label = (text_of(body, name) for name in ("text", "choice", "label"))
    handled = await chats.say(room, client_id, text=text, choice=choice, label=label)
    if handled.reply is not None:
        return reply_json(handled.reply) | {"type": "reply", "seq": handled.reply_seq}
    return _answer_in_log(room, handled.seq, MessageKind.REPLY) or {
        "type": "received",
        "client_id": client_id,
        "seq": handled.seq,
    }


def _answer_in_log(room: Room, seq: int, kind: MessageKind) -> Message:
    """What followed message `seq`; empty when nothing of that kind has."""
    asked = room.at(seq)
    for record in room.log:
        of_turn = kind is MessageKind.HANDOVER or (asked is not None and record.turn == asked.turn)
        if record.seq > seq and record.kind is kind and of_turn:
            return room.shown(record)
    return {}


def _idempotency_key(request: web.Request) -> str:
    return request.headers.get("Idempotency-Key", "").strip().strip('"')


@routes.delete("/api/conversations/{id}")
async def erase(request: web.Request) -> web.Response:
    await request.app[CHATS].erase(await _room(request))
    return web.Response(status=204)


async def _room(request: web.Request) -> Room:
    return await request.app[CHATS].enter(request.match_info["id"], bearer(request))


def is_desk(request: web.Request) -> bool:
    """Whether the request carries the desk token."""
    return bears(request, request.app[DESK_TOKEN])


async def json_body(request: web.Request) -> dict[str, Any]:
    """The JSON object of the request. Raises `Malformed` for anything else."""
    try:
        text = await request.text()
    except (ValueError, LookupError):  # LookupError: a charset nobody knows
        raise Malformed("The body is not text.") from None
    return parsed(text)
