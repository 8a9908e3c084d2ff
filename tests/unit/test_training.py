"""The gate before a model serves."""

from __future__ import annotations

from dataclasses import replace

from bot.evaluation import Scores
from bot.training import MAY_LOSE_DIRECT, MOST_WRONG, shortcoming

GOOD = Scores(
    n=100, served=0.95, direct=0.85, wrong=0.01, refused=0.1, ours_served=0.95, ours_direct=0.85, foreign_refused=0.9
)


def test_a_first_good_model_is_promoted() -> None:
    assert shortcoming(GOOD, {}) == ""


def test_a_model_that_answers_wrongly_is_refused_even_as_the_first() -> None:
    assert "wrongly" in shortcoming(replace(GOOD, wrong=MOST_WRONG + 0.01), {})


def test_a_model_that_answers_much_less_than_the_one_in_service_is_refused() -> None:
    standing = {"scores": {"direct": 0.85}}
    assert shortcoming(replace(GOOD, direct=0.85 - MAY_LOSE_DIRECT), standing) == ""
    assert "directly" in shortcoming(replace(GOOD, direct=0.84 - MAY_LOSE_DIRECT), standing)
