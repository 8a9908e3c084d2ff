"""How sure is sure enough: measured by cross-validation on the training examples, never on the test questions.

Every example is judged by a model that has not seen it. Examples of a subject go round-robin into the folds;
foreign questions go in blocks, each other service (`elsewhere_…`) as a whole, because the next foreign theme will be
new to the model too. The two gauges are then fitted on those judgements, with foreign questions weighing half as
much as all others together. The examples are harder than real questions (they are spread on purpose, and each
takes its only close neighbour away with it), so the gauges err on the careful side.

Two borders are set here too: safety and the request for a person lie as low as they can while only a few of the other
examples cross them (`FALSE_ALARMS`, `FALSE_PERSONS`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.nlu.decision import (
    ANSWER,
    CLARIFY,
    HANDOVER,
    SAFETY,
    Borders,
    Decision,
    Gauge,
    Judgement,
    choices,
    decide,
    signs_of_offer,
    signs_of_right,
)
from bot.nlu.encoder import Vectors
from bot.nlu.evidence import OUT_OF_SCOPE, Evidence, Neighbours, evidence_of
from bot.nlu.hybrid import fit_regression, softmax
from bot.nlu.lexical import Floats

FOLDS = 5
# Fewer directions than the final model has: half the time, and the same borders.
DIRECTIONS = 800
FOREIGN_WEIGHT = 0.5
FALSE_ALARMS = 0.0025
# A person offered once too often costs less than a person refused.
FALSE_PERSONS = 0.005
LOWEST_ALARM = 0.1


def calibrate(
    points: Floats,
    vectors: Vectors,
    classes: Sequence[str],
    *,
    exchange: frozenset[str],
    foreign: frozenset[str],
    overrides: Mapping[str, float],
) -> tuple[Judgement, dict[str, Any]]:
    """Gauges and borders, and what was measured with them. `points` are the model's reduced training points,
    `vectors` the centred sentence vectors; one row for each of `classes`. `foreign` are the classes that count as
    `out_of_scope`. `overrides` sets borders by name."""
    evidence = cross_validated(points[:, :DIRECTIONS], vectors, classes, foreign)
    labels = [OUT_OF_SCOPE if name in foreign else name for name in classes]
    weights = shares_of_weight(labels)
    right = fit_gauge(
        [signs_of_right(one) for one in evidence],
        [one.ranking[0][0] == label != OUT_OF_SCOPE for one, label in zip(evidence, labels, strict=True)],
        weights,
    )
    draft = Judgement(right, right, Borders(), exchange)
    about = [i for i, label in enumerate(labels) if label not in exchange or label == OUT_OF_SCOPE]
    offer = fit_gauge(
        [signs_of_offer(evidence[i], exchange) for i in about],
        [labels[i] in choices(evidence[i].ranking, draft) for i in about],
        [weights[i] for i in about],
    )
    alarms = {
        "safety": lowest_border(
            [sum(one.probability.get(name, 0.0) for name in SAFETY) for one in evidence],
            [label in SAFETY for label in labels],
            FALSE_ALARMS,
        ),
        "person": lowest_border(
            [one.probability.get(HANDOVER, 0.0) for one in evidence],
            [label == HANDOVER for label in labels],
            FALSE_PERSONS,
        ),
    }
    judgement = Judgement(right, offer, Borders(**{**alarms, **overrides}), exchange)
    return judgement, measure(evidence, labels, judgement)


def cross_validated(
    points: Floats, vectors: Vectors, labels: Sequence[str], foreign: frozenset[str] = frozenset()
) -> list[Evidence]:
    """The evidence on each example from the four fifths of the examples that it is not in."""
    fold = folds(labels, foreign)
    names = np.array(labels)
    found: dict[int, Evidence] = {}
    for number in range(FOLDS):
        known, held = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        known_labels = names[known].tolist()
        classes, weights, bias = fit_regression(points[known], known_labels)
        probabilities = softmax(points[held] @ weights.T + bias)
        likeness = vectors[held] @ vectors[known].T
        neighbours = Neighbours(known_labels, foreign)
        for row, place in enumerate(held.tolist()):
            found[place] = evidence_of(classes, probabilities[row], neighbours.closest(likeness[row]), foreign)
    return [found[place] for place in range(len(labels))]


def folds(labels: Sequence[str], foreign: frozenset[str] = frozenset()) -> npt.NDArray[np.int64]:
    """The fold of each example. A foreign class other than `out_of_scope` is held out as a whole."""
    names = np.array(labels)
    fold = np.zeros(len(labels), dtype=np.int64)
    whole = sorted(foreign - {OUT_OF_SCOPE})
    for name in sorted(set(labels)):
        places = np.flatnonzero(names == name)
        steps = np.arange(len(places))
        if name in whole:
            fold[places] = whole.index(name) % FOLDS
        else:
            fold[places] = steps * FOLDS // len(places) if name == OUT_OF_SCOPE else steps % FOLDS
    return fold


def fit_gauge(signs: Sequence[Sequence[float]], hits: Sequence[bool], weights: Sequence[float]) -> Gauge:
    """A logistic regression, with the scaling of the signs folded into its weights."""
    from sklearn.linear_model import LogisticRegression

    table = np.array(signs, dtype=np.float64)
    middle, spread = table.mean(axis=0), np.maximum(table.std(axis=0), 1e-9)
    fitted = LogisticRegression(C=1.0).fit((table - middle) / spread, np.array(hits), sample_weight=np.array(weights))
    slopes = fitted.coef_[0] / spread
    return Gauge(tuple(slopes.tolist()), float(fitted.intercept_[0] - slopes @ middle))


def measure(evidence: Sequence[Evidence], labels: Sequence[str], judgement: Judgement) -> dict[str, Any]:
    """What the borders do on the cross-validated examples, as shares."""
    decisions = [decide(one, judgement) for one in evidence]
    pairs = list(zip(decisions, labels, strict=True))
    ours = [(d, label) for d, label in pairs if label != OUT_OF_SCOPE]
    foreign = [d for d, label in pairs if label == OUT_OF_SCOPE]
    safety = [d.subjects[:1] for d, label in pairs if label in SAFETY]
    return {
        "examples": len(labels),
        "top_1": _share([one.ranking[0][0] == label for one, label in zip(evidence, labels, strict=True)], pairs),
        "direct": _share([_gives(d, label) for d, label in ours], ours),
        "served": _share([label in d.subjects for d, label in ours], ours),
        "wrong": _share([_misleads(d, label) for d, label in pairs], pairs),
        "foreign_refused": _share([d.kind != CLARIFY and not _misleads(d, OUT_OF_SCOPE) for d in foreign], foreign),
        "safety_found": _share([bool(set(s) & set(SAFETY)) for s in safety], safety),
    }


def _gives(decision: Decision, label: str) -> bool:
    return decision.kind == ANSWER and decision.subjects == (label,)


def _misleads(decision: Decision, label: str) -> bool:
    return decision.kind == ANSWER and decision.subjects not in ((label,), (OUT_OF_SCOPE,))


def _share(hits: Sequence[bool], among: Sequence[Any]) -> float:
    return round(sum(hits) / max(len(among), 1), 4)


def shares_of_weight(labels: Sequence[str]) -> list[float]:
    foreign = sum(label == OUT_OF_SCOPE for label in labels)
    weight = FOREIGN_WEIGHT * (len(labels) - foreign) / max(foreign, 1)
    return [weight if label == OUT_OF_SCOPE else 1.0 for label in labels]


def lowest_border(probabilities: Sequence[float], meant: Sequence[bool], false_alarms: float) -> float:
    """The lowest border, in hundredths, that no more than this share of the other examples cross."""
    others = np.array([p for p, is_meant in zip(probabilities, meant, strict=True) if not is_meant])
    for hundredth in range(int(LOWEST_ALARM * 100), 100):
        if (others >= hundredth / 100).mean() <= false_alarms:
            return hundredth / 100
    return 0.99
