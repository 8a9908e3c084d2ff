"""Hostile texts go through every place that shows words, and stay words: widget, log, desk JSON, export.

The fake gateway gives them back as the visitor's, the bot's and the agent's; the real application, in this process,
stores them and shows them to the desk.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.fake_gateway import ANSWER, FakeGateway
from tests.browser.payloads import LINKS, PAYLOADS
from tests.browser.window import Window

pytestmark = pytest.mark.asyncio(loop_scope="session")

# What only the widget itself may have made; anything else came out of a text.
STRANGERS = """() => {
    const own = new Set(["A", "BR", "BUTTON", "DETAILS", "DIALOG", "DIV", "FORM", "H2", "H3", "I", "INPUT", "LABEL",
        "LI", "OL", "OPTGROUP", "OPTION", "P", "SECTION", "SELECT", "SPAN", "STRONG", "SUMMARY", "TEXTAREA",
        "TIME", "UL", "path", "svg"]);
    const nodes = [...document.querySelector("guichet-chat").shadowRoot.querySelectorAll("*")];
    const handlers = (node) => [...node.attributes].filter(({ name }) => /^(on|src)/.test(name));
    return {
        xss: window.xss ?? null,
        elements: nodes.filter((node) => !own.has(node.tagName)).map((node) => node.outerHTML.slice(0, 100)),
        attributes: nodes.filter((node) => handlers(node).length > 0).map((node) => node.outerHTML.slice(0, 100)),
        links: [...new Set(nodes.filter((node) => node.tagName === "A").map((node) => node.href))],
        widgets: document.querySelectorAll("guichet-chat").length,
    };
}"""


async def _harmless(page: Page, *, allowed: set[str]) -> None:
    found = await page.evaluate(STRANGERS)
    links = set(found.pop("links"))
    assert found == {"xss": None, "elements": [], "attributes": [], "widgets": 1}
    assert links <= allowed, "a text became a link that it must not be"


def _plain(text: str) -> str:
    """As far as a browser may change a text in showing it: spaces and controls."""
    return "".join(text.split()).replace("\u0000", "\ufffd")


@pytest.mark.parametrize("who", ["visitor", "agent", "bot", "answer"])
async def test_no_text_ever_becomes_anything_but_text(
    page: Page, window: Window, server: FakeGateway, who: str
) -> None:
    await window.open()
    await window.ask("bonjour")
    await window.answered()
    for payload in PAYLOADS:
        match who:
            case "visitor":
                server._keep({"type": "person", "text": payload, "client_id": f"other{len(server.log)}"})
                await server.tell(server.log[-1])
            case "agent":
                await server.agent_says(payload, name=payload[:40])
            case "bot":
                choices = [{"intent": "x", "text": payload}]
                await server.say({"type": "reply"} | ANSWER | {"answers": [], "text": payload, "choices": choices})
            case "answer":
                fields = dict.fromkeys(("title", "text", "source", "source_url", "verified_on"), payload)
                await server.say({"type": "reply"} | ANSWER | {"answers": [{"id": "x"} | fields]})
    await server.bot_says("fin de la liste")
    await expect(window.said("fin de la liste")).to_be_visible(timeout=15_000)
    await page.wait_for_timeout(50)
    ours = {"https://www.cea.urssaf.fr/", ANSWER["answers"][0]["source_url"]}
    plain = {"https://example.org/", "https://evil.invalid/", "https://evil.invalid/x.png"}
    await _harmless(page, allowed=ours | plain)
    if who == "visitor":
        shown = _plain(await window.log.inner_text())
        missing = [text for text in PAYLOADS if _plain(text) not in shown and text.isprintable()]
        assert missing == [], "what was written is shown as it was written"


async def test_what_a_visitor_types_is_what_the_server_gets_and_the_export_has(
    page: Page, window: Window, server: FakeGateway, tmp_path: Path
) -> None:
    await window.open()
    some = [text for text in PAYLOADS if text.isprintable()][::4]
    for number, payload in enumerate(some, start=1):
        await window.ask(payload)
        await window.answered(number)
    assert server.questions == [payload.strip() for payload in some]
    await _harmless(page, allowed={"https://www.cea.urssaf.fr/", ANSWER["answers"][0]["source_url"]})
    async with page.expect_download() as started:
        await window.menu.click()
        await window.alternative("Télécharger la conversation").click()
    download = await started.value
    await download.save_as(tmp_path / "conversation.txt")
    export = (tmp_path / "conversation.txt").read_text("utf-8-sig")
    assert [payload for payload in some if _plain(payload) not in _plain(export)] == []


async def test_the_names_and_hours_that_the_desk_gives_are_texts_too(
    page: Page, window: Window, server: FakeGateway
) -> None:
    hostile = "<img src=x onerror=window.xss=1>"
    server.person = {
        "open": False,
        "staffed": False,
        "hours": [hostile],
        "next_opening": hostile,
        "slots": [{"id": hostile, "from": hostile, "to": hostile}],
        "messages": True,
    }
    await window.open()
    await window.person.click()
    await window.text("Horaires des conseillers").click()
    await expect(window.text(hostile).first).to_be_visible()
    await window.button("Être rappelé").click()
    await server.handover_is("active", agent=hostile)
    await server.tell({"type": "typing", "on": True, "who": "agent"})
    await expect(window.text(hostile).first).to_be_visible()
    await server.handover_is("refused", reason=hostile)
    await _harmless(page, allowed=set())


async def test_a_hostile_service_cannot_break_the_page_either(open_page: OpenPage, server: FakeGateway) -> None:
    """Frames that make no sense are left aside; the window goes on working."""
    page = await open_page(server.url)
    window = Window(page)
    await window.open()
    await window.ask("bonjour")
    await window.answered()
    nonsense: list[Any] = [
        [],
        None,
        7,
        "texte",
        {},
        {"type": None},
        {"type": "constructor"},
        {"type": "__proto__", "xss": 1},
        {"type": "reply"},
        {"type": "reply", "seq": "3", "answers": "x"},
        {"type": "reply", "seq": -1, "text": "négatif"},
        {"type": "person", "seq": 1, "text": "déjà vu"},
        {"type": "typing"},
        {"type": "queue", "position": "beaucoup", "wait_seconds": "longtemps"},
        {"type": "error"},
        json.loads('{"type": "reply", "seq": 3.5, "text": {"toString": 1}, "__proto__": {"xss": 1}}'),
    ]
    for frame in nonsense:
        for socket in server.sockets:
            await socket.send_str(json.dumps(frame))
    for socket in server.sockets:
        await socket.send_str("{pas du JSON")
        await socket.send_bytes(b"\x00\x01")
    await window.ask("encore")
    await window.answered(2)
    assert await page.evaluate("({}).xss ?? window.xss ?? null") is None
    await expect(window.said("déjà vu")).to_have_count(0)


async def test_a_link_shows_where_it_leads(window: Window, server: FakeGateway) -> None:
    """Nothing of the link corpus opens anything but the address that its text shows."""
    await window.open()
    await window.ask("bonjour")
    await window.answered()
    for payload in LINKS:
        await server.agent_says(payload)
    await server.agent_says("fin de la liste")
    await expect(window.said("fin de la liste")).to_be_visible()
    addresses = await window.log.get_by_role("link").evaluate_all(
        "(links) => links.map((link) => [new URL(link.href).protocol, link.rel, link.target])"
    )
    assert {protocol for protocol, _, _ in addresses} <= {"https:", "http:", "mailto:", "tel:"}
    assert all("noopener" in rel and "noreferrer" in rel for _, rel, _ in addresses)
