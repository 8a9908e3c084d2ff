"""The frames between gateway and line process."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import ProtocolError
from voice.framing import (
    HEADER,
    KEYS,
    MAX_CONTROL_BYTES,
    MAX_SOUND_BYTES,
    Accept,
    CanDial,
    Decoder,
    Dial,
    DialFailed,
    Flush,
    Frame,
    HangUp,
    Mark,
    StopDialling,
    Transfer,
    encode,
    sound_frames,
)
from voice.leg import CallInfo, Held, Key, LineClosed, Played, Retrieved, Sound, TransferFailed, TransferMode

words = st.text(max_size=40)
sounds = st.binary(max_size=400).map(lambda pcm: pcm[: len(pcm) // 2 * 2])
frames: st.SearchStrategy[Frame] = st.one_of(
    st.builds(CallInfo, words, words, words, words, st.booleans(), words, st.dictionaries(words, words, max_size=4)),
    st.builds(Sound, sounds),
    st.builds(Key, st.sampled_from(sorted(KEYS))),
    st.builds(Mark, words),
    st.builds(Played, words),
    st.builds(Transfer, words, st.sampled_from(TransferMode), st.dictionaries(words, words, max_size=4)),
    st.builds(CanDial, words),
    st.builds(Dial, words, words),
    st.builds(DialFailed, words, words),
    st.builds(StopDialling, words),
    st.builds(TransferFailed, words),
    st.builds(LineClosed, words),
    st.sampled_from([Accept(), Flush(), HangUp(), Held(), Retrieved()]),
)


@given(st.lists(frames, max_size=8), st.data())
def test_frames_survive_any_chopping_of_the_stream(sent: list[Frame], data: st.DataObject) -> None:
    stream = b"".join(map(encode, sent))
    decoder, received = Decoder(), []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        decoder.feed(stream[:size])
        received += list(decoder.frames())
        stream = stream[size:]
    assert received == sent


@given(st.binary(max_size=300))
def test_any_bytes_are_frames_or_a_protocol_error(noise: bytes) -> None:
    decoder = Decoder()
    decoder.feed(noise)
    try:
        for _ in decoder.frames():
            pass
    except ProtocolError:
        pass


@given(st.binary(max_size=200), st.sampled_from([0x01, 0x03, 0x20, 0x24, 0x31]))
def test_a_control_frame_of_nonsense_is_refused(payload: bytes, number: int) -> None:
    decoder = Decoder()
    decoder.feed(HEADER.pack(number, len(payload)) + payload)
    with pytest.raises(ProtocolError):
        decoder.next_frame()


@pytest.mark.parametrize(
    ("number", "payload"),
    [
        (0x03, b'{"digit":"12"}'),
        (0x03, b'{"digit":""}'),
        (0x03, b'{"digit":"E"}'),
        (0x03, b'{"digit":1}'),
        (0x20, b'{"name":"a","more":1}'),
        (0x20, b"[]"),
        (0x20, b"[" * 5000),
        (0x30, b""),
        (0x01, b'{"line_id":"x","caller":"","called":"","protocol":"sip","headers":{"a":1}}'),
    ],
)
def test_wrong_fields_are_refused(number: int, payload: bytes) -> None:
    decoder = Decoder()
    decoder.feed(HEADER.pack(number, len(payload)) + payload)
    with pytest.raises(ProtocolError):
        decoder.next_frame()


@pytest.mark.parametrize("header", [(0x99, 0), (0x10, 3), (0x10, MAX_SOUND_BYTES + 2), (0x20, MAX_CONTROL_BYTES + 1)])
def test_a_bad_header_is_refused_before_its_payload_is_awaited(header: tuple[int, int]) -> None:
    decoder = Decoder()
    decoder.feed(HEADER.pack(*header))
    with pytest.raises(ProtocolError):
        decoder.next_frame()


def test_frames_before_a_fault_are_delivered() -> None:
    decoder = Decoder()
    decoder.feed(encode(Key("5")) + b"\xff\xff\xff")
    assert decoder.next_frame() == Key("5")
    with pytest.raises(ProtocolError):
        decoder.next_frame()


@given(st.integers(0, 3 * MAX_SOUND_BYTES // 2))
def test_long_sound_is_sent_in_bearable_frames(samples: int) -> None:
    pcm = bytes(2 * samples)
    decoder = Decoder()
    for frame in sound_frames(pcm):
        decoder.feed(frame)
    assert b"".join(frame.pcm for frame in decoder.frames() if isinstance(frame, Sound)) == pcm


def test_what_the_receiver_would_refuse_is_not_sent() -> None:
    with pytest.raises(ProtocolError):
        encode(Sound(b"odd"))
    with pytest.raises(ProtocolError):
        encode(Mark("x" * MAX_CONTROL_BYTES))
