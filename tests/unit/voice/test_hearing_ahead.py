"""Which sound becomes words, whenever the caller falls silent and goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from voice.ear import Paused
from voice.hearing_ahead import HUSH_FRAMES, HearingAhead
from voice.line_ear import LineEar
from voice.speech import Speech
from voice.turn import Expecting, Hearing

FRAME = 512  # bytes of the line, 32 ms
SPEECH = (np.sin(np.arange(256)) * 12000).astype("<i2").tobytes()


class LoudIsSpeech:
    def probability(self, frame: NDArray[np.float32]) -> float:
        return 0.9 if np.abs(frame).max() > 0.1 else 0.0


class Ears:
    """Writes down how much sound it was given, in samples; counts what is asked of it."""

    digest = "none"

    def __init__(self) -> None:
        self.asked = 0
        self.expected: list[Expecting] = []

    def hear(
        self, samples: NDArray[np.float32], speech_seconds: float, is_wanted: Callable[[], bool], expecting: Expecting
    ) -> Hearing:
        self.asked += 1
        self.expected.append(expecting)
        return Hearing(str(len(samples)), 1.0, "high", True, speech_seconds)

    def speak(self, text: str, length_scale: float) -> bytes:
        return b""


class Caller:
    def __init__(self, *, workers: int = 2, expecting: Expecting | None = Expecting.QUESTION) -> None:
        self.ears = Ears()
        self.speech = Speech(self.ears, self.ears, Path("unused"), workers=workers)
        self.hearing = LineEar(LoudIsSpeech(), 0.13, 30.0, HUSH_FRAMES)
        self.ahead = HearingAhead(self.speech, self.hearing)
        self.expecting = expecting

    async def says(self, frames: int) -> None:
        await self._on_the_line(SPEECH * frames)

    async def is_silent(self, frames: int) -> bool:
        """Whether that became a pause."""
        return await self._on_the_line(bytes(FRAME * frames))

    async def _on_the_line(self, pcm: bytes) -> bool:
        paused = False
        for at in range(0, len(pcm), FRAME):
            for event in self.hearing.hear(pcm[at : at + FRAME]):
                self.ahead.notice(event, self.expecting)
                paused |= isinstance(event, Paused)
            await asyncio.sleep(0)
        return paused

    async def is_heard_out(self) -> bool:
        """Whether the words are those of everything that was said: only silence came after their sound."""
        heard = int((await self.ahead.words(self.expecting or Expecting.QUESTION)).text)
        return not np.any(np.abs(self.hearing.ear.utterance()[heard:]) > 0.1)


async def test_at_the_pause_the_words_are_under_way_already() -> None:
    caller = Caller()
    await caller.says(40)
    assert not await caller.is_silent(HUSH_FRAMES + 1)
    async with asyncio.timeout(5):
        while not caller.ears.asked:
            await asyncio.sleep(0.001)
    assert await caller.is_silent(4)
    assert await caller.is_heard_out()
    assert caller.ears.asked == 1


async def test_who_goes_on_after_a_gap_is_heard_to_the_end() -> None:
    caller = Caller()
    await caller.says(40)
    await caller.is_silent(HUSH_FRAMES + 1)
    await caller.says(5)
    await caller.is_silent(6)
    assert await caller.is_heard_out()


async def test_one_recogniser_hears_nobody_ahead_but_everybody() -> None:
    caller = Caller(workers=1)
    await caller.says(40)
    await caller.is_silent(6)
    assert caller.ears.asked == 0
    assert await caller.is_heard_out()


async def test_a_word_or_two_are_not_heard_ahead_but_to_their_end() -> None:
    caller = Caller()
    await caller.says(15)
    await caller.is_silent(6)
    assert caller.ears.asked == 0
    assert await caller.is_heard_out()


async def test_nothing_is_heard_ahead_while_the_bot_speaks() -> None:
    caller = Caller(expecting=None)
    await caller.says(40)
    await caller.is_silent(6)
    await asyncio.sleep(0.01)
    assert caller.ears.asked == 0


@pytest.mark.parametrize("frames", [40, 15])
async def test_what_the_caller_was_asked_for_is_known_to_the_recogniser(frames: int) -> None:
    """Whether it began ahead, or at the pause."""
    caller = Caller(expecting=Expecting.YES_OR_NO)
    await caller.says(frames)
    await caller.is_silent(6)
    await caller.is_heard_out()
    assert caller.ears.expected == [Expecting.YES_OR_NO]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.integers(1, 12), st.integers(1, 9), st.booleans()), min_size=1, max_size=8))
def test_the_words_are_always_those_of_the_whole_utterance(spans: list[tuple[int, int, bool]]) -> None:
    """Asked for at a pause, or because a key ends the turn in the middle of a word."""

    async def call() -> None:
        caller = Caller()
        await caller.says(30)
        for spoken, silent, key in spans:
            await caller.is_silent(silent)
            await caller.says(spoken)
            if key or await caller.is_silent(silent):
                assert await caller.is_heard_out()
        await caller.is_silent(9)
        assert await caller.is_heard_out()
        await caller.speech.close()

    asyncio.run(call())
