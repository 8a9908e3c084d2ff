"""The telephone line against independent callers: sipp and Debian's baresip."""

from __future__ import annotations

import asyncio
import random
import signal
import socket
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.integration.sip import sipp
from tests.integration.sip.baresip_phone import BaresipPhone
from tests.integration.sip.calling import media_ports
from tests.integration.sip.line_under_test import TRANSFER_TARGET, LineUnderTest, free_port
from tests.integration.sip.raw import RawCaller
from tests.integration.sip.sounds import fidelity, loudest, murmur, write_alaw
from tests.integration.sip.tls_registrar import make_certificate, tls_registrar
from voice.leg import Held, LineClosed, Played, Retrieved, TransferFailed
from voice.sip.ping import sip_answers

GREETING = murmur(2.5, seed=1)
LONG_GREETING = murmur(20, seed=2)
QUESTION = murmur(3.0, seed=3)

Place = Callable[..., Awaitable[sipp.Outcome]]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Places a call by sipp."""

    async def run(line: LineUnderTest, steps: str, **options: int) -> sipp.Outcome:
        media_port = next(media_ports)
        directory = tmp_path / f"sipp-{media_port}"
        # The options are those of `sipp.run`, each of its own type.
        return await sipp.run(directory, steps, line.port, own_port=free_port(), media_port=media_port, **options)  # type: ignore[arg-type]

    return run


@pytest.fixture
def question(tmp_path: Path) -> Path:
    return write_alaw(tmp_path / "question.alaw", QUESTION)


async def test_a_caller_is_heard_intact_presses_keys_and_is_hung_up_on(
    tmp_path: Path, place: Place, question: Path
) -> None:
    async with LineUnderTest(tmp_path, greeting=GREETING) as line:
        outcome = await place(
            line,
            sipp.dial()
            + sipp.play(question)
            + sipp.pause(3500)
            + sipp.press("1250")
            + sipp.press_now("#")
            + sipp.expect("BYE"),
        )
        session = await line.call()
        assert outcome.status == 0, outcome.output
        assert session.keys == "1250#"
        assert _is_intact(bytes(session.heard), QUESTION)
        assert session.events[-1] == LineClosed("bot")
        assert session.info.caller.startswith("sip:+33199001234@")
        assert session.info.called == line.uri


async def test_a_telephone_hears_the_greeting_intact(tmp_path: Path) -> None:
    async with LineUnderTest(tmp_path, greeting=GREETING) as line, _baresip(tmp_path) as phone:
        await phone.dial(line.uri)
        session = await line.call()
        await session.wait_for(Played)
        await asyncio.sleep(0.3)
        for key in "12":
            await phone.press(key)
        await phone.hang_up()
        await asyncio.wait_for(session.over.wait(), 15)
        assert _is_intact(phone.heard(), GREETING)
        assert _is_intact(bytes(session.heard), QUESTION)
        assert session.keys == "12"
        assert session.events[-1] == LineClosed("caller")


async def test_a_flush_silences_the_bot_at_once_and_returns_its_mark(tmp_path: Path) -> None:
    async with LineUnderTest(tmp_path, greeting=LONG_GREETING) as line, _baresip(tmp_path) as phone:
        await phone.dial(line.uri)
        session = await line.call()
        await asyncio.sleep(1)
        await phone.press("7")
        await session.wait_for(Played)
        await asyncio.sleep(1)
        await phone.hang_up()
        heard = phone.heard()
        assert loudest(heard[:8000]) > 1000
        assert loudest(heard[-8000:]) < 20, "silence from the flush on"


async def test_both_may_hang_up_at_once(tmp_path: Path) -> None:
    """The BYEs cross; the caller's is even sent twice."""
    async with LineUnderTest(tmp_path, greeting=LONG_GREETING) as line:
        for number in range(3):
            with closing(RawCaller(line.port)) as caller:
                await caller.dial()
                session = await line.call(number)
                await asyncio.gather(session.leg.hangup(), asyncio.to_thread(caller.hang_up))
                caller.hang_up()
                await asyncio.wait_for(session.over.wait(), 15)
                assert [event for event in session.events if isinstance(event, LineClosed)] == [session.events[-1]]
        await _idle(line)
        assert await sip_answers("127.0.0.1", line.port)


