"""The tables. A change here needs a migration; a test compares the two on SQLite and PostgreSQL.

Two rules are kept by the database itself, because two processes may race for them: the turns of a
conversation have distinct numbers, and a conversation has at most one open handover.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

ID_CHARS = 32
OPEN_HANDOVER = text("state IN ('requested', 'queued', 'offered', 'active')")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, in UTC also where the database (SQLite) knows no time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("The store takes aware times only.")
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class CleanText(TypeDecorator[str]):
    """Text from outside: without what no database keeps (NUL, half of a surrogate pair), cut to its length."""

    impl = String
    cache_ok = True

    def __init__(self, length: int | None = None) -> None:
        super().__init__(length)
        self.length = length

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        clean = value and value.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
        return clean and clean[: self.length]


class Base(DeclarativeBase):
    """Constraint names are spelled out, so that later migrations can name them on any database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {
        datetime: UtcDateTime(),
        list[dict[str, Any]]: JSON(),
        list[str]: JSON(),
        dict[str, float]: JSON(),
    }


class Conversation(Base):
    """A call or a chat."""

    __tablename__ = "conversations"

    id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True)
    channel: Mapped[str] = mapped_column(String(16))
    mode: Mapped[str] = mapped_column(String(16))
    started_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]
    ended_reason: Mapped[str | None] = mapped_column(CleanText(64))
    line_id: Mapped[str | None] = mapped_column(CleanText(255), index=True)
    token_digest: Mapped[str | None] = mapped_column(String(64))

    turns: Mapped[list[Turn]] = relationship(order_by="Turn.number", lazy="raise", viewonly=True)
    notes: Mapped[list[Note]] = relationship(order_by="Note.at_ms, Note.id", lazy="raise", viewonly=True)


class Turn(Base):
    """One exchange of a conversation."""

    __tablename__ = "turns"
    __table_args__ = (UniqueConstraint("conversation_id", "number"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    number: Mapped[int]
    at: Mapped[datetime]
    heard: Mapped[str] = mapped_column(CleanText)
    heard_confidence: Mapped[float | None]
    key: Mapped[str | None] = mapped_column(CleanText(8))
    intent: Mapped[str] = mapped_column(String(128))
    confidence: Mapped[float]
    outcome: Mapped[str] = mapped_column(String(32))
    spoken: Mapped[str] = mapped_column(CleanText)
    answers: Mapped[list[dict[str, Any]]]
    choices: Mapped[list[dict[str, Any]]]
    ranking: Mapped[list[dict[str, Any]]]
    segments: Mapped[dict[str, float]]
    readings: Mapped[list[dict[str, Any]]]
    interrupted: Mapped[bool]


class Note(Base):
    """Something that happened in a call beside its turns."""

    __tablename__ = "notes"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), index=True)
    at_ms: Mapped[int]
    kind: Mapped[str] = mapped_column(String(32))
    detail: Mapped[str] = mapped_column(CleanText(255))


class Handover(Base):
    """A request for a person."""

    __tablename__ = "handovers"
    __table_args__ = (
        Index("ix_handovers_state_requested_at", "state", "requested_at"),
        Index(
            "uq_handovers_open",
            "conversation_id",
            unique=True,
            sqlite_where=OPEN_HANDOVER,
            postgresql_where=OPEN_HANDOVER,
        ),
    )

    id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), index=True)
    requested_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(16))
    closed_at: Mapped[datetime | None]
    summary: Mapped[str] = mapped_column(CleanText)
    callback_number: Mapped[str | None] = mapped_column(CleanText(32))
    version: Mapped[int] = mapped_column(default=0)
    waiting_since: Mapped[datetime | None]
    taken_at: Mapped[datetime | None]
    deadline: Mapped[datetime | None]
    priority: Mapped[int] = mapped_column(default=0)
    front: Mapped[bool] = mapped_column(default=False)
    team: Mapped[str] = mapped_column(CleanText(64), default="")
    skills: Mapped[list[str]] = mapped_column(default=list)
    agent_id: Mapped[str | None] = mapped_column(CleanText(64))
    agent_name: Mapped[str] = mapped_column(CleanText(128), default="")
    declined: Mapped[list[str]] = mapped_column(default=list)
    refusal: Mapped[str | None] = mapped_column(String(16))
    ending: Mapped[str | None] = mapped_column(String(16))
    through_turn: Mapped[int] = mapped_column(default=0)
    place_given: Mapped[int | None]
    wait_given_seconds: Mapped[int | None]
    on_line: Mapped[bool] = mapped_column(default=False)

    conversation: Mapped[Conversation] = relationship(lazy="raise", viewonly=True)
