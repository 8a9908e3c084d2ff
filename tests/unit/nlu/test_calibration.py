"""The parts of calibration that need no fitting."""

from __future__ import annotations

import numpy as np

from bot.nlu.calibration import FOLDS, evidence_of, folds, measure
from bot.nlu.decision import OUT_OF_SCOPE, Borders, Evidence, Gauge, Judgement


def test_foreign_questions_of_one_theme_stay_in_one_fold() -> None:
    labels = [OUT_OF_SCOPE] * 50
    fold = folds(labels)
    assert (np.diff(fold) >= 0).all()
    assert sorted(set(fold.tolist())) == list(range(FOLDS))


def test_examples_of_a_subject_are_spread_over_all_folds() -> None:
    fold = folds(["a"] * 10 + ["b"] * 10)
    for name in (slice(0, 10), slice(10, 20)):
        assert np.bincount(fold[name], minlength=FOLDS).tolist() == [2] * FOLDS


def test_closeness_is_that_of_the_nearest_example_of_each_subject() -> None:
    found = evidence_of(
        ["a", "b"], np.array([0.2, 0.8], dtype=np.float32), np.array([0.1, 0.9, 0.4], dtype=np.float32), ["a", "a", "b"]
    )
    assert [name for name, _ in found.ranking] == ["b", "a"]
    assert round(found.closeness["a"], 2) == 0.9
    assert round(found.closeness["b"], 2) == 0.4


def test_a_foreign_question_that_is_answered_counts_as_wrong() -> None:
    always = Gauge((0,) * 6, 10.0)
    judgement = Judgement(always, Gauge((0,) * 7, -10.0), Borders(), frozenset({OUT_OF_SCOPE}))
    evidence = Evidence([("a", 0.9), ("b", 0.1)], {"a": 0.5, "b": 0.2})
    report = measure([evidence, evidence], ["a", OUT_OF_SCOPE], judgement)
    assert report["direct"] == 1.0
    assert report["wrong"] == 0.5
    assert report["foreign_refused"] == 0.0
