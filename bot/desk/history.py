"""Past conversations: one in every detail, many by their words, and the figures of a period."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from statistics import median, quantiles
from typing import Any
from zoneinfo import ZoneInfo

from bot.call_json import turn_json
from bot.desk import views
from bot.desk.desk import Desk
from bot.desk.overview import Overview
from bot.desk.payload import payload
from bot.desk.refusals import NotThere, Unusable
from bot.desk.routing import waited_seconds
from bot.dialogue import Channel
from bot.errors import UnknownConversation
from bot.nlu.text import folded_form
from bot.store.desk_records import (
    AnnotationRecord,
    CallbackRecord,
    CallbackState,
    DeskMessageRecord,
    FoundConversation,
    MessageState,
    Verdict,
)
from bot.store.past import Sought
from bot.store.records import ConversationRecord, HandoverReason, HandoverRecord, HandoverState

Json = dict[str, Any]

_BATCH = 60
_LOOKED_THROUGH = 5000
_MOST_COUNTED = 100_000
_EXCERPT_CHARS = 160
_ID_CHARS_MIN = 6
_LIGATURES = re.compile("oe|ae")
_ACCENTED = re.compile("[aceinouy]")
_HEXADECIMAL = frozenset("0123456789abcdef")


async def detail(desk: Desk, overview: Overview, conversation_id: str, phase: str | None) -> Json:
    """`Detail` of docs/desk.md."""
    store = desk.store
    conversation = await store.conversation(conversation_id)
    if conversation is None:
        raise NotThere("unknown_conversation")
    requests = await store.handovers_of(conversation_id)
    events = await store.events_of([one.id for one in requests])
    callbacks = await store.callbacks(conversation_id=conversation_id)
    left = await store.desk_messages(conversation_id=conversation_id)
    agents = await desk.present()
    is_call = conversation.channel is Channel.PHONE
    return {
        "id": conversation.id,
        "channel": conversation.channel.value,
        "mode": conversation.mode.value,
        "started_at": views.iso(conversation.started_at),
        "ended_at": views.iso(conversation.ended_at),
        "ended_reason": conversation.ended_reason,
        "phase": phase if is_call else None,
        "messages": await _messages(desk, conversation),
        "turns": [turn_json(turn) for turn in conversation.turns],
        "handovers": await overview.handovers(requests),
        "payload": payload(conversation.turns, requests[-1], desk.knowledge) if requests else None,
        "history": [views.event_json(one) for one in events],
        "notes": [views.note_json(one) for one in await store.desk_notes(conversation_id)],
        "annotations": [views.annotation_json(one) for one in await store.annotations(conversation_id=conversation_id)],
        "callbacks": await overview.callbacks(callbacks),
        "desk_messages": [views.message_json(one) for one in left],
        "viewers": [{"id": one.id, "name": one.name} for one in agents if one.viewing == conversation_id],
    }


async def _messages(desk: Desk, conversation: ConversationRecord) -> list[Json]:
    """The visitor's log; of a call, what was heard and said."""
    if conversation.channel is not Channel.PHONE and desk.visitors is not None:
        try:
            return await desk.visitors.messages(conversation.id)
        except UnknownConversation:
            pass  # begun before chats had logs
    log: list[Json] = []
    for turn in conversation.turns:
        at = views.iso(turn.at)
        log.append({"type": "person", "seq": 2 * turn.number - 1, "at": at, "text": turn.heard or turn.key or ""})
        shown = turn_json(turn)
        reply = {name: shown[name] for name in ("outcome", "answers", "choices")}
        log.append({"type": "reply", "seq": 2 * turn.number, "at": at, "text": turn.spoken} | reply)
    return log


async def search(desk: Desk, sought: Sought, words: str, limit: int, cursor: str = "") -> Json:
    """`{"conversations", "next"}`. Looks through so many at most, then gives the cursor to go on from."""
    found, following = await page(desk, sought, words, limit, cursor)
    terms = folded_form(words).split()
    return {"conversations": [views.found_json(one, _excerpt(one, terms)) for one in found], "next": following}


async def page(
    desk: Desk, sought: Sought, words: str, limit: int, cursor: str = ""
) -> tuple[list[FoundConversation], str | None]:
    """What is found, the latest first, and the cursor to go on from; None when that was all."""
    terms = folded_form(words).split()
    if len(terms) == 1 and len(terms[0]) >= _ID_CHARS_MIN and set(terms[0]) <= _HEXADECIMAL:
        by_id = await desk.store.past(Sought(begins=terms[0]), limit)
        if by_id:
            return by_id, None
    sought = replace(sought, words=tuple(_roughly(desk, term) for term in terms))
    found: list[FoundConversation] = []
    before = _from_cursor(cursor)
    batch = max(limit, _BATCH) if terms else limit
    looked_through = 0
    while len(found) < limit and looked_through < _LOOKED_THROUGH:
        batch_found = await desk.store.past(sought, batch, before=before)
        looked_through += len(batch_found)
        fitting = await asyncio.to_thread(_fitting, batch_found, terms)
        room = limit - len(found)
        found += fitting[:room]
        if len(fitting) > room or len(batch_found) == batch:
            last = found[-1] if len(fitting) >= room else batch_found[-1]
            before = (last.started_at, last.id)
        else:
            before = None
            break
    return found, f"{before[0].astimezone(UTC).isoformat()}~{before[1]}" if before else None


