"""Every size, zoom, spacing and direction: nothing is cut, nothing scrolls sideways, every target is large enough."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.browser.fake_gateway import ANSWER, GREETING, FakeGateway
from tests.browser.states import STATES, State
from tests.browser.window import Window

pytestmark = pytest.mark.asyncio(loop_scope="session")

SOME = ("closed", "answered", "choices", "sensitive", "erasing", "waiting", "callback", "message", "down")
LONG = "Donaudampfschifffahrtsgesellschaft" * 8

SIDEWAYS = """() => {
    const root = document.querySelector("guichet-chat").shadowRoot;
    const wide = [...root.querySelectorAll("*")].filter((node) => node.checkVisibility()
        && node.getBoundingClientRect().width > 1
        && !["visible", "clip"].includes(getComputedStyle(node).overflowX) && node.scrollWidth > node.clientWidth + 1);
    const page = document.documentElement;
    return [...wide.map((node) => node.className || node.tagName), ...(page.scrollWidth > innerWidth ? ["page"] : [])];
}"""
# Links within a sentence are excepted by 2.5.8; what is hidden from sight by the usual 1-pixel technique too.
SMALL = """() => {
    const root = document.querySelector("guichet-chat").shadowRoot;
    return [...root.querySelectorAll("a, button, input, select, textarea, summary, [tabindex='0'], [role=button]")]
        .filter((node) => node.checkVisibility() && getComputedStyle(node).display !== "inline")
        .map((node) => ({ name: node.textContent.trim().slice(0, 40), box: node.getBoundingClientRect() }))
        .filter(({ box }) => box.width > 1 && (box.width < 24 || box.height < 24))
        .map(({ name, box }) => [name, Math.round(box.width), Math.round(box.height)]);
}"""
# Text that its own box, or one around it, cuts off.
CUT = """() => {
    const root = document.querySelector("guichet-chat").shadowRoot;
    return [...root.querySelectorAll("*")].filter((node) => {
        const style = getComputedStyle(node);
        const box = node.getBoundingClientRect();
        const holdsText = [...node.childNodes].some((one) => one.nodeType === 3 && one.textContent.trim());
        return holdsText && node.checkVisibility() && box.width > 1 && !node.matches("textarea, select, option")
            && (style.overflowX === "hidden" || style.overflowX === "clip" || style.textOverflow === "ellipsis")
            && (node.scrollWidth > node.clientWidth + 1 || node.scrollHeight > node.clientHeight + 1);
    }).map((node) => node.textContent.trim().slice(0, 60));
}"""
SPACED = """() => {
    const root = document.querySelector("guichet-chat").shadowRoot;
    const sheet = new CSSStyleSheet();
    sheet.replaceSync("* { line-height: 1.5 !important; letter-spacing: .12em !important }"
        + " * { word-spacing: .16em !important } p { margin-bottom: 2em !important }");
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
}"""


async def _fits(page: Page) -> None:
    assert await page.evaluate(SIDEWAYS) == []
    assert await page.evaluate(CUT) == []


@pytest.mark.parametrize("state", [STATES[name] for name in SOME], ids=SOME)
async def test_every_state_fits_every_width_and_zoom(
    page: Page, window: Window, server: FakeGateway, state: State
) -> None:
    """320 by 256 is a window of 1280 by 1024 at 400 %."""
    await state(window, server)
    for width, height in ((1440, 900), (768, 1024), (320, 640), (320, 256)):
        await page.set_viewport_size({"width": width, "height": height})
        await _fits(page)
        assert await page.evaluate(SMALL) == []


@pytest.mark.parametrize("state", [STATES[name] for name in SOME], ids=SOME)
async def test_text_spaced_as_a_reader_wants_loses_nothing(
    page: Page, window: Window, server: FakeGateway, state: State
) -> None:
    """WCAG 1.4.12, with its very values."""
    await state(window, server)
    await page.evaluate(SPACED)
    for width in (1280, 320):
        await page.set_viewport_size({"width": width, "height": 720})
        await _fits(page)


async def test_at_400_percent_a_whole_exchange_is_possible(page: Page, window: Window, server: FakeGateway) -> None:
    await page.set_viewport_size({"width": 320, "height": 256})
    await window.open()
    await window.ask("Comment adhérer ?")
    await window.answered()
    source = window.log.get_by_role("link", name="Service-public.fr, fiche F766")
    await source.scroll_into_view_if_needed()
    await expect(source).to_be_in_viewport(ratio=1)
    await window.person.click()
    await expect(window.text("Vous êtes dans la file d’attente.")).to_be_visible()
    await window.close.click()
    await expect(window.launcher).to_be_in_viewport(ratio=1)


async def test_long_words_and_long_answers_stay_in_their_column(
    page: Page, window: Window, server: FakeGateway
) -> None:
    answer = ANSWER["answers"][0] | {"title": LONG, "text": f"{LONG}\n\n- {LONG}", "source": LONG}
    server.replies["long"] = ANSWER | {"answers": [answer]}
    await page.set_viewport_size({"width": 320, "height": 640})
    await window.open()
    await window.ask("long")
    await expect(window.log.get_by_role("link")).to_be_visible()
    await window.ask(LONG)
    await window.answered()
    await server.agent_says(LONG, name=LONG)
    await expect(window.said(LONG).last).to_be_visible()
    await _fits(page)


@pytest.mark.parametrize("width", [320, 768, 1440])
async def test_right_to_left_mirrors_and_breaks_nothing(
    page: Page, window: Window, server: FakeGateway, width: int
) -> None:
    await page.set_viewport_size({"width": width, "height": 800})
    await page.evaluate("document.documentElement.dir = 'rtl'")
    await window.open()
    await window.ask("كيف يمكنني الانضمام؟")
    await window.answered()
    await _fits(page)
    await expect(window.field).to_be_in_viewport(ratio=1)
    await expect(window.person).to_be_in_viewport(ratio=1)
    box = await window.dialog.bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width


async def test_twice_the_text_size_still_fits(page: Page, window: Window, server: FakeGateway) -> None:
    """1.4.4: 200 %, by the reader's own letter size instead of the zoom."""
    await page.evaluate("document.documentElement.style.fontSize = '200%'")
    await window.open()
    await window.ask("Comment adhérer ?")
    await window.answered()
    await _fits(page)
    await expect(window.field).to_be_in_viewport()
    await window.said(GREETING).scroll_into_view_if_needed()
    await expect(window.said(GREETING)).to_be_in_viewport()


async def test_forced_colours_keep_every_border_and_state(page: Page, window: Window, server: FakeGateway) -> None:
    await page.emulate_media(forced_colors="active")
    await STATES["chosen"](window, server)
    for control in (window.field, window.send, window.person):
        style, width = await control.evaluate(
            "(node) => [getComputedStyle(node).borderTopStyle, getComputedStyle(node).borderTopWidth]"
        )
        assert style == "solid"
        assert float(width.removesuffix("px")) >= 1
    for control in (window.send, window.close, window.menu):
        icon, behind = await control.evaluate(
            "(node) => [getComputedStyle(node.querySelector('svg')).fill, getComputedStyle(node).backgroundColor]"
        )
        assert icon != behind


async def test_the_reader_s_own_keyboard_on_a_phone_hides_neither_field_nor_way_to_a_person(
    page: Page, window: Window, server: FakeGateway
) -> None:
    await page.set_viewport_size({"width": 360, "height": 740})
    await window.open()
    await window.ask("Comment adhérer ?")
    await window.answered()
    await page.set_viewport_size({"width": 360, "height": 400})
    await window.field.focus()
    await expect(window.field).to_be_in_viewport(ratio=1)
