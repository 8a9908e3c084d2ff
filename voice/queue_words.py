"""What a waiting caller hears of their place in the queue: every half minute, sooner when it is better. Pure."""

from __future__ import annotations

import math

from voice.patience import Patience
from voice.prompts import PhonePrompts

_KEYS_EVERY = 4
"""The keys are told with the first word and each fourth after it, every two minutes."""


class QueueWords:
    """`begin`, then `again` whenever `due_at` has come. `place` and the wait are None while they are not known."""

    def __init__(self, prompts: PhonePrompts, patience: Patience, *, can_call_back: bool) -> None:
        self.place: int | None = None
        self.due_at = 0.0
        self._prompts = prompts
        self._patience = patience
        self._keys = prompts.desk_keys_callback if can_call_back else prompts.desk_keys
        self._wait_seconds: int | None = None
        self._said = 0
        self._said_at = 0.0

    def stands(self, place: int | None, wait_seconds: int | None, now: float) -> None:
        """Where the caller is now."""
        is_better = place is not None and (self.place is None or place < self.place)
        self.place, self._wait_seconds = place, wait_seconds
        if is_better:
            self.due_at = min(self.due_at, max(now, self._said_at + self._patience.queue_better_seconds))

    def begin(self, lead: str, now: float) -> tuple[str, ...]:
        """Behind `lead`, on the way into the queue."""
        self._said = 0
        return (lead, *self._standing(now), self._keys)

    def again(self, now: float) -> tuple[str, ...]:
        """Between two moments of music."""
        texts = (*self._standing(now), self._prompts.desk_patience)
        return (*texts, self._keys) if self._said % _KEYS_EVERY == 1 else texts

    def _standing(self, now: float) -> list[str]:
        self._said += 1
        self._said_at = now
        self.due_at = now + self._patience.queue_word_seconds
        prompts, texts = self._prompts, []
        match self.place:
            case None:
                pass
            case 1:
                texts.append(prompts.desk_next)
            case 2:
                texts.append(prompts.desk_one_before)
            case place:
                texts.append(prompts.desk_before.format(people=place - 1))
        if self._wait_seconds is not None:
            minutes = math.ceil(self._wait_seconds / 60)
            texts.append(prompts.desk_soon if minutes <= 1 else prompts.desk_wait.format(minutes=minutes))
        return texts
