"""Between rows and records: the one place that knows both."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from bot.dialogue import Answer, Channel, Choice, Ranked
from bot.store.models import Conversation, Handover, Turn
from bot.store.records import (
    ConversationRecord,
    HandoverReason,
    HandoverRecord,
    HandoverState,
    Mode,
    TurnRecord,
)

JSON_COLUMNS = ("answers", "choices", "ranking")


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
        at=row.at,
        number=row.number,
    )


def conversation_record(row: Conversation) -> ConversationRecord:
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
    )


def handover_record(row: Handover, conversation: ConversationRecord | None = None) -> HandoverRecord:
    return HandoverRecord(
        id=row.id,
        conversation_id=row.conversation_id,
        requested_at=row.requested_at,
        reason=HandoverReason(row.reason),
        state=HandoverState(row.state),
        closed_at=row.closed_at,
        summary=row.summary,
        conversation=conversation,
    )
