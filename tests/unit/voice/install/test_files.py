import errno
import subprocess
from pathlib import Path

import pytest

from bot.errors import ModelMissing, Unavailable
from voice.install.files import (
    complete,
    disk_errors,
    faults,
    put_directory,
    read_sums,
    require_space,
    working_directory,
    write_sums,
)


@pytest.fixture
def sums(tmp_path: Path) -> Path:
    (tmp_path / "a.bin").write_bytes(b"a")
    (tmp_path / "b c.bin").write_bytes(b"b")
    path = tmp_path / "SHA256SUMS"
    write_sums(path, ["a.bin", "b c.bin"])
    return path


def test_the_list_of_digests_is_one_that_sha256sum_reads(sums: Path) -> None:
    done = subprocess.run(["sha256sum", "-c", sums.name], cwd=sums.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert set(read_sums(sums)) == {"a.bin", "b c.bin"}


def test_a_whole_installation_has_no_fault(sums: Path) -> None:
    assert complete(sums)
    assert faults(sums) == []


def test_a_changed_file_and_an_absent_one_are_named(sums: Path) -> None:
    (sums.parent / "a.bin").write_bytes(b"other")
    assert [fault for fault in faults(sums) if "a.bin" in fault and "digest" in fault]
    (sums.parent / "a.bin").unlink()
    assert [fault for fault in faults(sums) if "a.bin" in fault and "absent" in fault]
    assert not complete(sums)


def test_without_a_list_nothing_is_complete(tmp_path: Path) -> None:
    assert not complete(tmp_path / "SHA256SUMS")
    (tmp_path / "SHA256SUMS").write_text("", encoding="utf-8")
    assert not complete(tmp_path / "SHA256SUMS")


@pytest.mark.parametrize("content", [b"abc", b"\xff\xfe\n"])
def test_a_damaged_list_says_so(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "SHA256SUMS").write_bytes(content)
    with pytest.raises(ModelMissing, match="damaged"):
        complete(tmp_path / "SHA256SUMS")


def test_an_interrupted_installation_leaves_no_name(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), working_directory(tmp_path, "model") as work:
        (work / "half").write_bytes(b"x")
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_a_new_directory_replaces_the_old_one_whole(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "old").touch()
    with working_directory(tmp_path, "model") as work:
        (work / "new").touch()
        put_directory(work, tmp_path / "model")
    assert [path.name for path in tmp_path.rglob("*")] == ["model", "new"]


@pytest.mark.parametrize(
    ("number", "sentence"),
    [(errno.ENOSPC, "is full"), (errno.EROFS, "cannot be written"), (errno.EACCES, "cannot be written")],
)
def test_what_the_disk_says_becomes_one_sentence(tmp_path: Path, number: int, sentence: str) -> None:
    with pytest.raises(Unavailable, match=sentence), disk_errors(tmp_path):
        raise OSError(number, "the system's words")


def test_another_fault_of_the_system_is_not_hidden(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="odd"), disk_errors(tmp_path):
        raise OSError(errno.EBADF, "odd")


def test_too_small_a_disk_is_refused_before_anything_is_fetched(tmp_path: Path) -> None:
    require_space(tmp_path, 1)
    with pytest.raises(Unavailable, match="free some space"):
        require_space(tmp_path, 10**9)
