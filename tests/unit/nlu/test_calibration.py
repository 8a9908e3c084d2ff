"""The parts of calibration that need no fitting."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.nlu.calibration import FOLDS, FOREIGN_WEIGHT, LOWEST_ALARM, folds, lowest_border, measure
from bot.nlu.calibration import shares_of_weight as weights_of
from bot.nlu.decision import Borders, Gauge, Judgement
from bot.nlu.evidence import OUT_OF_SCOPE, Evidence


def test_foreign_questions_of_one_theme_stay_in_one_fold() -> None:
    labels = [OUT_OF_SCOPE] * 50
    fold = folds(labels)
    assert (np.diff(fold) >= 0).all()
    assert sorted(set(fold.tolist())) == list(range(FOLDS))


def test_another_service_is_held_out_as_a_whole_like_the_next_one_nobody_foresaw() -> None:
    services = [f"elsewhere_{name}" for name in "abcdefg"]
    labels = [name for name in services for _ in range(7)] + ["a"] * 10
    fold = folds(labels, frozenset({*services, OUT_OF_SCOPE}))
    for name in services:
        assert len({number for number, label in zip(fold.tolist(), labels, strict=True) if label == name}) == 1
    assert set(fold[:49].tolist()) == set(range(FOLDS))


def test_examples_of_a_subject_are_spread_over_all_folds() -> None:
    fold = folds(["a"] * 10 + ["b"] * 10)
    for name in (slice(0, 10), slice(10, 20)):
        assert np.bincount(fold[name], minlength=FOLDS).tolist() == [2] * FOLDS


def test_foreign_questions_weigh_half_as_much_as_all_others_together() -> None:
    weights = weights_of(["a"] * 30 + ["b"] * 10 + [OUT_OF_SCOPE] * 5)
    assert sum(weights[:40]) == 40
    assert sum(weights[40:]) == pytest.approx(40 * FOREIGN_WEIGHT)


def test_a_border_lies_just_above_what_nearly_all_other_examples_reach() -> None:
    meant = [True] * 5 + [False] * 1000
    assert lowest_border([0.9] * 5 + [0.37] * 10 + [0.01] * 990, meant, 0.0025) == 0.38
    assert lowest_border([0.9] * 5 + [0.37] * 2 + [0.01] * 998, meant, 0.0025) == LOWEST_ALARM


@given(
    st.lists(st.tuples(st.floats(0, 0.98), st.booleans()), min_size=1).filter(lambda rows: not all(m for _, m in rows)),
    st.floats(0, 0.1),
)
def test_a_border_is_never_lower_than_its_floor_nor_crossed_by_too_many(
    rows: list[tuple[float, bool]], share: float
) -> None:
    border = lowest_border([p for p, _ in rows], [meant for _, meant in rows], share)
    others = [p for p, meant in rows if not meant]
    assert LOWEST_ALARM <= border < 1
    assert sum(p >= border for p in others) <= share * len(others)


def test_a_foreign_question_that_is_answered_counts_as_wrong() -> None:
    always = Gauge((0,) * 6, 10.0)
    judgement = Judgement(always, Gauge((0,) * 7, -10.0), Borders(), frozenset({OUT_OF_SCOPE}))
    evidence = Evidence([("a", 0.9), ("b", 0.1)], {"a": 0.5, "b": 0.2})
    report = measure([evidence, evidence], ["a", OUT_OF_SCOPE], judgement)
    assert report["direct"] == 1.0
    assert report["wrong"] == 0.5
    assert report["foreign_refused"] == 0.0
