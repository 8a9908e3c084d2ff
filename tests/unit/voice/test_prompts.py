"""The fixed sentences of the telephone."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import BadKnowledge
from voice.prompts import fixed_sentences, load_prompts

PROMPTS = Path(__file__).parents[3] / "data" / "prompts.yml"


def test_the_greeting_says_that_it_is_automatic_how_to_reach_a_person_and_that_nothing_is_recorded() -> None:
    greeting = " ".join(load_prompts(PROMPTS, "chèque emploi associatif").greeting)
    for words in ("automatique", "chèque emploi associatif", "conseiller", "tapez 0", "pas enregistré"):
        assert words in greeting


def test_a_missing_prompt_is_named(tmp_path: Path) -> None:
    path = tmp_path / "prompts.yml"
    path.write_text(PROMPTS.read_text(encoding="utf-8").replace("  goodbye:", "  goodby:"), encoding="utf-8")
    with pytest.raises(BadKnowledge, match=r"phone_line\.goodbye"):
        load_prompts(path, "x")


def test_nothing_is_rendered_in_advance_that_still_has_to_be_filled_in() -> None:
    sentences = fixed_sentences(PROMPTS)
    assert "J'ai besoin d'une précision." in sentences
    assert [sentence for sentence in sentences if "{" in sentence or "}" in sentence] == []
