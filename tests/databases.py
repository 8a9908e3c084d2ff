"""SQLite files with their tables already made: the migrations run once for all tests, not for each.

The tests of the store itself (tests/unit/store) begin with nothing, as an installation does.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.store import database_url, upgrade_database
from bot.store.database import FILE_NAME


def prepared_url(directory: Path) -> str:
    """The address of the data directory's file, whose tables are those of the last migration."""
    file = directory / FILE_NAME
    if not file.exists():
        file.write_bytes(_tables())
    return database_url("", directory)


@cache
def _tables() -> bytes:
    # On a thread: who asks may be on an event loop already.
    with TemporaryDirectory() as name, ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(upgrade_database(database_url("", Path(name))))).result()
        (file,) = Path(name).iterdir()  # closed: nothing is left in a write-ahead log
        return file.read_bytes()
