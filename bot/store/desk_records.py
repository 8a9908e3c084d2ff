"""What the store gives and takes for the desk, beside `HandoverRecord`: plain frozen records, all times in UTC."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.dialogue import Channel
from bot.store.records import HandoverRecord


class AgentStatus(StrEnum):
    """Whether an agent takes new conversations."""

    AVAILABLE = "available"
    AWAY = "away"


class CallbackState(StrEnum):
    """How a promise to call back stands."""

    PROMISED = "promised"
    DIALLING = "dialling"
    KEPT = "kept"
    MISSED = "missed"
    CANCELLED = "cancelled"

    @property
    def is_open(self) -> bool:
        return self in (CallbackState.PROMISED, CallbackState.DIALLING)


class MessageState(StrEnum):
    """How a written message stands."""

    NEW = "new"
    DONE = "done"


class Verdict(StrEnum):
    """Whether the bot was right, as an agent judges."""

    RIGHT = "right"
    WRONG_ANSWER = "wrong_answer"
    WRONG_INTENT = "wrong_intent"
    MISSING_ANSWER = "missing_answer"


@dataclass(frozen=True, slots=True)
class AgentRecord:
    """An agent who has been seen. `free_since` is when the last conversation was over.

    `takes_calls`: callers may be offered; `phone`: the number or extension at which the agent is rung.
    """

    id: str
    name: str
    role: str
    teams: tuple[str, ...]
    skills: tuple[str, ...]
    status: AgentStatus
    capacity: int
    seen_at: datetime
    free_since: datetime
    viewing: str | None = None
    takes_calls: bool = False
    phone: str = ""


Claim = Callable[[AgentRecord, Sequence[HandoverRecord]], None]
"""Raises what keeps this agent, who has these requests already, from one more; asked while nobody gives them any."""


@dataclass(frozen=True, slots=True)
class EventRecord:
    """Something that happened to a request."""

    handover_id: str
    at: datetime
    kind: str
    agent_id: str | None = None
    agent_name: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class DeskNoteRecord:
    """A private note."""

    id: str
    conversation_id: str
    at: datetime
    agent_id: str
    agent_name: str
    text: str


@dataclass(frozen=True, slots=True)
class AnnotationRecord:
    """Whether the bot was right. `intent` is the right one, for a wrong intent; `turn` 0 means none in particular."""

    id: str
    conversation_id: str
    handover_id: str | None
    at: datetime
    agent_id: str
    agent_name: str
    verdict: Verdict
    intent: str = ""
    turn: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class CallbackRecord:
    """A promise to call somebody back at `number` (E.164). Without a slot, `slot_id` is empty.

    `dialled_at` is the first attempt, `tried_at` the last. `call_id` is the request (`HandoverRecord.id`) of the last
    call that an agent made for it. `version` grows with each change.
    """

    id: str
    conversation_id: str
    handover_id: str | None
    state: CallbackState
    name: str
    number: str
    promised_at: datetime
    due_at: datetime
    slot_id: str = ""
    slot_start: datetime | None = None
    slot_end: datetime | None = None
    attempts: int = 0
    dialled_at: datetime | None = None
    tried_at: datetime | None = None
    ended_at: datetime | None = None
    agent_id: str | None = None
    agent_name: str = ""
    note: str = ""
    call_id: str | None = None
    version: int = 0


@dataclass(frozen=True, slots=True)
class DeskMessageRecord:
    """A written message. `contact` is what the visitor gave: a number, an address."""

    id: str
    conversation_id: str
    handover_id: str | None
    state: MessageState
    name: str
    contact: str
    text: str
    received_at: datetime
    done_at: datetime | None = None
    agent_id: str | None = None
    agent_name: str = ""
    note: str = ""
    version: int = 0


Kept = DeskNoteRecord | AnnotationRecord | CallbackRecord | DeskMessageRecord


@dataclass(frozen=True, slots=True)
class LiveHandover:
    """A request that is not over, and whether its call is (a chat is never over in this sense)."""

    handover: HandoverRecord
    call_over: bool = False
    call_ended_reason: str = ""


@dataclass(frozen=True, slots=True)
class FoundConversation:
    """A conversation in a list. `said` are the words of the person, `titles` the subjects answered."""

    id: str
    channel: Channel
    started_at: datetime
    ended_at: datetime | None
    said: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    turns: int = 0
    handover: HandoverRecord | None = None
    verdict: Verdict | None = None
