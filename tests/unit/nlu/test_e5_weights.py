"""Reading the packed weights, on a file small enough to write here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bot.nlu.e5_weights import PACKED, E5Weights, unpacked
from tests.unit.nlu.tiny_e5 import PIECES, TinyE5


@pytest.fixture
def tiny(tmp_path: Path) -> TinyE5:
    return TinyE5(tmp_path / "tiny.bin")


def test_sizes_vocabulary_and_character_map_are_read(tiny: TinyE5) -> None:
    weights = E5Weights(tiny.path)
    assert (weights.hidden, weights.layers, weights.heads, weights.inner, weights.longest) == (64, 2, 2, 128, 16)
    assert weights.pieces == [piece for piece, _ in PIECES]
    assert weights.scores == [score for _, score in PIECES]
    assert (weights.begin, weights.end, weights.unknown) == (0, 2, 3)
    assert weights.character_map == {ord("ﬁ"): "fi", ord("\t"): " ", 0xAD: ""}


def test_matrices_and_word_vectors_get_their_values_back(tiny: TinyE5) -> None:
    weights = E5Weights(tiny.path)
    assert np.array_equal(unpacked(weights.packed("l1.fo.w", 128)), tiny.tensors["l1.fo.w"])
    assert np.array_equal(weights.vector("l0.q.b"), tiny.tensors["l0.q.b"])
    assert np.array_equal(weights.word_vectors([5, 2, 5]), tiny.tensors["emb.word"][[5, 2, 5]])


def test_low_halves_come_before_high_ones() -> None:
    block = np.zeros((1, 1), PACKED)
    block["factor"] = 0.5
    block["halves"] = 0x8F  # low half 15, high half 8
    assert unpacked(block).tolist() == [[3.5] * 16 + [0.0] * 16]


def test_a_file_of_another_format_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.bin"
    other.write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(RuntimeError, match="another format"):
        E5Weights(other)


def test_a_file_cut_short_is_refused(tiny: TinyE5) -> None:
    tiny.path.write_bytes(tiny.path.read_bytes()[:60])
    with pytest.raises(RuntimeError, match="too early"):
        E5Weights(tiny.path)


def test_a_file_without_its_last_tensors_is_refused(tiny: TinyE5) -> None:
    tiny.path.write_bytes(tiny.path.read_bytes()[:-100])
    with pytest.raises(RuntimeError, match="too early"):
        E5Weights(tiny.path)
