"""One SIP call joined to one connection of the gateway.

The call is offered to the gateway before it is answered. Then two loops run until either side ends it:
frames from the gateway are performed as they come, and every 20 ms, on absolute deadlines, received sound
goes to the gateway and queued sound to the stack. At most 80 ms wait in the stack, so that a flush is heard
at once; with nothing queued the stack itself sends silence, so the caller's side never sees the sound stop.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import structlog
from baresip import AudioWarning, Call
from baresip.errors import AudioNotActive, AudioRestarted, BaresipError
from baresip.errors import TransferFailed as StackTransferFailed
from baresip.events import Event, StackEvent

from bot.errors import ProtocolError
from voice import framing
from voice.leg import FRAME_BYTES, FRAME_SECONDS, RATE_HZ, CallInfo, Key, LineClosed, Played, Sound, TransferFailed
from voice.sip.play_queue import PlayQueue
from voice.sip.silence import SilenceFiller

log = structlog.get_logger(__name__)

CONNECT_SECONDS = 1.0
ACCEPT_SECONDS = 5.0
CLOSE_SECONDS = 5.0
TRANSFER_SECONDS = 30.0
AHEAD_BYTES = 4 * FRAME_BYTES
READ_BYTES = 32768
MAX_UNSENT_BYTES = 30 * 16000
MAX_LATE_SECONDS = 0.2

REASONS = {
    "Connection reset by peer [104]": "caller",
    "Call transfered": "transferred",
    "rtp stream error": "no_sound_received",
}
"""What the stack says when a call closes, in our words."""


class Refused(Exception):
    """The gateway is absent, does not answer, or has no place for this call."""


class CallBridge:
    """`run` lasts as long as the call. `call` is baresip's, still ringing."""

    def __init__(self, call: Call, info: CallInfo, socket_path: Path) -> None:
        self.info = info
        self._call = call
        self._socket_path = socket_path
        self._queue = PlayQueue()
        self._filler = SilenceFiller()
        self._over = asyncio.Event()
        self._reason = ""
        self._answered = False
        self._writer: asyncio.StreamWriter | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._flushed = False
        call.on(self._on_stack_event)
        call.on_audio_warning(_on_audio_warning)

    async def run(self) -> None:
        """Offers, answers and carries the call. Never raises for what either side does."""
        try:
            reader, decoder = await self._offer()
        except Refused as refusal:
            log.warning("sip.refused", reason=str(refusal))
            await self._end_call()
        else:
            await self._carry(reader, decoder)
        finally:
            await self._close()

    async def hang_up(self, reason: str = "bot") -> None:
        """Ends the call, in any state."""
        self._reason = self._reason or reason
        await self._end_call()

    # ---- the beginning and the end

    async def _offer(self) -> tuple[asyncio.StreamReader, framing.Decoder]:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                reader, self._writer = await asyncio.open_unix_connection(str(self._socket_path))
        except (OSError, TimeoutError):
            raise Refused("gateway_absent") from None
        decoder = framing.Decoder()
        self._send(self.info)
        try:
            async with asyncio.timeout(ACCEPT_SECONDS):
                accepted = await _next_frame(reader, decoder)
        except (OSError, TimeoutError, ProtocolError):
            raise Refused("gateway_stuck") from None
        if not isinstance(accepted, framing.Accept):
            raise Refused("gateway_busy")
        return reader, decoder

    async def _carry(self, reader: asyncio.StreamReader, decoder: framing.Decoder) -> None:
        if not self._over.is_set():
            try:
                # video=True: without it the stack sends a needless re-INVITE within 150 ms.
                await self._call.answer(video=True)
                self._answered = True
            except BaresipError:  # the caller has hung up meanwhile
                await self._end_call()
        self._start(self._perform_frames(reader, decoder))
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
        if self._writer is not None:
            self._send(LineClosed(self._reason or "line_error"))
            self._writer.close()
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await self._writer.wait_closed()

    def _on_stack_event(self, event: StackEvent) -> None:
        if event.event is Event.CALL_CLOSED:
            self._reason = self._reason or REASONS.get(event.text or "", "line_error")
            self._over.set()
        elif event.event is Event.CALL_DTMF_START and event.text in framing.KEYS:
            # At the start of the key, not its end: a pressed key must cut speech at once.
            self._send(Key(event.text))

    # ---- from the gateway

    async def _perform_frames(self, reader: asyncio.StreamReader, decoder: framing.Decoder) -> None:
        reason = "gateway_lost"
        try:
            while (frame := await _next_frame(reader, decoder)) is not None:
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
                self._queue.add(pcm)
            case framing.Mark(name=name):
                self._queue.mark(name)
            case framing.Flush():
                self._flush()
            case framing.Transfer(target=target):
                self._start(self._transfer(target))
            case framing.HangUp():
                self._start(self.hang_up())
            case _:
                raise ProtocolError(f"a gateway may not send {type(frame).__name__} here")

    def _flush(self) -> None:
        marks = self._queue.flush()
        with contextlib.suppress(AudioNotActive, AudioRestarted):
            self._call.audio.flush_tx()
        self._flushed = True
        for name in marks:
            self._send(Played(name))

    async def _transfer(self, target: str) -> None:
        try:
            # In brackets: a bare URI with parameters would be malformed in Refer-To.
            await self._call.transfer(f"<{target.strip('<>')}>", timeout=TRANSFER_SECONDS)
        except StackTransferFailed as error:
            if not self._over.is_set():
                self._send(TransferFailed(str(error.status or "no_answer")))
        except (BaresipError, ValueError):
            if not self._over.is_set():
                self._send(TransferFailed("not_sent"))

    # ---- sound, every 20 ms

    async def _pump(self) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time()
        while not self._over.is_set():
            with contextlib.suppress(AudioNotActive):  # not yet, or no longer
                self._receive(loop.time())
                with contextlib.suppress(AudioRestarted):  # renegotiated just now: bound anew at the next look
                    self._transmit()
            deadline = max(deadline + FRAME_SECONDS, loop.time() - MAX_LATE_SECONDS)
            await asyncio.sleep(max(0.0, deadline - loop.time()))

    def _receive(self, now: float) -> None:
        try:
            pcm = self._call.audio.read(READ_BYTES)
        except AudioRestarted:
            pcm = b""
        if sound := self._filler.complete(pcm, now):
            self._send(Sound(sound))

    def _transmit(self) -> None:
        audio = self._call.audio.info()
        if not audio.tx_ready:
            return
        if (audio.tx_sample_rate, audio.tx_channels) != (RATE_HZ, 1):
            log.error("sip.unexpected_codec", rate_hz=audio.tx_sample_rate, channels=audio.tx_channels)
            self._start(self.hang_up("unexpected_codec"))
            return
        if self._flushed:  # the stack empties its buffer at its next frame: nothing new until then
            self._flushed = False
            return
        unsent = audio.tx_buffered
        frames = (AHEAD_BYTES - unsent) // FRAME_BYTES
        if frames > 0 and (pcm := self._queue.take(frames * FRAME_BYTES)):
            padded = pcm + bytes(-len(pcm) % FRAME_BYTES)
            self._call.audio.write(padded)
            unsent += len(padded)
        for name in self._queue.due(unsent):
            self._send(Played(name))

    # ---- small things

    def _send(self, frame: framing.Frame) -> None:
        if self._writer is None or self._writer.is_closing():
            return
        if isinstance(frame, Sound) and self._writer.transport.get_write_buffer_size() > MAX_UNSENT_BYTES:
            return  # a gateway that does not read: its caller's sound is lost, not our memory
        self._writer.write(framing.encode(frame))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _on_audio_warning(warning: AudioWarning) -> None:
    """The stack ran dry in the middle of speech, or was not read in time: the machine is too busy for telephony."""
    log.warning("sip.sound_gap", direction=warning.direction, detail=warning.message)


async def _next_frame(reader: asyncio.StreamReader, decoder: framing.Decoder) -> framing.Frame | None:
    """The next frame; None at the end of the connection. Raises `ProtocolError`, OSError."""
    while (frame := decoder.next_frame()) is None:
        received = await reader.read(READ_BYTES)
        if not received:
            return None
        decoder.feed(received)
    return frame
