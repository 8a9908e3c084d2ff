"""Where conversations, turns and handovers are kept: SQLite by default, PostgreSQL by a URL (docs/store.md)."""

from bot.store.database import database_url, has_been_used, upgrade_database
from bot.store.messages import Awaits, MessageKind, MessageRecord
from bot.store.records import (
    CallSummary,
    ConversationRecord,
    HandoverReason,
    HandoverRecord,
    HandoverState,
    Mode,
    NoteKind,
    NoteRecord,
    TurnRecord,
    token_digest,
    utc_now,
)
from bot.store.store import Store

__all__ = [
    "Awaits",
    "CallSummary",
    "ConversationRecord",
    "HandoverReason",
    "HandoverRecord",
    "HandoverState",
    "MessageKind",
    "MessageRecord",
    "Mode",
    "NoteKind",
    "NoteRecord",
    "Store",
    "TurnRecord",
    "database_url",
    "has_been_used",
    "token_digest",
    "upgrade_database",
    "utc_now",
]
