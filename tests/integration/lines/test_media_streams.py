"""Media streams: a simulator of Twilio, our own test caller, and strangers."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from streamdouble import api
from streamdouble.scenario import parse
from streamdouble.session import SessionConfig

from bot.errors import LineUnavailable
from bot.settings import LinesSettings
from tests.integration.lines.lines_under_test import AUTH_TOKEN, MEDIA_TOKEN, PUBLIC_URL, LinesUnderTest, once_free
from tests.integration.sip.line_under_test import TRANSFER_TARGET
from tests.integration.sip.sounds import fidelity, loudest, murmur, write_wav
from voice.audio import MU_LAW
from voice.leg import LineClosed, Played
from voice.lines.clients import MediaStreamCall
from voice.lines.codecs import codec_for
from voice.lines.credentials import twilio_signature

GREETING = murmur(1.0, seed=41)
LONG_GREETING = murmur(20, seed=42)
QUESTION = murmur(2.0, seed=43)
BEARER = {"Authorization": f"Bearer {MEDIA_TOKEN}"}


def url(line: LinesUnderTest) -> str:
    return f"ws://127.0.0.1:{line.web_port}/lines/media-streams"


@asynccontextmanager
async def dialled(line: LinesUnderTest, **settings: Any) -> AsyncIterator[MediaStreamCall]:
    """A call with Twilio's signature."""
    lines = LinesSettings(**{"twilio_auth_token": AUTH_TOKEN, "public_url": PUBLIC_URL, **settings})
    async with aiohttp.ClientSession() as http:
        call = await once_free(lambda: MediaStreamCall.dial(url(line), lines, http))
        try:
            yield call
        finally:
            await call.hang_up()


def told_by_token() -> SessionConfig:
    """The simulator sends no signature; the token comes as TwiML <Parameter>, with who calls."""
    parameters = {"token": MEDIA_TOKEN, "caller": "+33199001234", "called": "4100"}
    return SessionConfig(custom_parameters=parameters, quiet_period_s=1.0)


async def test_twilios_simulator_is_heard_and_hears(tmp_path: Path) -> None:
    question = write_wav(tmp_path / "question.wav", QUESTION)
    async with LinesUnderTest(tmp_path, greeting=GREETING) as line:
        report = await api.call(url(line), audio_path=question, config=told_by_token())
        session = await line.call()
        await asyncio.wait_for(session.over.wait(), 15)
        assert report.violations == []
        heard = MU_LAW.decode(report.audio_received).astype("<i2").tobytes()
        assert fidelity(heard, GREETING).snr_db > 30
        assert fidelity(bytes(session.heard), QUESTION).snr_db > 30
        assert session.events[0] == Played("greeting")
        assert session.events[-1] == LineClosed("caller")
        assert session.info.line_id == report.result.identity.call_sid
        assert (session.info.caller, session.info.called) == ("+33199001234", "4100")
        assert session.info.protocol == "media-stream/twilio"


async def test_twilios_simulator_interrupts_and_is_hung_up_on(tmp_path: Path) -> None:
    steps = ["hangup"]
    scenario = parse(
        {"steps": [{"wait": 0.5}, {"dtmf": "7"}, {"wait_for": "clear"}, {"expect": "clear"},
                   {"wait": 0.3}, {"dtmf": "12#"}, {"wait": 2}, *steps]}
    )  # fmt: skip
    async with LinesUnderTest(tmp_path, greeting=LONG_GREETING) as line:
        report = await api.run_scenario(url(line), scenario, config=told_by_token())
        session = await line.call()
        await asyncio.wait_for(session.over.wait(), 15)
        assert report.result.failed_expectations == []
        assert report.violations == []
        assert session.keys == "712#"
        assert Played("greeting") in session.events
        assert session.events[-1] == LineClosed("bot")
        assert await line.ask("next", session.info.line_id) == "end"


async def test_a_dropped_connection_is_a_caller_who_hung_up(tmp_path: Path) -> None:
    scenario = parse({"steps": [{"wait": 0.5}, "hangup"]})
    async with LinesUnderTest(tmp_path, greeting=LONG_GREETING) as line:
        await api.run_scenario(url(line), scenario, config=told_by_token())
        session = await line.call()
        await asyncio.wait_for(session.over.wait(), 15)
        assert session.events[-1] == LineClosed("caller")


async def test_a_signed_stream_is_carried_and_transferred(tmp_path: Path) -> None:
    async with LinesUnderTest(tmp_path, greeting=GREETING) as line, dialled(line) as call:
        session = await line.call()
        await session.wait_for(Played)
        assert fidelity(bytes(call.heard.recording), GREETING).snr_db > 30, "the mark came after the sound"
        await call.say(QUESTION)
        await call.press("9")
        await asyncio.wait_for(call.closed.wait(), 10)
        await asyncio.wait_for(session.over.wait(), 10)
        assert fidelity(bytes(session.heard), QUESTION).snr_db > 30
        assert session.events[-1] == LineClosed("transferred")
        status, twiml = await twiml_next(line, call.line_id)
        assert status == 200
        assert f"<Dial><Sip>{TRANSFER_TARGET}</Sip></Dial>" in twiml


