"""The fixed sentences of a call, from the pack's sentences (key `phone_line` of `data/prompts.yml`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from bot.errors import BadKnowledge

_WHERE = "data/prompts.yml, phone_line"
_FILLED_IN = {
    "callback_confirm": {"number": "where the number is said"},
    "callback_promised": {"number": "where the number is said"},
    "closed_hours": {"hours": "the hours", "reopening": "when they begin again"},
    "desk_before": {"people": "how many wait before the caller"},
    "desk_wait": {"minutes": "how long the wait may be"},
}


@dataclass(frozen=True, slots=True)
class PhonePrompts:
    """Each field is one sentence or a few."""

    greeting: tuple[str, ...]  # all but the last is the notice, which speech does not interrupt
    notice_closed: tuple[str, ...]  # in place of the notice while nobody can be reached
    callback_greeting: tuple[str, ...]
    callback_agent: tuple[str, ...]  # said to who is called back by an agent, before the two are joined
    callback_alone: tuple[str, ...]  # in its place when that agent has gone; the question follows
    callback_left: str  # when the agent goes while it is said
    callback_assistant: str  # once the assistant takes over, which had no part in such a call
    silence: tuple[str, ...]  # first and second time
    silence_goodbye: str
    misheard: str
    misheard_offer_person: str
    waiting: tuple[str, ...]
    openings: tuple[str, ...]  # said at once while an answer that was never said before is being spoken
    dialogue_unavailable: str
    person_requested: str
    person_requested_again: str
    transferring: str
    still_transferring: str
    transfer_failed: str
    desk_looking: str
    desk_queued: str
    desk_next: str
    desk_one_before: str
    desk_before: str  # {people}, two or more
    desk_soon: str
    desk_wait: str  # {minutes}, two or more
    desk_keys: str
    desk_keys_callback: str
    desk_patience: str
    desk_nobody: str
    desk_waited: str
    desk_taken: str
    desk_again: str
    desk_lost: str
    desk_left: str
    desk_returned: str
    closed: str
    closed_hours: str  # {hours}, {reopening}
    callback_offer: str
    callback_ask_number: str
    callback_confirm: str  # {number}
    callback_again: str
    callback_elsewhere: str
    callback_promised: str  # {number}
    callback_declined: str
    callback_incomplete: str
    link_offer: str
    link_sent: str
    key_help: str
    all_busy: str
    all_busy_transfer: str
    back_from_hold: str
    anything_else: tuple[str, ...]
    goodbye: str


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
    if len(values["greeting"]) < 2:
        raise BadKnowledge(f"{_WHERE}, greeting: two sentences are needed, the notice and, last, the question.")
    for name, places in _FILLED_IN.items():
        for place, what in places.items():
            if f"{{{place}}}" not in values[name]:
                raise BadKnowledge(f"{_WHERE}, {name}: {{{place}}} is needed: {what}.")
    return PhonePrompts(**values)
