"""Who may reach the line, and what those who may not can do to it."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from tests.integration.sip import sipp
from tests.integration.sip.calling import Sipp
from tests.integration.sip.line_under_test import LineUnderTest
from tests.integration.sip.raw import RawCaller
from tests.integration.sip.sounds import fidelity, murmur
from voice.audio import A_LAW
from voice.leg import LineClosed
from voice.sip.ping import sip_answers

GREETING = murmur(2.5, seed=1)
QUESTION = murmur(4.0, seed=3)
STRANGER = "127.0.0.2"
TONE = murmur(3.0, seed=9)


def answers(status: int) -> str:
    return sipp.dial() + sipp.pause(200) + sipp.hang_up() if status == 200 else sipp.refused(status)


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM], ids=["UDP", "TCP"])
async def test_only_listed_peers_reach_the_line(tmp_path: Path, callers: Sipp, kind: socket.SocketKind) -> None:
    async with LineUnderTest(tmp_path, greeting=GREETING, allowed_peers="127.0.0.1/32, 192.0.2.0/24") as line:
        with closing(RawCaller(line.port, address=STRANGER, kind=kind)) as stranger:
            if kind is socket.SOCK_DGRAM:
                stranger.invite()
                assert stranger.replies(seconds=1.0) == []
            else:
                assert not stranger.connected
        outcome = await callers.call(line, answers(200))
        assert outcome.status == 0, outcome.output
        assert len(line.sessions) == 1


async def test_a_flood_from_a_stranger_costs_nothing(tmp_path: Path, callers: Sipp) -> None:
    async with LineUnderTest(tmp_path, greeting=GREETING, allowed_peers="127.0.0.1") as line:
        flood = sipp.request("INVITE", 1, sdp=sipp.sdp(), in_dialog=False).replace(' retrans="500"', "")
        await callers.call(line, flood, address=STRANGER, calls=600, at_once=600, rate=200)
        outcome = await callers.call(line, answers(200))
        assert outcome.status == 0, outcome.output
        assert len(line.sessions) == 1


async def test_a_flood_from_a_peer_is_survived(tmp_path: Path, callers: Sipp) -> None:
    """600 calls in three seconds for two places; whoever gets none hears the busy tone, and memory does not grow."""
    async with LineUnderTest(tmp_path, greeting=GREETING, max_calls=2, polite_refusals=0) as line:
        assert (await callers.call(line, answers(200))).status == 0
        flood = (
            sipp.request("INVITE", 1, sdp=sipp.sdp(), in_dialog=False)
            + '\n  <recv response="100" optional="true"/>\n  <recv response="180" optional="true"/>'
            + '\n  <recv response="486" optional="true" next="busy"/>\n  <recv response="200" rrs="true"/>'
            + sipp.request("ACK", 1)
            + sipp.pause(300)
            + sipp.hang_up().removesuffix("/>")
            + ' next="end"/>\n  <label id="busy"/>'
            + sipp.acknowledge_failure()
            + '\n  <label id="end"/>'
        )
        before = line.memory_bytes
        outcome = await callers.call(line, flood, calls=600, at_once=100, rate=200)
        assert outcome.status == 0, outcome.output
        await line.until(lambda: line.server.calls == 0)
        assert line.memory_bytes - before < 60_000_000
        assert (await callers.call(line, answers(200))).status == 0


@pytest.mark.parametrize(("accepted", "address"), [("address", STRANGER), ("port", "127.0.0.1")])
async def test_sound_from_elsewhere_is_not_heard(tmp_path: Path, accepted: str, address: str) -> None:
    async with LineUnderTest(tmp_path, greeting=GREETING, sound_source=accepted) as line:
        with closing(RawCaller(line.port)) as caller, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as intruder:
            intruder.bind((address, 0))
            our_port = await caller.dial()
            session = await line.call()
            await asyncio.gather(
                caller.speak(QUESTION, our_port),
                _intrude(intruder, our_port),
            )
            await asyncio.sleep(0.3)
            caller.hang_up()
            await asyncio.wait_for(session.over.wait(), 15)
            assert fidelity(bytes(session.heard), QUESTION).intact >= 0.5
            assert fidelity(bytes(session.heard), TONE).intact == 0


async def test_sound_from_elsewhere_would_be_heard_without_the_guard(tmp_path: Path) -> None:
    """What the stack does by itself: this test is why the guard is there."""
    async with LineUnderTest(tmp_path, greeting=GREETING, sound_source="any") as line:
        with closing(RawCaller(line.port)) as caller, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as intruder:
            intruder.bind((STRANGER, 0))
            our_port = await caller.dial()
            session = await line.call()
            await _intrude(intruder, our_port)
            caller.hang_up()
            await asyncio.wait_for(session.over.wait(), 15)
            assert fidelity(bytes(session.heard), TONE).intact >= 0.5


async def test_rubbish_on_the_sound_port_harms_nobody(tmp_path: Path) -> None:
    noise = random.Random(5)
    async with LineUnderTest(tmp_path, greeting=GREETING) as line:
        with closing(RawCaller(line.port)) as caller:
            our_port = await caller.dial()
            session = await line.call()
            for size in (0, 1, 11, 12, 13, 400, 1400, 9000):
                caller.send_sound(b"\x00" + noise.randbytes(size), our_port)
                caller.send_sound(b"\x80\x63" + noise.randbytes(size), our_port)
                caller.send_sound(b"\xff\xc8" + noise.randbytes(size), our_port + 1)
            await caller.speak(QUESTION, our_port)
            await asyncio.sleep(0.3)
            caller.hang_up()
            await asyncio.wait_for(session.over.wait(), 15)
            assert session.events[-1] == LineClosed("caller")
            assert fidelity(bytes(session.heard), QUESTION).intact >= 0.5


async def test_two_hundred_keys_a_second_hurt_nothing(tmp_path: Path) -> None:
    async with LineUnderTest(tmp_path, greeting=GREETING) as line:
        with closing(RawCaller(line.port)) as caller:
            our_port = await caller.dial()
            session = await line.call()
            await caller.storm_of_keys(our_port, keys=600, per_second=200)
            await caller.speak(QUESTION, our_port)
            await asyncio.sleep(0.3)
            caller.hang_up()
            await asyncio.wait_for(session.over.wait(), 15)
            assert set(session.keys) == {"5"}
            assert len(session.keys) > 300
            assert fidelity(bytes(session.heard), QUESTION).intact >= 0.5
            assert session.events[-1] == LineClosed("caller")


async def test_a_caller_who_vanishes_is_given_up(tmp_path: Path) -> None:
    async with LineUnderTest(tmp_path, greeting=GREETING, sound_timeout_seconds=2) as line:
        with closing(RawCaller(line.port)) as caller:
            our_port = await caller.dial()
            session = await line.call()
            await caller.speak(QUESTION[:16000], our_port)
        await asyncio.wait_for(session.over.wait(), 15)
        assert session.events[-1] == LineClosed("no_sound_received")


async def test_other_numbers_than_ours_are_unknown(tmp_path: Path, callers: Sipp) -> None:
    async with LineUnderTest(tmp_path, greeting=GREETING, numbers="+33199001000, 3900") as line:
        for user in ("+33199001000", "3900", "guichet"):
            outcome = await callers.call(line, sipp.dial(user=user) + sipp.pause(200) + sipp.hang_up())
            assert outcome.status == 0, outcome.output
        outcome = await callers.call(line, sipp.refused(404, user="+33199001001"))
        assert outcome.status == 0, outcome.output


async def test_over_tcp_any_number_is_answered_too(tmp_path: Path) -> None:
    async with LineUnderTest(tmp_path, greeting=GREETING) as line:
        with closing(RawCaller(line.port, kind=socket.SOCK_STREAM)) as caller:
            await caller.dial()
            session = await line.call()
            caller.hang_up()
            await asyncio.wait_for(session.over.wait(), 15)
            assert session.events[-1] == LineClosed("caller")


OFFERS = {
    "G.729 only": ("RTP/AVP", 18, ["a=rtpmap:18 G729/8000"], 488),
    "an unknown codec": ("RTP/AVP", 99, ["a=rtpmap:99 FUTURE/8000"], 488),
    "encrypted": (
        "RTP/SAVP",
        8,
        ["a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj"],
        488,
    ),
    "encrypted without a key": ("RTP/SAVP", 8, [], 488),
}


@pytest.mark.parametrize("offer", OFFERS)
async def test_an_offer_that_cannot_be_taken_is_refused_at_once(tmp_path: Path, offer: str) -> None:
    profile, payload, attributes, status = OFFERS[offer]
    async with LineUnderTest(tmp_path, greeting=GREETING) as line:
        with closing(RawCaller(line.port)) as caller:
            caller.invite(profile=profile, payload=payload, attributes=attributes)
            assert status in caller.replies(seconds=2)
        assert await sip_answers("127.0.0.1", line.port)


async def test_a_call_without_sound_is_ended(tmp_path: Path) -> None:
    async with LineUnderTest(tmp_path, greeting=GREETING) as line:
        with closing(RawCaller(line.port)) as caller:
            caller.invite(profile="VIDEO", payload=96, attributes=["a=rtpmap:96 VP8/90000"])
            await asyncio.to_thread(caller.replies, 2.0)
            session = await line.call()
            await asyncio.wait_for(session.over.wait(), 20)
            assert session.events[-1] == LineClosed("no_sound_received")


@pytest.mark.parametrize("ours", ["srtp_required", "dtls_srtp"])
async def test_where_encryption_is_required_a_plain_offer_is_refused(tmp_path: Path, ours: str) -> None:
    async with LineUnderTest(tmp_path, greeting=GREETING, encryption=ours) as line:
        with closing(RawCaller(line.port)) as caller:
            caller.invite()
            assert 488 in caller.replies(seconds=2)
        assert line.sessions == []


HEAD = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
BROKEN = {
    "no sound line": HEAD + "c=IN IP4 127.0.0.1\r\n",
    "a port beyond all": HEAD + "c=IN IP4 127.0.0.1\r\nm=audio 99999 RTP/AVP 8\r\n",
    "an address that is none": HEAD + "c=IN IP4 999.1.1.1\r\nm=audio 4000 RTP/AVP 8\r\n",
    "bytes": "\x00\x01\x02\xff" * 20,
    "ten thousand lines": "v=0\r\n" + "a=x:y\r\n" * 5000,
}


@pytest.mark.parametrize("body", BROKEN)
async def test_a_malformed_description_harms_nobody(tmp_path: Path, callers: Sipp, body: str) -> None:
    async with LineUnderTest(tmp_path, greeting=GREETING) as line:
        with closing(RawCaller(line.port)) as caller:
            caller.invite(body=BROKEN[body])
            caller.replies(seconds=0.5)
        outcome = await callers.call(line, answers(200))
        assert outcome.status == 0, outcome.output


async def _intrude(intruder: socket.socket, our_port: int) -> None:
    coded = A_LAW.encode(np.frombuffer(TONE, "<i2"))
    for number in range(len(coded) // 160):
        header = struct.pack(">BBHII", 0x80, 8, number, 160 * number, 0xBADBAD)
        intruder.sendto(header + coded[160 * number : 160 * (number + 1)], ("127.0.0.1", our_port))
        await asyncio.sleep(0.02)