async def test_a_flush_reaches_the_providers_buffer_and_returns_the_mark_once(tmp_path: Path) -> None:
    async with LinesUnderTest(tmp_path, greeting=LONG_GREETING) as line, dialled(line) as call:
        session = await line.call()
        await asyncio.sleep(0.5)
        assert loudest(bytes(call.heard.recording)) > 1000
        await call.press("7")
        await session.wait_for(Played)
        assert len(call.heard.recording) < len(LONG_GREETING) / 2, "not because it has all been played"
        await asyncio.sleep(0.06)
        already = len(call.heard.recording)
        await asyncio.sleep(0.5)
        assert loudest(bytes(call.heard.recording[already:])) == 0
        assert [event for event in session.events if isinstance(event, Played)] == [Played("greeting")]


async def test_twilio_asks_what_comes_next(tmp_path: Path) -> None:
    async with LinesUnderTest(tmp_path, greeting=GREETING) as line:
        async with dialled(line) as call:
            await call.press("#")
            await asyncio.wait_for(call.closed.wait(), 10)
        assert (await twiml_next(line, call.line_id))[1] == "<Response><Hangup/></Response>"
        assert "sip:people@pbx.example" in (await twiml_next(line, "CA-unknown"))[1], "to people, whatever happened"
        assert (await twiml_next(line, call.line_id, auth_token="wrong"))[0] == 403


async def twiml_next(line: LinesUnderTest, call_sid: str, auth_token: str = AUTH_TOKEN) -> tuple[int, str]:
    form = {"CallSid": call_sid, "From": "+33199001234"}
    signature = twilio_signature(f"{PUBLIC_URL}/lines/media-streams/next", form, auth_token)
    async with (
        aiohttp.ClientSession(headers={"X-Twilio-Signature": signature}) as http,
        http.post(f"{line.web}/lines/media-streams/next", data=form) as response,
    ):
        return response.status, await response.text()


async def test_a_wrong_signature_is_refused(tmp_path: Path) -> None:
    async with LinesUnderTest(tmp_path, greeting=GREETING) as line:
        for wrong in ({"twilio_auth_token": "another"}, {"public_url": "https://evil.example.org"}):
            with pytest.raises(LineUnavailable, match="403"):
                async with dialled(line, **wrong):
                    pass
        for headers in ({"Authorization": "Bearer wrong"}, {"Authorization": "Basic ???"}, {"X-Twilio-Signature": ""}):
            async with aiohttp.ClientSession(headers=headers) as http:
                with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
                    await http.ws_connect(url(line))
        assert line.sessions == []


async def test_a_stream_without_a_valid_token_never_becomes_a_call(tmp_path: Path) -> None:
    async with LinesUnderTest(tmp_path, greeting=GREETING, max_calls=1) as line:
        strangers = 0
        for parameters in ({}, {"token": "wrong"}, {"token": ""}):
            closed = await _say(line, [json.dumps(start(customParameters=parameters))], headers={})
            strangers += closed == aiohttp.WSCloseCode.POLICY_VIOLATION
        assert strangers == 3
        assert line.sessions == []


async def test_strangers_at_the_door_take_no_callers_place(tmp_path: Path) -> None:
    async with LinesUnderTest(tmp_path, greeting=GREETING, max_calls=1) as line, aiohttp.ClientSession() as http:
        for _ in range(5):
            await http.ws_connect(url(line))
        async with dialled(line):
            await line.call()


async def test_without_any_secret_there_are_no_media_streams(tmp_path: Path) -> None:
    async with LinesUnderTest(tmp_path, twilio_auth_token="", media_token="") as line:
        async with aiohttp.ClientSession() as http:
            with pytest.raises(aiohttp.WSServerHandshakeError, match="404"):
                await http.ws_connect(url(line))
        assert (await twiml_next(line, "CA1", auth_token=""))[0] == 404


