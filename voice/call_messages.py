"""What can happen in a call (events, in the past tense) and what it can ask for (commands, in the imperative).

Numbers tie results to requests: `attempt` to a transcription, `turn` to a question, `serial` to a
spoken text. Times are not in here; the driver gives `now` beside each event.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.dialogue import Reading, Reply
from voice.ear import Paused, Resumed, Started, Sustained
from voice.turn import Hearing

# --- events ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CallAnswered:
    """The line is open in both directions."""


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
class TransferRefused:
    """The person's line did not take the call."""


@dataclass(frozen=True, slots=True)
class HungUp:
    """The call is over on the line."""

    reason: str = "caller"


@dataclass(frozen=True, slots=True)
class Tick:
    """The time `wake_at` has come (or may have)."""


Event = (
    CallAnswered
    | Started
    | Sustained
    | Paused
    | Resumed
    | Heard
    | Replied
    | SpeakingStarted
    | Said
    | KeyPressed
    | TransferRefused
    | HungUp
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
class Listen:
    """Begin a new utterance: forget what was heard before."""


@dataclass(frozen=True, slots=True)
class Transcribe:
    """Transcribe the utterance as it stands."""

    attempt: int


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the dialogue; `choice` instead of `text` when a key chose a subject.

    `confidence` is the recogniser's, `alternatives` what else it may have heard.
    """

    turn: int
    text: str = ""
    choice: str = ""
    confidence: float | None = None
    alternatives: tuple[Reading, ...] = ()


@dataclass(frozen=True, slots=True)
class KeepTurn:
    """Write down a finished turn."""

    turn: TurnKept


@dataclass(frozen=True, slots=True)
class RequestPerson:
    """Put the conversation on the desk."""

    reason: str


@dataclass(frozen=True, slots=True)
class Transfer:
    """Pass the call to a person's line."""


@dataclass(frozen=True, slots=True)
class SetPace:
    """Speak at this pace from now on: 1.25 is a quarter slower."""

    length_scale: float


@dataclass(frozen=True, slots=True)
class SetVolume:
    """Speak this much louder from now on (factor on the amplitude)."""

    gain: float


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call."""


Command = (
    Say | StopTalking | Listen | Transcribe | Ask | KeepTurn | RequestPerson | Transfer | SetPace | SetVolume | HangUp
)


@dataclass(frozen=True, slots=True)
class TurnKept:
    """A turn as it is written down: what was heard, how sure, what was said, where the time went."""

    heard: str = ""
    heard_confidence: float | None = None
    key: str = ""
    reply: Reply | None = None
    spoken: str = ""
    segments: dict[str, float] = field(default_factory=dict)
