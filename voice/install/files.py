"""Files that are either whole or absent.

Everything is made in a working directory beside its destination and renamed into place when it is complete
and its digest is right; a list of digests in the format of `sha256sum` is written with it. So a name that
exists is a whole installation, and an interrupted one leaves only a working directory, reused next time.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.errors import ModelMissing, Unavailable

Report = Callable[[str], None]
"""Receives progress, one line at a time."""

_BLOCK_BYTES = 1 << 20


def sha256_of(path: Path) -> str:
    """The digest of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_sums(sums: Path, names: list[str]) -> None:
    """Writes the digests of files that lie beside `sums`; `sha256sum -c` reads them too."""
    lines = [f"{sha256_of(sums.parent / name)}  {name}\n" for name in names]
    partial = sums.with_name(sums.name + ".new")
    partial.write_text("".join(lines), encoding="utf-8")
    partial.rename(sums)


def read_sums(sums: Path) -> dict[str, str]:
    """File name to digest; empty when there is no such list. Raises `ModelMissing` when it is not one."""
    if not sums.is_file():
        return {}
    digests: dict[str, str] = {}
    try:
        for line in sums.read_text(encoding="utf-8").splitlines():
            digest, name = line.split(maxsplit=1)
            digests[name.lstrip("*")] = digest
    except (ValueError, UnicodeDecodeError):
        raise ModelMissing(f"{sums} is damaged: delete it, then install again.") from None
    return digests


def complete(sums: Path) -> bool:
    """Whether an installation is whole, judged by its list: quick, reads no weights."""
    names = read_sums(sums)
    return bool(names) and all((sums.parent / name).is_file() for name in names)


def faults(sums: Path) -> list[str]:
    """Compares every file with its digest; one sentence for each that is absent or different."""
    found = []
    for name, digest in read_sums(sums).items():
        path = sums.parent / name
        if not path.is_file():
            found.append(f"{path} is absent")
        elif sha256_of(path) != digest:
            found.append(f"{path} has another digest than when it was installed")
    return found


@contextmanager
def only_one(data_path: Path, report: Report) -> Iterator[None]:
    """Holds the installation lock of a data directory; waits while another process installs."""
    with disk_errors(data_path):
        data_path.mkdir(parents=True, exist_ok=True)
        lock = (data_path / ".install.lock").open("w")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report("Another installation is under way: waiting for it…")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turns what the disk says while writing under `path` into our errors."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Unavailable(f"The disk that holds {path} is full: free some space, then start again.") from None
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST):
            raise Unavailable(
                f"{error.filename or path} cannot be written: check what it is and who owns it."
            ) from None
        raise


def require_space(path: Path, megabytes: int) -> None:
    """Raises `Unavailable` unless the disk that holds `path` (which exists) has that much room."""
    free = shutil.disk_usage(path).free // 1_000_000
    if free < megabytes:
        raise Unavailable(
            f"The disk that holds {path} has {free} MB left and {megabytes} MB are needed: free some space."
        )


def copy_file(source: Path, destination: Path) -> None:
    """Copies contents only: the copy belongs to who installs."""
    with source.open("rb") as reader, destination.open("wb") as writer:
        shutil.copyfileobj(reader, writer, _BLOCK_BYTES)


def put_directory(made: Path, destination: Path) -> None:
    """Moves a finished directory to its name, in place of what was there."""
    if destination.exists():
        old = destination.with_name(f".{destination.name}.old")
        shutil.rmtree(old, ignore_errors=True)
        destination.rename(old)
        made.rename(destination)
        shutil.rmtree(old, ignore_errors=True)
    else:
        destination.parent.mkdir(parents=True, exist_ok=True)
        made.rename(destination)


@contextmanager
def working_directory(parent: Path, name: str) -> Iterator[Path]:
    """An empty directory under `parent`, removed at the end unless it was renamed. Hold `only_one` around it."""
    path = parent / f".{name}.partial"
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def sync(path: Path) -> None:
    """Makes sure that a file is on the disk, so that a digest list never outlives a power cut that its file did not."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
