"""`guichet bench load`: ever more callers in conversation at the same time, until the service falls short.

Each caller hears the greeting out, then asks, listens to the answer for 6 to 8 seconds, thinks for 1 to 3, and asks
again. What is measured begins once every caller of the point has been greeted. The callers run in this process, beside
the service on the same machine: what they use is told apart (`bench_cpu_share`).
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bot.commands.bench.conversation import AskedTurn, Caller, KeepTurn, Manner, segments_p50, summary, waits
from bot.commands.bench.figures import cpu_shares, difference, spread
from bot.commands.bench.latency import progress
from bot.commands.bench.service import Service, service_under_bench
from bot.commands.bench.telephone import Telephone, TelephoneCall
from bot.errors import LineUnavailable
from bot.machine import cpu_seconds, resident_mb
from bot.settings import Settings

CONVERSING = Manner(listens_seconds=(6.0, 8.0), thinks_seconds=(1.0, 3.0))
SLOWEST_P95_MS = 3000.0
_DIALS_APART_SECONDS = 0.7
_FIRST_QUESTIONS_WITHIN_SECONDS = 3.0
_REST_SECONDS = 3.0


@dataclass(slots=True)
class _Point:
    """What is gathered while a number of callers talk."""

    keep: KeepTurn
    asked: list[AskedTurn] = field(default_factory=list)
    refused: int = 0
    lost: int = 0
    gaps_ms: list[float] = field(default_factory=list)
    packets_lost: int = 0

    @property
    def errors(self) -> int:
        """Calls refused or lost, and questions that nobody answered."""
        return self.refused + self.lost + sum(turn.mute for turn in self.asked)

    def count(self, turn: AskedTurn) -> None:
        """One more turn."""
        self.asked.append(turn)
        self.keep(turn)

    def left(self, call: TelephoneCall) -> None:
        """A call is over: how its packets came."""
        self.gaps_ms += call.pacing.gaps_ms
        self.packets_lost += call.pacing.lost


async def measure_load(
    settings: Settings, keep: KeepTurn, *, callers: Sequence[int], seconds: float, snr_db: float
) -> dict[str, Any]:
    """The JSON of the contract, and more. Stops after the first point with errors or a p95 above 3 s."""
    points: list[dict[str, Any]] = []
    async with service_under_bench(settings, snr_db) as service, Telephone() as phone:
        for count in callers:
            points.append(await _point(service, phone, count, seconds, keep))
            progress(_line(points[-1]))
            if points[-1]["errors"] or points[-1].get("p95_ms", SLOWEST_P95_MS + 1) > SLOWEST_P95_MS:
                break
            await asyncio.sleep(_REST_SECONDS)
        return {"points": points, "seconds_each": seconds, **service.conditions()}


async def _point(service: Service, phone: Telephone, count: int, seconds: float, keep: KeepTurn) -> dict[str, Any]:
    """`count` callers at the same time for so long."""
    gathered = _Point(keep)
    everyone = asyncio.Barrier(count + 1)
    late_before, live_before = phone.late_frames, await service.spoken_live()
    work = [
        asyncio.create_task(_Talker(service, phone, number, gathered).talk(everyone, seconds))
        for number in range(count)
    ]
    await everyone.wait()
    before, own_before, began = cpu_seconds(service.pid), time.process_time(), time.monotonic()
    await asyncio.sleep(seconds)
    took, cores = time.monotonic() - began, os.cpu_count() or 1
    by_process = cpu_shares(before, cpu_seconds(service.pid), took, cores)
    own = (time.process_time() - own_before) / (took * cores)
    memory = resident_mb([service.pid])
    await asyncio.gather(*work)
    return {
        "callers": count,
        **summary(gathered.asked),
        "errors": gathered.errors,
        "refused": gathered.refused,
        "lost": gathered.lost,
        "cpu_share": round(sum(by_process.values()), 3),
        "cpu_by_process": by_process,
        "bench_cpu_share": round(own, 3),
        "memory_mb": memory,
        "wait": spread(waits(gathered.asked)),
        "segments": segments_p50(gathered.asked),
        "packet_gap": spread(gathered.gaps_ms),
        "packets_lost": gathered.packets_lost,
        "sentences_not_cached": difference(live_before, await service.spoken_live()),
        "late_frames": phone.late_frames - late_before,
    }


class _Talker:
    """One of the callers of a point: dials again when a call ends before the time is over."""

    def __init__(self, service: Service, phone: Telephone, number: int, gathered: _Point) -> None:
        self._service = service
        self._phone = phone
        self._number = number
        self._gathered = gathered
        self._rng = np.random.default_rng(1000 + number)
        self._call: TelephoneCall | None = None
        self._caller: Caller | None = None

    async def talk(self, everyone: asyncio.Barrier, seconds: float) -> None:
        """Waits for the others after the greeting, then asks until the time is over."""
        await asyncio.sleep(self._number * _DIALS_APART_SECONDS)
        await self._dial()
        await everyone.wait()
        deadline = time.monotonic() + seconds
        await asyncio.sleep(self._rng.uniform(0.0, min(_FIRST_QUESTIONS_WITHIN_SECONDS, seconds / 4)))
        questions = iter(self._service.callers.turns(1000, seed=self._number))
        while time.monotonic() < deadline:
            if self._call is None or self._caller is None or self._call.closed.is_set():
                await self._dial()
                continue
            try:
                turn = await self._caller.ask(next(questions))
                self._gathered.count(turn)
                if turn.ends_the_call:
                    await self._leave()
            except LineUnavailable:
                self._gathered.lost += 1
        await self._leave()

    async def _dial(self) -> None:
        await self._leave()
        try:
            self._call, self._caller = await self._service.call(self._phone, self._number, CONVERSING)
        except LineUnavailable as error:
            progress(f"  {error}")
            self._gathered.refused += 1
            await asyncio.sleep(_REST_SECONDS)
        else:
            await self._caller.greeting()

    async def _leave(self) -> None:
        if self._call is not None:
            await self._call.hang_up()
            self._gathered.left(self._call)
            self._call = self._caller = None


def _line(point: dict[str, Any]) -> str:
    shown = ("callers", "n", "p50_ms", "p95_ms", "errors", "cpu_share", "memory_mb")
    return "  ".join(f"{name} {point.get(name)}" for name in shown)
