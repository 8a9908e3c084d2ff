"""What a crowd costs: readings do not grow with the queue, and what is remembered is what the database holds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from bot.dialogue import Channel
from bot.store import HandoverReason, Store
from bot.store.desk_models import DeskCounter
from bot.store.desk_records import EventRecord
from bot.store.models import Handover
from bot.store.records import HandoverRecord, HandoverState, utc_now
from bot.store.shared import Shared
from tests.databases import prepared_url


@pytest.fixture
def url(tmp_path: Path) -> str:
    return prepared_url(tmp_path)


@pytest.fixture
async def here(url: str) -> AsyncIterator[Store]:
    store = await Store.open(url)
    yield store
    await store.close()


@pytest.fixture
async def there(url: str, here: Store) -> AsyncIterator[Store]:
    """Another gateway's, on the same database."""
    store = await Store.open(url)
    yield store
    await store.close()


async def asks(store: Store) -> HandoverRecord:
    return await store.request_handover(await store.start_conversation(Channel.WEB), HandoverReason.ASKED, "x")


async def becomes(store: Store, before: HandoverRecord, state: HandoverState) -> HandoverRecord:
    event = EventRecord(before.id, utc_now(), state.value, None, "", "")
    saved = await store.change_handover(before, replace(before, state=state), event=event)
    assert saved is not None
    return saved


async def agree(store: Store) -> list[HandoverRecord]:
    """What is remembered, when it is what the database holds."""
    remembered = await store.live_requests()
    assert remembered == [one.handover for one in await store.live_handovers()]
    return remembered


async def test_what_this_gateway_writes_is_known_without_reading_everything_again(
    here: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await here.live_requests()
    readings = 0
    read = here._live_read

    async def counted() -> object:
        nonlocal readings
        readings += 1
        return await read()

    monkeypatch.setattr(here, "_live_read", counted)
    for _ in range(10):
        request = await asks(here)
        await becomes(here, request, HandoverState.QUEUED)
    assert [one.state for one in await here.live_requests()] == [HandoverState.QUEUED] * 10
    await asyncio.gather(*(becomes(here, one, HandoverState.CLOSED) for one in (await here.live_requests())[:5]))
    assert len(await here.live_requests()) == 5
    assert readings == 0
    await agree(here)


async def test_what_another_gateway_writes_is_seen_at_once(here: Store, there: Store) -> None:
    mine, other = await asks(here), await asks(there)
    assert {one.id for one in await agree(here)} == {mine.id, other.id}
    await becomes(there, mine, HandoverState.CANCELLED)
    assert [one.id for one in await agree(here)] == [other.id]
    await asyncio.gather(*(asks(store) for store in (here, there) * 5))
    assert len(await agree(here)) == len(await agree(there)) == 11


async def test_what_is_erased_is_shown_nowhere(here: Store, there: Store) -> None:
    request = await asks(here)
    assert await agree(here) == await agree(there) != []
    await there.erase_conversation(request.conversation_id)
    assert await agree(here) == await agree(there) == []


async def test_a_database_that_is_an_earlier_one_again_is_believed(here: Store, there: Store) -> None:
    """Restored under a running gateway, or another server took over that had not heard of the last changes."""
    await asks(here)
    await asks(here)
    assert len(await agree(here)) == 2
    async with there._writing() as session:
        await session.execute(delete(Handover))
        await session.execute(update(DeskCounter).values(value=DeskCounter.value - 1))
    assert await agree(here) == []
    await asks(here)
    assert len(await agree(here)) == 1


async def test_a_number_left_with_the_request_is_remembered_too(here: Store) -> None:
    request = await asks(here)
    await here.live_requests()
    await here.set_callback(request.conversation_id, "+33612345678")
    assert [one.callback_number for one in await agree(here)] == ["+33612345678"]


async def test_who_asks_while_it_is_read_gets_what_is_read_after_and_many_share_it() -> None:
    value, readings = 0, 0
    goes_on = asyncio.Event()

    async def read() -> int:
        nonlocal readings
        readings += 1
        seen = value
        await goes_on.wait()
        return seen

    shared = Shared(read)
    first = asyncio.create_task(shared())
    while not readings:
        await asyncio.sleep(0)
    value = 1
    later = [asyncio.create_task(shared()) for _ in range(20)]
    await asyncio.sleep(0)
    later.pop().cancel()  # one who is gone takes nothing from the others
    goes_on.set()
    assert await first == 0
    assert await asyncio.gather(*later) == [1] * 19
    assert readings == 2


async def test_what_goes_wrong_is_told_to_all_who_asked_and_the_next_may_succeed() -> None:
    fails = True

    async def read() -> str:
        if fails:
            raise OSError("no disk")
        return "there"

    shared = Shared(read)
    assert [type(one) for one in await asyncio.gather(shared(), shared(), return_exceptions=True)] == [OSError] * 2
    fails = False
    assert await shared() == "there"
