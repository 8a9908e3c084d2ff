"""Writes the next migration. `python -m bot.store.migrations "add the language of a conversation"`."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from alembic import command
from sqlalchemy import Connection

from bot.store import database


def _revision(connection: Connection, message: str) -> None:
    config = database.alembic_config(connection)
    number = len(list((database.MIGRATIONS_DIR / "versions").glob("[0-9]*.py"))) + 1
    command.revision(config, message=message, autogenerate=True, rev_id=f"{number:04}")


async def _write(message: str) -> None:
    with tempfile.TemporaryDirectory() as directory:
        engine = database.make_engine(database.parse(database.database_url("", Path(directory))))
        await database.upgrade(engine)
        async with engine.begin() as connection:
            await connection.run_sync(_revision, message)
        await engine.dispose()


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("Say in one argument what the migration changes.")
    asyncio.run(_write(sys.argv[1]))


if __name__ == "__main__":
    main()
