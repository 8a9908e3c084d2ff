"""What a browser offers: taken when it is sound both ways, refused otherwise, and never passed on as it was written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadMessage
from voice.softphone.offer import MAX_CANDIDATES, MAX_SDP_CHARS, read

FINGERPRINT = "sha-256 " + ":".join(["AB"] * 32)
HOST = "a=candidate:1467250027 1 udp 2122260223 192.0.2.7 46243 typ host generation 0 network-id 1"
HIDDEN = "a=candidate:1 1 udp 2122260223 0f2d3a9c-4d6c-4bb2-8f5a-6b1c7e0a9d11.local 46243 typ host generation 0"
TCP = "a=candidate:2 1 tcp 1518280447 192.0.2.7 9 typ host tcptype active generation 0"
CHROMIUM = f"""v=0
o=- 4611731400430051336 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0
a=extmap-allow-mixed
a=msid-semantic: WMS 5f2c
m=audio 46243 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126
c=IN IP4 192.0.2.7
a=rtcp:9 IN IP4 0.0.0.0
{HOST}
{TCP}
a=ice-ufrag:EsAw
a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1
a=ice-options:trickle
a=fingerprint:{FINGERPRINT}
a=setup:actpass
a=mid:0
a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
a=sendrecv
a=msid:5f2c 9a1b
a=rtcp-mux
a=rtcp-rsize
a=rtpmap:111 opus/48000/2
a=rtpmap:9 G722/8000
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:13 CN/8000
a=ssrc:1234 cname:xyz
""".replace("\n", "\r\n")
FIREFOX = f"""v=0
o=mozilla...THIS_IS_SDPARTA-99.0 6033 0 IN IP4 0.0.0.0
s=-
t=0 0
a=fingerprint:{FINGERPRINT}
a=group:BUNDLE 0
a=ice-options:trickle
a=msid-semantic:WMS *
m=audio 46243 UDP/TLS/RTP/SAVPF 109 9 0 8 101
c=IN IP4 192.0.2.7
{HOST}
a=sendrecv
a=end-of-candidates
a=ice-pwd:0123456789abcdef0123456789abcdef
a=ice-ufrag:deadbeef
a=mid:0
a=rtcp-mux
a=setup:actpass
a=rtpmap:8 PCMA/8000
""".replace("\n", "\r\n")


@pytest.mark.parametrize("sdp", [CHROMIUM, FIREFOX], ids=["Chromium", "Firefox"])
def test_a_browser_s_offer_is_taken_with_a_law_only(sdp: str) -> None:
    offer = read(sdp)
    assert offer.law == "PCMA"
    assert offer.candidates == ("1467250027 1 udp 2122260223 192.0.2.7 46243 typ host",)
    assert "m=audio 9 UDP/TLS/RTP/SAVPF 8\r\n" in offer.sdp()
    assert read(offer.sdp()) == offer


def test_mu_law_is_taken_where_a_law_is_not_offered() -> None:
    assert read(CHROMIUM.replace("9 0 8 13", "9 0 13")).law == "PCMU"


def test_hidden_addresses_are_not_looked_up_and_do_not_stop_the_call() -> None:
    offer = read(CHROMIUM.replace(HOST, HIDDEN))
    assert offer.candidates == ()
    assert ".local" not in offer.sdp()
    assert "end-of-candidates" not in offer.sdp(), "more is to come: the browser's own checks"


def test_only_so_many_addresses_are_tried() -> None:
    many = "\r\n".join(HOST.replace("46243", str(40000 + number)) for number in range(100))
    assert len(read(CHROMIUM.replace(HOST, many)).candidates) == MAX_CANDIDATES


@pytest.mark.parametrize("address", ["239.1.2.3", "0.0.0.0", "ff02::1", "example.org", "localhost", "192.0.2.300"])
def test_what_is_no_address_of_a_browser_is_not_tried(address: str) -> None:
    assert read(CHROMIUM.replace("223 192.0.2.7", f"223 {address}")).candidates == ()


VIDEO = "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\n"
DATA = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:1\r\n"
REFUSED = {
    "empty": "",
    "not SDP": "hello",
    "JSON": '{"sdp": "v=0"}',
    "too long": CHROMIUM + "a=x:" + "y" * MAX_SDP_CHARS,
    "with video": CHROMIUM + VIDEO,
    "with data": CHROMIUM + DATA,
    "two sounds": CHROMIUM + CHROMIUM.partition("a=msid-semantic: WMS 5f2c\r\n")[2],
    "video alone": CHROMIUM.replace("m=audio", "m=video"),
    "no sound": CHROMIUM.partition("m=audio")[0],
    "nothing of the sound": CHROMIUM.replace("m=audio 46243 UDP/TLS/RTP/SAVPF", "m=audio"),
    "a bare kind": "v=0\r\nm=audio\r\n",
    "no kind": "v=0\r\nm=\r\n",
    "sound switched off": CHROMIUM.replace("m=audio 46243", "m=audio 0"),
    "sends only": CHROMIUM.replace("a=sendrecv", "a=sendonly"),
    "listens only": CHROMIUM.replace("a=sendrecv", "a=recvonly"),
    "without encryption": CHROMIUM.replace("UDP/TLS/RTP/SAVPF", "RTP/AVP"),
    "without G.711": CHROMIUM.replace(" 0 8 13", " 13"),
    "without addresses": CHROMIUM.replace(HOST + "\r\n", "").replace(TCP + "\r\n", ""),
    "a wrong address": CHROMIUM.replace(HOST, "a=candidate:1 1 udp"),
    "without a password": CHROMIUM.replace("a=ice-pwd", "a=x-pwd"),
    "a short password": CHROMIUM.replace("P2uYro0UCOQ4zxjKXaWCBui1", "short"),
    "without a fingerprint": CHROMIUM.replace("a=fingerprint", "a=x"),
    "a weak fingerprint": CHROMIUM.replace("sha-256", "md5"),
    "without a mid": CHROMIUM.replace("a=mid:0\r\n", ""),
    "a long mid": CHROMIUM.replace("a=mid:0", "a=mid:" + "0" * 40),
    "a wrong setup": CHROMIUM.replace("actpass", "holdconn"),
}


@pytest.mark.parametrize("sdp", REFUSED.values(), ids=REFUSED.keys())
def test_everything_else_is_refused(sdp: str) -> None:
    with pytest.raises(BadMessage):
        read(sdp)


@given(st.data())
def test_an_offer_with_any_damage_is_taken_or_refused_and_nothing_of_it_is_passed_on(data: st.DataObject) -> None:
    lines = CHROMIUM.split("\r\n")
    number = data.draw(st.integers(0, len(lines) - 1))
    lines[number] = data.draw(st.text(max_size=60)) if data.draw(st.booleans()) else lines[number][::-1]
    try:
        offer = read("\r\n".join(lines))
    except BadMessage:
        return
    if offer.candidates:
        assert read(offer.sdp()) == offer
    written = offer.sdp().split("\r\n")
    assert sum(line.startswith("m=") for line in written) == 1
