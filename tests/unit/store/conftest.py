"""A store in a fresh file, on a clock that the test moves.

The tests of conversations, handovers and retention also run on PostgreSQL
(tests/integration/test_store_postgresql.py), which gives them another `url`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.store import Store, database_url


@dataclass
class Clock:
    """The time of day as the store sees it."""

    time: datetime = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def pass_days(self, days: float) -> datetime:
        self.time += timedelta(days=days)
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "guichet.sqlite3"


@pytest.fixture
def url(file: Path) -> str:
    return database_url("", file.parent)


@pytest.fixture
async def store(url: str, clock: Clock) -> AsyncIterator[Store]:
    store = await Store.open(url, now=clock)
    yield store
    await store.close()
