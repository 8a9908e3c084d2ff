"""WCAG 2.2 AA and RGAA 4.1, as far as a machine can judge (docs/accessibilite.md says how the rest was looked at)."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.fake_gateway import FakeGateway, until
from tests.browser.states import STATES, State
from tests.browser.window import Window

pytestmark = pytest.mark.asyncio(loop_scope="session")

# What has the focus, through shadow trees: its role's tag, its name, and whether it can be seen to have it.
FOCUSED = """() => {
    let node = document.activeElement;
    while (node?.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
    const style = getComputedStyle(node);
    const box = node.getBoundingClientRect();
    const inside = node.getRootNode() !== document;
    const label = node.getAttribute("aria-label") || node.labels?.[0]?.textContent || node.textContent;
    return { inside, tag: node.tagName, name: label.trim().replace(/\\s+/g, " ").slice(0, 80),
        ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
        seen: box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth };
}"""


@pytest.mark.parametrize("state", STATES.values(), ids=STATES.keys())
async def test_axe_finds_nothing_in_any_state(page: Page, window: Window, server: FakeGateway, state: State) -> None:
    """In the light form beside the page, and in the dark form on the smallest screen."""
    await page.set_viewport_size({"width": 1280, "height": 800})
    await state(window, server)
    assert await window.axe() == []
    await page.emulate_media(color_scheme="dark")
    await page.set_viewport_size({"width": 320, "height": 640})
    assert await window.axe() == []


@pytest.mark.parametrize("state", ["chosen", "callback", "waiting", "sensitive"])
async def test_axe_finds_nothing_in_forced_colours(page: Page, window: Window, server: FakeGateway, state: str) -> None:
    await page.emulate_media(forced_colors="active")
    await STATES[state](window, server)
    assert await window.axe() == []


@pytest.mark.parametrize("theme", ["light", "dark", "contrast", "dsfr"])
async def test_axe_finds_nothing_in_any_theme_of_the_page(
    page: Page, window: Window, server: FakeGateway, theme: str
) -> None:
    await page.locator(f"input[name=theme][value={theme}]").check()
    await STATES["with_agent"](window, server)
    assert await window.axe() == []
    assert await window.axe(whole_page=True) == []


async def _tab_to(page: Page, name: str, *, key: str = "Tab", limit: int = 60) -> None:
    """Goes on with the keyboard until the focus is there, and looks at every stop on the way."""
    for _ in range(limit):
        await page.keyboard.press(key)
        focused = await page.evaluate(FOCUSED)
        if focused["inside"]:
            assert focused["ring"], f"the focus cannot be seen on {focused}"
            assert focused["seen"], f"the focus is out of sight on {focused}"
            assert focused["name"], f"a stop without a name: {focused}"
            if focused["name"].startswith(name):
                return
    raise AssertionError(f"“{name}” is not reached with the keyboard")


async def test_the_keyboard_is_enough_for_a_whole_conversation_with_a_handover(
    page: Page, window: Window, server: FakeGateway
) -> None:
    await page.evaluate("document.getElementById('webmestres').focus()")
    await _tab_to(page, "Une question")
    await page.keyboard.press("Enter")
    await expect(window.field).to_be_focused()
    await page.keyboard.type("Comment adhérer ?")
    await page.keyboard.press("Enter")
    await window.answered()
    await expect(window.field).to_be_focused()
    await _tab_to(page, "Service-public.fr, fiche F766", key="Shift+Tab")
    await _tab_to(page, "Non")
    await page.keyboard.press("Enter")
    await _tab_to(page, "La réponse est incomplète")
    await page.keyboard.press("Space")
    await expect(window.text("Merci pour votre avis.")).to_be_visible()
    await _tab_to(page, "Votre question")
    await page.keyboard.type("Rappelez-moi au 06 39 98 12 34")
    await page.keyboard.press("Enter")
    await _tab_to(page, "Corriger")
    await page.keyboard.press("Enter")
    await expect(window.field).to_be_focused()
    await page.keyboard.press("Control+A")
    await page.keyboard.press("Delete")
    await _tab_to(page, "Parler à un conseiller")
    await page.keyboard.press("Enter")
    await expect(window.text("Vous êtes dans la file d’attente.")).to_be_visible()
    await server.handover_is("active", agent="Claire")
    await server.agent_says("Bonjour, que puis-je pour vous ?")
    await expect(window.said("que puis-je pour vous")).to_be_visible()
    assert (await page.evaluate(FOCUSED))["inside"], "the focus was not lost when the state changed"
    await _tab_to(page, "Votre message à Claire")
    await page.keyboard.type("Merci !")
    await page.keyboard.press("Enter")
    await until(lambda: server.questions[-1] == "Merci !")
    await server.handover_is("ended", agent="Claire")
    await expect(window.said("L’échange avec Claire est terminé.")).to_be_visible()
    await _tab_to(page, "Options de la conversation", key="Shift+Tab")
    await page.keyboard.press("Enter")
    await expect(window.alternative("Télécharger la conversation")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(window.menu).to_be_focused()
    await expect(window.field).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(window.launcher).to_be_focused()


async def test_an_incoming_message_never_moves_the_focus(page: Page, window: Window, server: FakeGateway) -> None:
    await window.open()
    await window.ask("Comment adhérer ?")
    await window.answered()
    for focused in (window.field, window.person, window.menu, window.button("Oui")):
        await focused.focus()
        await server.bot_says("Un message.")
        await server.tell({"type": "typing", "on": True, "who": "bot"})
        await server.handover_is("queued")
        await server.queue_is(2, 100)
        await server.handover_is("active", agent="Claire")
        await server.agent_says("Bonjour.")
        await server.handover_is("ended", agent="Claire")
        await expect(window.said("Bonjour.").last).to_be_visible()
        await expect(focused).to_be_focused()
    await page.locator("#ligne").focus()
    await server.agent_says("Encore un.")
    await expect(window.said("Encore un.")).to_be_visible()
    await expect(page.locator("#ligne")).to_be_focused()


async def test_the_focus_goes_in_on_opening_and_back_to_the_launcher_on_closing(page: Page, window: Window) -> None:
    await window.launcher.focus()
    await page.keyboard.press("Enter")
    await expect(window.field).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(window.launcher).to_be_focused()
    await window.launcher.click()
    await window.close.click()
    await expect(window.launcher).to_be_focused()


async def test_a_wide_window_traps_nobody(page: Page, window: Window) -> None:
    """Beside the page, the window is one stop on the way: Tab leaves it at both ends."""
    await page.set_viewport_size({"width": 1280, "height": 800})
    for key in ("Tab", "Shift+Tab"):
        await page.reload()
        await window.open()
        for _ in range(40):
            await page.keyboard.press(key)
            if not (await page.evaluate(FOCUSED))["inside"]:
                break
        else:
            raise AssertionError(f"{key} never leaves the window")


async def test_the_structure_is_that_of_a_page(window: Window, server: FakeGateway) -> None:
    await window.open()
    await window.ask("Comment adhérer ?")
    await window.answered()
    await expect(window.dialog).to_have_accessible_name(re.compile(".+"))
    await expect(window.widget.get_by_role("log")).to_have_accessible_name("Conversation")
    await expect(window.log.get_by_role("list").first).to_be_visible()
    names = await window.log.get_by_role("heading").all_inner_texts()
    assert names == ["Assistant automatique", "Vous", "Assistant automatique"]
    language = await window.widget.evaluate(
        "(node) => [...node.shadowRoot.querySelectorAll('*')].find((one) => one.lang)?.lang"
    )
    assert language == "fr"


async def test_the_greeting_is_not_announced_and_the_log_is_not_live(window: Window) -> None:
    await window.listen()
    await window.open()
    assert await window.announced() == []


async def test_nothing_moves_for_who_asked_for_calm(page: Page, window: Window, server: FakeGateway) -> None:
    server.stays_typing = True
    await window.open()
    await window.ask("Comment adhérer ?")
    await expect(window.text("prépare sa réponse")).to_be_visible()
    running = "() => document.querySelector('guichet-chat').shadowRoot.getAnimations().length"
    assert await page.evaluate(running) == 0
    await page.emulate_media(reduced_motion="no-preference")
    assert await page.evaluate(running) > 0, "the test sees animations when there are some"


async def test_without_javascript_the_pages_say_how_to_reach_a_person(open_page: OpenPage, server: FakeGateway) -> None:
    page = await open_page(server.url, java_script_enabled=False)
    await expect(page.get_by_text("car il a besoin de JavaScript")).to_be_visible()
    await expect(page.get_by_role("link", name="03 53 01 48 20").first).to_be_visible()
    await expect(page.get_by_role("table", name="Heures d’ouverture de l’accueil")).to_be_visible()
    await expect(page.get_by_role("search")).to_have_count(0)
    await expect(page.get_by_role("button").filter(visible=True)).to_have_count(0)
    await page.goto(f"{server.url}chat")
    await expect(page.get_by_text("contactez le service par téléphone")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_on_the_pages_around(open_page: OpenPage, server: FakeGateway, scheme: str) -> None:
    page = await open_page(server.url, color_scheme=scheme)
    await expect(Window(page).launcher).to_be_visible()
    assert await Window(page).axe(whole_page=True) == []
    await page.goto(f"{server.url}chat")
    await expect(Window(page).said("Posez votre question.")).to_be_visible()
    assert await Window(page).axe(whole_page=True) == []
