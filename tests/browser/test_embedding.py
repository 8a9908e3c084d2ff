"""Every way of putting the widget into a page, under the strictest content policy that the documentation promises."""

from __future__ import annotations

import base64
import hashlib

import pytest
from playwright.async_api import Page, expect

from bot.web.assets import DIST_DIR
from tests.browser.conftest import OpenPage
from tests.browser.fake_gateway import CLARIFY, FakeGateway, until
from tests.browser.host_site import HostSite
from tests.browser.window import Window

pytestmark = pytest.mark.asyncio(loop_scope="session")


def tag(server: FakeGateway, attributes: str = "async") -> str:
    return f'<script src="{server.url}widget.js" {attributes}></script>'


async def test_one_tag_is_enough_under_a_policy_that_names_only_us(
    open_page: OpenPage, server: FakeGateway, host: HostSite
) -> None:
    """The whole of a conversation; the fixture `host` fails at any violation report."""
    page = await open_page(host.put(head=tag(server)))
    await page.evaluate(
        "window.violations = [];"
        "addEventListener('securitypolicyviolation', (event) => window.violations.push(event.violatedDirective))"
    )
    window = Window(page)
    await window.open()
    server.replies["euh"] = CLARIFY
    await window.ask("euh")
    await window.button("Combien ça coûte").click()
    await window.answered()
    await window.wait_for_person()
    await server.handover_is("active", agent="Claire")
    await server.agent_says("Bonjour, je suis Claire.")
    await expect(window.said("Bonjour, je suis Claire.")).to_be_visible()
    async with page.expect_download():
        await window.menu.click()
        await window.alternative("Télécharger la conversation").click()
    assert await page.evaluate("window.violations") == []
    assert await page.evaluate("document.querySelector('guichet-chat').shadowRoot.adoptedStyleSheets.length") > 0


@pytest.mark.parametrize("place", ["head", "body", "end"])
@pytest.mark.parametrize("how", ["async", "defer", ""])
async def test_the_tag_works_wherever_it_stands(
    open_page: OpenPage, server: FakeGateway, host: HostSite, place: str, how: str
) -> None:
    page = await open_page(host.put(**{place: tag(server, how)}))
    await expect(Window(page).launcher).to_have_count(1)
    await expect(Window(page).launcher).to_be_visible()


async def test_the_integrity_of_a_pinned_version_is_accepted(
    open_page: OpenPage, server: FakeGateway, host: HostSite
) -> None:
    digest = base64.b64encode(hashlib.sha384((DIST_DIR / "widget.js").read_bytes()).digest()).decode()
    page = await open_page()
    files = (await (await page.request.get(f"{server.url}widget/manifest.json")).json())["files"]
    assert files["widget.js"]["integrity"] == f"sha384-{digest}"
    address = f"{server.url}widget/{files['widget.js']['hash']}/widget.js"
    script = f'<script src="{address}" integrity="sha384-{digest}" crossorigin="anonymous" async></script>'
    await page.goto(host.put(head=script))
    window = Window(page)
    await window.open()
    await window.ask("Comment adhérer ?")
    await window.answered()
    assert (await page.request.get(f"{server.url}widget/0123abcd/widget.js")).status == 404


async def test_the_element_of_the_page_is_used_and_no_second_one_is_made(
    open_page: OpenPage, server: FakeGateway, host: HostSite
) -> None:
    body = '<guichet-chat inline open title="Aide aux associations">Appelez le 03 53 01 48 20.</guichet-chat>'
    page = await open_page(host.put(head=tag(server), body=body))
    window = Window(page)
    await expect(window.widget).to_have_count(1)
    await expect(window.text("Aide aux associations")).to_be_visible()
    drawn = """() => {
        const range = document.createRange();
        range.selectNodeContents(document.querySelector("guichet-chat"));
        return range.getClientRects().length;
    }"""
    assert await page.evaluate(drawn) == 0, "the text for browsers without JavaScript gives way"


async def test_inline_waits_for_the_visitor_too(open_page: OpenPage, server: FakeGateway, host: HostSite) -> None:
    page = await open_page(host.put(head=tag(server), body="<guichet-chat inline></guichet-chat>"))
    window = Window(page)
    await expect(window.launcher).to_be_visible()
    assert server.calls == []
    await window.launcher.click()
    await window.ask("Comment adhérer ?")
    await window.answered()
    await expect(window.close).to_be_hidden()


async def test_two_tags_make_one_widget(open_page: OpenPage, server: FakeGateway, host: HostSite) -> None:
    page = await open_page(host.put(head=tag(server), end=tag(server, "defer")))
    await expect(Window(page).launcher).to_be_visible()
    await page.wait_for_timeout(100)
    await expect(page.locator("guichet-chat")).to_have_count(1)
    await Window(page).open()
    await Window(page).ask("Comment adhérer ?")
    await Window(page).answered()
    assert server.questions == ["Comment adhérer ?"]


