"""Using and keeping a model; fitting one needs the Rasa environment (tests/integration/test_dialogue.py)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bot.nlu.hybrid import HybridModel, centred
from bot.nlu.lexical import LexicalFeatures

TEXTS = ["comment adhérer", "adhésion au service", "bulletin de paie", "fiche de paie"]


def small_model() -> HybridModel:
    lexical = LexicalFeatures.learn(TEXTS, 0.6)
    rng = np.random.default_rng(3)
    return HybridModel(
        classes=["adhesion", "bulletin"],
        mean=np.full(4, 0.25, dtype=np.float32),
        lexical=lexical,
        dense=rng.normal(size=(2, 4)).astype(np.float32),
        sparse=rng.normal(size=(lexical.size, 2)).astype(np.float16).astype(np.float32),
        bias=np.zeros(2, dtype=np.float32),
    )


def test_probabilities_add_up() -> None:
    probabilities = small_model().predict("comment adhérer", np.array([1, 0, 0, 0], dtype=np.float32))
    assert probabilities.shape == (2,)
    assert float(probabilities.sum()) == pytest.approx(1.0, abs=1e-5)


def test_a_text_of_unknown_characters_still_gets_probabilities() -> None:
    probabilities = small_model().predict("日本語 😀", np.array([0, 1, 0, 0], dtype=np.float32))
    assert np.isfinite(probabilities).all()


def test_a_saved_model_predicts_the_same(tmp_path: Path) -> None:
    model = small_model()
    model.save(tmp_path)
    vector = np.array([0.1, 0.2, 0.3, 0.9], dtype=np.float32)
    assert HybridModel.load(tmp_path).predict("fiche de paie", vector) == pytest.approx(
        model.predict("fiche de paie", vector), abs=1e-6
    )


def test_nothing_saved_can_run_code_when_loaded(tmp_path: Path) -> None:
    small_model().save(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hybrid.json", "hybrid.npz"]
    with np.load(tmp_path / "hybrid.npz", allow_pickle=False) as arrays:
        assert all(arrays[name].dtype != object for name in arrays.files)


def test_centring_leaves_unit_vectors_and_no_common_direction() -> None:
    rng = np.random.default_rng(1)
    vectors = (rng.normal(size=(50, 8)) * 0.1 + 1).astype(np.float32)
    moved = centred(vectors, vectors.mean(axis=0))
    assert np.linalg.norm(moved, axis=1) == pytest.approx(np.ones(50), abs=1e-5)
    assert abs(float((moved @ moved.T).mean())) < 0.1
