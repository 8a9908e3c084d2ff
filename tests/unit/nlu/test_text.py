"""The two forms of a text."""

from bot.nlu.text import LONGEST_TEXT, folded_form, spoken_form


def test_folding_forgets_accents_case_and_punctuation() -> None:
    assert folded_form("Où ça, l'Œuvre ? À 18 h…") == "ou ca l oeuvre a 18 h"


def test_a_text_without_letters_folds_to_nothing() -> None:
    assert folded_form("?? 😀 — …") == ""


def test_the_spoken_form_is_one_line_of_bounded_length() -> None:
    assert spoken_form("  bonjour\n\tj’ai une question ") == "bonjour j'ai une question"
    assert len(spoken_form("mot " * 5000)) <= LONGEST_TEXT


def test_composed_and_decomposed_accents_are_the_same_words() -> None:
    assert spoken_form("de\u0301clarer") == spoken_form("d\u00e9clarer")
