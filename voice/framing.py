"""The frames between the gateway and a process that holds a telephone line.

One connection is one call. A frame is a type byte, a payload length on two bytes (big-endian) and the
payload, as in Asterisk's AudioSocket; sound keeps AudioSocket's type (0x10: signed 16-bit little-endian
mono PCM at 8 kHz), the rest has types of our own with UTF-8 JSON payloads.

    line process → gateway                       gateway → line process
    CallInfo, once, first                        Accept, once, first
    Sound, Key, Held, Retrieved                  Sound, Mark, Flush
    Played, TransferFailed                       Transfer, HangUp
    LineClosed, once, last

A call is answered only after `Accept`: a gateway that is absent or stuck never leaves a caller in silence,
and `HangUp` instead of `Accept` refuses the call as busy.

A line process that can place calls keeps one more connection, which begins with `CanDial` instead of `CallInfo`.
On it the gateway sends `Dial`; the call, once answered, comes as a connection of its own whose `CallInfo.reference`
is that of the `Dial`, and a call that is not answered is told by `DialFailed`. `StopDialling` ends the ringing.
This module does no I/O.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from bot.errors import ProtocolError
from voice.leg import CallInfo, Held, Key, LineClosed, Played, Retrieved, Sound, TransferFailed, TransferMode

HEADER = struct.Struct(">BH")
MAX_CONTROL_BYTES = 8192
MAX_SOUND_BYTES = 32000
"""Two seconds: longer sound is sent as several frames (see `sound_frames`)."""

KEYS = frozenset("0123456789*#ABCD")


@dataclass(frozen=True, slots=True)
class Accept:
    """The gateway has a session for this call: answer it."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Asks for `Played(name)` once all sound sent before has been played."""

    name: str


@dataclass(frozen=True, slots=True)
class Flush:
    """Forget all sound that is not played yet."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """Transfer the caller to a SIP URI; see `CallLeg.transfer`."""

    target: str
    mode: TransferMode = TransferMode.BLIND
    context: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CanDial:
    """First on a connection that carries no call: this line process can place calls."""

    protocol: str = "sip"


@dataclass(frozen=True, slots=True)
class Dial:
    """Place a call to a SIP URI."""

    target: str
    reference: str


@dataclass(frozen=True, slots=True)
class StopDialling:
    """Nobody is wanted there any more: `DialFailed` with `cancelled` follows, unless it was answered meanwhile."""

    reference: str


@dataclass(frozen=True, slots=True)
class DialFailed:
    """The call was not answered; `reason` is a SIP status, `no_answer`, `not_sent`, `cancelled` or `line_lost`."""

    reference: str
    reason: str


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call."""


Frame = (
    CallInfo
    | Accept
    | Sound
    | Key
    | Mark
    | Played
    | Flush
    | Transfer
    | TransferFailed
    | Held
    | Retrieved
    | HangUp
    | LineClosed
    | CanDial
    | Dial
    | StopDialling
    | DialFailed
)

_SOUND = 0x10
_CONTROL_TYPES: dict[int, type[Any]] = {
    0x01: CallInfo,
    0x02: Accept,
    0x03: Key,
    0x20: Mark,
    0x21: Played,
    0x22: Flush,
    0x23: Transfer,
    0x24: TransferFailed,
    0x25: Held,
    0x26: Retrieved,
    0x30: HangUp,
    0x31: LineClosed,
    0x40: CanDial,
    0x41: Dial,
    0x42: DialFailed,
    0x43: StopDialling,
}
_TYPE_BYTES = {cls: number for number, cls in _CONTROL_TYPES.items()}


def encode(frame: Frame) -> bytes:
    """One frame as bytes. Raises `ProtocolError` where the receiver would."""
    if isinstance(frame, Sound):
        _check_sound_length(len(frame.pcm))
        return HEADER.pack(_SOUND, len(frame.pcm)) + frame.pcm
    fields = {name: getattr(frame, name) for name in type(frame).__dataclass_fields__}
    payload = json.dumps(fields, separators=(",", ":")).encode()
    if len(payload) > MAX_CONTROL_BYTES:
        raise ProtocolError(f"a {type(frame).__name__} of {len(payload)} bytes does not fit in a frame")
    return HEADER.pack(_TYPE_BYTES[type(frame)], len(payload)) + payload


def sound_frames(pcm: bytes) -> Iterator[bytes]:
    """Sound of any length as encoded frames."""
    for start in range(0, len(pcm), MAX_SOUND_BYTES):
        yield encode(Sound(pcm[start : start + MAX_SOUND_BYTES]))


class Decoder:
    """Bytes in, frames out. After a `ProtocolError` the connection is beyond repair and must be closed."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, received: bytes) -> None:
        """Adds what was received; then call `next_frame` until it returns None."""
        self._buffer += received

    def next_frame(self) -> Frame | None:
        """The next whole frame, or None while it is incomplete. Raises `ProtocolError`."""
        if len(self._buffer) < HEADER.size:
            return None
        number, length = HEADER.unpack_from(self._buffer)
        _check_length(number, length)
        end = HEADER.size + length
        if len(self._buffer) < end:
            return None
        payload = bytes(self._buffer[HEADER.size : end])
        del self._buffer[:end]
        return Sound(payload) if number == _SOUND else _decode_control(_CONTROL_TYPES[number], payload)

    def frames(self) -> Iterator[Frame]:
        """All whole frames received so far. Raises `ProtocolError` after those before the fault."""
        while (frame := self.next_frame()) is not None:
            yield frame


def _check_length(number: int, length: int) -> None:
    if number == _SOUND:
        _check_sound_length(length)
    elif number not in _CONTROL_TYPES:
        raise ProtocolError(f"frame type 0x{number:02x} is unknown")
    elif length > MAX_CONTROL_BYTES:
        raise ProtocolError(f"a control frame of {length} bytes is longer than {MAX_CONTROL_BYTES}")


def _check_sound_length(length: int) -> None:
    if length % 2 or length > MAX_SOUND_BYTES:
        raise ProtocolError(f"a sound frame of {length} bytes is not 0 to {MAX_SOUND_BYTES} bytes of 16-bit samples")


def _decode_control(cls: type[Any], payload: bytes) -> Frame:
    try:
        fields = json.loads(payload)
    except (ValueError, RecursionError):
        raise ProtocolError(f"a {cls.__name__} frame is not JSON") from None
    expected = cls.__dataclass_fields__
    if not isinstance(fields, dict) or fields.keys() != expected.keys():
        raise ProtocolError(f"a {cls.__name__} frame needs exactly the fields {', '.join(expected) or 'none'}")
    for name, value in fields.items():
        if not _FIELD_CHECKS.get(name, _is_text)(value):
            raise ProtocolError(f"field {name} of a {cls.__name__} frame has a wrong value")
    if "mode" in fields:
        fields["mode"] = TransferMode(fields["mode"])
    frame: Frame = cls(**fields)
    return frame


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_key(value: object) -> bool:
    return isinstance(value, str) and value in KEYS


def _is_headers(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(text, str) for text in value.values())


def _is_mode(value: object) -> bool:
    return isinstance(value, str) and value in set(TransferMode)


def _is_yes_or_no(value: object) -> bool:
    return isinstance(value, bool)


_FIELD_CHECKS: dict[str, Callable[[object], bool]] = {
    "digit": _is_key,
    "headers": _is_headers,
    "context": _is_headers,
    "mode": _is_mode,
    "can_transfer": _is_yes_or_no,
}
