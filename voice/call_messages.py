"""What can happen in a call (events, in the past tense) and what it can ask for (commands, in the imperative).

Numbers tie results to requests: `attempt` to a transcription, `turn` to a question, `serial` to a
spoken text. Times are not in here; the driver gives `now` beside each event.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.dialogue import Reading, Reply
from voice.agent_leg import AgentLeg
from voice.ear import Onset, Paused, Resumed, Started, Sustained
from voice.turn import Expecting, Hearing, TurnKept


class Opening(StrEnum):
    """How a call begins: as any other; when all places are taken; or placed by us, because we had promised it.

    `AGENT`: placed for an agent, who waits to be joined; `AGENT_GONE`: and the agent has gone.
    """

    NORMAL = "normal"
    BUSY = "busy"
    CALLBACK = "callback"
    AGENT = "agent"
    AGENT_GONE = "agent_gone"


class NoteKind(StrEnum):
    """What happens in a call besides its turns, for whoever looks at it later."""

    GREETED = "greeted"
    SILENCE = "silence"
    MISHEARD = "misheard"
    INTERRUPTED = "interrupted"
    RESUMED = "resumed"
    WENT_ON = "went_on"
    WAITING_WORD = "waiting_word"
    HELD = "held"
    RETRIEVED = "retrieved"
    KEY = "key"
    TRANSFER = "transfer"
    TRANSFER_FAILED = "transfer_failed"
    CALLBACK_PROMISED = "callback_promised"
    LINK_SENT = "link_sent"
    BUSY_REFUSED = "busy_refused"
    LINE_FAULT = "line_fault"
    RECOGNITION_FAILED = "recognition_failed"
    DIALOGUE_FAILED = "dialogue_failed"
    SPEECH_FAILED = "speech_failed"
    QUEUED = "queued"
    JOINED = "joined"
    PARTED = "parted"


class DeskState(StrEnum):
    """How a caller's request for a person stands at the desk.

    `TAKEN`: an agent has it; `AgentOnLine` or `TransferAsked` follows. `RETURNED`: the agent gave the caller back to
    the bot. `CLOSED`: the agent has finished, the call is to end. `REFUSED`: nobody takes it now (`reason` of
    `DeskSaid`: closed, nobody, full, unavailable). `GONE`: nothing is requested any more.
    """

    QUEUED = "queued"
    TAKEN = "taken"
    RETURNED = "returned"
    CLOSED = "closed"
    REFUSED = "refused"
    GONE = "gone"


class DeskNews(StrEnum):
    """What a call tells the desk. `ABSENT`: the agent who took it never came on the line; `LOST`: was cut off."""

    JOINED = "joined"
    HELD = "held"
    HUNG_UP = "hung_up"
    ABSENT = "absent"
    LOST = "lost"
    TRANSFERRED = "transferred"
    TRANSFER_FAILED = "transfer_failed"


# --- events ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CallAnswered:
    """The line is open in both directions."""

    opening: Opening = Opening.NORMAL


@dataclass(frozen=True, slots=True)
class Heard:
    """A transcription is done. `hearing` is None when the recogniser failed."""

    attempt: int
    hearing: Hearing | None


@dataclass(frozen=True, slots=True)
class Replied:
    """The dialogue answered turn `turn`; `reply` is None when it failed or was too slow."""

    turn: int
    reply: Reply | None


@dataclass(frozen=True, slots=True)
class SpeakingStarted:
    """The first sound of text `serial` went to the line."""

    serial: int


@dataclass(frozen=True, slots=True)
class Said:
    """All of text `serial` has been sent to the caller; `failed` when it could not be spoken."""

    serial: int
    failed: bool = False


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """A telephone key."""

    digit: str


@dataclass(frozen=True, slots=True)
class TalkPaused:
    """Text `serial` was stopped by `PauseTalking`; `sentences_left` come after the one that was cut."""

    serial: int
    sentences_left: int


@dataclass(frozen=True, slots=True)
class TransferRefused:
    """The person's line did not take the call."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class PutOnHold:
    """The caller put us on hold."""


@dataclass(frozen=True, slots=True)
class TakenBack:
    """The caller is on the line again."""


@dataclass(frozen=True, slots=True)
class HungUp:
    """The call is over on the line."""

    reason: str = "caller"


@dataclass(frozen=True, slots=True)
class DeskSaid:
    """How the request for a person stands. `place` counts from 1; None when unknown, as is `wait_seconds`."""

    state: DeskState
    reason: str = ""
    place: int | None = None
    wait_seconds: int | None = None
    agent: str = ""


@dataclass(frozen=True, slots=True)
class AgentOnLine:
    """The person who took the call can hear and speak now; again, after having been cut off."""

    leg: AgentLeg


