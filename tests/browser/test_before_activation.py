"""Before the visitor's first activation the widget is a button and nothing else; what follows is what was asked for."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import BrowserContext, Page, Request, expect

from tests.browser.conftest import OpenPage
from tests.browser.fake_gateway import TOKEN, FakeGateway, until
from tests.browser.host_site import HostSite
from tests.browser.window import Window

pytestmark = pytest.mark.asyncio(loop_scope="session")

NOTHING = {
    "local": [],
    "session": [],
    "cookie": "",
    "databases": [],
    "caches": [],
    "workers": 0,
    "fonts": [],
    "cookies": [],
}


async def watched(context: BrowserContext) -> list[str]:
    """Every request and WebSocket of the profile, service workers and preconnections aside."""
    seen: list[str] = []
    context.on("request", lambda request: seen.append(request.url))
    context.on("page", lambda page: page.on("websocket", lambda socket: seen.append(socket.url)))
    return seen


@pytest.mark.parametrize("where", ["our own page", "another site"])
async def test_nothing_is_fetched_connected_or_stored_before_the_first_activation(
    open_page: OpenPage, server: FakeGateway, host: HostSite, where: str
) -> None:
    script = f'<script src="{server.url}widget.js" async></script>'
    address = server.url if where == "our own page" else host.put(end=script)
    page = await open_page()
    seen = await watched(page.context)
    await page.goto(address, wait_until="networkidle")
    window = Window(page)
    await expect(window.launcher).to_be_visible()
    loaded = list(seen)
    await window.launcher.hover()
    await window.launcher.focus()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Shift+Tab")
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await page.wait_for_timeout(300)
    assert seen == loaded, "looking at the launcher asks nothing of anybody"
    assert [url for url in loaded if url.startswith(server.url) and "/pages/" not in url and url != server.url] == [
        f"{server.url}widget.js"
    ]
    assert server.calls == []
    assert await window.storage() == NOTHING
    entries = await page.evaluate(
        "performance.getEntriesByType('resource').map(({ initiatorType, name }) => [initiatorType, name])"
    )
    assert [name for kind, name in entries if kind in ("css", "font", "beacon", "fetch", "xmlhttprequest")] == []


async def test_opening_shows_the_service_and_still_begins_no_conversation(window: Window, server: FakeGateway) -> None:
    await window.open()
    await expect(window.text("Vous échangez avec un assistant automatique")).to_be_visible()
    await expect(window.button("Comment adhérer ?")).to_be_visible()
    await window.field.fill("je réfléchis encore")
    assert server.started == 0
    assert {call.split("?")[0] for call in server.calls} == {"GET /api/service"}
    assert await window.storage() == NOTHING
    assert server.sockets == []


async def test_what_is_kept_is_the_session_and_the_token_is_in_no_address(
    page: Page, window: Window, server: FakeGateway
) -> None:
    addresses: list[str] = []

    def note(request: Request) -> None:
        addresses.append(request.url)

    page.on("request", note)
    page.on("websocket", lambda socket: addresses.append(socket.url))
    await window.open()
    await window.ask("Comment adhérer ?")
    await window.answered()
    kept = await window.storage()
    assert len(kept.pop("session")) >= 1
    assert kept == {name: value for name, value in NOTHING.items() if name != "session"}
    assert any("/ws" in address for address in addresses)
    assert [address for address in addresses if TOKEN in address] == []
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", page.url)


async def test_storage_none_keeps_nothing_at_all(open_page: OpenPage, server: FakeGateway, host: HostSite) -> None:
    script = f'<script src="{server.url}widget.js" data-storage="none" async></script>'
    page = await open_page(host.put(end=script))
    window = Window(page)
    await window.open()
    await window.ask("Comment adhérer ?")
    await window.answered()
    assert await window.storage() == NOTHING
    await page.reload()
    await window.open()
    await window.answered(0)


async def test_where_storage_is_refused_the_conversation_still_works(open_page: OpenPage, server: FakeGateway) -> None:
    page = await open_page()
    await page.add_init_script(
        "for (const name of ['localStorage', 'sessionStorage'])"
        " Object.defineProperty(window, name, { get() { throw new DOMException('refused', 'SecurityError'); } });"
    )
    await page.goto(server.url)
    window = Window(page)
    await window.open()
    await window.ask("Comment adhérer ?")
    await window.answered()
    await until(lambda: server.questions == ["Comment adhérer ?"])
