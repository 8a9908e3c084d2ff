"""`guichet bench`: the published performance figures, measured as a caller and a visitor live them."""

from __future__ import annotations

import asyncio
import json as json_format
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import aiohttp
import typer

from bot.callers import CallerTurn, CallView, ScriptedCaller, TurnReport
from bot.commands.ask import conversation
from bot.commands.call import service_uri
from bot.commands.evaluate import read_manifest
from bot.dialogue import Channel
from bot.machine import machine, resident_mb
from bot.running import running_service
from bot.settings import PROJECT_DIR, Settings, load_settings
from voice.audio import float_to_pcm, read_wav, resample
from voice.leg import RATE_HZ

bench_app = typer.Typer(help="Measure speed on this machine.", no_args_is_help=True)

RECORDINGS = PROJECT_DIR / "tests" / "audio" / "manifest.tsv"
QUESTIONS = PROJECT_DIR / "tests" / "questions" / "dev.tsv"
NOT_ANSWERED = ("handover", "out_of_scope")
SEGMENTS = ("endpoint", "transcription", "dialogue", "synthesis")


@bench_app.callback()
def _bench() -> None:
    """Measure speed on this machine."""


@bench_app.command("latency")
def latency_command(
    rounds: Annotated[int, typer.Option(min=1, help="How often the ten recorded questions are asked.")] = 3,
    typed: Annotated[int, typer.Option(min=1, help="How many typed questions.")] = 100,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    out: Annotated[Path | None, typer.Option(help="Also write the JSON here.")] = None,
) -> None:
    """End of a caller's speech to first audio (cached answers), typed question to answer, and memory."""
    result = asyncio.run(_latency(load_settings(), rounds, typed))
    text = json_format.dumps(result, ensure_ascii=False, indent=None if json else 2)
    if out is not None:
        out.write_text(json_format.dumps(result, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    print(text)


async def _latency(settings: Settings, rounds: int, typed: int) -> dict[str, Any]:
    turns = _recorded_questions()
    parts = ("dialogue", "actions", "speech", "phone")
    async with aiohttp.ClientSession() as session, running_service(session, settings, parts=parts) as url:
        written = await _typed(session, settings, url, typed)
        _progress("First round, not counted: it speaks every answer into the cache.")
        await _spoken(session, settings, url, turns)
        reports: list[TurnReport] = []
        for number in range(rounds):
            _progress(f"Round {number + 1} of {rounds}: {len(turns)} spoken questions.")
            reports += await _spoken(session, settings, url, turns)
        memory = resident_mb([int(settings.pid_file.read_text(encoding="ascii"))])
    # What is cached is the answers; a clarifying question names its choices and is partly spoken live.
    answered = [report for report in reports if report.outcome == "answered"]
    return {
        "n": len(answered),
        **percentiles(_waits(answered)),
        "segments": {name: p50(_segment(answered, name)) for name in SEGMENTS},
        "every_turn": {
            "n": len(reports),
            "not_answered": len(reports) - len(answered),
            "mute": len(reports) - len(_waits(reports)),
            **percentiles(_waits(reports)),
        },
        "typed": {"n": len(written), **percentiles(written)},
        "memory_mb": memory,
        "machine": machine(),
        "models": {"recogniser": settings.speech.whisper_model, "voice": settings.speech.voice},
    }


def _recorded_questions() -> list[CallerTurn]:
    turns = []
    for recording in read_manifest(RECORDINGS):
        if not set(recording.intents) & set(NOT_ANSWERED):
            samples, rate = read_wav(recording.path)
            turns.append(CallerTurn(file=recording.path, pcm=float_to_pcm(resample(samples, rate, RATE_HZ))))
    return turns


async def _spoken(
    session: aiohttp.ClientSession, settings: Settings, url: str, turns: Sequence[CallerTurn]
) -> list[TurnReport]:
    """One call that asks every question; answers are cut short once they have begun."""
    from voice.sip.phone import Phone

    uri = service_uri(settings)
    async with Phone(uri) as phone:
        call = await phone.dial(uri)
        try:
            caller = ScriptedCaller(
                call, CallView(session, url, settings.desk_token(), call.line_id), skip_answers=True
            )
            return [report async for report in caller.play(turns)]
        finally:
            await call.hang_up()


async def _typed(session: aiohttp.ClientSession, settings: Settings, url: str, count: int) -> list[float]:
    """Milliseconds from sending a question never asked before to having its whole answer."""
    lines = QUESTIONS.read_text(encoding="utf-8").splitlines()[1:]
    questions = [line.split("\t")[0] for line in lines][: count + 3]
    waits: list[float] = []
    for number, question in enumerate(questions):
        async with conversation(session, settings, url, Channel.WEB) as say:
            started = time.perf_counter()
            await say(question)
            waits.append((time.perf_counter() - started) * 1000)
        if number < 3:  # the first ones open connections
            waits.clear()
    return waits


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """Median and 95th percentile (nearest rank), rounded to 0.1; empty gives nothing."""
    if not values:
        return {}
    ordered = sorted(values)
    rank = max(0, -(-95 * len(ordered) // 100) - 1)
    return {"p50_ms": round(statistics.median(ordered), 1), "p95_ms": round(ordered[rank], 1)}


def p50(values: Sequence[float]) -> float | None:
    """Median, or None without values."""
    return round(statistics.median(values), 1) if values else None


def _waits(reports: Sequence[TurnReport]) -> list[float]:
    waits = [report.end_of_speech_to_first_audio_ms for report in reports]
    return [wait for wait in waits if wait is not None]


def _segment(reports: Sequence[TurnReport], name: str) -> list[float]:
    return [report.segments[name] for report in reports if name in report.segments]


def _progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
