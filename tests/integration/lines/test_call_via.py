"""`guichet call --via`, against the real process of the lines and a small bot in the gateway's place."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from tests.integration.lines.lines_under_test import AUTH_TOKEN, MEDIA_TOKEN, PBX_PASSWORD, PUBLIC_URL, LinesUnderTest
from tests.integration.sip.line_under_test import PROJECT, free_port
from tests.integration.sip.sounds import fidelity, murmur, read_pcm, write_wav
from tests.integration.test_call_command import AnsweringBot

GREETING = murmur(1.0, seed=51)
TURN = murmur(1.5, seed=52)


@pytest.mark.parametrize("via", ["audiosocket", "announced audiosocket", "media-stream", "media-stream with a token"])
async def test_a_turn_is_played_and_answered(tmp_path: Path, via: str) -> None:
    turn = write_wav(tmp_path / "turn.wav", TURN)
    heard = tmp_path / "heard.wav"
    mode = "announced" if "announced" in via else "any"
    async with LinesUnderTest(tmp_path, greeting=GREETING, session=AnsweringBot, audiosocket_calls=mode) as line:
        is_stream = "media-stream" in via
        uri = f"ws://127.0.0.1:{line.web_port}/lines/media-streams" if is_stream else f"127.0.0.1:{line.port}"
        status, output, errors = await guichet_call(
            str(turn), "--key", "#", "--json", "--record", str(heard),
            "--via", "media-stream" if is_stream else "audiosocket", "--uri", uri,
            GUICHET_LINES__AUDIOSOCKET_CALLS=mode,
            GUICHET_LINES__WEB_PORT=str(line.web_port),
            GUICHET_LINES__PBX_PASSWORD=PBX_PASSWORD,
            GUICHET_LINES__TWILIO_AUTH_TOKEN="" if "token" in via else AUTH_TOKEN,
            GUICHET_LINES__MEDIA_TOKEN=MEDIA_TOKEN,
            GUICHET_LINES__PUBLIC_URL=PUBLIC_URL,
        )  # fmt: skip
        session = await line.call()
        assert status == 0, errors
        assert isinstance(session, AnsweringBot)
        assert session.turns == 1
        assert session.keys == "#"
        assert fidelity(bytes(session.heard), TURN).snr_db > 30
        assert fidelity(read_pcm(heard), GREETING).snr_db > 30
        first = json.loads(output.splitlines()[0])
        assert first["end_of_speech_to_first_audio_ms"] > 300, "the small bot waits 400 ms"


@pytest.mark.parametrize(
    ("via", "uri", "status", "sentence"),
    [
        ("audiosocket", "", 2, "lines.audiosocket_enabled"),
        ("media-stream", "", 2, "lines.web_enabled"),
        ("audiosocket", "nowhere", 2, "host:port"),
        ("audiosocket", "127.0.0.1:{port}", 1, "could not be"),
        ("media-stream", "ws://127.0.0.1:{port}/lines/media-streams", 1, "could not be placed"),
    ],
)
async def test_a_line_that_is_not_there_is_told_in_one_sentence(
    tmp_path: Path, via: str, uri: str, status: int, sentence: str
) -> None:
    turn = write_wav(tmp_path / "turn.wav", TURN)
    to = ["--uri", uri.format(port=free_port())] if uri else []
    ended, output, errors = await guichet_call(str(turn), "--via", via, *to, GUICHET_LINES__WEB_PORT=str(free_port()))
    assert ended == status
    assert output == ""
    assert sentence in errors.splitlines()[-1]


async def guichet_call(*arguments: str, **environment: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "call", *arguments),
        cwd=PROJECT,
        env={**os.environ, "GUICHET_WEB__PORT": str(free_port()), **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await asyncio.wait_for(process.communicate(), 90)
    return process.returncode or 0, output.decode(), errors.decode()
