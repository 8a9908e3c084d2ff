"""The fixed sentences of the telephone."""

from __future__ import annotations

import pytest

from bot.errors import BadKnowledge
from bot.pack import load_pack
from voice.prompts import fixed_sentences, load_prompts


def test_the_greeting_says_that_it_is_automatic_how_to_reach_a_person_and_that_nothing_is_recorded() -> None:
    greeting = " ".join(load_prompts(load_pack().prompts()).greeting)
    for words in ("automatique", "chèque emploi associatif", "conseiller", "tapez 0", "pas enregistré"):
        assert words in greeting


def test_a_missing_prompt_is_named() -> None:
    prompts = load_pack().prompts()
    del prompts["phone_line"]["goodbye"]
    with pytest.raises(BadKnowledge, match="phone_line, goodbye"):
        load_prompts(prompts)


def test_nothing_is_rendered_in_advance_that_still_has_to_be_filled_in() -> None:
    sentences = fixed_sentences(load_pack().prompts())
    assert "J'ai besoin d'une précision." in sentences
    assert [sentence for sentence in sentences if "{" in sentence or "}" in sentence] == []
