"""Asterisk's control messages, in JSON and in words."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import ProtocolError
from voice.leg import Key, Sound
from voice.lines.chan_websocket import AsteriskMedia
from voice.lines.media import Congested, Echoed, Message, Started

WORDS = "MEDIA_START connection_id:bot channel:WebSocket/bot/0x7f channel_id:17.3 format:slin optimal_frame_size:320"
JSON_START = json.dumps({"event": "MEDIA_START", "channel": "WebSocket/bot/0x7f", "format": "slin"})


def started(first: str) -> AsteriskMedia:
    media = AsteriskMedia()
    (event,) = media.received(first)
    assert isinstance(event, Started)
    assert event.info.line_id == "WebSocket/bot/0x7f"
    assert event.info.protocol == "chan_websocket"
    return media


def test_json_is_answered_in_json() -> None:
    media = started(JSON_START)
    assert media.say(b"ab" * 160) == ['{"command": "START_MEDIA_BUFFERING"}', b"ab" * 160]
    assert media.say(b"ab" * 160) == [b"ab" * 160], "buffering already"
    assert media.ask("g1") == ['{"command": "STOP_MEDIA_BUFFERING", "correlation_id": "g1"}']
    assert media.end() == ['{"command": "HANGUP"}']


def test_words_are_answered_in_words() -> None:
    media = started(WORDS)
    assert media.say(b"ab" * 160) == ["START_MEDIA_BUFFERING", b"ab" * 160]
    assert media.clear() == ["FLUSH_MEDIA"]
    assert media.ask("g1") == ["START_MEDIA_BUFFERING", "STOP_MEDIA_BUFFERING g1"], "a flush ends buffering"


@pytest.mark.parametrize(
    ("message", "event"),
    [
        ('{"event":"DTMF_END","digit":"#"}', Key("#")),
        ('{"event":"MEDIA_BUFFERING_COMPLETED","correlation_id":"g1"}', Echoed("g1")),
        ('{"event":"MEDIA_MARK_PROCESSED","correlation_id":"g1"}', Echoed("g1")),
        ('{"event":"MEDIA_XOFF"}', Congested(True)),
        ('{"event":"MEDIA_XON"}', Congested(False)),
        (b"abab", Sound(b"abab")),
    ],
)
def test_events_in_json(message: Message, event: object) -> None:
    assert started(JSON_START).received(message) == [event]


@pytest.mark.parametrize(
    ("message", "event"),
    [
        ("DTMF_END digit:1 channel_id:17.3", Key("1")),
        ("MEDIA_BUFFERING_COMPLETED g1", Echoed("g1")),
        ("MEDIA_XOFF", Congested(True)),
    ],
)
def test_events_in_words(message: str, event: object) -> None:
    assert started(WORDS).received(message) == [event]


@pytest.mark.parametrize("message", ['{"event":"NEW"}', '{"event":7}', "{}", '{"event":"DTMF_END","digit":["1"]}'])
def test_what_is_unknown_means_nothing(message: str) -> None:
    assert started(JSON_START).received(message) == []


def test_inherited_variables_name_the_call_with_or_without_underscores() -> None:
    variables = {"__GUICHET_CALL": "c1", "_GUICHET_CALLER": "+33199001234", "GUICHET_CALLED": "4100", "OTHER": {}}
    start = json.dumps({"event": "MEDIA_START", "format": "alaw", "channel": "x", "channel_variables": variables})
    (event,) = AsteriskMedia().received(start)
    assert isinstance(event, Started)
    assert (event.info.line_id, event.info.caller, event.info.called) == ("c1", "+33199001234", "4100")


@given(st.one_of(st.text(max_size=80), st.binary(max_size=80)))
def test_whatever_comes_is_understood_or_refused(message: Message) -> None:
    for media in (AsteriskMedia(), started(JSON_START), started(WORDS)):
        with contextlib.suppress(ProtocolError):
            media.received(message)
