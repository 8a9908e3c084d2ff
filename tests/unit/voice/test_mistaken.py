"""A word that may have been another one is read both ways."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice.mistaken import perhaps_said

SIRET = ("SIRET", "CEA", ("numéro", "numéros"))


@pytest.mark.parametrize(
    ("heard", "said"),
    [
        ("C'est quoi le SIRET ?", "C'est quoi le CEA ?"),
        ("le siret, c'est payant", "le CEA, c'est payant"),
        ("SIRET ou SIRET ?", "CEA ou CEA ?"),
        ("Où est le numéro de SIRET ?", "Où est le numéro de SIRET ?"),
        ("Les NUMEROS Siret", "Les NUMEROS Siret"),
        ("Le numéro du service du SIRET", "Le numéro du service du CEA"),
        ("la siretisation", "la siretisation"),
        ("comment adhérer", "comment adhérer"),
        ("", ""),
    ],
)
def test_the_word_is_replaced_where_nothing_makes_it_sure(heard: str, said: str) -> None:
    assert perhaps_said(heard, [SIRET]) == said


def test_what_is_written_is_a_word_and_no_pattern() -> None:
    assert perhaps_said("du c.e.a. et du ceaa", [("c.e.a.", "CESU", ())]) == "du CESU et du ceaa"
    assert perhaps_said("le SIRET", [("SIRET", r"\1", ())]) == r"le \1"


@given(st.text())
def test_without_such_words_any_text_stays_as_it_is(text: str) -> None:
    assert perhaps_said(text, []) == text
