"""A caller and a person who hear each other: live sound both ways, and never much of it on its way.

A line plays what it is given in order, 20 ms at a time. Sound that a network held up would thus make everything after
it late for the rest of the call, and people 0.4 s apart begin to talk over each other. So what is on its way to the
caller is counted (`Bucket`): beyond 0.2 s sound is dropped, and while more than 60 ms are on the way, what is quiet
is dropped too, so that a delay is made up for in the next pause without being heard. An agent's leg sees to that itself
(`AgentLeg.play`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

import numpy as np
import structlog

from voice.agent_leg import AgentLeg
from voice.leg import RATE_HZ, CallLeg

log = structlog.get_logger(__name__)

MOST_SECONDS = 0.2
ENOUGH_SECONDS = 0.06
_QUIET_RMS = 100.0
"""About -50 dBFS: between words."""


class Bucket:
    """Fills with the sound that is let through and leaks at the pace of time. Pure."""

    def __init__(self) -> None:
        self._empty_at = float("-inf")

    def on_the_way(self, now: float) -> float:
        """Seconds of sound that have not been heard yet."""
        return max(0.0, self._empty_at - now)

    def lets_through(self, pcm: bytes, now: float) -> bool:
        """Whether this sound (s16le, 8 kHz) is to be played, which it then has to be."""
        waiting = self.on_the_way(now)
        seconds = len(pcm) / 2 / RATE_HZ
        if waiting >= MOST_SECONDS or (waiting > ENOUGH_SECONDS and _is_quiet(pcm)):
            return False
        self._empty_at = now + waiting + seconds
        return True


class Joining:
    """The person's end of a call: at most one agent's leg at a time, joined to the caller's `line` or on hold.

    While one of them has put the other on hold nobody hears anybody, but the agent's end goes on being watched:
    `on_gone` is told when it is over by itself.
    """

    def __init__(self, line: CallLeg, on_gone: Callable[[AgentLeg], None], clock: Callable[[], float]) -> None:
        self.caller_away = False
        """Whether the caller has put us on hold: the line then plays nothing and would keep what it is given."""
        self._line = line
        self._on_gone = on_gone
        self._clock = clock
        self._agent: AgentLeg | None = None
        self._on_hold = False
        self._carrying: asyncio.Task[None] | None = None
        self._ending: set[asyncio.Task[None]] = set()

    @property
    def has_agent(self) -> bool:
        """Whether a person is joined, or has put the caller on hold."""
        return self._agent is not None

    def join(self, leg: AgentLeg) -> None:
        """This person hears the caller from now on; whoever was there before is hung up."""
        if leg is not self._agent:
            self.part()
            self._agent = leg
            self._carrying = asyncio.create_task(self._carry(leg))
            self._carrying.add_done_callback(partial(self._over, leg))
        self._on_hold = False

    def hold(self) -> None:
        """Until the same person is joined again."""
        self._on_hold = True

    def part(self) -> None:
        """The person is hung up; `on_gone` is not told."""
        if self._agent is None or self._carrying is None:
            return
        self._carrying.cancel()
        ending = asyncio.create_task(self._agent.hangup())
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)
        self._agent = None

    async def caller_says(self, pcm: bytes) -> None:
        """Sound of the caller."""
        if self._agent is not None and self._together:
            await self._agent.play(pcm)

    async def close(self) -> None:
        """Leaves nothing running."""
        self.part()
        carrying = [self._carrying] if self._carrying else []
        await asyncio.gather(*carrying, *self._ending, return_exceptions=True)

    @property
    def _together(self) -> bool:
        return not (self._on_hold or self.caller_away)

    async def _carry(self, leg: AgentLeg) -> None:
        to_caller = Bucket()
        async for pcm in leg.sounds():
            if self._together and to_caller.lets_through(pcm, self._clock()):
                await self._line.play(pcm)

    def _over(self, leg: AgentLeg, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return
        if (error := task.exception()) is not None:
            log.error("call.agent_leg_broken", exc_info=error)
        if leg is self._agent:
            self._agent = None
            self._on_gone(leg)


def _is_quiet(pcm: bytes) -> bool:
    samples = np.frombuffer(pcm, "<i2", len(pcm) // 2).astype(np.float32)
    return len(samples) == 0 or float(np.sqrt(np.mean(samples * samples))) < _QUIET_RMS
