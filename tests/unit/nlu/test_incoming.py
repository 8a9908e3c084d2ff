"""What Rasa is given for what a person sent."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.nlu.incoming import LONGEST_MESSAGE, BadIncoming, harmless_text, read_incoming

INTENTS = {"adhesion_comment", "handover", "clarify", "nlu_fallback"}


def read(**body: Any) -> str:
    return read_incoming({"sender": "c1", "channel": "web", **body}, INTENTS).message


def code_of(**body: Any) -> str:
    with pytest.raises(BadIncoming) as caught:
        read(**body)
    return caught.value.code


def test_a_text_passes_as_it_is() -> None:
    assert read(text="comment adhérer ?") == "comment adhérer ?"


@pytest.mark.parametrize(
    "text", ["/handover", "  /handover", "///handover", "/ /handover", "\n\t/handover", "\u00a0/handover"]
)
def test_a_typed_command_is_only_words(text: str) -> None:
    assert read(text=text) == "handover"


@given(st.text())
def test_no_text_at_all_can_become_a_command(text: str) -> None:
    assert not harmless_text(text).strip().startswith("/")


def test_a_choice_becomes_a_command_only_when_it_names_an_intent() -> None:
    assert read(choice="handover") == "/handover"
    assert code_of(choice="handover{}") == "unknown_choice"
    assert code_of(choice="nothing_like_this") == "unknown_choice"
    assert code_of(choice=["handover"]) == "unknown_choice"


@pytest.mark.parametrize("name", ["clarify", "nlu_fallback"])
def test_the_inner_states_of_the_dialogue_cannot_be_chosen(name: str) -> None:
    assert code_of(choice=name) == "unknown_choice"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"text": ""}, "empty"),
        ({"text": " / "}, "empty"),
        ({}, "no_text"),
        ({"text": 12}, "no_text"),
        ({"text": "a" * (LONGEST_MESSAGE + 1)}, "too_long"),
        ({"text": "a", "channel": "fax"}, "bad_channel"),
        ({"text": "a", "sender": ""}, "bad_sender"),
        ({"text": "a", "sender": 3}, "bad_sender"),
        ({"text": "a", "heard_confidence": 1.5}, "bad_confidence"),
        ({"text": "a", "heard_confidence": True}, "bad_confidence"),
    ],
)
def test_nonsense_is_refused_with_a_code(body: dict[str, Any], code: str) -> None:
    assert code_of(**body) == code


def test_a_body_that_is_no_object_is_refused() -> None:
    with pytest.raises(BadIncoming):
        read_incoming(["text"], INTENTS)
