"""The seam between a call and the desk: what a call asks, and how it hears how its request stands.

The desk keeps the state (`bot.desk`, in the database); a call is told where it stands, as often as it changes and
perhaps more than once, as `call_messages.DeskSaid`, and never that something "happened": who is told late or twice
does the same as who is told in time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from voice import call_messages as m


class CallDesk(Protocol):
    """One for a gateway; implemented by `bot.desk.callers.Callers`.

    `request`, `cancel` and `told` are awaited one after the other, and after the turns before them have been kept.
    Methods never raise for a desk that does not answer: the call then hears `DeskSaid(REFUSED, "unavailable")`.
    """

    def enter(self, conversation_id: str, tell: Callable[[m.Event], None]) -> None:
        """The call is on, in this gateway: from now on `tell` gets `DeskSaid`, `AgentOnLine` and `TransferAsked`."""
        ...

    def leave(self, conversation_id: str) -> None:
        """The call is over: nothing more is told; its request is closed or becomes a missed call."""
        ...

    async def request(self, conversation_id: str, reason: str) -> None:
        """The caller wants a person and will wait. How it stands is told, also that nobody is there."""
        ...

    async def cancel(self, conversation_id: str, *, listed: bool = False) -> None:
        """The caller waits no more: went back to the bot, or, `listed`, is to be called back as after a missed call."""
        ...

    async def told(self, conversation_id: str, what: m.DeskNews) -> None:
        """What happened on the line, and the desk cannot know otherwise."""
        ...
