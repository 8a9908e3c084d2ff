"""The console's page: where it is, and what a browser is allowed to do with it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.web import console


@pytest.fixture
async def client(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    monkeypatch.setattr(console, "DIST_DIR", tmp_path)
    (tmp_path / "console.js").write_text("// built")
    app = web.Application()
    app.add_routes(console.routes)
    async with TestClient(TestServer(app)) as client:
        yield client


async def test_the_page_runs_its_own_script_only_is_in_no_frame_and_makes_no_markup_from_text(
    client: TestClient[web.Request, web.Application],
) -> None:
    answer = await client.get("/console/")
    policy = answer.headers["Content-Security-Policy"]
    for rule in (
        "default-src 'none'",
        "script-src 'self'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    ):
        assert rule in policy
    assert "unsafe" not in policy
    assert 'lang="fr"' in await answer.text()


async def test_the_address_without_its_slash_leads_there(client: TestClient[web.Request, web.Application]) -> None:
    answer = await client.get("/console", allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (301, "/console/")


async def test_only_the_two_built_files_are_served_and_a_missing_one_says_what_to_do(
    client: TestClient[web.Request, web.Application],
) -> None:
    built = await client.get("/console/console.js")
    assert (built.status, built.content_type) == (200, "text/javascript")
    missing = await client.get("/console/console-style.css")
    assert missing.status == 503 and "npm --prefix web run build" in (await missing.json())["error"]["text"]
    for name in ("manifest.json", "..%2f..%2fapp.py", "console.html"):
        assert (await client.get(f"/console/{name}")).status == 404
