"""Calls that the gateway asks for: one more connection to it, which begins with `CanDial`.

It is made again whenever it is lost; calls that ring meanwhile are given up, for nobody could speak to whom answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog

from bot.errors import ProtocolError
from voice.framing import CanDial, Dial, DialFailed, StopDialling
from voice.line_client import GatewayLink, Refused, connect

log = structlog.get_logger(__name__)

RETRY_SECONDS = 1.0
MAX_RINGING = 50

Place = Callable[[Dial], Awaitable[str]]
"""Places a call; returns why it was not answered, or nothing when it was."""


class Dialler:
    """`run` until cancelled."""

    def __init__(self, socket_path: Path, place: Place) -> None:
        self._socket_path = socket_path
        self._place = place
        self._ringing: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Offers the gateway to place calls, for ever."""
        while True:
            try:
                link = await connect(self._socket_path)
            except Refused:
                await asyncio.sleep(RETRY_SECONDS)
                continue
            try:
                await self._serve(link)
            except (OSError, ProtocolError) as error:
                log.warning("sip.dialler_lost", reason=type(error).__name__)
            finally:
                await self._give_up()
                await link.drop()
            await asyncio.sleep(RETRY_SECONDS)

    async def _serve(self, link: GatewayLink) -> None:
        link.send(CanDial())
        async for frame in link.frames():
            match frame:
                case Dial(reference=reference):
                    self._begin(link, frame, reference)
                case StopDialling(reference=reference):
                    if reference in self._ringing:
                        self._ringing[reference].cancel()
                case _:
                    raise ProtocolError(f"a gateway may not send {type(frame).__name__} here")

    def _begin(self, link: GatewayLink, dial: Dial, reference: str) -> None:
        if len(self._ringing) >= MAX_RINGING or reference in self._ringing:
            link.send(DialFailed(reference, "not_sent"))
            return
        task = self._ringing[reference] = asyncio.create_task(self._dial(link, dial))

        def ended(task: asyncio.Task[None]) -> None:
            del self._ringing[reference]
            if task.cancelled():  # it may not even have begun
                link.send(DialFailed(reference, "cancelled"))

        task.add_done_callback(ended)

    async def _dial(self, link: GatewayLink, dial: Dial) -> None:
        if reason := await self._place(dial):
            link.send(DialFailed(dial.reference, reason))

    async def _give_up(self) -> None:
        ringing = list(self._ringing.values())
        for task in ringing:
            task.cancel()
        await asyncio.gather(*ringing, return_exceptions=True)
