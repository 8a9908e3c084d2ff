"""A measuring telephone: SIP and RTP over plain sockets, with the kernel's own times of arrival.

It shares nothing with the line's SIP stack, so neither can hide the other's faults; it holds many calls in one loop;
and the moment of each packet is the kernel's (SO_TIMESTAMPNS), so a busy machine delays what is measured and not the
measuring. Everything is what passes at the caller's socket: a real telephone adds a packet of its own (20 ms)
and its jitter buffer (20 ms and more) to every wait.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

from bot.commands.bench import sip_wire as sip
from bot.commands.bench.sounds import Mouth, Samples, Utterance
from bot.errors import LineUnavailable, ProtocolError
from voice.audio import A_LAW
from voice.leg import FRAME_SAMPLES, FRAME_SECONDS
from voice.sip.listener import Listener

ANSWER_SECONDS = 20.0
CLOSE_SECONDS = 3.0
MAX_LATE_SECONDS = 0.5
_PRIORITY = -5
_RESEND_SECONDS = (0.5, 1.0, 2.0, 4.0)
_SO_TIMESTAMPNS = 35
_TIMESPEC = struct.Struct("@qq")
_DATAGRAM_BYTES = 65536


@dataclass(frozen=True, slots=True)
class Said:
    """When the packets with the first and the last sound of a turn left."""

    began_at: float
    ended_at: float


class Telephone:
    """`async with Telephone() as phone: call = await phone.dial(uri, noise)`. On the loopback interface unless told."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self._host = host
        self._socket = _stamped_socket(host)
        self._calls: dict[str, TelephoneCall] = {}
        self._ticking: asyncio.Task[None] | None = None
        self.late_frames = 0
        """Frames that left more than 10 ms late: if many did, the machine was too busy to play the callers."""

    @property
    def contact(self) -> str:
        """Our own SIP URI."""
        return f"sip:caller@{self._host}:{self._socket.getsockname()[1]}"

    async def __aenter__(self) -> Self:
        # It stands for people elsewhere: what the service does must not delay them.
        with contextlib.suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, 0, _PRIORITY)
        asyncio.get_running_loop().add_reader(self._socket, self._read)
        self._ticking = asyncio.create_task(self._tick())
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(*(call.hang_up() for call in list(self._calls.values())), return_exceptions=True)
        if self._ticking is not None:
            self._ticking.cancel()
            await asyncio.gather(self._ticking, return_exceptions=True)
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()

    async def dial(self, uri: str, noise: Samples) -> TelephoneCall:
        """Returns when the call is answered. `noise` is what the line sends when nobody speaks. Raises
        `LineUnavailable` with the other side's status."""
        call = TelephoneCall(self, uri, self._host, noise)
        self._calls[call.line_id] = call
        try:
            await call.invite()
        except LineUnavailable:
            self.forget(call)
            raise
        return call

    def send(self, message: sip.Message, to: tuple[str, int]) -> None:
        """One datagram. A full buffer loses it, as the network may."""
        with contextlib.suppress(BlockingIOError):
            self._socket.sendto(message.encode(), to)

    def forget(self, call: TelephoneCall) -> None:
        """The call is over: nothing is sent or received for it any more."""
        if self._calls.pop(call.line_id, None) is not None:
            call.close()

    def _read(self) -> None:
        for datagram, came_at, address in _datagrams(self._socket):
            with contextlib.suppress(ProtocolError):
                message = sip.parse_message(datagram)
                call = self._calls.get(message.get("call-id"))
                if call is not None:
                    call.on_message(message, came_at, address)

    async def _tick(self) -> None:
        """Each 20 ms, on absolute deadlines: one frame of every call goes out, and what has come is taken in."""
        loop = asyncio.get_running_loop()
        deadline = loop.time()
        while True:
            now = loop.time()
            for call in list(self._calls.values()):
                self.late_frames += call.send_frame() and now - deadline > FRAME_SECONDS / 2
            for call in list(self._calls.values()):
                call.receive()
            deadline = max(deadline + FRAME_SECONDS, now - MAX_LATE_SECONDS)
            await asyncio.sleep(max(0.0, deadline - loop.time()))


