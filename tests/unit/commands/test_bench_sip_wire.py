"""What the measuring telephone says on the wire, and how it reads what comes back."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.bench.sip_wire import (
    KEYS,
    PCMA,
    Message,
    Pacing,
    Rtp,
    key_payloads,
    media_address,
    offer,
    parse_message,
    parse_rtp,
    response,
)
from bot.errors import ProtocolError

ANSWER = (
    b"SIP/2.0 200 OK\r\nv: SIP/2.0/UDP 127.0.0.1:5;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n"
    b"To: <sip:c@d>;tag=2\r\nCall-ID: 77\r\nCSeq: 1 INVITE\r\nContact: <sip:c@127.0.0.1:5070;transport=udp>\r\n"
    b"Content-Length: 3\r\n\r\nv=0"
)


def test_an_answer_is_read_with_compact_headers() -> None:
    message = parse_message(ANSWER)
    assert (message.status, message.reason, message.request_method) == (200, "OK", "INVITE")
    assert message.get("via").startswith("SIP/2.0/UDP")
    assert (message.get("to"), message.body) == ("<sip:c@d>;tag=2", "v=0")


def test_a_message_survives_the_wire() -> None:
    sent = Message(method="INVITE", uri="sip:a@b", headers=(("via", "x"), ("via", "y"), ("call-id", "1")), body="été")
    received = parse_message(sent.encode())
    assert (received.method, received.uri, received.body) == ("INVITE", "sip:a@b", "été")
    assert received.values("via") == ["x", "y"]
    assert received.get("content-length") == str(len("été".encode()))


@pytest.mark.parametrize(
    "datagram", [b"", b"\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n", b"BYE sip:a SIP/2.0\r\nnonsense\r\n\r\n"]
)
def test_what_is_not_sip_is_refused(datagram: bytes) -> None:
    with pytest.raises(ProtocolError):
        parse_message(datagram)


@given(st.binary(max_size=300))
def test_no_datagram_breaks_the_readers(datagram: bytes) -> None:
    for read in (parse_message, parse_rtp):
        with contextlib.suppress(ProtocolError):
            read(datagram)


def test_a_request_is_answered_in_its_own_transaction() -> None:
    request = parse_message(
        b"BYE sip:x SIP/2.0\r\nVia: one\r\nVia: two\r\nFrom: f\r\nTo: t;tag=9\r\nCall-ID: 7\r\nCSeq: 2 BYE\r\n\r\n"
    )
    answer = parse_message(response(request, 200, "OK", to_tag="b", contact="sip:me@h:1").encode())
    assert answer.values("via") == ["one", "two"]
    assert [answer.get(name) for name in ("to", "call-id", "cseq")] == ["t;tag=9", "7", "2 BYE"]


def test_the_offer_and_the_answer_speak_of_a_law() -> None:
    assert media_address(offer("127.0.0.1", 4000)) == ("127.0.0.1", 4000)
    with pytest.raises(ProtocolError, match="A-law"):
        media_address("c=IN IP4 1.2.3.4\r\nm=audio 5 RTP/AVP 0\r\n")
    with pytest.raises(ProtocolError):
        media_address("")


def test_an_rtp_packet_survives_the_wire() -> None:
    packet = Rtp(PCMA, 65535, 4294967295, b"abc", marker=True, source=7)
    assert parse_rtp(packet.encode()) == packet


def test_extensions_contributors_and_padding_of_rtp_are_no_sound() -> None:
    plain = Rtp(PCMA, 1, 2, b"", source=3).encode()
    head = bytes([0x80 | 0x30 | 1]) + plain[1:]
    datagram = head + b"CSRC" + b"\0\0\0\1EXTN" + b"sound" + b"\0\0\3"
    assert parse_rtp(datagram).payload == b"sound"


def test_a_key_lasts_100_ms_and_its_end_is_said_three_times() -> None:
    packets = key_payloads("#")
    assert {packet[0] for packet in packets} == {11}
    assert [packet[1] >> 7 for packet in packets] == [0] * 5 + [1] * 3
    assert [int.from_bytes(packet[2:]) for packet in packets] == [160, 320, 480, 640, 800, 800, 800, 800]


def stream(*sequences: int, step: int = 160) -> list[Rtp]:
    return [Rtp(PCMA, number & 0xFFFF, number * step, bytes(160)) for number in sequences]


def test_pacing_keeps_gaps_losses_and_jumps_of_the_timestamp() -> None:
    pacing = Pacing()
    for packet, at in zip(stream(65534, 65535, 65536, 65538), (0.0, 0.02, 0.045, 0.1), strict=True):
        pacing.received(packet, at)
    assert [round(gap) for gap in pacing.gaps_ms] == [20, 25, 55]
    assert (pacing.lost, pacing.timestamp_jumps) == (1, 0)
    wrong = Pacing()
    for packet in stream(1, 2, 3, step=170):
        wrong.received(packet, 0.0)
    assert wrong.timestamp_jumps == 2


def test_keys_and_a_new_source_make_no_gap() -> None:
    pacing = Pacing()
    pacing.received(Rtp(PCMA, 1, 0, b"", source=1), 0.0)
    pacing.received(Rtp(KEYS, 2, 0, b"", source=1), 5.0)
    pacing.received(Rtp(PCMA, 9, 0, b"", source=2), 9.0)
    assert (pacing.gaps_ms, pacing.lost) == ([], 0)
