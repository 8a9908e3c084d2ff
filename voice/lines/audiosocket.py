"""Asterisk's AudioSocket: messages of a type byte, a big-endian length on two bytes and a payload. Pure.

    0x00  both           end; toward Asterisk the dialplan goes on, the channel is not hung up
    0x01  from Asterisk  the call's UUID, 16 bytes, first and once
    0x03  from Asterisk  one key, ASCII
    0x10  both           sound, 16-bit little-endian mono at 8 kHz; 0x11 to 0x18 are other rates, 0x12 is 16 kHz
    0xff  from Asterisk  an error, with an optional code

Toward Asterisk only sound and 0x00 are legal: anything else ends the call there. Source: Asterisk's AudioSocket page
and `res_audiosocket.c` of 22.10, and captures.
"""

from __future__ import annotations

import struct
import uuid
from dataclasses import dataclass

from bot.errors import ProtocolError
from voice.leg import Key

HEADER = struct.Struct(">BH")
MAX_PAYLOAD_BYTES = 8192
"""20 ms at 192 kHz are 7,680."""

END = HEADER.pack(0x00, 0)
_RATES_HZ = {0x10: 8000, 0x12: 16000}
_KINDS = {rate: kind for kind, rate in _RATES_HZ.items()}
_SOUND_KINDS = range(0x10, 0x19)
_KEYS = b"0123456789*#ABCD"


@dataclass(frozen=True, slots=True)
class Hello:
    """Which call this is. The UUID is the only secret of the protocol."""

    call_id: str


@dataclass(frozen=True, slots=True)
class RawSound:
    """Sound as it came: 16-bit little-endian mono."""

    rate_hz: int
    pcm: bytes


@dataclass(frozen=True, slots=True)
class Ended:
    """0x00 or 0xff: Asterisk will send nothing more."""


Message = Hello | RawSound | Key | Ended


class Decoder:
    """Bytes in, messages out. After a `ProtocolError` the connection must be closed."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._greeted = False

    def feed(self, received: bytes) -> list[Message]:
        """The messages that are now whole; unknown types are skipped. Raises `ProtocolError`."""
        self._buffer += received
        messages = []
        while (raw := self._next()) is not None:
            if (message := self._understood(*raw)) is not None:
                messages.append(message)
        return messages

    def _next(self) -> tuple[int, bytes] | None:
        if len(self._buffer) < HEADER.size:
            return None
        kind, length = HEADER.unpack_from(self._buffer)
        if not self._greeted and (kind, length) != (0x01, 16):
            raise ProtocolError(f"the first message is 0x{kind:02x} with {length} bytes, not a UUID")
        if length > MAX_PAYLOAD_BYTES:
            raise ProtocolError(f"a message of {length} bytes is longer than {MAX_PAYLOAD_BYTES}")
        end = HEADER.size + length
        if len(self._buffer) < end:
            return None
        payload = bytes(self._buffer[HEADER.size : end])
        del self._buffer[:end]
        return kind, payload

    def _understood(self, kind: int, payload: bytes) -> Message | None:
        if not self._greeted:
            self._greeted = True
            return Hello(str(uuid.UUID(bytes=payload)))
        if kind == 0x01:
            raise ProtocolError("a second UUID on one connection")
        if kind in (0x00, 0xFF):
            return Ended()
        if kind == 0x03:
            return Key(payload.decode()) if len(payload) == 1 and payload in _KEYS else None
        if kind in _SOUND_KINDS:
            return _sound(kind, payload)
        return None


def _sound(kind: int, payload: bytes) -> RawSound:
    if kind not in _RATES_HZ:
        raise ProtocolError(f"sound of type 0x{kind:02x} is not carried: only 8 and 16 kHz")
    if len(payload) % 2:
        raise ProtocolError(f"a sound message of {len(payload)} bytes is not a whole number of 16-bit samples")
    return RawSound(_RATES_HZ[kind], payload)


def sound(rate_hz: int, pcm: bytes) -> bytes:
    """One sound message, at most 20 ms."""
    return HEADER.pack(_KINDS[rate_hz], len(pcm)) + pcm


def hello(call_id: str) -> bytes:
    """What Asterisk says first; for test callers."""
    return HEADER.pack(0x01, 16) + uuid.UUID(call_id).bytes


def key(digit: str) -> bytes:
    """What Asterisk says of a key; for test callers."""
    return HEADER.pack(0x03, 1) + digit.encode()
