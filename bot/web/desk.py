"""What people of the administration see, with the desk token: who waits for a person, and every call.

GET /api/desk            requests for a person, the longest wait first, each with its conversation
GET /api/calls?line_id=  the call with that line id (the SIP Call-ID)
GET /api/calls/{id}      one call: what was heard, how sure, what was said, where the time went
GET /health              every part by name; 200 when ok or degraded, 503 otherwise
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from bot.chats import answer_json
from bot.store import ConversationRecord, HandoverRecord, TurnRecord
from bot.summary import summarise
from bot.web.api import is_desk
from bot.web.errors import failure
from bot.web.keys import CALL_PHASE, HEALTH, STORE

routes = web.RouteTableDef()
Handler = Callable[[web.Request], Awaitable[web.Response]]


def for_the_desk(handler: Handler) -> Handler:
    """Refuses whoever does not hold the desk token."""

    async def guarded(request: web.Request) -> web.Response:
        if not is_desk(request):
            return failure(401, "unauthorized", "needs the desk token: Authorization: Bearer …")
        return await handler(request)

    return guarded


@routes.get("/api/desk")
@for_the_desk
async def desk(request: web.Request) -> web.Response:
    handovers = await request.app[STORE].open_handovers()
    now = datetime.now(UTC)
    return web.json_response({"handovers": [_handover(one, now) for one in handovers]})


@routes.get("/api/calls")
@for_the_desk
async def find_call(request: web.Request) -> web.Response:
    line_id = request.query.get("line_id", "")
    if not line_id:
        return failure(400, "bad_request", "line_id is missing")
    return _call(request, await request.app[STORE].conversation_by_line(line_id))


@routes.get("/api/calls/{id}")
@for_the_desk
async def one_call(request: web.Request) -> web.Response:
    return _call(request, await request.app[STORE].conversation(request.match_info["id"]))


@routes.get("/health")
async def health(request: web.Request) -> web.Response:
    view = request.app[HEALTH]
    parts = await view.parts()
    summary = view.summary(parts)
    body = {
        "status": summary,
        "parts": {name: {"status": part.condition.value, "detail": part.detail} for name, part in parts.items()},
    }
    return web.json_response(body, status=200 if summary in ("ok", "degraded") else 503)


def _call(request: web.Request, record: ConversationRecord | None) -> web.Response:
    if record is None:
        return failure(404, "unknown_call", "no such call")
    body = _conversation(record) | {"phase": request.app[CALL_PHASE](record.id)}
    return web.json_response(body)


def _conversation(record: ConversationRecord) -> dict[str, Any]:
    return {
        "id": record.id,
        "channel": record.channel.value,
        "line_id": record.line_id,
        "started_at": record.started_at.isoformat(),
        "ended_at": record.ended_at.isoformat() if record.ended_at else None,
        "ended_reason": record.ended_reason,
        "turns": [_turn(turn) for turn in record.turns],
    }


def _turn(turn: TurnRecord) -> dict[str, Any]:
    return {
        "number": turn.number,
        "at": turn.at.isoformat(),
        "heard": turn.heard,
        "confidence": turn.heard_confidence,
        "key": turn.key,
        "intent": turn.intent,
        "intent_confidence": turn.confidence,
        "outcome": turn.outcome,
        "spoken": turn.spoken,
        "answers": [answer_json(answer) for answer in turn.answers],
        "choices": [{"intent": choice.intent, "text": choice.text} for choice in turn.choices],
        "ranking": [{"intent": one.intent, "confidence": one.confidence} for one in turn.ranking],
        "segments": dict(turn.segments),
    }


def _handover(record: HandoverRecord, now: datetime) -> dict[str, Any]:
    conversation = record.conversation
    return {
        "id": record.id,
        "conversation_id": record.conversation_id,
        "reason": record.reason.value,
        "state": record.state.value,
        "requested_at": record.requested_at.isoformat(),
        "waiting_seconds": round((now - record.requested_at).total_seconds()),
        "summary": summarise(conversation.turns) if conversation else record.summary,
        "conversation": _conversation(conversation) if conversation else None,
    }
