"""`guichet bench latency`: one caller after the other, cached answers, noise on the line."""

from __future__ import annotations

import asyncio
import itertools
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from bot.commands.ask import conversation
from bot.commands.bench.conversation import AskedTurn, KeepTurn, Manner, segments_p50, segments_p95, summary
from bot.commands.bench.figures import difference, percentiles, spread
from bot.commands.bench.service import Service, service_under_bench
from bot.commands.bench.sounds import NoiseKind, Utterance
from bot.commands.bench.telephone import Telephone
from bot.commands.bench.voices import NOISES
from bot.dialogue import Channel
from bot.errors import LineUnavailable
from bot.machine import resident_mb
from bot.settings import PROJECT_DIR, Settings

QUESTIONS = PROJECT_DIR / "tests" / "questions" / "dev.tsv"
TURNS_A_CALL = 20
WARMING_CALLERS = 3
_FIRST_TYPED = 3
_MOST_BROKEN_CALLS = 10


async def measure_latency(
    settings: Settings, keep: KeepTurn, *, turns: int, typed: int, snr_db: float, warm_up: bool
) -> dict[str, Any]:
    """The JSON of the contract, and more."""
    async with service_under_bench(settings, snr_db) as service:
        written = await typed_waits(service, typed)
        async with Telephone() as phone:
            if warm_up:
                await _warm_up(service, phone)
            live_before = await service.spoken_live()
            asked, greetings, broken = await _run(service, phone, service.callers.turns(turns, seed=1), keep)
            live_after = await service.spoken_live()
            late = phone.late_frames
        # What is cached is the answers; a clarifying question names its choices and is partly spoken live.
        answered = [turn for turn in asked if turn.outcome == "answered" and turn.wait_ms is not None]
        whole = summary(answered)
        return {
            **{name: whole.get(name) for name in ("n", "p50_ms", "p95_ms")},
            "segments": segments_p50(answered),
            "segments_p95": segments_p95(answered),
            "by_noise": {kind: summary([turn for turn in answered if turn.noise == kind]) for kind in NOISES},
            "every_turn": summary(asked),
            "greeting": spread(greetings),
            "broken_calls": broken,
            "sentences_not_cached": difference(live_before, live_after),
            "typed": {"n": len(written), **percentiles(written)},
            "memory_mb": resident_mb([service.pid]),
            "late_frames": late,
            **service.conditions(),
        }


async def _warm_up(service: Service, phone: Telephone) -> None:
    """Every question once, from a few callers at the same time: speaks what is missing into the cache."""
    progress("Not counted: every question once, so that each answer is in the cache.")
    left = iter(service.callers.questions)
    await asyncio.gather(*(_ask_all(service, phone, left, number) for number in range(WARMING_CALLERS)))


async def _ask_all(service: Service, phone: Telephone, left: Iterator[Utterance], number: int) -> None:
    for first in left:
        batch = itertools.chain([first], itertools.islice(left, TURNS_A_CALL - 1))
        try:
            await _one_call(service, phone, batch, number, lambda _: None, noise="quiet")
        except LineUnavailable as error:
            progress(f"  {error}")


async def _run(
    service: Service, phone: Telephone, questions: Sequence[Utterance], keep: KeepTurn
) -> tuple[list[AskedTurn], list[float], int]:
    """Turns, milliseconds until each greeting, and how many calls ended before their last question."""
    asked: list[AskedTurn] = []
    greetings: list[float] = []

    def count(turn: AskedTurn) -> None:
        asked.append(turn)
        keep(turn)

    broken = number = 0
    while len(asked) < len(questions):
        batch = questions[len(asked) : len(asked) + TURNS_A_CALL]
        try:
            greeting = await _one_call(service, phone, batch, number, count)
            greetings += [] if greeting is None else [greeting]
        except LineUnavailable as error:
            broken += 1
            progress(f"  {error}")
            if broken > _MOST_BROKEN_CALLS:
                raise
        number += 1
        progress(f"{len(asked)} of {len(questions)} turns.")
    return asked, greetings, broken


async def _one_call(
    service: Service,
    phone: Telephone,
    questions: Iterable[Utterance],
    number: int,
    count: KeepTurn,
    *,
    noise: NoiseKind | None = None,
) -> float | None:
    """Milliseconds until the greeting; each turn is given to `count`. A request for a person ends the call, before the
    last question or not. Raises `LineUnavailable`."""
    call, caller = await service.call(phone, number, Manner(), noise)
    try:
        greeting = await caller.greeting()
        for question in questions:
            turn = await caller.ask(question)
            count(turn)
            if turn.ends_the_call:
                break
        return greeting
    finally:
        await call.hang_up()


async def typed_waits(service: Service, count: int) -> list[float]:
    """Milliseconds from sending a question never asked before to having its whole answer."""
    lines = QUESTIONS.read_text(encoding="utf-8").splitlines()[1:]
    questions = [line.split("\t")[0] for line in lines][: count + _FIRST_TYPED] if count else []
    waits: list[float] = []
    for number, question in enumerate(questions):
        async with conversation(service.session, service.settings, service.url, Channel.WEB) as say:
            started = time.perf_counter()
            await say(question)
            if number >= _FIRST_TYPED:  # the first ones open connections
                waits.append((time.perf_counter() - started) * 1000)
    return waits


def progress(line: str) -> None:
    """On standard error."""
    print(line, file=sys.stderr, flush=True)
