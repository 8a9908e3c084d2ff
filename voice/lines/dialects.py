"""How providers of media streams differ once they have said `start`. Pure: one table, one function.

Twilio's messages are the model; SignalWire sends the same. Telnyx and Exotel write snake_case, Plivo has names of its
own for what is sent back, jambonz sends its sound as binary messages. Sources: the providers' pages on their
WebSocket messages (2026-11); only Twilio's was run, against a simulator.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.errors import ProtocolError
from voice.lines.codecs import Codec, Encoding, codec_for
from voice.lines.json_messages import member, text

MU_LAW_NAMES = ("audio/x-mulaw", "mulaw", "pcmu", "ulaw")
A_LAW_NAMES = ("audio/x-alaw", "alaw", "pcma")


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a provider calls things. `stream_key`: how the stream's id is written in what we send; empty: not at all."""

    name: str
    stream_key: str
    media: str = "media"
    mark: str = "mark"
    clear: str = "clear"
    is_binary: bool = False


TWILIO = Dialect("twilio", "streamSid")
TELNYX = Dialect("telnyx", "")
EXOTEL = Dialect("exotel", "stream_sid")
PLIVO = Dialect("plivo", "streamId", media="playAudio", mark="checkpoint", clear="clearAudio")
JAMBONZ = Dialect("jambonz", "", mark="", clear="killAudio", is_binary=True)


def dialect_of(message: dict[str, Any], raw_text: str) -> Dialect:
    """Whose `start` this is. `message` has its keys in snake case, `raw_text` is the spelling that came."""
    start = member(message, "start")
    if "event" not in message:
        return JAMBONZ
    if "call_control_id" in start:
        return TELNYX
    if "stream_id" in start and "stream_sid" not in start:
        return PLIVO
    return EXOTEL if '"stream_sid"' in raw_text else TWILIO


def codec_of(dialect: Dialect, message: dict[str, Any]) -> Codec:
    """The codec of both directions. Raises `ProtocolError` for one that is not carried."""
    form = member(member(message, "start"), "media_format") or member(message, "media_format")
    rate = text(form, "sample_rate") or text(message, "sample_rate") or "8000"
    if not rate.isascii() or not rate.isdecimal() or len(rate) > 6:
        raise ProtocolError("the sample rate is not a number")
    return codec_for(_encoding(dialect, text(form, "encoding").lower()), int(rate))


def _encoding(dialect: Dialect, name: str) -> Encoding:
    if dialect in (JAMBONZ, EXOTEL) and name not in MU_LAW_NAMES:
        return "s16le"
    if name in MU_LAW_NAMES or not name:
        return "mulaw"
    if name in A_LAW_NAMES:
        return "alaw"
    if dialect is TELNYX and name == "l16":
        return "s16be"
    raise ProtocolError("the codec is not carried: only G.711, and linear sound of Telnyx, Exotel and jambonz")
