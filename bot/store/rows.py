"""Between rows and records: the one place that knows both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from typing import Any, cast

from sqlalchemy import CursorResult, Result, Row

from bot.dialogue import Answer, Channel, Choice, Ranked, Reading
from bot.store.models import Conversation, Handover, Note, Turn
from bot.store.records import (
    ConversationRecord,
    HandoverReason,
    HandoverRecord,
    HandoverState,
    Mode,
    NoteKind,
    NoteRecord,
    TurnRecord,
)

JSON_COLUMNS = ("answers", "choices", "ranking", "readings")


def turn_values(record: TurnRecord) -> dict[str, Any]:
    """The columns of a turn, without its conversation."""
    values = asdict(replace(record, segments=dict(record.segments)))
    return {name: list(value) if name in JSON_COLUMNS else value for name, value in values.items()}


def turn_record(row: Turn) -> TurnRecord:
    return TurnRecord(
        heard=row.heard,
        heard_confidence=row.heard_confidence,
        key=row.key,
        intent=row.intent,
        confidence=row.confidence,
        outcome=row.outcome,
        spoken=row.spoken,
        answers=tuple(Answer(**each) for each in row.answers),
        choices=tuple(Choice(**each) for each in row.choices),
        ranking=tuple(Ranked(**each) for each in row.ranking),
        segments=row.segments,
        readings=tuple(Reading(**each) for each in row.readings),
        interrupted=row.interrupted,
        at=row.at,
        number=row.number,
    )


def note_record(row: Note) -> NoteRecord:
    return NoteRecord(NoteKind(row.kind), row.at_ms, row.detail)


def conversation_record(row: Conversation, notes: Sequence[Note] = ()) -> ConversationRecord:
    """Needs the turns loaded."""
    return ConversationRecord(
        id=row.id,
        channel=Channel(row.channel),
        mode=Mode(row.mode),
        started_at=row.started_at,
        ended_at=row.ended_at,
        ended_reason=row.ended_reason,
        line_id=row.line_id,
        token_digest=row.token_digest,
        turns=tuple(turn_record(turn) for turn in row.turns),
        notes=tuple(note_record(note) for note in notes),
    )


def handover_record(
    row: Handover | Row[*tuple[Any, ...]], channel: str, conversation: ConversationRecord | None = None
) -> HandoverRecord:
    return HandoverRecord(
        id=row.id,
        conversation_id=row.conversation_id,
        requested_at=row.requested_at,
        reason=HandoverReason(row.reason),
        state=HandoverState(row.state),
        closed_at=row.closed_at,
        summary=row.summary,
        callback_number=row.callback_number,
        conversation=conversation,
        channel=Channel(channel),
        version=row.version,
        waiting_since=row.waiting_since,
        taken_at=row.taken_at,
        deadline=row.deadline,
        priority=row.priority,
        front=row.front,
        team=row.team,
        skills=tuple(row.skills),
        agent_id=row.agent_id,
        agent_name=row.agent_name,
        declined=tuple(row.declined),
        refusal=row.refusal,
        ending=row.ending,
        through_turn=row.through_turn,
        place_given=row.place_given,
        wait_given_seconds=row.wait_given_seconds,
        on_line=row.on_line,
    )


_FIXED = ("id", "conversation_id", "requested_at", "reason", "summary", "callback_number", "conversation", "channel")


def handover_changes(record: HandoverRecord) -> dict[str, Any]:
    """The columns that the desk may change, `version` aside."""
    values = {field.name: getattr(record, field.name) for field in fields(record) if field.name not in _FIXED}
    del values["version"]
    return values | {
        "state": record.state.value,
        "skills": list(record.skills),
        "declined": list(record.declined),
    }


def handover_values(record: HandoverRecord) -> dict[str, Any]:
    """All columns, of a request that is new."""
    return handover_changes(record) | {
        "id": record.id,
        "conversation_id": record.conversation_id,
        "requested_at": record.requested_at,
        "reason": record.reason.value,
        "summary": record.summary,
        "callback_number": record.callback_number,
        "version": record.version,
    }


def row_count(result: Result[Any]) -> int:
    """How many rows a statement has written."""
    return cast("CursorResult[Any]", result).rowcount
