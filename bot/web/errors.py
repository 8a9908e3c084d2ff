"""Turns our errors into HTTP answers: a code for programs, a sentence in French for the visitor."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web

from bot.errors import BadMessage, BadRequest, Busy, GuichetError, Unavailable, UnknownConversation
from bot.web.keys import TEXTS
from bot.web.texts import WebTexts

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

log = structlog.get_logger(__name__)

SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}


def explain(error: GuichetError, texts: WebTexts) -> tuple[int, str, str]:
    """HTTP status, code and text of an error."""
    match error:
        case UnknownConversation():
            return 404, "unknown_conversation", texts.lost
        case BadMessage() if re.search(r"\d", str(error)):
            return 413, "too_long", texts.too_long
        case BadMessage():
            return 400, "empty", texts.empty
        case BadRequest():
            return 400, "bad_request", texts.unavailable
        case Busy():
            return 429, "too_fast", texts.too_fast
        case Unavailable():
            return 503, "unavailable", texts.unavailable
        case _:
            return 500, "error", texts.unavailable


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
    except web.HTTPRequestEntityTooLarge:
        response = failure(413, "too_long", request.app[TEXTS].too_long)
    except web.HTTPException as error:
        if not request.path.startswith("/api"):
            raise
        response = failure(error.status, error.reason.lower().replace(" ", "_"), error.reason)
    if not response.prepared:
        for name, value in SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
    return response


def _route(request: web.Request) -> str:
    """The route's pattern, never the address itself: that may hold an identifier."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else "unknown"
