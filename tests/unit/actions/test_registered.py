"""The actions as Rasa calls them."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.registered import ACTIONS, MEMORY_SLOT, ReplyAction
from actions.replies import Replies
from bot.settings import PROJECT_DIR


def tracker(memory: Any = None, **message: Any) -> Tracker:
    latest = {"intent": {"name": "adhesion_comment", "confidence": 0.9}, "metadata": {"channel": "web"}, **message}
    return Tracker("c1", {MEMORY_SLOT: memory}, latest, [], False, None, {}, "action_listen")


def run(action: ReplyAction, said: Tracker) -> tuple[list[Any], list[Any]]:
    dispatcher = CollectingDispatcher()
    events = action.run(dispatcher, said, {})
    return [message["custom"] for message in dispatcher.messages], events


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name())
def test_every_action_says_one_thing_and_keeps_the_memory(action: ReplyAction) -> None:
    replies, events = run(action, tracker(intent={"name": action.name().removeprefix("action_")}))
    assert len(replies) == 1
    assert replies[0]["answers"] or replies[0]["text"]
    assert [(event["event"], event["name"]) for event in events] == [("slot", MEMORY_SLOT)]


def test_an_action_is_the_function_of_the_same_name() -> None:
    for action in ACTIONS:
        assert action._decide is getattr(Replies, action.name().removeprefix("action_"))


def test_the_next_action_knows_what_the_last_one_said() -> None:
    by_name = {action.name(): action for action in ACTIONS}
    answered, events = run(by_name["action_answer"], tracker())
    again, _ = run(by_name["action_repeat"], tracker(events[0]["value"], intent={"name": "repeat"}))
    assert again[0]["answers"] == answered[0]["answers"]


def test_the_actions_are_those_of_the_domain() -> None:
    domain = yaml.safe_load((PROJECT_DIR / "domain.yml").read_text(encoding="utf-8"))
    assert [action.name() for action in ACTIONS] == domain["actions"]


def numbered(turn: int, replaces: int = 0) -> dict[str, Any]:
    return {"channel": "phone", "turn": turn, "replaces": replaces}


def test_a_turn_whose_answer_nobody_heard_leaves_no_trace() -> None:
    by_name = {action.name(): action for action in ACTIONS}
    _, first = run(by_name["action_abstain"], tracker(intent={"name": "nlu_fallback"}, metadata=numbered(1)))
    _, half = run(
        by_name["action_abstain"], tracker(first[0]["value"], intent={"name": "nlu_fallback"}, metadata=numbered(2))
    )
    assert half[0]["value"]["misses"] == 2
    _, whole = run(
        by_name["action_abstain"], tracker(half[0]["value"], intent={"name": "nlu_fallback"}, metadata=numbered(3, 2))
    )
    assert whole[0]["value"]["misses"] == 2
    _, longer = run(
        by_name["action_abstain"], tracker(whole[0]["value"], intent={"name": "nlu_fallback"}, metadata=numbered(4, 3))
    )
    assert longer[0]["value"]["misses"] == 2


def test_what_replaces_a_turn_that_never_came_is_an_ordinary_turn() -> None:
    by_name = {action.name(): action for action in ACTIONS}
    _, first = run(by_name["action_abstain"], tracker(intent={"name": "nlu_fallback"}, metadata=numbered(1)))
    _, third = run(
        by_name["action_abstain"], tracker(first[0]["value"], intent={"name": "nlu_fallback"}, metadata=numbered(3, 2))
    )
    assert third[0]["value"]["misses"] == 2


def test_what_is_kept_of_before_does_not_grow_with_the_call() -> None:
    action = next(action for action in ACTIONS if action.name() == "action_answer")
    memory: Any = None
    for turn in range(1, 6):
        _, events = run(action, tracker(memory, metadata=numbered(turn)))
        memory = events[0]["value"]
    assert "before_turn" not in memory["before_turn"]
