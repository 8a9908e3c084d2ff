"""Three figures read off the wire, with the kernel's own times of arrival: greeting, barge-in, pacing.

    .venv/bin/python bench/wire.py [--trials 40] [--out bench/results/wire.json]

Greeting: from the 200 OK to the first packet with sound in it. Barge-in: the bot reads an answer, the caller speaks
over it; from the first packet with speech to the last packet with sound of the bot. Pacing: the gaps between the bot's
packets, and whether sequence numbers and timestamps go on without a jump, first on a quiet machine, then with every
core busy transcribing (`guichet transcribe`, one process a core, beside callers in conversation).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bot.commands.bench.conversation import Caller, Manner
from bot.commands.bench.figures import spread
from bot.commands.bench.latency import progress
from bot.commands.bench.service import Service, service_under_bench
from bot.commands.bench.sounds import Utterance
from bot.commands.bench.telephone import Telephone, TelephoneCall
from bot.commands.bench.voices import RECORDINGS
from bot.errors import LineUnavailable
from bot.settings import PROJECT_DIR, Settings, load_settings

SNR_DB = 20.0
TRIALS_A_CALL = 5
ANSWER_SECONDS = 10.0
FRAME_MS = 20.0
PACED_WITHIN_MS = 5.0
PACING_CALLS = 4
BARGING_CALLERS = 3
MANNER = Manner(listens_seconds=(4.0, 6.0), thinks_seconds=(0.5, 1.5))


def main() -> None:
    parser = argparse.ArgumentParser(description="Greeting, barge-in and pacing on the wire.")
    parser.add_argument("--trials", type=int, default=40, help="of the greeting and of barge-in")
    parser.add_argument("--pacing-seconds", type=float, default=60.0, help="for each of the two states of the machine")
    parser.add_argument("--out", type=Path, default=PROJECT_DIR / "bench" / "results" / "wire.json")
    chosen = parser.parse_args()
    os.environ.setdefault("GUICHET_PHONE__MAX_CALLS", str(PACING_CALLS + 2))
    result = asyncio.run(measure(load_settings(), chosen.trials, chosen.pacing_seconds))
    chosen.out.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2, ensure_ascii=False))


async def measure(settings: Settings, trials: int, pacing_seconds: float) -> dict[str, Any]:
    async with service_under_bench(settings, SNR_DB) as service, Telephone() as phone:
        wire = Wire(service, phone)
        greetings = await wire.greetings(trials)
        progress(f"greeting {spread(greetings)}")
        barge_in = await wire.barge_ins(trials)
        progress(f"barge-in {barge_in}")
        quiet = await wire.pacing(pacing_seconds)
        progress(f"pacing {quiet}")
        async with busy_cores():
            busy = await wire.pacing(pacing_seconds)
        progress(f"pacing, busy {busy}")
        return {
            "greeting": spread(greetings),
            "barge_in": barge_in,
            "pacing": {"calls_only": quiet, "all_cores_transcribing": busy},
            **service.conditions(),
        }


class Wire:
    """Calls to a running service."""

    def __init__(self, service: Service, phone: Telephone) -> None:
        self._service = service
        self._phone = phone
        self._callers = service.callers

    async def greetings(self, trials: int) -> list[float]:
        """Milliseconds until the first sound of each; a call that stays mute counts as `ANSWER_SECONDS`."""
        waits = []
        for number in range(trials):
            call, _ = await self._dial(number)
            heard = await _heard_after(call, call.answered_at)
            waits.append((ANSWER_SECONDS if heard is None else heard - call.answered_at) * 1000)
            await call.hang_up()
            await asyncio.sleep(0.3)
        return waits

    async def barge_ins(self, trials: int) -> dict[str, Any]:
        """A few callers at a time. A trial in which the bot was just between two sentences tells nothing."""
        each = -(-trials // BARGING_CALLERS)
        tried = await asyncio.gather(*(self._barge_in_caller(number, each) for number in range(BARGING_CALLERS)))
        outcomes = list(itertools.chain(*tried))
        stops = [outcome for outcome in outcomes if outcome is not None and outcome > 0]
        return {
            **spread(stops),
            "callers_at_a_time": BARGING_CALLERS,
            "within_200_ms": round(sum(one <= 200 for one in stops) / max(1, len(stops)), 3),
            "between_sentences": sum(outcome is not None and outcome <= 0 for outcome in outcomes),
            "unanswered": outcomes.count(None),
        }

    async def _barge_in_caller(self, number: int, trials: int) -> list[float | None]:
        """What `_interrupt` gives, until enough have told something; five a call."""
        outcomes: list[float | None] = []
        questions = iter(self._callers.turns(1000, seed=number))
        told = 0
        while told < trials and len(outcomes) < 3 * trials:
            call, caller = await self._dial(number)
            try:
                await caller.greeting()
                await asyncio.sleep(0.5)
                for _ in range(TRIALS_A_CALL):
                    outcome = await self._interrupt(call, next(questions), next(questions), len(outcomes))
                    outcomes.append(outcome)
                    told += outcome is not None and outcome > 0
                    if told == trials:
                        break
            except LineUnavailable as error:
                progress(f"  {error}")
            await call.hang_up()
        return outcomes

    async def _interrupt(self, call: TelephoneCall, first: Utterance, second: Utterance, number: int) -> float | None:
        """Asks, speaks over the answer; milliseconds until the bot is quiet. None when it does not answer at all."""
        asked = await call.say(first)
        answered = await _heard_after(call, asked.ended_at)
        if answered is None:
            return None
        await asyncio.sleep(1.0 + 0.25 * (number % 5))
        said = await call.say(second)
        last_loud = call.heard.last_loud_at or said.began_at
        # The answer to the second question is cut short in its turn.
        await _heard_after(call, said.ended_at)
        await asyncio.sleep(0.3)
        await call.press("#")
        await asyncio.sleep(1.2)
        return (last_loud - said.began_at) * 1000

    async def pacing(self, seconds: float) -> dict[str, Any]:
        """Gaps between the packets of several calls in conversation."""
        calls = [await self._dial(number) for number in range(PACING_CALLS)]
        talks = [asyncio.create_task(self._talk(caller, number)) for number, (_, caller) in enumerate(calls)]
        await asyncio.sleep(seconds)
        for talk in talks:
            talk.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
        for call, _ in calls:
            await call.hang_up()
        gaps = [gap for call, _ in calls for gap in call.pacing.gaps_ms]
        off = [abs(gap - FRAME_MS) for gap in gaps]
        return {
            "calls": len(calls),
            "gap": spread(gaps),
            "off_20_ms": spread(off),
            "within_5_ms": round(sum(one <= PACED_WITHIN_MS for one in off) / max(1, len(off)), 4),
            "packets_lost": sum(call.pacing.lost for call, _ in calls),
            "timestamp_jumps": sum(call.pacing.timestamp_jumps for call, _ in calls),
        }

    async def _talk(self, caller: Caller, number: int) -> None:
        with contextlib.suppress(LineUnavailable):
            await caller.greeting()
            for question in self._callers.turns(1000, seed=number):
                await caller.ask(question)

    async def _dial(self, number: int) -> tuple[TelephoneCall, Caller]:
        return await self._service.call(self._phone, number, MANNER)


async def _heard_after(call: TelephoneCall, moment: float) -> float | None:
    deadline = moment + ANSWER_SECONDS
    while (heard := call.first_loud_after(moment)) is None:
        if call.closed.is_set() or asyncio.get_running_loop().time() > deadline:
            return None
        await asyncio.sleep(0.01)
    return heard


@asynccontextmanager
async def busy_cores() -> AsyncIterator[None]:
    """`guichet transcribe` over and over, one process a core, while the block lasts."""
    files = sorted(str(path) for path in RECORDINGS.parent.glob("*.wav")) * 40
    ordinary = str(-os.getpriority(os.PRIO_PROCESS, 0))  # the telephones run before everybody else

    async def keep_busy() -> None:
        while True:
            process = await asyncio.create_subprocess_exec(
                *("nice", "-n", ordinary, sys.executable, "-m", "bot", "transcribe", *files),
                cwd=PROJECT_DIR,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
            try:
                await process.wait()
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()

    work = [asyncio.create_task(keep_busy()) for _ in range(os.cpu_count() or 1)]
    await asyncio.sleep(6.0)  # the models load
    try:
        yield
    finally:
        for one in work:
            one.cancel()
        await asyncio.gather(*work, return_exceptions=True)


if __name__ == "__main__":
    main()
