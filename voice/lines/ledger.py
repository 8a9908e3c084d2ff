"""What a dialplan is told: the id of a call before it begins, and what comes next once it is over. Pure.

On none of these lines can the PBX see in the protocol why a call ended: a goodbye, a transfer and a crash all look
like a closed connection. So the dialplan asks, and whatever is not a clear `end` brings the caller to people.
"""

from __future__ import annotations

import uuid
from collections import OrderedDict
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

ANNOUNCED_SECONDS = 60.0
ENDED_SECONDS = 600.0
MAX_ENTRIES = 5000

Entry = TypeVar("Entry")


class Next(StrEnum):
    """What the dialplan does with the caller after the bot."""

    PERSON = "person"
    END = "end"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Announcement:
    """Who is about to call; AudioSocket itself does not tell."""

    caller: str = ""
    called: str = ""


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a call ended: `reason` for the gateway, `next` and `target` for the dialplan."""

    next: Next
    reason: str
    target: str = ""


class CallLedger:
    """Announced calls (each taken once, within a minute) and the endings of the last ten minutes."""

    def __init__(self) -> None:
        self._announced: OrderedDict[str, tuple[float, Announcement]] = OrderedDict()
        self._ended: OrderedDict[str, tuple[float, Ending]] = OrderedDict()

    def announce(self, announcement: Announcement, now: float) -> str:
        """A fresh UUID for this call."""
        call_id = str(uuid.uuid4())
        _keep(self._announced, call_id, (now, announcement))
        return call_id

    def take(self, call_id: str, now: float) -> Announcement | None:
        """The announcement of a call that begins; None when there is none (any more)."""
        at, announcement = self._announced.pop(call_id, (now - ANNOUNCED_SECONDS, None))
        return announcement if now - at < ANNOUNCED_SECONDS else None

    def end(self, call_id: str, ending: Ending, now: float) -> None:
        """Keeps how a call ended."""
        _keep(self._ended, call_id, (now, ending))

    def ending(self, call_id: str, now: float) -> Ending:
        """How a call ended; as failed when nothing is known of it."""
        at, ending = self._ended.get(call_id, (now, None))
        return ending if ending is not None and now - at < ENDED_SECONDS else Ending(Next.FAILED, "unknown")


def _keep(entries: OrderedDict[str, Entry], call_id: str, entry: Entry) -> None:
    entries.pop(call_id, None)
    entries[call_id] = entry
    if len(entries) > MAX_ENTRIES:
        entries.popitem(last=False)
