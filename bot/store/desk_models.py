"""The tables of the desk beside `handovers`: who is there, what was promised, noted and judged, and what happened.

All that belongs to a conversation is erased with it by the database itself. `desk_counter` is one row that every change
of the desk adds one to: another gateway reads this number once a second instead of everything.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.models import ID_CHARS, Base, CleanText

AGENT_ID_CHARS = 64
NAME_CHARS = 128
PHONE_CHARS = 32
COUNTER_ID = 1


class DeskCounter(Base):
    """How often the desk has changed; `watched_at` is when a gateway last looked who is there."""

    __tablename__ = "desk_counter"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    value: Mapped[int]
    watched_at: Mapped[datetime | None]


class DeskAgent(Base):
    """An agent who has been seen. `viewing` is the conversation on the screen, `phone` where the agent is rung."""

    __tablename__ = "desk_agents"

    id: Mapped[str] = mapped_column(CleanText(AGENT_ID_CHARS), primary_key=True)
    name: Mapped[str] = mapped_column(CleanText(NAME_CHARS))
    role: Mapped[str] = mapped_column(String(32))
    teams: Mapped[list[str]]
    skills: Mapped[list[str]]
    status: Mapped[str] = mapped_column(String(16))
    capacity: Mapped[int]
    seen_at: Mapped[datetime]
    free_since: Mapped[datetime]
    viewing: Mapped[str | None] = mapped_column(CleanText(ID_CHARS))
    takes_calls: Mapped[bool] = mapped_column(default=False)
    phone: Mapped[str] = mapped_column(CleanText(PHONE_CHARS), default="")


class HandoverEvent(Base):
    """Something that happened to a request: who, what, when."""

    __tablename__ = "handover_events"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    handover_id: Mapped[str] = mapped_column(ForeignKey("handovers.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(32))
    agent_id: Mapped[str | None] = mapped_column(CleanText(AGENT_ID_CHARS))
    agent_name: Mapped[str] = mapped_column(CleanText(NAME_CHARS))
    detail: Mapped[str] = mapped_column(CleanText(128))


class DeskNote(Base):
    """A private note of an agent."""

    __tablename__ = "desk_notes"

    id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    agent_id: Mapped[str] = mapped_column(CleanText(AGENT_ID_CHARS))
    agent_name: Mapped[str] = mapped_column(CleanText(NAME_CHARS))
    text: Mapped[str] = mapped_column(CleanText)


class Annotation(Base):
    """Whether the bot was right, as an agent judges. `turn` is a turn's number, 0 for none."""

    __tablename__ = "annotations"

    id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), index=True)
    handover_id: Mapped[str | None] = mapped_column(ForeignKey("handovers.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(index=True)
    agent_id: Mapped[str] = mapped_column(CleanText(AGENT_ID_CHARS))
    agent_name: Mapped[str] = mapped_column(CleanText(NAME_CHARS))
    verdict: Mapped[str] = mapped_column(String(16))
    intent: Mapped[str] = mapped_column(String(128))
    turn: Mapped[int]
    note: Mapped[str] = mapped_column(CleanText)


class Callback(Base):
    """A promise to call somebody back."""

    __tablename__ = "callbacks"
    __table_args__ = (Index("ix_callbacks_state_due_at", "state", "due_at"),)

    id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), index=True)
    handover_id: Mapped[str | None] = mapped_column(ForeignKey("handovers.id", ondelete="CASCADE"))
    version: Mapped[int]
    state: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(CleanText(NAME_CHARS))
    number: Mapped[str] = mapped_column(CleanText(32))
    slot_id: Mapped[str] = mapped_column(CleanText(64))
    slot_start: Mapped[datetime | None]
    slot_end: Mapped[datetime | None]
    promised_at: Mapped[datetime]
    due_at: Mapped[datetime]
    attempts: Mapped[int]
    dialled_at: Mapped[datetime | None]
    tried_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    agent_id: Mapped[str | None] = mapped_column(CleanText(AGENT_ID_CHARS))
    agent_name: Mapped[str] = mapped_column(CleanText(NAME_CHARS))
    note: Mapped[str] = mapped_column(CleanText)
    call_id: Mapped[str | None] = mapped_column(String(ID_CHARS), index=True)  # no key: the call may be erased first


class DeskMessage(Base):
    """A written message that a visitor left for the desk."""

    __tablename__ = "desk_messages"
    __table_args__ = (Index("ix_desk_messages_state_received_at", "state", "received_at"),)

    id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), index=True)
    handover_id: Mapped[str | None] = mapped_column(ForeignKey("handovers.id", ondelete="CASCADE"))
    version: Mapped[int]
    state: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(CleanText(NAME_CHARS))
    contact: Mapped[str] = mapped_column(CleanText(200))
    text: Mapped[str] = mapped_column(CleanText)
    received_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    agent_id: Mapped[str | None] = mapped_column(CleanText(AGENT_ID_CHARS))
    agent_name: Mapped[str] = mapped_column(CleanText(NAME_CHARS))
    note: Mapped[str] = mapped_column(CleanText)
