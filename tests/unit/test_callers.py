"""The scripted caller, with a telephone and a service that are a few lines each."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bot.callers import CallerTurn, ScriptedCaller
from bot.errors import LineUnavailable


class FakeCall:
    """Says everything at second 10; the answer is heard 0.75 s later."""

    def __init__(self) -> None:
        self.closed = asyncio.Event()
        self.said: list[bytes] = []
        self.keys = ""

    async def say(self, pcm: bytes) -> float:
        self.said.append(pcm)
        return 10.0

    async def press(self, keys: str) -> None:
        self.keys += keys

    def first_loud_after(self, moment: float) -> float | None:
        return moment + 0.75

    def quiet_seconds(self, now: float) -> float | None:
        return 60.0


class FakeView:
    """Listens always, and writes down a turn for each thing the caller did."""

    def __init__(self, call: FakeCall) -> None:
        self._call = call

    async def look(self) -> dict[str, Any]:
        done = len(self._call.said) + len(self._call.keys)
        turns = [
            {"number": n, "heard": f"mots {n}", "outcome": "answer", "segments": {"rasa": 3.0}} for n in range(done)
        ]
        return {"phase": "listening", "turns": turns}


SPOKEN = CallerTurn(file=Path("a.wav"), pcm=b"ab")


async def test_each_turn_is_reported_with_what_the_service_kept_of_it() -> None:
    call = FakeCall()
    script = [SPOKEN, CallerTurn(key="0")]
    reports = [report async for report in ScriptedCaller(call, FakeView(call)).play(script)]
    assert [(report.turn, report.file, report.key, report.heard) for report in reports] == [
        (1, "a.wav", None, "mots 0"),
        (2, None, "0", "mots 1"),
    ]
    assert reports[0].end_of_speech_to_first_audio_ms == 750
    assert reports[0].segments == {"rasa": 3.0}
    assert (call.said, call.keys) == ([b"ab"], "0")


async def test_a_call_that_ends_too_early_says_before_which_turn() -> None:
    call = FakeCall()
    reports = []
    with pytest.raises(LineUnavailable, match="turn 2"):
        async for report in ScriptedCaller(call, FakeView(call)).play([SPOKEN, SPOKEN]):
            reports.append(report)
            call.closed.set()
    assert len(reports) == 1
