"""The database's errors, as one sentence that names the remedy and nothing of what was being stored.

Only the driver's error code is read: messages and parameters may hold what a person said, so they
go no further than this module.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from bot.errors import StoreUnavailable, Unwritable

# Beginnings of SQLite's extended error names and of PostgreSQL's SQLSTATEs; the first that fits is taken.
REMEDIES = (
    ("SQLITE_FULL", "the disk is full: free some space; nothing stored earlier is lost"),
    ("SQLITE_NOTADB", "the file is not a SQLite database: restore it from a backup, or move it away to start empty"),
    ("SQLITE_CORRUPT", "the file is damaged: restore it from a backup, or move it away to start empty"),
    ("SQLITE_READONLY", "the file or its directory is read-only: give the service's user the right to write"),
    ("SQLITE_PERM", "access is refused: give the service's user the right to read and write the file"),
    ("SQLITE_CANTOPEN", "the file cannot be opened: check that its directory exists and may be written"),
    ("SQLITE_BUSY", "another program holds the file locked: end it, then try again"),
    ("SQLITE_LOCKED", "another program holds the file locked: end it, then try again"),
    ("SQLITE_IOERR", "the disk fails to read or write: check the disk, then the file with `PRAGMA integrity_check`"),
    ("SQLITE_", "the file cannot be used: check it with `PRAGMA integrity_check`, restore it if it is damaged"),
    ("ENOSPC", "the disk is full: free some space; nothing stored earlier is lost"),
    ("EACCES", "access is refused: give the service's user the right to write in its directory"),
    ("EROFS", "the disk is mounted read-only: put the data directory on another"),
    ("531", "the server's disk is full: free some space on it"),
    ("533", "the server has no connection left: raise its max_connections"),
    ("53", "the server is out of memory or another resource: see its log"),
    ("28", "the server refuses this user: correct user and password in store.url"),
    ("3D", "the server has no database of that name: create it or correct store.url"),
    ("42501", "this user may not do that: make it the owner of the database"),
    ("25006", "the server is read-only: store.url must name the primary server"),
    ("57P", "the server is stopping or starting: try again in a moment"),
    ("08", "the connection is lost: check that the server runs and is reachable"),
)
OTHERWISE = "it does not answer: check that it runs, and that store.url has the right host, user, password and name"


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Turns every error of the database into `StoreUnavailable`; `where` names file or server, no password.

    `Unwritable` for what no database keeps there; half of a surrogate pair the driver finds, before SQLAlchemy does.
    """
    try:
        yield
    except TimeoutError:
        raise StoreUnavailable(f"Database {where}: no answer in time; check the load of its machine.") from None
    except (DataError, IntegrityError, UnicodeEncodeError) as error:
        raise Unwritable(f"Database {where}: it refuses what was to be written ({_code(error)}).") from None
    except (SQLAlchemyError, OSError) as error:
        code = _code(error)
        raise StoreUnavailable(f"Database {where}: {_remedy(code)} ({code}).") from None


def _remedy(code: str) -> str:
    return next((remedy for beginning, remedy in REMEDIES if code.startswith(beginning)), OTHERWISE)


def _code(error: BaseException) -> str:
    """SQLITE_… or a SQLSTATE from the driver's own error, or else the kind of the error."""
    seen: BaseException | None = error
    while seen is not None:
        for name in ("sqlite_errorname", "sqlstate"):
            if code := getattr(seen, name, None):
                return str(code)
        seen = getattr(seen, "orig", None) or seen.__cause__
    if isinstance(error, OSError) and error.errno:
        return errno.errorcode.get(error.errno, "OSError")
    return type(getattr(error, "orig", None) or error).__name__
