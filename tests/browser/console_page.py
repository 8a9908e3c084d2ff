"""The agents' console in a page, for tests: what an agent sees and presses, by its names."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from bot.web.console import DIST_DIR
from tests.browser.fake_desk import FakeDesk
from tests.browser.window import AXE, AXE_TAGS

WEB_DIR = Path(__file__).parents[2] / "web"


async def becomes_true(page: Page, expression: str, seconds: float = 8) -> None:
    """Asks again and again from outside: the page's policy forbids what `wait_for_function` does within it."""
    async with asyncio.timeout(seconds):
        while not await page.evaluate(expression):
            await asyncio.sleep(0.05)


class ConsolePage:
    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url

    async def open(self, place: str = "") -> None:
        await self.page.goto(f"{self.url}/console/{place}")

    async def ready(self) -> None:
        """Signed in, with the whole picture, and changes arrive."""
        await expect(self.page.get_by_role("switch", name="Disponible")).to_be_visible()

    @property
    def rows(self) -> Locator:
        return self.page.locator(".list .row")

    @property
    def reply(self) -> Locator:
        return self.page.get_by_label("Votre réponse au visiteur")

    @property
    def log(self) -> Locator:
        return self.page.locator(".log > li")

    @property
    def announcer(self) -> Locator:
        return self.page.locator("#announcer")

    @property
    def toast(self) -> Locator:
        return self.page.locator(".toast")

    def button(self, name: str, **more: Any) -> Locator:
        return self.page.get_by_role("button", name=name, **more)

    def tab(self, name: str) -> Locator:
        return self.page.get_by_role("tab", name=name)

    async def choose(self, words: str) -> None:
        """Opens the conversation with these last words."""
        await self.rows.filter(has_text=words).locator("a").click()
        await expect(self.page.locator(".transcript")).to_be_visible()

    async def axe(self) -> list[dict[str, Any]]:
        """The violations on the whole page, each with the elements concerned."""
        if not await self.page.evaluate("'axe' in window"):
            await self.page.evaluate(AXE.read_text())
        options = json.dumps({"runOnly": AXE_TAGS, "resultTypes": ["violations"]})
        found = await self.page.evaluate(f"axe.run(document, {options}).then(({{ violations }}) => violations)")
        return [
            {
                "rule": violation["id"],
                "nodes": [[node["target"], node["html"][:160], node["failureSummary"]] for node in violation["nodes"]],
            }
            for violation in found
        ]


@pytest.fixture(scope="session")
def built_console() -> Path:
    """The console's script, built when it is missing."""
    script = DIST_DIR / "console.js"
    if not script.exists():
        subprocess.run(["node", str(WEB_DIR / "scripts" / "console.mjs")], check=True, timeout=120)
    return script


@pytest_asyncio.fixture(loop_scope="session")
async def desk(built_console: object) -> AsyncIterator[FakeDesk]:
    desk = FakeDesk()
    await desk.start()
    yield desk
    await desk.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def console(browser: Browser, desk: FakeDesk) -> AsyncIterator[ConsolePage]:
    """Not opened yet. Any script error, and anything fetched from elsewhere, fails the test."""
    context = await browser.new_context(
        locale="fr-FR", timezone_id="Europe/Paris", reduced_motion="reduce", viewport={"width": 1366, "height": 768}
    )
    page = await context.new_page()
    page.set_default_timeout(5_000)
    problems: list[str] = []
    outside: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: None if request.url.startswith(desk.url) else outside.append(request.url))
    yield ConsolePage(page, desk.url)
    await context.close()
    assert [one for one in problems if not one.startswith(("Failed to load resource", "WebSocket connection"))] == []
    assert outside == []
