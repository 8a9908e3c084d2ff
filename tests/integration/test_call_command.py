"""The test telephone and `guichet call`, against the real SIP process and a small bot in the gateway's place."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.errors import BadRequest, LineUnavailable
from tests.integration.sip.line_under_test import PROJECT, LineUnderTest, Session, free_port
from tests.integration.sip.sounds import fidelity, murmur, read_pcm, write_wav
from voice.sip.phone import Phone

GREETING = murmur(1.0, seed=11)
ANSWER = murmur(1.2, seed=12)
TURN = murmur(1.5, seed=13)
ROOM = np.random.default_rng(14).integers(-15, 15, 8000).astype("<i2").tobytes()
PATIENCE_SECONDS = 0.4


class AnsweringBot(Session):
    """Answers each turn once it has been quiet for `PATIENCE_SECONDS`, and the key 0, as the real one does."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.turns = 0
        self._quiet_bytes: int | None = None

    async def on_sound(self, pcm: bytes) -> None:
        if np.abs(np.frombuffer(pcm, "<i2").astype(int)).max(initial=0) > 1000:
            self._quiet_bytes = 0
        elif self._quiet_bytes is not None:
            self._quiet_bytes += len(pcm)
            if self._quiet_bytes >= PATIENCE_SECONDS * 16000:
                self._quiet_bytes = None
                self.turns += 1
                await self.leg.play(ANSWER)
                await self.leg.mark(f"answer {self.turns}")

    async def on_key(self, digit: str) -> None:
        await super().on_key(digit)
        if digit == "0":
            await self.leg.play(ANSWER)


async def test_the_telephone_is_heard_hears_and_measures(tmp_path: Path) -> None:
    async with LineUnderTest(tmp_path, greeting=GREETING, session=AnsweringBot) as line, Phone(line.uri) as phone:
        call = await phone.dial(line.uri)
        session = await line.call()
        assert session.info.line_id == call.line_id
        await asyncio.sleep(2)
        speech_ended_at = await call.say(TURN + ROOM)
        await asyncio.sleep(2)
        await call.press("*5")
        await asyncio.sleep(0.3)
        await call.hang_up()
        await asyncio.wait_for(session.over.wait(), 5)
        assert fidelity(bytes(session.heard), TURN).snr_db > 30
        assert fidelity(bytes(call.heard.recording), ANSWER).snr_db > 30
        assert session.keys == "*5"
        answered_at = call.first_loud_after(speech_ended_at)
        assert answered_at is not None
        assert answered_at - speech_ended_at > PATIENCE_SECONDS - 0.02, "heard before it can have been said"


async def test_one_telephone_holds_several_calls(tmp_path: Path) -> None:
    async with LineUnderTest(tmp_path, greeting=GREETING) as line, Phone(line.uri, max_calls=5) as phone:
        calls = [await phone.dial(line.uri) for _ in range(5)]
        await asyncio.sleep(2)
        for call in calls:
            await call.hang_up()
            assert fidelity(bytes(call.heard.recording), GREETING).snr_db > 30


async def test_a_refused_call_says_so(tmp_path: Path) -> None:
    async with LineUnderTest(tmp_path, with_gateway=False) as line, Phone(line.uri) as phone:
        with pytest.raises(LineUnavailable, match="Busy"):
            await phone.dial(line.uri)


@pytest.mark.parametrize("uri", ["", "tel:12", "127.0.0.1"])
def test_an_impossible_uri_is_a_usage_error(uri: str) -> None:
    with pytest.raises(BadRequest):
        Phone(uri)


