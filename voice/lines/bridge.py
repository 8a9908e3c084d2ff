"""One call of these lines joined to one connection of the gateway.

Three loops run until one of them ends the call: what comes from the line, what comes from the gateway, and
every 20 ms, on absolute deadlines, sound toward the line. How the call ended is in the ledger before the line is let
go, for the dialplan asks at once.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import structlog

from bot.errors import ProtocolError
from voice import framing
from voice.leg import FRAME_SECONDS, CallInfo, Key, Played, Sound, TransferFailed
from voice.line_client import GatewayLink, Refused, offer_call
from voice.lines.far_side import FarSide
from voice.lines.ledger import CallLedger, Ending, Next
from voice.sip.play_queue import PlayQueue
from voice.sip.silence import SilenceFiller

log = structlog.get_logger(__name__)

MAX_LATE_SECONDS = 0.2
MAX_KEYS_PER_SECOND = 20

Frame = framing.Frame


class KeyLimit:
    """Lets through as many keys a second as a hand can press, and more. Pure."""

    def __init__(self) -> None:
        self._second = float("-inf")
        self._count = 0

    def allows(self, now: float) -> bool:
        """Whether one more key is believable now."""
        if now - self._second >= 1.0:
            self._second, self._count = now, 0
        self._count += 1
        return self._count <= MAX_KEYS_PER_SECOND


class CallBridge:
    """`run` lasts as long as the call; `stop` ends it from outside."""

    def __init__(
        self, far: FarSide, info: CallInfo, *, socket_path: Path, ledger: CallLedger, idle_seconds: float
    ) -> None:
        self.info = info
        self.is_over = False
        """The line has been let go of; the gateway may still be putting things away."""
        self._far = far
        self._socket_path = socket_path
        self._ledger = ledger
        self._idle_seconds = idle_seconds
        self._queue = PlayQueue()
        self._filler = SilenceFiller()
        self._keys = KeyLimit()
        self._loop = asyncio.get_running_loop()
        self._active_at = self._loop.time()
        self._stopped: asyncio.Future[Ending] = self._loop.create_future()

    async def run(self) -> None:
        """Offers and carries the call. Never raises for what either side does."""
        try:
            link = await offer_call(self._socket_path, self.info)
        except Refused as refusal:
            log.warning("lines.refused", protocol=self.info.protocol, reason=str(refusal))
            await self._let_go(Ending(Next.FAILED, str(refusal)))
            return
        ending = Ending(Next.FAILED, "line_error")
        try:
            ending = await self._carry(link)
        finally:
            await self._let_go(ending)
            await link.close(ending.reason)

    def stop(self, reason: str) -> None:
        """Ends the call; the caller goes to people."""
        if not self._stopped.done():
            self._stopped.set_result(Ending(Next.FAILED, reason))

    async def _carry(self, link: GatewayLink) -> Ending:
        loops: list[Coroutine[Any, Any, Ending]] = [
            self._from_gateway(link),
            self._from_far(link),
            self._every_20_ms(link),
        ]
        tasks = [asyncio.create_task(loop) for loop in loops]
        try:
            done, _ = await asyncio.wait([*tasks, self._stopped], return_when=asyncio.FIRST_COMPLETED)
            return next(task for task in [*tasks, self._stopped] if task in done).result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _let_go(self, ending: Ending) -> None:
        self.is_over = True
        self._ledger.end(self.info.line_id, ending, self._loop.time())
        with contextlib.suppress(OSError):
            await self._far.close()

    # ---- from the gateway

    async def _from_gateway(self, link: GatewayLink) -> Ending:
        try:
            async for frame in link.frames():
                if (ending := self._perform(frame, link)) is not None:
                    return ending
        except ProtocolError as error:
            log.warning("lines.protocol_error", side="gateway", reason=str(error))
            return Ending(Next.FAILED, "protocol_error")
        except OSError:
            pass
        return Ending(Next.FAILED, "gateway_lost")

    def _perform(self, frame: Frame, link: GatewayLink) -> Ending | None:
        match frame:
            case Sound(pcm=pcm):
                self._queue.add(pcm)
            case framing.Mark(name=name):
                self._queue.mark(name)
            case framing.Flush():
                for name in [*self._far.flush(), *self._queue.flush()]:
                    link.send(Played(name))
            case framing.Transfer(target=target) if self.info.can_transfer:
                return Ending(Next.PERSON, "transferred", target)
            case framing.Transfer():
                link.send(TransferFailed("not_sent"))
            case framing.HangUp():
                return Ending(Next.END, "bot")
            case _:
                raise ProtocolError(f"a gateway may not send {type(frame).__name__} here")
        return None

    # ---- from the line

    async def _from_far(self, link: GatewayLink) -> Ending:
        try:
            async for event in self._far.events():
                now = self._active_at = self._loop.time()
                match event:
                    case Sound(pcm=pcm):
                        _send_sound(link, self._filler.complete(pcm, now))
                    case Key() if not self._keys.allows(now):
                        pass
                    case _:
                        link.send(event)
        except ProtocolError as error:
            log.warning("lines.protocol_error", side="line", protocol=self.info.protocol, reason=str(error))
            return Ending(Next.FAILED, "line_protocol_error")
        except OSError:
            pass
        return Ending(Next.END, "caller")

    # ---- every 20 ms

    async def _every_20_ms(self, link: GatewayLink) -> Ending:
        deadline = self._loop.time()
        while True:
            now = self._loop.time()
            if now - self._active_at > self._idle_seconds:
                return Ending(Next.FAILED, "no_sound_received")
            try:
                for name in self._far.transmit(self._queue, now):
                    link.send(Played(name))
            except OSError:
                return Ending(Next.FAILED, "line_stuck")
            _send_sound(link, self._filler.complete(b"", now))
            deadline = max(deadline + FRAME_SECONDS, now - MAX_LATE_SECONDS)
            await asyncio.sleep(max(0.0, deadline - self._loop.time()))


def _send_sound(link: GatewayLink, pcm: bytes) -> None:
    """Sound of any length: a provider may send half a minute at once."""
    for start in range(0, len(pcm), framing.MAX_SOUND_BYTES):
        link.send(Sound(pcm[start : start + framing.MAX_SOUND_BYTES]))
