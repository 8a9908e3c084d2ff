"""The fixed texts of the chat, from `data/prompts.yml` (key `web_chat`). `{service}` is filled in."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from bot.errors import BadKnowledge


@dataclass(frozen=True, slots=True)
class WebTexts:
    """What the visitor reads around the answers."""

    greeting: str
    suggestions: tuple[str, ...]
    person_label: str
    person_requested: str
    too_long: str
    too_fast: str
    unavailable: str
    empty: str
    lost: str


def load_web_texts(path: Path, service: str) -> WebTexts:
    """Raises `BadKnowledge` naming the text that is missing."""
    try:
        raw: Any = yaml.safe_load(path.read_text(encoding="utf-8"))["web_chat"]
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError) as error:
        raise BadKnowledge(f"{path}: the texts of the chat (key web_chat) cannot be read: {error}.") from None
    values: dict[str, Any] = {}
    for field in fields(WebTexts):
        value = raw.get(field.name) if isinstance(raw, dict) else None
        if field.name == "suggestions":
            if not isinstance(value, list):
                raise BadKnowledge(f"{path}: web_chat.suggestions must be a list of questions.")
            values[field.name] = tuple(str(one) for one in value)
        elif isinstance(value, str) and value.strip():
            values[field.name] = value.strip().replace("{service}", service)
        else:
            raise BadKnowledge(f"{path}: web_chat.{field.name} must be a text.")
    return WebTexts(**values)
