"""`guichet calls` on a real database, while no service runs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bot.cli import app
from bot.dialogue import Channel
from bot.errors import BadMessage
from bot.store import HandoverReason, NoteKind, NoteRecord, Store, TurnRecord, database_url


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GUICHET_CONFIG", "")
    monkeypatch.setenv("GUICHET_DATA_DIR", str(tmp_path))
    return tmp_path


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["calls", *arguments])


def stored(data: Path, work: Callable[[Store], Coroutine[Any, Any, str]]) -> str:
    async def run() -> str:
        store = await Store.open(database_url("", data))
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(run())


async def a_call(store: Store) -> str:
    call = await store.start_conversation(Channel.PHONE, line_id="Line-1@10.0.0.1")
    segments = {"endpoint": 450.0, "transcription": 900.0, "dialogue": 50.0, "synthesis": 90.0}
    await store.add_turn(call, TurnRecord(heard="Comment adhérer ?", outcome="answered", segments=segments))
    await store.add_note(call, NoteRecord(NoteKind.GREETED, 250))
    await store.request_handover(call, HandoverReason.KEY)
    await store.end_conversation(call, "caller")
    return call


async def a_chat(store: Store) -> str:
    chat = await store.start_conversation(Channel.WEB)
    await store.add_turn(chat, TurnRecord(heard="bonjour"))
    return chat


def test_without_a_database_it_says_so_and_makes_none(data: Path) -> None:
    for arguments in (("list",), ("show", "last"), ("explain", "last")):
        result = invoke(*arguments)
        assert isinstance(result.exception, BadMessage)
        assert "No call yet" in str(result.exception)
    assert list(data.iterdir()) == []


def test_without_a_call_it_says_so(data: Path) -> None:
    stored(data, a_chat)
    assert invoke("list").output == "No call yet.\n"
    assert invoke("list", "--today").output == "No call today.\n"
    assert isinstance(invoke("show", "last").exception, BadMessage)


def test_the_last_calls_are_listed(data: Path) -> None:
    first, second = stored(data, a_call), stored(data, a_call)
    lines = invoke("list", "--today").output.splitlines()
    assert [line.split()[0] for line in lines] == ["call", second[:8], first[:8]]
    (only,) = invoke("list", "--last", "1", "--json").output.splitlines()
    call = json.loads(only)
    assert (call["id"], call["turns"], call["answered"], call["person"]) == (second, 1, 1, "key")


def test_a_call_is_shown_by_id_by_its_beginning_by_its_line_and_as_the_last(data: Path) -> None:
    call = stored(data, a_call)
    shown = {invoke("show", name).output for name in (call, call[:6], call[:6].upper(), "Line-1@10.0.0.1", "last")}
    (text,) = shown
    assert "« Comment adhérer ? »" in text
    assert "the greeting begins" in text
    assert "\x1b" not in text
    body = json.loads(invoke("show", call, "--json").output)
    assert body["turns"][0]["heard"] == "Comment adhérer ?"
    assert body["notes"][0]["kind"] == "greeted"


def test_a_call_is_explained(data: Path) -> None:
    stored(data, a_call)
    assert "transcription, 900 ms of a wait of 1490 ms" in invoke("explain", "last").output
    first, *_ = (json.loads(line) for line in invoke("explain", "last", "--json").output.splitlines())
    assert first["where"] == "turn 1"
    assert "recogniser_workers" in first["remedy"]


def test_what_cannot_be_found_is_said_so(data: Path) -> None:
    chat = stored(data, a_chat)
    for name in ("zzzz", chat, chat[:8], "", "%"):
        error = invoke("show", name).exception
        assert isinstance(error, BadMessage)
        assert "No such call" in str(error)


def test_a_beginning_that_fits_several_is_not_guessed(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = iter(["abcd" + "0" * 28, "abcd" + "1" * 28])
    monkeypatch.setattr("bot.store.store.uuid4", lambda: type("Id", (), {"hex": next(ids)}))

    async def two_calls(store: Store) -> str:
        await store.start_conversation(Channel.PHONE)
        return await store.start_conversation(Channel.PHONE)

    second = stored(data, two_calls)
    error = invoke("show", "abcd").exception
    assert isinstance(error, BadMessage)
    assert "Several" in str(error)
    assert second in invoke("show", "abcd1").output
