"""What operators and their programs see: who waits for a person, every call, and how the service is.

GET  /api/desk                  requests for a person, the longest wait first, each with its conversation
GET  /api/calls?limit=&before=  the latest calls, newest first
GET  /api/calls?line_id=        the call with that line id (the SIP Call-ID)
GET  /api/calls/{id}            one call: what was heard, how sure, what was said, where the time went
POST /api/callbacks/{id}        dials the number that was promised with a request
GET  /health                    every part by name; 200 when ok or degraded, 503 otherwise
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from bot.accounts.roles import Permission
from bot.call_json import conversation_json, summary_json
from bot.callbacks import call_back
from bot.errors import Busy, Conflict, GuichetError, LineUnavailable, NotAllowed, UnknownConversation
from bot.store import ConversationRecord, HandoverRecord
from bot.summary import summarise
from bot.web.desk.common import agent_of, for_agents
from bot.web.errors import failure
from bot.web.keys import CALL_PHASE, CALLBACKS, DESK, HEALTH, LOOP_LATE, STORE, Callbacks

routes = web.RouteTableDef()

_CALLS_SHOWN = 50
_CALLS_MAX = 500
_REFUSALS: tuple[tuple[type[GuichetError], tuple[int, str]], ...] = (
    (UnknownConversation, (404, "unknown_request")),
    (NotAllowed, (403, "not_allowed")),
    (Conflict, (409, "conflict")),
    (Busy, (503, "busy")),
    (LineUnavailable, (503, "no_line")),
)


@routes.get("/api/desk")
@for_agents(Permission.READ)
async def desk(request: web.Request) -> web.Response:
    handovers = await request.app[STORE].open_handovers()
    now = datetime.now(UTC)
    return web.json_response({"handovers": [_handover(one, now) for one in handovers]})


@routes.get("/api/calls")
@for_agents(Permission.READ)
async def find_calls(request: web.Request) -> web.Response:
    if line_id := request.query.get("line_id", ""):
        return _call(request, await request.app[STORE].conversation_by_line(line_id))
    try:
        limit, before = _page(request.query)
    except ValueError:
        return failure(400, "bad_request", f"limit is a number from 1 to {_CALLS_MAX}, before a time as in next")
    calls = await request.app[STORE].calls(limit, before=before)
    phase = request.app[CALL_PHASE]
    return web.json_response(
        {
            "calls": [summary_json(call) | {"phase": phase(call.id)} for call in calls],
            "next": _as_cursor(calls[-1].started_at) if len(calls) == limit else None,
        }
    )


@routes.get("/api/calls/{id}")
@for_agents(Permission.READ)
async def one_call(request: web.Request) -> web.Response:
    return _call(request, await request.app[STORE].conversation(request.match_info["id"]))


@routes.post("/api/callbacks/{id}")
@for_agents(Permission.CALL_BACK)
async def dial(request: web.Request) -> web.Response:
    line = request.app.get(CALLBACKS)
    if line is None:
        return failure(503, "no_line", "no line that can place calls is set up")
    try:
        await _dial(request, line, request.match_info["id"])
    except (UnknownConversation, NotAllowed, Conflict, Busy, LineUnavailable) as error:
        status, code = next(answer for kind, answer in _REFUSALS if isinstance(error, kind))
        return failure(status, code, str(error))
    return web.json_response({"state": "dialling"}, status=202)


@routes.get("/health")
async def health(request: web.Request) -> web.Response:
    view = request.app[HEALTH]
    parts = await view.parts()
    summary = view.summary(parts)
    body: dict[str, Any] = {
        "status": summary,
        "parts": {name: {"status": part.condition.value, "detail": part.detail} for name, part in parts.items()},
    }
    if LOOP_LATE in request.app:
        body["loop"] = {"worst_late_ms": round(request.app[LOOP_LATE]() * 1000)}
    return web.json_response(body, status=200 if summary in ("ok", "degraded") else 503)


async def _dial(request: web.Request, line: Callbacks, promise_id: str) -> None:
    """The promise by its own id or its request's; or, with a request alone, the number that it holds."""
    store = request.app[STORE]
    promise = await store.callback(promise_id) or await store.open_callback_of(promise_id)
    if promise is None or DESK not in request.app:
        await call_back(store, line, promise_id)
    else:
        await request.app[DESK].dial(promise.id, agent_of(request), line, even_dialling=True)


def _page(query: Mapping[str, str]) -> tuple[int, datetime | None]:
    """Raises `ValueError`."""
    limit = int(query.get("limit", _CALLS_SHOWN))
    if not 1 <= limit <= _CALLS_MAX:
        raise ValueError
    before = query.get("before", "")
    if not before:
        return limit, None
    time = datetime.fromisoformat(before.replace(" ", "+"))  # a + that was not escaped arrives as a space
    try:
        return limit, (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        raise ValueError from None


def _as_cursor(time: datetime) -> str:
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _call(request: web.Request, record: ConversationRecord | None) -> web.Response:
    if record is None:
        return failure(404, "unknown_call", "no such call")
    body = conversation_json(record) | {"phase": request.app[CALL_PHASE](record.id)}
    return web.json_response(body)


def _handover(record: HandoverRecord, now: datetime) -> dict[str, Any]:
    conversation = record.conversation
    return {
        "id": record.id,
        "conversation_id": record.conversation_id,
        "reason": record.reason.value,
        "state": record.state.value,
        "requested_at": record.requested_at.isoformat(),
        "waiting_seconds": round((now - record.requested_at).total_seconds()),
        "callback_number": record.callback_number,
        "summary": summarise(conversation.turns) if conversation else record.summary,
        "conversation": conversation_json(conversation) if conversation else None,
    }
