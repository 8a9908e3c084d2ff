"""The way to a person: always at the same place, every state in words, and never a dead end when nobody is there."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.fake_gateway import CLOSED, GREETING, HOURS, OPEN, FakeGateway, until
from tests.browser.window import Window

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_way_to_a_person_stays_at_the_same_place(window: Window, server: FakeGateway) -> None:
    await window.open()
    before = await window.person.bounding_box()
    for number in range(1, 4):
        await window.ask("Comment adhérer ?")
        await window.answered(number)
        assert await window.person.bounding_box() == before
    await server.drop()
    await expect(window.person).to_be_visible()
    await expect(window.person).to_be_in_viewport(ratio=1)


async def test_a_whole_handover_from_the_visitors_side(page: Page, window: Window, server: FakeGateway) -> None:
    await window.open()
    await window.listen()
    await window.person.click()
    await expect(window.text("Vous êtes dans la file d’attente.")).to_be_visible()
    await server.queue_is(3, 240)
    await expect(window.text("2 personnes sont avant vous. Attente estimée : environ 4 minutes.")).to_be_visible()
    await server.queue_is(1, 30)
    await expect(window.text("Vous êtes en tête de la file d’attente.")).to_be_visible()
    # The bot goes on helping who waits.
    await window.ask("Comment adhérer ?")
    await window.answered()
    await server.handover_is("active", agent="Claire")
    await expect(window.said("Claire a rejoint la conversation.")).to_be_visible()
    await expect(window.text("Vous échangez avec Claire.")).to_be_visible()
    await server.tell({"type": "typing", "on": True, "who": "agent"})
    await expect(window.text("Claire écrit…")).to_be_visible()
    await server.agent_says("Bonjour, je suis **Claire**. Voir [le site](https://www.cea.urssaf.fr/).")
    await expect(window.said("Bonjour, je suis")).to_be_visible()
    await expect(window.text("Claire écrit…")).to_be_hidden()
    await expect(window.field).to_have_accessible_name("Votre message à Claire")
    await window.ask("Merci, et ensuite ?")
    await until(lambda: server.questions[-1] == "Merci, et ensuite ?")
    await expect(window.said("Merci, et ensuite ?")).to_have_count(1)
    await window.answered(1)
    await server.handover_is("ended", agent="Claire")
    await expect(window.said("L’échange avec Claire est terminé.")).to_be_visible()
    await window.ask("Comment adhérer ?")
    await window.answered(2)
    announced = await window.announced()
    assert [text for text in announced if "Claire a rejoint" in text] == ["Claire a rejoint la conversation."]
    assert len([text for text in announced if text.startswith("Claire : Bonjour")]) == 1


async def test_it_works_a_second_time(window: Window, server: FakeGateway) -> None:
    await window.open()
    for name in ("Claire", "Malik"):
        await window.wait_for_person()
        await server.handover_is("active", agent=name)
        await expect(window.text(f"Vous échangez avec {name}.")).to_be_visible()
        await server.agent_says(f"Bonjour, ici {name}.", name)
        await expect(window.said(f"Bonjour, ici {name}.")).to_be_visible()
        await server.handover_is("ended", agent=name)
        await expect(window.said(f"L’échange avec {name} est terminé.")).to_be_visible()
        await expect(window.person).to_be_visible()
    assert len(server.sent("handover")) == 2


async def test_a_wait_can_be_cancelled_after_a_confirmation(window: Window, server: FakeGateway) -> None:
    await window.open()
    await window.wait_for_person()
    cancel = window.alternative("Annuler ma demande")
    await cancel.click()
    await expect(window.text(re.compile("perdrez votre place dans la file d’attente"))).to_be_visible()
    await window.button("Continuer d’attendre").click()
    await expect(window.text("Vous êtes dans la file d’attente.")).to_be_visible()
    assert server.sent("cancel_handover") == []
    await cancel.click()
    await window.alternative("Annuler ma demande").last.click()
    await expect(window.said("Votre demande de conseiller est annulée.")).to_be_visible()
    assert len(server.sent("cancel_handover")) == 1
    await expect(window.person).to_be_visible()


async def test_it_is_asked_for_once_however_often_it_is_pressed(
    page: Page, window: Window, server: FakeGateway
) -> None:
    await window.open()
    await window.person.dblclick()
    await expect(window.text("Vous êtes dans la file d’attente.")).to_be_visible()
    await page.reload()
    await window.launcher.click()
    await expect(window.text("Vous êtes dans la file d’attente.")).to_be_visible()
    assert len(server.sent("handover")) == 1


async def test_the_state_of_the_wait_survives_a_reload(page: Page, window: Window, server: FakeGateway) -> None:
    await window.open()
    await window.wait_for_person()
    await server.queue_is(4, 600)
    await page.reload()
    await window.launcher.click()
    await expect(window.text("3 personnes sont avant vous.")).to_be_visible()
    await server.handover_is("active", agent="Claire")
    await page.reload()
    await window.launcher.click()
    await expect(window.text("Vous échangez avec Claire.")).to_be_visible()


async def _closed(window: Window, server: FakeGateway) -> None:
    server.person = dict(CLOSED)
    await window.open()
    await window.person.click()
    await expect(window.text("Nos conseillers ne sont pas joignables à cette heure.").first).to_be_visible()


async def test_when_closed_the_hours_and_two_ways_out_are_offered(window: Window, server: FakeGateway) -> None:
    await _closed(window, server)
    await window.text("Horaires des conseillers").click()
    await expect(window.text(HOURS[0])).to_be_visible()
    await expect(window.text("Prochaine ouverture : lundi 23 novembre à 9 h.")).to_be_visible()
    await expect(window.button("Être rappelé")).to_be_visible()
    await expect(window.button("Laisser un message")).to_be_visible()


async def test_a_callback_is_promised_for_a_slot(window: Window, server: FakeGateway) -> None:
    await _closed(window, server)
    await window.button("Être rappelé").click()
    name = window.widget.get_by_label("Nom et prénom")
    number = window.widget.get_by_label("Numéro de téléphone")
    slot = window.widget.get_by_label("Créneau souhaité")
    await window.send.click()
    await expect(window.text("Erreur : Indiquez votre nom.")).to_be_visible()
    await expect(name).to_be_focused()
    await expect(name).to_have_attribute("aria-invalid", "true")
    await expect(name).to_have_attribute("autocomplete", "name")
    await expect(number).to_have_attribute("autocomplete", "tel")
    await name.fill("Ada Lovelace")
    await number.fill("12")
    await window.send.click()
    await expect(window.text("Indiquez un numéro de téléphone complet").first).to_be_visible()
    await expect(number).to_be_focused()
    await number.fill("06 39 98 12 34")
    await slot.select_option("slot2")
    await window.send.click()
    await expect(window.text("lundi 23 novembre, de 14 h à 15 h").first).to_be_visible()
    sent = server.sent("callback")
    assert len(sent) == 1
    assert {key: sent[0][key] for key in ("name", "number", "slot")} == {
        "name": "Ada Lovelace",
        "number": "06 39 98 12 34",
        "slot": "slot2",
    }


async def test_a_written_message_reaches_the_desk(window: Window, server: FakeGateway) -> None:
    await _closed(window, server)
    await window.button("Laisser un message").click()
    await window.widget.get_by_label("Nom et prénom").fill("Ada Lovelace")
    await window.widget.get_by_label("Téléphone ou adresse électronique").fill("ada@example.org")
    await window.widget.get_by_label("Votre message", exact=True).fill("Bonjour, pouvez-vous me répondre ?")
    await window.send.click()
    await expect(window.text("Votre message a bien été transmis au service.").first).to_be_visible()
    sent = server.sent("leave_message")
    assert [(one["name"], one["contact"], one["text"]) for one in sent] == [
        ("Ada Lovelace", "ada@example.org", "Bonjour, pouvez-vous me répondre ?")
    ]


async def test_a_form_that_is_refused_keeps_what_was_written(window: Window, server: FakeGateway) -> None:
    await _closed(window, server)
    await window.button("Être rappelé").click()
    await window.widget.get_by_label("Nom et prénom").fill("Ada Lovelace")
    await window.widget.get_by_label("Numéro de téléphone").fill("06 39 98 12 34")
    await window.widget.get_by_label("Créneau souhaité").select_option("slot1")
    server.refusal = {"code": "conflict", "text": "Ce créneau n'est plus libre. Choisissez-en un autre."}
    await window.send.click()
    await expect(window.text("Ce créneau n'est plus libre.")).to_be_visible()
    await expect(window.widget.get_by_label("Nom et prénom")).to_have_value("Ada Lovelace")
    server.refusal = None
    await window.widget.get_by_label("Créneau souhaité").select_option("slot2")
    await window.send.click()
    await expect(window.text("de 14 h à 15 h").first).to_be_visible()


async def test_nobody_there_is_said_and_the_bot_still_helps(window: Window, server: FakeGateway) -> None:
    server.person = OPEN | {"staffed": False, "slots": []}
    await window.open()
    await window.person.click()
    await expect(window.text("Aucun conseiller n’est disponible pour le moment.").first).to_be_visible()
    await expect(window.button("Être rappelé")).to_have_count(0)
    await expect(window.button("Laisser un message")).to_be_visible()
    await window.field.fill("Comment adhérer ?")
    await window.send.click()
    await window.answered()


async def test_the_hours_of_another_clock_are_said_to_be_so(open_page: OpenPage, server: FakeGateway) -> None:
    window = Window(await open_page(server.url, timezone_id="America/Cayenne"))
    await _closed(window, server)
    await expect(window.text(re.compile(r"à\s9\sh \(heure du service\)"))).to_be_visible()


async def test_a_greeting_stays_while_a_person_is_asked_for_first(window: Window, server: FakeGateway) -> None:
    await window.open()
    await window.wait_for_person()
    await expect(window.said(GREETING)).to_have_count(1)
    assert server.started == 1
    assert [message["type"] for message in server.log] == ["person", "handover"]
