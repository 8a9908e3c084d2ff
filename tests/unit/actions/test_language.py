"""Which language a message is in, and what is said to who writes another one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actions.language import Languages, load_languages
from bot.dialogue import Channel
from bot.errors import BadKnowledge
from bot.knowledge import load_knowledge
from bot.pack import load_pack

ENGLISH = "please tell me about the holidays of my employees"
SENTENCES = {"notice": {"web": "notice écrite", "phone": "notice dite"}, "note": {"web": "note", "phone": "note dite"}}


def in_service() -> Languages:
    pack = load_pack()
    return load_languages(pack.prompts(), load_knowledge(pack), pack.languages[0])


LANGUAGES = in_service()


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (ENGLISH, "en"),
        ("how do I hire someone", "en"),
        ("¿cómo puedo inscribirme en el servicio?", "es"),
        ("wie kann ich mich anmelden bitte", "de"),
        ("Как вступить в ассоциацию", "ru"),
    ],
)
def test_another_language_is_recognised(text: str, language: str) -> None:
    assert LANGUAGES.of(text) == language


@pytest.mark.parametrize(
    "text",
    [
        "comment adhérer au chèque emploi associatif",
        "COMMENT ADHERER AU CHEQUE EMPLOI",
        "cmt jpeu adherer o cea svp",
        "DPAE URSSAF CDII OPCO",
        "je veux savoir si mon bultin é la",
        "please help",
        "",
        "😀 😀 😀",
        "12 34 56 78",
        "... ... ...",
        "asdf qsdf jklm",
        "<b>bonjour</b> <script> alert(1) </script>",
    ],
)
def test_our_own_language_and_what_is_none_are_never_taken_for_another(text: str) -> None:
    assert LANGUAGES.of(text) == ""


@pytest.mark.parametrize(
    ("text", "is_gibberish"), [("qsdfjkl mlkjh", True), ("comment qsdf", False), (ENGLISH, False), ("", False)]
)
def test_gibberish_has_no_word_of_ours_and_is_no_other_language(text: str, is_gibberish: bool) -> None:
    assert LANGUAGES.gibberish(text) is is_gibberish


def test_none_of_our_own_examples_is_taken_for_another_language() -> None:
    examples = [text for text, intent in load_knowledge().examples if intent != "language_other"]
    assert [text for text in examples[::7] if LANGUAGES.of(text)] == []


@settings(max_examples=50, deadline=None)
@given(st.text())
def test_any_text_has_a_language_or_none(text: str) -> None:
    assert isinstance(LANGUAGES.of(text), str)


def test_what_is_possible_is_said_in_that_language_or_in_english() -> None:
    languages = Languages(notices={"en": {"web": "English"}, "es": {"web": "Español"}})
    assert languages.notice("¿cómo puedo inscribirme en el servicio?", Channel.WEB) == "Español"
    assert languages.notice("wie kann ich mich anmelden bitte", Channel.WEB) == "English"
    assert languages.notice("comment adhérer au service", Channel.WEB) == ""


def test_a_service_without_other_languages_says_nothing_of_them() -> None:
    assert Languages().notice(ENGLISH, Channel.WEB) == ""
    assert load_languages({}, load_knowledge(), "fr").note(ENGLISH, Channel.PHONE) == ""


def test_a_service_in_another_language_takes_that_for_its_own() -> None:
    assert Languages(own="en").of(ENGLISH) == ""


def test_each_channel_has_its_words() -> None:
    languages = load_languages({"other_languages": {"en": SENTENCES}}, load_knowledge(), "fr")
    assert languages.notice(ENGLISH, Channel.WEB) == "notice écrite"
    assert languages.note(ENGLISH, Channel.PHONE) == "note dite"


@pytest.mark.parametrize(
    ("other", "named"),
    [
        ("English", "other_languages: one entry"),
        ({"en": "English"}, "other_languages, en, notice"),
        ({"en": {"notice": SENTENCES["notice"]}}, "other_languages, en, note"),
        ({"en": SENTENCES | {"note": {"web": "x"}}}, "other_languages, en, note"),
    ],
)
def test_a_mistake_is_named_with_language_and_sentence(other: Any, named: str) -> None:
    with pytest.raises(BadKnowledge, match=named):
        load_languages({"other_languages": other}, load_knowledge(), "fr")
