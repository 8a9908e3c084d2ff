"""What the bot is saying, and what may interrupt it. Pure.

A line brings the bot's own voice back, faintly. While the legal notice is read nobody can interrupt, so a sound that is
there much of that time is echo, and its loudest moment is what a caller must exceed afterwards. Somebody who says
"allô" over the notice is there less. Measured (bench/turn_taking.py): no echo of -15 to -30 dB stops the bot,
and no caller of ordinary loudness is missed. A place where something keeps stopping the bot (a radio) must speak
longer each time.
"""

from __future__ import annotations

from voice.ear import Onset, Started, Sustained
from voice.patience import Patience

_ECHO_SHARE = 0.4
"""Of the notice, during which an echo sounds like speech."""
_NOTHING_DB = -96.0


class TalkState:
    """`texts` are the last ones said, `paused` that the bot has stopped to hear what interrupts it."""

    def __init__(self) -> None:
        self.texts: tuple[str, ...] = ()
        self.after_hold: tuple[str, ...] = ()
        self.answer_serial = 0
        self.paused = False
        self.sentences_left = 0
        self.false_starts = 0
        self._false_starts_before = 0
        self._heard_seconds = 0.0
        self._heard_db = _NOTHING_DB
        self._gate_db = _NOTHING_DB

    def says(self, serial: int, texts: tuple[str, ...]) -> None:
        """Something new is said."""
        self.texts = texts
        self.answer_serial = serial
        self.paused = False
        self.false_starts, self._false_starts_before = self._false_starts_before, 0

    def stopped_for_nothing(self, *, speaking: bool) -> None:
        """What the bot was interrupted by was nothing; if it was not `speaking` yet, what it says next is warned."""
        self.paused = False
        self.false_starts += 1
        if not speaking:
            self._false_starts_before += 1

    def heard_over_notice(self, seconds: float, level_db: float) -> None:
        """Speech that was heard while nobody could interrupt: `seconds` of it so far."""
        self._heard_seconds = max(self._heard_seconds, seconds)
        self._heard_db = max(self._heard_db, level_db)

    def notice_over(self, lasted_seconds: float, patience: Patience) -> None:
        """From now on the caller may interrupt, if louder than the echo of the notice that lasted so long."""
        self._gate_db = patience.caller_above_db
        if self._heard_seconds >= _ECHO_SHARE * lasted_seconds > 0:
            above_echo = min(self._heard_db + patience.echo_margin_db, patience.caller_surely_above_db)
            self._gate_db = max(self._gate_db, above_echo)

    def interrupted_by(self, speech: Onset | Started | Sustained, patience: Patience) -> bool:
        """Whether that much speech, that loud, stops the bot. The mere onset of a voice does until it was nothing."""
        if isinstance(speech, Onset):
            long_enough = self.false_starts == 0
        else:
            long_enough = speech.seconds >= patience.interrupt_seconds * (1 + self.false_starts)
        return long_enough and speech.level_db >= self._gate_db
