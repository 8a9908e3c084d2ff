"""Time goes on while nothing is received, and sound that comes late is still sound.

A caller's device that suppresses silence, a muted phone or a hold sends no packets, or one now and then; lost packets
are simply missing. The session measures pauses in the sound itself, so missing sound must become silence, or a turn
would never end. Packets may also only be late, and all come at once: silence in their place would be a hole in a word.
So 200 ms are waited for; where sound has come later than that, as long as it took, up to half a second, until half a
minute has passed without: a turn needs that much silence anyway, and gets it in one piece. Pure: the time is an
argument.
"""

from __future__ import annotations

from voice.leg import FRAME_BYTES, FRAME_SECONDS

MAX_GAP_SECONDS = 0.2
LONGEST_GAP_SECONDS = 0.5
FORGET_SECONDS = 30.0
MARGIN_SECONDS = 2 * FRAME_SECONDS
"""Bursts are not all of one length, may come in several pieces, and are looked for every 20 ms."""
BYTES_PER_SECOND = int(FRAME_BYTES / FRAME_SECONDS)


class SilenceFiller:
    """Completes what was received at each look, so that it lasts as long as the clock says."""

    def __init__(self) -> None:
        self._complete_until: float | None = None
        self._filling = False
        self._received_at = self._looked_at = 0.0
        self._gap_seconds = self._waited_seconds = self._brought_seconds = 0.0
        self._resumed_at = 0.0
        self._patience_seconds = MAX_GAP_SECONDS
        self._late_at = float("-inf")

    def complete(self, received: bytes, now: float) -> bytes:
        """`received`, or whole frames of silence when nothing has come for too long."""
        if self._complete_until is None:
            self._complete_until = self._received_at = self._resumed_at = self._looked_at = now
        looked_at, self._looked_at = self._looked_at, now
        if received:
            self._complete_until = self._reached(len(received) / BYTES_PER_SECOND, self._complete_until, now, looked_at)
            self._filling = False
            return received
        gap = now - self._complete_until
        self._filling = self._filling or gap >= self._patience(now)
        if not self._filling:
            return b""
        frames = int(gap / FRAME_SECONDS + 1e-6)
        self._complete_until += frames * FRAME_SECONDS
        return bytes(frames * FRAME_BYTES)

    def _reached(self, sound_seconds: float, complete_until: float, now: float, looked_at: float) -> float:
        """Until when all is complete with this sound: until now if it flows or makes up for its gap.

        What brings much less is the first sound after a silence that was not sent, or one of the packets that are sent
        now and then during it; these must not pass for the silence.
        """
        if now - self._received_at > MARGIN_SECONDS:
            self._gap_seconds = now - self._received_at
            # Time during which nobody looked is no sign of a late line.
            self._waited_seconds = min(now, looked_at + FRAME_SECONDS) - self._received_at
            self._resumed_at, self._brought_seconds = now, 0.0
        self._received_at = now
        if now - self._resumed_at > MARGIN_SECONDS:
            return now
        self._brought_seconds += sound_seconds
        if self._brought_seconds <= self._gap_seconds / 2:
            return complete_until + sound_seconds
        self._learn(self._waited_seconds + MARGIN_SECONDS, now)
        return now

    def _learn(self, needed_seconds: float, now: float) -> None:
        if needed_seconds > MAX_GAP_SECONDS:
            self._patience_seconds = max(self._patience(now), min(needed_seconds, LONGEST_GAP_SECONDS))
            self._late_at = now

    def _patience(self, now: float) -> float:
        return self._patience_seconds if now - self._late_at < FORGET_SECONDS else MAX_GAP_SECONDS
