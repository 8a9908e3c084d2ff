"""The visitor's routes are for pages of ours and of the allowed sites only; CORS answers to the latter and nobody else.

The headers are added as an answer is being sent, so that errors have them too: a window must be able to read that it
was too fast.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web
from yarl import URL

from bot.origins import Origins
from bot.running import base_url
from bot.settings import Settings
from bot.web.errors import failure
from bot.web.keys import DESK_TOKEN, ORIGINS, TEXTS
from bot.web.tokens import bears

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

VISITOR_PATHS = ("/api/service", "/api/conversations")
_METHODS = "GET, POST, DELETE"
_HEADERS = "Authorization, Content-Type, Idempotency-Key"
_PREFLIGHT_SECONDS = "600"


def is_visitors(path: str) -> bool:
    """Whether it is a route of the widget."""
    return any(path == one or path.startswith(one + "/") for one in VISITOR_PATHS)


@web.middleware
async def visitors_pages_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuses a visitor's route to a page that is neither ours nor allowed; answers the browsers' preflights."""
    origins = request.app.get(ORIGINS)
    if origins is None or not is_visitors(request.path):
        return await handler(request)
    if not (_is_admitted(request, origins) or bears(request, request.app.get(DESK_TOKEN, ""))):
        text = request.app[TEXTS].forbidden_origin if TEXTS in request.app else ""
        return failure(403, "forbidden_origin", text)
    if request.method == hdrs.METH_OPTIONS:
        return web.Response(status=204)
    return await handler(request)


def add_origins(app: web.Application, settings: Settings) -> None:
    """Whose pages may use the visitor's routes; needs `visitors_pages_only` among the middlewares."""
    app[ORIGINS] = Origins.of(settings.web.allowed_origins, settings.web.public_url, base_url(settings))
    app.on_response_prepare.append(_share)


def _is_admitted(request: web.Request, origins: Origins) -> bool:
    return origins.admit(
        _origin(request), request.headers.get("Sec-Fetch-Site"), _origin_in(f"{request.scheme}://{request.host}")
    )


def _origin(request: web.Request) -> str | None:
    """The page's origin: with a GET to the page's own server, which has no `Origin`, it stands in `Referer`.

    Over plain HTTP (a server tried out on a local network) that is all a browser says; a page can withhold it, not
    forge it. Without either there is none.
    """
    origin = request.headers.get(hdrs.ORIGIN)
    if origin is None and request.method == hdrs.METH_GET:
        return _origin_in(request.headers.get(hdrs.REFERER, ""))
    return origin


def _origin_in(address: str) -> str:
    try:
        return str(URL(address).origin())
    except ValueError:
        return ""


async def _share(request: web.Request, response: web.StreamResponse) -> None:
    if not is_visitors(request.path):
        return
    response.headers[hdrs.VARY] = hdrs.ORIGIN
    origin = request.headers.get(hdrs.ORIGIN)
    if not origin or not request.app[ORIGINS].shares_with(origin):
        return
    response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
    response.headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = hdrs.RETRY_AFTER
    if request.method == hdrs.METH_OPTIONS:
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_METHODS] = _METHODS
        response.headers[hdrs.ACCESS_CONTROL_ALLOW_HEADERS] = _HEADERS
        response.headers[hdrs.ACCESS_CONTROL_MAX_AGE] = _PREFLIGHT_SECONDS
