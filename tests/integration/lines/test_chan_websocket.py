"""chan_websocket: what a real Asterisk sent, a double of it, and strangers."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.integration.lines.asterisk_double import XOFF_FRAMES, AsteriskDouble
from tests.integration.lines.captures import capture, replay, sound_of
from tests.integration.lines.lines_under_test import PBX, LinesUnderTest, once_free
from tests.integration.sip.line_under_test import TRANSFER_TARGET
from tests.integration.sip.sounds import fidelity, loudest, murmur
from voice.leg import LineClosed, Played
from voice.lines.codecs import codec_for

GREETING = murmur(1.0, seed=31)
LONG_GREETING = murmur(30, seed=32)
QUESTION = murmur(2.0, seed=33)


@pytest.mark.parametrize(
    ("name", "encoding", "rate_hz"),
    [("chan_websocket_json_slin16", "s16le", 16000), ("chan_websocket_plaintext_alaw", "alaw", 8000)],
)
async def test_a_call_as_asterisk_sent_it(tmp_path: Path, name: str, encoding: Any, rate_hz: int) -> None:
    messages = capture(name)
    async with LinesUnderTest(tmp_path, greeting=GREETING) as line, aiohttp.ClientSession(headers=PBX) as http:
        async with http.ws_connect(f"{line.web}/lines/asterisk", protocols=("media",)) as asterisk:

            async def send(message: str | bytes) -> None:
                if isinstance(message, str):
                    await asterisk.send_str(message)
                else:
                    await asterisk.send_bytes(message)

            replaying = asyncio.create_task(replay(messages, send))
            received = [message.data async for message in asterisk]
            await replaying
        session = await line.call()
        await asyncio.wait_for(session.over.wait(), 15)
        assert session.keys == "12#"
        assert session.events[-1] == LineClosed("bot")
        assert session.info.line_id.startswith("WebSocket/wsbot/")
        said = codec_for(encoding, rate_hz).decode(sound_of(messages))
        assert fidelity(bytes(session.heard), said).snr_db > 30
        greeting = b"".join(one for one in received if isinstance(one, bytes))
        assert fidelity(codec_for(encoding, rate_hz).decode(greeting), GREETING).snr_db > 30
        commands = [one for one in received if isinstance(one, str)]
        assert commands[-1] in ("HANGUP", '{"command": "HANGUP"}')
        assert await line.ask("next", session.info.line_id) == "end"


@pytest.mark.parametrize(
    ("form", "in_json", "least_db"),
    [("slin16", True, 35), ("slin", True, 60), ("alaw", False, 30), ("ulaw", False, 30)],
)
async def test_sound_goes_both_ways_and_marks_come_back(
    tmp_path: Path, form: str, in_json: bool, least_db: float
) -> None:
    async with (
        LinesUnderTest(tmp_path, greeting=GREETING) as line,
        AsteriskDouble(line.web, form=form, in_json=in_json, speech=QUESTION) as asterisk,
    ):
        session = await line.call()
        await session.wait_for(Played)
        assert loudest(bytes(asterisk.heard)) > 1000, "the mark came after the sound"
        await asyncio.sleep(1.5)
        await asterisk.press("5")
        await asyncio.sleep(0.2)
        await asterisk.hang_up()
        await asyncio.wait_for(session.over.wait(), 15)
        assert fidelity(bytes(asterisk.heard), GREETING).snr_db > least_db
        assert fidelity(bytes(session.heard), QUESTION).snr_db > least_db
        assert session.keys == "5"
        assert session.events[-1] == LineClosed("caller")
        assert asterisk.commands[:2] == ["START_MEDIA_BUFFERING", "STOP_MEDIA_BUFFERING"]


async def test_a_flush_silences_asterisk_at_once_and_returns_the_mark(tmp_path: Path) -> None:
    async with LinesUnderTest(tmp_path, greeting=LONG_GREETING) as line, AsteriskDouble(line.web) as asterisk:
        session = await line.call()
        await asyncio.sleep(0.5)
        assert loudest(bytes(asterisk.heard)) > 1000
        await asterisk.press("7")
        await session.wait_for(Played)
        assert len(asterisk.heard) < len(LONG_GREETING) / 2, "not because it has all been played"
        await asyncio.sleep(0.06)
        already = len(asterisk.heard)
        await asyncio.sleep(0.5)
        assert loudest(bytes(asterisk.heard[already:])) == 0
        assert asterisk.commands.count("FLUSH_MEDIA") == 1


async def test_silence_keeps_flowing_while_the_bot_says_nothing(tmp_path: Path) -> None:
    """Asterisk sends the caller only what it is sent, and some trunks cut a call without RTP."""
    async with LinesUnderTest(tmp_path) as line, AsteriskDouble(line.web) as asterisk:
        await line.call()
        await asyncio.sleep(2)
        assert asterisk.frames > 75
        assert asterisk.most_frames < 10, "but never much of it waits"
        assert loudest(bytes(asterisk.heard)) == 0


async def test_asterisk_is_never_sent_more_than_it_keeps(tmp_path: Path) -> None:
    async with LinesUnderTest(tmp_path, greeting=LONG_GREETING) as line, AsteriskDouble(line.web) as asterisk:
        await line.call()
        await asyncio.sleep(2)
        assert 0 < asterisk.most_frames < XOFF_FRAMES


async def test_an_asterisk_that_is_full_is_sent_nothing_until_it_is_not(tmp_path: Path) -> None:
    async with LinesUnderTest(tmp_path, greeting=LONG_GREETING) as line, AsteriskDouble(line.web) as asterisk:
        await line.call()
        await asyncio.sleep(0.5)
        await asterisk._event("MEDIA_XOFF")
        await asyncio.sleep(6)
        already = len(asterisk.heard)
        await asyncio.sleep(0.5)
        assert loudest(bytes(asterisk.heard[already:])) == 0, "five seconds ahead are played out"
        await asterisk._event("MEDIA_XON")
        await asyncio.sleep(0.5)
        assert loudest(bytes(asterisk.heard[-8000:])) > 1000


@pytest.mark.parametrize(("key", "what", "whom"), [("9", "person", TRANSFER_TARGET), ("#", "end", "")])
async def test_the_dialplan_learns_whether_to_pass_the_caller_on(
    tmp_path: Path, key: str, what: str, whom: str
) -> None:
    async with LinesUnderTest(tmp_path, greeting=GREETING) as line:
        call_id = await line.announce(caller="+33199001234", called="4100")
        async with AsteriskDouble(line.web, variables={"__GUICHET_CALL": call_id}) as asterisk:
            session = await line.call()
            await asterisk.press(key)
            await asyncio.wait_for(asterisk.closed.wait(), 10)
            await asyncio.wait_for(session.over.wait(), 10)
            assert asterisk.hung_up_by_command
            assert session.info.line_id == call_id
            assert (session.info.caller, session.info.called) == ("+33199001234", "4100")
            assert await line.ask("next", call_id) == what
            assert await line.ask("target", call_id) == whom


async def test_inherited_variables_tell_who_calls(tmp_path: Path) -> None:
    variables = {"__GUICHET_CALL": "my-own-id", "__GUICHET_CALLER": "+33199001234", "GUICHET_CALLED": "4100"}
    async with LinesUnderTest(tmp_path, greeting=GREETING) as line, AsteriskDouble(line.web, variables=variables):
        info = (await line.call()).info
        assert (info.line_id, info.caller, info.called) == ("my-own-id", "+33199001234", "4100")


async def test_without_the_gateway_the_call_is_not_answered(tmp_path: Path) -> None:
    async with LinesUnderTest(tmp_path, with_gateway=False) as line:
        with pytest.raises(aiohttp.WSServerHandshakeError, match="503"):
            async with AsteriskDouble(line.web):
                pass


async def test_a_session_that_declines_brings_the_caller_to_people(tmp_path: Path) -> None:
    async with LinesUnderTest(tmp_path) as line:
        line.refusing = True
        async with AsteriskDouble(line.web, variables={"GUICHET_CALL": "c1"}) as asterisk:
            await asyncio.wait_for(asterisk.closed.wait(), 10)
            assert asterisk.hung_up_by_command
            assert await line.ask("next", "c1") == "failed"


async def test_the_call_beyond_the_last_place_is_not_answered(tmp_path: Path) -> None:
    async with LinesUnderTest(tmp_path, greeting=GREETING, max_calls=1) as line, AsteriskDouble(line.web):
        with pytest.raises(aiohttp.WSServerHandshakeError, match="503"):
            async with AsteriskDouble(line.web):
                pass


WRONG_CREDENTIALS = {
    "none": {},
    "a wrong password": {"Authorization": aiohttp.encode_basic_auth("guichet", "wrong")},
    "a wrong name": {"Authorization": aiohttp.encode_basic_auth("other", "pbx-secret")},
    "not Base64": {"Authorization": "Basic ???"},
    "another scheme": {"Authorization": "Bearer pbx-secret"},
}


async def test_a_stranger_does_not_come_in(tmp_path: Path) -> None:
    async with LinesUnderTest(tmp_path) as line:
        for headers in WRONG_CREDENTIALS.values():
            async with aiohttp.ClientSession(headers=headers) as http:
                for path in ("asterisk", "next?call=x", "target?call=x"):
                    async with http.get(f"{line.web}/lines/{path}") as response:
                        assert response.status == 401
                async with http.post(f"{line.web}/lines/calls") as response:
                    assert response.status == 401


async def test_without_a_password_the_pbx_addresses_do_not_exist(tmp_path: Path) -> None:
    async with LinesUnderTest(tmp_path, pbx_password="") as line, aiohttp.ClientSession(headers=PBX) as http:
        for path in ("asterisk", "next?call=x", "target?call=x"):
            async with http.get(f"{line.web}/lines/{path}") as response:
                assert response.status == 404


async def test_another_network_does_not_come_in(tmp_path: Path) -> None:
    async with LinesUnderTest(tmp_path, allowed_peers="192.0.2.0/24") as line:
        with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
            async with AsteriskDouble(line.web):
                pass


async def test_the_sub_protocol_must_be_media(tmp_path: Path) -> None:
    async with LinesUnderTest(tmp_path) as line, aiohttp.ClientSession(headers=PBX) as http:
        for offered in ((), ("sip",)):
            with pytest.raises(aiohttp.WSServerHandshakeError, match="400"):
                await http.ws_connect(f"{line.web}/lines/asterisk", protocols=offered)


START = json.dumps({"event": "MEDIA_START", "channel": "WebSocket/x", "format": "slin16"})
NONSENSE: dict[str, list[str | bytes]] = {
    "sound first": [b"\0" * 640],
    "another event first": ['{"event": "DTMF_END", "digit": "1"}'],
    "a codec that is not carried": ['{"event": "MEDIA_START", "format": "opus"}'],
    "no object": ["[1, 2]"],
    "deep JSON": ['{"a":' * 5000],
    "a message too long": [START, b"\0" * 200_000],
    "half a sample": [START, b"\0" * 641],
    "a second start": [START, START],
    "control that is not JSON any more": [START, "DTMF_END digit:1"],
}


async def test_nonsense_ends_the_connection_and_nothing_else(tmp_path: Path) -> None:
    async with LinesUnderTest(tmp_path, greeting=GREETING, max_calls=1) as line:
        for messages in NONSENSE.values():
            known = len(line.sessions)
            await _send_until_closed(line, messages)
            if messages[0] == START:
                session = await line.call(known)
                await asyncio.wait_for(session.over.wait(), 10)
                assert session.events[-1] == LineClosed("line_protocol_error")
            assert len(line.sessions) == known + (messages[0] == START)
        known = len(line.sessions)
        async with AsyncExitStack() as stack:
            await once_free(lambda: stack.enter_async_context(AsteriskDouble(line.web)))
            await line.call(known)


async def _send_until_closed(line: LinesUnderTest, messages: list[str | bytes]) -> None:
    async with (
        aiohttp.ClientSession(headers=PBX) as http,
        await once_free(lambda: http.ws_connect(f"{line.web}/lines/asterisk", protocols=("media",))) as stranger,
    ):
        for message in messages:
            await (stranger.send_str(message) if isinstance(message, str) else stranger.send_bytes(message))
        async with asyncio.timeout(8):
            async for _ in stranger:
                pass


async def test_unknown_events_and_keys_that_are_none_are_ignored(tmp_path: Path) -> None:
    async with LinesUnderTest(tmp_path, greeting=GREETING) as line, AsteriskDouble(line.web) as asterisk:
        session = await line.call()
        for event in ("SOMETHING_NEW", "ERROR", "MEDIA_MARK_PROCESSED", "DTMF_END"):
            await asterisk._event(event, digit="E", correlation_id="not-ours")
        await asterisk.press("5")
        await session.wait_for(Played)
        await asyncio.sleep(0.2)
        assert session.keys == "5"
        assert not session.over.is_set()


async def test_an_asterisk_that_vanishes_is_noticed(tmp_path: Path) -> None:
    async with (
        LinesUnderTest(tmp_path, greeting=GREETING, idle_timeout_seconds=2) as line,
        aiohttp.ClientSession(headers=PBX) as http,
        http.ws_connect(f"{line.web}/lines/asterisk", protocols=("media",)) as asterisk,
    ):
        await asterisk.send_str(START)
        session = await line.call()
        await asyncio.wait_for(session.over.wait(), 15)
        assert session.events[-1] == LineClosed("no_sound_received")
