"""A conversation with the bot: question and sourced answer, choices, feedback, limits, announcements."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.fake_gateway import ANSWER, CLARIFY, GREETING, SOURCE_URL, SUGGESTIONS, FakeGateway, until
from tests.browser.window import Window

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_it_says_that_it_is_a_machine_before_anything_else(window: Window) -> None:
    await window.open()
    await expect(window.text("Vous échangez avec un assistant automatique")).to_be_visible()
    await expect(window.said(GREETING)).to_be_visible()
    await expect(window.text("N’indiquez ni numéro de sécurité sociale")).to_have_count(1)


async def test_an_answer_comes_with_its_source_and_its_date(window: Window, server: FakeGateway) -> None:
    await window.open()
    await window.ask("Comment adhérer ?")
    await expect(window.said("Comment adhérer au chèque emploi associatif")).to_be_visible()
    source = window.log.get_by_role("link", name="Service-public.fr, fiche F766")
    await expect(source).to_have_attribute("href", SOURCE_URL)
    await expect(source).to_have_attribute("rel", re.compile("noopener"))
    await expect(source).to_contain_text("(nouvel onglet)")
    await expect(window.said("Vérifié le 21 novembre 2026")).to_be_visible()
    await expect(window.log.get_by_role("listitem").filter(has_text="Signez le mandat").last).to_be_visible()
    await expect(window.text("prépare sa réponse")).to_be_hidden()
    await expect(window.field).to_have_value("")
    await expect(window.button(SUGGESTIONS[0])).to_be_hidden()
    assert server.questions == ["Comment adhérer ?"]


async def test_an_answer_verified_long_ago_says_so(window: Window, server: FakeGateway) -> None:
    old = ANSWER["answers"][0] | {"verified_on": "2023-03-01"}
    server.replies["vieux"] = ANSWER | {"answers": [old]}
    await window.open()
    await window.ask("vieux")
    await expect(window.said("il y a plus d’un an")).to_be_visible()


async def test_each_message_is_announced_once_in_plain_words_and_history_never(
    page: Page, window: Window, server: FakeGateway
) -> None:
    await window.open()
    await window.listen()
    server.replies["euh"] = CLARIFY
    await window.ask("euh")
    await expect(window.button("Combien ça coûte")).to_be_visible()
    await window.ask("Comment adhérer ?")
    await window.answered()
    await server.bot_says("Encore ceci.")
    await expect(window.said("Encore ceci.")).to_be_visible()
    announced = await window.announced()
    assert announced == [
        "Assistant automatique : Vouliez-vous dire : Au choix : Comment adhérer ; Combien ça coûte.",
        "Assistant automatique : Comment adhérer au chèque emploi associatif. L'adhésion est gratuite. "
        "Remplissez le formulaire. Signez le mandat. Voir le site.",
        "Assistant automatique : Encore ceci.",
    ]
    await page.reload()
    await expect(window.launcher).to_be_visible()
    await window.listen()
    await window.launcher.click()
    await window.answered()
    await window.live()
    assert await window.announced() == []


async def test_a_choice_is_one_press_and_stays_readable(window: Window, server: FakeGateway) -> None:
    server.replies["combien"] = CLARIFY
    await window.open()
    await window.ask("combien")
    choice = window.button("Combien ça coûte", exact=False)
    await choice.click()
    await window.answered()
    sent = server.frames[-1]
    assert {name: sent[name] for name in ("type", "intent", "label")} == {
        "type": "choice",
        "intent": "cout",
        "label": "Combien ça coûte",
    }
    await expect(choice).to_be_visible()
    await expect(choice).to_be_focused()
    await expect(choice).to_contain_text("(choisi)")
    await choice.click(force=True)
    await window.button("Comment adhérer").click(force=True)
    await asyncio.sleep(0.1)
    assert server.questions == ["combien", "Combien ça coûte"]


async def test_an_example_is_asked_by_one_press(window: Window, server: FakeGateway) -> None:
    await window.open()
    await window.button(SUGGESTIONS[1]).click()
    await window.answered()
    assert server.questions == [SUGGESTIONS[1]]
    await expect(window.field).to_be_focused()


async def test_the_typing_sign_goes_away_by_itself(page: Page, window: Window, server: FakeGateway) -> None:
    await page.clock.install()
    await page.reload()
    await window.open()
    await window.ask("Comment adhérer ?")
    await window.answered()
    # Nothing of the visitor's is on its way, which would be sent again and typed about anew.
    await server.tell({"type": "typing", "on": True, "who": "bot"})
    typing = window.text("prépare sa réponse")
    await expect(typing).to_be_visible()
    await page.clock.fast_forward(11_000)
    await expect(typing).to_be_hidden()


async def test_a_helpful_answer_is_said_to_be_so_in_one_press(page: Page, window: Window, server: FakeGateway) -> None:
    await window.open()
    await window.ask("Comment adhérer ?")
    await window.answered()
    await window.button("Oui").click()
    await expect(window.text("Merci pour votre avis.")).to_be_visible()
    await until(lambda: server.sent("feedback"))
    feedback = server.sent("feedback")[0]
    assert (feedback["seq"], feedback["helpful"]) == (2, True)
    await page.reload()
    await window.launcher.click()
    await window.answered()
    await expect(window.button("Oui")).to_have_attribute("aria-pressed", "true")


async def test_an_unhelpful_answer_can_be_given_a_reason(window: Window, server: FakeGateway) -> None:
    await window.open()
    await window.ask("Comment adhérer ?")
    await window.answered()
    await window.button("Non").click()
    await window.button("La réponse est fausse").click()
    await expect(window.text("Merci pour votre avis.")).to_be_visible()
    await until(lambda: any(frame.get("reason") for frame in server.sent("feedback")))
    last = server.sent("feedback")[-1]
    assert (last["seq"], last["helpful"], last["reason"]) == (2, False, "wrong")
    await expect(window.field).to_be_enabled()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Mon numéro est 1 85 05 78 006 084 91", "un numéro de sécurité sociale"),
        ("IBAN FR76 3000 6000 0112 3456 7890 189", "un numéro de compte bancaire (IBAN)"),
        ("Rappelez-moi au 06 39 98 12 34", "un numéro de téléphone"),
    ],
)
async def test_what_should_not_be_sent_by_chance_is_pointed_out_before_it_is_sent(
    window: Window, server: FakeGateway, text: str, kind: str
) -> None:
    await window.open()
    await window.ask(text)
    await expect(window.text(f"Votre message semble contenir {kind}")).to_be_visible()
    await asyncio.sleep(0.05)
    assert server.frames == []
    assert server.started == 0
    await window.button("Corriger").click()
    await expect(window.field).to_be_focused()
    await expect(window.field).to_have_value(text)
    await window.send.click()
    await window.button("Envoyer quand même").click()
    await window.answered()
    assert server.questions == [text]


@pytest.mark.parametrize("text", ["Loi du 1er juillet 1901", "Je gagne 1 234,56 euros", "SIRET 123 456 789 00012"])
async def test_an_ordinary_number_is_not_held_back(window: Window, server: FakeGateway, text: str) -> None:
    await window.open()
    await window.ask(text)
    await window.answered()
    assert server.questions == [text]


async def test_two_thousand_characters_pass_and_one_more_is_refused_before_sending(
    window: Window, server: FakeGateway
) -> None:
    await window.open()
    await window.field.fill("é" * 1700)
    await expect(window.text("restants")).to_have_count(0)
    await window.field.fill("é" * 1900)
    await expect(window.text("100 caractères restants")).to_be_visible()
    await window.field.fill("🙂" * 2001)
    await expect(window.text("Trop long de 1 caractère")).to_be_visible()
    await window.send.click()
    await expect(window.field).to_have_value("🙂" * 2001)
    await expect(window.field).to_have_attribute("aria-invalid", "true")
    assert server.started == 0
    await window.ask("🙂" * 2000)
    await window.answered()
    assert server.questions == ["🙂" * 2000]


async def test_an_empty_message_is_not_sent(window: Window, server: FakeGateway) -> None:
    await window.open()
    await window.ask("   \n ")
    await expect(window.field).to_be_focused()
    assert server.started == 0


async def test_enter_sends_and_shift_enter_begins_a_line(page: Page, window: Window, server: FakeGateway) -> None:
    await window.open()
    await window.field.focus()
    await page.keyboard.type("première ligne")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("seconde ligne")
    await page.keyboard.press("Enter")
    await window.answered()
    assert server.questions == ["première ligne\nseconde ligne"]
    await expect(window.field).to_be_focused()


async def test_many_messages_at_once_all_arrive_in_order(page: Page, window: Window, server: FakeGateway) -> None:
    await window.open()
    await window.field.focus()
    for number in range(5):
        await page.keyboard.type(f"question {number}")
        await page.keyboard.press("Enter")
    await window.answered(5)
    assert server.questions == [f"question {number}" for number in range(5)]
    assert await window.person_texts() == server.questions


async def test_who_reads_further_up_is_not_pulled_down(page: Page, window: Window, server: FakeGateway) -> None:
    await page.set_viewport_size({"width": 400, "height": 640})
    await window.open()
    for number in range(1, 5):
        await window.ask("Comment adhérer ?")
        await window.answered(number)
    await window.said(GREETING).scroll_into_view_if_needed()
    box = await window.log.bounding_box()
    assert box
    await page.mouse.move(200, 300)
    await page.mouse.wheel(0, -9000)
    await expect(window.said(GREETING)).to_be_in_viewport()
    await server.bot_says("Du nouveau.")
    newer = window.button("Nouveau message", exact=False)
    await expect(newer).to_be_visible()
    await expect(window.said("Du nouveau.")).not_to_be_in_viewport()
    await newer.click()
    await expect(window.said("Du nouveau.")).to_be_in_viewport()
    await expect(newer).to_be_hidden()


async def test_messages_that_come_while_it_is_closed_are_counted_on_the_launcher(
    window: Window, server: FakeGateway
) -> None:
    await window.open()
    await window.ask("Comment adhérer ?")
    await window.answered()
    await window.close.click()
    await server.bot_says("Et aussi.")
    await server.bot_says("Et encore.")
    await expect(window.button("2 nouveaux messages", exact=False)).to_be_visible()
    await window.button("2 nouveaux messages", exact=False).click()
    await expect(window.said("Et encore.")).to_be_visible()
    await window.close.click()
    await expect(window.button("nouveaux messages", exact=False)).to_have_count(0)


async def test_the_widget_speaks_english_when_the_page_does(open_page: OpenPage, server: FakeGateway) -> None:
    page = await open_page(server.url)
    window = Window(page)
    await page.get_by_role("radio", name="English").check()
    await window.widget.get_by_role("button").first.click()
    await expect(window.widget.get_by_role("textbox", name="Your question")).to_be_visible()
    shown = await window.widget.locator("[lang]").first.get_attribute("lang")
    assert shown == "en"


async def test_what_can_be_pressed_next_is_brought_into_sight(window: Window, server: FakeGateway) -> None:
    """The reasons after a "no", and the button of a message that was refused, appear at the very end."""
    await window.open()
    await window.ask("Comment adhérer ?")
    await window.answered()
    await window.button("Non").click()
    await expect(window.button("La réponse est fausse")).to_be_in_viewport(ratio=1)
    server.refusal = {"code": "too_fast", "text": "Patientez une minute."}
    await window.ask("vite")
    await expect(window.button("Réessayer d’envoyer « vite »")).to_be_in_viewport(ratio=1)
