"""One browser, by aiortc: its sound in, ours out, and whether it is still there. The only module that knows aiortc.

G.711 is made by our own table and handed over ready to be sent, because aiortc gives each frame of 20 ms to a thread
to be encoded. Its buffer for packets out of order gets two places instead of sixteen: after a single lost packet it
would stay 0.3 s behind for the rest of the call, and sound is put in pace where it is played, not here.

A browser that closes, reloads or leaves the network looks the same from here: no packet comes any more. A browser
sends all the time, with its microphone muted too, so a few seconds without any packet are enough to know.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Coroutine, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCRtpReceiver, RTCSessionDescription
from aiortc.jitterbuffer import JitterBuffer
from aiortc.mediastreams import MediaStreamError
from aiortc.stats import RTCTransportStats
from av import AudioFrame, Packet
from av.stream import Stream

from bot.errors import BadMessage, SoftphoneUnavailable
from voice.audio import A_LAW, G711, MU_LAW
from voice.leg import FRAME_SAMPLES, FRAME_SECONDS, RATE_HZ
from voice.live_sound import LATE_SECONDS, LiveSound, Pace
from voice.softphone.addresses import listen_at
from voice.softphone.offer import Offer

CONNECT_SECONDS = 15.0
LOST_SECONDS = 6.0
LOOK_SECONDS = 1.0
CLOSE_SECONDS = 5.0
_LAWS: dict[str, G711] = {"PCMA": A_LAW, "PCMU": MU_LAW}
_UNREAD_FRAMES = int(LATE_SECONDS / FRAME_SECONDS)
_TIME_BASE = Fraction(1, RATE_HZ)

for _library in ("aiortc", "aioice"):  # below a warning they log the addresses of both sides
    logging.getLogger(_library).setLevel(logging.WARNING)


class Peer:
    """An `AgentLeg`. `answer` first, once; then `connected` tells whether the browser came.

    To be made, used and ended in one event loop. `hangup` must be called in the end, whatever has happened.
    """

    def __init__(self, addresses: Sequence[str] = (), ports: range = range(1)) -> None:
        self._addresses, self._ports = addresses, ports
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._out = LiveSound()
        self._heard: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._came: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._over = asyncio.Event()
        self._reason = ""
        self._tasks: set[asyncio.Task[None]] = set()

    async def answer(self, offer: Offer) -> str:
        """The answer (SDP). Raises `BadMessage`, or `SoftphoneUnavailable` without an address to be reached at."""
        connection = self._connection
        transceiver = connection.addTransceiver(_Voice(self._out, _LAWS[offer.law]))
        receiver = transceiver.receiver
        listen_at(receiver.transport.transport.iceGatherer._connection, self._addresses, self._ports)
        vars(receiver)["_RTCRtpReceiver__jitter_buffer"] = JitterBuffer(capacity=2)
        connection.on("connectionstatechange", self._changed)
        try:
            await connection.setRemoteDescription(RTCSessionDescription(offer.sdp(), "offer"))
            await connection.setLocalDescription()
        except ValueError as error:
            raise BadMessage(f"The offer cannot be answered ({type(error).__name__}).") from None
        answer: str = connection.localDescription.sdp
        if "a=candidate:" not in answer:
            raise SoftphoneUnavailable(
                "No address or no free port for a softphone: see desk.softphone_addresses and desk.softphone_ports."
            )
        self._start(self._listen(receiver.track))
        self._start(self._watch(receiver))
        return answer

    async def connected(self) -> bool:
        """Waits until sound can pass; False when the browser did not come."""
        return await asyncio.shield(self._came)

    async def over(self) -> None:
        """Waits until the browser is gone, or was hung up."""
        await self._over.wait()

    async def sounds(self) -> AsyncIterator[bytes]:
        """See `AgentLeg`."""
        while (pcm := await self._heard.get()) is not None:
            yield pcm
        self._heard.put_nowait(None)  # whoever asks once more is not kept waiting

    @property
    def reason(self) -> str:
        """See `AgentLeg`. Never `hung_up`: a browser cannot tell it from a reload, the console says so to the desk."""
        return self._reason

    async def play(self, pcm: bytes) -> None:
        """See `AgentLeg`."""
        if not self._reason:
            self._out.add(pcm)

    async def hangup(self) -> None:
        """See `AgentLeg`."""
        self._end()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._connection.close()

    def _changed(self) -> None:
        state = self._connection.connectionState
        if state == "connected" and not self._came.done():
            self._came.set_result(True)
        elif state in ("failed", "closed"):
            self._end()

    def _end(self) -> None:
        """`sounds` ends after what has been heard; nothing more is played."""
        if self._reason:
            return
        self._reason = "lost"
        self._over.set()
        self._heard.put_nowait(None)
        if not self._came.done():
            self._came.set_result(False)

    async def _listen(self, track: MediaStreamTrack) -> None:
        with contextlib.suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                assert isinstance(frame, AudioFrame)
                if self._heard.qsize() >= _UNREAD_FRAMES:
                    self._heard.get_nowait()  # nobody listens: live sound is not kept
                if not self._reason:
                    self._heard.put_nowait(bytes(frame.planes[0])[: frame.samples * 2])

    async def _watch(self, receiver: RTCRtpReceiver) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CONNECT_SECONDS):
                await self.connected()
        seen, silent_seconds = -1, 0.0
        while not self._reason and silent_seconds < LOST_SECONDS and self._came.done():
            await asyncio.sleep(LOOK_SECONDS)
            received = await _packets_received(receiver)
            silent_seconds = silent_seconds + LOOK_SECONDS if received == seen else 0.0
            seen = received
        self._end()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.add(asyncio.create_task(work))


class _Voice(MediaStreamTrack):
    """What the browser hears: a packet every 20 ms by one clock, silence included, so that it never drifts."""

    kind = "audio"

    def __init__(self, sound: LiveSound, law: G711) -> None:
        super().__init__()
        self._sound, self._law = sound, law
        self._pace = Pace()
        self._sent = 0

    async def recv(self) -> Packet[Stream]:
        await asyncio.sleep(self._pace.wait_seconds(asyncio.get_running_loop().time()))
        packet = Packet(self._law.encode(np.frombuffer(self._sound.frame(), "<i2")))
        packet.pts, packet.time_base = (self._sent + self._pace.missed) * FRAME_SAMPLES, _TIME_BASE
        self._sent += 1
        return packet


async def _packets_received(receiver: RTCRtpReceiver) -> int:
    """Of any kind: sound, reports, what keeps the connection alive."""
    stats = await receiver.getStats()
    return sum(one.packetsReceived for one in stats.values() if isinstance(one, RTCTransportStats))
