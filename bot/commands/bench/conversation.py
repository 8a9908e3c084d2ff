"""One caller of the benches: dials, listens to the greeting, asks, listens a while, asks again.

A turn's wait is what the caller lives: from the packet with the end of their speech to the first packet with sound
in it. Whether the bot has finished is judged by ear, as a caller does, so that a bench of many callers does not load
the service with questions about itself; the service is asked once a turn what it understood.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from bot.callers import SKIP_KEY, View
from bot.commands.bench.figures import by_segment, p50, percentiles
from bot.commands.bench.sounds import Utterance
from bot.commands.bench.telephone import Said

MUTE_SECONDS = 12.0
GREETING_SECONDS = 60.0
_POLL_SECONDS = 0.05
_FINISHED_SECONDS = 0.9
_CUT_SHORT_SECONDS = 0.3
_STOPS_SECONDS = 4.0
_STORED_SECONDS = 2.0
_LOOKS_APART_SECONDS = 0.2
_LISTENING = "listening"
_LINE = "line"
WAITING_WORD = "waiting_word"


@dataclass(frozen=True, slots=True)
class Manner:
    """How long a caller listens to an answer before cutting it short with #, and thinks before the next question."""

    listens_seconds: tuple[float, float] = (0.0, 0.0)
    thinks_seconds: tuple[float, float] = (0.6, 1.2)


@dataclass(frozen=True, slots=True)
class AskedTurn:
    """What became of one question.

    `wait_ms` is None when nothing was heard, or when the bot spoke before the end of the question (`cut_in`). With
    `waiting_word`, what was heard first was not the answer but "one moment, please": the wait is then the service's
    own, until the answer itself.
    """

    name: str
    voice: str
    noise: str
    wait_ms: float | None
    cut_in: bool = False
    said: str = ""
    heard: str = ""
    outcome: str = ""
    intent: str = ""
    expected: tuple[str, ...] = ()
    segments: Mapping[str, float] = field(default_factory=dict)
    waiting_word: bool = False

    @property
    def ends_the_call(self) -> bool:
        """A person will call back, or was asked for: whoever hears that hangs up."""
        return self.outcome == "handover"

    @property
    def mute(self) -> bool:
        """Nothing was heard within `MUTE_SECONDS`."""
        return self.wait_ms is None and not self.cut_in

    @property
    def wrong(self) -> bool:
        """Another subject was answered than the one asked for. Not told where nobody has labelled the question."""
        return self.outcome == "answered" and bool(self.expected) and self.intent not in self.expected


KeepTurn = Callable[[AskedTurn], None]


class Line(Protocol):
    """What a caller does with a telephone (`bot.commands.bench.telephone.TelephoneCall`)."""

    closed: asyncio.Event
    answered_at: float

    async def say(self, spoken: Utterance) -> Said: ...

    async def press(self, key: str) -> None: ...

    def first_loud_after(self, moment: float) -> float | None: ...

    def quiet_seconds(self, now: float) -> float | None: ...


