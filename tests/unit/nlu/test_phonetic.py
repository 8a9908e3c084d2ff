"""Words that sound alike have the same key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.nlu.phonetic import key, near, word_key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("volée social", "volet social"),
        ("chèque en ploi associatif", "chèque emploi associatif"),
        ("un pacte emploi", "Impact emploi"),
        ("bulletin de paix", "bulletin de paie"),
        ("service si vic", "service civique"),
        ("taxe sûre les salères", "taxe sur les salaires"),
        ("contre à d' engagement", "contrat d' engagement"),
        ("médecine du travaille", "médecine du travail"),
        ("ambauche", "embauche"),
        ("cotisassion", "cotisations"),
        ("convansion", "conventions"),
        ("dé pé a euh", "D P A E"),
        ("cé dé dé", "CDD"),
        ("smique", "Smic"),
        ("ursaf", "URSSAF"),
        ("gu zo", "Guso"),
    ],
)
def test_what_sounds_alike_has_one_key(one: str, other: str) -> None:
    assert key(one.split()) == key(other.split())


@pytest.mark.parametrize(
    ("one", "other"),
    [("volet", "vélo"), ("paie", "pas"), ("adhérer", "adorer"), ("congé", "contre"), ("Siret", "Siren"), ("an", "on")],
)
def test_what_sounds_otherwise_has_another(one: str, other: str) -> None:
    assert word_key(one) != word_key(other)


def test_a_line_blurs_neighbouring_sounds_and_swallows_weak_ones_but_does_not_exchange_others() -> None:
    assert near(key(["base", "forfaiterre"]), key(["base", "forfaitaire"]))
    assert near(key(["baze", "forfaitaire"]), key(["passe", "forfaitaire"])) is False  # two sounds
    assert near("kOvAsjOkolektiv", "kOfAsjOkolektiv")
    assert near("akside", "aksidA") is False
    assert near("forfeter", "forfete")  # a swallowed r
    assert not near("forfetek", "forfete")
    assert not near(key(["congé", "paternité"]), key(["congé", "maternité"]))


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_has_a_key_and_nearness_goes_both_ways(one: str, other: str) -> None:
    first, second = key(one.split()), key(other.split())
    assert near(first, first)
    assert near(first, second) == near(second, first)
