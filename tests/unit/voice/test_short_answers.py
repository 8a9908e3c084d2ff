"""A word or two, read by their sound among the few that can be meant."""

from __future__ import annotations

import pytest

from voice.short_answers import COMMANDS, chosen, meant


@pytest.mark.parametrize(
    ("readings", "command"),
    [
        (["Conseillé !"], "conseiller"),
        (["Comment ?", "Conseillait."], "conseiller"),
        (["Stopp !"], "stop"),
        (["Oui !"], "oui"),
        (["Orévoire."], "au revoir"),
    ],
)
def test_a_command_is_known_by_its_sound(readings: list[str], command: str) -> None:
    assert meant(readings, COMMANDS) == command


@pytest.mark.parametrize(
    "text", ["Bon !", "Salut !", "Adhésion", "Quoi ?", "", "...", "Allô ?", "Est-ce que c'est gratuit ?"]
)
def test_other_words_are_left_as_they_are(text: str) -> None:
    assert meant([text], COMMANDS) is None


@pytest.mark.parametrize(
    ("readings", "place"),
    [(["Deux."], 1), (["Toi.", "Tu vas ?"], 2), (["le premier"], 0), (["La seconde"], 1), (["Quoi ?"], None)],
)
def test_a_choice_is_known_by_its_number(readings: list[str], place: int | None) -> None:
    assert chosen(readings, 3) == place


def test_a_number_beyond_the_choices_is_none_of_them() -> None:
    assert chosen(["Trois."], 2) is None
