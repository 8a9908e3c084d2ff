"""What a visitor says into a page, from the press of the button to words, or to the knowledge that there are none.

One utterance as on the telephone (`voice/listening.py`), with three differences. The visitor may end it by a second
press. A noise without words does not end it: it goes on listening, up to its limit. And once over it stays over, since
the microphone is off by then.

Time is that of the sound itself, in seconds received, not a clock's: a network that stalls in the middle of a word is
no pause, and sound that comes late, all at once, is heard as it was spoken. Pure.

    LISTENING ──silence, limit, second press──► ENOUGH ──words, or none──► DONE
        ▲───────────noise────────┘
"""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from enum import StrEnum

from voice.call_messages import Command, Event, Heard, Listen, Tick
from voice.listening import Listening, Stage
from voice.patience import Patience
from voice.turn import Hearing


class State(StrEnum):
    """ENOUGH: no more sound is wanted, the words are not known yet."""

    LISTENING = "listening"
    ENOUGH = "enough"
    DONE = "done"


def unhurried(patience: Patience, factor: float, limit_seconds: float) -> Patience:
    """The telephone's patience for who composes a message: every silence that ends a turn is `factor` times as long."""
    return replace(
        patience,
        turn_over_seconds=patience.turn_over_seconds * factor,
        turn_over_complete_seconds=patience.turn_over_complete_seconds * factor,
        turn_over_short_seconds=patience.turn_over_short_seconds * factor,
        turn_over_unfinished_seconds=patience.turn_over_unfinished_seconds * factor,
        turn_over_digits_seconds=patience.turn_over_digits_seconds * factor,
        max_utterance_seconds=limit_seconds,
    )


class Dictation:
    """Feed every event to `handle`, perform what it returns (`Transcribe`, `StopTranscribing`, `Listen`), in order.

    Unless it is done, a `Tick` with the sound's own time must come at least as often as sound does.
    """

    def __init__(self, patience: Patience, limit_seconds: float) -> None:
        self.state = State.LISTENING
        self.hearing: Hearing | None = None
        """When done: what was heard, or the last noise, or None for silence."""
        self.failed = False
        """When done: whether the recogniser failed."""
        self._patience = patience
        self._limit_seconds = limit_seconds
        self._attempts = itertools.count(1)
        self._listening = Listening(patience, 0.0, self._attempts)

    def handle(self, event: Event, now: float) -> list[Command]:
        """What to do about `event`; `now` is how many seconds of sound have come."""
        if self.state is State.DONE:
            return []
        if self.state is State.ENOUGH:
            return self._follow(self._listening.handle(event, math.inf), now) if isinstance(event, Heard) else []
        if isinstance(event, Tick) and now >= self._limit_seconds:
            return self.finish(now)
        return self._follow(self._listening.handle(event, now), now)

    def finish(self, now: float) -> list[Command]:
        """No more sound will come: the visitor has pressed again, the limit is reached, or the connection ended."""
        if self.state is not State.LISTENING:
            return []
        self.state = State.ENOUGH
        commands = self._listening.finish_now(now)
        if self._listening.stage is Stage.SILENT:
            self.state = State.DONE
        return self._follow(commands, now)

    def _follow(self, commands: list[Command], now: float) -> list[Command]:
        match self._listening.stage:
            case Stage.OVER if self.state is State.LISTENING:
                self.state = State.ENOUGH
            case Stage.DONE:
                return [*commands, *self._heard_out(now)]
        return commands

    def _heard_out(self, now: float) -> list[Command]:
        heard = self._listening
        hearing = heard.hearing if heard.spoke else None
        if self.state is State.LISTENING and hearing is not None and not hearing.plausible:
            self.hearing = hearing
            self._listening = Listening(self._patience, now, self._attempts)
            return [Listen()]
        self.hearing = hearing or self.hearing
        self.failed = heard.spoke and hearing is None
        self.state = State.DONE
        return []
