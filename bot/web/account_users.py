"""Accounts of others, for administrators (docs/accounts.md). Nobody changes here their own rights, nor what
opens their own account: `bot/web/accounts.py` asks the present password for that.

GET    /api/accounts/users        everybody, with the last sign-in that the audit log knows of, and the open sessions
POST   /api/accounts/users        {login, name?, role, password?, teams?, skills?}
PATCH  /api/accounts/users/{id}   any of {name, role, disabled, password, teams, skills, totp: false}
DELETE /api/accounts/users/{id}
GET    /api/accounts/users/{id}/sessions, DELETE the same: all of them end
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from aiohttp import web

from bot.accounts.names import checked_codes
from bot.accounts.roles import PERMISSIONS, Permission, Role
from bot.accounts.sessions import SignedIn
from bot.errors import Conflict, Forbidden, Malformed
from bot.store.account_records import UserRecord
from bot.web.accounts import session_json, text, user_json
from bot.web.agent_sessions import signed_in
from bot.web.api import json_body
from bot.web.keys import ACCOUNTS

routes = web.RouteTableDef()

_SIGNED_IN = "account.signed_in"

_T = TypeVar("_T")


@routes.get("/api/accounts/users")
async def users(request: web.Request) -> web.Response:
    _administrator(request)
    accounts = request.app[ACCOUNTS]
    signed_in_at = await accounts.store.last_done(_SIGNED_IN)
    open_now = await accounts.sessions.counted()
    shown = []
    for user in await accounts.store.users():
        last = signed_in_at.get(user.reference)
        more = {"signed_in_at": last and last.isoformat(), "sessions": open_now.get(user.id, 0)}
        shown.append(user_json(user) | more)
    return web.json_response({"users": shown})


@routes.post("/api/accounts/users")
async def add(request: web.Request) -> web.Response:
    by, body = _administrator(request), await json_body(request)
    password = body.get("password")
    user = await request.app[ACCOUNTS].add(
        text(body, "login"),
        text(body, "name", ""),
        _role(body),
        text(body, "password") if password is not None else None,
        by=by.user.reference,
        must_change=True,
        teams=_codes(body, "teams"),
        skills=_codes(body, "skills"),
    )
    return web.json_response(user_json(user), status=201)


@routes.patch("/api/accounts/users/{id}")
async def change(request: web.Request) -> web.Response:
    by, body = _administrator(request), await json_body(request)
    accounts = request.app[ACCOUNTS]
    # All of it is read before any of it is done: what makes no sense changes nothing.
    name, role = _if_there(body, "name", text), _role(body) if "role" in body else None
    password = _if_there(body, "password", text)
    teams, skills = _if_there(body, "teams", _codes), _if_there(body, "skills", _codes)
    disabled, totp = _if_there(body, "disabled", _flag), _if_there(body, "totp", _flag)
    if totp:
        raise Malformed("A second factor is enrolled by the person.")
    user = await accounts.user(request.match_info["id"])
    reference = by.user.reference
    if user.id == by.user.id and any(one is not None for one in (role, disabled, password, totp)):
        raise Conflict("Nobody changes their own rights, password or second factor here.", "own_account")
    if password is not None:
        await accounts.set_password(user, password, by=reference, must_change=True)
    if teams is not None or skills is not None:
        await accounts.assign(
            user,
            user.teams if teams is None else teams,
            user.skills if skills is None else skills,
            by=reference,
        )
    if name is not None:
        await accounts.set_name(user, name, by=reference)
    if totp is False:
        await accounts.reset_totp(user, by=reference)
    if role is not None:
        await accounts.set_role(user, role, by=reference)
    if disabled is not None:
        await accounts.set_disabled(user, disabled, by=reference)
    return web.json_response(user_json(await accounts.user(user.id)))


@routes.delete("/api/accounts/users/{id}")
async def remove(request: web.Request) -> web.Response:
    by = _administrator(request)
    user = await _other(request, by)
    await request.app[ACCOUNTS].remove(user, by=by.user.reference)
    return web.Response(status=204)


@routes.get("/api/accounts/users/{id}/sessions")
async def sessions(request: web.Request) -> web.Response:
    _administrator(request)
    accounts = request.app[ACCOUNTS]
    user = await accounts.user(request.match_info["id"])
    return web.json_response({"sessions": [session_json(one) for one in await accounts.sessions.of(user.id)]})


@routes.delete("/api/accounts/users/{id}/sessions")
async def end_sessions(request: web.Request) -> web.Response:
    by = _administrator(request)
    accounts = request.app[ACCOUNTS]
    await accounts.end_sessions(await accounts.user(request.match_info["id"]), by=by.user.reference)
    return web.Response(status=204)


def _administrator(request: web.Request) -> SignedIn:
    """A person: the desk token does not manage accounts. Raises `Unauthorized`, `Forbidden`."""
    found = signed_in(request)
    if pending := request.app[ACCOUNTS].pending(found):
        raise Forbidden("Something must be done first.", pending)
    if Permission.ACCOUNTS not in PERMISSIONS[found.user.role]:
        raise Forbidden("The role does not allow managing accounts.")
    return found


async def _other(request: web.Request, by: SignedIn) -> UserRecord:
    user = await request.app[ACCOUNTS].user(request.match_info["id"])
    if user.id == by.user.id:
        raise Conflict("Nobody takes their own rights away here.", "own_account")
    return user


def _role(body: dict[str, Any]) -> Role:
    try:
        return Role(text(body, "role"))
    except ValueError:
        raise Conflict("role is agent, supervisor, editor or administrator.", "role_invalid") from None


def _if_there(body: dict[str, Any], name: str, read: Callable[[dict[str, Any], str], _T]) -> _T | None:
    return read(body, name) if name in body else None


def _flag(body: dict[str, Any], name: str) -> bool:
    value = body[name]
    if not isinstance(value, bool):
        raise Malformed(f"{name} is neither true nor false.")
    return value


def _codes(body: dict[str, Any], name: str) -> list[str]:
    codes = body.get(name, [])
    if not isinstance(codes, list) or not all(isinstance(code, str) for code in codes):
        raise Malformed(f"{name} is a list of texts.")
    return checked_codes(codes)
