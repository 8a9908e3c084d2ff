"""Asterisk's chan_websocket: sound as binary messages, control as text, in JSON or in words. Pure.

Asterisk (20.16, 21.11, 22.6 and later; JSON from 20.18, 22.8) keeps up to 20 s of sound and plays it at its own pace.
Sound is sent between START_MEDIA_BUFFERING and STOP_MEDIA_BUFFERING, which needs no framing; the id of a STOP comes
back (MEDIA_BUFFERING_COMPLETED) when what was sent before has been played, so it serves as the mark: MARK_MEDIA, which
does the same, is younger. FLUSH_MEDIA forgets everything, buffering and marks included. Control messages toward
Asterisk are case-sensitive and at most 128 bytes. Source: Asterisk's WebSocket page, `chan_websocket.c` of 22.10,
and captures.

A call is known by the channel variable GUICHET_CALL, set before Dial with an underscore or two so that the
WebSocket channel inherits it (JSON only), or else by the name of its channel, DIALEDPEERNAME in the dialplan.
Parameters in the URL (`v()`) are not read: Asterisk gives those of one call to the next.
"""

from __future__ import annotations

import json
from typing import Any

from bot.errors import ProtocolError
from voice.framing import KEYS
from voice.leg import CallInfo, Key, Sound
from voice.lines.codecs import Codec, Encoding, codec_for
from voice.lines.json_messages import json_object, member, text
from voice.lines.media import Congested, Echoed, MediaEvent, Message, Started

FORMATS: dict[str, tuple[Encoding, int]] = {
    "slin": ("s16le", 8000),
    "slin16": ("s16le", 16000),
    "alaw": ("alaw", 8000),
    "ulaw": ("mulaw", 8000),
}
ECHOES = ("MEDIA_BUFFERING_COMPLETED", "MEDIA_MARK_PROCESSED")


class AsteriskMedia:
    """The `MediaProtocol` of one call. The control format is that of Asterisk's first message."""

    echoes_marks = True
    needs_silence = True

    def __init__(self) -> None:
        self._codec: Codec | None = None
        self._in_json = True
        self._buffering = False

    def received(self, message: Message) -> list[MediaEvent]:
        """See `MediaProtocol.received`."""
        if isinstance(message, bytes):
            if self._codec is None:
                raise ProtocolError("sound before MEDIA_START")
            return [Sound(self._codec.decode(message))]
        if self._codec is None:
            self._in_json = message.lstrip().startswith("{")
        fields = json_object(message) if self._in_json else _words(message)
        event = text(fields, "event")
        if event == "MEDIA_START":
            return [self._start(fields)]
        if self._codec is None:
            raise ProtocolError("the first message is not MEDIA_START")
        return _event(event, fields)

    def _start(self, fields: dict[str, Any]) -> Started:
        if self._codec is not None:
            raise ProtocolError("a second MEDIA_START on one connection")
        name = text(fields, "format")
        if name not in FORMATS:
            raise ProtocolError(f"the codec is not carried: only {', '.join(FORMATS)}")
        self._codec = codec_for(*FORMATS[name])
        variables = {key.lstrip("_"): value for key, value in member(fields, "channel_variables").items()}
        return Started(
            CallInfo(
                line_id=text(variables, "guichet_call") or text(fields, "channel", "channel_id", "connection_id"),
                caller=text(variables, "guichet_caller"),
                called=text(variables, "guichet_called"),
                protocol="chan_websocket",
            )
        )

    def say(self, pcm: bytes) -> list[Message]:
        """See `MediaProtocol.say`."""
        assert self._codec is not None
        return [*self._buffer(), self._codec.encode(pcm)]

    def ask(self, mark_id: str) -> list[Message]:
        """See `MediaProtocol.ask`."""
        started = self._buffer()
        self._buffering = False
        return [*started, self._command("STOP_MEDIA_BUFFERING", mark_id)]

    def clear(self) -> list[Message]:
        """See `MediaProtocol.clear`."""
        self._buffering = False
        return [self._command("FLUSH_MEDIA")]

    def end(self) -> list[Message]:
        """See `MediaProtocol.end`. The dialplan goes on after `Dial(…,g)`."""
        return [] if self._codec is None else [self._command("HANGUP")]

    def _buffer(self) -> list[Message]:
        if self._buffering:
            return []
        self._buffering = True
        return [self._command("START_MEDIA_BUFFERING")]

    def _command(self, command: str, correlation_id: str = "") -> str:
        if not self._in_json:
            return f"{command} {correlation_id}".rstrip()
        fields = {"command": command}
        if correlation_id:
            fields["correlation_id"] = correlation_id
        return json.dumps(fields)


def _event(event: str, fields: dict[str, Any]) -> list[MediaEvent]:
    digit = text(fields, "digit")
    if event == "DTMF_END" and digit in KEYS:
        return [Key(digit)]
    if event in ECHOES:
        return [Echoed(text(fields, "correlation_id"))]
    if event in ("MEDIA_XOFF", "MEDIA_XON"):
        return [Congested(event == "MEDIA_XOFF")]
    return []


def _words(message: str) -> dict[str, Any]:
    """`EVENT key:value key:value`, or `EVENT id`."""
    event, *words = message.split()[:50] or [""]
    fields: dict[str, Any] = {"event": event}
    for word in words:
        key, colon, value = word.partition(":")
        fields[key if colon else "correlation_id"] = value if colon else word
    return fields
