"""Calling back in the console: what is said before the click, the call itself beside what was said before, its end.

Sound is real, as in `test_console_calls`.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import expect

from tests.browser.console_page import ConsolePage
from tests.browser.fake_calls import FakeCalls
from tests.browser.fake_desk import Json
from tests.browser.fake_gateway import until
from tests.browser.test_console_calls import asked, console, desk, hears, telephonist  # noqa: F401  (fixtures)

pytestmark = pytest.mark.asyncio(loop_scope="session")

WORDS = "je veux corriger mon bulletin de mars"
NUMBER = "+33612345678"


def begun(desk: FakeCalls) -> Json:  # noqa: F811  (the fixture)
    return next(one for one in desk.handovers.values() if one["reason"] == "callback")


class Back:
    """What an agent sees of a call back."""

    def __init__(self, console: ConsolePage, desk: FakeCalls) -> None:  # noqa: F811  (the fixture)
        self.console, self.desk, self.page = console, desk, console.page
        self.how = console.page.locator("#how-back")
        self.card = console.page.locator(".card").first
        self.bar = console.page.get_by_role("region", name="Votre appel")
        self.call = self.card.get_by_role("button", name="Rappeler Mme Arnaud")
        desk.promised_by(WORDS, "Mme Arnaud", NUMBER)

    async def rings(self) -> Json:
        await self.console.open("#/callbacks")
        await self.call.click()
        await expect(self.bar).to_contain_text("Le téléphone sonne")
        return begun(self.desk)


@pytest.fixture
def back(console: ConsolePage, desk: FakeCalls) -> Back:  # noqa: F811  (the fixture)
    return Back(console, desk)


async def test_who_takes_calls_is_told_that_they_will_speak_and_does(back: Back) -> None:
    call = await back.rings()
    await expect(back.how).to_contain_text("Vous, avec votre casque")
    assert asked(back.desk, "dial") == [{"way": "browser"}]
    await expect(back.bar).to_contain_text("Mme Arnaud")
    await expect(back.bar).to_contain_text("06 12 34 56 78")
    await expect(back.page.locator(".conversation")).to_contain_text(WORDS)
    await expect(back.bar.get_by_role("button", name="Transférer")).to_be_hidden()
    await expect(back.bar.get_by_role("button", name="Rendre au robot")).to_be_hidden()
    back.desk.answers(call)
    await expect(back.bar).to_contain_text("En communication")
    await hears(back.desk)
    await expect(back.bar.get_by_role("button", name="Mettre en attente")).to_be_visible()
    await expect(back.bar.get_by_role("button", name="Transférer")).to_be_visible()
    await back.bar.get_by_role("button", name="Raccrocher").click()
    await expect(back.page.get_by_text("Vous êtes-vous parlé")).to_be_visible()
    await back.page.get_by_role("button", name="Oui, rappel fait").click()
    await expect(back.page.locator(".card.kept")).to_contain_text("Mme Arnaud")
    assert asked(back.desk, "wrap_up") == [{"verdict": ""}]


async def test_an_answering_machine_is_one_click(back: Back) -> None:
    back.desk.answers(await back.rings())
    await back.bar.get_by_role("button", name="Répondeur").click()
    await expect(back.page.locator(".card.missed")).to_contain_text("Mme Arnaud")
    await until(lambda: len(asked(back.desk, "close")) == 1)  # once the desk has taken note
    assert len(asked(back.desk, "missed")) == 1


async def test_nobody_answers_and_the_promise_offers_what_can_be_done(back: Back) -> None:
    call = await back.rings()
    text = "Personne n’a répondu. Rappelez plus tard, ou notez le rappel « sans réponse »."
    back.desk.not_reached(call, "person_not_answered", text)
    await expect(back.page.locator(".toast")).to_contain_text("Personne n’a répondu")
    await expect(back.bar).to_be_hidden()
    await expect(back.card).to_contain_text("1 essai")
    await expect(back.call).to_be_enabled()
    await back.card.get_by_role("button", name="Pas de réponse").click()
    await expect(back.page.locator(".card.missed")).to_contain_text("Mme Arnaud")


async def test_hanging_up_while_it_rings_is_possible(back: Back) -> None:
    await back.rings()
    await back.bar.get_by_role("button", name="Raccrocher").click()
    await until(lambda: len(asked(back.desk, "close")) == 1)


async def test_another_page_keeps_the_call_in_sight(back: Back) -> None:
    back.desk.answers(await back.rings())
    await back.page.evaluate("location.hash = '#/messages'")
    await expect(back.bar).to_contain_text("Mme Arnaud")
    await back.bar.get_by_role("link", name="Voir l’appel").click()
    await expect(back.page.locator(".conversation")).to_contain_text(WORDS)
    await expect(back.bar.get_by_role("button", name="Mettre en attente")).to_be_visible()


async def test_with_a_telephone_of_their_own_the_agent_is_rung(back: Back) -> None:
    back.desk.ways("browser", "phone")
    back.desk.me["phone"] = "4521"
    await back.console.open("#/callbacks")
    await back.how.get_by_role("radio", name="Mon téléphone").check()
    await expect(back.how).to_contain_text(re.compile("votre téléphone .4521. sonne"))
    await back.call.click()
    await expect(back.bar).to_contain_text("Votre téléphone (4521) sonne")
    await expect(back.bar).to_contain_text("la personne est appelée à ce moment-là")
    assert asked(back.desk, "dial") == [{"way": "phone"}]
    back.desk.line(begun(back.desk), "calling", "phone")
    await expect(back.bar).to_contain_text("Le téléphone sonne")
    back.desk.answers(begun(back.desk))
    await expect(back.bar).to_contain_text("En communication")


async def test_who_takes_no_calls_is_told_that_the_bot_will_call(back: Back) -> None:
    back.desk.me["takes_calls"] = False
    await back.console.open("#/callbacks")
    await expect(back.how).to_contain_text("Le robot appelle la personne")
    await back.card.get_by_role("button", name="Appeler Mme Arnaud").click()
    await expect(back.card).to_contain_text("Vous appelez")
    await expect(back.bar).to_be_hidden()
    assert asked(back.desk, "dial") == [{}]


async def test_without_a_line_nothing_is_said_of_it(back: Back) -> None:
    back.desk.service["can_dial"] = False
    await back.console.open("#/callbacks")
    await expect(back.card.get_by_role("button", name="J’appelle moi-même")).to_be_visible()
    await expect(back.how).to_be_hidden()
    await expect(back.call).to_be_hidden()


async def test_what_is_refused_is_said_and_lets_the_microphone_go(back: Back) -> None:
    back.desk.refusals["dial"] = (409, "under_way", "Cet appel est déjà en cours.")
    await back.console.open("#/callbacks")
    await back.call.click()
    await expect(back.page.locator(".toast")).to_contain_text("Cet appel est déjà en cours.")
    live = "streams.flatMap((one) => one.getTracks()).filter((one) => one.readyState === 'live').length"
    await back.page.wait_for_function(f"({live}) === 0")
    await expect(back.call).to_be_enabled()


async def test_a_microphone_that_is_refused_calls_nobody(back: Back) -> None:
    await back.page.add_init_script(
        "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError'));"
    )
    await back.console.open("#/callbacks")
    await back.call.click()
    await expect(back.card.get_by_role("alert")).to_contain_text("Le microphone n’est pas autorisé")
    assert asked(back.desk, "dial") == []


async def choosing(back: Back) -> None:
    await back.console.open("#/callbacks")
    await expect(back.how).to_be_visible()


async def ringing(back: Back) -> None:
    await back.rings()


async def speaking(back: Back) -> None:
    back.desk.answers(await back.rings())
    await expect(back.bar).to_contain_text("En communication")


async def concluding(back: Back) -> None:
    await speaking(back)
    await back.bar.get_by_role("button", name="Raccrocher").click()
    await expect(back.page.get_by_text("Vous êtes-vous parlé")).to_be_visible()


@pytest.mark.parametrize("state", [choosing, ringing, speaking, concluding], ids=lambda state: state.__name__)
async def test_axe_finds_nothing_and_nothing_is_cut_off(back: Back, state: Callable[[Back], Awaitable[None]]) -> None:
    back.desk.ways("browser", "phone")
    await state(back)
    assert await back.console.axe() == []
    await back.page.emulate_media(color_scheme="dark")
    assert await back.console.axe() == []
    await back.page.set_viewport_size({"width": 320, "height": 640})
    assert await back.console.axe() == []
    widths = await back.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert widths[0] <= widths[1]
