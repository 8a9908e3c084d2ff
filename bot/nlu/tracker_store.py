"""Conversations in memory, and only for as long as they can still be going on.

Rasa's own in-memory store never forgets: every word ever said would stay in the process. What a conversation
needs here are its last choices and its last reply; the lasting record is the gateway's. So this store keeps a
bounded number of conversations, each for `idle_minutes` after its last message, and only its latest events,
which also keeps a long conversation as fast as a new one.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import SerializedTrackerAsText, TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker


class ForgetfulTrackerStore(TrackerStore, SerializedTrackerAsText):  # type: ignore[misc]  # Rasa has no types
    """Configured in endpoints.yml."""

    def __init__(
        self,
        domain: Domain | None,
        event_broker: EventBroker | None = None,
        idle_minutes: float = 30,
        most_conversations: int = 2000,
        latest_events: int = 60,
        **kwargs: Any,
    ) -> None:
        self._idle_seconds = float(idle_minutes) * 60
        self._most = int(most_conversations)
        self._latest_events = int(latest_events)
        self._kept: OrderedDict[str, tuple[float, str]] = OrderedDict()
        super().__init__(domain, event_broker)

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Keeps the conversation as the youngest, and forgets the idle and the supernumerary."""
        await self.stream_events(tracker)
        now = time.monotonic()
        self._kept[tracker.sender_id] = (now, self.serialise_tracker(tracker))
        self._kept.move_to_end(tracker.sender_id)
        while self._kept:
            last_used, _ = next(iter(self._kept.values()))
            if len(self._kept) <= self._most and now - last_used <= self._idle_seconds:
                break
            self._kept.popitem(last=False)

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The conversation with its latest events, or None once it is forgotten."""
        found = self._kept.get(sender_id)
        if found is None or time.monotonic() - found[0] > self._idle_seconds:
            return None
        self.max_event_history = self._latest_events
        return self.deserialise_tracker(sender_id, found[1])

    async def keys(self) -> Iterable[str]:
        """The conversations known."""
        return list(self._kept)
