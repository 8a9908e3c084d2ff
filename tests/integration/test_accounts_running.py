"""A running gateway, a person at the console, and an operator who types commands on the same machine."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from tests.ports import free_port
from tests.processes import ended

PASSWORD = "cheval bleu sous la pluie"
START_SECONDS = 60


@dataclass
class Machine:
    """A gateway without dialogue and telephone, with a database of its own."""

    url: str
    environment: dict[str, str]
    log: Path

    async def guichet(self, *arguments: str, typed: str = "") -> str:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            *arguments,
            env=self.environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        said, _ = await process.communicate(typed.encode())
        assert process.returncode == 0
        return said.decode()


@pytest.fixture
async def machine(tmp_path: Path) -> AsyncIterator[Machine]:
    port = free_port()
    environment = os.environ | {
        "GUICHET_DATA_DIR": str(tmp_path / "var"),
        "GUICHET_WEB__PORT": str(port),
        "GUICHET_DIALOGUE__SUPERVISE": "false",
        "GUICHET_WEB__DESK_TOKEN": "desk-secret",
    }
    log = tmp_path / "log"
    with log.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            "serve",
            "--no-phone",
            env=environment,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    machine = Machine(f"http://127.0.0.1:{port}", environment, log)
    try:
        async with asyncio.timeout(START_SECONDS), aiohttp.ClientSession() as session:
            while True:
                assert process.returncode is None, log.read_text()
                try:
                    async with session.get(f"{machine.url}/api/accounts/options") as response:
                        assert response.status == 200
                        break
                except aiohttp.ClientConnectionError:
                    await asyncio.sleep(0.2)
        yield machine
    finally:
        await ended(process, 30)


async def test_a_command_signs_out_who_is_signed_in_and_closes_the_window(machine: Machine) -> None:
    url = machine.url
    jar = aiohttp.CookieJar(unsafe=True, treat_as_secure_origin=URL(url))
    headers = {"Origin": url}
    async with aiohttp.ClientSession(cookie_jar=jar, headers=headers) as browser:
        async with browser.get(f"{url}/api/desk/overview", headers={"Authorization": "Bearer desk-secret"}) as response:
            assert response.status == 200  # no account yet: the desk token alone
        await machine.guichet("users", "add", "Marie.Martin", "--password-stdin", typed=PASSWORD + "\n")
        body = {"login": "marie.martin", "password": PASSWORD}
        async with browser.post(f"{url}/api/accounts/login", json=body) as response:
            assert response.status == 200
        async with browser.get(f"{url}/api/desk/overview") as response:
            assert response.status == 200
        async with browser.ws_connect(f"{url}/api/desk/ws") as window:
            assert (await window.receive_json(timeout=10))["type"] == "snapshot"
            await machine.guichet("users", "disable", "marie.martin")
            with contextlib.suppress(ConnectionError):
                async with asyncio.timeout(30):
                    async for _ in window:
                        pass
            assert window.closed
        async with browser.get(f"{url}/api/desk/overview") as response:
            assert response.status == 401
        async with browser.post(f"{url}/api/accounts/login", json=body) as response:
            assert response.status == 401
    assert "all as they were written" in await machine.guichet("audit", "verify")
    log = machine.log.read_text().lower()
    assert [word for word in ("marie", "martin", PASSWORD, "desk-secret") if word in log] == []
