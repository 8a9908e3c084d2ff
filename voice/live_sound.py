"""Sound for somebody who is spoken with: 20 ms at a time by one clock, and dropped rather than late.

It comes in bursts (a network's, a busy machine's) and leaves evenly. A little of it is gathered before it is begun
with, so that a frame that comes late is not a gap. Of what waits longer than that, quiet frames are left out, which
nobody hears; beyond `LATE_SECONDS` all of it is forgotten at once down to that little, since a delay that is kept grows
with every burst, and from 0.3 s on people interrupt each other. Pure.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from voice.leg import FRAME_BYTES, FRAME_SECONDS, RATE_HZ

LATE_SECONDS = 0.2
GATHERED_FRAMES = 2
ENOUGH_FRAMES = 3
SILENCE = bytes(FRAME_BYTES)
_LATE_BYTES = int(LATE_SECONDS * RATE_HZ) * 2
_QUIET_RMS = 100.0
"""About -50 dBFS: between words."""


class LiveSound:
    """`add` sound of any length, take it out by `frame`. `dropped_bytes` counts what was too late."""

    def __init__(self) -> None:
        self._frames: deque[bytes] = deque()
        self._rest = b""
        self._is_flowing = False
        self.dropped_bytes = 0

    def add(self, pcm: bytes) -> None:
        """Behind what is already waiting."""
        stream = self._rest + pcm
        whole = len(stream) // FRAME_BYTES * FRAME_BYTES
        for start in range(0, whole, FRAME_BYTES):
            frame = stream[start : start + FRAME_BYTES]
            if len(self._frames) < ENOUGH_FRAMES or not _is_quiet(frame):
                self._frames.append(frame)
        self._rest = stream[whole:]
        if len(self._frames) * FRAME_BYTES > _LATE_BYTES:
            while len(self._frames) > GATHERED_FRAMES:
                self.dropped_bytes += len(self._frames.popleft())

    def frame(self) -> bytes:
        """The next 20 ms: silence while nothing has come, or too little to begin with."""
        if not self._frames:
            self._is_flowing = False
        elif len(self._frames) >= GATHERED_FRAMES:
            self._is_flowing = True
        return self._frames.popleft() if self._is_flowing else SILENCE


def _is_quiet(frame: bytes) -> bool:
    samples = np.frombuffer(frame, "<i2").astype(np.float32)
    return bool((samples**2).mean() < _QUIET_RMS**2)


class Pace:
    """When the next frame is due. Begins with the first question; `missed` counts frames that were never sent."""

    def __init__(self) -> None:
        self._due_at: float | None = None
        self.missed = 0

    def wait_seconds(self, now: float) -> float:
        """How long from `now` until the next frame; asked once a frame.

        Late frames are caught up with, so that the pace never drifts; after a standstill they are left out.
        """
        due_at = now if self._due_at is None else self._due_at
        if now > due_at + LATE_SECONDS:
            missed = int((now - due_at) / FRAME_SECONDS)
            self.missed += missed
            due_at += missed * FRAME_SECONDS
        self._due_at = due_at + FRAME_SECONDS
        return max(0.0, due_at - now)
