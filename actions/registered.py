"""The actions as Rasa calls them: each reads the turn, asks `Replies`, says exactly one JSON message."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import lru_cache
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.language import load_languages
from actions.replies import Replies
from actions.turn import Memory, Result, Turn
from actions.wording import load_prompts
from bot.knowledge import load_knowledge
from bot.nlu.standing import standing, with_before
from bot.settings import settings

MEMORY_SLOT = "memory"

Decide = Callable[[Replies, Turn, Memory], Result]


@lru_cache(maxsize=1)
def replies() -> Replies:
    """From the chosen pack, read and checked once. Raises `BadKnowledge`."""
    pack = settings().load_pack()
    knowledge, prompts = load_knowledge(pack), pack.prompts()
    return Replies(knowledge, load_prompts(prompts), load_languages(prompts, knowledge, pack.languages[0]))


class ReplyAction(Action):  # type: ignore[misc]  # rasa_sdk has no types
    """A Rasa action that is one of the functions of `Replies`."""

    def __init__(self, action_name: str, decide: Decide) -> None:
        self._name = action_name
        self._decide = decide

    def name(self) -> str:
        """The name in domain.yml."""
        return self._name

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        """Says one message and keeps the memory."""
        turn = Turn.from_message(tracker.latest_message)
        before = standing(tracker.get_slot(MEMORY_SLOT), turn.replaces)
        reply, memory = self._decide(replies(), turn, Memory.from_slot(before))
        dispatcher.utter_message(json_message=asdict(reply))
        return [SlotSet(MEMORY_SLOT, with_before(memory.to_slot(), turn.number, before))]


ACTIONS = (
    ReplyAction("action_answer", Replies.answer),
    ReplyAction("action_clarify", Replies.clarify),
    ReplyAction("action_choose", Replies.choose),
    ReplyAction("action_exchange", Replies.exchange),
    ReplyAction("action_repeat", Replies.repeat),
    ReplyAction("action_not_understood", Replies.not_understood),
    ReplyAction("action_abstain", Replies.abstain),
    ReplyAction("action_handover", Replies.handover),
    ReplyAction("action_stay", Replies.stay),
    ReplyAction("action_more", Replies.more),
    ReplyAction("action_back", Replies.back),
    ReplyAction("action_why_answer", Replies.why_answer),
    ReplyAction("action_correction", Replies.correction),
    ReplyAction("action_person", Replies.person),
)
