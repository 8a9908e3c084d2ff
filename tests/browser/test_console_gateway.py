"""A visitor's window and an agent's console, two browsers, on the real gateway; only the dialogue is played."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, BrowserContext, expect

from bot.accounts.roles import Role
from bot.app import Gateway
from bot.dialogue import Answer, Outcome, Reply
from bot.processes import CHANNEL_PATH
from bot.settings import Settings
from bot.store import Store
from bot.web.with_accounts import make_accounts
from tests.browser.console_page import ConsolePage
from tests.browser.payloads import PAYLOADS
from tests.browser.window import Window
from tests.databases import prepared_url
from tests.ports import free_port

pytestmark = pytest.mark.asyncio(loop_scope="session")

PASSWORD = "une phrase assez longue pour passer"
ANSWER = Reply(
    Outcome.ANSWERED,
    "adhesion_comment",
    0.93,
    answers=(Answer("adhesion_comment", "L'adhésion est gratuite.", "Comment adhérer", "F766", "https://example.fr"),),
)

ABSTAINED = Reply(Outcome.ABSTAINED, text="Je n'ai pas compris votre question.")


@dataclass
class Scene:
    visitor: Window
    console: ConsolePage
    url: str


async def dialogue(request: web.Request) -> web.Response:
    body = await request.json()
    reply = ANSWER if "adhérer" in body["text"] else ABSTAINED
    return web.json_response({"reply": asdict(reply)})


async def ready(_: web.Request) -> web.Response:
    return web.json_response({"model": "played"})


@pytest_asyncio.fixture(loop_scope="session")
async def scene(browser: Browser, built_widget: Path, tmp_path: Path) -> AsyncIterator[Scene]:
    app = web.Application()
    app.add_routes([web.get(CHANNEL_PATH + "/", ready), web.post(CHANNEL_PATH + "/webhook", dialogue)])
    rasa = web.AppRunner(app, access_log=None)
    await rasa.setup()
    rasa_port, port = free_port(), free_port()
    await web.TCPSite(rasa, "127.0.0.1", rasa_port).start()
    settings = Settings(
        data_dir=tmp_path,
        web={"port": port},  # type: ignore[arg-type]
        dialogue={"supervise": False, "rasa_url": f"http://127.0.0.1:{rasa_port}"},  # type: ignore[arg-type]
    )
    store = await Store.open(prepared_url(settings.data_path))
    accounts = make_accounts(store, settings)
    await accounts.add("jeanne", "Jeanne D.", Role.AGENT, PASSWORD, by="operator:cli", must_change=False)
    await store.close()
    contexts: list[BrowserContext] = []
    for size in ((1000, 800), (1366, 768)):
        width, height = size
        contexts.append(
            await browser.new_context(
                locale="fr-FR", reduced_motion="reduce", viewport={"width": width, "height": height}
            )
        )
    url = f"http://127.0.0.1:{port}"
    async with Gateway(settings, phone=False).running():
        visitor, agent = [await context.new_page() for context in contexts]
        for page in (visitor, agent):
            page.set_default_timeout(8_000)
        await visitor.goto(url)
        console = ConsolePage(agent, url)
        await console.open()
        await agent.get_by_label("Identifiant").fill("jeanne")
        await agent.get_by_label("Mot de passe", exact=True).fill(PASSWORD)
        await agent.keyboard.press("Enter")
        await console.ready()
        yield Scene(Window(visitor), console, url)
        for context in contexts:
            await context.close()
    await rasa.cleanup()


async def test_a_visitor_is_helped_by_the_bot_then_by_an_agent_then_by_the_bot_again_and_again(scene: Scene) -> None:
    visitor, console = scene.visitor, scene.console
    await console.page.get_by_role("switch", name="Disponible").click()
    await expect(console.page.get_by_role("switch", name="Disponible")).to_be_checked()
    await visitor.launcher.click()
    await visitor.ask("Comment adhérer ?")
    await expect(visitor.said("L'adhésion est gratuite.")).to_be_visible()
    await visitor.person.click()

    # The agent sees what was asked and answered, and takes it.
    await expect(console.rows).to_have_count(1)
    await expect(console.rows).to_contain_text("Comment adhérer")
    await console.page.keyboard.press("s")
    await expect(console.reply).to_be_visible()
    await expect(
        console.log.filter(has_text="L’adhésion est gratuite.").or_(
            console.log.filter(has_text="L'adhésion est gratuite.")
        )
    ).to_have_count(1)
    await console.tab("Vue du robot").click()
    await expect(console.page.get_by_role("tabpanel")).to_contain_text("F766")

    # They write to each other.
    await console.reply.fill("Bonjour, que puis-je pour vous ?")
    await console.page.keyboard.press("Enter")
    await expect(visitor.said("Bonjour, que puis-je pour vous ?")).to_be_visible()
    await visitor.ask("Ma salariée part en congé.")
    await expect(console.log.filter(has_text="Ma salariée part en congé.")).to_have_count(1)
    await expect(console.log.filter(has_text="que puis-je pour vous")).to_have_count(1)

    # Given back, the bot answers again; the verdict is kept.
    await console.button("Rendre au robot").click()
    await console.button("Réponse manquante").click()
    await expect(console.page.get_by_text("Personne n’attend")).to_be_visible()
    await expect(
        console.page.get_by_text("Le robot répond de nouveau").or_(console.page.get_by_text("Cet échange est terminé"))
    ).to_be_visible()
    await visitor.ask("Et pour adhérer ?")
    await expect(visitor.said("L'adhésion est gratuite.")).to_have_count(2)

    # A second time.
    await visitor.person.click()
    await expect(console.rows).to_have_count(1)
    await console.page.locator("#conversation-title").focus()
    await console.page.keyboard.press("s")
    await console.reply.fill("Me revoici.")
    await console.page.keyboard.press("Enter")
    await expect(visitor.said("Me revoici.")).to_be_visible()

    # And the console found it all again after a reload, and in the history.
    await console.page.reload()
    await expect(console.log.filter(has_text="Me revoici.")).to_have_count(1)
    await console.page.evaluate("location.hash = '#/history'")
    await expect(console.rows).to_have_count(1)
    await expect(console.rows).to_contain_text("Réponse manquante")


async def test_nothing_said_while_the_agent_s_line_is_cut_is_lost(scene: Scene) -> None:
    visitor, console = scene.visitor, scene.console
    await console.page.get_by_role("switch", name="Disponible").click()
    await visitor.launcher.click()
    await visitor.person.click()
    await expect(console.rows).to_have_count(1)
    await console.page.keyboard.press("s")
    await expect(console.reply).to_be_visible()
    await console.page.context.set_offline(True)
    await console.reply.fill("écrit pendant la coupure")
    await console.page.keyboard.press("Enter")
    await expect(console.page.locator(".delivery.failed")).to_be_visible()
    await visitor.ask("vous êtes là ?")
    await console.page.context.set_offline(False)
    await console.button("Renvoyer").click()
    await expect(visitor.said("écrit pendant la coupure")).to_have_count(1)
    await expect(console.log.filter(has_text="vous êtes là ?")).to_have_count(1)
    await expect(console.log.filter(has_text="écrit pendant la coupure")).to_have_count(1)


async def test_what_a_visitor_types_reaches_the_agent_as_the_same_text(scene: Scene) -> None:
    visitor, console = scene.visitor, scene.console
    await console.page.get_by_role("switch", name="Disponible").click()
    await visitor.launcher.click()
    hostile = [text for text in PAYLOADS[:20] if text.isprintable()]
    for text in hostile:
        await visitor.ask(text)
        await expect(visitor.said(text).first).to_be_visible()
    await visitor.person.click()
    await expect(console.rows).to_have_count(1)
    await console.page.keyboard.press("s")
    await expect(console.reply).to_be_visible()
    shown = await console.page.locator(".log .entry.visitor .bubble").all_inner_texts()
    assert [text for text in hostile if text not in {one.strip() for one in shown}] == []
    assert await console.page.evaluate("window.xss") is None