def start(**fields: Any) -> dict[str, Any]:
    inner = {"streamSid": "MZ1", "callSid": "CA1", "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000}}
    return {"event": "start", "streamSid": "MZ1", "start": {**inner, **fields}}


START = json.dumps(start())
NONSENSE: dict[str, list[str | bytes]] = {
    "not JSON": [START, "media"],
    "no object": [START, "[]"],
    "binary where text is due": [START, b"\0" * 160],
    "invalid Base64": [START, '{"event": "media", "media": {"payload": "é!"}}'],
    "media without a payload": [START, '{"event": "media", "media": 3}'],
    "a message too long": [START, '{"event": "media", "media": {"payload": "' + "A" * 200_000 + '"}}'],
    "a codec that is not carried": [json.dumps(start(mediaFormat={"encoding": "OPUS", "sampleRate": 48000}))],
    "a rate that is none": [json.dumps(start(mediaFormat={"encoding": "audio/x-mulaw", "sampleRate": "fast"}))],
    "nobody's call": ['{"event": "start", "start": {}}'],
    "silence": [],
    "everything but a start": ['{"event": "connected"}', '{"event": "media", "media": {"payload": "AAAA"}}'],
}


async def test_nonsense_ends_the_stream_and_nothing_else(tmp_path: Path) -> None:
    async with LinesUnderTest(tmp_path, greeting=GREETING, max_calls=1) as line:
        for messages in NONSENSE.values():
            known = len(line.sessions)
            await _say(line, messages, BEARER)
            if messages[:1] == [START]:
                session = await line.call(known)
                await asyncio.wait_for(session.over.wait(), 10)
                assert session.events[-1] == LineClosed("line_protocol_error")
            assert len(line.sessions) == known + (messages[:1] == [START])
        known = len(line.sessions)
        async with dialled(line):
            await line.call(known)


async def _say(line: LinesUnderTest, messages: list[str | bytes], headers: dict[str, str]) -> int | None:
    """The close code."""
    async with (
        aiohttp.ClientSession(headers=headers) as http,
        await once_free(lambda: http.ws_connect(url(line))) as stranger,
    ):
        for message in messages:
            await (stranger.send_str(message) if isinstance(message, str) else stranger.send_bytes(message))
        async with asyncio.timeout(10):
            async for _ in stranger:
                pass
        return stranger.close_code


TELNYX = {
    "event": "start",
    "stream_id": "S1",
    "start": {"call_control_id": "v3:C1", "from": "+33199001234", "to": "4100",
              "media_format": {"encoding": "L16", "sample_rate": 16000, "channels": 1}},
}  # fmt: skip
JAMBONZ = {"callSid": "J1", "from": "+33199001234", "to": "4100", "sampleRate": 8000, "mixType": "mono"}


@pytest.mark.parametrize("dialect", ["telnyx", "jambonz"])
async def test_other_dialects_over_the_wire(tmp_path: Path, dialect: str) -> None:
    is_telnyx = dialect == "telnyx"
    protocols = () if is_telnyx else ("audio.jambonz.org",)
    async with (
        LinesUnderTest(tmp_path, greeting=GREETING) as line,
        aiohttp.ClientSession(headers=BEARER) as http,
        http.ws_connect(url(line), protocols=protocols) as provider,
    ):
        assert provider.protocol == (None if is_telnyx else "audio.jambonz.org")
        codec = codec_for("s16be", 16000) if is_telnyx else codec_for("s16le", 8000)
        await provider.send_json(TELNYX if is_telnyx else JAMBONZ)
        session = await line.call()
        for begin in range(0, len(QUESTION), 320):
            coded = codec.encode(QUESTION[begin : begin + 320])
            await (provider.send_str(_telnyx_media(coded)) if is_telnyx else provider.send_bytes(coded))
        heard = bytearray()
        while len(heard) < len(GREETING):
            message = await asyncio.wait_for(provider.receive(), 10)
            if message.type is aiohttp.WSMsgType.BINARY:
                heard += message.data
            elif (fields := json.loads(message.data))["event"] == "media":
                heard += codec.decode(base64.b64decode(fields["media"]["payload"]))
        assert fidelity(bytes(heard), GREETING).snr_db > 30
        await session.wait_for(Played)
        assert fidelity(bytes(session.heard), QUESTION).snr_db > 30
        assert (session.info.caller, session.info.called) == ("+33199001234", "4100")
        assert session.info.protocol == f"media-stream/{dialect}"


def _telnyx_media(coded: bytes) -> str:
    return json.dumps({"event": "media", "media": {"track": "inbound", "payload": base64.b64encode(coded).decode()}})


async def test_a_provider_that_never_reads_is_let_go(tmp_path: Path) -> None:
    """It goes on sending; what it does not take is bounded, and the call ends."""
    upgrade = (
        "GET /lines/media-streams HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: MDAwMDAwMDAwMDAwMDAwMA==\r\nSec-WebSocket-Version: 13\r\n"
        f"Authorization: Bearer {MEDIA_TOKEN}\r\n\r\n"
    )
    linear = start(mediaFormat={"encoding": "L16", "sampleRate": 16000}, call_control_id="C1")
    async with LinesUnderTest(tmp_path, greeting=murmur(200, seed=44)) as line:
        with socket.socket() as provider:
            provider.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            provider.connect(("127.0.0.1", line.web_port))
            provider.sendall(upgrade.encode())
            assert provider.recv(12) == b"HTTP/1.1 101"
            provider.sendall(_masked(json.dumps(linear)))
            session = await line.call()
            for _ in range(500):
                with contextlib.suppress(OSError):
                    provider.sendall(_masked('{"event": "media", "media": {"payload": "AAAAAA=="}}'))
                await asyncio.sleep(0.05)
                if session.over.is_set():
                    break
        assert session.events[-1] == LineClosed("line_stuck")


def _masked(text: str) -> bytes:
    payload = text.encode()
    length = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + len(payload).to_bytes(2, "big")
    return b"\x81" + length + bytes(4) + payload
