"""The widget on the real application: whose pages may use it, handovers through the desk's API, hostile texts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import TIMEOUT_MS
from tests.browser.fake_gateway import until
from tests.browser.host_site import HostSite
from tests.browser.payloads import PAYLOADS
from tests.browser.real_gateway import RealGateway, real_gateway
from tests.browser.window import Window, plain

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def other_site() -> AsyncIterator[HostSite]:
    site = HostSite("http://127.0.0.1")
    await site.start()
    yield site
    await site.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def gateway(built_widget: Path, other_site: HostSite, tmp_path: Path) -> AsyncIterator[RealGateway]:
    async with real_gateway(tmp_path, other_site.origin) as gateway:
        other_site.policy = f"default-src 'none'; script-src {gateway.origin}; connect-src {gateway.origin}"
        other_site.policy += f" {gateway.origin.replace('http', 'ws', 1)}"
        yield gateway


@pytest_asyncio.fixture(loop_scope="session")
async def tab(browser: Browser, gateway: RealGateway) -> AsyncIterator[Page]:
    context = await browser.new_context(locale="fr-FR", reduced_motion="reduce")
    page = await context.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    yield page
    await context.close()


VISITORS = [
    ("GET", "api/service"),
    ("POST", "api/conversations"),
    ("GET", "api/conversations/x"),
    ("POST", "api/conversations/x/messages"),
    ("DELETE", "api/conversations/x"),
    ("GET", "api/conversations/x/ws"),
]
STRANGERS = [
    {},
    {"Origin": "null"},
    {"Origin": "https://evil.invalid"},
    {"Origin": "http://127.0.0.1"},
    {"Referer": "https://evil.invalid/"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
]


async def test_every_route_of_the_visitor_refuses_whoever_does_not_say_where_he_comes_from(
    gateway: RealGateway,
) -> None:
    for method, path in VISITORS:
        for given in STRANGERS:
            headers = dict(given)
            if path.endswith("/ws"):
                headers |= {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
                headers |= {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
            async with gateway.session.request(method, gateway.url + path, headers=headers) as answer:
                assert answer.status == 403, (method, path, given)
                assert "Access-Control-Allow-Origin" not in answer.headers
                assert (await answer.json())["error"]["code"] == "forbidden_origin"


async def test_an_allowed_site_may_and_the_gateways_own_pages_may(
    gateway: RealGateway, other_site: HostSite, tab: Page
) -> None:
    script = f'<script src="{gateway.url}widget.js" async></script>'
    for address in (other_site.put(head=script), gateway.url):
        await tab.goto(address)
        window = Window(tab)
        await window.launcher.click()
        await window.ask("Comment adhérer ?")
        await window.answered()
        await window.live()
    assert other_site.violations == []


async def test_another_site_can_neither_ask_nor_listen(gateway: RealGateway, other_site: HostSite, tab: Page) -> None:
    stranger = HostSite("http://127.0.0.1")
    await stranger.start()
    stranger.policy = "default-src * 'unsafe-inline'"
    await tab.goto(stranger.put(head=f'<script src="{gateway.url}widget.js" async></script>'))
    window = Window(tab)
    await window.launcher.click()
    refused = window.text("n’est pas autorisée").or_(window.text("ne répond pas"))
    await expect(refused.first).to_be_visible(timeout=15_000)
    attempts = """async (url) => {
        const socket = new WebSocket(url.replace("http", "ws") + "api/conversations/x/ws");
        const closed = new Promise((done) => {
            socket.onclose = () => done("closed");
            socket.onopen = () => done("open");
        });
        const asked = await fetch(url + "api/service").then(() => "answered", () => "refused");
        const begun = await fetch(url + "api/conversations", { method: "POST", mode: "no-cors" });
        return [await closed, asked, begun.type];
    }"""
    assert await tab.evaluate(attempts, gateway.url) == ["closed", "refused", "opaque"]
    assert (await gateway.desk("GET", "/conversations"))["conversations"] == []
    await stranger.stop()


async def _waiting(gateway: RealGateway) -> list[dict[str, Any]]:
    overview = await gateway.desk("GET", "/overview")
    return [one for one in overview["handovers"] if one["state"] == "queued"]


async def test_a_handover_there_and_back_twice_through_the_api_of_the_desk(gateway: RealGateway, tab: Page) -> None:
    await gateway.desk("PUT", "/presence", {"status": "available"})
    await tab.goto(gateway.url)
    window = Window(tab)
    await window.launcher.click()
    await window.ask("Comment adhérer ?")
    await window.answered()
    for number, turn in enumerate(("première", "seconde")):
        await window.person.click()
        async with asyncio.timeout(10):
            while not (queue := await _waiting(gateway)):
                await asyncio.sleep(0.05)
        await expect(window.text("file d’attente").first).to_be_visible()
        place, conversation = queue[0]["id"], queue[0]["conversation_id"]
        await gateway.desk("POST", f"/handovers/{place}/take")
        await expect(window.text("Vous échangez avec Claire.")).to_be_visible()
        said = {"client_id": f"agent-{number}", "text": f"Bonjour, {turn} fois."}
        await gateway.desk("POST", f"/conversations/{conversation}/messages", said)
        await gateway.desk("POST", f"/conversations/{conversation}/messages", said)
        await expect(window.said(f"Bonjour, {turn} fois.")).to_have_count(1)
        await window.ask(f"Merci, {turn} fois.")
        await expect(window.said(f"Merci, {turn} fois.")).to_have_count(1)
        await tab.reload()
        await window.launcher.click()
        await expect(window.text("Vous échangez avec Claire.")).to_be_visible()
        await gateway.desk("POST", f"/handovers/{place}/return")
        await expect(window.said("L’échange avec Claire est terminé.").last).to_be_visible()
        await gateway.desk("POST", f"/handovers/{place}/wrap_up", {"verdict": "right"})
    await window.ask("Et maintenant ?")
    await window.answered(2)
    shown = await window.person_texts()
    detail = await gateway.desk("GET", f"/conversations/{conversation}")
    assert shown == [message["text"] for message in detail["messages"] if message["type"] == "person"]


async def test_when_nobody_is_there_a_message_reaches_the_desk(gateway: RealGateway, tab: Page) -> None:
    await tab.goto(gateway.url)
    window = Window(tab)
    await window.launcher.click()
    await window.person.click()
    await window.button("Laisser un message").click(timeout=15_000)
    await window.widget.get_by_label("Nom et prénom").fill("Ada Lovelace")
    await window.widget.get_by_label("Téléphone ou adresse électronique").fill("ada@example.org")
    await window.widget.get_by_label("Votre message", exact=True).fill("Bonjour, pouvez-vous me répondre ?")
    await window.send.click()
    await expect(window.text("Votre message a bien été transmis au service.").first).to_be_visible()
    messages = (await gateway.desk("GET", "/messages?state=new"))["messages"]
    assert [(one["name"], one["contact"], one["text"]) for one in messages] == [
        ("Ada Lovelace", "ada@example.org", "Bonjour, pouvez-vous me répondre ?")
    ]


async def test_what_is_erased_is_nowhere_any_more(gateway: RealGateway, tab: Page) -> None:
    await tab.goto(gateway.url)
    window = Window(tab)
    await window.launcher.click()
    await window.ask("une phrase que personne d'autre n'écrirait")
    await window.answered()
    found = (await gateway.desk("GET", "/conversations?q=personne%20autre"))["conversations"]
    assert len(found) == 1
    await window.menu.click()
    await window.alternative("Supprimer ma conversation").click()
    await window.button("Supprimer définitivement").click()
    await expect(window.text("Votre conversation est supprimée").first).to_be_visible()
    assert (await gateway.desk("GET", "/conversations?q=personne%20autre"))["conversations"] == []
    headers = {"Authorization": f"Bearer {gateway.desk_token}"}
    address = f"{gateway.url}api/desk/conversations/{found[0]['id']}"
    async with gateway.session.get(address, headers=headers) as answer:
        assert answer.status == 404


async def test_hostile_texts_reach_the_desk_and_come_back_as_texts(gateway: RealGateway, tab: Page) -> None:
    """Typed into the widget, stored, read by an agent's program, said back by the agent, shown again after a reload."""
    await gateway.desk("PUT", "/presence", {"status": "available"})
    await tab.goto(gateway.url)
    window = Window(tab)
    await window.launcher.click()
    typed = [payload for payload in PAYLOADS if payload.isprintable() and payload == payload.strip()]
    for number, payload in enumerate(typed[::6], start=1):
        await window.ask(payload)
        await window.answered(number)
    await window.person.click()
    await expect(window.text("file d’attente").first).to_be_visible()
    handover = (await _waiting(gateway))[0]
    await gateway.desk("POST", f"/handovers/{handover['id']}/take")
    place = f"/conversations/{handover['conversation_id']}"
    for number, payload in enumerate(typed):
        await gateway.desk("POST", f"{place}/messages", {"client_id": f"agent-{number}", "text": payload})
    detail = await gateway.desk("GET", place)
    assert [one["text"] for one in detail["messages"] if one["type"] == "person"][:-1] == typed[::6]
    assert [one["text"] for one in detail["messages"] if one["type"] == "agent"] == typed
    headers = {"Authorization": f"Bearer {gateway.desk_token}"}
    async with gateway.session.get(f"{gateway.url}api/desk{place}", headers=headers) as answer:
        assert answer.content_type == "application/json"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    await tab.reload()
    await window.launcher.click()
    shown = window.log.get_by_role("listitem").filter(has=tab.get_by_role("heading", name="Claire"))
    await expect(shown).to_have_count(len(typed), timeout=15_000)
    assert await tab.evaluate("window.xss ?? null") is None
    made = "(node) => node.shadowRoot.querySelectorAll('img, script, iframe, video, object, base, link, math').length"
    assert await window.widget.evaluate(made) == 0
    words = plain(await window.log.inner_text())
    assert typed[0] in words


