"""Sound is taken from where the other side said it comes from, and from nowhere else.

The stack plays any packet that reaches a call's port, and lets a new source take the call over. So each call's
sockets are guarded as soon as both descriptions are known, and again whenever one changes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from ipaddress import IPv4Network
from typing import Literal

import structlog

from voice.sip.guard import Source, guard_port
from voice.sip.trace import CallTraces, SoundRoute

log = structlog.get_logger(__name__)

TRACE_LOGGER = "baresip.native.sip"

OnAddress = Callable[[str, bool], None]
"""Told on the event loop, for each description of the other side: SIP Call-ID, and whether its address is withheld."""


class SoundGuard(logging.Handler):
    """Receives the stack's SIP trace on a thread of the stack's, and keeps it from the log."""

    def __init__(
        self, accepted: Literal["address", "port", "any"], loop: asyncio.AbstractEventLoop, on_address: OnAddress
    ) -> None:
        super().__init__()
        self._accepted = accepted
        self._loop = loop
        self._on_address = on_address
        self.traces = CallTraces()

    def emit(self, record: logging.LogRecord) -> None:
        seen = self.traces.saw(record.getMessage())
        if seen is None or self._loop.is_closed():
            return
        if seen.route is not None and self._accepted != "any":
            self._guard(seen.route)
        if seen.address_withheld is not None:
            self._loop.call_soon_threadsafe(self._on_address, seen.call_id, seen.address_withheld)

    def _guard(self, route: SoundRoute) -> None:
        source = IPv4Network(route.address)
        try:
            guard_port(route.our_port, [Source(source, route.port if self._accepted == "port" else 0)])
            guard_port(route.our_port + 1, [Source(source)])  # its RTCP
        except OSError as error:
            log.error("sip.sound_unguarded", reason=error.strerror)

    def install(self) -> None:
        """Takes the trace over. The stack must be started with `sip_trace`."""
        trace = logging.getLogger(TRACE_LOGGER)
        trace.addHandler(self)
        trace.setLevel(logging.DEBUG)
        trace.propagate = False
