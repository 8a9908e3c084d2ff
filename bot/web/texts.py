"""The fixed texts of the chat, from the pack's sentences (key `web_chat` of `data/prompts.yml`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from bot.chats.wording import HANDOVER_TEXTS
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
    malformed: str = ""
    bad_contact: str = ""
    slot_gone: str = ""
    too_many_windows: str = ""
    forbidden_origin: str = ""
    voice_busy: str = ""
    voice_unavailable: str = ""
    # By state, or by reason of a refusal: `bot.chats.wording`.
    handover: Mapping[str, str] = field(default_factory=dict)
    # The greeting by language, for those that have one of their own.
    greetings: Mapping[str, str] = field(default_factory=dict)

    def greeting_in(self, language: str) -> str:
        """In that language, or in the pack's own."""
        return self.greetings.get(language, self.greeting)


def load_web_texts(prompts: Mapping[str, Any], service: str) -> WebTexts:
    """From `Pack.prompts()` and the service's bare name. Raises `BadKnowledge` naming the text that is missing."""
    raw = prompts.get("web_chat")
    if not isinstance(raw, Mapping):
        raise BadKnowledge(f"{_WHERE}: the texts of the chat are missing.")
    values: dict[str, Any] = {"service": service}
    for one in fields(WebTexts):
        value = raw.get(one.name)
        if one.name == "suggestions":
            if not isinstance(value, list):
                raise BadKnowledge(f"{_WHERE}, suggestions: a list of questions is needed.")
            values[one.name] = tuple(str(question) for question in value)
        elif one.name == "greetings":
            values[one.name] = _texts(one.name, value or {})
        elif one.name == "handover":
            values[one.name] = _handover_texts(value)
        elif isinstance(value, str) and value.strip():
            values[one.name] = value.strip()
        elif one.name not in values:
            raise BadKnowledge(f"{_WHERE}, {one.name}: a text is needed here.")
    return WebTexts(**values)


def _handover_texts(value: Any) -> dict[str, str]:
    texts = _texts("handover", value)
    for missing in HANDOVER_TEXTS - texts.keys():
        raise BadKnowledge(f"{_WHERE}, handover, {missing}: a text is needed here.")
    return texts


def _texts(name: str, value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise BadKnowledge(f"{_WHERE}, {name}: `name: text` lines are needed.")
    return {str(key): str(text).strip() for key, text in value.items()}
