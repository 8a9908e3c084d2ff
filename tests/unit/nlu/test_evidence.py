"""What the model says of a text, before anything is decided."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.nlu.evidence import OUT_OF_SCOPE, Evidence, Neighbours, evidence_of, mixed
from bot.nlu.lexical import Floats

CLASSES = ["adhesion", "elsewhere_caf", "elsewhere_impots", "out_of_scope"]
FOREIGN = {"elsewhere_caf", "elsewhere_impots", "out_of_scope"}


def shares(*values: float) -> Floats:
    return np.array(values, dtype=np.float32)


def test_questions_for_other_services_count_as_one_and_the_likeliest_is_the_address() -> None:
    found = evidence_of(CLASSES, shares(0.3, 0.15, 0.35, 0.2), {"adhesion": 0.4, OUT_OF_SCOPE: 0.6}, FOREIGN)
    assert found.probability == pytest.approx({OUT_OF_SCOPE: 0.7, "adhesion": 0.3})
    assert found.ranking[0][0] == OUT_OF_SCOPE
    assert found.pointer == "elsewhere_impots"


def test_a_foreign_question_of_no_known_service_points_nowhere() -> None:
    assert evidence_of(CLASSES, shares(0.1, 0.2, 0.2, 0.5), {}, FOREIGN).pointer == OUT_OF_SCOPE


def test_a_class_without_examples_is_far_from_everything() -> None:
    assert evidence_of(["a", "b"], shares(0.5, 0.5), {"a": 0.9}).closeness == {"a": 0.9, "b": -1.0}


def test_closeness_is_that_of_the_nearest_example_of_each_subject() -> None:
    closest = Neighbours(["b", "a", "b", "elsewhere_caf"], {"elsewhere_caf"}).closest(shares(0.1, 0.2, 0.9, 0.4))
    assert closest == pytest.approx({"a": 0.2, "b": 0.9, OUT_OF_SCOPE: 0.4})


def test_what_is_ruled_out_leaves_its_probability_to_the_others() -> None:
    evidence = Evidence([("a", 0.5), ("b", 0.3), ("c", 0.2)], {"a": 0.9, "b": 0.1, "c": 0.2}, "elsewhere_caf")
    left = evidence.without({"a"})
    assert left.probability == pytest.approx({"b": 0.6, "c": 0.4})
    assert left.closeness == {"b": 0.1, "c": 0.2}
    assert left.pointer == "elsewhere_caf"


def test_a_reading_weighs_as_much_as_the_recogniser_trusts_it() -> None:
    heard = Evidence([("a", 0.6), ("b", 0.4)], {"a": 0.8, "b": 0.2})
    other = Evidence([("b", 1.0), ("a", 0.0)], {"a": 0.0, "b": 1.0})
    together = mixed([heard, other], [0.2, 0.6])
    assert together.ranking[0][0] == "b"
    assert together.probability == pytest.approx({"a": 0.15, "b": 0.85})
    assert together.closeness == pytest.approx({"a": 0.2, "b": 0.8})


@given(st.lists(st.floats(0.001, 1), min_size=4, max_size=4))
def test_probabilities_add_up_and_the_best_comes_first(raw: list[float]) -> None:
    found = evidence_of(CLASSES, shares(*raw) / sum(raw), {}, FOREIGN)
    assert sum(found.probability.values()) == pytest.approx(1.0, abs=1e-5)
    assert [p for _, p in found.ranking] == sorted((p for _, p in found.ranking), reverse=True)
    assert found.pointer in FOREIGN
