"""What is erased is gone, and nothing else is."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from bot.dialogue import Channel
from bot.store import HandoverReason, Store, TurnRecord
from bot.store.desk_models import DeskCounter
from bot.store.models import Base
from tests.unit.store.conftest import Clock


async def rows(store: Store) -> int:
    """Everything in the database but the one number that counts the changes of the desk."""
    async with store._engine.connect() as connection:
        tables = [table for table in Base.metadata.sorted_tables if table.name != DeskCounter.__tablename__]
        counts = [await connection.scalar(select(func.count()).select_from(table)) for table in tables]
    return sum(count or 0 for count in counts)


async def conversation(store: Store, clock: Clock, words: str = "bonjour", *, ended: bool = True) -> str:
    """Three rows: a conversation with a turn and a request for a person."""
    conversation_id = await store.start_conversation(Channel.WEB)
    await store.add_turn(conversation_id, TurnRecord(heard=words, at=clock.time))
    await store.request_handover(conversation_id, HandoverReason.ASKED, words)
    if ended:
        await store.end_conversation(conversation_id, "closed")
    return conversation_id


async def test_erasing_takes_turns_and_handovers_along_and_nothing_else(store: Store, clock: Clock) -> None:
    kept, erased = [await conversation(store, clock) for _ in range(2)]
    assert await store.erase_conversation(erased)
    assert not await store.erase_conversation(erased)
    assert await store.conversation(erased) is None
    assert await store.conversation(kept) is not None
    assert await rows(store) == 3


async def test_purge_deletes_what_is_old_ended_or_abandoned(store: Store, clock: Clock) -> None:
    await conversation(store, clock)
    await conversation(store, clock, ended=False)
    still_used = await conversation(store, clock, ended=False)
    clock.pass_days(31)
    await store.add_turn(still_used, TurnRecord(heard="encore moi", at=clock.time))
    recent = await conversation(store, clock)
    clock.pass_days(1)

    assert await store.purge(clock.time - timedelta(days=30)) == 2

    assert await store.conversation(still_used) is not None
    assert await store.conversation(recent) is not None
    assert await rows(store) == 4 + 3
    assert await store.purge(clock.time - timedelta(days=30)) == 0


async def test_what_a_crash_left_open_is_ended_at_its_last_turn(store: Store, clock: Clock) -> None:
    silent = await store.start_conversation(Channel.PHONE)
    started = clock.time
    spoken = await store.start_conversation(Channel.PHONE)
    last = clock.pass_days(0.01)
    await store.add_turn(spoken, TurnRecord(heard="allô", at=last))
    done = await conversation(store, clock)
    clock.pass_days(1)

    assert await store.close_abandoned() == 2

    for conversation_id, ended_at, reason in (
        (silent, started, "interrupted"),
        (spoken, last, "interrupted"),
        (done, last, "closed"),
    ):
        record = await store.conversation(conversation_id)
        assert record is not None
        assert (record.ended_at, record.ended_reason) == (ended_at, reason)
    assert await store.close_abandoned() == 0


async def test_closing_can_spare_chats_and_what_is_in_use(store: Store, clock: Clock) -> None:
    await store.start_conversation(Channel.WEB)
    await store.start_conversation(Channel.PHONE)
    since = clock.pass_days(1)
    await store.start_conversation(Channel.PHONE)
    assert await store.close_abandoned(channel=Channel.PHONE, unused_since=since) == 1
    assert await store.close_abandoned(channel=Channel.PHONE) == 1
    assert await store.close_abandoned(reason="idle") == 1
