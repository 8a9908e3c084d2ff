"""Which encoder serves, and what it remembers."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from bot.nlu import encoder as module
from bot.nlu.encoder import LOADERS, REMEMBERED_TEXTS, PackagedEncoder, first_that_loads, open_encoder_named


class Lengths:
    """Encodes texts as their lengths, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked.append(list(texts))
        return np.array([[len(text), 1.0] for text in texts], dtype=np.float32)


def absent() -> PackagedEncoder:
    raise ImportError("no such package")


def test_several_texts_go_to_the_network_in_one_call_each_once() -> None:
    encode = Lengths()
    encoder = PackagedEncoder("e5-test", encode)
    encoder.embed("bb")
    vectors = encoder.embed_all(["a", "bb", "ccc", "a"])
    assert encode.asked == [["bb"], ["a", "ccc"]]
    assert vectors.shape == (4, 2)
    assert np.array_equal(vectors[0], vectors[3])
    assert np.array_equal(vectors[1], encoder.embed("bb"))


def test_vectors_have_length_one() -> None:
    lengths = np.linalg.norm(PackagedEncoder("e5-test", Lengths()).embed_all(["abc", "d"]), axis=1)
    assert np.round(lengths, 5).tolist() == [1.0, 1.0]


def test_an_empty_text_has_a_vector() -> None:
    assert np.isfinite(PackagedEncoder("e5-test", Lengths()).embed("")).all()


def test_few_recent_texts_stay_in_memory_even_after_a_long_list() -> None:
    encode = Lengths()
    encoder = PackagedEncoder("e5-test", encode)
    encoder.embed_all([f"question {number}" for number in range(REMEMBERED_TEXTS + 1)])
    encoder.embed("question 0")  # forgotten
    encoder.embed("question 0")
    assert len(encode.asked) == 2


def test_the_next_runtime_takes_over_and_the_operator_is_told(caplog: pytest.LogCaptureFixture) -> None:
    spare = PackagedEncoder("e5-spare", Lengths())
    with caplog.at_level(logging.WARNING):
        chosen = first_that_loads([(absent, "the best cannot load (%s)"), (lambda: spare, ""), (absent, "")])
    assert chosen is spare
    assert [record.getMessage() for record in caplog.records] == ["the best cannot load (no such package)"]


def test_when_nothing_loads_the_last_error_is_raised() -> None:
    with pytest.raises(ImportError):
        first_that_loads([(absent, "%s"), (absent, "")])


def test_a_model_is_served_by_the_runtime_it_was_trained_with(monkeypatch: pytest.MonkeyPatch) -> None:
    runtimes = [(lambda name=name: PackagedEncoder(name, Lengths()), "") for name in ("e5-fast", "e5-slow")]
    monkeypatch.setitem(LOADERS, "e5", [(absent, ""), *runtimes])
    monkeypatch.setattr(module, "_open", {"e5": PackagedEncoder("e5-fast", Lengths())})
    assert open_encoder_named("e5-fast").name == "e5-fast"
    assert open_encoder_named("e5-slow").name == "e5-slow"
    with pytest.raises(RuntimeError, match="guichet train"):
        open_encoder_named("e5-gone")