@pytest.mark.parametrize("milliseconds", [0, 30, 700])
async def test_a_caller_may_hang_up_at_any_moment(tmp_path: Path, place: Place, milliseconds: int) -> None:
    async with LineUnderTest(tmp_path, greeting=LONG_GREETING) as line:
        outcome = await place(line, sipp.dial() + (sipp.pause(milliseconds) if milliseconds else "") + sipp.hang_up())
        session = await line.call()
        await asyncio.wait_for(session.over.wait(), 15)
        assert outcome.status == 0, outcome.output
        assert session.events[-1] == LineClosed("caller")
        assert await sip_answers("127.0.0.1", line.port)


async def test_a_caller_may_cancel_before_the_answer(tmp_path: Path, place: Place) -> None:
    cancel = (
        sipp.request("INVITE", 1, sdp=sipp.sdp(), in_dialog=False)
        + '\n  <recv response="100" optional="true"/>\n  <recv response="180"/>'
        + sipp.cancel()
        + '\n  <recv response="200"/>\n  <recv response="487"/>'
        + sipp.acknowledge_failure()
    )
    async with LineUnderTest(tmp_path, greeting=GREETING) as line:
        line.holding_back.clear()
        outcome = await place(line, cancel)
        line.holding_back.set()
        session = await line.call()
        await asyncio.wait_for(session.over.wait(), 15)
        assert outcome.status == 0, outcome.output
        assert session.heard == b""
        assert await _answers_a_call(line, place)


async def test_a_caller_who_never_acknowledges_and_says_bye_leaves_nothing_behind(tmp_path: Path, place: Place) -> None:
    steps = (
        sipp.request("INVITE", 1, sdp=sipp.sdp(), in_dialog=False)
        + sipp.provisional()
        + '\n  <recv response="200" rrs="true"/>'
        + sipp.hang_up()
    )
    async with LineUnderTest(tmp_path, greeting=GREETING) as line:
        await place(line, steps, seconds=20)
        session = await line.call()
        await asyncio.wait_for(session.over.wait(), 15)
        assert await _answers_a_call(line, place)


async def test_a_late_offer_is_answered(tmp_path: Path, place: Place, question: Path) -> None:
    async with LineUnderTest(tmp_path, greeting=GREETING) as line:
        outcome = await place(
            line, sipp.dial(late_offer=True) + sipp.play(question) + sipp.pause(3500) + sipp.hang_up()
        )
        session = await line.call()
        assert outcome.status == 0, outcome.output
        assert _is_intact(bytes(session.heard), QUESTION)


@pytest.mark.parametrize("how", ["sendonly", "inactive", "0.0.0.0"])
async def test_a_hold_pauses_the_bot_and_its_music_is_not_heard(
    tmp_path: Path, place: Place, question: Path, how: str
) -> None:
    held = sipp.sdp("sendrecv" if how == "0.0.0.0" else how, version=2)
    if how == "0.0.0.0":  # as before RFC 3264
        held = held.replace("[media_ip]", "0.0.0.0")
    steps = (
        sipp.dial()
        + sipp.pause(400)
        + sipp.reinvite(held, 2)
        + sipp.play(question)
        + sipp.pause(3500)
        + sipp.reinvite(sipp.sdp("sendrecv", version=3), 3)
        + sipp.pause(3500)
        + sipp.hang_up()
    )
    async with LineUnderTest(tmp_path, greeting=GREETING) as line:
        outcome = await place(line, steps)
        session = await line.call()
        await asyncio.wait_for(session.over.wait(), 15)
        assert outcome.status == 0, outcome.output
        assert session.events == [Held(), Retrieved(), Played("greeting"), LineClosed("caller")]
        assert loudest(bytes(session.heard)) < 200


