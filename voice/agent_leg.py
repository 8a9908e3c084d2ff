"""A person's end of a call that is joined to them: a softphone in the console, or a telephone that was rung for them.

Sound is live, unlike a bot's (`voice.leg`): what comes late is dropped, never queued, for two people speak with each
other. Signed 16-bit little-endian mono PCM at 8 kHz, 20 ms at a time.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol


class AgentLeg(Protocol):
    """There from its making until `sounds` ends. After that every method is a no-op."""

    def sounds(self) -> AsyncIterator[bytes]:
        """What the person says, for one reader; ends when the person is gone, `reason` then says why."""
        ...

    @property
    def reason(self) -> str:
        """`hung_up` (the person ended it), `lost` (the network did), or empty while the person is there."""
        ...

    async def play(self, pcm: bytes) -> None:
        """Sound of the caller, or of the bot. Never waits."""
        ...

    async def hangup(self) -> None:
        """Ends it."""
        ...
