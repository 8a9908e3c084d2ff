"""The fixed sentences of a call, from the pack's sentences (key `phone_line` of `data/prompts.yml`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from bot.errors import BadKnowledge

_WHERE = "data/prompts.yml, phone_line"
_END = re.compile(r"(?<=[.?!])\s+")


@dataclass(frozen=True, slots=True)
class PhonePrompts:
    """Each field is one sentence or a few."""

    greeting: tuple[str, ...]
    silence: tuple[str, ...]  # first and second time
    silence_goodbye: str
    misheard: str
    misheard_offer_person: str
    dialogue_unavailable: str
    person_requested: str
    person_requested_again: str
    transferring: str
    transfer_failed: str
    anything_else: tuple[str, ...]
    goodbye: str

    def fixed_texts(self) -> list[str]:
        """Every text that does not depend on the answer: what can be spoken into the cache in advance."""
        texts: list[str] = []
        for field in fields(self):
            value = getattr(self, field.name)
            texts += [value] if isinstance(value, str) else list(value)
        return texts


def load_prompts(prompts: Mapping[str, Any]) -> PhonePrompts:
    """From `Pack.prompts()`. Raises `BadKnowledge` naming the missing or wrong prompt."""
    raw = prompts.get("phone_line")
    if not isinstance(raw, Mapping):
        raise BadKnowledge(f"{_WHERE}: the sentences of the telephone are missing.")
    values: dict[str, Any] = {}
    for field in fields(PhonePrompts):
        value = raw.get(field.name)
        many = field.type == "tuple[str, ...]"
        wanted = list if many else str
        if not isinstance(value, wanted) or not value:
            raise BadKnowledge(f"{_WHERE}, {field.name}: {'a list of sentences' if many else 'a sentence'} is needed.")
        texts = tuple(str(one) for one in (value if many else [value]))
        values[field.name] = texts if many else texts[0]
    if len(values["silence"]) != 2:
        raise BadKnowledge(f"{_WHERE}, silence: two sentences are needed, for the first and the second silence.")
    return PhonePrompts(**values)


def fixed_sentences(prompts: Mapping[str, Any]) -> list[str]:
    """The sentences of the dialogue itself (key `dialogue`, telephone wordings) in which nothing is filled in.

    They open most clarifying questions and refusals, so that their first sound is in the cache.
    """
    dialogue = prompts.get("dialogue") or {}
    texts = [text for entry in dialogue.values() if isinstance(entry, dict) for text in entry.get("phone") or []]
    return [sentence for text in texts for sentence in _END.split(text) if sentence and "{" not in sentence]