async def test_a_refreshed_session_goes_on_undisturbed(tmp_path: Path, place: Place) -> None:
    steps = (
        sipp.dial(extra="Session-Expires: 90;refresher=uac\n      Supported: timer")
        + sipp.pause(500)
        + sipp.update(2)
        + sipp.pause(500)
        + sipp.reinvite(sipp.sdp(version=1), 3)
        + sipp.pause(3500)
        + sipp.hang_up()
    )
    async with LineUnderTest(tmp_path, greeting=GREETING) as line:
        outcome = await place(line, steps)
        session = await line.call()
        await asyncio.wait_for(session.over.wait(), 15)
        assert outcome.status == 0, outcome.output
        assert session.events == [Played("greeting"), LineClosed("caller")]


async def test_keys_in_the_signalling_are_understood_too(tmp_path: Path, place: Place) -> None:
    steps = sipp.dial() + "".join(
        sipp.pause(300) + sipp.press_by_info(key, number) for number, key in enumerate("12*0", 2)
    )
    async with LineUnderTest(tmp_path, greeting=GREETING) as line:
        outcome = await place(line, steps + sipp.pause(300) + sipp.hang_up())
        session = await line.call()
        await asyncio.wait_for(session.over.wait(), 15)
        assert outcome.status == 0, outcome.output
        assert session.keys == "12*0"


async def test_a_transfer_ends_the_call(tmp_path: Path, place: Place) -> None:
    steps = (
        sipp.dial()
        + sipp.pause(300)
        + sipp.press_now("9")
        + sipp.expect("REFER", "202 Accepted")
        + sipp.notify(5, "100 Trying", final=False)
        + sipp.notify(6, "200 OK", final=True)
        + sipp.expect("BYE")
    )
    async with LineUnderTest(tmp_path, greeting=GREETING) as line:
        outcome = await place(line, steps)
        session = await line.call()
        assert outcome.status == 0, outcome.output
        assert session.events[-1] == LineClosed("transferred")
        assert f"Refer-To: <{TRANSFER_TARGET}>" in _messages(tmp_path)


@pytest.mark.parametrize("how", ["refused", "busy"])
async def test_a_failed_transfer_keeps_the_call(tmp_path: Path, place: Place, how: str) -> None:
    steps = sipp.dial() + sipp.pause(300) + sipp.press_now("9")
    if how == "refused":
        steps += sipp.expect("REFER", "603 Decline")
    else:
        steps += sipp.expect("REFER", "202 Accepted") + sipp.notify(5, "486 Busy Here", final=True)
    async with LineUnderTest(tmp_path, greeting=GREETING) as line:
        outcome = await place(line, steps + sipp.pause(2000) + sipp.press("5") + sipp.hang_up())
        session = await line.call()
        await asyncio.wait_for(session.over.wait(), 15)
        assert outcome.status == 0, outcome.output
        failures = [event for event in session.events if isinstance(event, TransferFailed)]
        assert [failure.reason for failure in failures] == ["603" if how == "refused" else "486"]
        assert session.keys == "95"


async def test_an_invite_sent_twice_is_one_call(tmp_path: Path) -> None:
    async with LineUnderTest(tmp_path, greeting=GREETING) as line:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller:
            caller.connect(("127.0.0.1", line.port))
            invite = _raw_invite(line.port, caller.getsockname()[1])
            for _ in range(3):
                caller.send(invite)
                await asyncio.sleep(0.05)
            await line.call()
            await asyncio.sleep(0.3)
            assert len(line.sessions) == 1


async def test_garbage_on_the_sip_port_harms_nobody(tmp_path: Path, place: Place) -> None:
    noise = random.Random(4)
    rubbish = [
        b"\x00\x01garbage\r\n\r\n",
        b"INVITE sip:a SIP/2.0\r\n\r\n",
        b"INVITE sip:guichet@127.0.0.1 SIP/2.0\r\nContent-Length: 99999999\r\n\r\n",
        b"SIP/2.0 200 OK\r\n\r\n",
        b"",
        *(noise.randbytes(size) for size in (1, 20, 500, 4000)),
    ]
    async with LineUnderTest(tmp_path, greeting=GREETING) as line:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for datagram in rubbish:
                stranger.sendto(datagram, ("127.0.0.1", line.port))
        _, writer = await asyncio.open_connection("127.0.0.1", line.port)
        writer.write(noise.randbytes(20000))
        writer.close()
        assert await _answers_a_call(line, place)