def _roughly(desk: Desk, term: str) -> tuple[str, tuple[str, ...]]:
    """What the database can look for: any letter where French may have an accent, and the subjects of that title."""
    pattern = _ACCENTED.sub("_", _LIGATURES.sub("%", term))
    intents = tuple(one.intent for one in desk.knowledge.values() if term in folded_form(one.title))
    return f"%{pattern}%", intents


def _fitting(page: Sequence[FoundConversation], terms: Sequence[str]) -> list[FoundConversation]:
    if not terms:
        return list(page)
    fitting = []
    for one in page:
        text = folded_form(" ".join((*one.said, *one.titles, one.handover.summary if one.handover else "")))
        if all(term in text for term in terms):
            fitting.append(one)
    return fitting


def _excerpt(one: FoundConversation, terms: Sequence[str]) -> str:
    """The first words that were sought, or else the first said."""
    sought = (text for text in one.said if any(term in folded_form(text) for term in terms))
    text = " ".join(next(sought, one.said[0] if one.said else "").split())
    return text if len(text) <= _EXCERPT_CHARS else text[: _EXCERPT_CHARS - 1].rstrip() + "…"


def _from_cursor(cursor: str) -> tuple[datetime, str] | None:
    if not cursor:
        return None
    time, _, last_id = cursor.replace(" ", "+").partition("~")
    try:
        parsed = datetime.fromisoformat(time)
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC), last_id
    except (ValueError, OverflowError):
        raise Unusable from None


async def figures(desk: Desk, days: int) -> Json:
    """`figures` of docs/desk.md."""
    now = desk.clock()
    since = now - timedelta(days=days)
    return {"since": views.iso(since)} | counted(await happened(desk, since), now)


@dataclass(frozen=True, slots=True)
class Happened:
    """What figures are made of: all of a period."""

    requests: list[HandoverRecord]
    callbacks: list[CallbackRecord]
    messages: list[DeskMessageRecord]
    annotations: list[AnnotationRecord]


NOTHING = Happened([], [], [], [])


async def happened(desk: Desk, since: datetime) -> Happened:
    """Everything since."""
    store = desk.store
    return Happened(
        await store.handovers_since(since),
        await store.callbacks(promised_since=since, limit=_MOST_COUNTED),
        await store.desk_messages(received_since=since, limit=_MOST_COUNTED),
        await store.annotations(since=since),
    )


def by_day(all_of_it: Happened, zone: ZoneInfo) -> dict[date, Happened]:
    """The same, each day apart, as days are in that zone. A day on which nothing happened is not there."""
    days: dict[date, Happened] = {}

    def on(time: datetime) -> Happened:
        return days.setdefault(time.astimezone(zone).date(), Happened([], [], [], []))

    for request in all_of_it.requests:
        on(request.requested_at).requests.append(request)
    for callback in all_of_it.callbacks:
        on(callback.promised_at).callbacks.append(callback)
    for message in all_of_it.messages:
        on(message.received_at).messages.append(message)
    for annotation in all_of_it.annotations:
        on(annotation.at).annotations.append(annotation)
    return days


def counted(of: Happened, now: datetime) -> Json:
    """Figures, without saying of which period."""
    requests, callbacks = [one for one in of.requests if one.reason is not HandoverReason.CALLBACK], of.callbacks
    verdicts = Counter(one.verdict for one in of.annotations)
    states = Counter(one.state for one in requests)
    waits = sorted(wait for one in requests if (wait := waited_seconds(one)) is not None)
    shown = [views.callback_json(one, now) for one in callbacks]
    of_callbacks = Counter(one.state for one in callbacks)
    return {
        "handovers": {
            "asked": len(requests),
            "taken": len(waits),
            "refused": dict(Counter(one.refusal for one in requests if one.refusal)),
            "cancelled": states[HandoverState.CANCELLED],
            "left": states[HandoverState.LEFT],
            "callback": states[HandoverState.CALLBACK],
            "message_left": states[HandoverState.MESSAGE_LEFT],
        },
        "wait_seconds": {"median": _median(waits), "p90": _p90(waits)},
        "wait_given": _wait_given(requests),
        "callbacks": {
            "promised": len(callbacks),
            "kept": of_callbacks[CallbackState.KEPT],
            "kept_on_time": sum(one["state"] == "kept" and one["on_time"] is True for one in shown),
            "missed": of_callbacks[CallbackState.MISSED],
            "cancelled": of_callbacks[CallbackState.CANCELLED],
            "overdue": sum(one["overdue"] for one in shown),
        },
        "messages": {state.value: sum(one.state is state for one in of.messages) for state in MessageState},
        "verdicts": {verdict.value: verdicts[verdict] for verdict in Verdict},
    }


def _wait_given(requests: Sequence[HandoverRecord]) -> Json:
    """How often a wait was told, and how often it was no longer than told."""
    told = [
        (one.wait_given_seconds, wait)
        for one in requests
        if one.wait_given_seconds is not None and (wait := waited_seconds(one)) is not None
    ]
    return {"count": len(told), "kept": sum(wait <= given for given, wait in told)}


def _median(waits: Sequence[float]) -> int | None:
    return round(median(waits)) if waits else None


def _p90(waits: Sequence[float]) -> int | None:
    if not waits:
        return None
    return round(waits[0] if len(waits) == 1 else quantiles(waits, n=10, method="inclusive")[-1])
