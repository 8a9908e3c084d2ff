"""One telephone call, without the telephone: events in, commands out.

Three rules keep it honest. Every question carries a turn number, every transcription and every
spoken text a number too, and a result with an old number is dropped. Every wait has a deadline:
unless the call has ended, `wake_at` is never None. The key 0 and the request for a person are
obeyed at any moment.

    GREETING ──► LISTENING ──► THINKING ──► SPEAKING ──► LISTENING …
                     │  silence ladder          │ keys, barge-in
                     └────────► LEAVING ◄───────┘      TRANSFERRING ──► ENDED

A turn ends in two stages: after `pause_seconds` of silence the transcription starts, and is thrown
away if the caller goes on; after `turn_over_seconds` (less when the transcript is already a
confident, finished sentence) the question is asked. The transcription is thus hidden behind a
silence that has to be waited for anyway.

Pure: no clock, no awaiting, no logging. `voice/session.py` drives it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from bot.dialogue import Choice, Outcome, Reading, Reply
from voice.call_messages import (
    Ask,
    CallAnswered,
    Command,
    Event,
    HangUp,
    Heard,
    HungUp,
    KeepTurn,
    KeyPressed,
    Listen,
    Replied,
    RequestPerson,
    Said,
    Say,
    SetPace,
    SetVolume,
    SpeakingStarted,
    StopTalking,
    Tick,
    Transcribe,
    Transfer,
    TransferRefused,
    TurnKept,
)
from voice.ear import Paused, Resumed, Started, Sustained
from voice.prompts import PhonePrompts
from voice.turn import Hearing, Segments, complete_sentence


class Phase(StrEnum):
    """What the call is doing. In GREETING the bot speaks and is not interrupted by speech."""

    RINGING = "ringing"
    GREETING = "greeting"
    SPEAKING = "speaking"
    LISTENING = "listening"
    THINKING = "thinking"
    TRANSFERRING = "transferring"
    LEAVING = "leaving"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long each wait may last, in seconds, and how often a caller may stay silent or be misheard."""

    pause_seconds: float = 0.2
    turn_over_seconds: float = 0.6
    turn_over_complete_seconds: float = 0.45
    max_utterance_seconds: float = 20.0
    silence_seconds: float = 7.0
    silences_before_goodbye: int = 3
    misheard_before_person: int = 2
    transcription_seconds: float = 15.0
    dialogue_seconds: float = 6.0
    speaking_seconds: float = 180.0
    waiting_seconds: float = 60.0  # after "attendez"
    transfer_seconds: float = 45.0
    barge_in_seconds: float = 0.35
    call_seconds: float = 3600.0


@dataclass(slots=True)
class _Utterance:
    """What is known of the caller's present utterance. Times are those given to `handle`."""

    began_at: float | None = None
    ended_at: float | None = None
    hearing: Hearing | None = None
    transcribed: bool = False  # a transcription came back, or was given up: `hearing` tells which