async def test_the_call_beyond_the_last_place_hears_the_busy_tone(tmp_path: Path, place: Place) -> None:
    async with LineUnderTest(tmp_path, greeting=GREETING, max_calls=1, polite_refusals=0) as line:
        first = asyncio.create_task(place(line, sipp.dial() + sipp.pause(1500) + sipp.hang_up()))
        await line.call()
        second = await place(line, sipp.refused(486))
        assert second.status == 0, second.output
        assert (await first).status == 0
        assert len(line.sessions) == 1


async def test_a_session_that_declines_makes_the_caller_hear_the_busy_tone(tmp_path: Path, place: Place) -> None:
    async with LineUnderTest(tmp_path, greeting=GREETING) as line:
        line.refusing = True
        outcome = await place(line, sipp.refused(486))
        assert outcome.status == 0, outcome.output


async def test_without_the_gateway_a_call_is_refused_not_left_in_silence(tmp_path: Path, place: Place) -> None:
    async with LineUnderTest(tmp_path, with_gateway=False) as line:
        outcome = await place(line, sipp.refused(486))
        assert outcome.status == 0, outcome.output


async def test_losing_the_gateway_ends_the_call(tmp_path: Path, place: Place) -> None:
    async with LineUnderTest(tmp_path, greeting=LONG_GREETING) as line:
        call = asyncio.create_task(place(line, sipp.dial() + sipp.expect("BYE")))
        await line.call()
        await asyncio.sleep(0.5)
        for connection in list(line.server._connections):
            connection.cancel()
        outcome = await call
        assert outcome.status == 0, outcome.output


async def test_stopping_hangs_up_and_ends_with_status_0(tmp_path: Path, place: Place) -> None:
    async with LineUnderTest(tmp_path, greeting=LONG_GREETING) as line:
        call = asyncio.create_task(place(line, sipp.dial() + sipp.expect("BYE")))
        session = await line.call()
        await asyncio.sleep(0.5)
        assert await line.stop_process() == 0
        assert (await call).status == 0
        await asyncio.wait_for(session.over.wait(), 15)
        assert session.events[-1] == LineClosed("line_stopped")


async def test_killing_the_line_closes_its_calls_in_the_gateway(tmp_path: Path, place: Place) -> None:
    async with LineUnderTest(tmp_path, greeting=LONG_GREETING) as line:
        call = asyncio.create_task(place(line, sipp.dial() + sipp.pause(1500)))
        session = await line.call()
        line.process.send_signal(signal.SIGKILL)
        await asyncio.wait_for(session.over.wait(), 15)
        assert session.events[-1] == LineClosed("line_lost")
        call.cancel()


async def test_a_taken_port_is_told_in_one_sentence(tmp_path: Path) -> None:
    async with LineUnderTest(tmp_path) as line:
        second = await line.spawn()
        _, errors = await asyncio.wait_for(second.communicate(), 60)
        assert second.returncode == 2
        assert len(errors.decode().strip().splitlines()) == 1
        assert f"phone.port {line.port}" in errors.decode()
        assert "GUICHET_PHONE__PORT" in errors.decode()


async def test_a_silent_line_still_sounds_silent_to_the_session(tmp_path: Path, place: Place) -> None:
    """A muted telephone sends no packets; the session must still hear time pass."""
    async with LineUnderTest(tmp_path, greeting=GREETING) as line:
        await place(line, sipp.dial() + sipp.pause(2000) + sipp.hang_up())
        session = await line.call()
        assert len(session.heard) > 1.5 * 16000
        assert loudest(bytes(session.heard)) == 0


async def test_twenty_calls_at_once_are_answered(tmp_path: Path, place: Place) -> None:
    async with LineUnderTest(tmp_path, greeting=GREETING) as line:
        outcome = await place(
            line,
            sipp.dial(port="rtpstream_audio_port") + sipp.pause(6000) + sipp.hang_up(),
            calls=20,
            at_once=20,
            rate=10,
        )
        assert outcome.status == 0, outcome.output
        assert len(line.sessions) == 20
        assert all(Played("greeting") in session.events for session in line.sessions)


