"""What is fetched at first use: not before the first activation, once, and again when it could not be."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.browser.fake_gateway import CLOSED, FakeGateway
from tests.browser.window import Window

pytestmark = pytest.mark.asyncio(loop_scope="session")

MORE = "**/widget/*/more.js*"
ENGLISH = "**/widget/*/en.js*"
NOT_FETCHED = "Le chargement a échoué."


async def test_a_menu_that_could_not_be_fetched_says_so_and_comes_when_asked_again(page: Page, window: Window) -> None:
    await page.route(MORE, lambda route: route.abort())
    await window.open()
    await window.menu.click()
    await expect(window.text(NOT_FETCHED)).to_be_visible()
    await page.unroute(MORE)
    await window.button("Réessayer").click()
    await expect(window.alternative("À propos de cet assistant")).to_be_visible()
    await expect(window.text(NOT_FETCHED)).to_be_hidden()


async def test_without_it_one_still_asks_is_answered_and_reaches_a_person(page: Page, window: Window) -> None:
    await page.route(MORE, lambda route: route.abort())
    await window.open()
    await window.ask("Comment adhérer ?")
    await window.answered()
    await window.button("Oui").click()
    await expect(window.text("Merci pour votre avis.")).to_be_visible()
    await window.wait_for_person()
    await expect(window.text(NOT_FETCHED)).to_be_hidden()


async def test_what_may_be_personal_waits_for_the_check_and_is_never_sent_unlooked_at(
    page: Page, window: Window, server: FakeGateway
) -> None:
    await page.route(MORE, lambda route: route.abort())
    await window.open()
    await window.ask("Rappelez-moi au 06 12 34 56 78")
    await expect(window.text(NOT_FETCHED)).to_be_visible()
    assert server.sent("message") == []
    await expect(window.field).to_have_value("Rappelez-moi au 06 12 34 56 78")
    await page.unroute(MORE)
    await window.button("Réessayer").click()
    await expect(window.text("Votre message semble contenir un numéro de téléphone.")).to_be_visible()
    assert server.sent("message") == []
    await window.button("Envoyer quand même").click()
    await expect(window.said("Rappelez-moi au 06 12 34 56 78")).to_be_visible()
    await expect(window.field).to_have_value("")


async def test_a_form_that_could_not_be_fetched_opens_when_asked_again(
    page: Page, window: Window, server: FakeGateway
) -> None:
    server.person = dict(CLOSED)
    await page.route(MORE, lambda route: route.abort())
    await window.open()
    await window.person.click()
    await window.button("Laisser un message").click()
    await expect(window.text(NOT_FETCHED)).to_be_visible()
    await page.unroute(MORE)
    await window.button("Réessayer").click()
    await expect(window.widget.get_by_role("textbox", name="Nom et prénom")).to_be_visible()


async def test_english_that_could_not_be_fetched_leaves_the_window_in_french(page: Page, window: Window) -> None:
    await page.route(ENGLISH, lambda route: route.abort())
    await window.open()
    await window.menu.click()
    await window.alternative("English").click()
    await expect(window.text(NOT_FETCHED)).to_be_visible()
    await expect(window.send).to_be_visible()
    await page.unroute(ENGLISH)
    await window.menu.click()
    await window.alternative("English").click()
    await expect(window.button("Send")).to_be_visible()
