"""The softphones of this gateway: one for each call at most, and the newest wins.

A page that is loaded anew offers itself again while its old connection is not known to be dead yet. So the new one is
brought to the caller first, and the old one ended then.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, Protocol

import structlog

from voice.agent_leg import AgentLeg
from voice.softphone.offer import Offer, read

log = structlog.get_logger(__name__)

PART_SECONDS = 5.0
"""A call parts from an agent by itself; what is left after so long is ended here."""


class Browser(Protocol):
    """An `AgentLeg` that is answered first (`voice.softphone.peer.Peer`)."""

    async def answer(self, offer: Offer) -> str: ...
    async def connected(self) -> bool: ...
    async def over(self) -> None: ...
    def sounds(self) -> AsyncIterator[bytes]: ...
    @property
    def reason(self) -> str: ...
    async def play(self, pcm: bytes) -> None: ...
    async def hangup(self) -> None: ...


class Softphones:
    """`make` gives a browser that nobody has used yet."""

    def __init__(self, make: Callable[[], Browser]) -> None:
        self._make = make
        self._coming: dict[Browser, str] = {}
        self._there: dict[Browser, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def count(self) -> int:
        """Connections that are there, or being made."""
        return len(self._coming) + len(self._there)

    async def answer(self, conversation_id: str, sdp: str, on_connected: Callable[[AgentLeg], None]) -> str:
        """The answer (SDP) to a browser's offer; `on_connected` hears when sound can pass.

        Raises `BadMessage` for an offer that cannot be taken, `SoftphoneUnavailable` where no browser can be reached.
        """
        offer = read(sdp)
        self._forget(self._coming, conversation_id)
        browser = self._make()
        self._coming[browser] = conversation_id
        try:
            answer = await browser.answer(offer)
        except BaseException:
            self._coming.pop(browser, None)
            await browser.hangup()
            raise
        self._start(self._serve(browser, conversation_id, on_connected))
        return answer

    def part(self, conversation_id: str) -> None:
        """The call is no longer with this agent. Who is on their way never comes to it."""
        self._forget(self._coming, conversation_id)
        for browser in _of(self._there, conversation_id):
            self._start(self._end_later(browser))

    async def close(self) -> None:
        """Ends them all."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(browser.hangup() for browser in (*self._coming, *self._there)))
        self._coming.clear()
        self._there.clear()

    async def _serve(self, browser: Browser, conversation_id: str, on_connected: Callable[[AgentLeg], None]) -> None:
        try:
            came = await browser.connected()
            if came and self._coming.pop(browser, None) is not None:
                former = _of(self._there, conversation_id)
                self._there[browser] = conversation_id
                log.info("softphone.connected", conversation=conversation_id, softphones=self.count)
                on_connected(browser)
                for one in former:
                    await one.hangup()
                await browser.over()
            elif not came:
                log.warning("softphone.not_connected", conversation=conversation_id)
        except Exception:  # the supervisor of one softphone
            log.exception("softphone.broken", conversation=conversation_id)
        finally:
            self._coming.pop(browser, None)
            self._there.pop(browser, None)
            await browser.hangup()

    async def _end_later(self, browser: Browser) -> None:
        await asyncio.sleep(PART_SECONDS)
        await browser.hangup()

    def _forget(self, browsers: dict[Browser, str], conversation_id: str) -> None:
        for browser in _of(browsers, conversation_id):
            del browsers[browser]
            self._start(browser.hangup())

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _of(browsers: dict[Browser, str], conversation_id: str) -> list[Browser]:
    return [browser for browser, call in browsers.items() if call == conversation_id]
