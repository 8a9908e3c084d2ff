"""Where conversations, turns and handovers are kept: SQLite by default, PostgreSQL by a URL (docs/store.md)."""

from bot.store.database import database_url, upgrade_database
from bot.store.records import (
    ConversationRecord,
    HandoverReason,
    HandoverRecord,
    HandoverState,
    Mode,
    TurnRecord,
    token_digest,
)
from bot.store.store import Store

__all__ = [
    "ConversationRecord",
    "HandoverReason",
    "HandoverRecord",
    "HandoverState",
    "Mode",
    "Store",
    "TurnRecord",
    "database_url",
    "token_digest",
    "upgrade_database",
]
