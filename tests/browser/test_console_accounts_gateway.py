"""An administrator, the person whose account it is, and a table taken away: real browsers on the real gateway."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, BrowserContext, Page, expect

from bot.accounts.roles import Role
from bot.app import Gateway
from bot.dialogue import Channel
from bot.processes import CHANNEL_PATH
from bot.settings import Settings
from bot.store import HandoverReason, Store
from bot.web.with_accounts import make_accounts
from tests.browser.console_page import ConsolePage
from tests.browser.test_console_gateway import dialogue, ready
from tests.databases import prepared_url
from tests.ports import free_port

pytestmark = pytest.mark.asyncio(loop_scope="session")

PASSWORD = "une phrase assez longue pour passer"
OWN = "une autre phrase, choisie par elle"


async def sign_in(console: ConsolePage, login: str, password: str) -> None:
    await console.page.get_by_label("Identifiant").fill(login)
    await console.page.get_by_label("Mot de passe", exact=True).fill(password)
    await console.page.keyboard.press("Enter")


@pytest_asyncio.fixture(loop_scope="session")
async def consoles(browser: Browser, built_console: Path, tmp_path: Path) -> AsyncIterator[list[ConsolePage]]:
    """The administrator's, signed in, and somebody else's."""
    app = web.Application()
    app.add_routes([web.get(CHANNEL_PATH + "/", ready), web.post(CHANNEL_PATH + "/webhook", dialogue)])
    rasa = web.AppRunner(app, access_log=None)
    await rasa.setup()
    rasa_port, port = free_port(), free_port()
    await web.TCPSite(rasa, "127.0.0.1", rasa_port).start()
    settings = Settings(
        data_dir=tmp_path,
        # pydantic builds the sections
        web={"port": port},  # type: ignore[arg-type]
        dialogue={"supervise": False, "rasa_url": f"http://127.0.0.1:{rasa_port}"},  # type: ignore[arg-type]
    )
    store = await Store.open(prepared_url(settings.data_path))
    accounts = make_accounts(store, settings)
    await accounts.add("boss", "Marie M.", Role.ADMINISTRATOR, PASSWORD, by="operator:cli", must_change=False)
    asked = await store.start_conversation(Channel.WEB, token_digest="of-nobody")
    await store.request_handover(asked, HandoverReason.ASKED)
    await store.close()
    contexts: list[BrowserContext] = []
    pages: list[Page] = []
    for _ in range(2):
        contexts.append(await browser.new_context(locale="fr-FR", reduced_motion="reduce"))
        pages.append(await contexts[-1].new_page())
        pages[-1].set_default_timeout(20_000)
    async with Gateway(settings, phone=False).running():
        found = [ConsolePage(page, f"http://127.0.0.1:{port}") for page in pages]
        for console in found:
            await console.open()
        await sign_in(found[0], "boss", PASSWORD)
        await expect(found[0].page.get_by_role("switch", name="Disponible")).to_be_visible(timeout=20_000)
        yield found
        for context in contexts:
            await context.close()
    await rasa.cleanup()


async def test_an_account_from_its_temporary_password_to_its_end(consoles: list[ConsolePage], tmp_path: Path) -> None:
    boss, claire = consoles
    await boss.page.get_by_role("link", name="Gestion").click()
    await boss.button("Nouveau compte").click()
    await boss.page.get_by_label("Identifiant").fill("claire.dupont")
    await boss.page.get_by_label("Nom affiché").fill("=Claire")
    await boss.page.get_by_label("Rôle").select_option("supervisor")
    await boss.button("Créer le compte").click()
    temporary = await boss.page.get_by_role("textbox", name="Mot de passe provisoire").input_value()
    await boss.button("C’est noté").click()

    # She signs in with it, and must choose her own.
    await sign_in(claire, "claire.dupont", temporary)
    await claire.page.get_by_label("Mot de passe actuel").fill(temporary)
    await claire.page.get_by_label("Nouveau mot de passe").fill(OWN)
    await claire.page.get_by_label("Le nouveau, une seconde fois").fill(OWN)
    await claire.button("Enregistrer").click()
    await expect(claire.page.get_by_role("switch", name="Disponible")).to_be_visible(timeout=20_000)

    # She sees the log and no accounts, and takes a table away, which is written down by her name.
    await claire.page.get_by_role("link", name="Historique").click()
    async with claire.page.expect_download() as download:
        await claire.button("Exporter (CSV)").click()
    await (await download.value).save_as(tmp_path / "table.csv")
    content = (tmp_path / "table.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert len(list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))) == 2
    await claire.page.get_by_role("link", name="Gestion").click()
    await expect(claire.page.get_by_role("heading", name="Journal d’audit")).to_be_visible()
    await expect(claire.page.get_by_role("link", name="Comptes")).to_have_count(0)
    rows = claire.page.locator(".log-table tbody tr")
    await expect(rows.filter(has_text="a exporté des conversations")).to_contain_text("=Claire")
    await claire.button("Vérifier le journal").click()
    await expect(claire.page.get_by_text("Journal intact")).to_be_visible()

    # Her password changes here, and this window stays open, its connection too.
    await claire.page.get_by_role("link", name="=Claire").click()
    await claire.button("Changer de mot de passe").click()
    await claire.page.get_by_label("Mot de passe actuel").fill(OWN)
    await claire.page.get_by_label("Nouveau mot de passe").fill(OWN + " bis")
    await claire.page.get_by_label("Le nouveau, une seconde fois").fill(OWN + " bis")
    await claire.button("Enregistrer").click()
    await expect(claire.page.get_by_text("Votre mot de passe est changé.")).to_be_visible()
    await claire.page.get_by_role("switch", name="Disponible").click()
    await expect(claire.page.get_by_role("switch", name="Disponible")).to_be_checked()

    # The account is disabled: her window is signed out by itself.
    await boss.page.reload()
    await boss.button("Modifier le compte de =Claire").click()
    await boss.button("Désactiver le compte…").click()
    await boss.button("Désactiver le compte", exact=True).click()
    await expect(claire.button("Se connecter")).to_be_visible(timeout=15_000)
    await sign_in(claire, "claire.dupont", OWN + " bis")
    await expect(claire.page.get_by_role("alert").filter(has_text="incorrect")).to_be_visible()
    await boss.button("Annuler cette modification").click()
    await expect(boss.page.locator(".person").filter(has_text="=Claire")).to_contain_text("Actif")
    await claire.button("Se connecter").click()
    await expect(claire.page.get_by_role("switch", name="Disponible")).to_be_visible(timeout=20_000)
