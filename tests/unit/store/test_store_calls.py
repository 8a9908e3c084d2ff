"""Calls in a list, what happened in one, and numbers to call back. Also run on PostgreSQL."""

from __future__ import annotations

from datetime import timedelta

import pytest
from alembic import command
from sqlalchemy import Connection, text

from bot.dialogue import Channel, Reading
from bot.errors import UnknownConversation
from bot.store import CallSummary, HandoverReason, NoteKind, NoteRecord, Store, TurnRecord, database
from tests.unit.store.conftest import Clock
from voice.call_messages import NoteKind as CoreNoteKind

NUMBER = "+33612345678"


async def test_what_happened_in_a_call_is_read_back_in_its_order(store: Store) -> None:
    call = await store.start_conversation(Channel.PHONE, line_id="line-1")
    await store.add_note(call, NoteRecord(NoteKind.INTERRUPTED, 9000))
    await store.add_note(call, NoteRecord(NoteKind.GREETED, 250))
    await store.add_note(call, NoteRecord(NoteKind.KEY, 9000, "0\x00" + "x" * 400))
    for record in (await store.conversation(call), await store.conversation_by_line("line-1")):
        assert record is not None
        assert [(note.at_ms, note.kind) for note in record.notes] == [
            (250, NoteKind.GREETED),
            (9000, NoteKind.INTERRUPTED),
            (9000, NoteKind.KEY),
        ]
        assert record.notes[2].detail == "0" + "x" * 254


def test_the_store_keeps_every_kind_of_note_that_a_call_writes() -> None:
    assert set(NoteKind) == set(CoreNoteKind)


async def test_a_note_of_an_erased_call_is_refused(store: Store) -> None:
    call = await store.start_conversation(Channel.PHONE)
    await store.add_note(call, NoteRecord(NoteKind.GREETED, 250))
    await store.erase_conversation(call)
    with pytest.raises(UnknownConversation):
        await store.add_note(call, NoteRecord(NoteKind.SILENCE, 500))


async def test_other_readings_and_an_interruption_are_kept_with_the_turn(store: Store) -> None:
    call = await store.start_conversation(Channel.PHONE)
    readings = (Reading("Comment adhérer ?", 0.7), Reading("Comment admirer ?", 0.1))
    await store.add_turn(call, TurnRecord(heard="Comment dériver ?", readings=readings, interrupted=True))
    record = await store.conversation(call)
    assert record is not None
    assert (record.turns[0].readings, record.turns[0].interrupted) == (readings, True)


async def test_calls_are_listed_newest_first_without_the_chats(store: Store, clock: Clock) -> None:
    started = clock.time
    first = await store.start_conversation(Channel.PHONE, line_id="line-1")
    for outcome in ("answered", "answered", "abstained"):
        await store.add_turn(first, TurnRecord(outcome=outcome))
    await store.request_handover(first, HandoverReason.ASKED)
    await store.cancel_handover(first)
    clock.pass_days(1)
    await store.request_handover(first, HandoverReason.KEY)
    await store.end_conversation(first, "caller")
    await store.start_conversation(Channel.WEB)
    second = await store.start_conversation(Channel.PHONE)
    calls = await store.calls()
    assert calls == [
        CallSummary(second, clock.time),
        CallSummary(first, started, clock.time, "caller", "line-1", 3, 2, HandoverReason.KEY),
    ]
    assert calls[1].seconds == timedelta(days=1).total_seconds()
    assert [call.id for call in await store.calls(1)] == [second]
    assert [call.id for call in await store.calls(before=clock.time)] == [first]
    assert [call.id for call in await store.calls(since=clock.time)] == [second]


async def test_a_call_is_found_by_the_beginning_of_its_id(store: Store) -> None:
    call, chat = [await store.start_conversation(channel) for channel in (Channel.PHONE, Channel.WEB)]
    assert await store.call_ids(call[:6]) == [call]
    assert await store.call_ids(call) == [call]
    assert await store.call_ids(chat) == []
    for not_a_beginning in ("", call[:3], "%%%%", "____", call[4:10]):
        assert await store.call_ids(not_a_beginning) == []


async def test_a_number_is_kept_with_the_open_request_and_goes_with_the_conversation(store: Store) -> None:
    call = await store.start_conversation(Channel.PHONE)
    assert not await store.set_callback(call, NUMBER)
    request = await store.request_handover(call, HandoverReason.ASKED)
    assert request.callback_number is None
    assert await store.set_callback(call, NUMBER)
    kept = await store.handover_by_id(request.id)
    assert kept is not None
    assert (kept.callback_number, kept.conversation_id) == (NUMBER, call)
    assert [one.callback_number for one in await store.open_handovers()] == [NUMBER]
    await store.erase_conversation(call)
    assert await store.handover_by_id(request.id) is None


async def test_asking_again_with_a_number_adds_it_and_without_one_keeps_it(store: Store) -> None:
    call = await store.start_conversation(Channel.PHONE)
    await store.request_handover(call, HandoverReason.ASKED)
    with_number = await store.request_handover(call, HandoverReason.KEY, callback_number=NUMBER)
    again = await store.request_handover(call, HandoverReason.KEY)
    assert (with_number.callback_number, again.callback_number) == (NUMBER, NUMBER)
    assert with_number.id == again.id


async def test_each_new_request_is_told_once(store: Store) -> None:
    told: list[HandoverReason] = []
    store.on_request = told.append
    call = await store.start_conversation(Channel.PHONE)
    for reason in (HandoverReason.KEY, HandoverReason.ASKED):
        await store.request_handover(call, reason)
    assert told == [HandoverReason.KEY]


async def test_a_database_of_the_version_before_is_upgraded_with_what_it_holds(url: str) -> None:
    def make_old(connection: Connection) -> None:
        command.upgrade(database.alembic_config(connection), "0001")

    engine = database.make_engine(database.parse(url))
    async with engine.begin() as connection:
        await connection.run_sync(make_old)
        for statement in (
            "INSERT INTO conversations (id, channel, mode, started_at) VALUES ('c1', 'phone', 'bot', '2026-03-02')",
            "INSERT INTO turns (conversation_id, number, at, heard, intent, confidence, outcome, spoken, answers, "
            "choices, ranking, segments) VALUES ('c1', 1, '2026-03-02', 'bonjour', '', 0, 'answered', '', "
            "'[]', '[]', '[]', '{}')",
            "INSERT INTO handovers (id, conversation_id, requested_at, reason, state, summary) "
            "VALUES ('h1', 'c1', '2026-03-02', 'asked', 'requested', '')",
        ):
            await connection.execute(text(statement))
    await engine.dispose()

    store = await Store.open(url)
    try:
        record = await store.conversation("c1")
        assert record is not None
        (turn,) = record.turns
        assert (turn.heard, turn.readings, turn.interrupted, record.notes) == ("bonjour", (), False, ())
        request = await store.handover_by_id("h1")
        assert request is not None
        assert request.callback_number is None
        await store.add_note("c1", NoteRecord(NoteKind.GREETED, 0))
    finally:
        await store.close()
