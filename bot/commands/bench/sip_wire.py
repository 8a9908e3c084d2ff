"""The little of SIP, SDP and RTP that a measuring telephone needs, as text and bytes. Pure.

RFC 3261 (SIP), RFC 4566 (SDP), RFC 3550 (RTP), RFC 4733 (keys). G.711 A-law and keys only.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field

from bot.errors import ProtocolError

PCMA, KEYS = 8, 101
FRAME_SAMPLES = 160
_RTP = struct.Struct(">BBHII")
_KEY = struct.Struct(">BBH")
_KEY_NUMBERS = {key: number for number, key in enumerate("0123456789*#ABCD")}
_KEY_FRAMES, _KEY_END_COPIES = 5, 3


@dataclass(frozen=True, slots=True)
class Message:
    """A request (`method`) or a response (`status`). Header names are in small letters; a name may come again."""

    method: str = ""
    uri: str = ""
    status: int = 0
    reason: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""

    def values(self, name: str) -> list[str]:
        """Every value of a header."""
        return [value for key, value in self.headers if key == name]

    def get(self, name: str) -> str:
        """The first value of a header; empty when it is absent."""
        return next(iter(self.values(name)), "")

    @property
    def request_method(self) -> str:
        """The method of a request, or of the request that a response answers."""
        return self.method or self.get("cseq").partition(" ")[2].strip()

    def encode(self) -> bytes:
        """As it goes on the wire, with its content length."""
        first = f"{self.method} {self.uri} SIP/2.0" if self.method else f"SIP/2.0 {self.status} {self.reason}"
        lines = [first, *(f"{name.title()}: {value}" for name, value in self.headers if name != "content-length")]
        return "\r\n".join([*lines, f"Content-Length: {len(self.body.encode())}", "", self.body]).encode()


_COMPACT = {"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "l": "content-length"}


def parse_message(datagram: bytes) -> Message:
    """Raises `ProtocolError` for what is not SIP."""
    head, _, body = datagram.decode("utf-8", "replace").partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    headers = []
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise ProtocolError("a SIP header has no colon")
        key = name.strip().lower()
        headers.append((_COMPACT.get(key, key), value.strip()))
    if found := re.fullmatch(r"SIP/2\.0 (\d{3}) ?(.*)", first):
        return Message(status=int(found[1]), reason=found[2], headers=tuple(headers), body=body)
    if found := re.fullmatch(r"([A-Z]+) (\S+) SIP/2\.0", first):
        return Message(method=found[1], uri=found[2], headers=tuple(headers), body=body)
    raise ProtocolError("a datagram is not SIP")


def response(request: Message, status: int, reason: str, *, to_tag: str, contact: str, body: str = "") -> Message:
    """The answer to a request inside or outside a dialog."""
    kept = [(name, value) for name, value in request.headers if name in ("via", "from", "call-id", "cseq")]
    to = request.get("to")
    headers = [*kept, ("to", to if "tag=" in to else f"{to};tag={to_tag}"), ("contact", f"<{contact}>")]
    if body:
        headers.append(("content-type", "application/sdp"))
    return Message(status=status, reason=reason, headers=tuple(headers), body=body)


def offer(host: str, port: int) -> str:
    """SDP with A-law at 20 ms and keys."""
    lines = [
        "v=0",
        f"o=bench 1 1 IN IP4 {host}",
        "s=-",
        f"c=IN IP4 {host}",
        "t=0 0",
        f"m=audio {port} RTP/AVP {PCMA} {KEYS}",
        f"a=rtpmap:{PCMA} PCMA/8000",
        f"a=rtpmap:{KEYS} telephone-event/8000",
        "a=ptime:20",
        "a=sendrecv",
    ]
    return "\r\n".join(lines) + "\r\n"


def media_address(sdp: str) -> tuple[str, int]:
    """Where the other side wants its sound. Raises `ProtocolError` when it takes no A-law."""
    host = re.search(r"^c=IN IP4 (\S+)", sdp, re.M)
    audio = re.search(r"^m=audio (\d+) RTP/AVP ([\d ]+)", sdp, re.M)
    if not host or not audio or str(PCMA) not in audio[2].split():
        raise ProtocolError("the answer has no A-law sound")
    return host[1], int(audio[1])


@dataclass(frozen=True, slots=True)
class Rtp:
    """One packet."""

    payload_type: int
    sequence: int
    timestamp: int
    payload: bytes
    marker: bool = False
    source: int = 0

    def encode(self) -> bytes:
        kind = self.payload_type | (0x80 if self.marker else 0)
        head = _RTP.pack(0x80, kind, self.sequence & 0xFFFF, self.timestamp & 0xFFFFFFFF, self.source)
        return head + self.payload


def parse_rtp(datagram: bytes) -> Rtp:
    """Raises `ProtocolError` for what is not RTP version 2."""
    if len(datagram) < _RTP.size or datagram[0] >> 6 != 2:
        raise ProtocolError("a datagram is not RTP")
    flags, kind, sequence, timestamp, source = _RTP.unpack_from(datagram)
    start = _RTP.size + 4 * (flags & 0x0F)
    if flags & 0x10:
        if len(datagram) < start + 4:
            raise ProtocolError("an RTP packet ends in its header")
        start += 4 + 4 * int.from_bytes(datagram[start + 2 : start + 4])
    end = len(datagram) - (datagram[-1] if flags & 0x20 else 0)
    if start > end:
        raise ProtocolError("an RTP packet ends in its header")
    return Rtp(kind & 0x7F, sequence, timestamp, datagram[start:end], bool(kind & 0x80), source)


def key_payloads(key: str) -> list[bytes]:
    """The packets of one key pressed for 100 ms; the end is said three times, as it may be lost."""
    number = _KEY_NUMBERS[key]
    during = [_KEY.pack(number, 10, FRAME_SAMPLES * (count + 1)) for count in range(_KEY_FRAMES)]
    return during + [_KEY.pack(number, 0x80 | 10, FRAME_SAMPLES * _KEY_FRAMES)] * _KEY_END_COPIES


@dataclass(slots=True)
class Pacing:
    """What arrived of one RTP stream: gaps between packets, jumps of the sequence, of the timestamp."""

    gaps_ms: list[float] = field(default_factory=list)
    lost: int = 0
    timestamp_jumps: int = 0
    _last: Rtp | None = None
    _last_at: float = 0.0

    def received(self, packet: Rtp, at: float) -> None:
        """A packet that arrived at `at` (seconds). Those of keys are passed over."""
        if packet.payload_type != PCMA:
            return
        if self._last is not None and self._last.source == packet.source:
            self.gaps_ms.append((at - self._last_at) * 1000)
            missing = (packet.sequence - self._last.sequence - 1) & 0xFFFF
            self.lost += missing if missing < 0x8000 else 0
            advance = (packet.timestamp - self._last.timestamp) & 0xFFFFFFFF
            self.timestamp_jumps += advance != len(self._last.payload) * (missing + 1)
        self._last, self._last_at = packet, at
