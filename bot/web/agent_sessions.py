"""The cookie of a signed-in person, and the proof that a request was made by the console and not by another site.

A cookie is sent by the browser whoever asked for it, so it never suffices alone: a write must also come from this
server's own page (`Origin`) and carry the session's token (`X-CSRF-Token`), a WebSocket must come from our own page.
`signed_in` checks all three, and there is no other way to learn whose session it is: no route can forget it.
The desk token needs none of this, since no browser adds it by itself; a request that carries it has no session.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web
from yarl import URL

from bot.accounts.sessions import SignedIn, csrf_matches
from bot.errors import Forbidden, Unauthorized
from bot.limits import Addresses
from bot.origins import Origins
from bot.web.keys import ACCOUNTS

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

# __Host-: only over TLS (or the machine itself), only for this host name, not for its parents or children.
SESSION_COOKIE = "__Host-guichet"
# Taken to the provider and back by a navigation that another site begins: Lax, where the session's own is Strict.
PROVIDER_COOKIE = "__Host-guichet-provider"
CSRF_HEADER = "X-CSRF-Token"
CONSOLE_ORIGINS = web.AppKey("console_origins", Origins)
CONSOLE_ADDRESSES = web.AppKey("console_addresses", Addresses)
_FOUND = web.RequestKey("signed_in", SignedIn)
_SAFE = frozenset({hdrs.METH_GET, hdrs.METH_HEAD, hdrs.METH_OPTIONS})
_CLIENT_CHARS = 200


@web.middleware
async def find_session(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Looks up the session of the cookie, where there is one and the request is for the console's API."""
    token = request.cookies.get(SESSION_COOKIE, "")
    if token and request.path.startswith("/api/") and hdrs.AUTHORIZATION not in request.headers:
        found = await request.app[ACCOUNTS].sessions.find(token)
        if found is not None:
            request[_FOUND] = found
    return await handler(request)


def signed_in(request: web.Request) -> SignedIn:
    """Whose session this is, proved to be used by our own console. Raises `Unauthorized`, `Forbidden`."""
    found: SignedIn | None = request.get(_FOUND)
    if found is None:
        raise Unauthorized("Nobody is signed in.")
    if request.method not in _SAFE:
        require_own_page(request)
        if not csrf_matches(found, request.headers.get(CSRF_HEADER, "")):
            raise Forbidden("The CSRF token is missing or another session's.", "csrf")
    elif request.headers.get(hdrs.UPGRADE, "").lower() == "websocket":
        require_own_page(request)
    return found


def is_signed_in(request: web.Request) -> bool:
    """Whether there is a session at all; proves nothing."""
    return _FOUND in request


def require_own_page(request: web.Request) -> None:
    """Raises `Forbidden` unless the browser says that a page of this server makes the request."""
    origins = request.app[CONSOLE_ORIGINS]
    try:
        addressed_to = str(URL(f"{request.scheme}://{request.host}").origin())
    except ValueError:
        addressed_to = ""
    if not origins.admit(request.headers.get(hdrs.ORIGIN), request.headers.get("Sec-Fetch-Site"), addressed_to):
        raise Forbidden("The request does not come from a page of this server.", "forbidden_origin")


def set_session(response: web.StreamResponse, token: str) -> None:
    """The cookie lasts until the browser is closed; the session may end before."""
    response.set_cookie(SESSION_COOKIE, token, path="/", secure=True, httponly=True, samesite="Strict")


def clear_session(response: web.StreamResponse) -> None:
    response.del_cookie(SESSION_COOKIE, path="/", secure=True, httponly=True, samesite="Strict")


def client_of(request: web.Request) -> str:
    """How the browser names itself, for the list of one's own sessions."""
    return request.headers.get(hdrs.USER_AGENT, "")[:_CLIENT_CHARS]


def address_of(request: web.Request) -> str:
    """What tries are counted by; neither kept nor logged."""
    peer = request.transport and request.transport.get_extra_info("peername")
    host = peer[0] if isinstance(peer, tuple) else None
    return request.app[CONSOLE_ADDRESSES].sender(host, request.headers.getall("X-Forwarded-For", ()))
