"""The fixed sentences of the telephone."""

from __future__ import annotations

import pytest

from bot.errors import BadKnowledge
from bot.pack import load_pack
from voice.prompts import load_prompts


def test_the_greeting_says_that_it_is_automatic_how_to_reach_a_person_and_that_nothing_is_recorded() -> None:
    greeting = " ".join(load_prompts(load_pack().prompts()).greeting)
    for words in ("automatique", "chèque emploi associatif", "conseiller", "tapez 0", "pas enregistré"):
        assert words in greeting


def test_a_missing_prompt_is_named() -> None:
    prompts = load_pack().prompts()
    del prompts["phone_line"]["goodbye"]
    with pytest.raises(BadKnowledge, match="phone_line, goodbye"):
        load_prompts(prompts)


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("callback_confirm", "number"),
        ("callback_promised", "number"),
        ("desk_before", "people"),
        ("desk_wait", "minutes"),
    ],
)
def test_a_sentence_that_says_a_number_must_have_a_place_for_it(name: str, place: str) -> None:
    prompts = load_pack().prompts()
    prompts["phone_line"][name] = "C'est noté."
    with pytest.raises(BadKnowledge, match=f"{name}.*{place}"):
        load_prompts(prompts)


def test_who_waits_and_is_not_listened_to_is_told_the_keys() -> None:
    prompts = load_prompts(load_pack().prompts())
    assert "touches" in prompts.desk_keys
    assert "étoile" in prompts.desk_keys
    assert "tapez 1" in prompts.desk_keys_callback
    assert "étoile" in prompts.desk_keys_callback


def test_while_closed_the_notice_says_the_same_but_promises_no_person() -> None:
    notice = " ".join(load_prompts(load_pack().prompts()).notice_closed)
    for words in ("automatique", "chèque emploi associatif", "pas enregistré", "absents", "tapez 0"):
        assert words in notice
    assert "parler à une personne" not in notice


@pytest.mark.parametrize("name", ["hours", "reopening"])
def test_the_hours_and_their_return_have_a_place(name: str) -> None:
    prompts = load_pack().prompts()
    prompts["phone_line"]["closed_hours"] = prompts["phone_line"]["closed_hours"].replace(f"{{{name}}}", "")
    with pytest.raises(BadKnowledge, match=f"closed_hours.*{name}"):
        load_prompts(prompts)


def test_the_notice_and_the_question_are_separate_sentences() -> None:
    prompts = load_pack().prompts()
    prompts["phone_line"]["greeting"] = ["Bonjour."]
    with pytest.raises(BadKnowledge, match="greeting"):
        load_prompts(prompts)
