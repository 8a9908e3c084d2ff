"""What an agent hears before taking a caller: short, and whole sentences whatever is known."""

from __future__ import annotations

import pytest

from bot.agent_briefing import briefing, load_briefing_texts
from bot.errors import BadKnowledge
from bot.pack import load_pack
from bot.settings import PROJECT_DIR
from bot.store.records import HandoverReason

PROMPTS = load_pack(PROJECT_DIR).prompts()
TEXTS = load_briefing_texts(PROMPTS)


def test_the_agent_hears_why_about_what_and_the_last_words_and_first_which_keys_there_are() -> None:
    told = briefing(TEXTS, HandoverReason.ASKED, "Adhérer", "je voudrais parler à quelqu’un")
    assert len(told) == 5
    assert "tapez 1" in told[1]
    assert "Adhérer" in told[3]
    assert "je voudrais parler" in told[4]


def test_what_is_not_known_is_left_out() -> None:
    assert len(briefing(TEXTS, HandoverReason.KEY, "", " ")) == 3


def test_of_long_words_the_beginning_is_enough() -> None:
    told = " ".join(briefing(TEXTS, HandoverReason.ABSTAINED, "", "mot " * 200))
    assert told.count("mot") < 20


@pytest.mark.parametrize("reason", HandoverReason)
def test_every_reason_has_its_sentence(reason: HandoverReason) -> None:
    assert briefing(TEXTS, reason, "", "")[2].endswith(".")


def test_words_with_braces_are_said_as_they_are() -> None:
    assert "{title}" in " ".join(briefing(TEXTS, HandoverReason.ASKED, "", "{title}"))


@pytest.mark.parametrize("name", ["intro", "subject", "words", "keys", "gone", "reasons"])
def test_a_missing_or_wrong_sentence_is_named(name: str) -> None:
    phone = {**PROMPTS["desk_phone"]["phone"], name: "sans rien"} if name in ("subject", "words") else {}
    with pytest.raises(BadKnowledge, match="desk_phone"):
        load_briefing_texts({"desk_phone": {"phone": phone}})
