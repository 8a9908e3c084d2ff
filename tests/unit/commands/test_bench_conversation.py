"""A caller of the benches in front of a scripted bot: what counts as a wait, and what does not."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import pytest

from bot.commands.bench.conversation import AskedTurn, Caller, Manner
from bot.commands.bench.sounds import Utterance
from bot.commands.bench.telephone import Said

QUESTION = Utterance("q", "anna", "Bonjour ?", np.zeros(8000), 0, 8000)
AT_ONCE = Manner(thinks_seconds=(0.0, 0.0))


class FakeLine:
    """A bot that is heard `after_ms` after the end of the question; None: never, and then it hangs up."""

    def __init__(self, after_ms: float | None) -> None:
        self.closed = asyncio.Event()
        self.answered_at = 0.0
        self.pressed = ""
        self._after_ms = after_ms
        self._loud_at: float | None = None

    async def say(self, spoken: Utterance) -> Said:
        now = asyncio.get_running_loop().time()
        if self._after_ms is None:
            self.closed.set()
        else:
            self._loud_at = now + self._after_ms / 1000
        return Said(now, now)

    async def press(self, key: str) -> None:
        self.pressed += key

    def first_loud_after(self, moment: float) -> float | None:
        return self._loud_at

    def quiet_seconds(self, now: float) -> float | None:
        return None if self._loud_at is None else 5.0 if self.pressed else 0.0


class FakeView:
    """The service's word, one look after the other."""

    def __init__(self, *seen: dict[str, Any]) -> None:
        self._seen = list(seen)

    async def look(self) -> dict[str, Any]:
        return self._seen.pop(0) if len(self._seen) > 1 else self._seen[0]


KEPT = {"heard": "bonjour", "outcome": "answered", "intent": "x", "segments": {"endpoint": 400.0, "dialogue": 30.0}}


NOTHING: dict[str, Any] = {"turns": []}


async def ask(after_ms: float | None, *seen: dict[str, Any]) -> tuple[AskedTurn, FakeLine]:
    line = FakeLine(after_ms)
    caller = Caller(line, FakeView(*(seen or (NOTHING, {"turns": [KEPT]}))), AT_ONCE, "pink", np.random.default_rng(0))
    return await caller.ask(QUESTION), line


async def test_the_wait_runs_from_the_end_of_the_question_to_the_first_sound() -> None:
    turn, line = await ask(500.0)
    assert turn.wait_ms == pytest.approx(500.0)
    assert (turn.heard, turn.outcome, turn.voice, turn.noise) == ("bonjour", "answered", "anna", "pink")
    assert line.pressed == "#"


async def test_what_the_service_did_not_see_of_the_wait_is_the_line() -> None:
    turn, _ = await ask(500.0)
    assert turn.segments == {"endpoint": 400.0, "dialogue": 30.0, "line": pytest.approx(70.0)}


async def test_a_bot_that_speaks_before_the_end_of_the_question_has_not_been_quick() -> None:
    turn, _ = await ask(-200.0)
    assert (turn.wait_ms, turn.cut_in, turn.mute) == (None, True, False)


async def test_a_call_that_ends_without_an_answer_is_mute() -> None:
    turn, _ = await ask(None, {})
    assert (turn.wait_ms, turn.mute, turn.outcome) == (None, True, "")


async def test_what_was_kept_of_the_question_before_is_not_taken_for_this_one() -> None:
    late = {"turns": [{**KEPT, "heard": "avant"}]}
    turn, _ = await ask(500.0, late, {"turns": [*late["turns"], KEPT]})
    assert turn.heard == "bonjour"


async def test_a_word_that_bridges_the_wait_is_told_apart_from_an_answer() -> None:
    line = FakeLine(100.0)
    thinks = {"phase": "thinking", "turns": [], "notes": [{"kind": "greeted"}, {"kind": "waiting_word"}]}
    slow = {**thinks, "turns": [{**KEPT, "segments": {"transcription": 2500.0}}]}
    view = FakeView(NOTHING, thinks, slow, slow, {**slow, "turns": [*slow["turns"], KEPT]})
    caller = Caller(line, view, AT_ONCE, "pink", np.random.default_rng(0))
    turns = [await caller.ask(QUESTION) for _ in range(2)]
    assert [turn.waiting_word for turn in turns] == [True, False]
    assert [turn.wait_ms for turn in turns] == [2500.0, pytest.approx(100.0)]
