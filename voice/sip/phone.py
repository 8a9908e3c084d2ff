"""A test telephone: dials, speaks recordings, presses keys, records, and measures on a clock of its own.

It is the same SIP stack as the line's, so it must live in another process than `voice.sip`. One `Phone` can hold
many calls. The wait for an answer is measured as a caller lives it: from the moment the last loud sample
of the turn leaves the phone to the first loud sample that the phone hears.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from typing import Any, Self

from baresip import Account, Call, Config, Runtime, UserAgent
from baresip.errors import AudioNotActive, AudioRestarted, BaresipError, CallFailed
from baresip.events import Event, StackEvent

from bot.errors import BadRequest, LineUnavailable
from voice.leg import FRAME_BYTES, FRAME_SECONDS
from voice.sip.listener import Listener, speech_end_bytes
from voice.sip.outgoing import dialled
from voice.sip.play_queue import PlayQueue
from voice.sip.silence import SilenceFiller
from voice.sip.stack import NO_JITTER_BUFFER

TICK_SECONDS = FRAME_SECONDS / 2
AHEAD_BYTES = 50 * FRAME_BYTES
"""A whole second: unlike the bot, the caller never takes words back, and a busy test machine must not cut them."""
READ_BYTES = 32768
ANSWER_SECONDS = 20.0
CLOSE_SECONDS = 5.0
MAX_LATE_SECONDS = 0.5


class Phone:
    """`async with Phone("sip:…") as phone: call = await phone.dial("sip:…")`. The URI tells which network to use."""

    def __init__(self, toward: str, *, max_calls: int = 1) -> None:
        self._address = _local_address(toward)
        self._max_calls = max_calls
        self._runtime = Runtime()
        self._agent: UserAgent | None = None

    async def __aenter__(self) -> Self:
        config = Config(
            net_interface=self._address,
            max_concurrent_calls=self._max_calls,
            native_log_level="error",
            extra_config_text=f"rtp_ports 40000-49998\n{NO_JITTER_BUFFER}\n",
        )
        try:
            await self._runtime.start(config)
            me = Account("test-caller", self._address, "", reg_interval=0, audio_codecs=("pcma", "pcmu"))
            self._agent = await UserAgent.create(self._runtime, me)
        except BaresipError as error:
            raise LineUnavailable(f"the test telephone did not start: {error}") from None
        return self

    async def __aexit__(self, *_: object) -> None:
        with contextlib.suppress(BaresipError):
            await self._runtime.close()

    async def dial(self, uri: str) -> PhoneCall:
        """Returns when the call is answered. Raises `LineUnavailable` with the other side's reason."""
        if self._agent is None:
            raise LineUnavailable("the test telephone is not started")
        try:
            placed = await dialled(self._agent, uri)
            call = PhoneCall(placed)
            await placed.wait_established(ANSWER_SECONDS)
        except CallFailed as error:
            raise LineUnavailable(f"The call was not answered: {error.reason or error}.") from None
        except (BaresipError, ValueError) as error:
            raise LineUnavailable(f"The call could not be placed: {error}") from None
        call.start()
        return call


class PhoneCall:
    """One answered call, until `hang_up` or the other side's."""

    def __init__(self, call: Call) -> None:
        self.heard = Listener()
        self.closed = asyncio.Event()
        self._call = call
        self._queue = PlayQueue()
        self._filler = SilenceFiller()
        self._left_at: dict[str, asyncio.Future[float]] = {}
        self._pump: asyncio.Task[None] | None = None
        self._marks = 0
        call.on(self._on_event)

    @property
    def line_id(self) -> str:
        """The SIP Call-ID, by which the service knows this call."""
        return str(self._call.call_id or "")

    def start(self) -> None:
        """Lets the sound flow."""
        self._pump = asyncio.create_task(self._run())

    async def say(self, pcm: bytes) -> float:
        """Speaks one turn; returns, when all of it has left, the moment at which its last loud sample did.

        Raises `LineUnavailable` when the call ends before.
        """
        end = speech_end_bytes(pcm)
        self._queue.add(pcm[:end])
        speech_ended = self._mark()
        self._queue.add(pcm[end:])
        ended = self._mark()
        over = asyncio.ensure_future(self.closed.wait())
        either: set[asyncio.Future[Any]] = {over, ended}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not ended.done():
                raise LineUnavailable("The call ended in the middle of the caller's turn.")
            return speech_ended.result()
        finally:
            over.cancel()

    async def press(self, keys: str) -> None:
        """Presses keys, 100 ms each. Raises `BadRequest` for what is not a key."""
        try:
            await self._call.send_dtmf(keys)
        except ValueError:
            raise BadRequest("A key is one of 0-9, *, #, A-D.") from None
        except BaresipError as error:
            raise LineUnavailable(f"The key could not be sent: {error}") from None

    async def hang_up(self) -> None:
        """Ends the call, in any state."""
        with contextlib.suppress(BaresipError):
            await self._call.hangup()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self.closed.wait()
        self.closed.set()
        if self._pump is not None:
            await self._pump

    def first_loud_after(self, moment: float) -> float | None:
        """When something loud was first heard after `moment`, on the event loop's clock."""
        return self.heard.first_loud_after(moment)

    def quiet_seconds(self, now: float) -> float | None:
        """For how long nothing loud has been heard; None when nothing ever was."""
        last = self.heard.last_loud_at
        return None if last is None else now - last

    def _mark(self) -> asyncio.Future[float]:
        self._marks += 1
        self._queue.mark(str(self._marks))
        left = self._left_at[str(self._marks)] = asyncio.get_running_loop().create_future()
        return left

    def _on_event(self, event: StackEvent) -> None:
        if event.event is Event.CALL_CLOSED:
            self.closed.set()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time()
        while not self.closed.is_set():
            with contextlib.suppress(AudioNotActive, AudioRestarted):
                self._listen(loop.time())
                self._speak(loop.time())
            deadline = max(deadline + TICK_SECONDS, loop.time() - MAX_LATE_SECONDS)
            await asyncio.sleep(max(0.0, deadline - loop.time()))

    def _listen(self, now: float) -> None:
        if pcm := self._filler.complete(self._call.audio.read(READ_BYTES), now):
            self.heard.hear(pcm, now)

    def _speak(self, now: float) -> None:
        audio = self._call.audio.info()
        if not audio.tx_ready:
            return
        unsent = audio.tx_buffered
        frames = (AHEAD_BYTES - unsent) // FRAME_BYTES
        if frames > 0 and (pcm := self._queue.take(frames * FRAME_BYTES)):
            padded = pcm + bytes(-len(pcm) % FRAME_BYTES)
            self._call.audio.write(padded)
            unsent += len(padded)
        for name in self._queue.due(unsent):
            if not (left := self._left_at.pop(name)).done():
                left.set_result(now)


def _local_address(uri: str) -> str:
    """Our address on the network that reaches the URI's host: nothing is sent. Raises `BadRequest`."""
    found = re.match(r"<?sips?:(?:[^@;>]*@)?([^:;>?\s]+)(?::(\d+))?", uri)
    if not found:
        raise BadRequest("The URI to dial is written sip:user@host:port.")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((found[1], int(found[2] or 5060)))
        except OSError as error:
            raise LineUnavailable(f"No network reaches {found[1]}: {error.strerror}.") from None
        return str(probe.getsockname()[0])
