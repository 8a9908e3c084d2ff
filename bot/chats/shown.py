"""What windows and programs are shown: our records as the JSON of docs/api.md."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bot.desk.visitor import Availability, HandoverView, Slot, VisitorState
from bot.dialogue import Reply
from bot.store import MessageKind, MessageRecord, TurnRecord

Message = dict[str, Any]

# The states in which the bot has the conversation for itself again.
OVER = frozenset(
    {
        VisitorState.ENDED,
        VisitorState.CANCELLED,
        VisitorState.REFUSED,
        VisitorState.CALLBACK,
        VisitorState.MESSAGE_LEFT,
    }
)


def message_json(record: MessageRecord, turns: Mapping[int, TurnRecord]) -> Message:
    """A message of the log. `turns`, by number, hold what a reply says."""
    shown: Message = {"type": record.kind.value, "seq": record.seq, "at": _time(record.at), "text": record.text}
    match record.kind:
        case MessageKind.PERSON if record.client_id is not None:
            shown["client_id"] = record.client_id
        case MessageKind.REPLY:
            shown |= _reply(record, turns.get(record.turn or 0, TurnRecord()))
        case MessageKind.AGENT | MessageKind.HANDOVER:
            shown |= record.detail
    return shown


def _reply(record: MessageRecord, turn: TurnRecord) -> Message:
    answers = [answer_json(answer) for answer in turn.answers]
    return {
        "outcome": turn.outcome,
        "intent": turn.intent,
        "text": "" if answers else turn.spoken,
        "answers": answers,
        "choices": [{"intent": choice.intent, "text": choice.text} for choice in turn.choices],
        "feedback": None if record.helpful is None else {"helpful": record.helpful},
    }


def answer_json(answer: Any) -> Message:
    """An answer with its source and the date on which it was verified."""
    fields = ("id", "title", "text", "source", "source_url", "verified_on")
    return {name: getattr(answer, name) for name in fields}


def reply_json(reply: Reply) -> Message:
    """A reply with everything that explains it, for `guichet ask --json` and the API."""
    return {
        "outcome": reply.outcome.value,
        "intent": reply.intent,
        "confidence": round(reply.confidence, 4),
        "ranking": [{"intent": one.intent, "confidence": round(one.confidence, 4)} for one in reply.ranking],
        "answers": [answer_json(answer) for answer in reply.answers],
        "choices": [{"intent": choice.intent, "text": choice.text} for choice in reply.choices],
        "text": reply.text,
        "why": reply.why,
    }


def handover_detail(view: HandoverView) -> Message:
    """What a message about the request for a person says beside its text; without what changes by the minute."""
    detail: Message = {"state": view.state.value}
    if view.state is VisitorState.REFUSED and view.reason is not None:
        detail["reason"] = view.reason.value
    if view.agent:
        detail["agent"] = view.agent
    if view.state is VisitorState.CALLBACK:
        detail["slot"] = view.slot and slot_json(view.slot)
    return detail


def handover_now(view: HandoverView | None) -> Message | None:
    """How the request stands; None when the bot alone has the conversation."""
    if view is None or view.state in OVER:
        return None
    return {
        "state": view.state.value,
        "position": view.position,
        "wait_seconds": view.wait_seconds,
        "agent": view.agent or None,
    }


def queue_json(position: int | None, wait_seconds: int | None) -> Message:
    """The place in the queue."""
    return {"position": position, "wait_seconds": wait_seconds}


def slot_json(slot: Slot) -> Message:
    """A time for a callback."""
    return {"id": slot.id, "from": slot.start.isoformat(), "to": slot.end.isoformat()}


def availability_json(one: Availability) -> Message:
    """When a person can be reached."""
    return {
        "open": one.open,
        "staffed": one.staffed,
        "hours": list(one.hours),
        "next_opening": one.next_opening and one.next_opening.isoformat(),
        "slots": [slot_json(slot) for slot in one.slots],
        "messages": one.messages,
    }


def _time(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
