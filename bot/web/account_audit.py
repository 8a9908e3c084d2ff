"""The audit log, for who may read it. Nothing here changes it but the line that says who had it verified.

GET  /api/audit?before=&subject=&actor=&action=&limit=   newest first; `action` is one, or what several begin with
POST /api/audit/verify                                   whether every entry is as it was written
"""

from __future__ import annotations

import asyncio

from aiohttp import web

from bot.accounts.roles import Permission
from bot.audit.checking import check
from bot.errors import Forbidden, Malformed
from bot.web.agents import Agent, current_agent
from bot.web.keys import ACCOUNTS

routes = web.RouteTableDef()

_ENTRIES_SHOWN = 100
_ENTRIES_MAX = 1000
VERIFYING = web.AppKey("verifying_audit", asyncio.Lock)


@routes.get("/api/audit")
async def audit(request: web.Request) -> web.Response:
    _reader(request)
    query = request.query
    try:
        limit = int(query.get("limit", _ENTRIES_SHOWN))
        before = int(query["before"]) if "before" in query else None
    except ValueError:
        raise Malformed("limit and before are numbers.") from None
    if not 1 <= limit <= _ENTRIES_MAX:
        raise Malformed(f"limit is a number from 1 to {_ENTRIES_MAX}.")
    store = request.app[ACCOUNTS].store
    entries = await store.latest_audit(
        limit,
        before=before,
        subject=query.get("subject"),
        actor=query.get("actor"),
        action=query.get("action"),
    )
    return web.json_response(
        {
            "entries": [
                {
                    "number": entry.number,
                    "at": entry.at.isoformat(),
                    "actor": entry.actor,
                    "action": entry.action,
                    "subject": entry.subject,
                    "detail": entry.details,
                }
                for entry in entries
            ],
            # The log itself names nobody: who is behind a reference, as long as the account is there.
            "people": {user.reference: user.name for user in await store.users()},
        }
    )


@routes.post("/api/audit/verify")
async def verify(request: web.Request) -> web.Response:
    by = _reader(request)
    accounts = request.app[ACCOUNTS]
    async with request.app[VERIFYING]:  # it reads all of the log: one at a time
        chain, fault = await check(accounts.store)
    answer = {
        "entries": chain.count,
        "head": f"{chain.head.through}:{chain.head.hash}",
        "fault": None if fault is None else {"number": fault.number, "reason": fault.reason},
    }
    await accounts.audit.record(by.reference, "audit.verified", f"audit:{chain.head.through}", {"good": fault is None})
    return web.json_response(answer)


def _reader(request: web.Request) -> Agent:
    """Raises `Unauthorized`, `Forbidden`."""
    agent = current_agent(request)
    if not agent.may(Permission.AUDIT):
        raise Forbidden("The role does not allow reading the audit log.")
    return agent
