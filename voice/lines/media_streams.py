"""Media streams: a provider's call over a WebSocket, in JSON with the sound in Base64 (jambonz: binary). Pure.

One tolerant reader for all dialects: keys in one spelling, `start` tells the codec and the dialect, unknown events
mean nothing. Marks may come back after a `clear` (Twilio) or not (others): both are right, for who flushes has
forgotten them. See `dialects` for the differences.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from bot.errors import ProtocolError
from voice.framing import KEYS
from voice.leg import CallInfo, Key, Sound
from voice.lines.codecs import Codec
from voice.lines.dialects import JAMBONZ, PLIVO, TWILIO, Dialect, codec_of, dialect_of
from voice.lines.json_messages import json_object, member, text
from voice.lines.media import Echoed, MediaEvent, Message, Over, Started

TOKEN_PARAMETER = "token"
OUR_OWN_TRACK = "outbound"


class MediaStream:
    """The `MediaProtocol` of one stream."""

    needs_silence = False

    def __init__(self) -> None:
        self._dialect: Dialect = TWILIO
        self._codec: Codec | None = None
        self._stream_id = ""

    @property
    def echoes_marks(self) -> bool:
        """See `MediaProtocol.echoes_marks`."""
        return bool(self._dialect.mark)

    def received(self, message: Message) -> list[MediaEvent]:
        """See `MediaProtocol.received`."""
        if isinstance(message, bytes):
            if self._codec is None or not self._dialect.is_binary:
                raise ProtocolError("a binary message where text is due")
            return [Sound(self._codec.decode(message))]
        fields = json_object(message)
        event = text(fields, "event")
        if self._codec is None:
            is_jambonz = "event" not in fields and "call_sid" in fields and "sample_rate" in fields
            return [self._start(fields, message)] if event == "start" or is_jambonz else []
        return self._event(event, fields)

    def _start(self, fields: dict[str, Any], raw_text: str) -> Started:
        start = member(fields, "start")
        self._dialect = dialect_of(fields, raw_text)
        self._codec = codec_of(self._dialect, fields)
        ids = {**fields, **start}
        self._stream_id = text(ids, "stream_sid", "stream_id")
        parameters = member(start, "custom_parameters") or member(fields, "metadata")
        line_id = text(ids, "call_sid", "call_control_id", "call_id") or self._stream_id
        if not line_id:
            raise ProtocolError("start names neither call nor stream")
        return Started(
            CallInfo(
                line_id=line_id,
                caller=text(parameters, "caller", "from") or text(ids, "from"),
                called=text(parameters, "called", "to") or text(ids, "to"),
                protocol=f"media-stream/{self._dialect.name}",
            ),
            token=text(parameters, TOKEN_PARAMETER),
        )

    def _event(self, event: str, fields: dict[str, Any]) -> list[MediaEvent]:
        match event:
            case "media" if not self._dialect.is_binary:
                return self._sound(member(fields, "media"))
            case "dtmf":
                digit = text(member(fields, "dtmf"), "digit") or text(fields, "dtmf", "digit")
                return [Key(digit)] if digit in KEYS else []
            case "mark" | "playedStream":
                return [Echoed(text(member(fields, "mark"), "name") or text(fields, "name"))]
            case "stop":
                return [Over()]
        return []

    def _sound(self, media: dict[str, Any]) -> list[MediaEvent]:
        assert self._codec is not None
        if text(media, "track").startswith(OUR_OWN_TRACK):
            return []
        payload = media.get("payload")
        if not isinstance(payload, str):
            raise ProtocolError("media without a payload")
        try:
            coded = base64.b64decode(payload, validate=True)
        except (binascii.Error, ValueError):
            raise ProtocolError("a payload is not Base64") from None
        return [Sound(self._codec.decode(coded))]

    def say(self, pcm: bytes) -> list[Message]:
        """See `MediaProtocol.say`."""
        assert self._codec is not None
        coded = self._codec.encode(pcm)
        if self._dialect.is_binary:
            return [coded]
        media: dict[str, Any] = {"payload": base64.b64encode(coded).decode()}
        if self._dialect is PLIVO:
            media |= {"contentType": "audio/x-mulaw", "sampleRate": self._codec.rate_hz}
        return [self._message(self._dialect.media, media=media)]

    def ask(self, mark_id: str) -> list[Message]:
        """See `MediaProtocol.ask`."""
        if not self._dialect.mark:
            return []
        if self._dialect is PLIVO:
            return [self._message(self._dialect.mark, name=mark_id)]
        return [self._message(self._dialect.mark, mark={"name": mark_id})]

    def clear(self) -> list[Message]:
        """See `MediaProtocol.clear`."""
        return [self._message(self._dialect.clear)]

    def end(self) -> list[Message]:
        """See `MediaProtocol.end`: closing the WebSocket is what ends a stream."""
        return [self._message("disconnect")] if self._dialect is JAMBONZ and self._codec else []

    def _message(self, event: str, **fields: Any) -> str:
        if self._dialect is JAMBONZ:
            return json.dumps({"type": event})
        if self._dialect.stream_key:
            fields[self._dialect.stream_key] = self._stream_id
        return json.dumps({"event": event, **fields})
