"""The fixed texts of the chat, from the pack's sentences (key `web_chat` of `data/prompts.yml`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from bot.errors import BadKnowledge

_WHERE = "data/prompts.yml, web_chat"


@dataclass(frozen=True, slots=True)
class WebTexts:
    """What the visitor reads around the answers. `service` is the service's name, without an article."""

    greeting: str
    suggestions: tuple[str, ...]
    person_label: str
    person_requested: str
    too_long: str
    too_fast: str
    unavailable: str
    empty: str
    lost: str
    service: str = ""


def load_web_texts(prompts: Mapping[str, Any], service: str) -> WebTexts:
    """From `Pack.prompts()` and the service's bare name. Raises `BadKnowledge` naming the text that is missing."""
    raw = prompts.get("web_chat")
    if not isinstance(raw, Mapping):
        raise BadKnowledge(f"{_WHERE}: the texts of the chat are missing.")
    values: dict[str, Any] = {"service": service}
    for field in fields(WebTexts):
        value = raw.get(field.name)
        if field.name == "suggestions":
            if not isinstance(value, list):
                raise BadKnowledge(f"{_WHERE}, suggestions: a list of questions is needed.")
            values[field.name] = tuple(str(one) for one in value)
        elif isinstance(value, str) and value.strip():
            values[field.name] = value.strip()
        elif field.name not in values:
            raise BadKnowledge(f"{_WHERE}, {field.name}: a text is needed here.")
    return WebTexts(**values)
