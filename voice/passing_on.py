"""A call that the line passes on to a telephone: the words before it, the transfer, a word while it rings. Pure."""

from __future__ import annotations

from collections.abc import Callable

from voice import call_messages as m
from voice.patience import Patience


class PassingOn:
    """Begins when the caller has been told; feed events to `handle` until `failed` says why. Success ends the call.

    `word` makes the commands of a word to wait by. `target` as in `Transfer`.
    """

    def __init__(
        self, patience: Patience, now: float, word: Callable[[], list[m.Command]], *, target: str = ""
    ) -> None:
        self.failed: str | None = None
        self.wake_at = now + patience.speaking_seconds
        self._patience = patience
        self._word = word
        self._target = target
        self._sent = False
        self._deadline = 0.0

    def handle(self, event: m.Event, now: float) -> list[m.Command]:
        """What to do about `event`; what does not belong to a transfer is ignored."""
        match event:
            case m.Said() if not self._sent:
                return self.send(now)
            case m.TransferRefused(reason=reason):
                self.failed = reason
            case m.Tick() if now < self.wake_at:
                pass
            case m.Tick() if not self._sent:
                return [m.StopTalking(), *self.send(now)]
            case m.Tick() if now >= self._deadline:
                self.failed = "no_answer"
            case m.Tick():
                self._wait(now)
                return self._word()
        return []

    def send(self, now: float) -> list[m.Command]:
        """Without waiting for the end of the words."""
        self._sent = True
        self._deadline = now + self._patience.transfer_seconds
        self._wait(now)
        return [m.Note(m.NoteKind.TRANSFER), m.Transfer(self._target)]

    def _wait(self, now: float) -> None:
        self.wake_at = min(self._deadline, now + self._patience.transfer_word_seconds)