class Call:
    """The state of one call. Feed every event to `handle`, perform every command it returns, in order."""

    def __init__(self, prompts: PhonePrompts, patience: Patience, *, can_transfer: bool = False) -> None:
        self.prompts = prompts
        self.patience = patience
        self.can_transfer = can_transfer
        self.phase = Phase.RINGING
        self.wake_at: float | None = None
        self.turn = 0
        self.attempt = 0
        self.serial = 0
        self.silences = 0
        self.misheard = 0
        self.unanswered = 0
        self.end_reason = ""
        self._choices: tuple[Choice, ...] = ()
        self._last_texts: tuple[str, ...] = ()
        self._person_requested = False
        self._answers_given = 0
        self._started_at = 0.0
        self._next_silence_seconds: float | None = None  # set by "attendez"
        self._turn: TurnKept | None = None
        self._turn_texts: tuple[str, ...] = ()
        self._segments = Segments()
        self._utterance = _Utterance()
        self._transfer_sent = False

    # -- the one entrance --

    def handle(self, event: Event, now: float) -> list[Command]:
        """What to do about `event` at time `now` (seconds, any origin, never going back)."""
        if self.phase is Phase.ENDED:
            return []
        match event:
            case HungUp(reason=reason):
                return [*self._finish_turn(), *self._end(reason)]
            case CallAnswered() if self.phase is Phase.RINGING:
                self._started_at = now
                return self._say(Phase.GREETING, now, self.prompts.greeting)
            case Tick() if now - self._started_at > self.patience.call_seconds:
                return self._leave(now, self.prompts.goodbye, "too_long")
            case KeyPressed(digit=digit):
                return self._key(digit, now)
            case SpeakingStarted(serial=serial) if serial == self.serial:
                self._segments.first_sound(now)
                return []
            case Said(serial=serial) if serial != self.serial:
                return []
            case _:
                return self._in_phase[self.phase](self, event, now)

    # -- one method for each phase --

    def _ringing(self, event: Event, now: float) -> list[Command]:
        return []

    def _greeting(self, event: Event, now: float) -> list[Command]:
        return self._after_speaking(event, now)

    def _speaking(self, event: Event, now: float) -> list[Command]:
        match event:
            case Started(seconds=seconds) | Sustained(seconds=seconds) if seconds >= self.patience.barge_in_seconds:
                self._utterance.began_at = now - seconds
                return [StopTalking(), *self._finish_turn(), *self._hear_out(now)]
            case Paused():
                return [Listen()]  # too short to interrupt: a cough, or an echo
            case _:
                return self._after_speaking(event, now)

    def _after_speaking(self, event: Event, now: float) -> list[Command]:
        match event:
            case Said(failed=True):
                return [*self._finish_turn(), *self._give_up(now)]
            case Said():
                return [*self._finish_turn(), *self._listen(now)]
            case Tick() if self._due(now):
                return [StopTalking(), *self._finish_turn(), *self._listen(now)]
            case _:
                return []

    def _listening(self, event: Event, now: float) -> list[Command]:
        match event:
            case Started(seconds=seconds):
                self._utterance.began_at = now - seconds
                return self._hear_out(now)
            case Paused(silence_seconds=silence) if self._utterance.began_at is not None:
                self._utterance.ended_at = now - silence
                self.attempt += 1
                self._utterance.hearing = None
                self._utterance.transcribed = False
                self.wake_at = self._utterance.ended_at + self.patience.turn_over_seconds
                return [Transcribe(self.attempt)]
            case Resumed() if self._utterance.began_at is not None:
                self._utterance.ended_at = None
                self.attempt += 1  # what is being transcribed is no longer all that was said
                return self._hear_out(now)
            case Heard(attempt=attempt, hearing=hearing) if (
                attempt == self.attempt and self._utterance.ended_at is not None
            ):
                return self._heard_early(hearing, self._utterance.ended_at, now)
            case Tick() if self._due(now):
                return self._listened_long_enough(now)
            case _:
                return []

    def _thinking(self, event: Event, now: float) -> list[Command]:
        match event:
            case Heard(attempt=attempt, hearing=hearing) if attempt == self.attempt and not self._utterance.transcribed:
                self._utterance.hearing, self._utterance.transcribed = hearing, True
                return self._question(now)
            case Replied(turn=turn, reply=reply) if turn == self.turn and self._utterance.transcribed:
                return self._replied(reply, now)
            case Tick() if self._due(now) and not self._utterance.transcribed:
                self._utterance.transcribed = True
                return self._question(now)
            case Tick() if self._due(now):
                return self._replied(None, now)
            case _:
                return []

    def _transferring(self, event: Event, now: float) -> list[Command]:
        match event:
            case Said() if not self._transfer_sent:
                self._transfer_sent = True
                self.wake_at = now + self.patience.transfer_seconds
                return [*self._finish_turn(), Transfer()]
            case Tick() if self._due(now) and not self._transfer_sent:
                self._transfer_sent = True
                self.wake_at = now + self.patience.transfer_seconds
                return [StopTalking(), *self._finish_turn(), Transfer()]
            case TransferRefused():
                return self._say(Phase.SPEAKING, now, self.prompts.transfer_failed)
            case Tick() if self._due(now):
                return self._say(Phase.SPEAKING, now, self.prompts.transfer_failed)
            case _:
                return []

    def _leaving(self, event: Event, now: float) -> list[Command]:
        match event:
            case Said():
                return [*self._finish_turn(), HangUp(), *self._end(self.end_reason)]
            case Tick() if self._due(now):
                return [*self._finish_turn(), HangUp(), *self._end(self.end_reason)]
            case _:
                return []

    _in_phase: ClassVar[dict[Phase, Callable[[Call, Event, float], list[Command]]]] = {
        Phase.RINGING: _ringing,
        Phase.GREETING: _greeting,
        Phase.SPEAKING: _speaking,
        Phase.LISTENING: _listening,
        Phase.THINKING: _thinking,
        Phase.TRANSFERRING: _transferring,
        Phase.LEAVING: _leaving,
    }

    # -- listening --

    def _listen(self, now: float) -> list[Command]:
        self.phase = Phase.LISTENING
        self._utterance = _Utterance()
        self.attempt += 1  # a transcription still under way belongs to the utterance before
        self.wake_at = now + (self._next_silence_seconds or self.patience.silence_seconds)
        self._next_silence_seconds = None
        return [Listen()]

    def _hear_out(self, now: float) -> list[Command]:
        """The caller is speaking: wait for the end, but not for ever (comfort noise never pauses)."""
        self.phase = Phase.LISTENING
        began = self._utterance.began_at if self._utterance.began_at is not None else now
        self.wake_at = max(now, began + self.patience.max_utterance_seconds)
        return []

    def _heard_early(self, hearing: Hearing | None, ended_at: float, now: float) -> list[Command]:
        """A transcript came while the silence is still being waited for: it may shorten the wait."""
        self._utterance.hearing, self._utterance.transcribed = hearing, True
        if hearing is not None and hearing.certainty == "high" and complete_sentence(hearing.text):
            self.wake_at = ended_at + self.patience.turn_over_complete_seconds
        if self._due(now):
            return self._question(now)
        return []

    def _listened_long_enough(self, now: float) -> list[Command]:
        if self._utterance.began_at is None:
            return self._silence(now)
        if self._utterance.ended_at is None:  # still talking after the longest turn
            self._utterance.ended_at = now
            self.attempt += 1
            self._utterance.transcribed = False
            return [Transcribe(self.attempt), *self._question(now)]
        return self._question(now)

    def _silence(self, now: float) -> list[Command]:
        self.silences += 1
        if self.silences >= self.patience.silences_before_goodbye:
            return self._leave(now, self.prompts.silence_goodbye, "silence")
        return self._say(Phase.SPEAKING, now, self.prompts.silence[min(self.silences, 2) - 1])

    # -- thinking --

    def _question(self, now: float) -> list[Command]:
        """The turn is over: ask, if it is known by now what was said."""
        if self.phase is Phase.LISTENING:
            self._segments = Segments()
            self._segments.speech_ended(self._utterance.ended_at if self._utterance.ended_at is not None else now)
            self._segments.turn_over(now)
        self.phase = Phase.THINKING
        if not self._utterance.transcribed:
            self.wake_at = now + self.patience.transcription_seconds
            return []
        self._segments.transcribed(now)
        hearing = self._utterance.hearing
        if hearing is None or not hearing.plausible or hearing.certainty in ("low", "none"):
            return self._not_heard(hearing, now)
        self.silences = self.misheard = 0
        self._turn = TurnKept(heard=hearing.text, heard_confidence=hearing.confidence)
        return self._ask(now, text=hearing.question, confidence=hearing.confidence, alternatives=hearing.alternatives)

    def _ask(
        self,
        now: float,
        *,
        text: str = "",
        choice: str = "",
        confidence: float | None = None,
        alternatives: tuple[Reading, ...] = (),
    ) -> list[Command]:
        self.phase = Phase.THINKING
        self._utterance.transcribed = True
        self.turn += 1
        self.wake_at = now + self.patience.dialogue_seconds
        return [Ask(self.turn, text, choice, confidence, alternatives)]

    def _not_heard(self, hearing: Hearing | None, now: float) -> list[Command]:
        """Noise is passed over in silence; speech that was not understood is owned up to."""
        if hearing is not None and not hearing.plausible and hearing.speech_seconds < 0.8:
            self.silences += 1
            if self.silences < self.patience.silences_before_goodbye:
                return self._listen(now)
            return self._leave(now, self.prompts.silence_goodbye, "silence")
        self.misheard += 1
        self._turn = TurnKept(heard="", heard_confidence=hearing.confidence if hearing else None)
        if self.misheard > self.patience.misheard_before_person:
            return self._hand_over(now, "not_understood")
        if self.misheard == self.patience.misheard_before_person:
            return self._say(Phase.SPEAKING, now, self.prompts.misheard_offer_person)
        return self._say(Phase.SPEAKING, now, self.prompts.misheard)

    def _replied(self, reply: Reply | None, now: float) -> list[Command]:
        self._segments.replied(now)
        if reply is None:
            self.unanswered += 1
            if self.unanswered > 1:
                return self._hand_over(now, "dialogue_unavailable")
            return self._say(Phase.SPEAKING, now, self.prompts.dialogue_unavailable)
        if self._turn is not None:
            self._turn = TurnKept(self._turn.heard, self._turn.heard_confidence, self._turn.key, reply=reply)
        self.unanswered = 0
        self._choices = reply.choices
        settings = self._obey(reply.control)
        if reply.control == "goodbye":
            return [*settings, *self._leave(now, reply.texts or self.prompts.goodbye, "goodbye")]
        if reply.outcome is Outcome.HANDOVER:
            return [*settings, *self._hand_over(now, "asked")]
        texts = reply.texts  # choices are part of the telephone's wording
        if reply.outcome is Outcome.ANSWERED and not reply.text and any(answer.source for answer in reply.answers):
            texts = [*texts, self.prompts.anything_else[self._answers_given % len(self.prompts.anything_else)]]
            self._answers_given += 1
        return [*settings, *self._say(Phase.SPEAKING, now, texts)]

    def _obey(self, control: str) -> list[Command]:
        match control:
            case "slower":
                return [SetPace(1.25)]
            case "louder":
                return [SetVolume(1.6)]
            case "wait":
                self._next_silence_seconds = self.patience.waiting_seconds
                return []
            case _:
                return []

    # -- keys --

    def _key(self, digit: str, now: float) -> list[Command]:
        if self.phase in (Phase.RINGING, Phase.LEAVING, Phase.TRANSFERRING):
            return []
        stop: list[Command] = [StopTalking(), *self._finish_turn()]
        self.silences = 0
        if digit == "0":
            self._turn = TurnKept(key="0")
            self._segments = Segments()
            self._segments.speech_ended(now)
            return [*stop, *self._hand_over(now, "key")]
        if self.phase is Phase.GREETING:
            return []
        if digit == "*" and self._last_texts:
            return [*stop, *self._say(Phase.SPEAKING, now, self._last_texts)]
        if digit in ("1", "2", "3") and int(digit) <= len(self._choices):
            self._turn = TurnKept(key=digit)
            self._segments = Segments()
            self._segments.speech_ended(now)
            return [*stop, *self._ask(now, choice=self._choices[int(digit) - 1].intent)]
        if self.phase is Phase.SPEAKING:
            return [*stop, *self._listen(now)]
        return []

    # -- speaking and leaving --

    def _say(self, phase: Phase, now: float, texts: str | list[str] | tuple[str, ...]) -> list[Command]:
        said = (texts,) if isinstance(texts, str) else tuple(texts)
        self.phase = phase
        self.serial += 1
        self._last_texts = said
        if self._turn is not None:
            self._turn_texts = said
        self.wake_at = now + self.patience.speaking_seconds
        return [Listen(), Say(self.serial, said)]

    def _hand_over(self, now: float, reason: str) -> list[Command]:
        request: list[Command] = [] if self._person_requested else [RequestPerson(reason)]
        again, self._person_requested = self._person_requested, True
        self.misheard = 0
        if self._turn is not None and self._turn.reply is None:
            self._turn = TurnKept(
                self._turn.heard, self._turn.heard_confidence, self._turn.key, reply=Reply(Outcome.HANDOVER)
            )
        if self.can_transfer:
            self._transfer_sent = False
            return [*request, *self._say(Phase.TRANSFERRING, now, self.prompts.transferring)]
        text = self.prompts.person_requested_again if again else self.prompts.person_requested
        return [*request, *self._say(Phase.SPEAKING, now, text)]

    def _give_up(self, now: float) -> list[Command]:
        """The bot has lost its voice: pass the call on, or end it rather than stay mute."""
        request: list[Command] = [] if self._person_requested else [RequestPerson("speech_unavailable")]
        self._person_requested = True
        if self.can_transfer:
            self.phase = Phase.TRANSFERRING
            self._transfer_sent = True
            self.wake_at = now + self.patience.transfer_seconds
            return [*request, Transfer()]
        return [*request, HangUp(), *self._end("speech_unavailable")]

    def _leave(self, now: float, texts: str | list[str], reason: str) -> list[Command]:
        self.end_reason = reason
        return self._say(Phase.LEAVING, now, texts)

    def _end(self, reason: str) -> list[Command]:
        self.phase = Phase.ENDED
        self.end_reason = self.end_reason or reason
        self.wake_at = None
        return []

    def _finish_turn(self) -> list[Command]:
        """Writes the turn down once, when its answer has been said (or cut short)."""
        if self._turn is None:
            return []
        turn, self._turn = self._turn, None
        texts, self._turn_texts = self._turn_texts, ()
        kept = TurnKept(
            turn.heard,
            turn.heard_confidence,
            turn.key,
            turn.reply,
            " ".join(texts),
            self._segments.milliseconds(),
        )
        return [KeepTurn(kept)]

    def _due(self, now: float) -> bool:
        return self.wake_at is not None and now >= self.wake_at
