"""The audit log in the database: one chain whoever writes, and nothing in it can be changed or removed."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from bot.audit import Audit, verify
from bot.errors import StoreUnavailable
from bot.store import Store
from tests.unit.store.conftest import Clock


async def write(store: Store, entries: int) -> None:
    for number in range(entries):
        await store.append_audit("user:a", "conversation.read", f"conversation:{number}", {"turns": number})


async def is_good(store: Store) -> bool:
    entries = [entry async for entry in store.audit_entries()]
    return verify(entries, await store.audit_start()) is None


async def test_entries_are_kept_as_they_were_hashed(store: Store, clock: Clock) -> None:
    clock.time += timedelta(microseconds=123456)
    await Audit(store).record("user:a", "conversation.exported", "conversation:c1", {"format": "csv", "rows": 3})
    await write(store, 3)
    assert await is_good(store)
    latest = await store.latest_audit(2)
    assert [entry.number for entry in latest] == [4, 3]
    assert [entry.number for entry in await store.latest_audit(before=3)] == [2, 1]
    exported = await store.latest_audit(subject="conversation:c1")
    assert [entry.details for entry in exported] == [{"format": "csv", "rows": 3}]
    assert await store.latest_audit(actor="user:b") == []


async def test_gateways_that_write_at_the_same_time_make_one_chain(store: Store, url: str, clock: Clock) -> None:
    other = await Store.open(url, now=clock)
    await asyncio.gather(*(write(each, 5) for each in (store, other, store, other)))
    await other.close()
    assert [entry.number async for entry in store.audit_entries()] == list(range(1, 21))
    assert await is_good(store)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET actor = 'user:b' WHERE number = 1",
        "UPDATE audit_entries SET hash = hash",
        "DELETE FROM audit_entries WHERE number = 3",
        "DELETE FROM audit_entries",
    ],
)
async def test_the_database_refuses_to_change_or_delete_an_entry(store: Store, statement: str) -> None:
    await write(store, 3)
    with pytest.raises(StoreUnavailable):
        async with store._writing() as session:
            await session.execute(text(statement))
    assert await is_good(store)
    assert len(await store.latest_audit()) == 3


async def test_what_was_pruned_is_gone_and_the_rest_is_still_verified(store: Store, clock: Clock) -> None:
    await write(store, 4)
    clock.pass_days(400)
    await write(store, 2)
    assert await store.prune_audit(clock.time - timedelta(days=365), "operator:cli") == 4
    kept = [entry async for entry in store.audit_entries()]
    assert [(entry.number, entry.action) for entry in kept] == [
        (5, "conversation.read"),
        (6, "conversation.read"),
        (7, "audit.pruned"),
    ]
    assert (await store.audit_start()).through == 4
    assert await is_good(store)
    assert await store.prune_audit(clock.time - timedelta(days=365), "operator:cli") == 0
    clock.pass_days(400)
    await write(store, 1)
    assert await store.prune_audit(clock.time, "operator:cli") == 3
    assert await is_good(store)
    await write(store, 1)
    assert await is_good(store)


async def test_what_is_kept_after_pruning_is_still_refused_to_be_deleted(store: Store, clock: Clock) -> None:
    await write(store, 2)
    clock.pass_days(400)
    await write(store, 2)
    await store.prune_audit(clock.time, "operator:cli")
    for statement in (
        "DELETE FROM audit_entries WHERE number = 3",
        "DELETE FROM audit_checkpoints",
        "UPDATE audit_checkpoints SET through = 100",
    ):
        with pytest.raises(StoreUnavailable):
            async with store._writing() as session:
                await session.execute(text(statement))


async def test_an_empty_log_is_good_and_one_of_several_pages_is_read_whole(store: Store) -> None:
    assert await is_good(store)
    await write(store, 7)
    for page in (1, 3, 7, 100):
        assert [entry.number async for entry in store.audit_entries(2, page=page)] == [3, 4, 5, 6, 7]
