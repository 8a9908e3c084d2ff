"""The fixed sentences of a call, from `data/prompts.yml` (key `phone_line`). `{service}` is filled in."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from bot.errors import BadKnowledge

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


def load_prompts(path: Path, service: str) -> PhonePrompts:
    """Raises `BadKnowledge` naming the missing or wrong prompt."""
    try:
        raw: Any = yaml.safe_load(path.read_text(encoding="utf-8"))["phone_line"]
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError) as error:
        raise BadKnowledge(f"{path}: the telephone prompts (key phone_line) cannot be read: {error}.") from None
    values: dict[str, Any] = {}
    for field in fields(PhonePrompts):
        value = raw.get(field.name) if isinstance(raw, dict) else None
        many = field.type == "tuple[str, ...]"
        wanted = list if many else str
        if not isinstance(value, wanted) or not value:
            raise BadKnowledge(
                f"{path}: phone_line.{field.name} must be {'a list of sentences' if many else 'a sentence'}."
            )
        texts = tuple(str(one).replace("{service}", service) for one in (value if many else [value]))
        values[field.name] = texts if many else texts[0]
    if len(values["silence"]) != 2:
        raise BadKnowledge(f"{path}: phone_line.silence must hold two sentences, for the first and the second silence.")
    return PhonePrompts(**values)


def fixed_sentences(path: Path) -> list[str]:
    """The sentences of the dialogue itself (key `dialogue`, telephone wordings) in which nothing is filled in.

    They open most clarifying questions and refusals, so that their first sound is in the cache.
    """
    raw: Any = yaml.safe_load(path.read_text(encoding="utf-8")).get("dialogue") or {}
    texts = [text for entry in raw.values() if isinstance(entry, dict) for text in entry.get("phone") or []]
    return [sentence for text in texts for sentence in _END.split(text) if sentence and "{" not in sentence]
