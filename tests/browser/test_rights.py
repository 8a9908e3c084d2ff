"""What belongs to the visitor: the conversation as a file, and its erasure."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.fake_gateway import GREETING, SUGGESTIONS, FakeGateway, until
from tests.browser.window import Window

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _menu(window: Window, name: str) -> None:
    await window.menu.click()
    await window.alternative(name).click()


async def test_the_conversation_is_saved_as_a_text_file_without_asking_the_server(
    page: Page, window: Window, server: FakeGateway, tmp_path: Path
) -> None:
    await window.open()
    await window.ask("Comment adhérer ?\nEt combien <b>ça</b> coûte ?")
    await window.answered()
    await window.wait_for_person()
    await server.handover_is("active", agent="Claire")
    await server.agent_says("Bonjour, je suis Claire.")
    await expect(window.said("Bonjour, je suis Claire.")).to_be_visible()
    calls = list(server.calls)
    async with page.expect_download() as started:
        await _menu(window, "Télécharger la conversation")
    download = await started.value
    assert download.suggested_filename.endswith(".txt")
    await download.save_as(tmp_path / "conversation.txt")
    raw = (tmp_path / "conversation.txt").read_bytes()
    text = raw.decode("utf-8-sig")
    assert server.calls == calls
    for words in (
        "Comment adhérer ?\n",
        "Et combien <b>ça</b> coûte ?",
        "L'adhésion est gratuite.",
        "- Signez le mandat",
        "https://www.cea.urssaf.fr/",
        "Service-public.fr, fiche F766",
        "https://www.service-public.fr/associations/vosdroits/F766",
        "21 novembre 2026",
        "Claire",
        "Bonjour, je suis Claire.",
    ):
        assert words in text.replace("\r\n", "\n").replace("\u00a0", " ").replace("\u202f", " ")
    assert text.index("Comment adhérer") < text.index("gratuite") < text.index("je suis Claire")


async def test_erasing_is_confirmed_and_nothing_is_left_anywhere(
    page: Page, window: Window, server: FakeGateway
) -> None:
    await window.open()
    await window.ask("Comment adhérer ?")
    await window.answered()
    await _menu(window, "Supprimer ma conversation")
    await expect(window.text("Tous les messages seront définitivement effacés")).to_be_visible()
    await page.keyboard.press("Escape")
    await window.answered()
    assert not [call for call in server.calls if call.startswith("DELETE")]
    await _menu(window, "Supprimer ma conversation")
    await window.button("Supprimer définitivement").click()
    await expect(window.text("Votre conversation est supprimée").first).to_be_visible()
    await window.button("Revenir à la conversation").click()
    await window.answered(0)
    await expect(window.said(GREETING)).to_have_count(1)
    await expect(window.button(SUGGESTIONS[0])).to_be_visible()
    assert [call for call in server.calls if call.startswith("DELETE")] == ["DELETE /api/conversations/conversation1"]
    kept = await window.storage()
    assert (kept["session"], kept["local"]) == ([], [])
    await window.ask("nouvelle")
    await window.answered()
    assert server.started == 2
    assert server.questions == ["nouvelle"]


async def test_an_erasure_that_the_server_does_not_confirm_is_not_said_to_be_one(
    window: Window, server: FakeGateway
) -> None:
    await window.open()
    await window.ask("Comment adhérer ?")
    await window.answered()
    server.cannot_erase = True
    await _menu(window, "Supprimer ma conversation")
    await window.button("Supprimer définitivement").click()
    await expect(window.text("Suppression non confirmée").first).to_be_visible(timeout=15_000)
    await expect(window.text("Votre conversation est supprimée")).to_have_count(0)


async def test_erasing_while_a_person_is_awaited_says_what_is_lost(window: Window, server: FakeGateway) -> None:
    await window.open()
    await window.wait_for_person()
    await _menu(window, "Supprimer ma conversation")
    await expect(window.text("Une demande de conseiller en cours sera annulée.")).to_be_visible()


async def test_what_is_erased_in_one_window_is_gone_in_the_other(
    page: Page, window: Window, server: FakeGateway, open_page: OpenPage
) -> None:
    await window.open()
    await window.ask("Comment adhérer ?")
    await window.answered()
    async with page.context.expect_page() as opened:
        await page.evaluate("window.open(location.href)")
    other = Window(await opened.value)
    await other.launcher.click()
    await other.answered()
    await _menu(other, "Supprimer ma conversation")
    await other.button("Supprimer définitivement").click()
    await other.answered(0)
    await window.answered(0)
    await until(lambda: server.conversation == "")
