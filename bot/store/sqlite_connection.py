"""SQLite at one trip to its thread for each statement.

aiosqlite runs each connection in a thread, and makes a trip there for a cursor, another for the statement, for its rows
and for the cursor's end. Each trip costs more than SQLite itself: two switches between threads that wait for the same
interpreter. Here a statement brings its rows along; and where nothing was begun nothing is rolled back.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

import aiosqlite

Rows = list[Any]


class Cursor:
    """What SQLAlchemy asks of a cursor, on rows that are all there already."""

    arraysize = 1

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: Rows = []
        self.description: Any = None
        self.lastrowid: int | None = None
        self.rowcount = -1

    async def __aenter__(self) -> Cursor:
        return self

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Cursor:
        self._take(*await self._connection.at_once(_execute, sql, parameters))
        return self

    async def executemany(self, sql: str, parameters: Iterable[Sequence[Any]]) -> Cursor:
        self._take(*await self._connection.at_once(_execute_many, sql, parameters))
        return self

    async def fetchall(self) -> Rows:
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """There is nothing left open."""

    def _take(self, rows: Rows, description: Any, lastrowid: int | None, rowcount: int) -> None:
        self._rows, self.description, self.lastrowid, self.rowcount = rows, description, lastrowid, rowcount


class Connection(aiosqlite.Connection):
    """To be made by `connect`."""

    async def at_once(self, act: Any, sql: str, parameters: Any) -> Any:
        """In the connection's thread."""
        return await self._execute(act, self._conn, sql, parameters)  # type: ignore[no-untyped-call]  # it is untyped

    def cursor(self) -> Cursor:  # type: ignore[override]  # what SQLAlchemy enters is the cursor itself
        return Cursor(self)

    async def rollback(self) -> None:
        if self.in_transaction:
            await super().rollback()


async def connect(path: str, busy_seconds: float) -> Connection:
    """Opens the file, in a thread that ends with the process."""
    connection = Connection(lambda: sqlite3.connect(path, timeout=busy_seconds, check_same_thread=False), 64)
    connection._thread.daemon = True  # as SQLAlchemy does with those that it makes itself
    await connection
    return connection


def _execute(connection: sqlite3.Connection, sql: str, parameters: Sequence[Any]) -> tuple[Rows, Any, int | None, int]:
    return _all_of(connection.execute(sql, parameters))


def _execute_many(connection: sqlite3.Connection, sql: str, parameters: Any) -> tuple[Rows, Any, int | None, int]:
    return _all_of(connection.executemany(sql, parameters))


def _all_of(cursor: sqlite3.Cursor) -> tuple[Rows, Any, int | None, int]:
    rows = cursor.fetchall() if cursor.description else []
    found = rows, cursor.description, cursor.lastrowid, cursor.rowcount
    cursor.close()
    return found
