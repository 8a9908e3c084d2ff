"""The tables that a supervisor takes away: conversations one a line, figures one day a line. Pure.

What people said, the summaries made of it and the numbers they left are personal: they are in columns of their own,
which are only there when they were asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.desk import export_texts as texts
from bot.desk.routing import waited_seconds
from bot.desk.sheet import Value
from bot.store.desk_records import FoundConversation

Json = Mapping[str, Any]


def conversation_heads(zone: ZoneInfo, *, personal: bool) -> list[Value]:
    """The first line of the conversations."""
    return _named(texts.CONVERSATIONS + (texts.PERSONAL if personal else ()), zone)


def conversation_row(one: FoundConversation, *, personal: bool) -> list[Value]:
    """A conversation, with its latest request for a person."""
    request = one.handover
    waited = None if request is None else waited_seconds(request)
    row: list[Value] = [
        one.id,
        _word(one.channel.value),
        one.started_at,
        one.ended_at,
        one.turns,
        ", ".join(one.titles),
        request.requested_at if request else None,
        _word(request.reason.value if request else ""),
        _word(request.state.value if request else ""),
        request.taken_at if request else None,
        None if waited is None else round(waited),
        request.agent_name if request else "",
        request.team if request else "",
        _word(one.verdict.value if one.verdict else ""),
    ]
    if personal:
        row += [
            "\n".join(one.said),
            request.summary if request else "",
            (request.callback_number or "") if request else "",
        ]
    return row


def day_heads(zone: ZoneInfo) -> list[Value]:
    """The first line of the figures."""
    return _named(texts.DAYS, zone)


def day_row(day: date, figures: Json) -> list[Value]:
    """`figures` as `bot.desk.history.counted` makes them, of that day."""
    asked, waits = figures["handovers"], figures["wait_seconds"]
    refused, callbacks, verdicts = asked["refused"], figures["callbacks"], figures["verdicts"]
    return [
        day.isoformat(),
        asked["asked"],
        asked["taken"],
        *(refused.get(why, 0) for why in ("closed", "nobody", "full")),
        asked["cancelled"],
        asked["left"],
        waits["median"],
        waits["p90"],
        *(callbacks[name] for name in ("promised", "kept", "kept_on_time", "missed", "cancelled")),
        sum(figures["messages"].values()),
        *(verdicts[name] for name in ("right", "wrong_answer", "wrong_intent", "missing_answer")),
    ]


def days_until(now: datetime, count: int, zone: ZoneInfo) -> list[date]:
    """The last `count` days in that zone, today the last."""
    today = now.astimezone(zone).date()
    return [today - timedelta(days=back) for back in range(count - 1, -1, -1)]


def _named(heads: Iterable[str], zone: ZoneInfo) -> list[Value]:
    return [head.replace("{zone}", zone.key) for head in heads]


def _word(code: str) -> str:
    return texts.WORDS.get(code, code)
