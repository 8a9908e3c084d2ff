"""The database below the store: addresses, engines, and the upgrade to the present tables.

SQLite is made to behave like a server database: write-ahead log, so that readers never wait for a writer;
`BEGIN IMMEDIATE` for everything that writes, because a transaction that first reads and then writes fails
at once, without waiting, when another has written in between (SQLITE_BUSY_SNAPSHOT).
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import URL, Connection, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.errors import BadSettings, Misconfigured
from bot.store.faults import translated
from bot.store.sqlite_connection import connect

MIGRATIONS_DIR = Path(__file__).parent / "migrations"
FILE_NAME = "guichet.sqlite3"
BUSY_SECONDS = 5
POOL_SIZE = 10
SQLITE_READERS = 4  # and one who writes are the five connections of the engine's pool
UPGRADE_SECONDS = 600
WRITES = "guichet_writes"
# Any number that no other program uses: two gateways that start together upgrade one after the other.
UPGRADE_LOCK = 7_163_552_941
DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}


def database_url(setting: str, data_path: Path) -> str:
    """The address to open for the setting `store.url`; empty means SQLite in the data directory."""
    return setting.strip() or URL.create("sqlite+aiosqlite", database=str(data_path / FILE_NAME)).render_as_string()


def parse(url: str) -> URL:
    """The address with the driver we use. Raises `BadSettings`; the message never repeats the address."""
    try:
        parsed = make_url(url)
        return parsed.set(drivername=DRIVERS[parsed.drivername])
    except (ArgumentError, ValueError, KeyError):
        raise BadSettings(
            "store.url is not an address of a database: leave it empty for SQLite,"
            " or write postgresql://user:password@host/name."
        ) from None


def is_sqlite(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"


def has_been_used(url: str) -> bool:
    """False when it is a SQLite file that does not exist: to open it would make it. Raises `BadSettings`."""
    parsed = parse(url)
    return not is_sqlite(parsed) or Path(str(parsed.database)).exists()


def place(url: URL) -> str:
    """File or server, to be shown to the operator."""
    return str(url.database) if is_sqlite(url) else f"{url.database} at {url.host or 'the local socket'}"


def make_engine(url: URL) -> AsyncEngine:
    """An engine that shows no parameters in its errors. On SQLite the file is made, readable by its owner only."""
    if is_sqlite(url):
        _make_private(Path(str(url.database)))
        path = str(url.database)
        engine = create_async_engine(url, hide_parameters=True, async_creator=lambda: connect(path, BUSY_SECONDS))
        event.listen(engine.sync_engine, "connect", _on_sqlite_connect)
        event.listen(engine.sync_engine, "begin", _on_sqlite_begin)
        return engine
    return create_async_engine(
        url,
        hide_parameters=True,
        pool_pre_ping=True,
        pool_size=POOL_SIZE,
        pool_timeout=BUSY_SECONDS,
        connect_args={"connect_timeout": BUSY_SECONDS, "application_name": "guichet"},
    )


async def upgrade_database(url: str) -> None:
    """Brings the tables to the present version, in one transaction; does nothing when they are.

    Raises `StoreUnavailable`, and `Misconfigured` when a newer Guichet has made them.
    """
    parsed = parse(url)
    with translated(place(parsed)):
        engine = make_engine(parsed)
        try:
            await upgrade(engine)
        finally:
            await engine.dispose()


async def upgrade(engine: AsyncEngine) -> None:
    """`upgrade_database` on an open engine; the caller translates the errors."""
    writer = engine.execution_options(**{WRITES: True})
    async with asyncio.timeout(UPGRADE_SECONDS), writer.begin() as connection:
        if not is_sqlite(engine.url):
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": UPGRADE_LOCK})
        await connection.run_sync(_upgrade)


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's settings, without a file: where the migrations are, and the connection to use."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS_DIR).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _upgrade(connection: Connection) -> None:
    try:
        command.upgrade(alembic_config(connection), "head")
    except CommandError:
        raise Misconfigured(
            f"Database {place(connection.engine.url)} was made by a newer Guichet:"
            " install that version again, or restore the database from before its upgrade."
        ) from None


def _make_private(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def _on_sqlite_connect(connection: DBAPIConnection, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun below, not guessed by the driver
    cursor = connection.cursor()
    for pragma in (
        "journal_mode = WAL",
        "synchronous = NORMAL",  # with WAL: a power cut may lose the last turn, never the file
        "foreign_keys = ON",
        "secure_delete = ON",  # what is erased is overwritten, not only unlinked
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _on_sqlite_begin(connection: Connection) -> None:
    """Who only reads needs no transaction: each query sees what is committed then, as it does on PostgreSQL."""
    if connection.get_execution_options().get(WRITES):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
