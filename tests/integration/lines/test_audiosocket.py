"""AudioSocket: what a real Asterisk sent, a test caller, and strangers."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import uuid
from pathlib import Path

import aiohttp
import numpy as np
import pytest

from bot.errors import LineUnavailable
from bot.settings import LinesSettings
from tests.integration.lines.captures import capture, replay, sound_of
from tests.integration.lines.lines_under_test import LinesUnderTest
from tests.integration.sip.line_under_test import TRANSFER_TARGET, free_port
from tests.integration.sip.sounds import fidelity, loudest, murmur
from voice.leg import LineClosed, Played
from voice.lines.clients import AudioSocketCall
from voice.lines.codecs import codec_for

GREETING = murmur(1.0, seed=21)
LONG_GREETING = murmur(20, seed=22)
QUESTION = murmur(2.0, seed=23)
SLIN_8_KHZ, SLIN_16_KHZ, END = 0x10, 0x12, b"\0\0\0"


async def dial(line: LinesUnderTest, *, announced: bool = False) -> AudioSocketCall:
    lines = LinesSettings(
        audiosocket_calls="announced" if announced else "any",
        web_port=line.web_port,
        pbx_password="pbx-secret",  # type: ignore[arg-type]
    )
    async with aiohttp.ClientSession() as http:
        return await AudioSocketCall.dial(f"127.0.0.1:{line.port}", lines, http)


@pytest.mark.parametrize(("name", "rate_hz"), [("audiosocket_app_slin8", 8000), ("audiosocket_chan_slin16", 16000)])
async def test_a_call_as_asterisk_sent_it(tmp_path: Path, name: str, rate_hz: int) -> None:
    messages = capture(name)
    async with LinesUnderTest(tmp_path, greeting=GREETING) as line:
        reader, writer = await asyncio.open_connection("127.0.0.1", line.port)

        async def send(message: str | bytes) -> None:
            assert isinstance(message, bytes)
            writer.write(message)
            await writer.drain()

        replaying = asyncio.create_task(replay(messages, send))
        session = await line.call()
        answer = await asyncio.wait_for(reader.read(-1), 15)
        await asyncio.wait_for(session.over.wait(), 15)
        await replaying
        writer.close()
        assert isinstance(messages[0].message, bytes)
        assert session.info.line_id == str(uuid.UUID(bytes=messages[0].message[3:]))
        assert session.keys == "12#"
        assert session.events[-1] == LineClosed("bot")
        assert Played("greeting") in session.events
        said = codec_for("s16le", rate_hz).decode(sound_of(messages, header_bytes=3))
        assert fidelity(bytes(session.heard), said).snr_db > 30
        kind = SLIN_16_KHZ if rate_hz == 16000 else SLIN_8_KHZ
        heard = codec_for("s16le", rate_hz).decode(sound_from(answer, kind))
        assert fidelity(heard, GREETING).snr_db > 30
        assert answer.endswith(END)
        assert await line.ask("next", session.info.line_id) == "end"


def sound_from(sent: bytes, kind: int) -> bytes:
    """The sound in what we sent; all of it must be of that kind, in frames of 20 ms."""
    pcm = bytearray()
    while sent != END:
        got, length = struct.unpack_from(">BH", sent)
        assert (got, length) == (kind, 320 if kind == SLIN_8_KHZ else 640)
        pcm += sent[3 : 3 + length]
        sent = sent[3 + length :]
    return bytes(pcm)


async def test_sound_goes_both_ways_and_the_caller_hangs_up(tmp_path: Path) -> None:
    async with LinesUnderTest(tmp_path, greeting=GREETING) as line:
        call = await dial(line)
        session = await line.call()
        await session.wait_for(Played)
        await call.say(QUESTION)
        await call.press("12")
        await asyncio.sleep(0.3)
        await call.hang_up()
        await asyncio.wait_for(session.over.wait(), 15)
        assert fidelity(bytes(call.heard.recording), GREETING).snr_db > 60, "no codec in between"
        assert fidelity(bytes(session.heard), QUESTION).snr_db > 60
        assert session.keys == "12"
        assert session.events[-1] == LineClosed("caller")
        assert await line.ask("next", call.line_id) == "end"


async def test_silence_keeps_flowing_while_the_bot_says_nothing(tmp_path: Path) -> None:
    """Asterisk gives up after two seconds of nothing."""
    async with LinesUnderTest(tmp_path) as line:
        call = await dial(line)
        await asyncio.sleep(2)
        assert len(call.heard.recording) > 1.5 * 16000
        assert loudest(bytes(call.heard.recording)) == 0
        await call.hang_up()


async def test_a_flush_silences_the_bot_within_two_frames(tmp_path: Path) -> None:
    async with LinesUnderTest(tmp_path, greeting=LONG_GREETING) as line:
        call = await dial(line)
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
        await call.hang_up()


async def test_a_transfer_lets_the_dialplan_go_on_and_tells_whom_to_call(tmp_path: Path) -> None:
    async with LinesUnderTest(tmp_path, greeting=GREETING) as line:
        call = await dial(line)
        session = await line.call()
        await call.press("9")
        await asyncio.wait_for(call.closed.wait(), 10)
        await asyncio.wait_for(session.over.wait(), 10)
        assert session.events[-1] == LineClosed("transferred")
        assert await line.ask("next", call.line_id) == "person"
        assert await line.ask("target", call.line_id) == TRANSFER_TARGET


async def test_an_announced_call_is_known_and_taken_once(tmp_path: Path) -> None:
    async with LinesUnderTest(tmp_path, greeting=GREETING, audiosocket_calls="announced") as line:
        call_id = await line.announce(caller="+33199001234", called="4100")
        _, first = await asyncio.open_connection("127.0.0.1", line.port)
        first.write(hello(call_id))
        session = await line.call()
        assert (session.info.caller, session.info.called) == ("+33199001234", "4100")
        assert session.info.line_id == call_id
        for stranger in (call_id, str(uuid.uuid4())):
            reader, writer = await asyncio.open_connection("127.0.0.1", line.port)
            writer.write(hello(stranger))
            assert await asyncio.wait_for(reader.read(-1), 5) == b""
            writer.close()
        assert len(line.sessions) == 1
        first.close()


def hello(call_id: str) -> bytes:
    return b"\x01\x00\x10" + uuid.UUID(call_id).bytes


async def test_without_the_gateway_the_dialplan_goes_on_to_people(tmp_path: Path) -> None:
    async with LinesUnderTest(tmp_path, with_gateway=False) as line:
        assert await line.announce() == ""
        with pytest.raises(LineUnavailable, match="not answered"):
            await dial(line)
        call_id = str(uuid.uuid4())
        reader, writer = await asyncio.open_connection("127.0.0.1", line.port)
        writer.write(hello(call_id))
        assert await asyncio.wait_for(reader.read(-1), 5) == END
        assert await line.ask("next", call_id) == "failed"
        writer.close()


async def test_the_call_beyond_the_last_place_is_not_taken(tmp_path: Path) -> None:
    async with LinesUnderTest(tmp_path, greeting=LONG_GREETING, max_calls=1) as line:
        call = await dial(line)
        assert await line.announce() == ""
        with pytest.raises(LineUnavailable):
            await dial(line)
        await call.hang_up()
        session = await line.call()
        await asyncio.wait_for(session.over.wait(), 10)
        assert await line.announce() != ""


async def test_losing_the_gateway_brings_the_caller_to_people(tmp_path: Path) -> None:
    async with LinesUnderTest(tmp_path, greeting=LONG_GREETING) as line:
        call = await dial(line)
        await line.call()
        await asyncio.sleep(0.5)
        for connection in list(line.server._connections):
            connection.cancel()
        await asyncio.wait_for(call.closed.wait(), 10)
        assert await line.ask("next", call.line_id) == "failed"


async def test_stopping_ends_the_calls_and_the_process_with_status_0(tmp_path: Path) -> None:
    async with LinesUnderTest(tmp_path, greeting=LONG_GREETING) as line:
        call = await dial(line)
        session = await line.call()
        assert await line.stop_process() == 0
        await asyncio.wait_for(call.closed.wait(), 10)
        await asyncio.wait_for(session.over.wait(), 10)
        assert session.events[-1] == LineClosed("line_stopped")


NOISE = np.random.default_rng(3)
FIRST_WORDS = {
    "nothing": b"",
    "half a header": b"\x01\x00",
    "sound before the UUID": struct.pack(">BH", 0x10, 320) + bytes(320),
    "a short UUID": b"\x01\x00\x08" + bytes(8),
    "HTTP": b"GET / HTTP/1.1\r\n\r\n",
    "noise": NOISE.bytes(4000),
}


async def test_a_wrong_beginning_is_dropped_and_no_call_exists(tmp_path: Path) -> None:
    async with LinesUnderTest(tmp_path, greeting=GREETING, max_calls=1) as line:
        for words in FIRST_WORDS.values():
            reader, writer = await asyncio.open_connection("127.0.0.1", line.port)
            writer.write(words)
            with contextlib.suppress(ConnectionResetError):
                assert await asyncio.wait_for(reader.read(-1), 5) == b""
            writer.close()
        call = await dial(line)
        assert len(line.sessions) == 1
        await call.hang_up()


LATER_WORDS = {
    "a message too long": struct.pack(">BH", 0x10, 65535),
    "half a sample": struct.pack(">BH", 0x10, 319) + bytes(319),
    "a rate that is not carried": struct.pack(">BH", 0x16, 1920) + bytes(1920),
    "a second UUID": b"\x01\x00\x10" + bytes(16),
}


async def test_broken_messages_end_the_call_toward_people(tmp_path: Path) -> None:
    async with LinesUnderTest(tmp_path, greeting=GREETING) as line:
        for number, words in enumerate(LATER_WORDS.values()):
            call_id = str(uuid.uuid4())
            _, writer = await asyncio.open_connection("127.0.0.1", line.port)
            writer.write(hello(call_id))
            session = await line.call(number)
            writer.write(words)
            await asyncio.wait_for(session.over.wait(), 10)
            assert session.events[-1] == LineClosed("line_protocol_error")
            assert await line.ask("next", call_id) == "failed"
            writer.close()


async def test_unknown_messages_and_keys_that_are_none_are_ignored(tmp_path: Path) -> None:
    async with LinesUnderTest(tmp_path, greeting=GREETING) as line:
        _, writer = await asyncio.open_connection("127.0.0.1", line.port)
        writer.write(hello(str(uuid.uuid4())))
        session = await line.call()
        writer.write(b"\x55\x00\x02ab" + b"\x03\x00\x01E" + b"\x03\x00\x02\xc3\xa9" + b"\x03\x00\x015" + END)
        await asyncio.wait_for(session.over.wait(), 10)
        assert session.keys == "5"
        assert session.events[-1] == LineClosed("caller")
        writer.close()


async def test_a_storm_of_keys_is_thinned_out(tmp_path: Path) -> None:
    async with LinesUnderTest(tmp_path, greeting=GREETING) as line:
        _, writer = await asyncio.open_connection("127.0.0.1", line.port)
        writer.write(hello(str(uuid.uuid4())))
        session = await line.call()
        writer.write(b"\x03\x00\x015" * 20000 + END)
        await asyncio.wait_for(session.over.wait(), 20)
        assert 1 <= len(session.keys) < 200
        writer.close()


async def test_a_peer_that_vanishes_is_noticed(tmp_path: Path) -> None:
    async with LinesUnderTest(tmp_path, greeting=GREETING, idle_timeout_seconds=2) as line:
        _, writer = await asyncio.open_connection("127.0.0.1", line.port)
        writer.write(hello(str(uuid.uuid4())))
        session = await line.call()
        await asyncio.wait_for(session.over.wait(), 15)
        assert session.events[-1] == LineClosed("no_sound_received")
        writer.close()


async def test_a_peer_that_never_reads_is_let_go(tmp_path: Path) -> None:
    async with LinesUnderTest(tmp_path, greeting=LONG_GREETING) as line:
        with socket.socket() as peer:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            peer.connect(("127.0.0.1", line.port))
            peer.sendall(hello(str(uuid.uuid4())))
            session = await line.call()
            for _ in range(1000):
                try:
                    peer.sendall(struct.pack(">BH", 0x10, 320) + bytes(320))
                except OSError:
                    break
                await asyncio.sleep(0.02)
                if session.over.is_set():
                    break
            assert session.events[-1] == LineClosed("line_stuck")


async def test_a_stranger_is_dropped_before_a_call_exists(tmp_path: Path) -> None:
    async with LinesUnderTest(tmp_path, greeting=GREETING, allowed_peers="192.0.2.0/24") as line:
        reader, writer = await asyncio.open_connection("127.0.0.1", line.port)
        writer.write(hello(str(uuid.uuid4())))
        with contextlib.suppress(ConnectionResetError):
            assert await asyncio.wait_for(reader.read(-1), 5) == b""
        assert line.sessions == []
        writer.close()


async def test_nobody_there_is_told() -> None:
    async with aiohttp.ClientSession() as http:
        with pytest.raises(LineUnavailable, match="could not be placed"):
            await AudioSocketCall.dial(f"127.0.0.1:{free_port()}", LinesSettings(audiosocket_calls="any"), http)
