"""What the model says of one text, before anything is decided.

Other services' questions are learnt as classes of their own (`elsewhere_caf`, `elsewhere_impots`, …), because one
class for all that is foreign has no common meaning to learn. For the decision they are one: their probabilities are
added to `out_of_scope`, and the likeliest of them is kept as the address to point to.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bot.nlu.lexical import Floats

OUT_OF_SCOPE = "out_of_scope"

Ranking = Sequence[tuple[str, float]]


@dataclass(frozen=True)
class Evidence:
    """All intents with their probability, best first, and for each the cosine to its nearest known example (-1 when
    it has none). `pointer` is the likeliest of the foreign classes; it may be `out_of_scope` itself."""

    ranking: Ranking
    closeness: Mapping[str, float]
    pointer: str = OUT_OF_SCOPE

    @property
    def probability(self) -> dict[str, float]:
        """By intent."""
        return dict(self.ranking)

    def without(self, intents: Collection[str]) -> Evidence:
        """The same when these intents are ruled out: the others' probabilities sum up to 1 again."""
        left = [(name, p) for name, p in self.ranking if name not in intents]
        total = max(sum(p for _, p in left), 1e-9)
        closeness = {name: cosine for name, cosine in self.closeness.items() if name not in intents}
        return Evidence([(name, p / total) for name, p in left], closeness, self.pointer)


class Neighbours:
    """The known examples grouped by class, so that the nearest of each class is found in one pass."""

    def __init__(self, labels: Sequence[str], foreign: Collection[str] = ()) -> None:
        """`labels` are the classes of the examples; those in `foreign` count as `out_of_scope`."""
        merged = np.array([OUT_OF_SCOPE if label in foreign else label for label in labels])
        names, codes = np.unique(merged, return_inverse=True)
        self._names: list[str] = names.tolist()
        self._order = np.argsort(codes, kind="stable")
        self._starts = np.searchsorted(codes[self._order], np.arange(len(names)))

    def closest(self, likeness: Floats) -> dict[str, float]:
        """By class, the greatest of the cosines to its examples; `likeness` has one for each example."""
        greatest = np.maximum.reduceat(likeness[self._order], self._starts)
        return dict(zip(self._names, greatest.tolist(), strict=True))


def evidence_of(
    classes: Sequence[str], probabilities: Floats, closest: Mapping[str, float], foreign: Collection[str] = ()
) -> Evidence:
    """From the model's probabilities (in the order of `classes`) and the nearest example of each class.

    `foreign` are the classes that count as `out_of_scope`.
    """
    probability: dict[str, float] = {}
    pointer, best = OUT_OF_SCOPE, -1.0
    for name, p in zip(classes, probabilities.tolist(), strict=True):
        merged = OUT_OF_SCOPE if name in foreign else name
        probability[merged] = probability.get(merged, 0.0) + p
        if merged == OUT_OF_SCOPE and p > best:
            pointer, best = name, p
    closeness = {name: closest.get(name, -1.0) for name in probability}
    ranking = sorted(probability.items(), key=lambda pair: -pair[1])
    return Evidence(ranking, closeness, pointer)


def merged(probabilities: Mapping[str, float], foreign: Collection[str]) -> dict[str, float]:
    """The probabilities of a model's classes, those of the classes in `foreign` added up as `out_of_scope`."""
    found: dict[str, float] = {}
    for name, p in probabilities.items():
        subject = OUT_OF_SCOPE if name in foreign else name
        found[subject] = found.get(subject, 0.0) + p
    return found


def mixed(several: Sequence[Evidence], weights: Sequence[float]) -> Evidence:
    """One evidence from that of several readings of the same utterance; the weights need not sum up to 1."""
    shares = np.array(weights, dtype=float) / max(float(sum(weights)), 1e-9)
    probability: dict[str, float] = {}
    closeness: dict[str, float] = {}
    for one, share in zip(several, shares.tolist(), strict=True):
        for name, p in one.ranking:
            probability[name] = probability.get(name, 0.0) + share * p
        for name, cosine in one.closeness.items():
            closeness[name] = closeness.get(name, 0.0) + share * cosine
    return Evidence(sorted(probability.items(), key=lambda pair: -pair[1]), closeness, several[0].pointer)
