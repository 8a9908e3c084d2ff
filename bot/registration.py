"""Whether the PBX or the trunk has us, as the SIP line tells it: in the log, in the metrics and in /health.

A line that is not registered runs perfectly well, and nobody can call it.
"""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from bot.health import Condition, Part
from bot.health_parts import child_part
from bot.metrics import Metrics
from bot.supervisor import Child

log = structlog.get_logger(__name__)


class Registration:
    """`told` receives every event of the line's process, `part` is what /health says of the telephone."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._registered: bool | None = None
        self._lost_because = ""

    def told(self, event: Mapping[str, object]) -> None:
        """A registration is refreshed, or tried again, every few minutes: only changes are logged."""
        match event.get("event"):
            case "ready":  # a process of its own, which has yet to register
                self._registered, self._lost_because = None, ""
            case "registered":
                if not self._registered:
                    log.info("phone.registered")
                self._registered, self._lost_because = True, ""
                self._metrics.line_registered("sip", True)
            case "registration_failed":
                reason = str(event.get("reason", ""))
                if reason != self._lost_because:
                    log.warning("phone.registration_failed", reason=reason)
                self._registered, self._lost_because = False, reason
                self._metrics.line_registered("sip", False)

    async def part(self, line: Child) -> Part:
        """The line's process, and once that is well, its registration."""
        part = await child_part(line)
        if part.condition is Condition.OK and self._registered is False:
            return Part(Condition.DOWN, f"Not registered: {self._lost_because} It keeps trying.")
        return part