class Caller:
    """One caller in one answered call."""

    def __init__(self, line: Line, view: View, manner: Manner, noise: str, rng: np.random.Generator) -> None:
        self._line = line
        self._view = view
        self._manner = manner
        self._noise = noise
        self._rng = rng
        self._turns_seen = self._words_seen = 0

    async def greeting(self) -> float | None:
        """Listens to all of it; milliseconds from the answer to its first sound."""
        first = await self._hears_after(self._line.answered_at, GREETING_SECONDS)
        await self._quiet(_FINISHED_SECONDS, GREETING_SECONDS)
        return None if first is None else (first - self._line.answered_at) * 1000

    async def ask(self, question: Utterance) -> AskedTurn:
        """One turn, until the caller has heard enough. Raises `LineUnavailable` when the call ends in the question."""
        await asyncio.sleep(self._rng.uniform(*self._manner.thinks_seconds))
        self._count(await self._view.look())  # what belongs to the question before, such as the rest of a cut one
        asks_from = _now()
        ended = (await self._line.say(question)).ended_at
        early = self._line.first_loud_after(asks_from)
        cut_in = early is not None and early < ended
        answered = None if cut_in else await self._hears_after(ended, MUTE_SECONDS)
        await self._quiet(_FINISHED_SECONDS, self._rng.uniform(*self._manner.listens_seconds))
        kept, waiting_word = await self._kept_turn()
        wait_ms = None if answered is None else (answered - ended) * 1000
        segments = kept.get("segments") or {}
        if wait_ms is not None and waiting_word:
            wait_ms = max(wait_ms, sum(segments.values()))
        return AskedTurn(
            question.name,
            question.voice,
            self._noise,
            wait_ms,
            cut_in,
            said=question.text,
            heard=str(kept.get("heard") or ""),
            outcome=str(kept.get("outcome") or ""),
            intent=str(kept.get("intent") or ""),
            expected=question.intents,
            segments=_with_line(segments, wait_ms),
            waiting_word=waiting_word,
        )

    async def _hears_after(self, since: float, seconds: float) -> float | None:
        """When something is first heard; None when the call ends or nothing comes in time."""
        deadline = since + seconds
        while (moment := self._line.first_loud_after(since)) is None:
            if self._line.closed.is_set() or _now() > deadline:
                return None
            await asyncio.sleep(_POLL_SECONDS)
        return moment

    async def _quiet(self, quiet_seconds: float, at_most_seconds: float) -> None:
        """Until the bot has been quiet for so long, or that much time has gone by."""
        deadline = _now() + at_most_seconds
        while not self._line.closed.is_set() and _now() < deadline:
            quiet = self._line.quiet_seconds(_now())
            if quiet is not None and quiet >= quiet_seconds:
                return
            await asyncio.sleep(_POLL_SECONDS)

    async def _kept_turn(self) -> tuple[dict[str, Any], bool]:
        """The newest turn that the service has written down since the last one (empty when there is none), and whether
        the caller was asked to wait meanwhile. A bot that goes on speaking is cut short; one that thinks is not."""
        deadline = _now() + MUTE_SECONDS
        while True:
            if (self._line.quiet_seconds(_now()) or 0.0) < _CUT_SHORT_SECONDS:
                await self._line.press(SKIP_KEY)
                await self._quiet(_CUT_SHORT_SECONDS, _STOPS_SECONDS)
            seen = await self._view.look()
            turns = seen.get("turns") or []
            is_new = len(turns) > self._turns_seen
            idle = seen.get("phase") == _LISTENING and _now() > deadline - MUTE_SECONDS + _STORED_SECONDS
            if is_new or idle or _now() > deadline or self._line.closed.is_set():
                words_before = self._words_seen
                self._count(seen)
                return (dict(turns[-1]) if is_new else {}), self._words_seen > words_before
            await asyncio.sleep(_LOOKS_APART_SECONDS)

    def _count(self, seen: dict[str, Any]) -> None:
        words = sum(note.get("kind") == WAITING_WORD for note in seen.get("notes") or [])
        self._words_seen = max(words, self._words_seen)
        self._turns_seen = max(len(seen.get("turns") or []), self._turns_seen)


def turn_writer(path: Path | None) -> KeepTurn:
    """Writes each turn to a file, one JSON object a line; without a path, nowhere."""
    if path is None:
        return lambda _: None
    path.write_text("", encoding="utf-8")

    def write(turn: AskedTurn) -> None:
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(turn), ensure_ascii=False) + "\n")

    return write


def _with_line(segments: Mapping[str, float], wait_ms: float | None) -> dict[str, float]:
    """The service's own segments, and as the last what of the wait it did not see: packets and buffers on the way."""
    if wait_ms is None or not segments:
        return dict(segments)
    return {**segments, _LINE: round(wait_ms - sum(segments.values()), 1)}


def waits(turns: Sequence[AskedTurn]) -> list[float]:
    """Of the turns that were answered at all."""
    return [turn.wait_ms for turn in turns if turn.wait_ms is not None]


def summary(turns: Sequence[AskedTurn]) -> dict[str, Any]:
    """Of any turns: how many, their wait, and those that went wrong."""
    return {
        "n": len(turns),
        **percentiles(waits(turns)),
        "mute": sum(turn.mute for turn in turns),
        "cut_in": sum(turn.cut_in for turn in turns),
        "waiting_words": sum(turn.waiting_word for turn in turns),
        "wrong": sum(turn.wrong for turn in turns),
        "not_answered": sum(turn.outcome != "answered" for turn in turns),
    }


def segments_p50(turns: Sequence[AskedTurn]) -> dict[str, float]:
    """Median of each segment."""
    return {name: p50(values) for name, values in by_segment([turn.segments for turn in turns]).items()}


def segments_p95(turns: Sequence[AskedTurn]) -> dict[str, float]:
    """95th percentile of each segment: they do not add up."""
    return {
        name: percentiles(values)["p95_ms"] for name, values in by_segment([turn.segments for turn in turns]).items()
    }


def _now() -> float:
    return asyncio.get_running_loop().time()
