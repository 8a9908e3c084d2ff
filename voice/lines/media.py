"""What a protocol over a WebSocket is to the one that carries it: messages in, events out, and back. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from voice.leg import CallInfo, Key, Sound

Message = str | bytes
"""Text or binary, as in RFC 6455."""


@dataclass(frozen=True, slots=True)
class Started:
    """Which call this is; first and once. `token` is what the provider's own parameters gave as a secret."""

    info: CallInfo
    token: str = ""


@dataclass(frozen=True, slots=True)
class Echoed:
    """The far end has played everything before that mark."""

    mark_id: str


@dataclass(frozen=True, slots=True)
class Congested:
    """The far end's buffer is nearly full, or no longer so."""

    full: bool


@dataclass(frozen=True, slots=True)
class Over:
    """The call is over at the far end."""


MediaEvent = Started | Sound | Key | Echoed | Congested | Over


class MediaProtocol(Protocol):
    """One call over one WebSocket. Before `Started` only `received` and `end` may be called."""

    @property
    def echoes_marks(self) -> bool:
        """Whether marks come back; known once started."""
        ...

    @property
    def needs_silence(self) -> bool:
        """Whether the caller hears a dead line while nothing is said."""
        ...

    def received(self, message: Message) -> list[MediaEvent]:
        """What a message means; what is unknown means nothing. Raises `ProtocolError` for nonsense."""
        ...

    def say(self, pcm: bytes) -> list[Message]:
        """Play this: whole frames of 20 ms of session sound."""
        ...

    def ask(self, mark_id: str) -> list[Message]:
        """Echo this id once everything said before is played."""
        ...

    def clear(self) -> list[Message]:
        """Forget what is not played."""
        ...

    def end(self) -> list[Message]:
        """Let the PBX go on with the caller; the WebSocket is closed next."""
        ...
