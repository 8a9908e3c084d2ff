"""The table of messages. Two rules are kept by the database itself: within a conversation a number is given once,
and what a sender names `client_id` is kept once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.models import Base, CleanText

CLIENT_ID_CHARS = 80


class Message(Base):
    """One numbered message of a chat's log. What the bot understood and answered is in the turn of that number."""

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("conversation_id", "seq"),
        UniqueConstraint("conversation_id", "client_id"),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    seq: Mapped[int]
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(16))
    client_id: Mapped[str | None] = mapped_column(String(CLIENT_ID_CHARS))
    text: Mapped[str] = mapped_column(CleanText)
    turn: Mapped[int | None]
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)
    awaits: Mapped[str | None] = mapped_column(String(16))
    helpful: Mapped[bool | None]
    feedback_reason: Mapped[str | None] = mapped_column(String(32))
