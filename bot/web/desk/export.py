"""Tables to take away: the conversations that a filter finds, and the figures day by day (bot/desk/export.py).

GET /api/desk/export.csv          the filter of the search; `personal=1`: with what was said, summaries and numbers
GET /api/desk/figures.csv?days=   one line a day, the last one today

A table is sent while it is read, so that ten thousand conversations cost no memory. Who takes what away is written down
before the first line is sent, and how much it was afterwards, also of an export that was broken off.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import datetime, time
from zoneinfo import ZoneInfo

import structlog
from aiohttp import web

from bot.accounts.roles import Permission
from bot.audit.chain import Detail, Entry
from bot.desk import export, history
from bot.desk.sheet import MARK, Value, line
from bot.dialogue import Channel
from bot.errors import BadMessage, Forbidden, GuichetError
from bot.store.past import Sought
from bot.web.desk.common import agent_of, desk_of, for_agents, number_in
from bot.web.desk.conversations import sought_in
from bot.web.errors import SECURITY_HEADERS
from bot.web.keys import AUDIT

routes = web.RouteTableDef()
log = structlog.get_logger(__name__)

_ROWS_AT_ONCE = 200
_DAYS = 31
_DAYS_MAX = 366
_SUBJECT = "desk:export"


@routes.get("/api/desk/export.csv")
@for_agents(Permission.EXPORT)
async def conversations(request: web.Request) -> web.StreamResponse:
    desk, zone = desk_of(request), desk_of(request).hours.zone
    sought, words = sought_in(request.query)
    if sought.channel and sought.channel not in set(Channel):
        raise BadMessage("No such channel.")
    personal = request.query.get("personal", "") == "1"
    if (personal or words) and not agent_of(request).may(Permission.READ):
        raise Forbidden("The role does not allow reading what was said.")
    # The first page before anything is sent: a wrong filter, or a store that is away, is still told as such.
    found, cursor = await history.page(desk, sought, words, _ROWS_AT_ONCE)
    taken = await _written_down(request, "conversations.export", _filter(sought, words, personal=personal))

    async def rows() -> AsyncIterator[list[Value]]:
        page, following = found, cursor
        while True:
            for one in page:
                yield export.conversation_row(one, personal=personal)
            if following is None:
                return
            page, following = await history.page(desk, sought, words, _ROWS_AT_ONCE, following)

    heads = export.conversation_heads(zone, personal=personal)
    return await _sent(request, _name("conversations", desk.clock(), zone), heads, rows(), taken)


@routes.get("/api/desk/figures.csv")
@for_agents(Permission.REPORTS)
async def figures(request: web.Request) -> web.StreamResponse:
    count = number_in(request.query.get("days", str(_DAYS)), "days", 1, _DAYS_MAX)
    desk, zone = desk_of(request), desk_of(request).hours.zone
    now = desk.clock()
    days = export.days_until(now, count, zone)
    of_days = history.by_day(await history.happened(desk, datetime.combine(days[0], time(), zone)), zone)
    taken = await _written_down(request, "figures.export", {"days": count})

    async def rows() -> AsyncIterator[list[Value]]:
        for day in days:
            yield export.day_row(day, history.counted(of_days.get(day, history.NOTHING), now))

    return await _sent(request, _name("chiffres", now, zone), export.day_heads(zone), rows(), taken)


async def _sent(
    request: web.Request, name: str, heads: Iterable[Value], rows: AsyncIterator[list[Value]], taken: Entry | None
) -> web.StreamResponse:
    """Sends the table. When it breaks off, so does the connection: no half of a table looks like a whole one."""
    zone = desk_of(request).hours.zone
    disposition = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Type": "text/csv; charset=utf-8"}
    response = web.StreamResponse(headers=SECURITY_HEADERS | disposition)
    count, complete = 0, False
    try:
        await response.prepare(request)
        await response.write(MARK.encode() + line(list(heads), zone))
        waiting: list[bytes] = []
        async for row in rows:
            waiting.append(line(row, zone))
            if len(waiting) >= _ROWS_AT_ONCE:
                await response.write(b"".join(waiting))
                count, waiting = count + len(waiting), []
        await response.write(b"".join(waiting))
        count += len(waiting)
        await _told_of(request, taken, count, complete=True)
        complete = True
        await response.write_eof()
    except GuichetError as error:
        log.error("desk.export_broken_off", error=str(error), rows=count)
    finally:
        if not complete:
            await _broken_off(request, taken, count)
    return response


async def _broken_off(request: web.Request, taken: Entry | None, count: int) -> None:
    """The store may be what failed: then it is known at least that the export was begun."""
    try:
        await _told_of(request, taken, count, complete=False)
    except GuichetError as error:
        log.error("desk.export_not_counted", error=str(error), rows=count)
    if request.transport is not None:
        request.transport.abort()


async def _told_of(request: web.Request, taken: Entry | None, count: int, *, complete: bool) -> None:
    """How much it was, before the end of it is sent. Raises `StoreUnavailable`."""
    if taken is not None:
        detail: Detail = {"of": taken.number, "rows": count, "complete": complete}
        await request.app[AUDIT].record(agent_of(request).reference, f"{taken.action}ed", _SUBJECT, detail)


async def _written_down(request: web.Request, action: str, detail: Detail) -> Entry | None:
    """Before it is done, where there is an audit log. Raises `StoreUnavailable`, `BadMessage`."""
    if AUDIT not in request.app:
        return None
    try:
        return await request.app[AUDIT].record(agent_of(request).reference, action, _SUBJECT, detail)
    except ValueError:
        raise BadMessage("A value of the filter is no code.") from None


def _filter(sought: Sought, words: str, *, personal: bool) -> Detail:
    """What was asked for; of the words only that there were some: the log holds none."""
    codes = {"channel": sought.channel, "agent": sought.agent, "verdict": sought.verdict}
    flags = {"requested": sought.with_handover, "words": bool(words), "personal": personal}
    return {name: value for name, value in (codes | flags).items() if value}


def _name(what: str, now: datetime, zone: ZoneInfo) -> str:
    return f"guichet-{what}-{now.astimezone(zone):%Y-%m-%d}.csv"
