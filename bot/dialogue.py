"""What the dialogue promises to whoever carries a conversation: one question in, one `Reply` out.

This is all that the telephone (`voice/`) and the web know of the dialogue. Rasa is behind it
(`bot/rasa_client.py`); tests put a short fake there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol


class Channel(StrEnum):
    """Where a conversation takes place: it chooses the wording of the answers."""

    WEB = "web"
    PHONE = "phone"


class Outcome(StrEnum):
    """What became of a question."""

    ANSWERED = "answered"
    CLARIFY = "clarify"
    ABSTAINED = "abstained"
    HANDOVER = "handover"


@dataclass(frozen=True, slots=True)
class Ranked:
    """A subject with the probability the classifier gives it (0 to 1)."""

    intent: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Answer:
    """A verified text. `id` is the subject's intent name; `text` is worded for the channel.

    `source` and `verified_on` (ISO date) are empty for the exchange itself (greeting, thanks, …). `language` is empty
    for the pack's own.
    """

    id: str
    text: str
    title: str = ""
    source: str = ""
    source_url: str = ""
    verified_on: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the subjects offered after "vouliez-vous dire"; `text` is its title."""

    intent: str
    text: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What the dialogue decided about one question.

    `text` is what to show or say when there is no answer: the clarifying question, the honest
    refusal, the announcement of the handover. With answers it is what to say after them on the telephone (the offer
    of details), else empty.
    `control` asks the carrier for something only it can do: "slower", "louder", "wait", "goodbye".
    """

    outcome: Outcome
    intent: str = ""
    confidence: float = 0.0
    ranking: tuple[Ranked, ...] = ()
    answers: tuple[Answer, ...] = ()
    choices: tuple[Choice, ...] = ()
    text: str = ""
    control: str = ""
    why: dict[str, Any] = field(default_factory=dict)

    @property
    def texts(self) -> list[str]:
        """All that is to be shown or said, in order."""
        return [*(answer.text for answer in self.answers), *([self.text] if self.text else [])]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a recogniser may have heard, and how sure it is of it (0 to 1)."""

    text: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Question:
    """One message of a person. `choice` is set instead of `text` when a button or key was used.

    `heard_confidence` is the recogniser's, from 0 to 1; None when the question was typed. `alternatives` are its
    other readings of the same utterance, likeliest first, without `text` itself. `turn` numbers the questions of a
    call (0: not numbered); `replaces` is that of one whose answer nobody has heard, and which is to leave no trace.
    """

    conversation_id: str
    channel: Channel
    text: str = ""
    choice: str = ""
    heard_confidence: float | None = None
    alternatives: tuple[Reading, ...] = ()
    turn: int = 0
    replaces: int = 0


class Dialogue(Protocol):
    """Answers questions, one at a time for each conversation."""

    async def ask(self, question: Question) -> Reply:
        """Raises `DialogueUnavailable` when there is no answer in time, `BadMessage` for unusable text."""
        ...
