"""Spoken numbers back to figures."""

from __future__ import annotations

import pytest

from voice.french.figures import in_figures
from voice.french.numbers import cardinal


def test_every_number_below_a_hundred_comes_back_from_its_words() -> None:
    for value in range(100):
        words = cardinal(str(value))
        assert in_figures(words) == in_figures(words.replace("-", " ")) == str(value)


@pytest.mark.parametrize(
    ("words", "figures"),
    [
        ("Zéro six, vingt, trente-quatre", "0 6, 20, 34"),
        ("trente quatre-vingt", "30 80"),
        ("soixante, douze", "60, 12"),
        ("septante-deux nonante et un", "72 91"),
        ("quatre-vingts quatre-vingt", "80 80"),
        ("une onzième sixaine", "une onzième sixaine"),
    ],
)
def test_what_belongs_together_is_one_number_and_nothing_else(words: str, figures: str) -> None:
    assert in_figures(words) == figures
