"""The classifier: sentence vector and n-grams together, one multinomial logistic regression over both.

Sentence vectors of e5 all point roughly the same way (cosines from 0.75 to 0.95); without subtracting their
mean they carry almost no signal. With it, they bring four points over n-grams alone, and the n-grams three
points on mistyped text over the vectors alone. Fitting needs scipy and scikit-learn, using it only numpy.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from bot.nlu.encoder import Vectors
from bot.nlu.lexical import Floats, LexicalFeatures, TfIdf

LEXICAL_WEIGHT = 0.6
STRENGTH = 20.0  # inverse of the regularisation; flat between 5 and 60
ITERATIONS = 60  # of 130 to convergence; the rest changes nothing that is measured
RANK = 1200
_SPARE_DIRECTIONS = 100
_POWER_ITERATIONS = 2


def centred(vectors: Vectors, mean: Vectors) -> Vectors:
    """Vectors without what they have in common, scaled to length 1 again. Shape (n, dimensions)."""
    moved = vectors - mean
    scaled: Vectors = moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-9)
    return scaled


class HybridModel:
    """A fitted classifier. `dense` and `sparse` are its weights, one row per class resp. per n-gram."""

    def __init__(
        self,
        *,
        classes: Sequence[str],
        mean: Vectors,
        lexical: LexicalFeatures,
        dense: Floats,
        sparse: Floats,
        bias: Floats,
    ) -> None:
        self.classes = list(classes)
        self.mean = mean
        self.lexical = lexical
        self._dense = dense
        self._sparse = sparse
        self._bias = bias

    @classmethod
    def fit(
        cls,
        texts: Sequence[str],
        vectors: Vectors,
        labels: Sequence[str],
        lexical_weight: float = LEXICAL_WEIGHT,
    ) -> Fitted:
        """Learns from texts, their vectors (one row each) and their classes. Deterministic."""
        mean = vectors.mean(axis=0)
        lexical = LexicalFeatures.learn(texts, lexical_weight)
        space = ReducedSpace.of(centred(vectors, mean), lexical_matrix(texts, lexical))
        classes, weights, bias = fit_regression(space.points, labels)
        dense, sparse = space.expand(weights)
        model = cls(classes=classes, mean=mean, lexical=lexical, dense=dense, sparse=sparse, bias=bias)
        return Fitted(model, space.points)

    def predict(self, text: str, vector: Vectors) -> Floats:
        """The probability of each class, in the order of `classes`. `vector` is the raw sentence vector."""
        columns, weights = self.lexical.columns_of(text)
        scores = self._dense @ self.centre(vector) + weights @ self._sparse[columns] + self._bias
        return softmax(scores)

    def centre(self, vector: Vectors) -> Vectors:
        """The vector as this model compares it."""
        single: Vectors = centred(vector[None, :], self.mean)[0]
        return single

    def save(self, directory: Path) -> None:
        """Writes hybrid.npz and hybrid.json."""
        np.savez_compressed(
            directory / "hybrid.npz",
            mean=self.mean,
            dense=self._dense,
            sparse=self._sparse.astype(np.float16),
            bias=self._bias,
            character_rarity=self.lexical.characters.rarity,
            word_rarity=self.lexical.words.rarity,
        )
        described = {
            "classes": self.classes,
            "lexical_weight": self.lexical.weight,
            "characters": self.lexical.characters.terms,
            "words": self.lexical.words.terms,
        }
        (directory / "hybrid.json").write_text(json.dumps(described, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, directory: Path) -> HybridModel:
        """Reads what `save` wrote. Raises `OSError`, `ValueError` or `KeyError` when it is not whole."""
        described = json.loads((directory / "hybrid.json").read_text(encoding="utf-8"))
        with np.load(directory / "hybrid.npz", allow_pickle=False) as arrays:
            lexical = LexicalFeatures(
                TfIdf(described["characters"], arrays["character_rarity"]),
                TfIdf(described["words"], arrays["word_rarity"]),
                described["lexical_weight"],
            )
            return cls(
                classes=described["classes"],
                mean=arrays["mean"],
                lexical=lexical,
                dense=arrays["dense"],
                sparse=arrays["sparse"].astype(np.float32),
                bias=arrays["bias"],
            )


@dataclass(frozen=True)
class Fitted:
    """A model, and the reduced points of its training examples (one row each) for calibration."""

    model: HybridModel
    points: Floats


@dataclass(frozen=True)
class ReducedSpace:
    """The training examples turned into their `RANK` strongest directions.

    A regression with a quadratic penalty only sees inner products between examples, so it may be fitted on as many
    rotated coordinates as there are examples, instead of 45,000 columns, with the same result; keeping the strongest
    1,200 of them costs no measurable accuracy. They are found by a randomised subspace iteration (Halko, Martinsson
    and Tropp, SIAM Review 53, 2011): an exact decomposition of 7,300 examples would take minutes.
    """

    points: Floats
    directions: Floats
    scales: Floats
    vectors: Vectors
    grams: Any

    @classmethod
    def of(cls, vectors: Vectors, grams: Any) -> ReducedSpace:
        """From centred sentence vectors and the sparse n-gram matrix."""
        likeness = vectors @ vectors.T + (grams @ grams.T).toarray().astype(np.float32)
        count = min(RANK + _SPARE_DIRECTIONS, len(vectors))
        basis = np.random.default_rng(0).normal(size=(len(vectors), count)).astype(np.float32)
        for _ in range(_POWER_ITERATIONS):
            basis, _ = np.linalg.qr(likeness @ basis)
        values, turned = np.linalg.eigh((basis.T @ (likeness @ basis)).astype(np.float64))
        strongest = np.argsort(-values)[:RANK]
        strongest = strongest[values[strongest] > 1e-6 * values[strongest[0]]]
        scales = np.sqrt(values[strongest]).astype(np.float32)
        kept = basis @ turned[:, strongest].astype(np.float32)
        return cls(kept * scales, kept, scales, vectors, grams)

    def expand(self, weights: Floats) -> tuple[Floats, Floats]:
        """Weights of the reduced points, as weights of sentence vectors (classes, dimensions) and n-grams
        (n-grams, classes)."""
        per_example = (self.directions / self.scales) @ weights.T
        dense = (self.vectors.T @ per_example).T.astype(np.float32)
        return np.ascontiguousarray(dense), np.ascontiguousarray((self.grams.T @ per_example).astype(np.float32))


def fit_regression(points: Floats, labels: Sequence[str]) -> tuple[list[str], Floats, Floats]:
    """Classes, weights (classes, columns) and biases of a multinomial logistic regression."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    regression = LogisticRegression(C=STRENGTH, max_iter=ITERATIONS, class_weight="balanced", random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # stopped early on purpose
        regression.fit(points, list(labels))
    weights, bias = regression.coef_.astype(np.float32), regression.intercept_.astype(np.float32)
    return [str(name) for name in regression.classes_], weights, bias


def softmax(scores: Floats) -> Floats:
    """Probabilities along the last axis."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    probabilities: Floats = (powers / powers.sum(axis=-1, keepdims=True)).astype(np.float32)
    return probabilities


class Features(Protocol):
    """n-grams of one kind or another, in columns."""

    @property
    def size(self) -> int: ...

    def columns_of(self, text: str) -> tuple[list[int], Floats]: ...


def lexical_matrix(texts: Sequence[str], lexical: Features) -> Any:
    """The n-grams of the texts, scipy CSR, one row each."""
    from scipy.sparse import csr_matrix

    pointers, columns, weights = [0], [], []
    for text in texts:
        row_columns, row_weights = lexical.columns_of(text)
        columns.append(np.array(row_columns, dtype=np.int64))
        weights.append(row_weights.astype(np.float64))
        pointers.append(pointers[-1] + len(row_columns))
    shape = (len(texts), lexical.size)
    return csr_matrix((np.concatenate(weights), np.concatenate(columns), pointers), shape=shape)
