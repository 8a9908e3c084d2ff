"""The integer network beside the same network in floats."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from bot.nlu.e5_graph import eight_bit
from bot.nlu.e5_runtime import MOST_TOKENS_A_RUN, E5Runtime, own_text_only, runs
from bot.nlu.e5_tokens import Tokeniser
from bot.nlu.e5_weights import E5Weights
from tests.unit.nlu.tiny_e5 import TinyE5

TEXTS = ["un bulletin", "bul", "un il bulbul ﬁ", "", "il un bulletin un il"]


@pytest.fixture
def tiny(tmp_path: Path) -> TinyE5:
    return TinyE5(tmp_path / "tiny.bin")


def cosines(some: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(some, axis=1) * np.linalg.norm(others, axis=1)
    found: NDArray[np.float32] = (some * others).sum(axis=1) / lengths
    return found


def test_vectors_are_those_of_the_network_in_floats(tiny: TinyE5) -> None:
    tokeniser = Tokeniser(E5Weights(tiny.path))
    expected = np.stack([tiny.encode(tokeniser.tokens(text)) for text in TEXTS])
    assert cosines(E5Runtime(tiny.path).encode(TEXTS), expected).min() > 0.999


def test_a_text_has_the_same_vector_alone_and_in_company(tiny: TinyE5) -> None:
    runtime = E5Runtime(tiny.path)
    alone = np.concatenate([runtime.encode([text]) for text in TEXTS])
    assert cosines(runtime.encode(TEXTS), alone).min() > 0.9999


def test_sums_of_two_products_fit_16_bits() -> None:
    matrix = np.random.default_rng(1).standard_normal((7, 64)).astype(np.float32)
    whole, factors = eight_bit(matrix)
    assert 2 * 255 * int(np.abs(whole.astype(int)).max()) < 2**15
    assert np.abs(whole * factors[:, None] - matrix).max() <= factors.max() / 2 + 1e-6


def test_a_row_of_zeros_stays_zero() -> None:
    whole, factors = eight_bit(np.zeros((1, 32), np.float32))
    assert not whole.any()
    assert np.isfinite(factors).all()


def test_texts_go_through_in_order_in_runs_of_bounded_size() -> None:
    lengths = [MOST_TOKENS_A_RUN - 1, 1, 1, MOST_TOKENS_A_RUN + 5, 2]
    grouped = [[len(tokens) for tokens in run] for run in runs([[0] * length for length in lengths])]
    assert grouped == [[MOST_TOKENS_A_RUN - 1, 1], [1], [MOST_TOKENS_A_RUN + 5], [2]]


def test_tokens_see_their_own_text_only() -> None:
    seen = own_text_only([2, 1]) == 0
    assert seen.tolist() == [[True, True, False], [True, True, False], [False, False, True]]
