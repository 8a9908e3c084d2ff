"""What happens in a call, written to its request: while the store is away it is owed, and written once it is back."""

from __future__ import annotations

import asyncio

import structlog

from bot.desk.desk import Desk
from bot.desk.events import CallOver, Cancelled, Event, Joined
from bot.errors import GuichetError, StoreUnavailable, Unwritable

log = structlog.get_logger(__name__)


class OfCalls:
    """The requests of the calls of one gateway. `pay` is to be called when the desk has changed, until it succeeds."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._owed: list[tuple[str, Event]] = []
        self._paying = asyncio.Lock()

    async def change(self, handover_id: str, event: Event) -> bool:
        """Whether it changed anything, now or as soon as the store is back."""
        try:
            return await self._changed(handover_id, event)
        except Unwritable as error:
            log.error("callers.not_written", handover=handover_id, error=str(error))
            return False
        except StoreUnavailable as error:
            log.error("callers.owed", handover=handover_id, error=str(error))
            self._owed.append((handover_id, event))
            self._desk.bus.changed()
            return True
        except GuichetError:  # somebody was quicker
            return False

    async def tell(self, handover_id: str, event: Event) -> None:
        """The same, for who does not ask what came of it."""
        await self.change(handover_id, event)

    async def pay(self) -> None:
        """In the order in which it came to be owed. Raises `StoreUnavailable`: then it is still owed.

        What fails for any other reason is owed no more: it would keep all the others from being told.
        """
        async with self._paying:
            while self._owed:
                owed = self._owed.pop(0)
                try:
                    await self._changed(*owed)
                except Unwritable as error:
                    log.error("callers.not_written", handover=owed[0], error=str(error))
                except (StoreUnavailable, asyncio.CancelledError):
                    self._owed.insert(0, owed)
                    raise
                except GuichetError as error:
                    log.info("callers.too_late", error=str(error))

    async def _changed(self, handover_id: str, event: Event) -> bool:
        before = await self._desk.store.handover_by_id(handover_id)
        if before is None:
            return False
        if isinstance(event, Joined):
            await self._desk.spoken(before)
            return True
        if isinstance(event, Cancelled | CallOver):
            after = await self._desk.call_ends(before, event)
        else:
            after = await self._desk.change(before, event)
        return after.version != before.version
