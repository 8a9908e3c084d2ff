"""What the rest of the service calls: `await audit.record(actor, action, subject, detail)`.

Record first, then do: what cannot be written down is refused (`StoreUnavailable`), not done unseen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from bot.audit.chain import Detail, Entry

# Actors that are no person's account.
SERVICE = "service:desk"  # whoever holds the desk token
OPERATOR = "operator:cli"  # a command on the machine itself
SYSTEM = "system:guichet"  # the service on its own, as for retention


class AuditStore(Protocol):
    """What the log needs of the store."""

    async def append_audit(self, actor: str, action: str, subject: str, detail: Detail) -> Entry: ...


class Audit:
    """The log, shared by all. `on_record` is told each entry, for whoever shows or forwards them."""

    def __init__(self, store: AuditStore, on_record: Callable[[Entry], None] | None = None) -> None:
        self._store = store
        self._on_record = on_record

    async def record(self, actor: str, action: str, subject: str, detail: Detail | None = None) -> Entry:
        """Appends an entry. `actor` and `subject` are `kind:identifier`, `action` a code as `conversation.read`.

        `detail` holds codes, counts and flags. Raises `ValueError` for anything else, `StoreUnavailable`.
        """
        entry = await self._store.append_audit(actor, action, subject, detail or {})
        if self._on_record is not None:
            self._on_record(entry)
        return entry
