"""The two forms of a text."""

from hypothesis import given
from hypothesis import strategies as st

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


def test_a_whole_message_in_capitals_is_read_like_any_other() -> None:
    assert spoken_form("OÙ EST MON BULLETIN ?") == "où est mon bulletin ?"
    assert spoken_form("la DPAE") == "la DPAE"
    assert spoken_form("DPAE") == "DPAE"


@given(st.text())
def test_the_spoken_form_of_any_text_is_one_short_line(text: str) -> None:
    spoken = spoken_form(text)
    assert len(spoken) <= LONGEST_TEXT
    assert spoken == " ".join(spoken.split())


def test_abbreviations_written_out_do_not_make_a_text_too_long() -> None:
    assert len(spoken_form("c " * LONGEST_TEXT)) <= LONGEST_TEXT
