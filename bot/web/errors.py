"""Turns our errors into HTTP answers: a code for programs, a sentence in French for the visitor."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web

from bot.errors import (
    BadContact,
    BadMessage,
    BadRequest,
    Busy,
    Conflict,
    GuichetError,
    Malformed,
    TooFast,
    TooLong,
    TooManyWindows,
    Unavailable,
    UnknownConversation,
)
from bot.web.account_errors import explain_account
from bot.web.keys import ORIGINS, TEXTS
from bot.web.texts import WebTexts

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

log = structlog.get_logger(__name__)

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors "
)
SECURITY_HEADERS = {
    "Content-Security-Policy": _POLICY + "'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}
# The visitors' pages, which the sites that may use the widget may also show in a frame.
VISITORS_PAGES = ("/", "/chat")


def explain(error: GuichetError, texts: WebTexts) -> tuple[int, str, str]:
    """HTTP status, code and text of an error."""
    if (of_account := explain_account(error)) is not None:
        return of_account
    match error:
        case UnknownConversation():
            return 404, "unknown_conversation", texts.lost
        case TooLong():
            return 413, "too_long", texts.too_long
        case Malformed():
            return 400, "bad_request", texts.malformed
        case BadContact():
            return 400, "bad_contact", texts.bad_contact
        case BadMessage():
            return 400, "empty", texts.empty
        case Conflict():
            return 409, "conflict", texts.slot_gone
        case BadRequest():
            return 400, "bad_request", texts.malformed
        case TooManyWindows():
            return 429, "too_many_windows", texts.too_many_windows
        case Busy():
            return 429, "too_fast", texts.too_fast
        case Unavailable():
            return 503, "unavailable", texts.unavailable
        case _:
            return 500, "error", texts.unavailable


def retry_after(error: GuichetError) -> dict[str, str]:
    """The header that says when to try again; for what is too much only."""
    match error:
        case TooFast():
            return {"Retry-After": str(max(1, math.ceil(error.retry_seconds)))}
        case Busy():
            return {"Retry-After": "30"}
        case _:
            return {}


def failure(status: int, code: str, text: str) -> web.Response:
    """The one form of every failure: {"error": {"code", "text"}}."""
    return web.json_response({"error": {"code": code, "text": text}}, status=status)


@web.middleware
async def errors_and_headers(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every answer has the security headers; every error is JSON under /api."""
    try:
        response = await handler(request)
    except GuichetError as error:
        status, code, text = explain(error, request.app[TEXTS])
        if status >= 500:
            log.error("web.failed", path=_route(request), error=str(error))
        response = failure(status, code, text)
        response.headers.update(retry_after(error))
    except web.HTTPRequestEntityTooLarge:
        response = failure(413, "too_long", request.app[TEXTS].too_long)
    except web.HTTPException as error:
        if not request.path.startswith("/api"):
            raise
        response = failure(error.status, error.reason.lower().replace(" ", "_"), error.reason)
    if not response.prepared:
        if request.path in VISITORS_PAGES and ORIGINS in request.app:
            policy = _POLICY + request.app[ORIGINS].frame_ancestors
            response.headers.setdefault("Content-Security-Policy", policy)
        for name, value in SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
    return response


def _route(request: web.Request) -> str:
    """The route's pattern, never the address itself: that may hold an identifier."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else "unknown"
