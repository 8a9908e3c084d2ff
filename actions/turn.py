"""What an action gets and gives, without Rasa: `Turn` and `Memory` in, a `Reply` and a new `Memory` out.

The memory is one slot, written whole at every turn, so that a conversation whose oldest events are forgotten
still knows its last choices. Rasa's channel reads `subjects` of it too (bot/nlu/channel.py), to understand a question
after the one before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from bot.dialogue import Answer, Channel, Choice, Outcome, Ranked, Reply


@dataclass(frozen=True, slots=True)
class Turn:
    """One message as understood. `subjects` are those the decision names; `ranking` the best five; `pointer` the
    kind of service that a foreign question is for. `text` is empty for a choice. `number` and `replaces` are `turn`
    and `replaces` of `bot.dialogue.Question`."""

    intent: str
    channel: Channel
    confidence: float = 1.0
    subjects: tuple[str, ...] = ()
    ranking: tuple[Ranked, ...] = ()
    why: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""
    pointer: str = ""
    number: int = 0
    replaces: int = 0

    @classmethod
    def from_message(cls, message: Mapping[str, Any]) -> Turn:
        """From Rasa's `latest_message`."""
        intent = message.get("intent") or {}
        decision = dict(message.get("decision") or {})
        subjects = tuple(str(name) for name in decision.pop("subjects", ()))
        metadata = message.get("metadata") or {}
        text = str(message.get("text") or "")
        return cls(
            intent=str(intent.get("name") or ""),
            channel=Channel(metadata.get("channel", Channel.WEB)),
            confidence=float(intent.get("confidence") or 0.0),
            subjects=subjects,
            ranking=tuple(Ranked(r["name"], r["confidence"]) for r in message.get("subject_ranking") or ()),
            why=decision,
            text="" if text.startswith("/") else text,
            pointer=str(decision.get("pointer") or ""),
            number=int(metadata.get("turn") or 0),
            replaces=int(metadata.get("replaces") or 0),
        )


@dataclass(frozen=True, slots=True)
class Memory:
    """What is kept between two turns.

    choices: intents offered by the last reply, in the order they were named.
    misses: how many times in a row the person was not understood, or was off our subject.
    last: the last reply, to say it again.
    subjects: what was answered last, and before: what was answered before that.
    more: the subject whose spoken details have been offered and not read yet.
    person: the kind of person asking, once known. pending: the subject that waits for it.
    """

    choices: tuple[str, ...] = ()
    misses: int = 0
    last: Reply | None = None
    subjects: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    more: str = ""
    person: str = ""
    pending: str = ""

    def to_slot(self) -> dict[str, Any]:
        """As JSON."""
        slot = {name: getattr(self, name) for name in ("misses", "more", "person", "pending")}
        slot |= {name: list(getattr(self, name)) for name in ("choices", "subjects", "before")}
        return slot | {"last": asdict(self.last) if self.last else None}

    @classmethod
    def from_slot(cls, slot: Any) -> Memory:
        """From what `to_slot` made; an empty or foreign slot is a new conversation."""
        if not isinstance(slot, dict):
            return cls()
        last = slot.get("last")
        try:
            return cls(
                choices=tuple(slot.get("choices") or ()),
                misses=int(slot.get("misses") or 0),
                last=reply_from(last) if last else None,
                subjects=tuple(slot.get("subjects") or ()),
                before=tuple(slot.get("before") or ()),
                more=str(slot.get("more") or ""),
                person=str(slot.get("person") or ""),
                pending=str(slot.get("pending") or ""),
            )
        except (KeyError, TypeError, ValueError):  # of another release
            return cls()

    @property
    def last_texts(self) -> list[str]:
        """What was said last."""
        return self.last.texts if self.last else []

    def after(
        self, reply: Reply, *, choices: tuple[str, ...] = (), misses: int = 0, more: str = "", pending: str = ""
    ) -> Memory:
        """The memory once `reply` has been said. Why and ranking are not worth remembering."""
        return replace(
            self, choices=choices, misses=misses, more=more, pending=pending, last=replace(reply, ranking=(), why={})
        )

    def answered(self, reply: Reply, intents: tuple[str, ...], *, more: str = "") -> Memory:
        """The memory once these subjects have been answered."""
        before = self.before if intents == self.subjects else self.subjects
        return replace(self.after(reply, more=more), subjects=intents, before=before)


Result = tuple[Reply, Memory]


def reply_from(payload: Mapping[str, Any]) -> Reply:
    """A `Reply` from its JSON form. Raises `KeyError`, `TypeError` or `ValueError` when it is not one."""
    return Reply(
        outcome=Outcome(payload["outcome"]),
        intent=str(payload.get("intent", "")),
        confidence=float(payload.get("confidence", 0.0)),
        ranking=tuple(Ranked(str(r["intent"]), float(r["confidence"])) for r in payload.get("ranking", ())),
        answers=tuple(Answer(**answer) for answer in payload.get("answers", ())),
        choices=tuple(Choice(**choice) for choice in payload.get("choices", ())),
        text=str(payload.get("text", "")),
        control=str(payload.get("control", "")),
        why=dict(payload.get("why") or {}),
    )
