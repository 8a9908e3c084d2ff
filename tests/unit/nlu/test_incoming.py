"""What Rasa is given for what a person sent."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.nlu.incoming import LONGEST_MESSAGE, MOST_READINGS, BadIncoming, harmless_text, read_incoming

INTENTS = {"adhesion_comment", "handover", "clarify", "nlu_fallback", "stay"}


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


@pytest.mark.parametrize("name", ["clarify", "nlu_fallback", "stay"])
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
        ({"text": "a", "heard_confidence": float("nan")}, "bad_confidence"),
        ({"text": "a", "turn": -1}, "bad_turn"),
        ({"text": "a", "turn": True}, "bad_turn"),
        ({"text": "a", "replaces": "1"}, "bad_turn"),
        ({"text": "a", "alternatives": "b"}, "bad_alternatives"),
        ({"text": "a", "alternatives": ["b"]}, "bad_alternatives"),
        ({"text": "a", "alternatives": [{"confidence": 0.5}]}, "bad_alternatives"),
        ({"text": "a", "alternatives": [{"text": 3, "confidence": 0.5}]}, "bad_alternatives"),
        ({"text": "a", "alternatives": [{"text": "b"}]}, "bad_confidence"),
        ({"text": "a", "alternatives": [{"text": "b", "confidence": 2}]}, "bad_confidence"),
        ({"text": "a", "alternatives": [{"text": "b" * (LONGEST_MESSAGE + 1), "confidence": 0.1}]}, "bad_alternatives"),
    ],
)
def test_nonsense_is_refused_with_a_code(body: dict[str, Any], code: str) -> None:
    assert code_of(**body) == code


def test_a_body_that_is_no_object_is_refused() -> None:
    with pytest.raises(BadIncoming):
        read_incoming(["text"], INTENTS)


# -- what people really send --

EMAIL = """Bonjour,

Je suis trésorière de l'association <b>Les Amis</b>.
Merci de me dire comment déclarer les heures de mars.

Cordialement,
M. Durand & Cie <durand@example.org>
"""


@pytest.mark.parametrize(
    "text",
    [
        "😀😀😀",
        "👩‍🏫 🎉",
        "Как вступить в ассоциацию?",
        "مرحبا كيف حالك",
        "如何加入",
        "<script>alert('x')</script>",
        "{{7*7}} ${HOME} %s \\",
        "0612345678",
        "COMMENT ADHÉRER !!!!",
        "a" * LONGEST_MESSAGE,
        "\x00\x07comment\x1b[31m adhérer",
        "\ud800 comment adhérer",
        "…",
        EMAIL,
    ],
)
def test_strange_text_passes_as_one_harmless_line(text: str) -> None:
    message = read(text=text)
    assert message
    assert message.isprintable()
    assert not message.startswith("/")


@pytest.mark.parametrize("text", ["\n\n\t", "\u200b\u200b", "////", "\x00"])
def test_text_without_anything_to_read_is_empty(text: str) -> None:
    assert code_of(text=text) == "empty"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from(["sender", "text", "choice", "channel", "heard_confidence", "alternatives"]),
        JSON | st.sampled_from(["web", "phone", "handover", "/handover", "stay"]),
    )
)
def test_any_request_is_read_or_refused_with_a_code(body: dict[str, Any]) -> None:
    try:
        incoming = read_incoming(body, INTENTS)
    except BadIncoming as error:
        assert error.code
    else:
        assert incoming.message in ("/handover", "/adhesion_comment") or not incoming.message.startswith("/")


# -- what else may have been heard --


def readings(*alternatives: Any) -> tuple[tuple[str, float], ...]:
    body = {"sender": "c1", "channel": "phone", "text": "a", "alternatives": list(alternatives)}
    return read_incoming(body, INTENTS).readings


def test_other_readings_pass_with_their_confidence_and_harmless() -> None:
    found = readings({"text": "le bulletin", "confidence": 0.4}, {"text": "/handover", "confidence": 1})
    assert found == (("le bulletin", 0.4), ("handover", 1.0))


def test_only_a_few_readings_are_kept_and_empty_ones_are_not() -> None:
    assert len(readings(*({"text": f"{i}", "confidence": 0.1} for i in range(20)))) == MOST_READINGS
    assert readings({"text": " ", "confidence": 0.1}) == ()


def test_a_typed_question_has_no_readings() -> None:
    assert read_incoming({"sender": "c1", "text": "a"}, INTENTS).readings == ()
