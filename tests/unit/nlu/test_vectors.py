"""The store of vectors of training examples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.nlu.encoder import REMEMBERED_TEXTS, PackagedEncoder
from bot.nlu.vectors import VectorStore, embed_stored


class Counting:
    """Encodes a text as its length, and counts."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, text: str) -> NDArray[np.float32]:
        self.calls += 1
        return np.array([len(text), 1.0], dtype=np.float32)


def test_a_text_embedded_once_is_read_from_disk_the_next_time(tmp_path: Path) -> None:
    first, second = Counting(), Counting()
    once = embed_stored(PackagedEncoder("e5-test", first), ["a", "bb", "a"], tmp_path)
    again = embed_stored(PackagedEncoder("e5-test", second), ["bb", "a"], tmp_path)
    assert (first.calls, second.calls) == (2, 0)
    assert np.array_equal(once[[1, 0]], again)


def test_vectors_of_another_encoder_are_never_used(tmp_path: Path) -> None:
    embed_stored(PackagedEncoder("e5-test", Counting()), ["a"], tmp_path)
    other = Counting()
    embed_stored(PackagedEncoder("use-test", other), ["a"], tmp_path)
    assert other.calls == 1


def test_the_store_holds_no_text(tmp_path: Path) -> None:
    embed_stored(PackagedEncoder("e5-test", Counting()), ["une question très reconnaissable"], tmp_path)
    assert b"reconnaissable" not in (tmp_path / "e5-test.npz").read_bytes()


def test_a_damaged_store_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "e5-test.npz").write_bytes(b"half a file")
    assert VectorStore("e5-test", tmp_path).missing(["a"]) == ["a"]


def test_few_recent_texts_stay_in_memory() -> None:
    encode = Counting()
    encoder = PackagedEncoder("e5-test", encode)
    for number in range(REMEMBERED_TEXTS + 1):
        encoder.embed(f"question {number}")
    encoder.embed("question 0")
    assert encode.calls == REMEMBERED_TEXTS + 2
    encoder.embed("question 0")
    assert encode.calls == REMEMBERED_TEXTS + 2


def test_vectors_have_length_one() -> None:
    vector = PackagedEncoder("e5-test", Counting()).embed("abc")
    assert round(float(np.linalg.norm(vector)), 5) == 1.0