async def _queued(open_page: OpenPage, server: FakeGateway, host: HostSite, commands: str) -> Page:
    """A page whose own script speaks to the widget before it has loaded."""
    page = await open_page()
    await page.add_init_script(commands)
    await page.goto(host.put(head=tag(server)))
    return page


async def test_what_the_page_asks_before_the_script_has_loaded_is_done(
    open_page: OpenPage, server: FakeGateway, host: HostSite
) -> None:
    page = await _queued(
        open_page,
        server,
        host,
        "window.heard = []; window.Guichet = window.Guichet || [];"
        "Guichet.push(['on', 'message', (detail) => window.heard.push(detail)]);"
        "Guichet.push(['open']); Guichet.push(['send', 'Comment adhérer ?']);",
    )
    window = Window(page)
    await window.answered()
    assert server.questions == ["Comment adhérer ?"]
    await page.wait_for_function("window.heard.length > 0")


async def test_the_page_can_open_close_send_reset_and_change_the_language(
    open_page: OpenPage, server: FakeGateway, host: HostSite
) -> None:
    page = await open_page(host.put(head=tag(server)))
    window = Window(page)
    await expect(window.launcher).to_be_visible()
    await page.evaluate("Guichet.push(['open'])")
    await expect(window.field).to_be_visible()
    await page.evaluate("Guichet.push(['send', 'Comment adhérer ?'])")
    await window.answered()
    await page.evaluate("Guichet.setLocale('en')")
    await expect(window.button("Speak to an adviser").or_(window.button("Talk to an adviser"))).to_be_visible()
    await page.evaluate("Guichet.setLocale('fr')")
    await page.evaluate("Guichet.push(['close'])")
    await expect(window.launcher).to_be_visible()
    await page.evaluate("Guichet.push(['reset'])")
    await until(lambda: any(call.startswith("DELETE") for call in server.calls))


async def test_a_page_made_for_rasa_webchat_changes_one_address(
    open_page: OpenPage, server: FakeGateway, host: HostSite
) -> None:
    page = await open_page(host.put(head=f'<script src="{server.url}rasa-webchat.js"></script>'))
    await page.evaluate(
        "WebChat.default.init({ selector: '#webchat', initPayload: '/greet', socketUrl: 'https://rasa.invalid',"
        " customData: { language: 'fr' }, title: 'Aide de la mairie', inputTextFieldHint: 'Écrivez ici',"
        " params: { storage: 'session' }, connectOn: 'mount' })"
    )
    window = Window(page)
    await expect(window.launcher).to_be_visible()
    assert server.calls == []
    await window.open()
    await expect(window.dialog).to_have_accessible_name("Aide de la mairie")
    await expect(window.field).to_have_attribute("placeholder", "Écrivez ici")
    await window.ask("Comment adhérer ?")
    await window.answered()
    await page.evaluate("WebChat.close()")
    await expect(window.launcher).to_be_visible()


async def test_an_origin_that_is_not_allowed_is_told_so(
    open_page: OpenPage, server: FakeGateway, host: HostSite
) -> None:
    server.allowed.clear()
    page = await open_page(host.put(head=tag(server)))
    window = Window(page)
    await window.launcher.click()
    await expect(
        window.text("Cette page n’est pas autorisée").or_(window.text("Le service ne répond pas pour l’instant")).first
    ).to_be_visible()
    assert server.started == 0


async def test_the_page_around_is_left_alone(open_page: OpenPage, server: FakeGateway, host: HostSite) -> None:
    """Its styles do not come in, ours do not get out, its global names stay as they were."""
    page = await open_page()
    before = "() => Object.getOwnPropertyNames(window).filter((name) => !/^\\d+$/.test(name))"
    await page.goto(host.put(path="bare"))
    names = set(await page.evaluate(before))
    shown = "() => JSON.stringify([...document.querySelectorAll('h1, p, a')].map((one) => one.getBoundingClientRect()))"
    boxes = await page.evaluate(shown)
    await page.goto(host.put(head=tag(server), path="with"))
    window = Window(page)
    await window.open()
    assert set(await page.evaluate(before)) - names <= {"Guichet", "WebChat"}
    assert await page.evaluate(shown) == boxes
    await page.evaluate(
        "const sheet = new CSSStyleSheet();"
        "sheet.replaceSync('body { font-size: 5px } p, h2, ol, li, form, label, textarea, button, dialog, section {"
        " font-size: 3px !important; display: none !important; transform: scale(3) !important }');"
        "document.adoptedStyleSheets = [sheet]"
    )
    size = await window.field.evaluate("(field) => getComputedStyle(field).fontSize")
    assert float(size.removesuffix("px")) >= 14
