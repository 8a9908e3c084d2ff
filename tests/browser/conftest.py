"""A Chromium and a fake chat server, fresh for each test; any script error or refused resource fails it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright

from tests.browser.fake_chat_server import FakeChatServer

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--headless", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture
async def server() -> AsyncIterator[FakeChatServer]:
    server = FakeChatServer()
    runner = await server.start()
    yield server
    await runner.cleanup()


@pytest.fixture(scope="session")
def chromium() -> Path:
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed: apt-get install chromium")
    return CHROMIUM


@pytest.fixture
async def browser(chromium: Path) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture
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
    assert [each for each in problems if "Failed to load resource" not in each and "WebSocket" not in each] == []
    assert outside == []
