"""One telephone line leg, whatever the protocol: sound and keys in, sound out.

Every line adapter (SIP today) presents this to the call session. The sound is signed 16-bit little-endian
mono PCM at 8 kHz. The adapter paces: `play` takes whole sentences at once, keeps them in a queue of
its own and sends 20 ms at a time; `mark` comes back as `Played` when all that was queued before it
has left the queue, so the session knows what the caller has heard.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

RATE_HZ = 8000
FRAME_SECONDS = 0.02
FRAME_SAMPLES = 160
FRAME_BYTES = 320


@dataclass(frozen=True, slots=True)
class CallInfo:
    """What the line says of a call. All of it is written by the other side: never trust it, never log it.

    `line_id` is the protocol's own identifier (the SIP Call-ID). `can_transfer`: the line can pass this call to a
    person. `reference` is that of the `Dial` which placed the call; empty for an incoming one.
    """

    line_id: str
    caller: str = ""
    called: str = ""
    protocol: str = "sip"
    can_transfer: bool = True
    reference: str = ""
    headers: dict[str, str] = field(default_factory=dict)


class TransferMode(StrEnum):
    """Blind: the call is passed on at once. Attended: only when the other side has answered."""

    BLIND = "blind"
    ATTENDED = "attended"


@dataclass(frozen=True, slots=True)
class Sound:
    """Sound from the caller: any whole number of samples, usually 20 ms."""

    pcm: bytes


@dataclass(frozen=True, slots=True)
class Key:
    """A telephone key: one of 0-9, *, #, A-D."""

    digit: str


@dataclass(frozen=True, slots=True)
class Played:
    """Everything queued before `mark(name)` has been sent to the caller (or was flushed)."""

    name: str


@dataclass(frozen=True, slots=True)
class TransferFailed:
    """The other side refused a transfer, or did not answer; the call is still with us."""

    reason: str


@dataclass(frozen=True, slots=True)
class Held:
    """The caller put us on hold (RFC 3264 section 8.4): nothing is heard or said until `Retrieved`."""


@dataclass(frozen=True, slots=True)
class Retrieved:
    """The caller is back."""


@dataclass(frozen=True, slots=True)
class LineClosed:
    """The call is over on the line. Always the last event, exactly once."""

    reason: str = ""


LineEvent = Sound | Key | Played | TransferFailed | Held | Retrieved | LineClosed


class CallLeg(Protocol):
    """One call on one line. After `LineClosed` every method is a no-op."""

    info: CallInfo

    def events(self) -> AsyncIterator[LineEvent]:
        """What happens on the line, in order; ends after `LineClosed`."""
        ...

    async def play(self, pcm: bytes) -> None:
        """Queues sound behind what is already queued."""
        ...

    async def mark(self, name: str) -> None:
        """Asks for `Played(name)` once all sound queued so far has been sent."""
        ...

    async def flush(self) -> None:
        """Forgets all queued sound; outstanding marks come back at once."""
        ...

    async def transfer(
        self, target: str, *, mode: TransferMode = TransferMode.BLIND, context: dict[str, str] | None = None
    ) -> None:
        """Passes the caller on to a SIP URI. Success ends in `LineClosed`, failure in `TransferFailed`.

        `context` are headers for whoever takes the call, where the line can carry them: identifiers, nothing personal.
        """
        ...

    async def hangup(self) -> None:
        """Ends the call; `LineClosed` follows."""
        ...
