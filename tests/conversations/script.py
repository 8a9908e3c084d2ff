"""Conversations as plain text, that a civil servant can read and write. Reading only: no file, no service.

    # Une suite sans sujet
    canal : téléphone
    Personne : comment on déclare les heures
    Guichet : répond volet_social_saisie
    entendu (0.4) : et si je suis en retard
    ou bien (0.2) : et si je suis un regard
    Guichet : répond retard_declaration
    Personne (bouton) : 2
    Guichet : …

A title begins a conversation; before the first one, anything may stand. `canal :` is web unless told otherwise.
`entendu (…)` is what the recogniser heard, with its confidence, and `ou bien (…)` what else it may have heard.
A button is the number of a proposition, or "conseiller". A line that begins with spaces goes on with what the person
says; `note :` is for the reader. `attendu plus tard :` says why a conversation cannot go as written yet. What Guichet
may be expected to do is in expectations.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from bot.dialogue import Channel, Reading
from tests.conversations.expectations import AnyOf, read_demands

CHANNELS = {"téléphone": Channel.PHONE, "web": Channel.WEB}
AGENT_BUTTON = "conseiller"
BEGINNINGS = ("#", "canal", "note", "Personne", "Personne (bouton)", "entendu (…)", "ou bien (…)", "Guichet")
_LINE = re.compile(r"(?P<key>[^:(«]+?)\s*(?:\((?P<aside>[^)]*)\)\s*)?:\s*(?P<rest>.*)")


class BadScript(Exception):
    """A file of conversations that cannot be read; the message begins with file and line."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What the person says, or the button they use, and what is demanded of the reply. `line` is where they speak."""

    line: int
    text: str = ""
    button: str = ""
    heard_confidence: float | None = None
    alternatives: tuple[Reading, ...] = ()
    demands: tuple[AnyOf, ...] = ()


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation of a file. `later` is the reason why it cannot go as written yet."""

    file: str
    line: int
    title: str
    channel: Channel
    later: str
    turns: tuple[Turn, ...]


def read_script(text: str, file: str) -> list[Conversation]:
    """The conversations of one file. Raises `BadScript`."""
    return [_Reader(file, line, title).read(lines) for line, title, lines in _by_title(text)]


def _by_title(text: str) -> Iterator[tuple[int, str, list[tuple[int, str]]]]:
    lines = list(enumerate(text.splitlines(), start=1))
    starts = [place for place, (_, line) in enumerate(lines) if line.startswith("#")]
    for start, end in pairwise([*starts, len(lines)]):
        number, title = lines[start]
        yield number, title.lstrip("# ").rstrip(), lines[start + 1 : end]


@dataclass
class _Spoken:
    """What a person says, while it is being read."""

    line: int
    text: str
    button: bool = False
    heard: float | None = None
    readings: list[Reading] = field(default_factory=list)


class _Reader:
    """Reads one conversation, line by line."""

    def __init__(self, file: str, line: int, title: str) -> None:
        self._file, self._line, self._title = file, line, title
        self._channel, self._later = Channel.WEB, ""
        self._spoken: _Spoken | None = None
        self._turns: list[Turn] = []

    def read(self, lines: list[tuple[int, str]]) -> Conversation:
        if not self._title:
            raise self._bad(self._line, "a conversation needs a title after the #.")
        for number, line in lines:
            if line.strip():
                self._take(number, line)
        if self._spoken is not None:
            raise self._bad(self._spoken.line, "the person speaks, and what Guichet does is not said.")
        if not self._turns:
            raise self._bad(self._line, "nobody says anything.")
        return Conversation(self._file, self._line, self._title, self._channel, self._later, tuple(self._turns))

    def _take(self, number: int, line: str) -> None:
        if line[0].isspace():
            if self._spoken is None:
                raise self._bad(number, "a line that begins with spaces goes on with what a person says.")
            self._spoken.text = f"{self._spoken.text}\n{line.strip()}".strip()
            return
        match = _LINE.fullmatch(line.strip())
        key, aside, rest = match.group("key", "aside", "rest") if match else ("", None, "")
        match key.casefold():
            case "note":
                pass
            case "canal":
                self._open_on(number, rest)
            case "attendu plus tard":
                self._later = self._needed(number, rest, "the reason is missing.")
            case "personne" if aside is None:
                self._speak(_Spoken(number, rest))
            case "personne" if aside == "bouton":
                self._speak(_Spoken(number, self._button(number, rest), button=True))
            case "entendu":
                self._speak(_Spoken(number, rest, heard=self._confidence(number, aside)))
            case "ou bien":
                self._also_heard(number, self._confidence(number, aside), rest)
            case "guichet" if aside is None:
                self._expect(number, rest)
            case _:
                raise self._bad(number, f"a line begins with one of {', '.join(BEGINNINGS)}.")

    def _open_on(self, number: int, name: str) -> None:
        if name not in CHANNELS:
            raise self._bad(number, f"canal is {' or '.join(CHANNELS)}.")
        if self._turns or self._spoken:
            raise self._bad(number, "canal comes before the first words.")
        self._channel = CHANNELS[name]

    def _speak(self, spoken: _Spoken) -> None:
        if self._spoken is not None:
            raise self._bad(spoken.line, "the person speaks twice; a line for Guichet is missing before.")
        self._spoken = spoken

    def _also_heard(self, number: int, confidence: float, text: str) -> None:
        if self._spoken is None or self._spoken.heard is None:
            raise self._bad(number, "« ou bien » follows a line « entendu ».")
        self._spoken.readings.append(Reading(self._needed(number, text, "nothing was heard."), confidence))

    def _expect(self, number: int, rest: str) -> None:
        spoken = self._spoken
        if spoken is None:
            raise self._bad(number, "Guichet answers, and nobody has spoken before.")
        text = self._needed(spoken.line, spoken.text, "the person says nothing.")
        try:
            demands = read_demands(rest)
        except ValueError as error:
            raise self._bad(number, f"{error}.") from None
        self._spoken = None
        self._turns.append(
            Turn(
                line=spoken.line,
                text="" if spoken.button else text,
                button=text if spoken.button else "",
                heard_confidence=spoken.heard,
                alternatives=tuple(spoken.readings),
                demands=demands,
            )
        )

    def _button(self, number: int, name: str) -> str:
        if name != AGENT_BUTTON and not re.fullmatch(r"[1-9]", name):
            raise self._bad(number, f"a button is the number of a proposition, or {AGENT_BUTTON}.")
        return name

    def _confidence(self, number: int, aside: str | None) -> float:
        if not re.fullmatch(r"0([.,]\d+)?|1([.,]0+)?", aside or ""):
            raise self._bad(number, "a confidence from 0 to 1 is needed, as in « entendu (0.4) : … ».")
        return float(str(aside).replace(",", "."))

    def _needed(self, number: int, text: str, otherwise: str) -> str:
        if not text.strip():
            raise self._bad(number, otherwise)
        return text.strip()

    def _bad(self, number: int, what: str) -> BadScript:
        return BadScript(f"{self._file}, line {number}: {what}")
