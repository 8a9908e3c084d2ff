"""One SIP call joined to one connection of the gateway.

A call that comes in is offered to the gateway before it is answered; one that we placed is offered once the other side
has answered. Then two loops run until either side ends it: frames from the gateway are performed as they come, and
every 20 ms, on absolute deadlines, received sound goes to the gateway and queued sound to the stack. While the other
side holds us, neither does.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import structlog
from baresip import AudioWarning, Call
from baresip.call import CallState
from baresip.errors import AudioNotActive, AudioRestarted, BaresipError
from baresip.events import Event, StackEvent

from bot.errors import ProtocolError
from voice import framing
from voice.leg import FRAME_SECONDS, CallInfo, Held, Key, Played, Retrieved, Sound, TransferFailed, TransferMode
from voice.line_client import GatewayLink, Refused, offer_call
from voice.sip.sound import CallSound
from voice.sip.transfer import TransferImpossible, Transfers

log = structlog.get_logger(__name__)

CLOSE_SECONDS = 5.0
RESCUE_SECONDS = 3.0
SOUND_SECONDS = 5.0
"""An answered call that has no sound by then never will: its offer was a picture only."""
MAX_LATE_SECONDS = 0.2

REASONS = {
    "Connection reset by peer [104]": "caller",
    "Call transfered": "transferred",
    "rtp stream error": "no_sound_received",
}
"""What the stack says when a call closes, in our words."""


class CallBridge:
    """`run` lasts as long as the call. `call` is baresip's: still ringing, or placed by us and answered.

    A caller who would lose us through a fault of ours or a stop is passed on to `rescue_to`, if that is set: for a PBX
    our hanging up would be a goodbye like any other.
    """

    def __init__(
        self, call: Call, info: CallInfo, socket_path: Path, transfers: Transfers, *, rescue_to: str = ""
    ) -> None:
        self.info = info
        self._call = call
        self._socket_path = socket_path
        self._transfers = transfers
        self._rescue_to = rescue_to
        self._rescuing: asyncio.Future[None] | None = None
        self._sound = CallSound(call.audio)
        self._over = asyncio.Event()
        self._reason = ""
        self._answered = call.state is CallState.ESTABLISHED
        self._holds: set[str] = set()
        self._link: GatewayLink | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        call.on(self._on_stack_event)
        call.on_audio_warning(_on_audio_warning)
        if call.state is CallState.CLOSED:  # before we could listen
            self._over.set()

    async def run(self) -> None:
        """Offers, answers and carries the call. Never raises for what either side does."""
        try:
            self._link = await offer_call(self._socket_path, self.info)
        except Refused as refusal:
            log.warning("sip.refused", reason=str(refusal))
            await self._end_call()
        else:
            await self._carry(self._link)
        finally:
            await self._close()

    async def hang_up(self, reason: str = "bot") -> None:
        """Ends the call, in any state."""
        if self._answered and reason != "bot":
            await self._rescue()
        self._reason = self._reason or reason
        await self._end_call()

    async def _rescue(self) -> None:
        if not self._rescue_to or self._over.is_set() or self.info.reference:
            return
        if self._rescuing is None:
            passing_on = self._transfers.transfer(self._rescue_to, TransferMode.BLIND, {}, RESCUE_SECONDS)
            self._rescuing = asyncio.ensure_future(passing_on)
        with contextlib.suppress(TransferImpossible):
            await asyncio.shield(self._rescuing)

    def address_withheld(self, withheld: bool) -> None:
        """The other side has described its sound anew; without an address it is a hold that the stack does not see."""
        if self._answered:
            self._hold("address", withheld)

    # ---- the beginning and the end

    async def _carry(self, link: GatewayLink) -> None:
        if not self._over.is_set() and not self._answered:
            try:
                # video=True: without it the stack sends a needless re-INVITE within 150 ms.
                await self._call.answer(video=True)
                self._answered = True
            except BaresipError:  # the caller has hung up meanwhile
                await self._end_call()
        self._start(self._perform_frames(link))
        self._start(self._pump())
        await self._over.wait()

    async def _end_call(self) -> None:
        if self._over.is_set():
            return
        with contextlib.suppress(BaresipError):
            await (self._call.hangup() if self._answered else self._call.reject())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._over.wait()
        self._over.set()

    async def _close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._call.off(self._on_stack_event)
        self._call.off_audio_warning(_on_audio_warning)
        if self._link is not None:
            await self._link.close(self._reason or "line_error")

    def _on_stack_event(self, event: StackEvent) -> None:
        if event.event is Event.CALL_CLOSED:
            self._reason = self._reason or REASONS.get(event.text or "", "line_error")
            self._over.set()
        elif event.event is Event.CALL_DTMF_START and event.text in framing.KEYS:
            # At the start of the key, not its end: a pressed key must cut speech at once.
            self._send(Key(event.text))
        elif event.event in (Event.CALL_HOLD, Event.CALL_RESUME):
            self._hold("direction", event.event is Event.CALL_HOLD)

    def _hold(self, way: str, held: bool) -> None:
        before = bool(self._holds)
        (self._holds.add if held else self._holds.discard)(way)
        if bool(self._holds) is not before:
            self._send(Held() if held else Retrieved())

    # ---- from the gateway

    async def _perform_frames(self, link: GatewayLink) -> None:
        reason = "gateway_lost"
        try:
            async for frame in link.frames():
                self._perform(frame)
        except ProtocolError as error:
            log.warning("sip.protocol_error", reason=str(error))
            reason = "protocol_error"
        except OSError:
            pass
        await self.hang_up(reason)

    def _perform(self, frame: framing.Frame) -> None:
        match frame:
            case Sound(pcm=pcm):
                self._say(pcm)
            case framing.Mark(name=name):
                self._sound.queue.mark(name)
            case framing.Flush():
                self._played(self._sound.flush())
            case framing.Transfer():
                self._start(self._transfer(frame))
            case framing.HangUp():
                self._start(self.hang_up())
            case _:
                raise ProtocolError(f"a gateway may not send {type(frame).__name__} here")

    async def _transfer(self, wanted: framing.Transfer) -> None:
        try:
            await self._transfers.transfer(wanted.target, wanted.mode, wanted.context)
        except TransferImpossible as failure:
            if not self._over.is_set():
                self._send(TransferFailed(str(failure)))

    # ---- sound, every 20 ms

    async def _pump(self) -> None:
        loop = asyncio.get_running_loop()
        deadline = started = loop.time()
        has_sound = False
        while not self._over.is_set():
            # Not yet, no longer, or renegotiated just now: bound anew at the next look.
            with contextlib.suppress(AudioNotActive, AudioRestarted):
                self._look(loop.time())
                has_sound = True
            if not has_sound and loop.time() > started + SOUND_SECONDS:
                self._start(self.hang_up("no_sound_received"))
                return
            deadline = max(deadline + FRAME_SECONDS, loop.time() - MAX_LATE_SECONDS)
            await asyncio.sleep(max(0.0, deadline - loop.time()))

    def _look(self, now: float) -> None:
        heard = self._sound.receive(now)
        if self._holds:  # what comes is their music
            return
        for start in range(0, len(heard), framing.MAX_SOUND_BYTES):  # after a stall, all that it lasted
            self._send(Sound(heard[start : start + framing.MAX_SOUND_BYTES]))
        self._played(self._sound.transmit())

    def _say(self, pcm: bytes) -> None:
        if self._holds:
            self._sound.queue.add(pcm)
            return
        with contextlib.suppress(AudioNotActive, AudioRestarted):
            self._played(self._sound.say(pcm))

    # ---- small things

    def _send(self, frame: framing.Frame) -> None:
        if self._link is not None:
            self._link.send(frame)

    def _played(self, marks: list[str]) -> None:
        for name in marks:
            self._send(Played(name))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        """A call without one of its loops would go on mute: it is ended, and its caller passed on."""
        self._tasks.discard(task)
        if task.cancelled() or (fault := task.exception()) is None or self._over.is_set():
            return
        log.error("sip.call_fault", fault=type(fault).__name__, exc_info=fault)
        if self._reason:  # it happened while ending it
            self._over.set()
        else:
            self._start(self.hang_up("line_error"))


def _on_audio_warning(warning: AudioWarning) -> None:
    """The stack ran dry in the middle of speech, or was not read in time: the machine is too busy for telephony."""
    log.warning("sip.sound_gap", direction=warning.direction, detail=warning.message)
