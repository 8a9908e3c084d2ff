from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.chats import Chats
from tests.databases import prepared_url
from tests.unit.chats.fakes import BrokenStore, Desk, Echo, chats_of


@pytest.fixture
def url(tmp_path: Path) -> str:
    return prepared_url(tmp_path)


@pytest.fixture
async def store(url: str) -> AsyncIterator[BrokenStore]:
    store = await BrokenStore.open(url)
    yield store
    await store.close()


@pytest.fixture
async def dialogue() -> Echo:
    return Echo()


@pytest.fixture
async def desk() -> Desk:
    return Desk()


@pytest.fixture
async def chats(dialogue: Echo, store: BrokenStore, desk: Desk) -> Chats:
    return chats_of(dialogue, store, desk)
