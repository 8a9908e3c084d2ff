"""The real process of the lines, with a small session in place of the gateway's."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import aiohttp

from bot.errors import LineUnavailable
from tests.integration.sip.line_under_test import PROJECT, LineUnderTest, Session, free_port

PBX_PASSWORD = "pbx-secret"
PBX = {"Authorization": aiohttp.encode_basic_auth("guichet", PBX_PASSWORD)}
AUTH_TOKEN = "twilio-auth-token"
MEDIA_TOKEN = "media-token"
PUBLIC_URL = "https://bot.example.org"
FULL = 503

Connection = TypeVar("Connection")


async def once_free(connect: Callable[[], Awaitable[Connection]]) -> Connection:
    """Connected: at once, or as soon as the line, which is full until then, has let go of who was there before."""
    async with asyncio.timeout(10):
        while True:
            try:
                return await connect()
            except aiohttp.WSServerHandshakeError as refusal:
                if refusal.status != FULL:
                    raise
            except LineUnavailable as refusal:
                if str(FULL) not in str(refusal):
                    raise
            await asyncio.sleep(0.02)


class LinesUnderTest(LineUnderTest):
    """`async with LinesUnderTest(directory) as line`: a LineServer and `python -m voice.lines` joined to it."""

    def __init__(
        self,
        directory: Path,
        *,
        greeting: bytes = b"",
        session: type[Session] = Session,
        with_gateway: bool = True,
        max_calls: int = 30,
        **lines: object,
    ) -> None:
        super().__init__(directory, greeting=greeting, session=session, with_gateway=with_gateway)
        self.web_port = free_port()
        self.web = f"http://127.0.0.1:{self.web_port}"
        settings = {
            "audiosocket_enabled": True,
            "audiosocket_port": self.port,
            "audiosocket_calls": "any",
            "web_enabled": True,
            "web_port": self.web_port,
            "pbx_password": PBX_PASSWORD,
            "twilio_auth_token": AUTH_TOKEN,
            "media_token": MEDIA_TOKEN,
            "public_url": PUBLIC_URL,
            "hello_timeout_seconds": 1,
            **lines,
        }
        self._env = {
            **os.environ,
            "GUICHET_PHONE__MAX_CALLS": str(max_calls),
            "GUICHET_PHONE__TRANSFER_TO": "sip:people@pbx.example",
            **{f"GUICHET_LINES__{name.upper()}": str(value) for name, value in settings.items()},
        }

    async def spawn(self) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "voice.lines", "--socket", str(self.socket_path)),
            cwd=PROJECT,
            env=self._env,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )

    async def announce(self, caller: str = "", called: str = "") -> str:
        """As a dialplan does with CURL."""
        async with aiohttp.ClientSession(headers=PBX) as http:
            form = {"caller": caller, "called": called}
            async with http.post(f"{self.web}/lines/calls", data=form) as response:
                return await response.text()

    async def ask(self, question: str, call: str) -> str:
        """`next` or `target`, as a dialplan asks."""
        async with (
            aiohttp.ClientSession(headers=PBX) as http,
            http.get(f"{self.web}/lines/{question}", params={"call": call}) as response,
        ):
            assert response.status == 200
            return await response.text()