@dataclass(frozen=True, slots=True)
class AgentGone:
    """This leg is over; `reason` as in `AgentLeg.reason`."""

    leg: AgentLeg
    reason: str


@dataclass(frozen=True, slots=True)
class TransferAsked:
    """The person who took the call wants it passed on to this address (a SIP URI)."""

    target: str


@dataclass(frozen=True, slots=True)
class HoldAsked:
    """The person puts the caller on hold, or takes them back."""

    on: bool


@dataclass(frozen=True, slots=True)
class Tick:
    """The time `wake_at` has come (or may have)."""


Event = (
    CallAnswered
    | Onset
    | Started
    | Sustained
    | Paused
    | Resumed
    | Heard
    | Replied
    | SpeakingStarted
    | Said
    | TalkPaused
    | KeyPressed
    | TransferRefused
    | PutOnHold
    | TakenBack
    | HungUp
    | DeskSaid
    | AgentOnLine
    | AgentGone
    | TransferAsked
    | HoldAsked
    | Tick
)

# --- commands -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Say:
    """Speak these texts, one after the other, and report `SpeakingStarted` and `Said` with `serial`."""

    serial: int
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StopTalking:
    """Stop at once; what was queued is forgotten."""


@dataclass(frozen=True, slots=True)
class PauseTalking:
    """Stop at once, and be ready to go on; reported by `TalkPaused`."""


@dataclass(frozen=True, slots=True)
class ResumeTalking:
    """Go on where `PauseTalking` stopped, under the same serial."""


@dataclass(frozen=True, slots=True)
class Listen:
    """Begin a new utterance: forget what was heard before."""


@dataclass(frozen=True, slots=True)
class Transcribe:
    """Transcribe the utterance as it stands, which is likely to be what was asked for."""

    attempt: int
    expecting: Expecting = Expecting.QUESTION


@dataclass(frozen=True, slots=True)
class StopTranscribing:
    """What is being transcribed is no longer all that was said: its result is not wanted."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the dialogue; `choice` instead of `text` when a key chose a subject.

    `confidence` is the recogniser's, `alternatives` what else it may have heard. `replaces`: the turn whose answer the
    caller has not heard, which is to leave no trace; 0 when there is none.
    """

    turn: int
    text: str = ""
    choice: str = ""
    confidence: float | None = None
    alternatives: tuple[Reading, ...] = ()
    replaces: int = 0


@dataclass(frozen=True, slots=True)
class KeepTurn:
    """Write down a finished turn."""

    turn: TurnKept


@dataclass(frozen=True, slots=True)
class RequestPerson:
    """Put the conversation on the desk."""

    reason: str


@dataclass(frozen=True, slots=True)
class PromiseCallback:
    """The caller wants to be called back at this number (digits, perhaps with a leading +)."""

    number: str


@dataclass(frozen=True, slots=True)
class SendLink:
    """Send the address of an answer's source to the caller's telephone."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Note:
    """Write down that this happened, for whoever looks at the call later."""

    kind: NoteKind
    detail: str = ""


@dataclass(frozen=True, slots=True)
class AskDesk:
    """Put the caller into the queue of the desk; answered by `DeskSaid`."""

    reason: str


@dataclass(frozen=True, slots=True)
class LeaveDesk:
    """The caller waits no more; `listed`: but is to be called back, and stays on the desk's list."""

    listed: bool = False


@dataclass(frozen=True, slots=True)
class TellDesk:
    """What the desk has to know of the line."""

    what: DeskNews


@dataclass(frozen=True, slots=True)
class PlayMusic:
    """Music, after what is being said, until the next `Say` or `StopTalking`."""


@dataclass(frozen=True, slots=True)
class Join:
    """From now on the caller and this leg hear each other. `AgentGone` tells when it is over."""

    leg: AgentLeg


@dataclass(frozen=True, slots=True)
class Part:
    """The caller and the joined leg no longer hear each other; with `hang_up`, the leg is ended too."""

    hang_up: bool = True


@dataclass(frozen=True, slots=True)
class Transfer:
    """Pass the call to a person's line: this one, or the installation's when empty."""

    target: str = ""


@dataclass(frozen=True, slots=True)
class SetPace:
    """Speak at this pace from now on: 1.25 is a quarter slower."""

    length_scale: float


@dataclass(frozen=True, slots=True)
class SetVolume:
    """Speak this much louder from now on."""

    gain_db: float


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call."""


Command = (
    Say
    | StopTalking
    | PauseTalking
    | ResumeTalking
    | Listen
    | Transcribe
    | StopTranscribing
    | Ask
    | KeepTurn
    | Note
    | RequestPerson
    | PromiseCallback
    | SendLink
    | AskDesk
    | LeaveDesk
    | TellDesk
    | PlayMusic
    | Join
    | Part
    | Transfer
    | SetPace
    | SetVolume
    | HangUp
)
