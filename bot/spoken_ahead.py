"""What the telephone will say and can be spoken before anybody has called, as written texts (see `voice.spoken`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.knowledge import Knowledge
from voice.prompts import PhonePrompts
from voice.spoken import phone_texts


def spoken_first(prompts: PhonePrompts) -> list[str]:
    """The telephone does not ring before it can greet, and has a word for every wait and for an agent who has gone."""
    greetings = [*prompts.greeting, *prompts.notice_closed, *prompts.callback_greeting, *prompts.callback_agent]
    gone = [*prompts.callback_alone, prompts.callback_left, prompts.callback_assistant]
    return [*greetings, *gone, *prompts.openings, *prompts.waiting]


def spoken_ever(sentences: Mapping[str, Any], knowledge: Knowledge) -> list[str]:
    """All fixed sentences (`Pack.prompts()`) and all answers, first what every call needs."""
    return [*phone_texts(sentences, facts(knowledge)), *knowledge.spoken_texts]


def facts(knowledge: Knowledge) -> list[dict[str, str]]:
    """What may be filled into the sentences of the dialogue, one mapping a subject: see `voice.spoken.phone_texts`."""
    return [{"title": s.title, "source": s.source_title, "date": s.verified_on} for s in knowledge.values()]
