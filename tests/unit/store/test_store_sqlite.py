"""The file: its tables, who may read it, and what is left in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

from bot.dialogue import Channel
from bot.store import HandoverReason, Store, TurnRecord, database, upgrade_database
from bot.store.models import Base


def differences(connection: Connection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(connection), Base.metadata))


async def test_migrations_make_exactly_the_tables_of_the_models(store: Store) -> None:
    async with store._engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_upgrading_twice_changes_nothing(url: str, file: Path) -> None:
    await upgrade_database(url)
    before = file.read_bytes()
    await upgrade_database(url)
    assert file.read_bytes() == before


async def test_an_upgrade_that_fails_leaves_no_half_made_tables(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    upgrade = command.upgrade

    def fail_at_the_end(*arguments: object) -> None:
        upgrade(*arguments)  # type: ignore[arg-type]
        raise InterruptedError

    with monkeypatch.context() as patch, pytest.raises(Exception, match="guichet"):
        patch.setattr(command, "upgrade", fail_at_the_end)
        await upgrade_database(url)

    engine = database.make_engine(database.parse(url))
    async with engine.connect() as connection:
        assert await connection.run_sync(lambda sync: inspect(sync).get_table_names()) == []
    await engine.dispose()
    await upgrade_database(url)


async def test_the_file_is_private_and_behaves_like_a_server(store: Store, file: Path) -> None:
    assert file.stat().st_mode & 0o077 == 0
    async with store._engine.connect() as connection:
        values = {
            name: await connection.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "busy_timeout", "foreign_keys", "secure_delete")
        }
    assert values == {"journal_mode": "wal", "busy_timeout": 5000, "foreign_keys": 1, "secure_delete": 1}
    assert all(path.stat().st_mode & 0o077 == 0 for path in file.parent.iterdir())


async def test_erased_words_are_not_left_on_the_disk(store: Store, file: Path) -> None:
    words = "mon secret bien reconnaissable"
    conversation_id = await store.start_conversation(Channel.WEB)
    await store.add_turn(conversation_id, TurnRecord(heard=words))
    await store.request_handover(conversation_id, HandoverReason.ASKED, words)

    def on_disk() -> bool:
        return any(words.encode() in path.read_bytes() for path in file.parent.iterdir())

    assert on_disk()
    await store.erase_conversation(conversation_id)
    assert not on_disk()
