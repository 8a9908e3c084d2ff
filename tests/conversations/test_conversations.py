"""Every conversation of the .txt files goes as written, each from a fresh start, and Guichet never says the same thing
twice in a row unless it was asked to."""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import aiohttp
import pytest

from bot.dialogue import Question, Reply
from bot.knowledge import Knowledge, load_knowledge
from bot.nlu.text import folded_form
from bot.rasa_client import RasaDialogue
from tests.conversations.expectations import (
    LONGEST_SHOWN,
    complaints,
    described,
    may_be_said_again,
    said_again,
    unknown_names,
)
from tests.conversations.script import AGENT_BUTTON, Conversation, Turn, read_script
from tests.integration.running_dialogue import Running

FILES = sorted(Path(__file__).parent.glob("*.txt"))
CONVERSATIONS = [one for path in FILES for one in read_script(path.read_text(encoding="utf-8"), path.name)]
_numbers = count(1)


@dataclass(frozen=True)
class Played:
    """A turn with what came of it; `wrong` is what was demanded and did not come. Without the button that the person
    uses there is no reply."""

    turn: Turn
    reply: Reply | None
    wrong: list[str]


def named(conversation: Conversation) -> str:
    return f"{Path(conversation.file).stem}:{folded_form(conversation.title).replace(' ', '-')}"


def case(conversation: Conversation) -> object:
    later = [pytest.mark.xfail(reason=conversation.later, strict=True)] if conversation.later else []
    return pytest.param(conversation, id=named(conversation), marks=later)


def choice_of(turn: Turn, before: Reply | None) -> str | None:
    """The subject behind a button: empty when none is used, None when there is no such button."""
    if not turn.button or turn.button == AGENT_BUTTON:
        return "handover" if turn.button else ""
    offered = before.choices if before is not None else ()
    place = int(turn.button) - 1
    return offered[place].intent if place < len(offered) else None


async def play(conversation: Conversation, dialogue: RasaDialogue, knowledge: Knowledge) -> list[Played]:
    """Says every turn, whatever comes, so that a failure shows the whole conversation."""
    conversation_id = f"conversation-{os.getpid()}-{next(_numbers)}"
    played: list[Played] = []
    before: Reply | None = None
    for turn in conversation.turns:
        choice = choice_of(turn, before)
        if choice is None:
            return [*played, Played(turn, None, [f"un bouton {turn.button}"])]
        question = Question(
            conversation_id, conversation.channel, turn.text, choice, turn.heard_confidence, turn.alternatives
        )
        reply = await dialogue.ask(question)
        wrong = complaints(turn.demands, reply, before, conversation.channel, knowledge)
        if not may_be_said_again(turn.demands):
            wrong += [f"ne pas redire « {text} »" for text in said_again(reply, before)]
        played.append(Played(turn, reply, wrong))
        before = reply
    return played


def transcript(conversation: Conversation, played: list[Played]) -> str:
    lines = [f"{conversation.file}, line {conversation.line}: {conversation.title}"]
    for one in played:
        lines.append(f"    Personne : {one.turn.text[:LONGEST_SHOWN] or one.turn.button}")
        lines += [f"    Guichet : {described(one.reply)}"] if one.reply is not None else []
        lines += [f"  ✗ attendu (line {one.turn.line}) : {wrong}" for wrong in one.wrong]
    return "\n".join(lines)


@pytest.mark.service
@pytest.mark.parametrize("conversation", [case(one) for one in CONVERSATIONS])
async def test_the_conversation_goes_as_written(
    conversation: Conversation, running: Running, session: aiohttp.ClientSession
) -> None:
    played = await play(conversation, RasaDialogue(session, running.settings), load_knowledge())
    if any(one.wrong for one in played):
        pytest.fail(transcript(conversation, played), pytrace=False)


def test_the_conversations_name_only_what_the_knowledge_has() -> None:
    knowledge = load_knowledge()
    unknown = [
        f"{one.file}, line {turn.line}: {name}"
        for one in CONVERSATIONS
        for turn in one.turns
        for name in unknown_names(turn.demands, knowledge)
    ]
    assert not unknown


def test_no_two_conversations_have_the_same_name() -> None:
    names = [named(one) for one in CONVERSATIONS]
    assert sorted(set(names)) == sorted(names)
