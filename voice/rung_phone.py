"""One telephone that is rung for an agent, without the telephone: events in, commands out.

Only the key 1 brings the caller and the agent together. So neither a voice mail that answers nor a colleague who picks
up by habit ever takes a caller, who hears music all the while. Whatever happens or does not, it is over after
`take_seconds`, and it ends in exactly one of two ways: `Connect`, or `Report` of why not.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

TAKE, DECLINE = "1", "#"
_REFUSED_BY_HAND = frozenset({"486", "600", "603"})
_NEVER_RANG = frozenset({"not_sent", "line_lost"})


@dataclass(frozen=True, slots=True)
class RungPhoneLimits:
    """`take_seconds` from the first ring to the key, less than the caller's call waits for the agent (45 s)."""

    ring_seconds: float = 30.0
    take_seconds: float = 42.0
    key_seconds: float = 5.0
    """After what the agent is told, before it is told again or given up."""
    tellings: int = 2
    goodbye_seconds: float = 8.0


class RungPhase(StrEnum):
    """How far it has come."""

    RINGING = "ringing"
    TELLING = "telling"
    WAITING = "waiting"
    GOODBYE = "goodbye"
    CONNECTED = "connected"
    OVER = "over"


# --- events ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PickedUp:
    """The telephone was answered, by whomever."""


@dataclass(frozen=True, slots=True)
class Told:
    """What `Tell` or `SayGone` of this number said has been heard to the end, or could not be said."""

    serial: int


@dataclass(frozen=True, slots=True)
class Pressed:
    """A key of the agent's telephone."""

    digit: str


@dataclass(frozen=True, slots=True)
class PutDown:
    """The telephone's line is closed."""


@dataclass(frozen=True, slots=True)
class NotReached:
    """It was never answered; `reason` as in `voice.framing.DialFailed`."""

    reason: str


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """There is nothing to take any more: the caller has gone, or the request is no longer this agent's."""


@dataclass(frozen=True, slots=True)
class Tick:
    """The time `wake_at` has come (or may have)."""


Event = PickedUp | Told | Pressed | PutDown | NotReached | Withdrawn | Tick

# --- commands -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tell:
    """Say who calls and which keys there are; reported by `Told`."""

    serial: int


@dataclass(frozen=True, slots=True)
class SayGone:
    """Say that there is nothing to take any more; reported by `Told`."""

    serial: int


@dataclass(frozen=True, slots=True)
class StopRinging:
    """Nobody is wanted any more at the telephone that rings."""


@dataclass(frozen=True, slots=True)
class Connect:
    """Be silent; from now on the agent is with the caller."""


@dataclass(frozen=True, slots=True)
class PutDownPhone:
    """End the agent's line."""


@dataclass(frozen=True, slots=True)
class Report:
    """Tell the desk that the agent did not take it: `not_answered`, `declined`, `no_line`."""

    code: str


Command = Tell | SayGone | StopRinging | Connect | PutDownPhone | Report


class RungPhone:
    """Made when it begins to ring. `wake_at` is None only when it is connected or over."""

    def __init__(self, now: float, limits: RungPhoneLimits | None = None) -> None:
        self.limits = limits or RungPhoneLimits()
        self.phase = RungPhase.RINGING
        self.wake_at: float | None = now + self.limits.ring_seconds
        self._over_at = now + self.limits.take_seconds
        self._told = 0

    @property
    def is_decided(self) -> bool:
        return self.phase in (RungPhase.CONNECTED, RungPhase.OVER)

    def handle(self, event: Event, now: float) -> list[Command]:
        """What to do now. An event that no longer fits does nothing."""
        match self.phase, event:
            case ((RungPhase.CONNECTED | RungPhase.OVER), _):
                return []
            case RungPhase.RINGING, PickedUp():
                return self._tell()
            case RungPhase.RINGING, NotReached(reason=reason):
                return self._over(Report(_code(reason)))
            case RungPhase.RINGING, Withdrawn():
                return self._over(StopRinging())
            case RungPhase.RINGING, Tick() if self._is_due(now):
                return self._over(StopRinging(), Report("not_answered"))
            case RungPhase.GOODBYE, PutDown():
                return self._over()
            case RungPhase.GOODBYE, Told(serial=serial) if serial == self._told:
                return self._over(PutDownPhone())
            case RungPhase.GOODBYE, Tick() if self._is_due(now):
                return self._over(PutDownPhone())
            case ((RungPhase.TELLING | RungPhase.WAITING), _):
                return self._answered(event, now)
        return []

    def _answered(self, event: Event, now: float) -> list[Command]:
        match event:
            case Pressed(digit=digit) if digit == TAKE:
                self.phase, self.wake_at = RungPhase.CONNECTED, None
                return [Connect()]
            case Pressed(digit=digit) if digit == DECLINE:
                return self._over(PutDownPhone(), Report("declined"))
            case PutDown():
                return self._over(Report("declined"))
            case Withdrawn():
                self.phase, self.wake_at = RungPhase.GOODBYE, now + self.limits.goodbye_seconds
                self._told += 1
                return [SayGone(self._told)]
            case Told(serial=serial) if self.phase is RungPhase.TELLING and serial == self._told:
                self.phase, self.wake_at = RungPhase.WAITING, min(self._over_at, now + self.limits.key_seconds)
            case Tick() if self._is_due(now):
                if self._told < self.limits.tellings and now < self._over_at:
                    return self._tell()
                return self._over(PutDownPhone(), Report("not_answered"))
        return []

    def _tell(self) -> list[Command]:
        self.phase, self.wake_at = RungPhase.TELLING, self._over_at
        self._told += 1
        return [Tell(self._told)]

    def _over(self, *commands: Command) -> list[Command]:
        self.phase, self.wake_at = RungPhase.OVER, None
        return list(commands)

    def _is_due(self, now: float) -> bool:
        return self.wake_at is not None and now >= self.wake_at


def _code(reason: str) -> str:
    if reason in _NEVER_RANG:
        return "no_line"
    return "declined" if reason in _REFUSED_BY_HAND else "not_answered"
