"""When the database fails: one sentence with the remedy, no words of a person, and what was there stays there."""

from __future__ import annotations

import sqlite3
import traceback
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.dialogue import Channel
from bot.errors import BadSettings, Misconfigured, StoreUnavailable
from bot.store import Store, TurnRecord, database_url, upgrade_database
from bot.store.database import parse, place

WORDS = "mot confidentiel du visiteur"


async def filled(url: str, turns: int = 1) -> str:
    store = await Store.open(url)
    conversation_id = await store.start_conversation(Channel.WEB)
    for _ in range(turns):
        await store.add_turn(conversation_id, TurnRecord(heard=WORDS))
    await store.close()
    return conversation_id


async def test_a_file_that_is_no_database_is_named_with_the_remedy(url: str, file: Path) -> None:
    file.parent.mkdir()
    file.write_bytes(b"this was never a database " * 100)
    with pytest.raises(StoreUnavailable) as failure:
        await Store.open(url)
    assert str(file) in str(failure.value)
    assert "restore it from a backup" in str(failure.value)
    assert file.read_bytes().startswith(b"this was never")


async def test_a_damaged_file_is_named_with_the_remedy(url: str, file: Path) -> None:
    conversation_id = await filled(url, turns=60)
    content = bytearray(file.read_bytes())
    page = int.from_bytes(content[16:18], "big")
    content[page * 2 :] = b"\xa5" * (len(content) - page * 2)
    file.write_bytes(content)
    with pytest.raises(StoreUnavailable) as failure:
        store = await Store.open(url)
        try:
            await store.conversation(conversation_id)
        finally:
            await store.close()
    assert str(file) in str(failure.value)
    assert "damaged" in str(failure.value)


async def test_a_full_disk_loses_nothing_that_was_stored(store: Store, file: Path) -> None:
    conversation_id = await store.start_conversation(Channel.WEB)
    await store.add_turn(conversation_id, TurnRecord(heard="bonjour"))
    async with store._engine.connect() as connection:
        pages = await connection.scalar(text("PRAGMA page_count"))
        await connection.execute(text(f"PRAGMA max_page_count = {pages}"))
    # one connection in the pool: the limit holds for what follows
    with pytest.raises(StoreUnavailable, match=r"disk is full.*SQLITE_FULL") as failure:
        await store.add_turn(conversation_id, TurnRecord(heard=WORDS * 2000))
    shown = "".join(traceback.format_exception(failure.value))
    assert WORDS not in shown
    assert "INSERT" not in shown

    record = await store.conversation(conversation_id)
    assert record is not None
    assert [turn.heard for turn in record.turns] == ["bonjour"]
    assert await store.add_turn(conversation_id, TurnRecord(heard="suite")) == 2


async def test_a_read_only_database_says_so_and_can_be_read(store: Store) -> None:
    conversation_id = await store.start_conversation(Channel.WEB)
    async with store._engine.connect() as connection:
        await connection.execute(text("PRAGMA query_only = ON"))
    with pytest.raises(StoreUnavailable, match="read-only"):
        await store.add_turn(conversation_id, TurnRecord(heard=WORDS))
    assert await store.conversation(conversation_id) is not None
    await store.ping()


async def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where a directory should be")
    with pytest.raises(StoreUnavailable) as failure:
        await Store.open(database_url("", tmp_path / "data"))
    assert str(tmp_path / "data") in str(failure.value)


async def test_ping_notices_that_the_tables_are_gone(store: Store, file: Path) -> None:
    await store.ping()
    other = sqlite3.connect(file)
    other.executescript("DROP TABLE turns; DROP TABLE handovers; DROP TABLE conversations;")
    other.close()
    with pytest.raises(StoreUnavailable):
        await store.ping()


async def test_a_database_of_a_newer_version_is_refused_untouched(url: str, file: Path) -> None:
    conversation_id = await filled(url)
    other = sqlite3.connect(file)
    other.execute("UPDATE alembic_version SET version_num = '9999'")
    other.commit()
    with pytest.raises(Misconfigured, match="newer Guichet"):
        await Store.open(url)
    assert other.execute("SELECT id FROM conversations").fetchall() == [(conversation_id,)]
    other.close()


@pytest.mark.parametrize(
    "wrong", ["mysql://user:hunter2@host/db", "not a url hunter2", "postgresql://u:hunter2@h:port/x"]
)
async def test_a_wrong_address_names_the_setting_and_not_the_password(wrong: str) -> None:
    with pytest.raises(BadSettings, match=r"store\.url") as failure:
        await upgrade_database(wrong)
    assert "hunter2" not in str(failure.value)


def test_a_server_is_shown_without_its_password() -> None:
    shown = place(parse("postgresql://guichet:hunter2@db.example.org/guichet"))
    assert shown == "guichet at db.example.org"


def test_addresses_get_our_driver() -> None:
    assert parse("postgresql://u:p@h/d").drivername == "postgresql+psycopg"
    assert parse("postgres://u:p@h/d").drivername == "postgresql+psycopg"
    assert parse("sqlite:////tmp/x").drivername == "sqlite+aiosqlite"
