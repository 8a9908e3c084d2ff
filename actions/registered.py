"""The actions as Rasa calls them: each reads the turn, asks `Replies`, says exactly one JSON message."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import lru_cache
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.replies import Replies
from actions.turn import Memory, Result, Turn
from actions.wording import load_prompts
from bot.knowledge import load_knowledge

MEMORY_SLOT = "memory"

Decide = Callable[[Replies, Turn, Memory], Result]


@lru_cache(maxsize=1)
def replies() -> Replies:
    """From data/, read and checked once. Raises `BadKnowledge`."""
    return Replies(load_knowledge(), load_prompts())


class ReplyAction(Action):  # type: ignore[misc]
    """An action that is one of the functions of `Replies`. Subclasses give its name and the function."""

    action_name = ""
    decide: Decide

    def name(self) -> str:
        return self.action_name

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        turn = Turn.from_message(tracker.latest_message)
        reply, memory = type(self).decide(replies(), turn, Memory.from_slot(tracker.get_slot(MEMORY_SLOT)))
        dispatcher.utter_message(json_message=asdict(reply))
        return [SlotSet(MEMORY_SLOT, memory.to_slot())]


class Answer(ReplyAction):
    action_name = "action_answer"
    decide = Replies.answer


class Clarify(ReplyAction):
    action_name = "action_clarify"
    decide = Replies.clarify


class Choose(ReplyAction):
    action_name = "action_choose"
    decide = Replies.choose


class Exchange(ReplyAction):
    action_name = "action_exchange"
    decide = Replies.exchange


class Repeat(ReplyAction):
    action_name = "action_repeat"
    decide = Replies.repeat


class NotUnderstood(ReplyAction):
    action_name = "action_not_understood"
    decide = Replies.not_understood


class Abstain(ReplyAction):
    action_name = "action_abstain"
    decide = Replies.abstain


class Handover(ReplyAction):
    action_name = "action_handover"
    decide = Replies.handover


ACTIONS: tuple[type[ReplyAction], ...] = (
    Answer, Clarify, Choose, Exchange, Repeat, NotUnderstood, Abstain, Handover,
)  # fmt: skip
