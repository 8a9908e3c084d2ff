"""The vocabulary of a model is cut while it is loaded: which rows stay, under which numbers, and in which files."""

from __future__ import annotations

import json
import struct
import tempfile
from pathlib import Path

import numpy as np
import pytest

from voice.whisper_vocabulary import FIRST_MARK, cut_model, french_tokens, renumbered, vocabulary_size

WORDS = ["a", "b", "c", "d", "e"]
ROWS = np.arange(10, dtype=np.float16).reshape(5, 2)
OTHER = np.arange(8, dtype=np.float16).reshape(4, 2)


def variable(name: str, values: np.ndarray) -> bytes:
    raw = values.tobytes()
    shape = struct.pack(f"<B{values.ndim}I", values.ndim, *values.shape)
    return named(name) + shape + struct.pack("<BI", 4, len(raw)) + raw


def named(text: str) -> bytes:
    return struct.pack("<H", len(text) + 1) + text.encode() + b"\0"


def model_file(rows: np.ndarray = ROWS) -> bytes:
    head = struct.pack("<I", 6) + named("WhisperSpec") + struct.pack("<II", 3, 2)
    aliases = struct.pack("<I", 1) + named("projection") + named("embeddings")
    return head + variable("other", OTHER) + variable("embeddings", rows) + aliases


@pytest.fixture
def model(tmp_path: Path) -> Path:
    (tmp_path / "model.bin").write_bytes(model_file())
    (tmp_path / "vocabulary.json").write_text(json.dumps(WORDS))
    (tmp_path / "config.json").write_text(json.dumps({"suppress_ids": [1, 4], "lang_ids": [3], "heads": [[1, 2]]}))
    return tmp_path


def test_the_kept_rows_stay_and_everything_else_is_as_it_was(model: Path) -> None:
    with cut_model(model, np.array([0, 3, 4])) as cut:
        assert (cut / "model.bin").read_bytes() == model_file(ROWS[[0, 3, 4]])
    assert (model / "model.bin").read_bytes() == model_file()


def test_words_and_ids_are_numbered_anew_and_other_settings_are_not_touched(model: Path) -> None:
    with cut_model(model, np.array([0, 3, 4])) as cut:
        assert json.loads((cut / "vocabulary.json").read_text()) == ["a", "d", "e"]
        config = json.loads((cut / "config.json").read_text())
    assert config == {"suppress_ids": [2], "lang_ids": [1], "heads": [[1, 2]]}
    assert renumbered([4, 0, 3], np.array([0, 3, 4])) == [2, 0, 1]


def test_a_model_without_such_rows_is_refused(model: Path) -> None:
    (model / "vocabulary.json").write_text(json.dumps(WORDS[:3]))
    with pytest.raises(ValueError, match="no rows"), cut_model(model, np.array([0])):
        pass


def test_of_the_cut_copy_nothing_is_left_whether_it_could_be_made_and_loaded_or_not(
    model: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    with cut_model(model, np.array([0])) as cut:
        assert cut.parent == temporary
    with pytest.raises(RuntimeError), cut_model(model, np.array([0])):
        raise RuntimeError("not loaded")
    (model / "model.bin").write_bytes(b"not a model")
    with pytest.raises(struct.error), cut_model(model, np.array([0])):
        pass
    assert list(temporary.iterdir()) == []


def test_without_room_for_a_copy_the_system_s_own_error_tells(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(model / "absent"))
    with pytest.raises(OSError, match="absent"), cut_model(model, np.array([0])):
        pass


def test_marks_bytes_and_wanted_tokens_are_all_kept_and_most_others_are_not() -> None:
    kept = french_tokens([50_000, 3], FIRST_MARK + 1608)
    assert {*range(256), 50_000, *range(FIRST_MARK, FIRST_MARK + 1608)} <= set(kept.tolist())
    assert len(kept) < (FIRST_MARK + 1608) / 2
    assert kept.tolist() == sorted(set(kept.tolist()))


def test_a_model_whose_vocabulary_has_another_form_is_left_whole(tmp_path: Path) -> None:
    assert vocabulary_size(tmp_path) == 0


@pytest.mark.parametrize(("tokens", "end_of_text", "size"), [(51_865, FIRST_MARK, 51_865), (51_864, FIRST_MARK - 1, 0)])
def test_only_a_multilingual_vocabulary_is_cut(tmp_path: Path, tokens: int, end_of_text: int, size: int) -> None:
    words = [f"w{number}" for number in range(tokens)]
    words[end_of_text] = "<|endoftext|>"
    (tmp_path / "vocabulary.json").write_text(json.dumps(words))
    assert vocabulary_size(tmp_path) == size


@pytest.mark.parametrize("written", [[], ["<|endoftext|>"], {"<|endoftext|>": FIRST_MARK}])
def test_what_is_no_list_of_that_many_words_is_left_whole(tmp_path: Path, written: object) -> None:
    (tmp_path / "vocabulary.json").write_text(json.dumps(written))
    assert vocabulary_size(tmp_path) == 0
