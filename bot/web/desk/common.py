"""What the desk's routes share: who calls, what the body holds, and every refusal as a code with a French sentence."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, unquote

import structlog
from aiohttp import web

from bot.accounts.roles import PERMISSIONS, Permission, Role
from bot.desk.desk import Desk
from bot.desk.overview import Overview
from bot.desk.refusals import NotThere
from bot.errors import (
    BadMessage,
    BadRequest,
    Busy,
    Conflict,
    Forbidden,
    GuichetError,
    LineUnavailable,
    NotAllowed,
    Unauthorized,
    Unavailable,
    UnknownConversation,
)
from bot.web.account_errors import explain_account
from bot.web.agents import Agent, current_agent
from bot.web.api import json_body
from bot.web.errors import failure
from bot.web.keys import AUDIT, DESK, OVERVIEW

log = structlog.get_logger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

AGENT_HEADER = "X-Guichet-Agent"
_AGENT = web.RequestKey("agent", Agent)
_ID_CHARS = 64
_NAME_CHARS = 128
_STATUSES: tuple[tuple[type[GuichetError], int, str], ...] = (
    (Unauthorized, 401, "unauthorized"),
    (Forbidden, 403, "forbidden"),
    (NotAllowed, 403, "not_allowed"),
    (UnknownConversation, 404, "unknown_conversation"),
    (Conflict, 409, "over"),
    (BadMessage, 400, "bad_request"),
    (BadRequest, 400, "bad_request"),
    (Busy, 503, "busy"),
    (LineUnavailable, 503, "no_line"),
    (Unavailable, 503, "unavailable"),
)


def for_agents(permission: Permission) -> Callable[[Handler], Handler]:
    """Refuses whoever may not do this, and explains what the handler raises."""

    def decorate(handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            try:
                agent = acting(request)
                if not agent.may(permission):
                    raise Forbidden("The role does not allow this.")
                request[_AGENT] = agent
                return await handler(request)
            except GuichetError as error:
                return refused(request, error)

        return guarded

    return decorate


def acting(request: web.Request) -> Agent:
    """Who is signed in; for a program, the agent it names in `X-Guichet-Agent`. Raises `Unauthorized`, `Forbidden`."""
    agent = current_agent(request)
    named = request.headers.get(AGENT_HEADER, "")
    if agent.session_id is not None or not named:
        return agent
    agent_id, _, query = named.partition("?")
    agent_id = unquote(agent_id).strip()[:_ID_CHARS]
    values = {name: one[0] for name, one in parse_qs(query).items()}
    if not agent_id:
        raise Unauthorized("The header names no agent.")
    permissions = agent.permissions
    if (role := values.get("role", "agent")) not in set(Role):
        raise Unauthorized("The header names a role that there is not.")
    return replace(
        agent,
        id=agent_id,
        name=values.get("name", agent_id)[:_NAME_CHARS],
        role=role,
        permissions=permissions & PERMISSIONS[Role(role)],
        teams=_listed(values.get("teams", "")),
        skills=_listed(values.get("skills", "")),
    )


def agent_of(request: web.Request) -> Agent:
    """Inside a handler of `for_agents`."""
    return request[_AGENT]


def desk_of(request: web.Request) -> Desk:
    return request.app[DESK]


def overview_of(request: web.Request) -> Overview:
    return request.app[OVERVIEW]


def explained(request: web.Request, error: GuichetError) -> tuple[int, str, str]:
    """Status, code and text for the agent; the error's own text where neither accounts nor desk has one."""
    if (account := explain_account(error)) is not None:
        return account
    status, code = next(((status, code) for kind, status, code in _STATUSES if isinstance(error, kind)), (500, "error"))
    code = str(getattr(error, "code", code))
    if code == "conflict":
        code = "under_way"
    if code == "too_long":
        status = 413
    if status >= 500:
        log.error("desk.failed", error=str(error))
    texts = request.app[DESK].texts.failures if DESK in request.app else {}
    return status, code, texts.get(code, str(error))


def refused(request: web.Request, error: GuichetError) -> web.Response:
    """The one form of every failure."""
    status, code, text = explained(request, error)
    return failure(status, code, text)


async def audited(request: web.Request, action: str, subject: str) -> None:
    """Written down before it is done, where there is an audit log. Raises `StoreUnavailable`."""
    if AUDIT not in request.app:
        return
    try:
        await request.app[AUDIT].record(agent_of(request).reference, action, subject)
    except ValueError:  # the address held no id of ours
        raise NotThere("unknown_request") from None


async def body_of(request: web.Request) -> Mapping[str, Any]:
    """The JSON object of a write; nothing is an empty one. Raises `BadMessage`."""
    return await json_body(request) if request.can_read_body else {}


def text_in(body: Mapping[str, Any], name: str, default: str = "") -> str:
    """Raises `BadMessage` for anything but a text."""
    value = body.get(name, default)
    if not isinstance(value, str):
        raise BadMessage(f"{name} is not a text.")
    return value


def flag_in(body: Mapping[str, Any], name: str) -> bool:
    """Raises `BadMessage` for anything but true and false."""
    value = body.get(name, False)
    if not isinstance(value, bool):
        raise BadMessage(f"{name} is neither true nor false.")
    return value


def number_in(value: Any, name: str, lowest: int, highest: int) -> int:
    """Raises `BadMessage`."""
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):  # the last: infinity
        raise BadMessage(f"{name} is not a number.") from None
    if isinstance(value, bool | float) or not lowest <= number <= highest:
        raise BadMessage(f"{name} is not from {lowest} to {highest}.")
    return number


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip()[:_ID_CHARS] for part in text.split(",") if part.strip())
