"""One Chromium for all; a fresh profile, gateway and host site for each test.

Any script error, policy violation or request to a third host fails the test. Everything lives on the session's event
loop, because the browser does: starting it takes longer than a test.
"""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from bot.web.assets import DIST_DIR
from tests.browser.console_page import built_console, console, desk  # noqa: F401  (fixtures)
from tests.browser.fake_gateway import FakeGateway
from tests.browser.host_site import HostSite
from tests.browser.window import Window

CHROMIUM = Path("/usr/bin/chromium")
# The same without the windows, menus and profiles of a browser: a page in a fresh profile costs a third of the work.
HEADLESS_SHELL = Path("/usr/bin/chromium-headless-shell")
ARGUMENTS = ["--no-sandbox", "--headless", "--disable-gpu", "--disable-background-networking"]
WEB_DIR = Path(__file__).parents[2] / "web"
# What Chromium itself logs when a test makes the network fail.
EXPECTED = ("Failed to load resource", "WebSocket connection to", "Access to fetch at")
# How long something takes to appear says how busy the machine is (two lanes of browsers, passwords hashed slowly on
# purpose), not whether it is right.
TIMEOUT_MS = 20_000
expect.set_options(timeout=TIMEOUT_MS)

OpenPage = Callable[..., Coroutine[Any, Any, Page]]


@pytest.fixture(scope="session")
def chromium() -> Path:
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed: apt-get install chromium")
    return CHROMIUM


@pytest.fixture(scope="session")
def headless_shell(chromium: Path) -> Path:
    """For the many tests that open a page of their own. Where it is not installed, all of Chromium does as well."""
    return HEADLESS_SHELL if HEADLESS_SHELL.exists() else chromium


@pytest.fixture(scope="session")
def built_widget() -> Path:
    """The widget's one file, built when it is missing."""
    script = DIST_DIR / "widget.js"
    if not script.exists():
        subprocess.run(["npm", "--prefix", str(WEB_DIR), "run", "build"], check=False, timeout=120)
    assert script.exists(), "npm --prefix web ci && npm --prefix web run build"
    return script


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(headless_shell: Path) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=headless_shell, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def server(built_widget: Path) -> AsyncIterator[FakeGateway]:
    server = FakeGateway()
    await server.start()
    yield server
    await server.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def host(server: FakeGateway) -> AsyncIterator[HostSite]:
    """Another origin, which the gateway lets in."""
    host = HostSite(server.origin)
    await host.start()
    server.allowed.add(host.origin)
    yield host
    await host.stop()
    assert host.violations == []


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(browser: Browser, server: FakeGateway, host: HostSite) -> AsyncIterator[OpenPage]:
    """Opens pages, each in a fresh profile unless one is given, and watches all they do."""
    contexts: list[BrowserContext] = []
    problems: list[str] = []
    outside: list[str] = []
    ours = (server.url, host.url, server.url.replace("http", "ws", 1), "blob:", "data:")

    async def open_page(url: str = "", *, context: BrowserContext | None = None, **profile: Any) -> Page:
        if context is None:
            wanted = {"locale": "fr-FR", "reduced_motion": "reduce", "timezone_id": "Europe/Paris"} | profile
            context = await browser.new_context(**wanted)
            contexts.append(context)
        page = await context.new_page()
        page.set_default_timeout(TIMEOUT_MS)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.on("request", lambda request: None if request.url.startswith(ours) else outside.append(request.url))
        page.on("websocket", lambda socket: None if socket.url.startswith(ours) else outside.append(socket.url))
        if url:
            await page.goto(url)
        return page

    yield open_page
    for context in contexts:
        await context.close()
    assert [problem for problem in problems if not problem.startswith(EXPECTED)] == []
    assert outside == []


@pytest_asyncio.fixture(loop_scope="session")
async def page(open_page: OpenPage, server: FakeGateway) -> Page:
    """The demonstration page."""
    return await open_page(server.url)


@pytest_asyncio.fixture(loop_scope="session")
async def window(page: Page) -> Window:
    """The widget on the demonstration page, not opened yet."""
    return Window(page)
