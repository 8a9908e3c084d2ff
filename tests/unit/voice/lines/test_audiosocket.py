"""AudioSocket's messages."""

from __future__ import annotations

import itertools
import struct
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import ProtocolError
from voice.leg import Key
from voice.lines.audiosocket import Decoder, Ended, Hello, RawSound, hello, key, sound

CALL_ID = "49023549-1adb-4817-9327-da155fc1ff49"
WHOLE_CALL = (
    hello(CALL_ID) + sound(8000, b"ab" * 160) + key("5") + sound(16000, b"cd" * 320) + b"\x44\x00\x01x" + b"\0\0\0"
)
MEANING = [Hello(CALL_ID), RawSound(8000, b"ab" * 160), Key("5"), RawSound(16000, b"cd" * 320), Ended()]


def test_the_bytes_are_asterisks() -> None:
    assert hello(CALL_ID) == b"\x01\x00\x10" + uuid.UUID(CALL_ID).bytes
    assert key("1") == b"\x03\x00\x011"
    assert sound(8000, bytes(320))[:3] == b"\x10\x01\x40"
    assert sound(16000, bytes(640))[:3] == b"\x12\x02\x80"


@given(st.lists(st.integers(0, len(WHOLE_CALL)), max_size=8))
def test_messages_are_found_however_the_bytes_arrive(cuts: list[int]) -> None:
    decoder = Decoder()
    borders = [0, *sorted(cuts), len(WHOLE_CALL)]
    found = [message for begin, end in itertools.pairwise(borders) for message in decoder.feed(WHOLE_CALL[begin:end])]
    assert found == MEANING


@given(st.binary(max_size=200))
def test_garbage_is_refused_or_waited_for_but_never_a_call(garbage: bytes) -> None:
    if garbage[:3] == b"\x01\x00\x10":
        return
    try:
        assert Decoder().feed(garbage) == []
    except ProtocolError:
        return
    assert len(garbage) < 3


@pytest.mark.parametrize(
    "later",
    [
        struct.pack(">BH", 0x10, 9000),
        struct.pack(">BH", 0x10, 3) + b"abc",
        struct.pack(">BH", 0x13, 2) + b"ab",
        hello(CALL_ID),
    ],
)
def test_what_breaks_the_protocol_is_told(later: bytes) -> None:
    decoder = Decoder()
    decoder.feed(hello(CALL_ID))
    with pytest.raises(ProtocolError):
        decoder.feed(later)


def test_an_error_of_asterisk_ends_the_call() -> None:
    decoder = Decoder()
    decoder.feed(hello(CALL_ID))
    assert decoder.feed(b"\xff\x00\x01\x04") == [Ended()]
