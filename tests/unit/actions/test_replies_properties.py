"""What holds in every conversation, whatever is said in whatever order."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from actions.replies import CONTROLS, HANDOVER, OUT_OF_SCOPE, SAFETY, SAID_AGAIN_ALOUD
from bot.dialogue import Channel, Outcome, Ranked, Reply
from bot.knowledge import TOPICS, Kind

from .conversation import ENGLISH, EXCHANGE, KNOWLEDGE, Conversation

TOPIC_NAMES = [subject.intent for subject in KNOWLEDGE.topics]
PEOPLE = [subject.intent for subject in KNOWLEDGE.people]
OWN_RULE = {"handover", "repeat", "not_understood", "more", "back", "why_answer", "correction"}
COURTESIES = sorted(set(EXCHANGE) - OWN_RULE - {"affirm", "deny", OUT_OF_SCOPE})


@dataclass(frozen=True)
class Said:
    """One turn: the action that Rasa's rules choose for an intent, and what was understood."""

    action: str
    intent: str
    fields: dict[str, Any]


def said(action: str, intents: list[str], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Said]:
    understood = {
        "ranking": st.lists(st.builds(Ranked, st.sampled_from(list(KNOWLEDGE)), st.floats(0, 1)), max_size=3).map(
            tuple
        ),
        "text": st.sampled_from(["", "mon bulletin", "mon salarié", "mon employeur", ENGLISH, "euh"]),
        **fields,
    }
    return st.builds(Said, st.just(action), st.sampled_from(intents), st.fixed_dictionaries(understood))


def subjects(most: int) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(TOPIC_NAMES), min_size=1, max_size=most, unique=True).map(tuple)


TURNS = st.one_of(
    said("answer", ["adhesion"], subjects=subjects(2)),
    said("answer", ["adhesion"], subjects=st.just(("bulletin",)), text=st.just("mon bulletin")),
    said("clarify", ["clarify"], subjects=subjects(3)),
    said("stay", ["stay"], subjects=subjects(3)),
    said("choose", ["choose_first", "choose_second", "choose_third", "affirm", "deny"]),
    said("exchange", COURTESIES),
    said("abstain", ["nlu_fallback", OUT_OF_SCOPE], pointer=st.sampled_from(["", OUT_OF_SCOPE, "elsewhere_caf"])),
    said("abstain", ["nlu_fallback"], ranking=st.just(())),
    said("person", PEOPLE),
    *(said(name, [name]) for name in sorted(OWN_RULE)),
)
TALKS = st.lists(TURNS, min_size=1, max_size=14)


def talk(channel: Channel, turns: list[Said]) -> list[tuple[Said, tuple[str, ...], Reply]]:
    """Each turn with what was offered before it and the reply to it."""
    conversation = Conversation(channel)
    heard = []
    for turn in turns:
        offered = conversation.memory.choices
        heard.append((turn, offered, conversation.turn(turn.action, turn.intent, **turn.fields)))
    return heard


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(list(Channel)), TALKS)
def test_every_turn_gets_something_said_that_the_line_can_carry(channel: Channel, turns: list[Said]) -> None:
    for _, _, reply in talk(channel, turns):
        assert any(reply.texts)
        assert json.dumps(asdict(reply))
        assert reply.control in {"", *CONTROLS}


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(list(Channel)), TALKS)
def test_only_subjects_of_the_service_kinds_of_person_and_a_person_are_offered(
    channel: Channel, turns: list[Said]
) -> None:
    for _, _, reply in talk(channel, turns):
        for choice in reply.choices:
            assert choice.intent == HANDOVER or KNOWLEDGE[choice.intent].kind in TOPICS | {Kind.PERSON}


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(list(Channel)), TALKS)
def test_the_same_is_never_said_twice_in_a_row_unless_asked_for(channel: Channel, turns: list[Said]) -> None:
    before: list[str] = []
    for turn, _, reply in talk(channel, turns):
        asked_for = turn.action == "repeat" or turn.intent in SAFETY | SAID_AGAIN_ALOUD
        assert asked_for or reply.texts != before
        before = reply.texts


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(list(Channel)), TALKS)
def test_whoever_is_not_understood_gets_a_person_the_third_time_in_a_row(channel: Channel, turns: list[Said]) -> None:
    misses = 0
    for turn, offered, reply in talk(channel, turns):
        elsewhere = turn.intent == OUT_OF_SCOPE and turn.action == "abstain"
        declined = turn.intent == "deny" and offered == (HANDOVER,)
        if reply.outcome is not Outcome.ABSTAINED:
            misses = 0
        elif not elsewhere and not declined and turn.action != "repeat":
            misses += 1
        assert misses < 3
