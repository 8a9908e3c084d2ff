"""What an agent is given with a request: read from the turns up to the request, never copied.

The turns before a request do not change any more, so what is read once may be remembered by the request's id.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.knowledge import Knowledge
from bot.store.records import HandoverRecord, TurnRecord

PROTOCOL_VERSION = 1


@dataclass(frozen=True, slots=True)
class Head:
    """What the list of requests shows. `intent` is empty when nothing was understood."""

    last_words: str = ""
    heard_confidence: float | None = None
    intent: str = ""
    title: str = ""
    confidence: float = 0.0


def head(turns: Sequence[TurnRecord], request: HandoverRecord, knowledge: Knowledge) -> Head:
    """From the last thing the person said in own words."""
    turn = _last_said(before_request(turns, request))
    if turn is None:
        return Head()
    intent, confidence = turn.intent, turn.confidence
    return Head(turn.heard, turn.heard_confidence, intent, title_of(knowledge, intent), confidence)


def payload(turns: Sequence[TurnRecord], request: HandoverRecord, knowledge: Knowledge) -> dict[str, Any]:
    """`Payload` of docs/desk.md."""
    before = before_request(turns, request)
    last = _last_said(before)
    waiting_since = request.waiting_since or request.requested_at
    return {
        "protocol_version": PROTOCOL_VERSION,
        "conversation_id": request.conversation_id,
        "channel": request.channel.value,
        "reason": request.reason.value,
        "waiting_since": waiting_since.isoformat(),
        "summary": request.summary,
        "last_words": last.heard if last else "",
        "heard_confidence": last.heard_confidence if last else None,
        "ranking": [
            {"intent": one.intent, "title": title_of(knowledge, one.intent), "confidence": one.confidence}
            for one in (last.ranking if last else ())
        ],
        "slots": {},
        "answers": [
            {
                "id": answer.id,
                "title": answer.title,
                "source": answer.source,
                "source_url": answer.source_url,
                "verified_on": answer.verified_on,
                "turn": turn.number,
            }
            for turn in before
            for answer in turn.answers
            if answer.source
        ],
        "transcript": {
            "href": f"/api/desk/conversations/{request.conversation_id}",
            "through_turn": request.through_turn,
        },
    }


def before_request(turns: Sequence[TurnRecord], request: HandoverRecord) -> list[TurnRecord]:
    """The turns that the request was made after; all of them for a request of an older Guichet."""
    return [turn for turn in turns if not request.through_turn or turn.number <= request.through_turn]


def title_of(knowledge: Knowledge, intent: str) -> str:
    """How the subject is called; empty for what is not known (any more)."""
    return knowledge[intent].title if intent in knowledge else ""


def _last_said(turns: Sequence[TurnRecord]) -> TurnRecord | None:
    return next((turn for turn in reversed(turns) if turn.heard and not turn.key and turn.intent != "handover"), None)
