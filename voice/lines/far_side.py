"""What the bridge needs of a line: one call, once its protocol has said which call it is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from voice.leg import Key, Played, Sound
from voice.sip.play_queue import PlayQueue

FarEvent = Sound | Key | Played


class FarSide(Protocol):
    """The other end of one call. Only `events` and `close` wait."""

    def events(self) -> AsyncIterator[FarEvent]:
        """What comes from there; ends when the other side is gone. Raises `ProtocolError` or OSError."""
        ...

    def transmit(self, queue: PlayQueue, now: float) -> list[str]:
        """Called every 20 ms: sends what is due, and returns the marks that have been played.

        Raises OSError when the other side has not read for seconds.
        """
        ...

    def flush(self) -> list[str]:
        """Makes the other side forget what it has not played; returns the marks that were still waited for."""
        ...

    async def close(self) -> None:
        """Ends the protocol, in any state: the PBX goes on with its own plan for the caller."""
        ...
