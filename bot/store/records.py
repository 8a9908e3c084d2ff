"""What the store gives and takes: plain frozen records, so that nobody outside holds a database session.

A record is a copy of what was true when it was read. All times are aware and in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256

from bot.dialogue import Answer, Channel, Choice, Ranked, Reading, Reply

RANKING_KEPT = 5


class Mode(StrEnum):
    """Who answers the person."""

    BOT = "bot"
    HUMAN = "human"


class HandoverReason(StrEnum):
    """Why a person is needed. `CALLBACK`: an agent calls somebody back, as promised."""

    ASKED = "asked"
    KEY = "key"
    NOT_UNDERSTOOD = "not_understood"
    ABSTAINED = "abstained"
    DIALOGUE_UNAVAILABLE = "dialogue_unavailable"
    SPEECH_UNAVAILABLE = "speech_unavailable"
    SILENCE = "silence"
    CALLBACK = "callback"


class NoteKind(StrEnum):
    """What happens in a call beside its turns: the values of `voice.call_messages.NoteKind`; metrics count by them."""

    GREETED = "greeted"
    SILENCE = "silence"
    MISHEARD = "misheard"
    INTERRUPTED = "interrupted"
    RESUMED = "resumed"
    WENT_ON = "went_on"
    WAITING_WORD = "waiting_word"
    HELD = "held"
    RETRIEVED = "retrieved"
    KEY = "key"
    TRANSFER = "transfer"
    TRANSFER_FAILED = "transfer_failed"
    CALLBACK_PROMISED = "callback_promised"
    LINK_SENT = "link_sent"
    BUSY_REFUSED = "busy_refused"
    LINE_FAULT = "line_fault"
    RECOGNITION_FAILED = "recognition_failed"
    DIALOGUE_FAILED = "dialogue_failed"
    SPEECH_FAILED = "speech_failed"
    QUEUED = "queued"
    JOINED = "joined"
    PARTED = "parted"


class HandoverState(StrEnum):
    """How a request for a person stands (docs/desk.md). It is open in the first four, and final after `WRAP_UP`."""

    REQUESTED = "requested"
    QUEUED = "queued"
    OFFERED = "offered"
    ACTIVE = "active"
    WRAP_UP = "wrap_up"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    LEFT = "left"
    REFUSED = "refused"
    CALLBACK = "callback"
    MESSAGE_LEFT = "message_left"

    @property
    def is_open(self) -> bool:
        return self in OPEN_STATES

    @property
    def is_final(self) -> bool:
        return self not in LIVE_STATES


WAITING_STATES = (HandoverState.REQUESTED, HandoverState.QUEUED, HandoverState.OFFERED)
OPEN_STATES = (*WAITING_STATES, HandoverState.ACTIVE)
LIVE_STATES = (*OPEN_STATES, HandoverState.WRAP_UP)


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
    they are contiguous and add up to the wait. `number` is given by the store, from 1 on. `readings` are what else
    may have been heard. `interrupted`: the caller cut the answer short. `at` is when the turn was over.
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
    readings: tuple[Reading, ...] = ()
    interrupted: bool = False
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
class NoteRecord:
    """Something that happened `at_ms` milliseconds after the call began. `detail` holds no words of the caller."""

    kind: NoteKind
    at_ms: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class CallSummary:
    """A call in a list: how many turns it had and how many were answered, and why a person was asked for."""

    id: str
    started_at: datetime
    ended_at: datetime | None = None
    ended_reason: str | None = None
    line_id: str | None = None
    turns: int = 0
    answered: int = 0
    person: HandoverReason | None = None

    @property
    def seconds(self) -> float | None:
        """How long it lasted; None while it is on."""
        return (self.ended_at - self.started_at).total_seconds() if self.ended_at else None


@dataclass(frozen=True, slots=True)
class ConversationRecord:
    """A conversation with its turns and notes, in order. `line_id` is the telephone protocol's (the SIP Call-ID).

    `notes` are there in what is read for one conversation, not in what `Store.open_handovers` returns.
    """

    id: str
    channel: Channel
    mode: Mode
    started_at: datetime
    ended_at: datetime | None = None
    ended_reason: str | None = None
    line_id: str | None = None
    token_digest: str | None = None
    turns: tuple[TurnRecord, ...] = ()
    notes: tuple[NoteRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class HandoverRecord:
    """A request for a person. `conversation` is there only in what `Store.open_handovers` returns.

    `callback_number` is there only when the person agreed to be called back. `version` grows with each change: who
    changes it names the one it read. `agent_id` is who is offered it, owns it or writes it up. `deadline` is when it
    changes by itself. `front`: handed back by an agent. `declined` are ids of agents. `through_turn` is the number of
    the last turn before the request. `place_given` and `wait_given_seconds` are what the visitor was told first.
    `on_line`: a caller who waits on the telephone, or speaks with the agent.
    """

    id: str
    conversation_id: str
    requested_at: datetime
    reason: HandoverReason
    state: HandoverState
    closed_at: datetime | None = None
    summary: str = ""
    callback_number: str | None = None
    conversation: ConversationRecord | None = None
    channel: Channel = Channel.WEB
    version: int = 0
    waiting_since: datetime | None = None
    taken_at: datetime | None = None
    deadline: datetime | None = None
    priority: int = 0
    front: bool = False
    team: str = ""
    skills: tuple[str, ...] = ()
    agent_id: str | None = None
    agent_name: str = ""
    declined: tuple[str, ...] = ()
    refusal: str | None = None
    ending: str | None = None
    through_turn: int = 0
    place_given: int | None = None
    wait_given_seconds: int | None = None
    on_line: bool = False
