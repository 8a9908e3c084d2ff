"""Calls that the gateway asks for, with real telephones at the other end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.errors import LineUnavailable
from tests.integration.sip import sipp
from tests.integration.sip.baresip_phone import BaresipPhone
from tests.integration.sip.calling import Sipp
from tests.integration.sip.line_under_test import LineUnderTest, free_port
from tests.integration.sip.raw import RawTelephone
from tests.integration.sip.sounds import fidelity, murmur
from voice.framing import DialFailed
from voice.leg import LineClosed, Played

GREETING = murmur(2.5, seed=1)
ANSWER = murmur(3.0, seed=3)


@pytest.fixture
def telephone() -> Iterator[RawTelephone]:
    """One that replies as the test says."""
    called = RawTelephone()
    yield called
    called.close()


async def dialling(line: LineUnderTest) -> None:
    """Waits until the line offers to place calls."""
    await line.until(lambda: line.server.can_dial)


async def test_who_answers_hears_the_bot_and_is_heard(tmp_path: Path) -> None:
    async with (
        LineUnderTest(tmp_path, greeting=GREETING) as line,
        BaresipPhone(tmp_path / "baresip", ANSWER, answers=True) as phone,
    ):
        await dialling(line)
        await line.server.dial(phone.uri, "r-1")
        session = await line.call()
        await session.wait_for(Played)
        await asyncio.sleep(1)
        await phone.hang_up()
        await asyncio.wait_for(session.over.wait(), 15)
        assert (session.info.reference, session.info.called) == ("r-1", phone.uri)
        assert session.events[-1] == LineClosed("caller")
        assert fidelity(bytes(session.heard), ANSWER).snr_db > 30
        assert fidelity(phone.heard(), GREETING).snr_db > 30
        assert line.failed_dials == []


@pytest.mark.parametrize(
    ("callee", "reason"),
    [
        (sipp.ring() + sipp.decline("486 Busy Here"), "486"),
        (sipp.ring() + sipp.decline("404 Not Found"), "404"),
        (sipp.ring() + sipp.cancelled(), "no_answer"),
        (sipp.ring() + sipp.decline("487 Request Terminated"), "487"),
    ],
    ids=["busy", "unknown", "no answer", "hung up while ringing"],
)
async def test_a_call_that_is_not_answered_tells_why(tmp_path: Path, callers: Sipp, callee: str, reason: str) -> None:
    port = free_port()
    patience = 3 if reason == "no_answer" else 30  # a busy machine may take seconds to start the other side
    async with LineUnderTest(tmp_path, ring_seconds=patience) as line:
        await dialling(line)
        called = asyncio.create_task(callers.wait(port, callee))
        await asyncio.sleep(0.5)
        await line.server.dial(f"sip:called@127.0.0.1:{port}", "r-2")
        await line.until(lambda: line.failed_dials)
        assert line.failed_dials == [DialFailed("r-2", reason)]
        assert (await called).status == 0, (await called).output
        assert line.sessions == []


@pytest.mark.parametrize(
    "target", ["tel:+33199001234", "sip:a@b?X=1", "<sip:a@127.0.0.1>", "sip:a@b;maddr=c", "sip:a@b\r\nX: y", "", "sip:"]
)
async def test_only_plain_sip_uris_are_called(tmp_path: Path, target: str) -> None:
    async with LineUnderTest(tmp_path) as line:
        await dialling(line)
        await line.server.dial(target, "r-3")
        await line.until(lambda: line.failed_dials)
        assert line.failed_dials == [DialFailed("r-3", "not_sent")]


async def test_ringing_that_is_no_longer_wanted_ends_and_the_line_dials_on(tmp_path: Path, callers: Sipp) -> None:
    port = free_port()
    async with LineUnderTest(tmp_path) as line:
        await dialling(line)
        called = asyncio.create_task(callers.wait(port, sipp.ring() + sipp.cancelled()))
        await asyncio.sleep(0.5)
        await line.server.dial(f"sip:called@127.0.0.1:{port}", "r-7")
        await asyncio.sleep(1)
        await line.server.stop_dialling("r-7")
        await line.until(lambda: line.failed_dials)
        assert line.failed_dials == [DialFailed("r-7", "cancelled")]
        assert (await called).status == 0, (await called).output
        await line.server.dial("sip:", "r-8")
        await line.until(lambda: len(line.failed_dials) == 2)
        assert line.failed_dials[1] == DialFailed("r-8", "not_sent")


async def test_a_bot_that_has_no_place_for_the_answered_call_hangs_up(tmp_path: Path, callers: Sipp) -> None:
    port = free_port()
    async with LineUnderTest(tmp_path) as line:
        await dialling(line)
        line.refusing = True
        called = asyncio.create_task(callers.wait(port, sipp.ring() + sipp.answer() + sipp.expect("BYE")))
        await asyncio.sleep(0.5)
        await line.server.dial(f"sip:called@127.0.0.1:{port}", "r-4")
        assert (await called).status == 0, (await called).output


async def test_a_line_that_dies_while_it_rings_fails_the_call_and_dials_no_more(tmp_path: Path, callers: Sipp) -> None:
    port = free_port()
    async with LineUnderTest(tmp_path) as line:
        await dialling(line)
        called = asyncio.create_task(callers.wait(port, sipp.ring() + sipp.pause(3000)))
        await asyncio.sleep(0.5)
        await line.server.dial(f"sip:called@127.0.0.1:{port}", "r-5")
        await asyncio.sleep(0.5)
        line.process.kill()
        await line.until(lambda: line.failed_dials)
        assert line.failed_dials == [DialFailed("r-5", "line_lost")]
        with pytest.raises(LineUnavailable):
            await line.server.dial("sip:called@127.0.0.1", "r-6")
        await called


async def test_a_gateway_that_comes_back_can_dial_again(tmp_path: Path) -> None:
    async with LineUnderTest(tmp_path, with_gateway=False) as line:
        await line.server.start()
        await dialling(line)


async def given_up(line: LineUnderTest, telephone: RawTelephone) -> None:
    """The telephone is called, and no longer wanted, before it has replied."""
    await dialling(line)
    await line.server.dial(telephone.uri, "r-9")
    assert await telephone.comes("INVITE")
    await line.server.stop_dialling("r-9")
    await line.until(lambda: line.failed_dials)
    assert line.failed_dials == [DialFailed("r-9", "cancelled")]


@pytest.mark.parametrize("reply", ["100 Trying", "180 Ringing", "183 Session Progress"])
async def test_a_call_given_up_before_the_telephone_has_replied_is_cancelled_once_it_does(
    tmp_path: Path, telephone: RawTelephone, reply: str
) -> None:
    async with LineUnderTest(tmp_path) as line:
        await given_up(line, telephone)
        telephone.reply("INVITE", reply)
        assert await telephone.comes("CANCEL")
        telephone.reply("CANCEL", "200 OK")
        telephone.reply("INVITE", "487 Request Terminated")
        assert await telephone.comes("ACK")
        assert line.sessions == []


async def test_who_picks_up_a_call_given_up_is_hung_up_on_rather_than_left_in_silence(
    tmp_path: Path, telephone: RawTelephone
) -> None:
    async with LineUnderTest(tmp_path) as line:
        await given_up(line, telephone)
        telephone.answer()
        assert await telephone.comes("ACK")
        assert await telephone.comes("BYE")
        telephone.reply("BYE", "200 OK")
        assert line.sessions == []


async def test_who_picks_up_while_the_ringing_is_cancelled_is_hung_up_on(
    tmp_path: Path, telephone: RawTelephone
) -> None:
    async with LineUnderTest(tmp_path) as line:
        await given_up(line, telephone)
        telephone.reply("INVITE", "180 Ringing")
        assert await telephone.comes("CANCEL")
        telephone.answer()
        assert await telephone.comes("ACK")
        assert await telephone.comes("BYE")
        telephone.reply("BYE", "200 OK")


async def test_a_telephone_that_replies_only_after_it_may_have_rung_long_enough_is_cancelled(
    tmp_path: Path, telephone: RawTelephone
) -> None:
    async with LineUnderTest(tmp_path, ring_seconds=1) as line:
        await dialling(line)
        await line.server.dial(telephone.uri, "r-10")
        assert await telephone.comes("INVITE")
        await line.until(lambda: line.failed_dials)
        assert line.failed_dials == [DialFailed("r-10", "no_answer")]
        telephone.reply("INVITE", "180 Ringing")
        assert await telephone.comes("CANCEL")


async def test_a_call_given_up_after_it_was_challenged_is_cancelled_once_the_second_invite_has_a_reply(
    tmp_path: Path, telephone: RawTelephone
) -> None:
    async with LineUnderTest(tmp_path) as line:
        await dialling(line)
        await line.server.dial(telephone.uri, "r-11")
        assert await telephone.comes("INVITE")
        telephone.reply("INVITE", "100 Trying")
        challenge = 'Proxy-Authenticate: Digest realm="test", nonce="abc", algorithm=MD5'
        telephone.reply("INVITE", "407 Proxy Authentication Required", extra=challenge)
        assert await telephone.comes("ACK")
        assert await telephone.comes("INVITE")
        await line.server.stop_dialling("r-11")
        await line.until(lambda: line.failed_dials)
        telephone.reply("INVITE", "180 Ringing")
        assert await telephone.comes("CANCEL")


async def test_a_call_given_up_at_once_is_told_and_rings_nowhere(tmp_path: Path, telephone: RawTelephone) -> None:
    async with LineUnderTest(tmp_path) as line:
        await dialling(line)
        await asyncio.gather(line.server.dial(telephone.uri, "r-12"), line.server.stop_dialling("r-12"))
        await line.until(lambda: line.failed_dials)
        assert line.failed_dials == [DialFailed("r-12", "cancelled")]
        if await telephone.comes("INVITE", 1.0):
            telephone.reply("INVITE", "180 Ringing")
            assert await telephone.comes("CANCEL")


async def test_a_line_that_stops_does_not_wait_for_a_telephone_that_never_replies(
    tmp_path: Path, telephone: RawTelephone
) -> None:
    async with LineUnderTest(tmp_path) as line:
        await given_up(line, telephone)
        assert await line.stop_process() == 0
