"""One view of everything this service needs, each part by name, with the remedy when it is not well."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from bot.errors import GuichetError


class Condition(StrEnum):
    """Of one part."""

    OK = "ok"
    STARTING = "starting"
    DOWN = "down"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Part:
    """How a part is; `detail` is one sentence for the operator, empty when all is well."""

    condition: Condition
    detail: str = ""


Check = Callable[[], Awaitable[Part]]

_CHECK_SECONDS = 3.0


class Health:
    """`required` parts make the service unhealthy when they are not ok; the others only degrade it."""

    def __init__(self) -> None:
        self._checks: dict[str, tuple[Check, bool]] = {}

    def add(self, name: str, check: Check, *, required: bool = False) -> None:
        """`check` may raise any `GuichetError`: its text becomes the detail."""
        self._checks[name] = (check, required)

    async def parts(self) -> dict[str, Part]:
        """Every part, asked at the same time, each for at most three seconds."""
        found = await asyncio.gather(*(_ask(check) for check, _ in self._checks.values()))
        return dict(zip(self._checks, found, strict=True))

    def summary(self, parts: dict[str, Part]) -> str:
        """ "ok", "starting", "degraded" (an optional part is missing) or "down"."""
        required = [part.condition for name, part in parts.items() if self._checks[name][1]]
        if Condition.DOWN in required:
            return "down"
        if Condition.STARTING in required:
            return "starting"
        well = all(part.condition in (Condition.OK, Condition.OFF) for part in parts.values())
        return "ok" if well else "degraded"


async def _ask(check: Check) -> Part:
    try:
        async with asyncio.timeout(_CHECK_SECONDS):
            return await check()
    except TimeoutError:
        return Part(Condition.DOWN, f"No answer in {_CHECK_SECONDS:.0f} s.")
    except GuichetError as error:
        return Part(Condition.DOWN, str(error))
