"""What the caller is going to hear: sound and marks in order, with how far it has been played.

The SIP stack takes sound ahead of time, so a mark is due only when the sound before it has left the
stack's own buffer too. With at most 80 ms in that buffer and one look every 20 ms, `Played` is true to
within 40 ms. Pure: no clock, no I/O.
"""

from __future__ import annotations

from collections import deque

from bot.errors import ProtocolError

MAX_QUEUED_BYTES = 300 * 16000
"""Five minutes of sound: no answer is that long, so more is a fault of the sender."""
MAX_MARKS = 1000


class PlayQueue:
    """Sound waiting to be played. Positions count bytes since the beginning of the call."""

    def __init__(self) -> None:
        self._sound = bytearray()
        self._taken_bytes = 0
        self._marks: deque[tuple[int, str]] = deque()

    @property
    def queued_bytes(self) -> int:
        """Sound not taken yet."""
        return len(self._sound)

    @property
    def played_out(self) -> bool:
        """Whether neither sound nor marks are left."""
        return not self._sound and not self._marks

    def add(self, pcm: bytes) -> None:
        """Queues sound. Raises `ProtocolError` when the sender never stops."""
        if len(self._sound) + len(pcm) > MAX_QUEUED_BYTES:
            raise ProtocolError(f"more than {MAX_QUEUED_BYTES} bytes of sound are waiting to be played")
        self._sound += pcm

    def mark(self, name: str) -> None:
        """Marks the end of all sound queued so far. Raises `ProtocolError` when there are too many."""
        if len(self._marks) >= MAX_MARKS:
            raise ProtocolError(f"more than {MAX_MARKS} marks are waiting")
        self._marks.append((self._taken_bytes + len(self._sound), name))

    def take(self, max_bytes: int) -> bytes:
        """Up to `max_bytes` of sound, to be handed to the stack now."""
        taken = bytes(self._sound[:max_bytes])
        del self._sound[:max_bytes]
        self._taken_bytes += len(taken)
        return taken

    def due(self, unsent_bytes: int) -> list[str]:
        """Marks whose sound has been sent, in order, each returned once.

        `unsent_bytes` is what was taken but still waits in the stack's buffer.
        """
        sent = self._taken_bytes - unsent_bytes
        names = []
        while self._marks and self._marks[0][0] <= sent:
            names.append(self._marks.popleft()[1])
        return names

    def flush(self) -> list[str]:
        """Forgets all sound; returns every outstanding mark, in order."""
        self._sound.clear()
        names = [name for _, name in self._marks]
        self._marks.clear()
        return names
