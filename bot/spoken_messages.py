"""How a message of a chat is read aloud: in the wording that was written for the ear, where there is one. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.knowledge import Knowledge, Subject, Wording

_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+")
_LIST_MARK = re.compile(r"(?m)^\s*(?:[-*•]|\d+[.)])\s+")
_MARK = re.compile(r"[*_`#>]+")


def spoken_text(message: Mapping[str, Any], knowledge: Knowledge) -> str:
    """The words for a message of the log (docs/api.md); empty for what a person wrote, visitor or agent.

    Each answer in its telephone wording, then the text, then the choices, one a line.
    """
    if message.get("type") not in ("reply", "handover"):
        return ""
    answers = (_spoken(answer, knowledge) for answer in message.get("answers") or ())
    choices = (f"{choice['text'].rstrip(' .?')}." for choice in message.get("choices") or ())
    return "\n".join(text for text in (*answers, _plain(str(message.get("text") or "")), *choices) if text)


def _spoken(answer: Mapping[str, Any], knowledge: Knowledge) -> str:
    """By the subject and the very wording that was shown; as it was shown when that wording is no more."""
    shown = str(answer.get("text", "")).strip()
    subject = knowledge.get(str(answer.get("id", "")))
    return (_for_the_ear(subject, shown) if subject is not None else None) or _plain(shown)


def _for_the_ear(subject: Subject, shown: str) -> str | None:
    wordings = [Wording(subject.web, subject.phone), *subject.variants.values(), *subject.translations.values()]
    return next((wording.phone for wording in wordings if wording.web.strip() == shown), None)


def _plain(text: str) -> str:
    """Text without its marks; addresses are not spelled out."""
    text = _LIST_MARK.sub("", _LINK.sub(r"\1", text))
    return "\n".join(line for raw in _MARK.sub("", _ADDRESS.sub("", text)).splitlines() if (line := raw.strip()))
