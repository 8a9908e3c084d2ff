"""Calls and conversations as JSON: the same for the API of the desk and for `guichet calls --json`."""

from __future__ import annotations

from typing import Any

from bot.chats import answer_json
from bot.store import CallSummary, ConversationRecord, NoteRecord, TurnRecord


def conversation_json(record: ConversationRecord) -> dict[str, Any]:
    """A conversation with its turns and notes."""
    return {
        "id": record.id,
        "channel": record.channel.value,
        "line_id": record.line_id,
        "started_at": record.started_at.isoformat(),
        "ended_at": record.ended_at.isoformat() if record.ended_at else None,
        "ended_reason": record.ended_reason,
        "turns": [turn_json(turn) for turn in record.turns],
        "notes": [note_json(note) for note in record.notes],
    }


def turn_json(turn: TurnRecord) -> dict[str, Any]:
    """One exchange."""
    return {
        "number": turn.number,
        "at": turn.at.isoformat(),
        "heard": turn.heard,
        "confidence": turn.heard_confidence,
        "readings": [{"text": one.text, "confidence": one.confidence} for one in turn.readings],
        "key": turn.key,
        "intent": turn.intent,
        "intent_confidence": turn.confidence,
        "outcome": turn.outcome,
        "spoken": turn.spoken,
        "interrupted": turn.interrupted,
        "answers": [answer_json(answer) for answer in turn.answers],
        "choices": [{"intent": choice.intent, "text": choice.text} for choice in turn.choices],
        "ranking": [{"intent": one.intent, "confidence": one.confidence} for one in turn.ranking],
        "segments": dict(turn.segments),
    }


def note_json(note: NoteRecord) -> dict[str, Any]:
    """Something that happened beside the turns."""
    return {"at_ms": note.at_ms, "kind": note.kind.value, "detail": note.detail}


def summary_json(call: CallSummary) -> dict[str, Any]:
    """A call in a list."""
    return {
        "id": call.id,
        "line_id": call.line_id,
        "started_at": call.started_at.isoformat(),
        "ended_at": call.ended_at.isoformat() if call.ended_at else None,
        "ended_reason": call.ended_reason,
        "seconds": call.seconds,
        "turns": call.turns,
        "answered": call.answered,
        "person": call.person.value if call.person else None,
    }
