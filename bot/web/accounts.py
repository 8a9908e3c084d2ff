"""Signing in and one's own account (docs/accounts.md). Every write needs our own page; with a session, its CSRF token.

GET    /api/accounts/options         how one may sign in here
POST   /api/accounts/login           {login, password, code?}: who one is, and the cookie
POST   /api/accounts/logout          {redirect}: where the provider signs out, or null
GET    /api/accounts/me              who one is, what one may do, the CSRF token, the service's time zone
POST   /api/accounts/password        {current, new}
POST   /api/accounts/totp            {password}: begins the enrolment
GET    /api/accounts/totp/qr.svg     its QR code
POST   /api/accounts/totp/confirm    {code}: the recovery codes, this once
POST   /api/accounts/totp/recovery   {password}: new recovery codes, this once
POST   /api/accounts/totp/disable    {password}
GET    /api/accounts/sessions        one's own sessions
DELETE /api/accounts/sessions/{id}   ends one
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from bot.accounts import totp
from bot.accounts.roles import PERMISSIONS
from bot.accounts.sessions import SignedIn
from bot.accounts.texts import OIDC_BUTTON
from bot.errors import Conflict, Malformed, UnknownAccount
from bot.store.account_records import SessionRecord, UserRecord
from bot.web.account_oidc import OIDC, logout_redirect
from bot.web.agent_sessions import (
    SESSION_COOKIE,
    address_of,
    clear_session,
    client_of,
    require_own_page,
    set_session,
    signed_in,
)
from bot.web.api import json_body
from bot.web.keys import ACCOUNTS, DESK, SETTINGS, TEXTS

routes = web.RouteTableDef()


@routes.get("/api/accounts/options")
async def options(request: web.Request) -> web.Response:
    settings = request.app[SETTINGS]
    button = {"label": settings.oidc.label or OIDC_BUTTON, "url": "/api/accounts/oidc/start"}
    return web.json_response(
        {
            "service": request.app[TEXTS].service,
            "passwords": settings.accounts.passwords,
            "password_min_chars": settings.accounts.password_min_chars,
            "oidc": button if OIDC in request.app else None,
        }
    )


@routes.post("/api/accounts/login")
async def login(request: web.Request) -> web.Response:
    require_own_page(request)
    body = await json_body(request)
    accounts = request.app[ACCOUNTS]
    token, found = await accounts.sign_in(
        text(body, "login"),
        text(body, "password"),
        text(body, "code", ""),
        address=address_of(request),
        client=client_of(request),
    )
    # Whoever sat at this browser before, or was planted in it, is signed out.
    earlier = await accounts.sessions.find(request.cookies.get(SESSION_COOKIE, ""))
    if earlier is not None:
        await accounts.sign_out(earlier)
    return _with_session(request, token, found)


@routes.post("/api/accounts/logout")
async def logout(request: web.Request) -> web.Response:
    found = signed_in(request)
    await request.app[ACCOUNTS].sign_out(found)
    response = web.json_response({"redirect": await logout_redirect(request, found)})
    clear_session(response)
    return response


@routes.get("/api/accounts/me")
async def me(request: web.Request) -> web.Response:
    return web.json_response(me_json(request, signed_in(request)))


@routes.post("/api/accounts/password")
async def change_password(request: web.Request) -> web.Response:
    found, body = signed_in(request), await json_body(request)
    token, renewed = await request.app[ACCOUNTS].change_password(
        found, text(body, "current"), text(body, "new"), client=client_of(request)
    )
    return _with_session(request, token, renewed)


@routes.post("/api/accounts/totp")
async def begin_totp(request: web.Request) -> web.Response:
    found, body = signed_in(request), await json_body(request)
    secret = await request.app[ACCOUNTS].begin_totp(found, text(body, "password"))
    uri = _enrolment_uri(request, found.user, secret)
    # Typed in by hand where no camera is at hand; the secret never goes into an address.
    return web.json_response({"uri": uri, "secret": secret, "qr": "/api/accounts/totp/qr.svg"})


@routes.get("/api/accounts/totp/qr.svg")
async def totp_qr(request: web.Request) -> web.Response:
    user = signed_in(request).user
    if user.totp_secret is None or user.has_totp:
        raise Conflict("No enrolment is under way.", "totp_not_begun")
    svg = totp.qr_svg(_enrolment_uri(request, user, user.totp_secret))
    return web.Response(body=svg, content_type="image/svg+xml", headers={"Cache-Control": "no-store"})


@routes.post("/api/accounts/totp/confirm")
async def confirm_totp(request: web.Request) -> web.Response:
    found, body = signed_in(request), await json_body(request)
    codes = await request.app[ACCOUNTS].confirm_totp(found, text(body, "code"))
    return web.json_response({"recovery_codes": codes})


@routes.post("/api/accounts/totp/recovery")
async def renew_recovery_codes(request: web.Request) -> web.Response:
    found, body = signed_in(request), await json_body(request)
    codes = await request.app[ACCOUNTS].renew_recovery_codes(found, text(body, "password"))
    return web.json_response({"recovery_codes": codes})


@routes.post("/api/accounts/totp/disable")
async def disable_totp(request: web.Request) -> web.Response:
    found, body = signed_in(request), await json_body(request)
    await request.app[ACCOUNTS].disable_totp(found, text(body, "password"))
    return web.Response(status=204)


@routes.get("/api/accounts/sessions")
async def sessions(request: web.Request) -> web.Response:
    found = signed_in(request)
    kept = await request.app[ACCOUNTS].sessions.of(found.user.id)
    return web.json_response(
        {"sessions": [session_json(one) | {"current": one.id == found.session.id} for one in kept]}
    )


@routes.delete("/api/accounts/sessions/{id}")
async def end_session(request: web.Request) -> web.Response:
    found = signed_in(request)
    accounts, session_id = request.app[ACCOUNTS], request.match_info["id"]
    if not await accounts.sessions.end(session_id, user_id=found.user.id):
        raise UnknownAccount("No such session of this person.", "unknown_session")
    await accounts.audit.record(found.user.reference, "account.session_ended", f"session:{session_id}")
    return web.Response(status=204)


def me_json(request: web.Request, found: SignedIn) -> dict[str, Any]:
    """Without permissions while something must be done first (`pending`), without time zone where there is no desk."""
    pending = request.app[ACCOUNTS].pending(found)
    return {
        "agent": user_json(found.user),
        "permissions": [] if pending else sorted(PERMISSIONS[found.user.role]),
        "pending": pending,
        "method": found.session.method,
        "csrf": found.csrf,
        "time_zone": request.app[DESK].hours.zone.key if DESK in request.app else None,
    }


def user_json(user: UserRecord) -> dict[str, Any]:
    """An account as administrators and the person see it: no secret of any kind."""
    return {
        "id": user.id,
        "login": user.login,
        "name": user.name,
        "role": user.role.value,
        "teams": list(user.teams),
        "skills": list(user.skills),
        "created_at": user.created_at.isoformat(),
        "disabled_at": user.disabled_at and user.disabled_at.isoformat(),
        "has_password": user.password_hash is not None,
        "must_change_password": user.must_change_password,
        "totp": user.has_totp,
        "oidc": user.oidc_subject is not None,
    }


def session_json(one: SessionRecord) -> dict[str, Any]:
    """A signed-in browser, as its person and administrators see it."""
    return {
        "id": one.id,
        "created_at": one.created_at.isoformat(),
        "used_at": one.used_at.isoformat(),
        "method": one.method,
        "client": one.client,
    }


def text(body: dict[str, Any], name: str, default: str | None = None) -> str:
    """Raises `Malformed`."""
    value = body.get(name, default)
    if not isinstance(value, str):
        raise Malformed(f"{name} is missing, or no text.")
    return value


def _with_session(request: web.Request, token: str, found: SignedIn) -> web.Response:
    response = web.json_response(me_json(request, found))
    set_session(response, token)
    return response


def _enrolment_uri(request: web.Request, user: UserRecord, secret: str) -> str:
    return totp.enrolment_uri(secret, login=user.login, issuer=request.app[TEXTS].service)
