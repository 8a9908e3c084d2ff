"""A caller and a telephone made of sockets: they send exactly what a test wants, in SIP over UDP or TCP, and in RTP."""

from __future__ import annotations

import asyncio
import re
import secrets
import socket
import struct
import time

import numpy as np

from voice.audio import A_LAW

FRAME = 160
TELEPHONE_EVENT = 101


class RawCaller:
    """One call. `connected` is false when a TCP connection is not made within a second."""

    def __init__(self, port: int, *, address: str = "127.0.0.1", kind: socket.SocketKind = socket.SOCK_DGRAM) -> None:
        self._line_port, self._address = port, address
        self._id = secrets.token_hex(6)
        self._tag = ""
        self._last = ""
        self._sip = socket.socket(socket.AF_INET, kind)
        self._sip.bind((address, 0))
        self._sip.settimeout(1)
        self._transport = "UDP" if kind is socket.SOCK_DGRAM else "TCP"
        try:
            self._sip.connect(("127.0.0.1", port))
            self.connected = True
        except OSError:
            self.connected = False
        self._sound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sound.bind((address, 0))
        self._sequence = 0

    def close(self) -> None:
        self._sip.close()
        self._sound.close()

    def invite(
        self,
        *,
        body: str | None = None,
        profile: str = "RTP/AVP",
        payload: int = 8,
        attributes: list[str] | None = None,
    ) -> None:
        """Sends an INVITE."""
        media = f"m=audio {self._sound.getsockname()[1]} {profile} {payload} {TELEPHONE_EVENT}"
        if profile == "VIDEO":
            media = f"m=video {self._sound.getsockname()[1]} RTP/AVP {payload}"
        lines = ["v=0", f"o=- 1 1 IN IP4 {self._address}", "s=-", f"c=IN IP4 {self._address}", "t=0 0", media]
        if profile != "VIDEO":
            lines += [f"a=rtpmap:{TELEPHONE_EVENT} telephone-event/8000"]
        offer = "\r\n".join([*lines, *(attributes or []), ""]) if body is None else body
        self._send("INVITE", 1, offer)

    def replies(self, seconds: float) -> list[int]:
        """The statuses of what comes back; acknowledges a final one."""
        statuses = []
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._sip.settimeout(left)
            try:
                reply = self._sip.recv(65535).decode(errors="replace")
            except OSError:
                break
            if found := re.match(r"SIP/2\.0 (\d+)", reply):
                statuses.append(int(found[1]))
                tag = re.search(r"^To:.*;tag=([\w.-]+)", reply, re.MULTILINE)
                self._tag = tag[1] if tag else self._tag
                if int(found[1]) >= 200:
                    self._send("ACK", 1)
                    self._last = reply
                    break
        return statuses

    async def dial(self) -> int:
        """Returns the port that the line wants our sound at."""
        self.invite()
        statuses = await asyncio.to_thread(self.replies, 20.0)
        assert statuses[-1] == 200, statuses
        found = re.search(r"^m=audio (\d+)", self._last, re.MULTILINE)
        assert found
        return int(found[1])

    def hang_up(self) -> None:
        self._send("BYE", 2)

    def send_sound(self, datagram: bytes, port: int) -> None:
        """Any datagram, from where the sound comes from."""
        self._sound.sendto(datagram, ("127.0.0.1", port))

    async def speak(self, pcm: bytes, port: int) -> None:
        """Sends sound as a telephone does."""
        coded = A_LAW.encode(np.frombuffer(pcm, "<i2"))
        started = time.monotonic()
        for number in range(len(coded) // FRAME):
            self._packet(8, coded[FRAME * number : FRAME * (number + 1)], port)
            await asyncio.sleep(max(0.0, started + 0.02 * (number + 1) - time.monotonic()))

    async def speak_in_bursts(self, pcm: bytes, port: int, burst: int) -> None:
        """Sends sound as a network does that holds packets back, and then delivers `burst` of them at once."""
        coded = A_LAW.encode(np.frombuffer(pcm, "<i2"))
        started = time.monotonic()
        for number in range(len(coded) // FRAME):
            delivered = started + 0.02 * burst * (number // burst + 1)
            await asyncio.sleep(max(0.0, delivered - time.monotonic()))
            self._packet(8, coded[FRAME * number : FRAME * (number + 1)], port)

    def hear(self, seconds: float) -> bytes:
        """What is sent to us meanwhile, as s16le at 8 kHz."""
        coded, until = b"", time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._sound.settimeout(left)
            try:
                coded += self._sound.recv(65535)[12:]
            except OSError:
                break
        return A_LAW.decode(coded).tobytes()

    async def storm_of_keys(self, port: int, *, keys: int, per_second: int) -> None:
        """RFC 4733 events of the key 5, far faster than a hand."""
        started = time.monotonic()
        for number in range(keys):
            for is_end in (False, True, True, True):
                event = struct.pack(">BBH", 5, (0x80 if is_end else 0) | 10, 160)
                self._packet(TELEPHONE_EVENT, event, port, moment=160 * (number + 1) + 1_000_000)
            await asyncio.sleep(max(0.0, started + (number + 1) / per_second - time.monotonic()))

    def _packet(self, payload: int, content: bytes, port: int, moment: int | None = None) -> None:
        self._sequence += 1
        timestamp = FRAME * self._sequence if moment is None else moment
        header = struct.pack(">BBHII", 0x80, payload, self._sequence & 0xFFFF, timestamp, 0xA11CE)
        self.send_sound(header + content, port)

    def _send(self, method: str, number: int, body: str = "") -> None:
        own_port = self._sip.getsockname()[1]
        branch = f"z9hG4bK{self._id}{method if method != 'ACK' else secrets.token_hex(3)}"
        content = body.encode("latin-1")
        head = [
            f"{method} sip:guichet@127.0.0.1:{self._line_port} SIP/2.0",
            f"Via: SIP/2.0/{self._transport} {self._address}:{own_port};branch={branch};rport",
            "Max-Forwards: 70",
            f"From: <sip:raw@{self._address}>;tag={self._id}",
            f"To: <sip:guichet@127.0.0.1:{self._line_port}>" + (f";tag={self._tag}" if self._tag else ""),
            f"Call-ID: {self._id}",
            f"CSeq: {number} {method}",
            f"Contact: <sip:raw@{self._address}:{own_port};transport={self._transport.lower()}>",
            *(["Content-Type: application/sdp"] if content else []),
            f"Content-Length: {len(content)}",
        ]
        self._sip.send(("\r\n".join(head) + "\r\n\r\n").encode() + content)


class RawTelephone:
    """A telephone that is called over UDP: it replies when and as a test wants, and to nothing by itself."""

    def __init__(self) -> None:
        self._sip = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sip.bind(("127.0.0.1", 0))
        self._from: tuple[str, int] = ("127.0.0.1", 0)
        self._asked: dict[str, list[str]] = {}

    @property
    def uri(self) -> str:
        """As it is dialled."""
        return f"sip:called@127.0.0.1:{self._sip.getsockname()[1]}"

    def close(self) -> None:
        self._sip.close()

    async def comes(self, method: str, seconds: float = 20.0) -> bool:
        """Whether this request comes; others, and those that are sent again, are passed over."""
        return await asyncio.to_thread(self._comes, method, seconds)

    def reply(self, method: str, status: str, *, body: str = "", extra: str = "") -> None:
        """To the request of that method."""
        copied = [line for line in self._asked[method] if line.startswith(("Via:", "From:", "Call-ID:", "CSeq:"))]
        to = next(line for line in self._asked[method] if line.startswith("To:"))
        head = [
            f"SIP/2.0 {status}",
            *copied,
            to if ";tag=" in to else f"{to};tag=telephone",
            f"Contact: <{self.uri}>",
            *([extra] if extra else []),
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        self._sip.sendto(("\r\n".join(head) + "\r\n\r\n" + body).encode(), self._from)

    def answer(self) -> None:
        """It is picked up."""
        port = self._sip.getsockname()[1]  # of sound nothing is sent, and what comes is no SIP
        media = f"m=audio {port} RTP/AVP 8"
        lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0", media, ""]
        self.reply("INVITE", "200 OK", body="\r\n".join(lines))

    def _comes(self, method: str, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._sip.settimeout(left)
            try:
                received, self._from = self._sip.recvfrom(65535)
            except OSError:
                return False
            lines = received.decode(errors="replace").partition("\r\n\r\n")[0].split("\r\n")
            asked = lines[0].partition(" ")[0]
            if asked == method and self._asked.get(method) != lines:
                self._asked[method] = lines
                return True
        return False
