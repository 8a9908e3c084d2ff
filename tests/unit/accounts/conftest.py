from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.accounts.service import Accounts
from bot.store import Store
from tests.databases import prepared_url
from tests.unit.accounts.people import Clock, make_accounts


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(tmp_path: Path, clock: Clock) -> AsyncIterator[Store]:
    store = await Store.open(prepared_url(tmp_path), now=clock)
    yield store
    await store.close()


@pytest.fixture
def accounts(store: Store, clock: Clock) -> Accounts:
    return make_accounts(store, clock)
