"""The dialects of media streams, with the messages of the providers' own pages."""

from __future__ import annotations

import base64
import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import ProtocolError
from voice.audio import MU_LAW
from voice.leg import Key, Sound
from voice.lines.media import Echoed, Message, Over, Started
from voice.lines.media_streams import MediaStream

TWILIO = {
    "event": "start", "sequenceNumber": "1", "streamSid": "MZ1",
    "start": {"accountSid": "AC1", "streamSid": "MZ1", "callSid": "CA1", "tracks": ["inbound"],
              "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
              "customParameters": {"caller": "+33199001234", "called": "4100", "token": "secret"}},
}  # fmt: skip
TELNYX = {
    "event": "start", "sequence_number": "1", "stream_id": "32DE",
    "start": {"call_control_id": "v3:T0", "from": "+33199001234", "to": "4100",
              "media_format": {"encoding": "PCMA", "sample_rate": 8000, "channels": 1}},
}  # fmt: skip
EXOTEL = {
    "event": "start", "sequence_number": "1", "stream_sid": "MZ2",
    "start": {"stream_sid": "MZ2", "call_sid": "CA2", "from": "+33199001234", "to": "4100",
              "custom_parameters": {"token": "secret"},
              "media_format": {"encoding": "base64", "sample_rate": "8000", "bit_rate": "128kbps"}},
}  # fmt: skip
PLIVO = {
    "event": "start", "sequenceNumber": 0,
    "start": {"callId": "P1", "streamId": "S1", "accountId": "1", "tracks": ["inbound"],
              "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000}},
}  # fmt: skip
JAMBONZ = {"callSid": "J1", "from": "+33199001234", "to": "4100", "sampleRate": 16000, "mixType": "mono",
           "metadata": {"token": "secret"}}  # fmt: skip

FRAME = bytes(320)
QUIET_MU_LAW = base64.b64encode(b"\xff" * 160).decode()


def started(start: dict[str, Any]) -> tuple[MediaStream, Started]:
    stream = MediaStream()
    assert stream.received('{"event": "connected", "protocol": "Call", "version": "1.0.0"}') == []
    (event,) = stream.received(json.dumps(start))
    assert isinstance(event, Started)
    return stream, event


def sent(messages: list[Message]) -> list[Any]:
    return [json.loads(message) if isinstance(message, str) else message for message in messages]


@pytest.mark.parametrize(
    ("start", "name", "line_id", "token", "caller"),
    [
        (TWILIO, "twilio", "CA1", "secret", "+33199001234"),
        (TELNYX, "telnyx", "v3:T0", "", "+33199001234"),
        (EXOTEL, "exotel", "CA2", "secret", "+33199001234"),
        (PLIVO, "plivo", "P1", "", ""),
        (JAMBONZ, "jambonz", "J1", "secret", "+33199001234"),
    ],
)
def test_start_tells_who_calls_in_every_dialect(
    start: dict[str, Any], name: str, line_id: str, token: str, caller: str
) -> None:
    stream, event = started(start)
    assert event.info.protocol == f"media-stream/{name}"
    assert (event.info.line_id, event.token, event.info.caller) == (line_id, token, caller)
    assert event.info.called == ("4100" if caller else "")
    assert stream.echoes_marks == (name != "jambonz")


def test_what_twilio_is_sent() -> None:
    stream, _ = started(TWILIO)
    assert sent(stream.say(FRAME)) == [{"event": "media", "streamSid": "MZ1", "media": {"payload": QUIET_MU_LAW}}]
    assert sent(stream.ask("g1")) == [{"event": "mark", "streamSid": "MZ1", "mark": {"name": "g1"}}]
    assert sent(stream.clear()) == [{"event": "clear", "streamSid": "MZ1"}]
    assert stream.end() == [], "closing ends a stream"


def test_what_telnyx_is_sent() -> None:
    stream, _ = started(TELNYX)
    (media,) = sent(stream.say(FRAME))
    assert media.keys() == {"event", "media"}
    assert len(base64.b64decode(media["media"]["payload"])) == 160
    assert sent(stream.ask("g1")) == [{"event": "mark", "mark": {"name": "g1"}}]
    assert sent(stream.clear()) == [{"event": "clear"}]


def test_telnyx_linear_sound_is_big_endian() -> None:
    start = {**TELNYX, "start": {**TELNYX["start"], "media_format": {"encoding": "L16", "sample_rate": 8000}}}
    stream, _ = started(start)
    payload = base64.b64encode(b"\x01\x02").decode()
    assert stream.received(json.dumps({"event": "media", "media": {"payload": payload}})) == [Sound(b"\x02\x01")]


def test_exotel_sound_is_raw_and_its_names_are_in_snake_case() -> None:
    stream, _ = started(EXOTEL)
    payload = base64.b64encode(b"\x01\x02").decode()
    assert stream.received(json.dumps({"event": "media", "media": {"payload": payload}})) == [Sound(b"\x01\x02")]
    assert sent(stream.clear()) == [{"event": "clear", "stream_sid": "MZ2"}]


def test_what_plivo_is_sent_and_sends_back() -> None:
    stream, _ = started(PLIVO)
    (media,) = sent(stream.say(FRAME))
    assert media["event"] == "playAudio"
    assert media["media"] == {"contentType": "audio/x-mulaw", "sampleRate": 8000, "payload": QUIET_MU_LAW}
    assert sent(stream.ask("g1")) == [{"event": "checkpoint", "streamId": "S1", "name": "g1"}]
    assert sent(stream.clear()) == [{"event": "clearAudio", "streamId": "S1"}]
    assert stream.received('{"event":"playedStream","streamId":"S1","name":"g1"}') == [Echoed("g1")]


def test_jambonz_speaks_in_binary() -> None:
    stream, _ = started({**JAMBONZ, "sampleRate": 8000})
    assert stream.received(b"\x01\x02") == [Sound(b"\x01\x02")]
    assert stream.say(FRAME) == [FRAME]
    assert stream.ask("g1") == []
    assert sent(stream.clear()) == [{"type": "killAudio"}]
    assert sent(stream.end()) == [{"type": "disconnect"}]
    assert stream.received('{"event": "dtmf", "dtmf": "2", "duration": "1600"}') == [Key("2")]


@pytest.mark.parametrize(
    ("message", "events"),
    [
        ({"event": "media", "media": {"track": "inbound", "payload": QUIET_MU_LAW}}, [Sound(FRAME)]),
        ({"event": "media", "media": {"track": "inbound_track", "payload": QUIET_MU_LAW}}, [Sound(FRAME)]),
        ({"event": "media", "media": {"track": "outbound", "payload": QUIET_MU_LAW}}, []),
        ({"event": "dtmf", "dtmf": {"track": "inbound_track", "digit": "5"}}, [Key("5")]),
        ({"event": "dtmf", "dtmf": {"digit": "15"}}, []),
        ({"event": "mark", "mark": {"name": "g1"}}, [Echoed("g1")]),
        ({"event": "stop", "stop": {"callSid": "CA1"}}, [Over()]),
        ({"event": "something_new", "media": 3}, []),
        ({}, []),
    ],
)
def test_what_twilio_says(message: dict[str, Any], events: list[object]) -> None:
    stream, _ = started(TWILIO)
    assert MU_LAW.encode(MU_LAW.levels[[255]]) == b"\xff"
    assert stream.received(json.dumps(message)) == events


@pytest.mark.parametrize(
    "form",
    [
        {"encoding": "OPUS", "sampleRate": 48000},
        {"encoding": "audio/x-mulaw", "sampleRate": 16000},
        {"encoding": "audio/x-mulaw", "sampleRate": "fast"},
        {"encoding": "audio/x-mulaw", "sampleRate": "²"},
        {"encoding": "l16", "sampleRate": 8000},
    ],
)
def test_what_is_not_carried_is_refused(form: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError):
        started({**TWILIO, "start": {**TWILIO["start"], "mediaFormat": form}})


def test_plivos_linear_sound_is_refused_rather_than_guessed() -> None:
    linear = {"encoding": "audio/x-l16", "sampleRate": 8000}
    with pytest.raises(ProtocolError):
        started({**PLIVO, "start": {**PLIVO["start"], "mediaFormat": linear}})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
messages = st.fixed_dictionaries(
    {},
    optional={
        "event": st.sampled_from(["start", "media", "dtmf", "mark", "stop", "playedStream"]) | json_values,
        "start": json_values, "media": json_values, "dtmf": json_values, "mark": json_values,
        "callSid": json_values, "sampleRate": json_values,
    },
)  # fmt: skip


@given(messages)
def test_whatever_comes_is_understood_or_refused(message: dict[str, Any]) -> None:
    for stream in (MediaStream(), started(TWILIO)[0], started(JAMBONZ)[0]):
        with contextlib.suppress(ProtocolError):
            stream.received(json.dumps(message))
