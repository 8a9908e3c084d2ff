"""The desk as JSON: what a console shows of requests, agents, callbacks and messages (docs/desk.md). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from bot.desk.payload import Head
from bot.desk.suggestions import Suggestion, plain
from bot.desk.telephone import Line
from bot.desk.visitor import Slot
from bot.store.desk_records import (
    AgentRecord,
    AnnotationRecord,
    CallbackRecord,
    DeskMessageRecord,
    DeskNoteRecord,
    EventRecord,
    FoundConversation,
)
from bot.store.records import HandoverRecord

Json = dict[str, Any]


def iso(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()


def agent_ref(agent_id: str | None, name: str) -> Json | None:
    """An agent as others refer to it."""
    return None if agent_id is None else {"id": agent_id, "name": name or agent_id}


def handover_json(
    one: HandoverRecord,
    head: Head,
    *,
    place: int | None = None,
    wait_seconds: int | None = None,
    phase: str | None = None,
    line: Line | None = None,
) -> Json:
    """`Handover` of docs/desk.md."""
    return {
        "id": one.id,
        "conversation_id": one.conversation_id,
        "channel": one.channel.value,
        "state": one.state.value,
        "version": one.version,
        "reason": one.reason.value,
        "refusal": one.refusal,
        "ending": one.ending,
        "requested_at": iso(one.requested_at),
        "waiting_since": iso(one.waiting_since or one.requested_at),
        "taken_at": iso(one.taken_at),
        "deadline": iso(one.deadline),
        "priority": one.priority,
        "front": one.front,
        "team": one.team,
        "skills": list(one.skills),
        "position": place,
        "wait_seconds": wait_seconds,
        "agent": agent_ref(one.agent_id, one.agent_name),
        "declined": list(one.declined),
        "last_words": head.last_words,
        "subject": {"intent": head.intent, "title": head.title, "confidence": head.confidence} if head.intent else None,
        "heard_confidence": head.heard_confidence,
        "summary": one.summary,
        "phase": phase,
        "callback_number": one.callback_number,
        "on_line": one.on_line,
        "line": {"way": line.way, "state": line.state, "since": iso(line.since)} if line else None,
    }


def agent_json(one: AgentRecord, load: int) -> Json:
    """`Agent`."""
    return {
        "id": one.id,
        "name": one.name,
        "role": one.role,
        "teams": list(one.teams),
        "skills": list(one.skills),
        "status": one.status.value,
        "capacity": one.capacity,
        "load": load,
        "viewing": one.viewing,
        "takes_calls": one.takes_calls,
    }


def callback_json(one: CallbackRecord, now: datetime, request: HandoverRecord | None = None) -> Json:
    """`Callback`. A promise in a slot that has not begun is not overdue, whatever the clock says."""
    first_sign = one.dialled_at or (one.ended_at if one.state == "kept" else None)
    return {
        "id": one.id,
        "conversation_id": one.conversation_id,
        "handover_id": one.handover_id,
        "version": one.version,
        "state": one.state.value,
        "name": one.name,
        "number": one.number,
        "slot": {"from": iso(one.slot_start), "to": iso(one.slot_end)} if one.slot_start else None,
        "promised_at": iso(one.promised_at),
        "due_at": iso(one.due_at),
        "overdue": one.state.is_open and first_sign is None and now > one.due_at,
        "attempts": one.attempts,
        "dialled_at": iso(one.dialled_at),
        "ended_at": iso(one.ended_at),
        "on_time": None if first_sign is None else first_sign <= one.due_at,
        "agent": agent_ref(one.agent_id, one.agent_name),
        "note": one.note,
        "call_id": one.call_id,
        "reason": request.reason.value if request else None,
        "summary": request.summary if request else "",
    }


def message_json(one: DeskMessageRecord) -> Json:
    """`Message`."""
    return {
        "id": one.id,
        "conversation_id": one.conversation_id,
        "version": one.version,
        "state": one.state.value,
        "name": one.name,
        "contact": one.contact,
        "text": one.text,
        "received_at": iso(one.received_at),
        "done_at": iso(one.done_at),
        "agent": agent_ref(one.agent_id, one.agent_name),
        "note": one.note,
    }


def note_json(one: DeskNoteRecord) -> Json:
    """`Note`."""
    return {"id": one.id, "at": iso(one.at), "agent": agent_ref(one.agent_id, one.agent_name), "text": one.text}


def annotation_json(one: AnnotationRecord) -> Json:
    """`Annotation`."""
    values = asdict(one)
    named = {name: values[name] for name in ("id", "intent", "turn", "note", "handover_id")}
    by = agent_ref(one.agent_id, one.agent_name)
    return named | {"at": iso(one.at), "verdict": one.verdict.value, "agent": by}


def event_json(one: EventRecord) -> Json:
    """A line of `Detail.history`."""
    return {
        "at": iso(one.at),
        "kind": one.kind,
        "handover_id": one.handover_id,
        "agent": agent_ref(one.agent_id, one.agent_name),
        "detail": one.detail,
    }


def suggestion_json(one: Suggestion) -> Json:
    """`Suggestion`."""
    return {
        "intent": one.subject.intent,
        "title": one.subject.title,
        "text": one.subject.web,
        "plain": plain(one.subject.web),
        "source": one.subject.source_title,
        "source_url": one.subject.source_url,
        "verified_on": one.subject.verified_on,
        "score": round(one.score, 3),
        "from": one.found_by,
    }


def slot_json(one: Slot) -> Json:
    return {"id": one.id, "from": iso(one.start), "to": iso(one.end)}


def found_json(one: FoundConversation, excerpt: str) -> Json:
    """`Found`."""
    handover = one.handover
    return {
        "id": one.id,
        "channel": one.channel.value,
        "started_at": iso(one.started_at),
        "ended_at": iso(one.ended_at),
        "turns": one.turns,
        "excerpt": excerpt,
        "subjects": list(one.titles),
        "handover": None if handover is None else _handover_in_list(handover),
        "verdict": one.verdict.value if one.verdict else None,
    }


def _handover_in_list(one: HandoverRecord) -> Json:
    waited = None if one.taken_at is None else round((one.taken_at - one.requested_at).total_seconds())
    return {
        "id": one.id,
        "state": one.state.value,
        "reason": one.reason.value,
        "ending": one.ending,
        "agent": agent_ref(one.agent_id, one.agent_name),
        "requested_at": iso(one.requested_at),
        "waited_seconds": waited,
    }


def by_id(entities: Iterable[Json]) -> dict[str, Json]:
    return {one["id"]: one for one in entities}


def difference(before: dict[str, Json], after: dict[str, Json]) -> Json | None:
    """`{"put", "gone"}`, or None when nothing changed. What has not changed is most often the same object."""
    put = [one for key, one in after.items() if (known := before.get(key)) is not one and known != one]
    gone = [key for key in before if key not in after]
    return {"put": put, "gone": gone} if put or gone else None
