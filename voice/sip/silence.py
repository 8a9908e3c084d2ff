"""Time goes on while nothing is received.

A caller's device that suppresses silence, a muted phone or a hold sends no packets, and lost packets are
simply missing. The session measures pauses in the sound itself, so missing sound must become silence, or a
turn would never end. Up to 200 ms are waited for: later than that, the stack's jitter buffer has given up too.
Pure: the time is an argument.
"""

from __future__ import annotations

from voice.leg import FRAME_BYTES, FRAME_SECONDS

MAX_GAP_SECONDS = 0.2
BYTES_PER_SECOND = int(FRAME_BYTES / FRAME_SECONDS)


class SilenceFiller:
    """Completes what was received at each look, so that it lasts as long as the clock says."""

    def __init__(self) -> None:
        self._complete_until: float | None = None
        self._filling = False

    def complete(self, received: bytes, now: float) -> bytes:
        """`received`, or whole frames of silence when nothing has come for too long."""
        if received or self._complete_until is None:
            self._complete_until = now
            self._filling = False
            return received
        gap = now - self._complete_until
        self._filling = self._filling or gap >= MAX_GAP_SECONDS
        if not self._filling:
            return b""
        frames = int(gap / FRAME_SECONDS + 1e-6)
        self._complete_until += frames * FRAME_SECONDS
        return bytes(frames * FRAME_BYTES)
