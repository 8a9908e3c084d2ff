"""The open database: transactions for reading and for writing, each with a deadline and its errors translated."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Self

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from bot.errors import UnknownConversation
from bot.store import database
from bot.store.faults import translated
from bot.store.models import Conversation
from bot.store.records import utc_now

ANSWER_SECONDS = 10.0
UPKEEP_SECONDS = 600.0
_WRITE_SECONDS = 0.1
# Built once, like others that every message needs: to build a query costs as much as to run it.
_HOLDING = select(Conversation.id).where(Conversation.id == bindparam("id")).with_for_update()
_HOLDING_MANY = (
    select(Conversation.id)
    .where(Conversation.id.in_(bindparam("ids", expanding=True)))
    .order_by(Conversation.id)  # who waits for whom is never a circle
    .with_for_update()
)


class Connected:
    """What the parts of `Store` share. `now` is the clock for what the store dates."""

    def __init__(self, engine: AsyncEngine, now: Callable[[], datetime] = utc_now) -> None:
        self._engine = engine
        self._place = database.place(engine.url)
        self._now = now
        writer = engine.execution_options(**{database.WRITES: True})
        self._reader_sessions = async_sessionmaker(engine, expire_on_commit=False)
        self._writer_sessions = async_sessionmaker(writer, expire_on_commit=False)
        # SQLite lets one transaction write at a time and makes the others poll for their turn;
        # waiting in line here is fair and wakes at once.
        self._being_written: set[asyncio.Future[None]] = set()
        self._writers_at_once = 1 if self._is_sqlite else database.POOL_SIZE
        self._writers = asyncio.Semaphore(self._writers_at_once)
        # And more readers than the pool keeps connections for would each open one of their own.
        self._readers = asyncio.Semaphore(database.SQLITE_READERS if self._is_sqlite else database.POOL_SIZE)

    @classmethod
    async def open(cls, url: str, *, now: Callable[[], datetime] = utc_now) -> Self:
        """Connects and brings the tables to the present version.

        Raises `StoreUnavailable`, `BadSettings` for a wrong address, `Misconfigured` for a newer database.
        """
        parsed = database.parse(url)
        with translated(database.place(parsed)):
            engine = database.make_engine(parsed)
            try:
                await database.upgrade(engine)
            except BaseException:
                await engine.dispose()
                raise
        return cls(engine, now)

    async def close(self) -> None:
        """Afterwards the store must not be used."""
        with translated(self._place):
            await self._engine.dispose()

    async def ping(self) -> None:
        """Raises `StoreUnavailable` unless the tables can be read."""
        async with self._reading() as session:
            await session.execute(select(Conversation.id).limit(1))

    @property
    def _is_sqlite(self) -> bool:
        return database.is_sqlite(self._engine.url)

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[AsyncSession]:
        with translated(self._place):
            async with asyncio.timeout(ANSWER_SECONDS), self._readers, self._reader_sessions() as session:
                yield session

    @asynccontextmanager
    async def _writing(self, seconds: float = ANSWER_SECONDS) -> AsyncIterator[AsyncSession]:
        with translated(self._place):
            async with asyncio.timeout(seconds), self._writers:
                over = asyncio.get_running_loop().create_future()
                self._being_written.add(over)
                try:
                    async with self._writer_sessions.begin() as session:
                        yield session
                    self._written(session)
                finally:
                    self._being_written.discard(over)
                    over.set_result(None)

    async def _one_write_later(self) -> None:
        """Returns when one of the transactions is over that are under way here, or seems to take long."""
        if self._being_written:
            await asyncio.wait(tuple(self._being_written), timeout=_WRITE_SECONDS, return_when=asyncio.FIRST_COMPLETED)

    async def _hold_many(self, session: AsyncSession, conversation_ids: Sequence[str]) -> None:
        """`hold` for several, those that there are. On SQLite whoever writes is alone anyway."""
        if not self._is_sqlite:
            await session.execute(_HOLDING_MANY, {"ids": conversation_ids})

    def _written(self, session: AsyncSession) -> None:
        """What is remembered beside the database learns what this session has just written for good."""


async def hold(session: AsyncSession, conversation_id: str) -> None:
    """Keeps other writers away from this conversation until the transaction ends."""
    if await session.scalar(_HOLDING, {"id": conversation_id}) is None:
        raise unknown_conversation()


def unknown_conversation() -> UnknownConversation:
    return UnknownConversation("No such conversation: it was never started, or it has been erased.")
