"""The audit log as the store keeps it: one entry after the other, also with two gateways on one database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from sqlalchemy import delete, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from bot.audit.chain import PRUNED, Detail, Entry, Start, linked
from bot.store.account_models import AuditCheckpoint, AuditRow
from bot.store.connection import UPKEEP_SECONDS, Connected

_PAGE = 1000
# Held until the transaction ends: whoever appends knows the entry before its own.
_APPEND_LOCK = 7_163_552_942


class AuditKept(Connected):
    """The part of `Store` that holds the log."""

    async def append_audit(self, actor: str, action: str, subject: str, detail: Detail) -> Entry:
        """Links an entry to the last one and keeps it. Raises `ValueError` for what the log may not hold."""
        async with self._writing() as session:
            return await self._append(session, actor, action, subject, detail)

    async def audit_start(self) -> Start:
        """Where what is kept begins."""
        async with self._reading() as session:
            return await _start(session)

    async def audit_head(self) -> Start:
        """Number and hash of the last entry: who has noted them can tell later whether the log was rewritten."""
        async with self._reading() as session:
            return await _head(session)

    async def audit_entries(self, after: int = 0, *, page: int = _PAGE) -> AsyncIterator[Entry]:
        """Every entry from number `after` + 1 on, oldest first, read page by page."""
        while True:
            async with self._reading() as session:
                query = select(AuditRow).where(AuditRow.number > after).order_by(AuditRow.number).limit(page)
                rows = (await session.scalars(query)).all()
            for row in rows:
                yield _entry(row)
            if len(rows) < page:
                return
            after = rows[-1].number

    async def latest_audit(
        self,
        limit: int = 100,
        *,
        before: int | None = None,
        subject: str | None = None,
        actor: str | None = None,
        action: str | None = None,
    ) -> list[Entry]:
        """The latest entries, newest first, before the number `before`; `action` is the beginning of one."""
        query = select(AuditRow).order_by(AuditRow.number.desc()).limit(limit)
        if before is not None:
            query = query.where(AuditRow.number < before)
        if subject is not None:
            query = query.where(AuditRow.subject == subject)
        if actor is not None:
            query = query.where(AuditRow.actor == actor)
        if action is not None:
            query = query.where(AuditRow.action.startswith(action, autoescape=True))
        async with self._reading() as session:
            return [_entry(row) for row in await session.scalars(query)]

    async def last_done(self, action: str) -> dict[str, datetime]:
        """When each actor last did that, as far as the log goes back."""
        query = select(AuditRow.actor, func.max(AuditRow.number)).where(AuditRow.action == action)
        async with self._reading() as session:
            numbers = dict((await session.execute(query.group_by(AuditRow.actor))).all())
            rows = await session.scalars(select(AuditRow).where(AuditRow.number.in_(numbers.values())))
            return {row.actor: row.at for row in rows}

    async def prune_audit(self, before: datetime, actor: str) -> int:
        """Deletes what is older than `before` behind a checkpoint, which is itself an entry; returns how many.

        What is deleted must have been verified: the caller does so first.
        """
        async with self._writing(UPKEEP_SECONDS) as session:
            await self._alone(session)
            # By number, not by time: a clock set back must not make a hole.
            kept_from = await session.scalar(select(func.min(AuditRow.number)).where(AuditRow.at >= before))
            bound = AuditRow.number < kept_from if kept_from is not None else AuditRow.number > 0
            row = await session.scalar(select(AuditRow).where(bound).order_by(AuditRow.number.desc()).limit(1))
            if row is None:
                return 0
            count = await session.scalar(select(func.count()).select_from(AuditRow).where(bound)) or 0
            detail: Detail = {"entries": count, "hash": row.hash}
            await self._append(session, actor, PRUNED, f"audit:{row.number}", detail, alone=True)
            await session.execute(insert(AuditCheckpoint).values(through=row.number, hash=row.hash, at=self._now()))
            await session.execute(
                delete(AuditRow).where(AuditRow.number <= row.number).execution_options(synchronize_session=False)
            )
            return count

    async def _append(
        self, session: AsyncSession, actor: str, action: str, subject: str, detail: Detail, *, alone: bool = False
    ) -> Entry:
        if not alone:
            await self._alone(session)
        entry = linked(await _head(session), at=self._now(), actor=actor, action=action, subject=subject, detail=detail)
        await session.execute(insert(AuditRow).values({name: getattr(entry, name) for name in Entry.__slots__}))
        return entry

    async def _alone(self, session: AsyncSession) -> None:
        """SQLite's writers are alone already (`BEGIN IMMEDIATE`)."""
        if not self._is_sqlite:
            await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _APPEND_LOCK})


async def _start(session: AsyncSession) -> Start:
    last = await session.scalar(select(AuditCheckpoint).order_by(AuditCheckpoint.through.desc()).limit(1))
    return Start(last.through, last.hash) if last else Start()


async def _head(session: AsyncSession) -> Start:
    last = await session.scalar(select(AuditRow).order_by(AuditRow.number.desc()).limit(1))
    return Start(last.number, last.hash) if last else await _start(session)


def _entry(row: AuditRow) -> Entry:
    return Entry(row.number, row.at, row.actor, row.action, row.subject, row.detail, row.previous, row.hash)
