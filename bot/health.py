"""One view of everything this service needs, each part by name, with the remedy when it is not well.

A part whose own check breaks is one more part that is down: what is known of the others is told all the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

import structlog

from bot.errors import GuichetError

log = structlog.get_logger(__name__)


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
        self._broken: set[str] = set()

    def add(self, name: str, check: Check, *, required: bool = False) -> None:
        """`check` may raise any `GuichetError`: its text becomes the detail."""
        self._checks[name] = (check, required)

    async def parts(self) -> dict[str, Part]:
        """Every part, asked at the same time, each for at most three seconds."""
        found = await asyncio.gather(*(self._ask(name, check) for name, (check, _) in self._checks.items()))
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

    async def _ask(self, name: str, check: Check) -> Part:
        try:
            async with asyncio.timeout(_CHECK_SECONDS):
                part = await check()
        except TimeoutError:
            part = Part(Condition.DOWN, f"No answer in {_CHECK_SECONDS:.0f} s.")
        except GuichetError as error:
            part = Part(Condition.DOWN, str(error))
        except Exception as error:  # noqa: BLE001  the supervisor of one check
            kind = type(error).__name__
            if name not in self._broken:  # asked again and again
                log.error("health.check_broken", part=name, error=kind)
            self._broken.add(name)
            return Part(Condition.DOWN, f"Its check is broken ({kind}): a fault of this program.")
        self._broken.discard(name)
        return part
