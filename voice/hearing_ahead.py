"""Writes down what a caller has said before it is certain that they have paused.

A pause is one after 0.13 s, but two frames into it (64 ms) everything that was said is in the sound already, and what
comes after is silence. So the transcription begins then, if a recogniser stays free for others. Most such hushes are
gaps inside a sentence: the caller goes on, and what was begun is given up between its steps. The last one is the
transcription that the call asks for when the pause has become one, and it is a tenth of a second further.
"""

from __future__ import annotations

import asyncio

from voice.ear import EarEvent, Resumed, Started, Sustained
from voice.line_ear import Hushed, LineEar
from voice.speech import Speech
from voice.turn import Expecting, Hearing

HUSH_FRAMES = 2
"""Of silence, after which a transcription begins. After one frame a third more of them begin for nothing, and one in
ten of those that matter finds the recogniser still busy with such a one (docs/decisions/0010-recogniser-speed.md)."""

LEAST_SPEECH_SECONDS = 1.0
"""What is shorter is transcribed within the silence that has to be waited for anyway, and a single word may be worse
heard without its soft end."""


class HearingAhead:
    """What one caller's ear has heard, in words. All methods belong to the event loop's thread."""

    def __init__(self, speech: Speech, hearing: LineEar) -> None:
        self._speech = speech
        self._hearing = hearing
        self._begun: asyncio.Task[Hearing] | None = None

    def notice(self, event: EarEvent | Hushed, expecting: Expecting | None) -> None:
        """Begins at a hush while the call listens; what was begun is over when the caller goes on.

        `expecting` is what it listens for; None while it does not.
        """
        match event:
            case Hushed() if expecting and (ear := self._hearing.ear).speech_seconds >= LEAST_SPEECH_SECONDS:
                self.drop()
                self._begun = self._speech.hear_ahead(ear.utterance(), ear.speech_seconds, expecting)
            case Started() | Sustained() | Resumed():
                self.drop()

    def drop(self) -> None:
        """What was begun is of no use: there is more sound by now, or another utterance."""
        if self._begun is not None:
            self._begun.cancel()
            self._begun = None

    async def words(self, expecting: Expecting = Expecting.QUESTION) -> Hearing:
        """The utterance so far. Raises `SpeechUnavailable`."""
        begun, self._begun = self._begun, None
        ear = self._hearing.ear
        return await self._speech.hear(ear.utterance(), ear.speech_seconds, begun, expecting=expecting)
