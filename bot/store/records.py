"""What the store gives and takes: plain frozen records, so that nobody outside holds a database session.

A record is a copy of what was true when it was read. All times are aware and in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256

from bot.dialogue import Answer, Channel, Choice, Ranked, Reply

RANKING_KEPT = 5


class Mode(StrEnum):
    """Who answers the person."""

    BOT = "bot"
    HUMAN = "human"


class HandoverReason(StrEnum):
    """Why a person is needed."""

    ASKED = "asked"
    KEY = "key"
    NOT_UNDERSTOOD = "not_understood"
    ABSTAINED = "abstained"
    DIALOGUE_UNAVAILABLE = "dialogue_unavailable"
    SPEECH_UNAVAILABLE = "speech_unavailable"
    SILENCE = "silence"


class HandoverState(StrEnum):
    """A handover is open while requested or taken; the other states are final."""

    REQUESTED = "requested"
    TAKEN = "taken"
    CLOSED = "closed"
    CANCELLED = "cancelled"

    @property
    def is_open(self) -> bool:
        return self in OPEN_STATES


OPEN_STATES = (HandoverState.REQUESTED, HandoverState.TAKEN)


def utc_now() -> datetime:
    """The present, aware."""
    return datetime.now(UTC)


def token_digest(token: str) -> str:
    """What is kept of a visitor's session token: SHA-256, 64 hexadecimal digits."""
    return sha256(token.encode("utf-8", "replace")).hexdigest()


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """One exchange: what was heard or typed, what was understood, what was answered, how long it took.

    `heard` is empty when the turn is a key or a silence. `segments` maps a step to its milliseconds;
    they are contiguous and add up to the wait. `number` is given by the store, from 1 on.
    """

    heard: str = ""
    heard_confidence: float | None = None
    key: str | None = None
    intent: str = ""
    confidence: float = 0.0
    outcome: str = ""
    spoken: str = ""
    answers: tuple[Answer, ...] = ()
    choices: tuple[Choice, ...] = ()
    ranking: tuple[Ranked, ...] = ()
    segments: Mapping[str, float] = field(default_factory=dict)
    at: datetime = field(default_factory=utc_now)
    number: int = 0

    @classmethod
    def from_reply(
        cls,
        reply: Reply,
        *,
        heard: str = "",
        heard_confidence: float | None = None,
        key: str | None = None,
        segments: Mapping[str, float] | None = None,
    ) -> TurnRecord:
        """The turn that `reply` answered; keeps the five best of its ranking."""
        return cls(
            heard=heard,
            heard_confidence=heard_confidence,
            key=key,
            intent=reply.intent,
            confidence=reply.confidence,
            outcome=reply.outcome.value,
            spoken="\n\n".join(reply.texts),
            answers=reply.answers,
            choices=reply.choices,
            ranking=reply.ranking[:RANKING_KEPT],
            segments=dict(segments or {}),
        )


@dataclass(frozen=True, slots=True)
class ConversationRecord:
    """A conversation with its turns, in order. `line_id` is the telephone protocol's (the SIP Call-ID)."""

    id: str
    channel: Channel
    mode: Mode
    started_at: datetime
    ended_at: datetime | None = None
    ended_reason: str | None = None
    line_id: str | None = None
    token_digest: str | None = None
    turns: tuple[TurnRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class HandoverRecord:
    """A request for a person. `conversation` is there only in what `Store.open_handovers` returns."""

    id: str
    conversation_id: str
    requested_at: datetime
    reason: HandoverReason
    state: HandoverState
    closed_at: datetime | None = None
    summary: str = ""
    conversation: ConversationRecord | None = None
