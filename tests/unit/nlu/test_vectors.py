"""The store of vectors of training examples."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.nlu.encoder import PackagedEncoder
from bot.nlu.vectors import VectorStore, embed_stored


class Counting:
    """Encodes texts as their lengths, and counts them."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.calls += len(texts)
        return np.array([[len(text), 1.0] for text in texts], dtype=np.float32)


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
