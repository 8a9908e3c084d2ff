"""What is read off the stack's SIP trace, and the filters made of it."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice.sip.guard import Source, admit_only, guard_port
from voice.sip.outgoing import PLAIN_URI, toward
from voice.sip.trace import MAX_CALLS, CallTraces, SoundRoute, sound_address
from voice.sip.transfer import context_headers, refer_target

OFFER = (
    "v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\na=sendrecv\r\n"
)
ANSWER = OFFER.replace("192.0.2.7", "192.0.2.10").replace("4000", "20000")


def received(body: str, *, call_id: str = "a1", method: str = "INVITE", extra: str = "") -> str:
    head = f"{method} sip:guichet@192.0.2.10 SIP/2.0\r\nCall-ID: {call_id}\r\n{extra}CSeq: 1 INVITE"
    return f"RX UDP 192.0.2.7:5060 -> 192.0.2.10:5070\n{head}\r\n\r\n{body}"


def sent(body: str, *, call_id: str = "a1") -> str:
    return f"TX UDP 192.0.2.10:5070 -> 192.0.2.7:5060\nSIP/2.0 200 OK\r\ni: {call_id}\r\nCSeq: 1 INVITE\r\n\r\n{body}"


def test_a_route_is_told_once_both_sides_have_described_their_sound() -> None:
    traces = CallTraces()
    offered = traces.saw(received(OFFER))
    assert offered is not None
    assert offered.route is None
    answered = traces.saw(sent(ANSWER))
    assert answered is not None
    assert answered.route == SoundRoute(20000, IPv4Address("192.0.2.7"), 4000)
    again = traces.saw(sent(ANSWER))
    assert again is not None
    assert again.route is None


def test_a_call_whose_sound_moves_has_a_new_route() -> None:
    traces = CallTraces()
    traces.saw(received(OFFER))
    traces.saw(sent(ANSWER))
    moved = traces.saw(received(OFFER.replace("192.0.2.7", "192.0.2.99").replace("4000", "5000")))
    assert moved is not None
    assert moved.route == SoundRoute(20000, IPv4Address("192.0.2.99"), 5000)


def test_a_hold_with_no_address_keeps_the_route() -> None:
    traces = CallTraces()
    traces.saw(received(OFFER))
    traces.saw(sent(ANSWER))
    held = traces.saw(received(OFFER.replace("192.0.2.7", "0.0.0.0")))
    assert held is not None
    assert (held.route, held.address_withheld) == (None, True)
    back = traces.saw(received(OFFER))
    assert back is not None
    assert (back.route, back.address_withheld) == (None, False)


def invited(number: int = 1) -> str:
    head = f"INVITE sip:200@192.0.2.7 SIP/2.0\r\nCall-ID: a1\r\nCSeq: {number} INVITE"
    return f"TX UDP 192.0.2.10:5070 -> 192.0.2.7:5060\n{head}\r\n\r\n{OFFER}"


def replied(status: str, number: int = 1, *, method: str = "INVITE", call_id: str = "a1") -> str:
    head = f"SIP/2.0 {status}\r\nCall-ID: {call_id}\r\nCSeq: {number} {method}\r\nContent-Length: 0"
    return f"RX UDP 192.0.2.7:5060 -> 192.0.2.10:5070\n{head}\r\n\r\n"


@pytest.mark.parametrize("status", ["100 Trying", "180 Ringing", "183 Session Progress"])
def test_whom_we_call_has_replied_with_the_first_provisional_reply(status: str) -> None:
    traces = CallTraces()
    assert not traces.has_replied("a1")
    traces.saw(invited())
    assert not traces.has_replied("a1")
    traces.saw(replied(status))
    assert traces.has_replied("a1")
    traces.saw(invited())  # sent again: the reply had crossed it
    assert traces.has_replied("a1")
    assert not traces.has_replied("another")


@pytest.mark.parametrize(
    "reply",
    [
        replied("407 Proxy Authentication Required"),
        replied("100 Trying", method="OPTIONS"),
        replied("180 Ringing", 2),
        replied("180 Ringing", call_id="another"),
        invited().replace("TX", "RX"),
    ],
    ids=["final", "to another request", "to another INVITE", "to another call", "no reply"],
)
def test_what_is_no_provisional_reply_to_our_invite_does_not_count(reply: str) -> None:
    traces = CallTraces()
    traces.saw(invited())
    traces.saw(reply)
    assert not traces.has_replied("a1")


def test_an_invite_with_credentials_has_a_reply_of_its_own() -> None:
    traces = CallTraces()
    for message in (invited(1), replied("100 Trying", 1), replied("407 Proxy Authentication Required", 1), invited(2)):
        traces.saw(message)
    assert not traces.has_replied("a1")
    traces.saw(replied("100 Trying", 2))
    assert traces.has_replied("a1")


@pytest.mark.parametrize(
    ("extra", "understood"),
    [
        ("Supported: 100rel, timer, replaces, norefersub\r\n", True),
        ("Supported: timer\r\nk: Replaces\r\n", True),
        ("Supported: timer\r\n", False),
        ("X-Supported: replaces\r\n", False),
        ("", False),
    ],
)
def test_whether_a_caller_can_be_joined_is_known_from_the_whole_header(extra: str, understood: bool) -> None:
    traces = CallTraces()
    traces.saw(received("", extra=extra))
    assert traces.understands_replaces("a1") is understood
    assert not traces.understands_replaces("another")


def test_the_address_of_the_sound_itself_counts_more_than_that_of_the_session() -> None:
    video = "v=0\r\nc=IN IP4 192.0.2.1\r\nm=video 9 RTP/AVP 96\r\nc=IN IP4 192.0.2.2\r\nm=audio 4000/2 RTP/AVP 8\r\n"
    assert sound_address(video) == (IPv4Address("192.0.2.1"), 4000)
    assert sound_address(video + "c=IN IP4 192.0.2.3/127\r\n") == (IPv4Address("192.0.2.3"), 4000)


def test_a_name_for_an_address_is_left_to_the_stack() -> None:
    assert sound_address(OFFER.replace("c=IN IP4 192.0.2.7", "c=IN IP4 pbx.example")) == (None, 4000)


@given(st.text(max_size=300))
def test_no_message_is_too_strange(text: str) -> None:
    traces = CallTraces()
    traces.saw(text)
    traces.saw(received(text))
    sound_address("v=0\r\nm=audio " + text)


def test_a_flood_of_calls_takes_bounded_memory() -> None:
    traces = CallTraces()
    for number in range(MAX_CALLS + 10):
        traces.saw(received(OFFER, call_id=str(number)))
    assert len(traces._calls) == MAX_CALLS


def _reach(sources: list[Source], address: str, port: int = 0) -> bool:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ours,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as theirs,
    ):
        ours.bind(("127.0.0.1", 0))
        theirs.bind((address, port))
        assert guard_port(ours.getsockname()[1], sources) == 1
        theirs.sendto(b"x", ours.getsockname())
        ours.settimeout(0.2)
        try:
            return ours.recv(10) == b"x"
        except TimeoutError:
            return False


def test_the_kernel_admits_listed_sources_only() -> None:
    networks = [Source(IPv4Network(network)) for network in ("192.0.2.0/24", "127.0.0.2/31")]
    assert _reach(networks, "127.0.0.3")
    assert not _reach(networks, "127.0.0.1")
    assert not _reach([], "127.0.0.1")


def test_the_kernel_admits_one_port_only_where_that_is_asked() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    source = Source(IPv4Network("127.0.0.1"), port)
    assert _reach([source], "127.0.0.1", port)
    assert not _reach([source], "127.0.0.1")


def test_a_filter_ends_in_a_refusal() -> None:
    assert admit_only([])[-1] == (0x06, 0, 0, 0)


@pytest.mark.parametrize(
    "uri", ["sip:200@pbx.example", "sips:+33199001234@192.0.2.7:5061", "sip:pbx", "sip:a@b:5060;transport=tcp"]
)
def test_a_plain_sip_uri_may_be_called(uri: str) -> None:
    assert PLAIN_URI.fullmatch(uri)


@pytest.mark.parametrize("uri", ["tel:112", "sip:", "sip:a@b?Replaces=x", "sip:a@b;maddr=c", "sip:a@b c", "<sip:a@b>"])
def test_anything_else_may_not(uri: str) -> None:
    assert not PLAIN_URI.fullmatch(uri)


def test_our_own_server_is_called_as_we_registered_with_it() -> None:
    assert toward("sip:200@pbx", "pbx:5061", "tls") == "sip:200@pbx;transport=tls"
    assert toward("sip:200@pbx;transport=udp", "pbx", "tcp") == "sip:200@pbx;transport=udp"
    assert toward("sip:200@elsewhere", "pbx", "tcp") == "sip:200@elsewhere"
    assert toward("sip:200@pbx", "pbx", "udp") == "sip:200@pbx"


def test_a_context_travels_in_headers_of_ours_only() -> None:
    context = {
        "X-Guichet-Conversation": "c-42",
        "user-to-user": "c-42",
        "P-Asserted-Identity": "sip:boss@pbx",
        "X-Lines": "a\r\nFrom: b",
        "X-Accents": "é",
        "X-Long": "x" * 200,
        "X-Empty": "",
    }
    assert context_headers(context) == {"X-Guichet-Conversation": "c-42", "User-to-User": "632d3432;encoding=hex"}


def test_the_target_of_a_blind_transfer_stands_in_brackets_with_its_headers_escaped() -> None:
    assert refer_target("sip:200@pbx", {}) == "<sip:200@pbx>"
    assert refer_target("<sip:200@pbx>", {"X-A": "b c;d"}) == "<sip:200@pbx?X-A=b%20c%3Bd>"
