"""Who saw, took, exported or erased what: an append-only log whose entries are chained (docs/accounts.md)."""

from bot.audit.chain import Chain, Entry, Fault, Start, verify
from bot.audit.log import Audit

__all__ = ["Audit", "Chain", "Entry", "Fault", "Start", "verify"]