async def test_two_hundred_calls_leave_nothing_behind(tmp_path: Path, place: Place) -> None:
    async with LineUnderTest(tmp_path, greeting=GREETING) as line:
        short = sipp.dial() + sipp.pause(100) + sipp.hang_up()
        assert (await place(line, short, calls=20, at_once=1)).status == 0
        await _idle(line)
        descriptors, threads = line.descriptors, line.threads
        outcome = await place(line, short, calls=200, at_once=4, rate=25)
        assert outcome.status == 0, outcome.output
        await _idle(line)
        assert line.descriptors <= descriptors
        assert line.threads <= threads
        assert len(line.sessions) == 220


@pytest.mark.parametrize("user", ["bot", "another-id"])
async def test_an_account_is_registered_with_its_password(tmp_path: Path, user: str) -> None:
    registrar_port = free_port()
    registrar = asyncio.create_task(
        sipp.run(
            tmp_path / "registrar",
            sipp.registrar(user),
            9,
            own_port=registrar_port,
            media_port=6000,
            role_args=("-au", user, "-ap", "secret"),
            seconds=30,
        )
    )
    await asyncio.sleep(0.5)
    account = {
        "account": f"bot@127.0.0.1:{registrar_port}",
        "auth_user": user.removeprefix("bot"),
        "password": "secret",
    }
    async with LineUnderTest(tmp_path, **account) as line:
        await line.event("registered")
        assert (await line.stop_process()) == 0
    outcome = await registrar
    assert outcome.status == 0, outcome.output


async def test_a_tls_registrar_is_believed_only_with_a_known_certificate(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path, "registrar")
    stranger, _ = make_certificate(tmp_path, "stranger")
    async with tls_registrar(certificate, key) as port:
        for ca_file, event in ((certificate, "registered"), (stranger, "registration_failed")):
            account = {"account": f"bot@127.0.0.1:{port}", "transport": "tls", "ca_file": ca_file}
            async with LineUnderTest(tmp_path, **account) as line:
                report = await line.event(event)
        assert "phone.ca_file" in report["reason"]


def _is_intact(received: bytes, sent: bytes) -> bool:
    """Half of the windows at least: sipp itself slips on a busy machine. Distortion would spoil all of them."""
    found = fidelity(received, sent)
    print(found)
    return found.snr_db > 30 and found.intact >= 0.5


async def _answers_a_call(line: LineUnderTest, place: Place) -> bool:
    outcome = await place(line, sipp.dial() + sipp.pause(200) + sipp.hang_up())
    return outcome.status == 0


async def _idle(line: LineUnderTest) -> None:
    async with asyncio.timeout(10):
        while line.server.calls:
            await asyncio.sleep(0.05)
    await asyncio.sleep(1)


def _baresip(directory: Path) -> BaresipPhone:
    return BaresipPhone(directory / "baresip", QUESTION)


def _messages(directory: Path) -> str:
    return "".join(path.read_text(errors="replace") for path in directory.glob("sipp-*/messages.log"))


def _raw_invite(port: int, own_port: int) -> bytes:
    body = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 46000 RTP/AVP 8\r\n"
    head = [
        f"INVITE sip:guichet@127.0.0.1:{port} SIP/2.0",
        f"Via: SIP/2.0/UDP 127.0.0.1:{own_port};branch=z9hG4bKtwice;rport",
        "Max-Forwards: 70",
        "From: <sip:twice@127.0.0.1>;tag=twice",
        f"To: <sip:guichet@127.0.0.1:{port}>",
        "Call-ID: twice@127.0.0.1",
        "CSeq: 1 INVITE",
        f"Contact: <sip:twice@127.0.0.1:{own_port}>",
        "Content-Type: application/sdp",
        f"Content-Length: {len(body)}",
    ]
    return ("\r\n".join(head) + "\r\n\r\n" + body).encode()
