"""What happens to a request for a person, and what follows from it: the words of `bot.desk.handover`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.desk.visitor import Refusal, VisitorState
from bot.store.records import HandoverRecord

Case = HandoverRecord


@dataclass(frozen=True, slots=True)
class Rules:
    """How long each state may last (settings `desk`)."""

    offer: timedelta = timedelta(seconds=30)
    queue: timedelta = timedelta(minutes=60)
    nobody: timedelta = timedelta(seconds=120)
    idle: timedelta = timedelta(minutes=30)
    wrap_up: timedelta = timedelta(seconds=180)
    missed_call: timedelta = timedelta(hours=24)
    call_wait: timedelta = timedelta(minutes=10)
    reach: timedelta = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class Who:
    """An agent. `supervises`: may act on what belongs to others."""

    id: str
    name: str = ""
    supervises: bool = False


# Events


@dataclass(frozen=True, slots=True)
class Situation:
    """The clock, and how things are for this request: is its team open, is somebody available, is there room to wait.

    `unstaffed_for` is how long nobody has been available. `last_spoken_at` is the last word of either side.
    """

    open: bool = True
    staffed: bool = True
    full: bool = False
    unstaffed_for: timedelta = timedelta(0)
    last_spoken_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Offered:
    """Routing has chosen this agent."""

    to: Who


@dataclass(frozen=True, slots=True)
class Taken:
    """`to_speak`: with a caller on the line, which nobody does with two at a time (`on_a_call`)."""

    by: Who
    has_room: bool = True
    to_speak: bool = False
    on_a_call: bool = False


@dataclass(frozen=True, slots=True)
class Declined:
    by: Who


@dataclass(frozen=True, slots=True)
class Returned:
    """The agent gives the conversation back to the bot."""

    by: Who


@dataclass(frozen=True, slots=True)
class Closed:
    """The agent has finished."""

    by: Who


@dataclass(frozen=True, slots=True)
class Transferred:
    """To an agent, or else to a team."""

    by: Who
    to: Who | None = None
    team: str = ""


@dataclass(frozen=True, slots=True)
class WrappedUp:
    by: Who


@dataclass(frozen=True, slots=True)
class AgentLost:
    """No sign of life of this agent for too long."""

    agent_id: str


@dataclass(frozen=True, slots=True)
class Spoke:
    """The agent said something, or is joined to the caller: this conversation is not idle."""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The visitor wants no person any more."""


@dataclass(frozen=True, slots=True)
class VisitorLeft:
    """The visitor's windows are gone."""


@dataclass(frozen=True, slots=True)
class CallbackLeft:
    """A callback was promised."""


@dataclass(frozen=True, slots=True)
class MessageLeft:
    """The visitor left a written message."""


@dataclass(frozen=True, slots=True)
class CallWaits:
    """The caller would wait on the line: may they?"""

    situation: Situation


@dataclass(frozen=True, slots=True)
class AgentAbsent:
    """This agent took the call and did not come on the line."""

    agent_id: str


@dataclass(frozen=True, slots=True)
class CallOver:
    """The telephone call has ended; `transferred` when a person took it over by telephone."""

    transferred: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    """The person whom the agent calls back is on the line."""


@dataclass(frozen=True, slots=True)
class Joined:
    """Agent and person hear each other: what was promised is kept. The request does not change by it."""


@dataclass(frozen=True, slots=True)
class NotReached:
    """The person, or the agent who calls back, did not come on the line: `code` says why, in 16 characters at most."""

    code: str


Event = (
    Situation | Offered | Taken | Declined | Returned | Closed | Transferred | WrappedUp | AgentLost | Spoke
    | Cancelled | VisitorLeft | CallbackLeft | MessageLeft | CallWaits | AgentAbsent | CallOver | Answered
    | Joined | NotReached
)  # fmt: skip


# Commands


@dataclass(frozen=True, slots=True)
class TellVisitor:
    """`why` names a sentence of its own, beside the usual one of the state (`desk.visitor` of data/prompts.yml)."""

    state: VisitorState
    reason: Refusal | None = None
    agent: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class GiveToPerson:
    """From now on the bot is silent."""


@dataclass(frozen=True, slots=True)
class GiveToBot:
    """From now on the bot answers."""


@dataclass(frozen=True, slots=True)
class SetAway:
    """This agent did not answer an offer: offer nothing more."""

    agent_id: str


@dataclass(frozen=True, slots=True)
class PromiseAgain:
    """The call back is over: if nobody has spoken with the person, they are still to be called."""


Command = TellVisitor | GiveToPerson | GiveToBot | SetAway | PromiseAgain


@dataclass(frozen=True, slots=True)
class Decision:
    """`kind` names what happened, for the history; empty when nothing did."""

    case: Case
    commands: tuple[Command, ...] = ()
    kind: str = ""

    def commands_to_visitor(self) -> tuple[TellVisitor, ...]:
        return tuple(command for command in self.commands if isinstance(command, TellVisitor))
