"""The desk's own sentences, from the pack (key `desk` of `data/prompts.yml`), and the texts that agents insert."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.errors import BadKnowledge
from bot.pack import Pack, fill, read_yaml

CANNED = Path("data/canned.yml")
_WHERE = "data/prompts.yml, desk"
VISITOR_TEXTS = frozenset({"handed_on", "lost", "returned", "idle"})
FAILURE_TEXTS = frozenset(
    {
        "bad_request", "unauthorized", "forbidden", "forbidden_origin", "not_allowed", "unknown_request",
        "unknown_conversation", "unknown_callback", "unknown_message", "taken", "not_yours", "over", "no_room",
        "nobody", "under_way", "slot_gone", "bad_number", "too_long", "unavailable", "no_line", "busy", "bad_way",
        "elsewhere", "on_a_call", "not_answered", "declined", "transfer_failed", "no_softphone",
        "agent_not_answered", "agent_declined", "agent_no_line", "agent_absent", "agent_lost", "person_not_answered",
        "person_busy", "person_declined", "person_unknown_number", "person_no_line",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CannedText:
    """A text that an agent inserts; `{agent}` and `{horaires}` are still to be filled."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class DeskTexts:
    """`visitor`: what the log says when a person had begun; `failures`: what an agent reads, by code."""

    visitor: Mapping[str, str] = field(default_factory=dict)
    failures: Mapping[str, str] = field(default_factory=dict)
    canned: tuple[CannedText, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)

    def of_visitor(self, why: str, agent: str) -> str:
        """The sentence of that name; empty for none."""
        return self.visitor.get(why, "").replace("{agent}", agent)

    def canned_for(self, agent: str, hours: tuple[str, ...]) -> list[CannedText]:
        """The texts to insert, everything filled in."""
        filled = {"{agent}": agent, "{horaires}": " ; ".join(line[:1].lower() + line[1:] for line in hours)}
        texts = []
        for one in self.canned:
            text = one.text
            for name, value in filled.items():
                text = text.replace(name, value)
            texts.append(CannedText(one.id, one.title, text))
        return texts


def load_desk_texts(pack: Pack, prompts: Mapping[str, Any]) -> DeskTexts:
    """`prompts` is `pack.prompts()`. Raises `BadKnowledge` naming file and text."""
    raw = prompts.get("desk")
    if not isinstance(raw, Mapping):
        raise BadKnowledge(f"{_WHERE}: the sentences of the desk are missing.")
    return DeskTexts(
        visitor=_all(raw, "visitor", VISITOR_TEXTS),
        failures=_all(raw, "failures", FAILURE_TEXTS),
        canned=load_canned(pack),
        words=pack.words,
    )


def load_canned(pack: Pack) -> tuple[CannedText, ...]:
    """The pack's own `data/canned.yml`, or the project's. Raises `BadKnowledge`."""
    path = pack.own_or_project(str(CANNED))
    content = fill(read_yaml(path), pack.words)
    entries = content.get("canned")
    if not isinstance(entries, list):
        raise BadKnowledge(f"{path}: a list `canned:` is needed.")
    texts: dict[str, CannedText] = {}
    for entry in entries:
        values = [entry.get(name) for name in ("id", "title", "text")] if isinstance(entry, dict) else []
        if not values or not all(isinstance(value, str) and value.strip() for value in values):
            raise BadKnowledge(f"{path}: every entry of `canned:` has an id, a title and a text.")
        one = CannedText(*(str(value).strip() for value in values))
        if one.id in texts:
            raise BadKnowledge(f"{path}, {one.id}: this id is used twice.")
        texts[one.id] = one
    return tuple(texts.values())


def _all(raw: Mapping[str, Any], group: str, names: frozenset[str]) -> dict[str, str]:
    texts = raw.get(group)
    texts = texts if isinstance(texts, Mapping) else {}
    for name in sorted(names):
        if not isinstance(texts.get(name), str) or not texts[name].strip():
            raise BadKnowledge(f"{_WHERE}, {group}, {name}: a text is needed here.")
    return {name: texts[name].strip() for name in names}
