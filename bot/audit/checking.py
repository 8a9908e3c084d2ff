"""Reads the whole log and says where it is broken: for `guichet audit verify`, and for who asks in the console."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from bot.audit.chain import Chain, Entry, Fault, Start


class KeptLog(Protocol):
    """What verifying needs of the store."""

    async def audit_start(self) -> Start: ...
    def audit_entries(self, after: int = 0) -> AsyncIterator[Entry]: ...


async def check(log: KeptLog, noted: tuple[int, str] | None = None) -> tuple[Chain, Fault | None]:
    """The chain as far as it was read, and the first entry that is not as it was written. Constant memory."""
    chain = Chain(await log.audit_start(), noted)
    async for entry in log.audit_entries(chain.start.through):
        if (fault := chain.add(entry)) is not None:
            return chain, fault
    return chain, chain.end()
