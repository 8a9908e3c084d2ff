"""How the service is, part by part: no part's own mistake hides the others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from structlog.testing import capture_logs

from bot.errors import StoreUnavailable
from bot.health import Condition, Health, Part
from bot.metrics import Metrics
from bot.processes import CHANNEL_PATH, rasa_ready
from bot.settings import load_settings
from bot.web.desk import calls
from bot.web.keys import HEALTH

WORDS = "les mots de quelqu’un"


async def well() -> Part:
    return Part(Condition.OK)


async def unavailable() -> Part:
    raise StoreUnavailable("The disk is full.")


class Dialogue:
    """A part whose check has a mistake in it, until it is mended."""

    broken = True

    async def part(self) -> Part:
        if self.broken:
            raise AttributeError(WORDS)
        return await well()


@pytest.fixture
def dialogue() -> Dialogue:
    return Dialogue()


@pytest.fixture
def health(dialogue: Dialogue) -> Health:
    view = Health()
    view.add("store", well, required=True)
    view.add("dialogue", dialogue.part)
    view.add("disk", unavailable)
    return view


@pytest.fixture
async def page(health: Health) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    app = web.Application()
    app[HEALTH] = health
    app.add_routes(calls.routes)
    async with TestClient(TestServer(app)) as client:
        yield client


async def test_a_check_that_breaks_is_a_part_that_is_down_and_the_others_are_told_as_they_are(
    page: TestClient[web.Request, web.Application],
) -> None:
    with capture_logs():
        response = await page.get("/health")
    told = await response.json()
    assert (response.status, told["status"]) == (200, "degraded")
    assert {name: part["status"] for name, part in told["parts"].items()} == {
        "store": "ok",
        "dialogue": "down",
        "disk": "down",
    }
    assert WORDS not in await response.text()


async def test_it_is_logged_once_until_it_is_well_again_and_counted_as_down(health: Health, dialogue: Dialogue) -> None:
    metrics = Metrics()
    with capture_logs() as logs:
        for dialogue.broken in (True, True, False, True):
            metrics.parts_are(await health.parts())
    broken = {"event": "health.check_broken", "log_level": "error", "part": "dialogue", "error": "AttributeError"}
    assert logs == [broken, broken]
    assert b'guichet_part_up{part="dialogue"} 0.0' in metrics.page()
    assert b'guichet_part_up{part="store"} 1.0' in metrics.page()


@pytest.mark.parametrize("said", [[], None, "model", 3, {"model": ""}, {}])
async def test_whatever_else_answers_where_rasa_is_expected_is_no_rasa_with_a_model(tmp_path: Path, said: Any) -> None:
    async def handler(_: web.Request) -> web.StreamResponse:
        return web.json_response(said)

    app = web.Application()
    app.router.add_get(CHANNEL_PATH + "/", handler)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        settings = load_settings(data_dir=tmp_path, dialogue={"rasa_url": str(server.make_url(""))})
        assert not await rasa_ready(session, settings)
