"""Whatever the network does, nothing is lost and nothing is doubled; and what has happened is said in words."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.fake_gateway import CLARIFY, GREETING, FakeGateway, until
from tests.browser.host_site import HostSite
from tests.browser.window import Window

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _started(window: Window) -> None:
    await window.open()
    await window.ask("une")
    await window.answered()


@pytest.mark.parametrize("cut", ["unheard", "heard", "reply"])
async def test_a_connection_cut_in_the_middle_of_a_message_loses_and_doubles_nothing(
    window: Window, server: FakeGateway, cut: str
) -> None:
    """Before the server has handled it; after, with no word of it; in the middle of the reply's bytes."""
    await _started(window)
    server.cuts = cut
    await window.ask("deux")
    await window.answered(2)
    assert server.questions == ["une", "deux"]
    assert await window.person_texts() == ["une", "deux"]
    await expect(window.text("Envoi…")).to_have_count(0)
    await window.ask("trois")
    await window.answered(3)
    assert await window.person_texts() == ["une", "deux", "trois"]


async def test_what_is_said_during_a_cut_is_there_afterwards_once(window: Window, server: FakeGateway) -> None:
    await _started(window)
    server.refuses_sockets = True
    await server.drop()
    await server.bot_says("Dit pendant la coupure.")
    await window.ask("deux")
    server.refuses_sockets = False
    await window.answered(2)
    await expect(window.said("Dit pendant la coupure.")).to_have_count(1)
    assert server.questions == ["une", "deux"]


async def test_many_cuts_one_after_the_other(page: Page, window: Window, server: FakeGateway) -> None:
    await page.clock.install()
    await page.reload()
    await _started(window)
    for number, cut in enumerate(("heard", "reply", "unheard", "reply", "heard"), start=2):
        server.cuts = cut
        await window.ask(f"question {number}")
        await until(lambda number=number: len(server.frames) >= number)  # type: ignore[misc]
        for _ in range(40):
            await page.clock.run_for(1_000)
            if await window.said("L'adhésion est gratuite").count() == number:
                break
        await window.answered(number)
    assert server.questions == ["une", *(f"question {number}" for number in range(2, 7))]
    assert await window.person_texts() == server.questions


async def test_a_reload_goes_on_where_one_was(page: Page, window: Window, server: FakeGateway) -> None:
    await _started(window)
    await page.reload()
    calls = len(server.calls)
    await expect(window.launcher.or_(window.field).first).to_be_visible()
    assert len(server.calls) == calls, "a reload is no activation"
    await window.launcher.click()
    await window.answered()
    assert await window.person_texts() == ["une"]
    await window.ask("deux")
    await window.answered(2)
    assert server.started == 1
    assert server.questions == ["une", "deux"]


async def test_a_reload_in_the_middle_of_an_answer_loses_neither_question_nor_answer(
    page: Page, window: Window, server: FakeGateway
) -> None:
    await _started(window)
    server.answers_after = asyncio.Event()
    await window.ask("deux")
    await until(lambda: len(server.frames) == 2)
    await page.reload()
    server.answers_after.set()
    await window.launcher.click()
    await window.answered(2)
    assert server.questions == ["une", "deux"]
    assert await window.person_texts() == ["une", "deux"]


async def test_two_tabs_of_one_site_share_the_conversation_when_the_page_wants_it(
    open_page: OpenPage, server: FakeGateway, host: HostSite
) -> None:

    address = host.put(end=f'<script src="{server.url}widget.js" data-storage="local" async></script>')
    first = Window(await open_page(address))
    await _started(first)
    second = Window(await open_page(address, context=first.page.context))
    await second.launcher.click()
    await second.answered()
    assert await second.person_texts() == ["une"]
    await second.ask("deux")
    await second.answered(2)
    await first.answered(2)
    assert await first.person_texts() == ["une", "deux"]
    assert server.started == 1
    assert server.questions == ["une", "deux"]


async def test_a_tab_made_from_this_one_does_not_double_what_waits_to_be_sent(
    page: Page, window: Window, server: FakeGateway
) -> None:
    """A duplicated tab has a copy of the session's storage, the messages on their way included."""
    await _started(window)
    server.is_silent = True
    await window.ask("deux")
    await until(lambda: len(server.frames) == 2)
    async with page.context.expect_page() as opened:
        await page.evaluate("window.open(location.href)")
    copy = Window(await opened.value)
    server.is_silent = False
    await server.drop()
    await copy.launcher.click()
    await window.answered(2)
    await copy.answered(2)
    assert server.questions == ["une", "deux"]
    assert await copy.person_texts() == ["une", "deux"]


async def test_the_gateway_may_restart_in_the_middle(window: Window, server: FakeGateway) -> None:
    await _started(window)
    await server.stop()
    await window.ask("deux")
    await expect(window.text("La connexion est interrompue.").or_(window.text("Hors connexion")).first).to_be_visible()
    await server.start(server.port)
    await window.answered(2)
    assert server.questions == ["une", "deux"]
    await expect(window.text("La connexion est interrompue.")).to_be_hidden()