async def test_invisible_marks_and_controls_do_not_reach_the_log(gateway: RealGateway) -> None:
    """They can turn a text around, or end a line of a log; what is left is what can be seen."""
    own = {"Origin": gateway.origin}
    async with gateway.session.post(f"{gateway.url}api/conversations", headers=own) as answer:
        begun = await answer.json()
    own |= {"Authorization": f"Bearer {begun['token']}"}
    place = f"{gateway.url}api/conversations/{begun['id']}"
    for number, payload in enumerate(PAYLOADS):
        body = {"type": "message", "client_id": f"m{number}", "text": payload}
        async with gateway.session.post(f"{place}/messages", headers=own, json=body) as answer:
            assert answer.status in (200, 400), await answer.text()
    async with gateway.session.get(place, headers=own) as answer:
        texts = "".join(one["text"] for one in (await answer.json())["messages"] if one["type"] == "person")
    assert not set(texts) & set("\u0000\u0007\u001b\u202a\u202b\u202d\u202e\u2066\u2067\u2068")


async def test_a_flood_is_slowed_down_and_the_window_says_so(tmp_path: Path) -> None:
    async with real_gateway(tmp_path) as gateway, aiohttp.ClientSession() as session:
        own = {"Origin": gateway.origin}
        async with session.post(f"{gateway.url}api/conversations", headers=own) as answer:
            begun = await answer.json()
        address = f"{gateway.url}api/conversations/{begun['id']}/ws"
        async with session.ws_connect(address, headers=own) as socket:
            await socket.send_json({"type": "hello", "token": begun["token"]})
            for frame in ("{", "[]", "7", '{"type": "nonsense", "client_id": "a"}', '{"type": "message"}'):
                await socket.send_str(frame)
            kinds: list[str] = []

            async def read() -> None:
                async for message in socket:
                    kinds.append(message.json()["type"])

            reading = asyncio.create_task(read())
            await until(lambda: kinds.count("error") >= 4 or socket.closed)
            reading.cancel()
            assert "welcome" in kinds
