"""What goes into an action and what is kept between two."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.turn import Memory, Turn, reply_from
from bot.dialogue import Answer, Channel, Choice, Outcome, Ranked, Reply

REPLY = Reply(
    Outcome.ANSWERED,
    intent="adhesion",
    confidence=0.9,
    ranking=(Ranked("adhesion", 0.9),),
    answers=(Answer("adhesion", "texte", "titre", "source", "https://source", "2026-11-21", "en"),),
    choices=(Choice("bulletin", "titre"),),
    text="suite",
    control="wait",
    why={"sureness": 0.9},
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(["choices", "misses", "last", "subjects", "before", "more", "person", "pending"])


def test_a_message_is_read_as_rasa_hands_it_over() -> None:
    turn = Turn.from_message(
        {
            "text": "allocation logement",
            "intent": {"name": "out_of_scope", "confidence": 0.4},
            "subject_ranking": [{"name": "adhesion", "confidence": 0.4}],
            "decision": {"kind": "answer", "subjects": ["out_of_scope"], "sureness": 0.3, "pointer": "elsewhere_caf"},
            "metadata": {"channel": "phone"},
        }
    )
    assert (turn.channel, turn.subjects, turn.why["sureness"]) == (Channel.PHONE, ("out_of_scope",), 0.3)
    assert (turn.text, turn.pointer) == ("allocation logement", "elsewhere_caf")
    assert turn.ranking == (Ranked("adhesion", 0.4),)


def test_a_choice_has_no_words() -> None:
    assert Turn.from_message({"text": "/adhesion", "intent": {"name": "adhesion", "confidence": 1.0}}).text == ""


def test_a_message_without_anything_is_still_a_turn() -> None:
    turn = Turn.from_message({})
    assert (turn.intent, turn.channel, turn.subjects, turn.ranking) == ("", Channel.WEB, (), ())


def test_a_reply_survives_its_json_form() -> None:
    assert reply_from(json.loads(json.dumps(asdict(REPLY)))) == REPLY


def test_the_memory_survives_its_slot() -> None:
    memory = Memory(
        choices=("a", "b"),
        misses=2,
        last=REPLY,
        subjects=("a",),
        before=("b", "c"),
        more="a",
        person="salarie",
        pending="b",
    )
    assert Memory.from_slot(json.loads(json.dumps(memory.to_slot()))) == memory


@given(JSON | st.dictionaries(FIELDS, JSON))
def test_whatever_is_in_the_slot_there_is_a_memory(slot: Any) -> None:
    assert isinstance(Memory.from_slot(slot), Memory)


@pytest.mark.parametrize("slot", [None, "anything", {"last": {"outcome": "of another release"}}, {"misses": "many"}])
def test_a_foreign_slot_is_a_new_conversation(slot: Any) -> None:
    assert Memory.from_slot(slot) == Memory()


def test_ranking_and_reasons_are_not_remembered() -> None:
    last = Memory().after(REPLY).last
    assert last is not None
    assert (last.ranking, last.why) == ((), {})


def test_what_was_offered_is_forgotten_with_the_next_reply() -> None:
    memory = Memory(choices=("a",), misses=2, more="a", pending="b", person="salarie", subjects=("a",)).after(REPLY)
    assert (memory.choices, memory.misses, memory.more, memory.pending) == ((), 0, "", "")
    assert (memory.person, memory.subjects) == ("salarie", ("a",))


def test_the_answer_before_is_that_of_another_subject() -> None:
    memory = Memory().answered(REPLY, ("a",)).answered(REPLY, ("b",)).answered(REPLY, ("b",))
    assert (memory.subjects, memory.before) == (("b",), ("a",))
