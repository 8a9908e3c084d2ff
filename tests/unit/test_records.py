"""What a call leaves in the store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.dialogue import Outcome, Reading, Reply
from bot.records import NoRecord, open_call_record
from bot.store import HandoverReason, NoteKind, NoteRecord, Store
from tests.databases import prepared_url
from voice.call_messages import NoteKind as CoreNoteKind
from voice.turn import TurnKept

NUMBER = "+33612345678"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = await Store.open(prepared_url(tmp_path))
    yield store
    await store.close()


async def test_a_turn_is_kept_with_its_readings_and_whether_it_was_cut_short(store: Store) -> None:
    call, record = await open_call_record(store, "line-1")
    kept = TurnKept(
        heard="Comment admirer ?",
        reply=Reply(Outcome.ANSWERED),
        spoken="En li",
        interrupted=True,
        alternatives=(Reading("Comment adhérer ?", 0.4),),
    )
    await record.keep_turn(kept)
    conversation = await store.conversation(call)
    assert conversation is not None
    (turn,) = conversation.turns
    assert (turn.spoken, turn.interrupted, turn.readings) == ("En li", True, kept.alternatives)


async def test_every_note_that_a_call_writes_is_kept_with_its_moment(store: Store) -> None:
    call, record = await open_call_record(store, "line-1")
    for number, kind in enumerate(CoreNoteKind):
        await record.note(number + 0.0004, kind, "1")
    await record.note(-0.001, "greeted", "")
    conversation = await store.conversation(call)
    assert conversation is not None
    assert conversation.notes[0] == NoteRecord(NoteKind.GREETED, 0, "1")
    assert {note.kind for note in conversation.notes} == set(NoteKind)
    assert [note.at_ms for note in conversation.notes] == [0, 0, *(1000 * n for n in range(1, len(CoreNoteKind)))]


async def test_a_promised_callback_joins_the_open_request(store: Store) -> None:
    call, record = await open_call_record(store, "line-1")
    await record.request_person("key")
    await record.promise_callback(NUMBER)
    request = await store.handover(call)
    assert request is not None
    assert (request.reason, request.callback_number) == (HandoverReason.KEY, NUMBER)


async def test_a_promised_callback_without_a_request_makes_one(store: Store) -> None:
    call, record = await open_call_record(store, "line-1")
    await record.promise_callback(NUMBER)
    request = await store.handover(call)
    assert request is not None
    assert (request.reason, request.callback_number) == (HandoverReason.ASKED, NUMBER)


class Operator:
    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    async def tell_callback(self, conversation_id: str, to: str) -> bool:
        self.told.append((conversation_id, to))
        return True


async def test_a_dictated_number_is_kept_and_told_in_one_way(store: Store) -> None:
    operator = Operator()
    call, record = await open_call_record(store, "line-1", operator)
    await record.promise_callback("0612345678")
    request = await store.handover(call)
    assert request is not None
    assert request.callback_number == NUMBER
    assert operator.told == [(call, NUMBER)]


async def test_without_a_store_a_call_goes_on_and_a_promise_reaches_the_operator(store: Store, tmp_path: Path) -> None:
    await store.close()
    (tmp_path / "guichet.sqlite3").write_bytes(b"no database")
    operator = Operator()
    call, record = await open_call_record(store, "line-1", operator)
    assert isinstance(record, NoRecord)
    await record.note(0.0, "greeted", "")
    await record.promise_callback("0612345678")
    assert operator.told == [(call, NUMBER)]


async def test_a_promise_that_nobody_can_keep_is_logged_without_the_number(store: Store, tmp_path: Path) -> None:
    await store.close()
    (tmp_path / "guichet.sqlite3").write_bytes(b"no database")
    call, record = await open_call_record(store, "line-1")
    with capture_logs() as logs:
        await record.promise_callback(NUMBER)
    assert [(line["event"], line["conversation"]) for line in logs] == [("call.promise_lost", call)]
    assert "612345678" not in str(logs)