class FakeGatewayApi:
    """What `GET /api/calls` tells of the newest call."""

    def __init__(self, line: LineUnderTest) -> None:
        self._line = line

    async def find(self, request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == "Bearer desk-secret"
        session = next(one for one in self._line.sessions if one.info.line_id == request.query["line_id"])
        assert isinstance(session, AnsweringBot)
        played = [event for event in session.events if type(event).__name__ == "Played"]
        phase = "listening" if len(played) > session.turns else "speaking"
        turns = [{"number": n, "heard": f"question {n}", "confidence": 0.9, "intent": "adhesion", "outcome": "answer",
                  "spoken": "Oui.", "segments": {"dialogue": 12.5}} for n in range(1, len(played))]  # fmt: skip
        return web.json_response({"id": "c1", "line_id": session.info.line_id, "phase": phase, "turns": turns})


@pytest.fixture
async def line(tmp_path: Path) -> AsyncIterator[LineUnderTest]:
    async with LineUnderTest(tmp_path, greeting=GREETING, session=AnsweringBot) as running:
        yield running


@pytest.fixture
async def api_port(line: LineUnderTest) -> AsyncIterator[int]:
    app = web.Application()
    app.router.add_get("/api/calls", FakeGatewayApi(line).find)
    async with TestServer(app) as server:
        assert server.port is not None
        yield server.port


async def test_each_turn_is_played_when_the_bot_listens_and_reported(
    tmp_path: Path, line: LineUnderTest, api_port: int
) -> None:
    turn = write_wav(tmp_path / "turn.wav", TURN + ROOM)
    recording = tmp_path / "heard.wav"
    status, output, errors = await _guichet_call(
        *(str(turn), str(turn), "--uri", line.uri, "--json", "--record", str(recording)), api_port=api_port
    )
    assert status == 0, errors
    reports = [json.loads(text) for text in output.splitlines()]
    assert [(report["turn"], report["heard"], report["outcome"]) for report in reports] == [
        (1, "question 1", "answer"),
        (2, "question 2", "answer"),
    ]
    assert set(reports[0]) >= {
        *("turn", "file", "heard", "confidence", "intent", "outcome", "spoken"),
        *("end_of_speech_to_first_audio_ms", "segments"),
    }
    assert all(report["end_of_speech_to_first_audio_ms"] > 380 for report in reports)
    session = await line.call()
    assert isinstance(session, AnsweringBot)
    assert session.turns == 2
    assert fidelity(read_pcm(recording), GREETING).snr_db > 30


async def test_without_the_api_silence_says_that_the_bot_listens(tmp_path: Path, line: LineUnderTest) -> None:
    turn = write_wav(tmp_path / "turn.wav", TURN)
    status, output, errors = await _guichet_call(str(turn), "--key", "0", "--uri", line.uri, api_port=free_port())
    session = await line.call()
    assert isinstance(session, AnsweringBot)
    assert session.turns == 1
    assert session.keys == "0"
    assert "1. " in output
    assert status == 0, errors


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "Nothing to say"),
        (["Bonjour, je voudrais adhérer"], "Turn 1 is not a file"),
        (["--key", "E"], "--key is one or several of"),
        (["{empty}"], "empty"),
    ],
)
async def test_wrong_use_ends_with_2_and_one_sentence(tmp_path: Path, arguments: list[str], sentence: str) -> None:
    empty = tmp_path / "empty.wav"
    empty.touch()
    status, output, errors = await _guichet_call(
        *(one.replace("{empty}", str(empty)) for one in arguments), api_port=free_port()
    )
    assert status == 2
    assert output == ""
    assert sentence in errors
    assert len(errors.strip().splitlines()) == 1


async def test_nobody_answers_ends_with_1(tmp_path: Path, line: LineUnderTest) -> None:
    line.refusing = True
    turn = write_wav(tmp_path / "turn.wav", TURN)
    status, _, errors = await _guichet_call(str(turn), "--uri", line.uri, api_port=free_port())
    assert status == 1
    assert "not answered" in errors


async def _guichet_call(*arguments: str, api_port: int) -> tuple[int, str, str]:
    environment = {**os.environ, "GUICHET_WEB__PORT": str(api_port), "GUICHET_WEB__DESK_TOKEN": "desk-secret"}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "call", *arguments),
        cwd=PROJECT,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await asyncio.wait_for(process.communicate(), 90)
    return process.returncode or 0, output.decode(), errors.decode()
