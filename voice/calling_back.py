"""A person whom an agent calls back, until they answer, without the telephone: events in, commands out.

The agent comes first, so that nobody who picks up is kept waiting for one. Whatever happens or does not, it is decided
after `agent_seconds` and `ring_seconds`, in exactly one of two ways: the person has answered and the agent is there
(ANSWERED), or `Finish` says why not.

    BRINGING ──► CALLING ──► ANSWERED
        │           │  └───► TELLING ──┐ the agent hears why nobody answered
        └───────────┴──────────────────┴──► OVER
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from voice import call_messages as m
from voice.agent_leg import AgentLeg

PERSON = "person_"
"""Before the codes of what became of the person's telephone; the others are the agent's."""
_BUSY = frozenset({"486", "600"})
_DECLINED = frozenset({"403", "603", "607", "608"})
_UNKNOWN = frozenset({"404", "410", "484", "604"})
_NEVER_RANG = frozenset({"not_sent", "line_lost", "401", "407", "488", "500", "501", "502", "503", "504"})


@dataclass(frozen=True, slots=True)
class CallingBackLimits:
    """`ring_seconds` a little more than the line itself lets it ring."""

    agent_seconds: float = 45.0
    ring_seconds: float = 40.0
    back_seconds: float = 15.0
    """Until an agent who was cut off is there again."""
    tell_seconds: float = 12.0


class CallingBackPhase(StrEnum):
    """How far it has come."""

    BRINGING = "bringing"
    CALLING = "calling"
    TELLING = "telling"
    ANSWERED = "answered"
    OVER = "over"


# --- events, beside `DeskSaid`, `AgentOnLine`, `AgentGone` and `Tick` of a call -------------------


@dataclass(frozen=True, slots=True)
class PersonAnswered:
    """The call has come."""


@dataclass(frozen=True, slots=True)
class PersonNotReached:
    """Nobody answered; `reason` as in `voice.framing.DialFailed`."""

    reason: str


@dataclass(frozen=True, slots=True)
class Told:
    """What `TellAgent` wanted said has been heard, or could not be said."""


Event = m.Event | PersonAnswered | PersonNotReached | Told

# --- commands -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Watch:
    """Report `AgentGone` when this leg is over. The one watched before is ended."""

    leg: AgentLeg


@dataclass(frozen=True, slots=True)
class RingPerson:
    """Call the person."""


@dataclass(frozen=True, slots=True)
class StopRinging:
    """Nobody is wanted any more at the telephone that rings."""


@dataclass(frozen=True, slots=True)
class PlayRingback:
    """The agent hears that it rings."""


@dataclass(frozen=True, slots=True)
class TellAgent:
    """Instead of the ringing, the agent hears what has become of it; reported by `Told`."""

    what: str


@dataclass(frozen=True, slots=True)
class Finish:
    """End the agent's leg, and let the desk know why the person was not reached."""

    code: str


Command = Watch | RingPerson | StopRinging | PlayRingback | TellAgent | Finish


class CallingBack:
    """Made when the agent begins to be brought. `wake_at` is None only when it is decided."""

    def __init__(self, now: float, limits: CallingBackLimits | None = None) -> None:
        self.limits = limits or CallingBackLimits()
        self.phase = CallingBackPhase.BRINGING
        self.wake_at: float | None = now + self.limits.agent_seconds
        self.leg: AgentLeg | None = None
        self._ring_until = 0.0
        self._code = ""

    @property
    def is_decided(self) -> bool:
        return self.phase in (CallingBackPhase.ANSWERED, CallingBackPhase.OVER)

    def handle(self, event: Event, now: float) -> list[Command]:
        """What to do now. An event that no longer fits does nothing."""
        if self.is_decided:
            return []
        match event:
            case m.DeskSaid(state=m.DeskState.TAKEN):
                return []
            case m.DeskSaid():  # it is not this agent's any more
                return self._over("hung_up")
            case m.AgentOnLine(leg=leg) if leg is not self.leg:
                return self._there(leg, now)
            case m.AgentGone(leg=leg, reason=reason) if leg is self.leg:
                return self._gone(reason, now)
            case Told() if self.phase is CallingBackPhase.TELLING:
                return self._over(self._code)
            case m.Tick() if self.wake_at is not None and now >= self.wake_at:
                return self._due(now)
            case PersonAnswered() | PersonNotReached() if self.phase is CallingBackPhase.CALLING:
                return self._person(event, now)
        return []

    def _there(self, leg: AgentLeg, now: float) -> list[Command]:
        self.leg = leg
        match self.phase:
            case CallingBackPhase.BRINGING:
                self.phase = CallingBackPhase.CALLING
                self._ring_until = self.wake_at = now + self.limits.ring_seconds
                return [Watch(leg), PlayRingback(), RingPerson()]
            case CallingBackPhase.CALLING:  # the console was loaded anew
                self.wake_at = self._ring_until
                return [Watch(leg), PlayRingback()]
            case _:
                return [Watch(leg)]

    def _gone(self, reason: str, now: float) -> list[Command]:
        self.leg = None
        if reason == "lost" and self.phase is CallingBackPhase.CALLING:
            self.wake_at = min(self._ring_until, now + self.limits.back_seconds)
            return []
        return self._over(self._code or "hung_up")

    def _person(self, event: PersonAnswered | PersonNotReached, now: float) -> list[Command]:
        if isinstance(event, PersonNotReached):
            return self._tell(_code(event.reason), now)
        if self.leg is None:
            return self._over("agent_lost")
        self.phase, self.wake_at = CallingBackPhase.ANSWERED, None
        return [TellAgent("answered")]

    def _due(self, now: float) -> list[Command]:
        match self.phase:
            case CallingBackPhase.BRINGING:
                return self._over("agent_absent")
            case CallingBackPhase.CALLING if self.leg is not None:
                return [StopRinging(), *self._tell(PERSON + "not_answered", now)]
            case CallingBackPhase.CALLING:
                return self._over("agent_lost")
            case _:
                return self._over(self._code)

    def _tell(self, code: str, now: float) -> list[Command]:
        if self.leg is None:
            return self._over(code)
        self.phase, self.wake_at = CallingBackPhase.TELLING, now + self.limits.tell_seconds
        self._code = code
        return [TellAgent(code.removeprefix(PERSON))]

    def _over(self, code: str) -> list[Command]:
        rings = self.phase is CallingBackPhase.CALLING
        self.phase, self.wake_at = CallingBackPhase.OVER, None
        return [*([StopRinging()] if rings else []), Finish(code)]


def _code(reason: str) -> str:
    if reason in _BUSY:
        return PERSON + "busy"
    if reason in _DECLINED:
        return PERSON + "declined"
    if reason in _UNKNOWN:
        return PERSON + "unknown_number"
    return PERSON + ("no_line" if reason in _NEVER_RANG else "not_answered")
