"""`guichet bench`: the published performance figures, measured as a caller and a visitor live them."""

from __future__ import annotations

import asyncio
import json as json_format
import os
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.commands.bench.figures import percentiles
from bot.errors import BadMessage
from bot.settings import load_settings

__all__ = ["bench_app", "percentiles"]

bench_app = typer.Typer(help="Measure speed on this machine.", no_args_is_help=True)

JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on one line.")]
TurnsOption = Annotated[Path | None, typer.Option(help="Also write every turn here, one JSON object a line.")]
OutOption = Annotated[Path | None, typer.Option(help="Also write the JSON here.")]
NoiseOption = Annotated[float, typer.Option(help="How far the noise of the line is below the speech, in dB.")]


@bench_app.callback()
def _bench() -> None:
    """Measure speed on this machine."""


@bench_app.command("latency")
def latency_command(
    *,
    turns: Annotated[int, typer.Option(min=1, help="How many spoken questions.")] = 120,
    typed: Annotated[int, typer.Option(min=0, help="How many typed questions.")] = 100,
    noise_db: NoiseOption = 20.0,
    warm_up: Annotated[bool, typer.Option(help="Ask every question once before, so that answers are cached.")] = True,
    json: JsonOption = False,
    out: OutOption = None,
    every_turn: TurnsOption = None,
) -> None:
    """End of a caller's speech to first audio (cached answers), typed question to answer, and memory."""
    from bot.commands.bench.conversation import turn_writer
    from bot.commands.bench.latency import measure_latency

    keep = turn_writer(every_turn)
    work = measure_latency(load_settings(), keep, turns=turns, typed=typed, snr_db=noise_db, warm_up=warm_up)
    _measure(work, json, out)


@bench_app.command("load")
def load_command(
    *,
    callers: Annotated[str, typer.Option(help="How many at the same time, point by point.")] = "1,2,4,6,8,10",
    seconds: Annotated[float, typer.Option(min=5, help="How long each point lasts, after the greetings.")] = 150.0,
    noise_db: NoiseOption = 20.0,
    json: JsonOption = False,
    out: OutOption = None,
    every_turn: TurnsOption = None,
) -> None:
    """Callers in conversation at the same time: wait, errors, processor and memory, until the service falls short.

    A service that is started for it takes as many calls as needed; one that runs already takes its own number.
    """
    from bot.commands.bench.conversation import turn_writer
    from bot.commands.bench.load import measure_load

    counts = _counts(callers)
    os.environ.setdefault("GUICHET_PHONE__MAX_CALLS", str(max(counts) + 2))
    keep = turn_writer(every_turn)
    _measure(measure_load(load_settings(), keep, callers=counts, seconds=seconds, snr_db=noise_db), json, out)


def _counts(callers: str) -> list[int]:
    """Raises `BadMessage`."""
    try:
        counts = [int(one) for one in callers.split(",")]
    except ValueError:
        counts = []
    if not counts or min(counts) < 1:
        raise BadMessage("--callers is a list of numbers such as 1,2,4.")
    return counts


def _measure(work: Coroutine[Any, Any, dict[str, Any]], json: bool, out: Path | None) -> None:
    result = asyncio.run(work)
    if out is not None:
        out.write_text(json_format.dumps(result, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    print(json_format.dumps(result, ensure_ascii=False, indent=None if json else 2))
