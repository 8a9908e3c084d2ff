"""The widget's files as other sites fetch them: from anywhere, cached rightly, pinned by a hash, small on the wire."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.web import assets
from bot.web.errors import errors_and_headers

HASH = "0123456789abcdef"
Client = TestClient[web.Request, web.Application]


@pytest.fixture
def dist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "widget.js").write_text("// the widget")
    (tmp_path / "widget.js.gz").write_bytes(b"gzipped")
    (tmp_path / "widget.js.br").write_bytes(b"brotli")
    (tmp_path / "more.js").write_text("// fetched later")
    files = {"widget.js": {"hash": HASH}, "more.js": {"hash": HASH}}
    (tmp_path / "manifest.json").write_text(json.dumps({"version": "1", "files": files}))
    monkeypatch.setattr(assets, "DIST_DIR", tmp_path)
    return tmp_path


@pytest.fixture
async def client(dist: Path) -> AsyncIterator[Client]:
    app = web.Application(middlewares=[errors_and_headers])
    app.add_routes(assets.routes)
    async with TestClient(TestServer(app), auto_decompress=False) as client:
        yield client


async def test_a_page_of_any_site_gets_the_script(client: Client) -> None:
    response = await client.get("/widget.js", headers={"Origin": "https://anywhere.example", "Accept-Encoding": ""})
    assert response.status == 200
    assert await response.text() == "// the widget"
    assert response.headers["Content-Type"].startswith("text/javascript")
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "public, max-age=300, must-revalidate"


async def test_what_is_unchanged_is_not_sent_again(client: Client) -> None:
    first = await client.get("/widget.js")
    again = await client.get("/widget.js", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status == 304


@pytest.mark.parametrize(("accepted", "body"), [("gzip", b"gzipped"), ("br, gzip", b"brotli")])
async def test_it_travels_compressed(client: Client, accepted: str, body: bytes) -> None:
    response = await client.get("/widget.js", headers={"Accept-Encoding": accepted})
    assert await response.read() == body
    assert response.headers["Content-Encoding"] in accepted
    assert "Accept-Encoding" in response.headers["Vary"]
    assert response.headers["Content-Type"].startswith("text/javascript")


async def test_a_pinned_version_never_changes_and_another_one_is_not_there(client: Client) -> None:
    pinned = await client.get(f"/widget/{HASH}/widget.js")
    assert pinned.status == 200
    assert "immutable" in pinned.headers["Cache-Control"]
    assert (await client.get("/widget/fedcba9876543210/widget.js")).status == 404
    assert (await client.get(f"/widget/{HASH}/manifest.json")).status == 404


async def test_what_the_widget_fetches_later_is_there_for_any_site_at_its_hash_and_when_asked_again(
    client: Client,
) -> None:
    for again in ("", "?1"):
        response = await client.get(f"/widget/{HASH}/more.js{again}", headers={"Origin": "https://anywhere.example"})
        assert await response.text() == "// fetched later"
        assert response.headers["Content-Type"].startswith("text/javascript")
        assert response.headers["Access-Control-Allow-Origin"] == "*"  # without it, a page may not import it
        assert "immutable" in response.headers["Cache-Control"]


@pytest.mark.parametrize("path", ["/widget/manifest.json.gz", "/manifest.json", f"/widget/{HASH}/..%2Fassets.py"])
async def test_nothing_else_is_served(client: Client, path: str) -> None:
    assert (await client.get(path)).status == 404


async def test_what_is_not_built_says_how_to_build_it(client: Client, dist: Path) -> None:
    (dist / "widget.js").unlink()
    (dist / "manifest.json").unlink()
    response = await client.get("/widget.js")
    assert response.status == 503
    assert "npm" in (await response.json())["error"]["text"]
    assert (await (await client.get("/widget/manifest.json")).json())["files"] == {}