class TelephoneCall:
    """One call. Times are of the event loop's clock."""

    def __init__(self, phone: Telephone, uri: str, host: str, noise: Samples) -> None:
        self.line_id = f"{secrets.token_hex(12)}@{host}"
        self.heard = Listener()
        self.pacing = sip.Pacing()
        self.closed = asyncio.Event()
        self.answered_at = 0.0
        self._phone = phone
        self._uri = uri.strip("<>")
        self._target = self._uri
        self._to = f"<{self._uri}>"
        self._from = f"<sip:caller@{host}>;tag={secrets.token_hex(4)}"
        self._address = _sip_address(self._uri)
        self._rtp = _stamped_socket(host)
        self._media: tuple[str, int] | None = None
        self._sdp = sip.offer(host, self._rtp.getsockname()[1])
        self._final: asyncio.Future[sip.Message] = asyncio.get_running_loop().create_future()
        self._branch = ""
        self._cseq = 1
        self._mouth = Mouth(noise)
        self._keys: list[bytes] = []
        self._key_began = 0
        self._sequence = secrets.randbelow(1 << 15)
        self._timestamp = secrets.randbelow(1 << 31)
        self._source = secrets.randbelow(1 << 32)
        self._first = True
        self._began_at = 0.0
        self._said: asyncio.Future[Said] | None = None

    # ---- the caller

    async def say(self, spoken: Utterance) -> Said:
        """Speaks; returns when the packet with the end of the speech has left. Raises `LineUnavailable` when the call
        ends before."""
        self._said = asyncio.get_running_loop().create_future()
        self._mouth.say(spoken)
        over = asyncio.ensure_future(self.closed.wait())
        either: set[asyncio.Future[Any]] = {over, self._said}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        over.cancel()
        if not self._said.done():
            raise LineUnavailable("The call ended in the middle of the caller's turn.")
        return self._said.result()

    async def press(self, key: str) -> None:
        """Presses one key for 100 ms, in place of sound."""
        self._keys += sip.key_payloads(key)
        while self._keys and not self.closed.is_set():
            await asyncio.sleep(FRAME_SECONDS)

    async def hang_up(self) -> None:
        """Ends the call, in any state."""
        if not self.closed.is_set() and self.answered_at:
            self._cseq += 1
            bye = self._request("BYE")
            for seconds in (0.5, 1.0, CLOSE_SECONDS):
                self._phone.send(bye, self._address)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(seconds):
                        await self.closed.wait()
                    break
        self._phone.forget(self)

    def quiet_seconds(self, now: float) -> float | None:
        """For how long nothing loud has been heard; None when nothing ever was."""
        last = self.heard.last_loud_at
        return None if last is None else now - last

    def first_loud_after(self, moment: float) -> float | None:
        """When something loud was first heard after `moment`."""
        return self.heard.first_loud_after(moment)

    # ---- signalling

    async def invite(self) -> None:
        """Returns when the call is answered. Raises `LineUnavailable`."""
        invite = self._request("INVITE", self._sdp)
        waits = iter(_RESEND_SECONDS)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                while not self._final.done():
                    self._phone.send(invite, self._address)
                    await asyncio.wait({self._final}, timeout=next(waits, ANSWER_SECONDS))
        except TimeoutError:
            raise LineUnavailable(f"The call was not answered within {ANSWER_SECONDS:.0f} s.") from None
        answer = self._final.result()
        if answer.status >= 300:
            raise LineUnavailable(f"The call was not answered: {answer.status} {answer.reason}.")

    def on_message(self, message: sip.Message, came_at: float, address: tuple[str, int]) -> None:
        """A SIP message of this call."""
        if message.method:
            self._on_request(message, address)
        elif message.request_method == "INVITE" and message.status >= 200:
            self._on_final(message, came_at)
        elif message.request_method == "BYE":
            self.closed.set()

    def _on_final(self, message: sip.Message, came_at: float) -> None:
        self._to = message.get("to")
        if message.status < 300:
            self._target = message.get("contact").partition("<")[2].partition(">")[0] or self._uri
            self._media = sip.media_address(message.body)
            self.answered_at = self.answered_at or came_at
        self._phone.send(self._request("ACK", own_branch=message.status >= 300), self._address)
        if not self._final.done():
            self._final.set_result(message)

    def _on_request(self, request: sip.Message, address: tuple[str, int]) -> None:
        if request.method == "ACK":
            return
        body = ""
        status, reason = 200, "OK"
        if request.method == "INVITE":
            with contextlib.suppress(ProtocolError):
                self._media = sip.media_address(request.body)
            body = self._sdp
        elif request.method == "REFER":
            status, reason = 603, "Decline"
        answer = sip.response(request, status, reason, to_tag="bench", contact=self._phone.contact, body=body)
        self._phone.send(answer, address)
        if request.method == "BYE":
            self.closed.set()

    def _request(self, method: str, body: str = "", *, own_branch: bool = False) -> sip.Message:
        """`own_branch`: the ACK of a refusal belongs to the INVITE's transaction (RFC 3261 section 17.1.1.3)."""
        if not own_branch:
            self._branch = f"z9hG4bK{secrets.token_hex(8)}"
        contact = self._phone.contact
        via_host = contact.partition("@")[2]
        headers = [
            ("via", f"SIP/2.0/UDP {via_host};branch={self._branch};rport"),
            ("max-forwards", "70"),
            ("from", self._from),
            ("to", self._to),
            ("call-id", self.line_id),
            ("cseq", f"{self._cseq} {method}"),
            ("contact", f"<{contact}>"),
        ]
        if body:
            headers.append(("content-type", "application/sdp"))
        uri = self._uri if method == "INVITE" else self._target
        return sip.Message(method=method, uri=uri, headers=tuple(headers), body=body)

    # ---- sound

    def send_frame(self) -> bool:
        """The next 20 ms; False while there is nobody to hear it."""
        if self._media is None or self.closed.is_set():
            return False
        kind, payload, timestamp = self._next_payload()
        packet = sip.Rtp(kind, self._sequence, timestamp, payload, marker=self._first, source=self._source)
        with contextlib.suppress(OSError):
            self._rtp.sendto(packet.encode(), self._media)
        self._first = False
        self._sequence += 1
        self._timestamp += FRAME_SAMPLES
        if kind == sip.PCMA:
            self._tell_speech(asyncio.get_running_loop().time())
        return True

    def _tell_speech(self, now: float) -> None:
        if self._mouth.spoken_in:
            self._began_at = now
        if self._mouth.spoken_out and self._said is not None and not self._said.done():
            self._said.set_result(Said(self._began_at, now))

    def _next_payload(self) -> tuple[int, bytes, int]:
        if not self._keys:
            self._key_began = 0
            return sip.PCMA, self._mouth.frame(), self._timestamp
        self._key_began = self._key_began or self._timestamp
        return sip.KEYS, self._keys.pop(0), self._key_began

    def receive(self) -> None:
        """Hears all that has come; its times are the kernel's, so it does not matter when this is called."""
        for datagram, came_at, _ in _datagrams(self._rtp):
            with contextlib.suppress(ProtocolError):
                packet = sip.parse_rtp(datagram)
                self.pacing.received(packet, came_at)
                if packet.payload_type == sip.PCMA:
                    pcm = A_LAW.decode(packet.payload).tobytes()
                    self.heard.hear(pcm, came_at + len(packet.payload) / 8000)

    def close(self) -> None:
        """Lets the port go."""
        self.closed.set()
        self._rtp.close()


def _stamped_socket(host: str) -> socket.socket:
    """A UDP socket on a free port whose datagrams carry the time at which the kernel got them."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    made.setblocking(False)
    made.bind((host, 0))
    return made


def _datagrams(source: socket.socket) -> Iterator[tuple[bytes, float, tuple[str, int]]]:
    """All that has come, each with its time of arrival on the event loop's clock and its sender."""
    ahead = time.time() - time.monotonic()
    while True:
        try:
            datagram, extra, _, address = source.recvmsg(_DATAGRAM_BYTES, socket.CMSG_SPACE(_TIMESPEC.size))
        except (BlockingIOError, ConnectionRefusedError):
            return
        came_at = time.monotonic()
        for level, kind, content in extra:
            if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS:
                seconds, nanoseconds = _TIMESPEC.unpack(content)
                came_at = seconds + nanoseconds / 1e9 - ahead
        yield datagram, came_at, address


def _sip_address(uri: str) -> tuple[str, int]:
    host, _, port = uri.partition("@")[2].partition(";")[0].partition(":")
    return host, int(port or 5060)
