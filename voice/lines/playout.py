"""How far ahead a line that paces by itself is sent sound, and when it has played it.

Such a line (chan_websocket, media streams) takes a whole sentence at once and keeps it. It is sent at most five
seconds ahead: Asterisk drops what is beyond 20 s, and little is left to take back when the caller interrupts. The line
echoes a mark once it has played what came before; one that never does (jambonz has no marks, a provider may lose one)
is believed to have played on time, give or take `ECHO_SECONDS`, so that a call never waits for an echo. Where the line
sends a caller only what it is sent itself (Asterisk: no RTP at all otherwise, and some trunks then cut the call),
silence fills the time between sentences. Pure.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

from voice.leg import FRAME_BYTES, FRAME_SECONDS, RATE_HZ
from voice.sip.play_queue import PlayQueue

AHEAD_SECONDS = 5.0
CHUNK_BYTES = 10 * FRAME_BYTES
"""200 ms, which is also the least that Exotel plays without gaps."""
ECHO_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Say:
    """Send this sound: whole frames of 20 ms."""

    pcm: bytes


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the line to echo this id, which is short and ours: the session's names may be anything."""

    mark_id: str


class Playout:
    """The far end's buffer, as far as we know it. Times are of one clock."""

    def __init__(self, *, echoes: bool = True, fills_silence: bool = False) -> None:
        self._wait_seconds = ECHO_SECONDS if echoes else 0.0
        self._fills_silence = fills_silence
        self._ends_at = 0.0
        self._count = 0
        self._asked: OrderedDict[str, tuple[float, str]] = OrderedDict()

    def steps(self, queue: PlayQueue, now: float) -> Iterator[Say | Ask]:
        """What to send now."""
        yield from self._marks(queue, now)
        while queue.queued_bytes and self._ends_at < now + AHEAD_SECONDS:
            pcm = queue.take(CHUNK_BYTES)
            yield self._said(pcm + bytes(-len(pcm) % FRAME_BYTES), now)
            yield from self._marks(queue, now)
        if self._fills_silence and self._ends_at <= now + FRAME_SECONDS / 2:
            yield self._said(bytes(FRAME_BYTES), now)

    def echoed(self, mark_id: str) -> str | None:
        """The session's name of a mark that was played; None for one that was forgotten meanwhile."""
        _, name = self._asked.pop(mark_id, (0.0, None))
        return name

    def overdue(self, now: float) -> list[str]:
        """Marks without an echo that must have been played by now."""
        names = []
        while self._asked and next(iter(self._asked.values()))[0] <= now:
            names.append(self._asked.popitem(last=False)[1][1])
        return names

    def flush(self) -> list[str]:
        """The far end was told to forget its buffer: every mark that was waited for, in order."""
        self._ends_at = 0.0
        names = [name for _, name in self._asked.values()]
        self._asked.clear()
        return names

    def _said(self, pcm: bytes, now: float) -> Say:
        self._ends_at = max(self._ends_at, now) + len(pcm) / (2 * RATE_HZ)
        return Say(pcm)

    def _marks(self, queue: PlayQueue, now: float) -> Iterator[Ask]:
        for name in queue.due(0):
            self._count += 1
            mark_id = f"g{self._count}"
            self._asked[mark_id] = (max(self._ends_at, now) + self._wait_seconds, name)
            yield Ask(mark_id)
