"""The small words that steer a conversation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.nlu.french import leans, splits, taken_back, without_greeting, written_out

# Any text, and texts made of the very words that the rules look for.
WORDS = st.sampled_from(
    [
        *(
            "non",
            "pas",
            "mais",
            "et",
            "ou",
            "c'est",
            "je",
            "parlais",
            "du",
            "de",
            "la",
            "le",
            "un",
            "bulletin",
            "merci",
        ),
        *("euh", "sinon", "autre", "question", "cmt", "jpeux", "?", ".", ",", "!", "'", "’", "12"),
    ]
)
TEXTS = st.text() | st.lists(WORDS, max_size=30).map(" ".join)


@given(TEXTS)
def test_no_text_at_all_breaks_the_rules(text: str) -> None:
    written_out(text)
    leans(text)
    taken_back(text)
    assert without_greeting(text) in text
    for before, after, _ in splits(text):
        assert before in text
        assert after in text


@given(TEXTS)
def test_writing_out_twice_changes_nothing_more(text: str) -> None:
    assert written_out(written_out(text)) == written_out(text)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("cmt jpeux adhérer svp", "comment je peux adhérer s'il vous plaît"),
        ("c koi le volet social ?", "c'est quoi le volet social ?"),
        ("Qd faut-il déclarer", "quand faut-il déclarer"),
        ("comment adhérer ?", "comment adhérer ?"),
        ("le CDD et la DPAE", "le CDD et la DPAE"),
        ("aujourd'hui j'ai adhéré", "aujourd'hui j'ai adhéré"),
    ],
)
def test_the_abbreviations_of_hurried_typing_are_written_out(typed: str, meant: str) -> None:
    assert written_out(typed) == meant


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("bonjour, comment adhérer ?", "comment adhérer ?"),
        ("bonjour", "bonjour"),
        ("comment adhérer", "comment adhérer"),
    ],
)
def test_a_greeting_before_a_question_is_not_the_question(text: str, rest: str) -> None:
    assert without_greeting(text) == rest


def places(text: str) -> list[tuple[str, str, bool]]:
    return list(splits(text))


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        ("comment adhérer ? où est mon bulletin", "comment adhérer", "où est mon bulletin"),
        ("comment adhérer et sinon où est mon bulletin", "comment adhérer", "où est mon bulletin"),
        ("comment adhérer, au passage où est mon bulletin", "comment adhérer", "où est mon bulletin"),
        ("comment adhérer autre question où est mon bulletin", "comment adhérer", "où est mon bulletin"),
    ],
)
def test_a_mark_or_a_turn_of_phrase_surely_begins_a_new_question(text: str, before: str, after: str) -> None:
    assert places(text)[0] == (before, after, True)


def test_a_mere_and_may_begin_a_new_question() -> None:
    assert places("comment adhérer et où est mon bulletin") == [("comment adhérer", "où est mon bulletin", False)]


def test_sure_places_come_before_possible_ones() -> None:
    found = places("le bulletin et les congés. comment adhérer")
    assert [apart for _, _, apart in found] == [True, False]


@pytest.mark.parametrize("text", ["bonjour. comment adhérer", "comment adhérer ?", "et alors", "", "merci, merci"])
def test_a_part_of_one_word_is_no_question(text: str) -> None:
    assert places(text) == []


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("non, je parlais du bulletin", "bulletin"),
        ("Non non, je voulais parler des congés.", "congés"),
        ("ah non désolé je parlais de la déclaration", "déclaration"),
        ("vous m'avez mal compris, c'est pour la mutuelle", "la mutuelle"),
        ("ce n'est pas ça, je cherche le contrat", "le contrat"),
        ("non pas CDI, un CDI intermittent", "un CDI intermittent"),
        ("je voulais dire le contrat, pas la déclaration", "le contrat"),
        ("non", ""),
        ("non non pas du tout", ""),
    ],
)
def test_a_correction_gives_what_it_puts_in_the_place_of_the_question(text: str, instead: str) -> None:
    assert taken_back(text) == instead


@pytest.mark.parametrize(
    "text", ["comment adhérer", "nonante salariés", "et pour les congés", "une nonne salariée", ""]
)
def test_anything_else_is_no_correction(text: str) -> None:
    assert taken_back(text) is None


@pytest.mark.parametrize(
    "text",
    ["c'est quand ?", "et pour un CDD ?", "et si je suis en retard ?", "combien", "je dois la payer", "ok et alors"],
)
def test_a_message_that_only_makes_sense_after_another_leans(text: str) -> None:
    assert leans(text)


@pytest.mark.parametrize(
    "text",
    [
        "bulletin de paie de mars",
        "bonjour, adhésion au chèque emploi associatif",
        "et " + "mot " * 20,
    ],
)
def test_a_message_with_a_subject_of_its_own_does_not(text: str) -> None:
    assert not leans(text)


@pytest.mark.parametrize("text", ["non mais c'est pas ça du tout !", "nan c pas ça"])
def test_a_correction_that_names_nothing_puts_nothing_in_the_place(text: str) -> None:
    assert taken_back(text) == ""
