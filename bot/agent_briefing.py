"""What an agent whose telephone is rung is told before a call: keys, reason, subject, last words. Pure.

The keys come first, for whoever has the console before them and needs no more. Short, since the caller waits
meanwhile: of long words only the beginning. Of a person whom the agent calls back, they hear what becomes of the call.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.errors import BadKnowledge
from bot.store.records import HandoverReason

MOST_WORDS = 15
_WHERE = "data/prompts.yml, desk_phone, phone"
_NEEDED = {
    "intro": "", "subject": "{title}", "words": "{words}", "keys": "", "gone": "", "callback_intro": "",
    "callback_keys": "",
}  # fmt: skip
PERSON_TEXTS = ("answered", "not_answered", "busy", "declined", "unknown_number", "no_line")


@dataclass(frozen=True, slots=True)
class BriefingTexts:
    """`reasons` has one for every `HandoverReason`; `gone`: there is nothing to take any more. `callback_intro` and
    `callback_keys` are for a call that the agent makes, and `person` says what becomes of it (`PERSON_TEXTS`).
    """

    intro: str
    subject: str  # {title}
    words: str  # {words}
    keys: str
    gone: str
    callback_intro: str
    callback_keys: str
    reasons: Mapping[str, str]
    person: Mapping[str, str]


def load_briefing_texts(prompts: Mapping[str, Any]) -> BriefingTexts:
    """From `Pack.prompts()`. Raises `BadKnowledge` naming the missing or wrong text."""
    group = prompts.get("desk_phone")
    raw = group.get("phone") if isinstance(group, Mapping) else None
    if not isinstance(raw, Mapping):
        raise BadKnowledge(f"{_WHERE}: the sentences for agents' telephones are missing.")
    reasons = raw.get("reasons")
    reasons = reasons if isinstance(reasons, Mapping) else {}
    person = raw.get("person")
    person = person if isinstance(person, Mapping) else {}
    return BriefingTexts(
        **{name: _text(raw, name, needed) for name, needed in _NEEDED.items()},
        reasons={reason.value: _text(reasons, reason.value, "") for reason in HandoverReason},
        person={name: _text(person, name, "") for name in PERSON_TEXTS},
    )


def briefing(texts: BriefingTexts, reason: HandoverReason, title: str, last_words: str) -> tuple[str, ...]:
    """One sentence each; without a subject or words, fewer of them."""
    words = last_words.split()
    heard = " ".join(words[:MOST_WORDS]) + (" …" if len(words) > MOST_WORDS else "")
    told = [texts.intro, texts.keys, texts.reasons[reason.value]]
    if reason is HandoverReason.CALLBACK:
        told[:2] = [texts.callback_intro, texts.callback_keys]
    if title:
        told.append(texts.subject.replace("{title}", title))
    if heard:
        told.append(texts.words.replace("{words}", heard))
    return tuple(told)


def _text(raw: Mapping[str, Any], name: str, needed: str) -> str:
    value = raw.get(name)
    if not isinstance(value, str) or not value.strip() or needed not in value:
        holding = f" with {needed}" if needed else ""
        raise BadKnowledge(f"{_WHERE}, {name}: a sentence{holding} is needed.")
    return value.strip()
