"""The states in which the widget can be seen, and how a visitor comes to each: for axe, layout and pictures."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from playwright.async_api import expect

from tests.browser.fake_gateway import CLARIFY, CLOSED, FakeGateway
from tests.browser.window import Window

State = Callable[[Window, FakeGateway], Awaitable[None]]


async def closed(window: Window, server: FakeGateway) -> None:
    await expect(window.launcher).to_be_visible()


async def opened(window: Window, server: FakeGateway) -> None:
    await window.open()


async def answered(window: Window, server: FakeGateway) -> None:
    await window.open()
    await window.ask("Comment adhérer au chèque emploi associatif ?")
    await window.answered()


async def unhelpful(window: Window, server: FakeGateway) -> None:
    await answered(window, server)
    await window.button("Non").click()
    await expect(window.button("La réponse est fausse")).to_be_visible()


async def choices(window: Window, server: FakeGateway) -> None:
    server.replies["euh"] = CLARIFY
    await window.open()
    await window.ask("euh")
    await expect(window.button("Combien ça coûte")).to_be_visible()


async def chosen(window: Window, server: FakeGateway) -> None:
    await choices(window, server)
    await window.button("Combien ça coûte").click()
    await window.answered()


async def typing(window: Window, server: FakeGateway) -> None:
    server.stays_typing = True
    await window.open()
    await window.ask("Comment adhérer ?")
    await expect(window.text("prépare sa réponse")).to_be_visible()


async def sensitive(window: Window, server: FakeGateway) -> None:
    await window.open()
    await window.ask("Rappelez-moi au 06 39 98 12 34")
    await expect(window.button("Envoyer quand même")).to_be_visible()


async def too_long(window: Window, server: FakeGateway) -> None:
    await window.open()
    await window.field.fill("très long " * 205)
    await expect(window.text("Trop long de")).to_be_visible()


async def refused(window: Window, server: FakeGateway) -> None:
    server.refusal = {"code": "too_fast", "text": "Vous envoyez beaucoup de messages. Patientez une minute."}
    await window.open()
    await window.ask("Comment adhérer ?")
    await expect(window.text("Message non envoyé")).to_be_visible()


async def down(window: Window, server: FakeGateway) -> None:
    server.is_down = True
    await window.launcher.click()
    await expect(window.text("Le service ne répond pas pour l’instant.")).to_be_visible(timeout=20_000)


async def menu(window: Window, server: FakeGateway) -> None:
    await answered(window, server)
    await window.menu.click()
    await expect(window.alternative("Télécharger la conversation")).to_be_visible()


async def erasing(window: Window, server: FakeGateway) -> None:
    await menu(window, server)
    await window.alternative("Supprimer ma conversation").click()
    await expect(window.button("Supprimer définitivement")).to_be_visible()


async def waiting(window: Window, server: FakeGateway) -> None:
    await answered(window, server)
    await window.wait_for_person()
    await server.queue_is(3, 240)
    await expect(window.text("Attente estimée")).to_be_visible()


async def with_agent(window: Window, server: FakeGateway) -> None:
    await waiting(window, server)
    await server.handover_is("active", agent="Claire")
    await server.agent_says("Bonjour, je suis Claire, du service des associations. Je regarde votre dossier.")
    await expect(window.said("Bonjour, je suis Claire")).to_be_visible()


async def after_agent(window: Window, server: FakeGateway) -> None:
    await with_agent(window, server)
    await server.handover_is("ended", agent="Claire")
    await expect(window.said("L’échange avec Claire est terminé.")).to_be_visible()


async def nobody(window: Window, server: FakeGateway) -> None:
    server.person = dict(CLOSED)
    await window.open()
    await window.person.click()
    await expect(window.button("Être rappelé")).to_be_visible()


async def callback(window: Window, server: FakeGateway) -> None:
    await nobody(window, server)
    await window.button("Être rappelé").click()
    await window.send.click()
    await expect(window.text("Erreur : Indiquez votre nom.")).to_be_visible()


async def message(window: Window, server: FakeGateway) -> None:
    await nobody(window, server)
    await window.button("Laisser un message").click()
    await expect(window.widget.get_by_label("Votre message", exact=True)).to_be_visible()


async def promised(window: Window, server: FakeGateway) -> None:
    await nobody(window, server)
    await window.button("Être rappelé").click()
    await window.widget.get_by_label("Nom et prénom").fill("Ada Lovelace")
    await window.widget.get_by_label("Numéro de téléphone").fill("06 39 98 12 34")
    await window.widget.get_by_label("Créneau souhaité").select_option("slot1")
    await window.send.click()
    await expect(window.text("de 9 h à 10 h").first).to_be_visible()


STATES: dict[str, State] = {
    "closed": closed,
    "opened": opened,
    "answered": answered,
    "unhelpful": unhelpful,
    "choices": choices,
    "chosen": chosen,
    "typing": typing,
    "sensitive": sensitive,
    "too_long": too_long,
    "refused": refused,
    "down": down,
    "menu": menu,
    "erasing": erasing,
    "waiting": waiting,
    "with_agent": with_agent,
    "after_agent": after_agent,
    "nobody": nobody,
    "callback": callback,
    "message": message,
    "promised": promised,
}
