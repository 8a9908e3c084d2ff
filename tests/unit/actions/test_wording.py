"""data/prompts.yml: what a mistake in it looks like, and that the bundled file has none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from actions.wording import PROMPTS_FILE, SENTENCES, VARIED, load_prompts
from bot.dialogue import Channel
from bot.errors import BadKnowledge


def bundled() -> dict[str, Any]:
    content = yaml.safe_load(PROMPTS_FILE.read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


def write(path: Path, content: dict[str, Any]) -> Path:
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return path


def test_the_bundled_sentences_are_complete() -> None:
    prompts = load_prompts()
    values = dict.fromkeys(("choices", "number", "title", "example"), "x")
    for name in SENTENCES:
        assert prompts.say(name, Channel.PHONE, **values)


def test_sentences_that_can_recur_have_a_variant_unlike_the_last() -> None:
    prompts = load_prompts()
    values = dict.fromkeys(("choices", "number", "title", "example"), "x")
    for name in VARIED:
        for channel in Channel:
            first = prompts.say(name, channel, **values)
            assert prompts.say(name, channel, unlike=[first], **values) != first


def test_spoken_sentences_are_short_and_without_addresses() -> None:
    for name, wording in bundled()["dialogue"].items():
        for sentence in wording["phone"] if name != "examples" else wording:
            assert len(sentence.split()) <= 40, name
            assert "http" not in sentence
            assert "(" not in sentence


def test_a_missing_sentence_is_named(tmp_path: Path) -> None:
    content = bundled()
    del content["dialogue"]["abstain_again"]["phone"]
    with pytest.raises(BadKnowledge, match="abstain_again, phone"):
        load_prompts(write(tmp_path / "prompts.yml", content))


def test_a_sentence_that_recurs_needs_a_second_variant(tmp_path: Path) -> None:
    content = bundled()
    content["dialogue"]["clarify"]["web"] = ["Une seule ?"]
    with pytest.raises(BadKnowledge, match="clarify, web: a list of at least 2"):
        load_prompts(write(tmp_path / "prompts.yml", content))


@pytest.mark.parametrize("sentence", ["Bonjour {prenom}.", "Bonjour {."])
def test_braces_that_mean_nothing_are_reported(tmp_path: Path, sentence: str) -> None:
    content = bundled()
    content["dialogue"]["nothing_to_repeat"]["web"] = [sentence]
    with pytest.raises(BadKnowledge, match="nothing_to_repeat, web"):
        load_prompts(write(tmp_path / "prompts.yml", content))
