"""How long the caller's silence must be, told in sentences."""

from __future__ import annotations

from dataclasses import replace

import pytest

from voice.endpointing import dictating, nod, short_answer, silence_that_ends, unfinished
from voice.patience import Patience
from voice.turn import Certainty, Hearing

PATIENCE = Patience()


def heard(text: str, certainty: Certainty = "high") -> Hearing:
    return Hearing(text, 0.8, certainty, True, 1.0)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Comment adhérer au chèque emploi associatif ?", PATIENCE.turn_over_complete_seconds),
        ("comment adhérer au chèque emploi", PATIENCE.turn_over_seconds),
        ("Oui.", PATIENCE.turn_over_short_seconds),
        ("Répétez !", PATIENCE.turn_over_short_seconds),
        ("Le deuxième.", PATIENCE.turn_over_short_seconds),
        ("Je voudrais savoir pour le.", PATIENCE.turn_over_unfinished_seconds),
        ("Alors euh…", PATIENCE.turn_over_unfinished_seconds),
        ("C'est pour notre association,", PATIENCE.turn_over_unfinished_seconds),
        ("Mon Siret est le 732 829 320", PATIENCE.turn_over_digits_seconds),
        ("zéro six douze trente-quatre", PATIENCE.turn_over_digits_seconds),
        ("C'est le 552.", PATIENCE.turn_over_digits_seconds),
        ("4, 4", PATIENCE.turn_over_digits_seconds),
        ("Neuf.", PATIENCE.turn_over_digits_seconds),
        ("7", PATIENCE.turn_over_digits_seconds),
        ("2", PATIENCE.turn_over_seconds),
        ("Deux.", PATIENCE.turn_over_short_seconds),
        ("numéro un", PATIENCE.turn_over_short_seconds),
        ("numéro deux", PATIENCE.turn_over_short_seconds),
        ("Numéro trois.", PATIENCE.turn_over_short_seconds),
    ],
)
def test_the_words_decide_how_much_silence_ends_the_turn(text: str, seconds: float) -> None:
    assert silence_that_ends(heard(text), PATIENCE) == seconds


def test_before_the_words_are_known_the_ordinary_silence_is_waited_for() -> None:
    assert silence_that_ends(None, PATIENCE) == PATIENCE.turn_over_seconds


def test_who_dictates_a_number_gets_time_between_its_groups() -> None:
    assert silence_that_ends(heard("06 12."), PATIENCE, dictated=True) == PATIENCE.turn_over_digits_seconds


@pytest.mark.parametrize(
    ("text", "certainty", "is_over"),
    [
        ("06 12 34 56 78", "high", True),
        ("06. 12. 34. 56. 78.", "high", True),
        ("06 12 34 56 78", "medium", False),
        ("06 12 34 56", "high", False),
        ("00 33 6 12 34 56 78", "high", False),
        ("00 33 6 12 34", "high", False),
        ("33 6 12 34 56 78", "high", False),
        ("C'est le 06 12 34 56 78", "high", False),
    ],
)
def test_a_telephone_number_that_is_whole_is_not_waited_for(text: str, certainty: Certainty, is_over: bool) -> None:
    seconds = PATIENCE.turn_over_seconds if is_over else PATIENCE.turn_over_digits_seconds
    assert silence_that_ends(heard(text, certainty), PATIENCE, dictated=True) == seconds


def test_an_uncertain_sentence_is_not_taken_for_finished() -> None:
    uncertain = heard("Comment adhérer ?", "medium")
    assert silence_that_ends(uncertain, PATIENCE) == PATIENCE.turn_over_seconds


def test_a_few_words_that_are_not_understood_may_be_a_beginning() -> None:
    doubtful = Hearing("Il s'en sonne", 0.26, "low", True, 0.9)
    assert silence_that_ends(doubtful, PATIENCE) == PATIENCE.turn_over_unfinished_seconds
    assert silence_that_ends(doubtful, PATIENCE, interrupts=True) == PATIENCE.turn_over_seconds, "the bot stands still"
    assert silence_that_ends(replace(doubtful, speech_seconds=1.3), PATIENCE) == PATIENCE.turn_over_seconds
    assert silence_that_ends(replace(doubtful, plausible=False), PATIENCE) == PATIENCE.turn_over_seconds


def test_a_number_that_is_hardly_believed_is_waited_for_all_the_same() -> None:
    unbelieved = Hearing("0, 3", 0.5, "none", False, 1.7)
    assert silence_that_ends(unbelieved, PATIENCE) == PATIENCE.turn_over_digits_seconds


@pytest.mark.parametrize(
    "text", ["Pour les moins de 10 salariés ?", "En 2025, quel est le Smic ?", "Un CDD de 3 mois", "Le Smic 2025 ?"]
)
def test_a_number_inside_a_sentence_is_not_dictation(text: str) -> None:
    assert not dictating(text)


@pytest.mark.parametrize(
    ("text", "is_nod"), [("D'accord.", True), ("Oui oui", True), ("Non", False), ("Stop !", False)]
)
def test_a_nod_is_told_from_an_interruption(text: str, is_nod: bool) -> None:
    assert nod(text) is is_nod


def test_a_whole_question_is_neither_short_nor_unfinished() -> None:
    question = "Est-ce que c'est gratuit ?"
    assert not short_answer(question)
    assert not unfinished(question)
