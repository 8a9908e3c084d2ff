"""Reading one message of the channel `guichet`, and making it harmless.

Rasa treats any text that starts with "/" as a command that names an intent and skips the understanding. Only a
`choice`, which names a known intent, becomes such a command here; a person's text never does.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import Any

LONGEST_MESSAGE = 2000
LONGEST_SENDER = 128
MOST_READINGS = 4
MOST_TURNS = 1_000_000
INTERNAL_INTENTS = ("clarify", "nlu_fallback", "stay")


class BadIncoming(Exception):
    """`code` says what is wrong, in a word, without the text."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Incoming:
    """A message for Rasa: a harmless text, or "/intent" for a choice. `readings` are other things that may have been
    heard, each with the recogniser's confidence. `turn` and `replaces` as in `bot.dialogue.Question`."""

    sender: str
    message: str
    channel: str
    heard_confidence: float | None
    readings: tuple[tuple[str, float], ...] = ()
    turn: int = 0
    replaces: int = 0


def read_incoming(body: Any, intents: Container[str]) -> Incoming:
    """Checks a request's JSON. Raises `BadIncoming`."""
    if not isinstance(body, dict):
        raise BadIncoming("not_json")
    sender, channel = body.get("sender"), body.get("channel", "web")
    if not isinstance(sender, str) or not 0 < len(sender) <= LONGEST_SENDER:
        raise BadIncoming("bad_sender")
    if channel not in ("web", "phone"):
        raise BadIncoming("bad_channel")
    heard = body.get("heard_confidence")
    if heard is not None:
        _check_confidence(heard)
    readings = _readings(body.get("alternatives"))
    turn, replaces = (_turn_number(body.get(name, 0)) for name in ("turn", "replaces"))
    return Incoming(sender, _message(body, intents), channel, heard, readings, turn, replaces)


def _check_confidence(value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise BadIncoming("bad_confidence")


def _turn_number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_TURNS:
        raise BadIncoming("bad_turn")
    return value


def _readings(alternatives: Any) -> tuple[tuple[str, float], ...]:
    if alternatives is None:
        return ()
    if not isinstance(alternatives, list) or not all(isinstance(one, dict) for one in alternatives):
        raise BadIncoming("bad_alternatives")
    readings = []
    for one in alternatives[:MOST_READINGS]:
        text, confidence = one.get("text"), one.get("confidence")
        if not isinstance(text, str) or len(text) > LONGEST_MESSAGE:
            raise BadIncoming("bad_alternatives")
        _check_confidence(confidence)
        if harmless_text(text):
            readings.append((harmless_text(text), float(confidence)))
    return tuple(readings)


def _message(body: Any, intents: Container[str]) -> str:
    choice = body.get("choice")
    if choice:
        if not isinstance(choice, str) or choice in INTERNAL_INTENTS or choice not in intents:
            raise BadIncoming("unknown_choice")
        return f"/{choice}"
    text = body.get("text")
    if not isinstance(text, str):
        raise BadIncoming("no_text")
    if len(text) > LONGEST_MESSAGE:
        raise BadIncoming("too_long")
    harmless = harmless_text(text)
    if not harmless:
        raise BadIncoming("empty")
    return harmless


def harmless_text(text: str) -> str:
    """The text without anything at its start that Rasa could take for a command; may be empty."""
    printable = "".join(c if c.isprintable() else " " for c in text)
    return printable.strip().lstrip("/ ").strip()
