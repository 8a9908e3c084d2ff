"""The process of the lines beside SIP: how it starts, what it refuses to start with, how it ends.

The protocols have files of their own in `tests/integration/lines`.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from tests.integration.lines.lines_under_test import LinesUnderTest
from tests.integration.sip.line_under_test import PROJECT


async def test_it_tells_where_it_listens_and_ends_with_0(tmp_path: Path) -> None:
    line = LinesUnderTest(tmp_path)
    process = await line.spawn()
    line.process = process
    report = await line.event("ready")
    assert report == {"event": "ready", "audiosocket": f"127.0.0.1:{line.port}", "web": line.web}
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 15) == 0


async def test_only_the_lines_that_are_on_listen(tmp_path: Path) -> None:
    line = LinesUnderTest(tmp_path, audiosocket_enabled=False)
    line.process = await line.spawn()
    assert "audiosocket" not in await line.event("ready")
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", line.port)
    assert await line.stop_process() == 0


WRONG = {
    "no line": ({"audiosocket_enabled": False, "web_enabled": False}, "lines.web_enabled"),
    "nowhere to announce": ({"audiosocket_calls": "announced", "web_enabled": False}, "lines.audiosocket_calls"),
    "no password to announce with": ({"audiosocket_calls": "announced", "pbx_password": ""}, "lines.pbx_password"),
    "a network that is none": ({"allowed_peers": "pbx.example"}, "lines.allowed_peers"),
    "an address that is not ours": ({"web_host": "192.0.2.1"}, "lines.web_host"),
    "an idle timeout of nothing": ({"idle_timeout_seconds": 0}, "lines.idle_timeout_seconds"),
}


@pytest.mark.parametrize("wrong", WRONG)
async def test_a_wrong_setting_ends_with_2_and_one_sentence_that_names_it(tmp_path: Path, wrong: str) -> None:
    settings, name = WRONG[wrong]
    process = await LinesUnderTest(tmp_path, **settings).spawn()
    output, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 2
    assert output == b""
    assert len(errors.decode().strip().splitlines()) == 1
    assert name in errors.decode()


async def test_a_taken_port_is_told_in_one_sentence(tmp_path: Path) -> None:
    async with LinesUnderTest(tmp_path) as line:
        second = await line.spawn()
        _, errors = await asyncio.wait_for(second.communicate(), 60)
        assert second.returncode == 2
        assert len(errors.decode().strip().splitlines()) == 1
        assert "lines.audiosocket_port" in errors.decode()


async def test_it_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    line = LinesUnderTest(tmp_path)
    command = [sys.executable, "-m", "voice.lines", "--follow-parent"]
    start = f"import subprocess; subprocess.Popen({command!r}).wait()"
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", start), cwd=PROJECT, env=line._env, stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    assert b"ready" in await asyncio.wait_for(parent.stdout.readline(), 30)
    parent.kill()
    assert await asyncio.wait_for(parent.stdout.read(), 15) == b"", "its output closes when it has ended"
    await parent.wait()