async def test_a_lost_connection_and_its_return_are_said(page: Page, window: Window, server: FakeGateway) -> None:
    await _started(window)
    await window.listen()
    await page.context.set_offline(True)
    await server.drop()
    await expect(window.text("Hors connexion")).to_be_visible()
    await page.context.set_offline(False)
    await window.live()
    said = " ".join(await window.announced())
    assert "La connexion est rétablie." in said


async def test_a_message_without_acknowledgement_is_marked_and_sent_again_on_request(
    page: Page, window: Window, server: FakeGateway
) -> None:
    await page.clock.install()
    await page.reload()
    server.is_silent = True
    await window.open()
    await window.ask("écoutez-moi")
    await until(lambda: len(server.frames) == 1)
    for _ in range(30):
        await page.clock.run_for(5_000)
        if await window.text("Message non envoyé").count():
            break
    await expect(window.text("Message non envoyé")).to_be_visible()
    server.is_silent = False
    await window.button("Réessayer d’envoyer « écoutez-moi »").click()
    await page.clock.resume()
    await window.answered()
    await expect(window.text("Message non envoyé")).to_have_count(0)
    assert server.questions == ["écoutez-moi"]
    assert len({frame["client_id"] for frame in server.frames}) == 1


async def test_a_refused_message_says_why_and_can_be_sent_again(window: Window, server: FakeGateway) -> None:
    server.refusal = {"code": "too_fast", "text": "Patientez une minute."}
    await window.open()
    await window.ask("vite")
    await expect(window.text("Message non envoyé. Patientez une minute.")).to_be_visible()
    server.refusal = None
    await window.button("Réessayer d’envoyer « vite »").click()
    await window.answered()
    await expect(window.text("Message non envoyé")).to_have_count(0)


async def test_too_many_conversations_from_an_address_is_said_and_can_be_tried_again(
    window: Window, server: FakeGateway
) -> None:
    server.refuses_new = {"code": "too_fast", "text": "Beaucoup de demandes arrivent. Réessayez dans une minute."}
    await window.open()
    await window.ask("Comment adhérer ?")
    await expect(window.text("Réessayez dans une minute.")).to_be_visible()
    server.refuses_new = None
    await window.button("Réessayer", exact=False).first.click()
    await window.answered()
    assert server.questions == ["Comment adhérer ?"]


async def test_a_first_message_that_cannot_start_a_conversation_is_kept(window: Window, server: FakeGateway) -> None:
    await window.open()
    server.is_down = True
    await window.ask("Comment adhérer ?")
    await expect(
        window.text("Message non envoyé").or_(window.text("Le service ne répond pas pour l’instant.")).first
    ).to_be_visible(timeout=20_000)
    server.is_down = False
    await window.button("Réessayer", exact=False).first.click()
    await window.answered()
    assert server.questions == ["Comment adhérer ?"]


async def test_where_no_websocket_passes_plain_requests_do(window: Window, server: FakeGateway) -> None:
    server.refuses_sockets = True
    server.replies["combien"] = CLARIFY
    await window.open()
    await window.ask("combien")
    await window.button("Combien ça coûte").click()
    await window.answered()
    await window.person.click()
    await expect(window.text("Vous êtes dans la file d’attente.")).to_be_visible()
    await server.queue_is(2, 180)
    await expect(window.text("Attente estimée")).to_be_visible()
    await server.handover_is("active", agent="Claire")
    await server.agent_says("Bonjour, je suis Claire.")
    await expect(window.said("Bonjour, je suis Claire.")).to_have_count(1)
    await window.widget.get_by_role("textbox").fill("Merci Claire")
    await window.send.click()
    await until(lambda: "Merci Claire" in server.questions)
    await expect(window.said("Merci Claire")).to_have_count(1)
    assert await window.person_texts() == server.questions
    await expect(window.text("connexion limitée")).to_be_visible()


async def test_a_conversation_that_is_gone_is_said_and_a_new_one_begins(
    page: Page, window: Window, server: FakeGateway
) -> None:
    await _started(window)
    server.conversation = "erased meanwhile"
    await page.reload()
    await window.launcher.click()
    await expect(window.text("La conversation précédente n’est plus disponible.")).to_be_visible()
    assert (await window.storage())["session"] == []
    await window.ask("deux")
    await window.answered()
    assert server.started == 2
    assert server.questions == ["deux"]


async def test_the_service_may_be_down_at_first(window: Window, server: FakeGateway) -> None:
    server.is_down = True
    await window.launcher.click()
    await expect(window.text("Le service ne répond pas pour l’instant.")).to_be_visible(timeout=20_000)
    server.is_down = False
    await window.button("Réessayer").click()
    await expect(window.said(GREETING)).to_be_visible()
    await expect(window.button("Réessayer")).to_be_hidden()
