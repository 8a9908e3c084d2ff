"""The hook with a real HTTP server and real programs."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from bot.notify import CommandDelivery, HookNotifier, HttpDelivery, Notice, Undelivered, make_notifier, signature
from bot.settings import NotifySettings

NOTICE = Notice("link", "+33612345678", "Comment adhérer", "https://example.org/F766", "c1")
BODY = {
    "kind": "link",
    "to": "+33612345678",
    "text": "Comment adhérer",
    "url": "https://example.org/F766",
    "conversation_id": "c1",
}
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@dataclass
class Provider:
    """Answers with the given statuses, then with 200; keeps what it was sent."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        self.got.append(({name.lower(): value for name, value in request.headers.items()}, await request.read()))
        status = self.statuses.pop(0) if self.statuses else 200
        return web.Response(status=status, headers={"Location": "/elsewhere"} if status == 302 else {})


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    provider = Provider()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", provider.take)
    async with TestServer(app) as server:
        provider.url = str(server.make_url("/notices"))
        yield provider


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def test_a_notice_arrives_signed(provider: Provider, session: aiohttp.ClientSession) -> None:
    notifier = make_notifier(NotifySettings(url=provider.url, secret=SecretStr(SECRET)), session)
    async with notifier.running():
        assert await notifier.send_link("c1", NOTICE.to, NOTICE.text, NOTICE.url)
    ((headers, body),) = provider.got
    assert json.loads(body) == BODY
    assert headers["content-type"] == "application/json"
    assert headers["webhook-signature"] == signature(SECRET, headers["webhook-id"], headers["webhook-timestamp"], body)


async def test_a_provider_that_is_away_for_a_moment_gets_it_in_the_end(
    provider: Provider, session: aiohttp.ClientSession
) -> None:
    provider.statuses = [503, 429, 500]
    notifier = HookNotifier(HttpDelivery(session, provider.url, "", 5.0), retry_seconds=(0.0, 0.0, 0.0))
    async with notifier.running():
        assert await notifier.send_link("c1", NOTICE.to, NOTICE.text, NOTICE.url)
    assert len(provider.got) == 4
    assert len({headers["webhook-id"] for headers, _ in provider.got}) == 1
    assert "webhook-signature" not in provider.got[0][0]


@pytest.mark.parametrize(("status", "is_final"), [(400, True), (401, True), (302, True), (429, False), (503, False)])
async def test_a_refusal_is_told_apart_from_a_passing_trouble_and_no_redirection_is_followed(
    provider: Provider, session: aiohttp.ClientSession, status: int, is_final: bool
) -> None:
    provider.statuses = [status]
    with pytest.raises(Undelivered, match=str(status)) as failure:
        await HttpDelivery(session, provider.url, "", 5.0)("msg_1", NOTICE)
    assert failure.value.is_final is is_final
    assert len(provider.got) == 1


async def test_nobody_at_the_address_is_a_passing_trouble(session: aiohttp.ClientSession) -> None:
    with pytest.raises(Undelivered) as failure:
        await HttpDelivery(session, "http://127.0.0.1:9/x", "", 5.0)("msg_1", NOTICE)
    assert not failure.value.is_final


def program(directory: Path, text: str) -> list[str]:
    path = directory / "notice.py"
    path.write_text(text, encoding="utf-8")
    return [sys.executable, str(path), "; touch hacked"]


async def test_a_program_reads_the_notice_and_sees_no_secret_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GUICHET_WEB__DESK_TOKEN", "hunter2")
    argv = program(
        tmp_path,
        "import json, os, sys\n"
        f"out = open({str(tmp_path / 'out.json')!r}, 'w')\n"
        "json.dump({'notice': json.load(sys.stdin), 'argv': sys.argv[1:], 'env': dict(os.environ)}, out)\n",
    )
    await CommandDelivery(argv, 20.0)("msg_1", NOTICE)
    got = json.loads((tmp_path / "out.json").read_text())
    assert got["notice"] == BODY
    assert got["argv"] == ["; touch hacked"]
    assert got["env"]["NOTICE_ID"] == "msg_1"
    assert "hunter2" not in str(got["env"])


@pytest.mark.parametrize(
    ("text", "seconds", "reason"),
    [("raise SystemExit(3)", 20.0, "exit status 3"), ("import time; time.sleep(60)", 0.3, "in time")],
)
async def test_a_program_that_fails_or_hangs_is_told(tmp_path: Path, text: str, seconds: float, reason: str) -> None:
    with pytest.raises(Undelivered, match=reason):
        await CommandDelivery(program(tmp_path, text), seconds)("msg_1", NOTICE)


async def test_a_program_that_is_not_there_is_told() -> None:
    with pytest.raises(Undelivered, match="not started"):
        await CommandDelivery(["/nowhere/send"], 5.0)("msg_1", NOTICE)
