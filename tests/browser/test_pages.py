"""The demonstration page and the bare page: what they promise to a visitor and to a webmaster."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.fake_gateway import FakeGateway
from tests.browser.window import Window

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_search_finds_in_the_page_and_says_how_many(page: Page) -> None:
    cards = page.locator("#liste-fiches article").filter(visible=True)
    await expect(cards).to_have_count(6)
    await page.get_by_role("searchbox").fill("SUBVENTION")
    await expect(cards).to_have_count(1)
    await expect(page.get_by_text("Une fiche trouvée.")).to_be_visible()
    await page.get_by_role("searchbox").fill("créer un zoo")
    await expect(cards).to_have_count(0)
    await expect(page.get_by_text("Aucune fiche ne contient ces mots.")).to_be_visible()
    await page.get_by_role("searchbox").fill("")
    await expect(cards).to_have_count(6)


async def test_a_question_of_the_page_opens_the_assistant_with_it(page: Page, server: FakeGateway) -> None:
    await page.get_by_role("button", name="Demander à l’assistant").click()
    window = Window(page)
    await window.answered()
    assert server.questions == ["Comment adhérer au chèque emploi associatif ?"]


@pytest.mark.parametrize("theme", ["light", "dark", "contrast", "dsfr"])
async def test_the_theme_of_the_page_is_that_of_the_widget(page: Page, window: Window, theme: str) -> None:
    await window.open()
    before = await _colours(window)
    await page.locator(f"input[name=theme][value={theme}]").check(force=True)
    await expect(window.field).to_be_visible()
    after = await _colours(window)
    assert (after == before) == (theme == "light"), (before, after)
    await window.ask("Comment adhérer ?")
    await window.answered()


async def _colours(window: Window) -> list[str]:
    colours = "(node) => [getComputedStyle(node).backgroundColor, getComputedStyle(node).color]"
    return [*await window.send.evaluate(colours), *await window.dialog.evaluate(colours)]


async def test_the_conversation_goes_on_when_the_theme_changes(page: Page, window: Window, server: FakeGateway) -> None:
    await window.open()
    await window.ask("Comment adhérer ?")
    await window.answered()
    await page.locator("input[name=theme][value=dark]").check(force=True)
    await window.answered()
    await window.ask("Et ensuite ?")
    await window.answered(2)
    assert server.started == 1


async def test_the_line_to_copy_is_the_one_that_works(page: Page, server: FakeGateway) -> None:
    await expect(page.get_by_label("La ligne à recopier dans vos pages")).to_have_value(
        f'<script src="{server.url}widget.js" async></script>'
    )
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.get_by_role("button", name="Copier la ligne").click()
    await expect(page.get_by_text("La ligne est copiée.")).to_be_visible()
    assert (
        await page.evaluate("navigator.clipboard.readText()") == f'<script src="{server.url}widget.js" async></script>'
    )


@pytest.mark.parametrize("width", [320, 768, 1440])
async def test_the_page_fits_every_width(page: Page, width: int) -> None:
    await page.set_viewport_size({"width": width, "height": 800})
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_the_bare_page_is_the_conversation(open_page: OpenPage, server: FakeGateway) -> None:
    page = await open_page(f"{server.url}chat")
    window = Window(page)
    await expect(window.widget).to_have_count(1)
    await expect(window.said("Posez votre question.")).to_be_visible()
    assert server.started == 0
    await window.ask("Comment adhérer ?")
    await window.answered()
    await expect(page.get_by_role("heading", level=1, name="Assistant en ligne")).to_have_count(1)
    await expect(window.field).to_be_in_viewport(ratio=1)
    await page.set_viewport_size({"width": 320, "height": 568})
    await expect(window.field).to_be_in_viewport(ratio=1)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("path", ["", "chat", "widget.js", "pages/demo.css"])
async def test_every_page_has_a_strict_policy(page: Page, server: FakeGateway, path: str) -> None:
    answer = await page.request.get(server.url + path)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_only_the_files_of_the_pages_are_served(page: Page, server: FakeGateway) -> None:
    for path in ("pages/index.html", "pages/..%2Fpage.py", "pages/%2e%2e%2fpage.py", "widget/0/manifest.json"):
        assert (await page.request.get(server.url + path)).status == 404, path
