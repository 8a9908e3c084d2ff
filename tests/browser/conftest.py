"""One Chromium for all; a fresh profile and a fresh fake chat server for each test.

Any script error, refused resource or request to another host fails the test. Everything lives on the
session's event loop, because the browser does: starting it takes longer than a test.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

from tests.browser.fake_chat_server import FakeChatServer

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--headless", "--disable-gpu", "--disable-background-networking"]
# What Chromium itself logs when a test makes the network fail.
EXPECTED = ("Failed to load resource", "WebSocket connection to")


@pytest.fixture(scope="session")
def chromium() -> Path:
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed: apt-get install chromium")
    return CHROMIUM


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(chromium: Path) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def server() -> AsyncIterator[FakeChatServer]:
    server = FakeChatServer()
    runner = await server.start()
    yield server
    await runner.cleanup()


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser, server: FakeChatServer) -> AsyncIterator[Page]:
    context = await browser.new_context(locale="fr-FR", reduced_motion="reduce")
    page = await context.new_page()
    page.set_default_timeout(5_000)
    problems: list[str] = []
    outside: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: None if request.url.startswith(server.url) else outside.append(request.url))
    await page.goto(server.url)
    yield page
    await context.close()
    assert [problem for problem in problems if not problem.startswith(EXPECTED)] == []
    assert outside == []
