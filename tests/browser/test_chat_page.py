"""The demonstration page as a visitor meets it, against a server that speaks the protocol and nothing else."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.fake_chat_server import ANSWER, CLARIFY, GREETING, SUGGESTIONS, FakeChatServer, until

pytestmark = pytest.mark.asyncio(loop_scope="session")

STORED = "() => [localStorage.length, sessionStorage.length, document.cookie]"
ANNOUNCED = """() => {
    window.announced = [];
    const note = () => announcer.textContent && window.announced.push(announcer.textContent);
    new MutationObserver(note).observe(announcer, { childList: true });
}"""


async def ask(page: Page, text: str) -> None:
    await page.get_by_label("Votre question").fill(text)
    await page.get_by_role("button", name="Envoyer", exact=True).click()


def transcript(page: Page) -> Locator:
    return page.get_by_role("log", name="Conversation")


def seen(page: Page, text: str) -> Locator:
    """Words on the page; what is only said to screen readers is outside of `main`."""
    return page.locator("main").get_by_text(text)


async def answered(page: Page, count: int = 1) -> None:
    await expect(seen(page, "L'adhésion est gratuite")).to_have_count(count)


async def test_before_the_first_message_nothing_is_stored_and_nothing_started(
    page: Page, server: FakeChatServer
) -> None:
    await expect(transcript(page)).to_contain_text(GREETING)
    await expect(page.get_by_role("heading", level=1)).to_have_text("Chèque emploi associatif")
    await expect(page.get_by_role("heading", name="Vous échangez avec un assistant automatique")).to_be_visible()
    await expect(page.get_by_role("button", name=SUGGESTIONS[0])).to_be_visible()
    await page.get_by_label("Votre question").fill("je réfléchis encore")
    assert await page.evaluate(STORED) == [0, 0, ""]
    assert server.calls == ["GET /api/service"]


async def test_an_answer_comes_with_its_source_and_its_date(page: Page, server: FakeChatServer) -> None:
    await ask(page, "Comment adhérer ?")
    log = transcript(page)
    await expect(log.get_by_text("Comment adhérer au chèque emploi associatif")).to_be_visible()
    source = log.get_by_role("link", name="Service-public.fr, fiche F766")
    await expect(source).to_have_attribute("href", "https://www.service-public.fr/associations/vosdroits/F766")
    await expect(log.get_by_text("Vérifié le 21 novembre 2026")).to_be_visible()
    await expect(log.get_by_role("listitem").filter(has_text="Signez le mandat").last).to_be_visible()
    await expect(seen(page, "prépare sa réponse")).to_be_hidden()
    await expect(page.get_by_text("Connecté")).to_be_visible()
    await expect(page.get_by_label("Votre question")).to_have_value("")
    await expect(page.get_by_role("button", name=SUGGESTIONS[0])).to_be_hidden()
    assert server.questions == ["Comment adhérer ?"]
    stored = await page.evaluate(STORED)
    assert stored == [0, 1, ""]


async def test_each_message_is_announced_once_in_plain_words(page: Page, server: FakeChatServer) -> None:
    await page.evaluate(ANNOUNCED)
    server.replies["euh"] = CLARIFY
    await ask(page, "euh")
    await expect(page.get_by_role("button", name="Combien ça coûte")).to_be_visible()
    await ask(page, "Comment adhérer ?")
    await answered(page)
    assert await page.evaluate("window.announced") == [
        "Assistant automatique : Vouliez-vous dire : Au choix : Comment adhérer ; Combien ça coûte.",
        "Assistant automatique : L'adhésion est gratuite. Remplissez le formulaire Signez le mandat Voir le site.",
    ]
    await expect(page.get_by_role("status")).to_have_count(1)


async def test_a_text_can_never_become_markup_or_a_dangerous_link(page: Page, server: FakeChatServer) -> None:
    text = (
        "<img src=x onerror=alert(1)> **gras <b>non</b>** [piège](javascript:alert(1)) [vieux](ftp://a.fr)\n"
        "[écrire](mailto:a@example.org) [appeler](tel:+33100000000) [page](https://example.org/a_(b)) [vide]()"
    )
    server.replies["test"] = ANSWER | {"answers": [{"id": "x", "text": text, "title": "", "source": "<i>s</i>"}]}
    await ask(page, "test")
    bubble = transcript(page).locator(".message--bot .bubble").last
    await expect(bubble).to_contain_text("<img src=x onerror=alert(1)>")
    await expect(bubble).to_contain_text("[piège](javascript:alert(1)) [vieux](ftp://a.fr)")
    await expect(bubble).to_contain_text("[vide]()")
    await expect(bubble.locator("strong")).to_have_text("gras <b>non</b>")
    links = await bubble.get_by_role("link").evaluate_all("all => all.map(a => [a.href, a.rel])")
    assert [href for href, _ in links] == ["mailto:a@example.org", "tel:+33100000000", "https://example.org/a_(b)"]
    assert all("noopener" in rel for _, rel in links)
    await expect(bubble.locator("img, b, i")).to_have_count(0)


async def test_a_choice_is_one_press_and_stays_readable(page: Page, server: FakeChatServer) -> None:
    server.replies["combien"] = CLARIFY
    await ask(page, "combien")
    choice = page.get_by_role("button", name="Combien ça coûte")
    await choice.click()
    await answered(page)
    assert server.frames[-1] | {"client_id": ""} == {
        "type": "choice",
        "intent": "cout",
        "label": "Combien ça coûte",
        "client_id": "",
    }
    await expect(choice).to_be_visible()
    await expect(choice).to_be_focused()
    await expect(choice).to_have_attribute("aria-pressed", "true")
    await choice.click(force=True)
    await page.get_by_role("button", name="Comment adhérer", exact=True).click(force=True)
    assert server.questions == ["combien", "Combien ça coûte"]


async def test_an_example_is_asked_by_one_press(page: Page, server: FakeChatServer) -> None:
    await page.get_by_role("button", name=SUGGESTIONS[1]).click()
    await answered(page)
    assert server.questions == [SUGGESTIONS[1]]
    await expect(page.get_by_label("Votre question")).to_be_focused()


async def test_a_person_is_asked_for_once_and_the_state_is_said_in_words(page: Page, server: FakeChatServer) -> None:
    person = page.get_by_role("button", name="Parler à un conseiller")
    await page.evaluate(ANNOUNCED)
    await person.click()
    await expect(transcript(page)).to_contain_text("Votre demande est transmise.")
    await expect(seen(page, "Conseiller demandé. Votre conversation lui est transmise")).to_be_visible()
    await person.click(force=True)
    await page.reload()
    await expect(seen(page, "Conseiller demandé.")).to_be_visible()
    await expect(person).to_be_disabled()
    assert [frame["type"] for frame in server.frames] == ["handover"]
    await server.say({"type": "handover", "state": "cancelled", "text": "La demande est annulée."})
    await expect(seen(page, "La demande de conseiller est annulée.")).to_be_visible()
    await expect(person).to_be_enabled()


async def test_a_person_stays_at_the_same_place(page: Page, server: FakeChatServer) -> None:
    person = page.get_by_role("button", name="Parler à un conseiller")
    before = await person.bounding_box()
    for _ in range(3):
        await ask(page, "Comment adhérer ?")
    await answered(page, 3)
    assert await person.bounding_box() == before


async def test_a_reload_goes_on_silently_where_one_was(page: Page, server: FakeChatServer) -> None:
    await ask(page, "Comment adhérer ?")
    await answered(page)
    await page.add_init_script(f"addEventListener('DOMContentLoaded', {ANNOUNCED})")
    await page.reload()
    await answered(page)
    messages = page.locator(".message--person .bubble")
    await expect(messages).to_have_text(["Comment adhérer ?"])
    await expect(page.get_by_role("button", name=SUGGESTIONS[0])).to_be_hidden()
    assert await page.evaluate("window.announced") == []
    assert server.started == 1
    await ask(page, "Et ensuite ?")
    await answered(page, 2)
    assert server.questions == ["Comment adhérer ?", "Et ensuite ?"]


async def test_after_an_interruption_nothing_is_lost_or_doubled(page: Page, server: FakeChatServer) -> None:
    await ask(page, "une")
    await answered(page)
    server.refuses_sockets = True
    await server.drop()
    await expect(seen(page, "La connexion est interrompue.")).to_be_visible()
    await server.say({"type": "reply", "outcome": "answered", "text": "Dit pendant la coupure."})
    await page.get_by_label("Votre question").fill("deux")
    server.refuses_sockets = False
    await page.get_by_role("button", name="Envoyer", exact=True).click()
    await answered(page, 2)
    await expect(seen(page, "Dit pendant la coupure.")).to_have_count(1)
    await expect(seen(page, "La connexion est interrompue.")).to_be_hidden()
    await expect(page.locator(".message--person .bubble")).to_have_text(["une", "deux"])
    assert server.questions == ["une", "deux"]


async def test_a_message_received_before_the_interruption_is_not_shown_twice(
    page: Page, server: FakeChatServer
) -> None:
    await ask(page, "une")
    await answered(page)
    server.is_silent = True
    await ask(page, "deux")
    await until(lambda: len(server.frames) == 2)
    server._handle(server.frames[-1])
    server.is_silent = False
    await server.drop()
    await answered(page, 2)
    await expect(page.locator(".message--person .bubble")).to_have_text(["une", "deux"])
    await expect(seen(page, "Envoi…")).to_have_count(0)


async def test_a_message_without_acknowledgement_is_marked_and_sent_again_on_request(
    page: Page, server: FakeChatServer
) -> None:
    await page.clock.install()
    await page.reload()
    server.is_silent = True
    await ask(page, "écoutez-moi")
    await until(lambda: len(server.frames) == 1)
    await page.clock.fast_forward(11_000)
    await expect(seen(page, "Non envoyé")).to_be_visible()
    server.is_silent = False
    await page.get_by_role("button", name="Réessayer d’envoyer « écoutez-moi »").click()
    await answered(page)
    await expect(seen(page, "Non envoyé")).to_have_count(0)
    assert server.questions == ["écoutez-moi"]
    assert len({frame["client_id"] for frame in server.frames}) == 1


async def test_a_refused_message_says_why_and_can_be_sent_again(page: Page, server: FakeChatServer) -> None:
    server.refusal = {"code": "too_fast", "text": "Patientez une minute."}
    await ask(page, "vite")
    await expect(seen(page, "Non envoyé. Patientez une minute.")).to_be_visible()
    server.refusal = None
    await page.get_by_role("button", name="Réessayer d’envoyer").click()
    await answered(page)
    await expect(seen(page, "Non envoyé")).to_have_count(0)


async def test_a_first_message_that_cannot_start_a_conversation_is_kept(page: Page, server: FakeChatServer) -> None:
    await expect(transcript(page)).to_contain_text(GREETING)
    server.is_down = True
    await ask(page, "Comment adhérer ?")
    await expect(seen(page, "Non envoyé. Le service redémarre.")).to_be_visible()
    server.is_down = False
    await page.get_by_role("button", name="Réessayer d’envoyer").click()
    await answered(page)
    assert server.questions == ["Comment adhérer ?"]


async def test_where_no_websocket_passes_plain_requests_do(page: Page, server: FakeChatServer) -> None:
    await page.clock.install()
    await page.reload()
    server.refuses_sockets = True
    server.replies["combien"] = CLARIFY
    await ask(page, "combien")
    await expect(seen(page, "La connexion est interrompue.")).to_be_visible()
    await page.clock.fast_forward(2_000)
    await page.clock.resume()
    await page.get_by_role("button", name="Combien ça coûte").click()
    await answered(page)
    await page.get_by_role("button", name="Parler à un conseiller").click()
    await expect(transcript(page)).to_contain_text("Votre demande est transmise.")
    await server.say({"type": "reply", "outcome": "answered", "text": "Dit plus tard."})
    await page.clock.fast_forward(5_000)
    await expect(seen(page, "Dit plus tard.")).to_have_count(1)
    await expect(page.locator(".message--person .bubble")).to_have_text(
        ["combien", "Combien ça coûte", "Parler à un conseiller"]
    )
    assert server.questions == ["combien", "Combien ça coûte", "Parler à un conseiller"]


async def test_a_conversation_that_is_gone_is_said_and_a_new_one_begins(page: Page, server: FakeChatServer) -> None:
    await ask(page, "une")
    await answered(page)
    server.conversation = "erased meanwhile"
    await page.reload()
    await expect(seen(page, "La conversation précédente n’est plus disponible.")).to_be_visible()
    assert await page.evaluate(STORED) == [0, 0, ""]
    await ask(page, "deux")
    await answered(page)
    assert server.started == 2


async def test_the_service_may_be_down_at_first(page: Page, server: FakeChatServer) -> None:
    server.is_down = True
    await page.reload()
    await expect(seen(page, "Le service ne répond pas pour l’instant.")).to_be_visible()
    server.is_down = False
    await page.get_by_role("button", name="Réessayer").click()
    await expect(transcript(page)).to_contain_text(GREETING)
    await expect(page.get_by_role("button", name="Réessayer")).to_be_hidden()


async def test_starting_again_erases_after_a_confirmation(page: Page, server: FakeChatServer) -> None:
    await ask(page, "une")
    await answered(page)
    restart = page.get_by_role("button", name="Recommencer", exact=True)
    await restart.click()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await restart.click()
    await page.get_by_role("button", name="Continuer la conversation").click()
    await answered(page)
    assert not [call for call in server.calls if call.startswith("DELETE")]
    await restart.click()
    await page.get_by_role("button", name="Effacer et recommencer").click()
    await answered(page, 0)
    await expect(page.get_by_role("button", name=SUGGESTIONS[0])).to_be_visible()
    await until(lambda: "DELETE /api/conversations/conversation1" in server.calls)
    assert await page.evaluate(STORED) == [0, 0, ""]
    await ask(page, "nouvelle")
    await answered(page)
    assert server.started == 2


async def test_starting_again_warns_that_the_request_for_a_person_is_lost(page: Page) -> None:
    await page.get_by_role("button", name="Parler à un conseiller").click()
    await expect(seen(page, "Conseiller demandé.")).to_be_visible()
    await page.get_by_role("button", name="Recommencer", exact=True).click()
    await expect(page.get_by_role("dialog")).to_contain_text("votre demande de conseiller sera annulée")


async def test_two_thousand_characters_pass_and_one_more_is_refused_before_sending(
    page: Page, server: FakeChatServer
) -> None:
    message = page.get_by_label("Votre question")
    await message.fill("é" * 1700)
    await expect(seen(page, "restant")).to_have_count(0)
    await message.fill("é" * 1900)
    await expect(page.locator("#counter")).to_have_text("100 caractères restants")
    await message.fill("🙂" * 2001)
    await expect(page.locator("#counter")).to_have_text("Trop long de 1 caractère")
    await page.get_by_role("button", name="Envoyer", exact=True).click()
    await expect(message).to_have_value("🙂" * 2001)
    await expect(message).to_have_attribute("aria-invalid", "true")
    assert server.started == 0
    await ask(page, "🙂" * 2000)
    await answered(page)
    assert server.questions == ["🙂" * 2000]


async def test_the_keyboard_is_enough(page: Page, server: FakeChatServer) -> None:
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Aller à la saisie")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.type("première ligne")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("seconde ligne")
    await page.keyboard.press("Enter")
    await answered(page)
    assert server.questions == ["première ligne\nseconde ligne"]
    await expect(page.get_by_label("Votre question")).to_be_focused()


async def test_an_empty_message_is_not_sent(page: Page, server: FakeChatServer) -> None:
    await ask(page, "   \n ")
    await expect(page.get_by_label("Votre question")).to_be_focused()
    assert server.started == 0


async def test_the_typing_sign_goes_away_by_itself(page: Page, server: FakeChatServer) -> None:
    await page.clock.install()
    await page.reload()
    server.stays_typing = True
    await ask(page, "une")
    typing = seen(page, "prépare sa réponse")
    await expect(typing).to_be_visible()
    await page.clock.fast_forward(16_000)
    await expect(typing).to_be_hidden()


async def test_who_reads_further_up_is_not_pulled_down(page: Page, server: FakeChatServer) -> None:
    await page.set_viewport_size({"width": 400, "height": 600})
    for number in range(1, 5):
        await ask(page, "Comment adhérer ?")
        await answered(page, number)
    await page.mouse.move(200, 200)
    await page.mouse.wheel(0, -9000)
    await expect(seen(page, "Bonjour ! Je suis")).to_be_in_viewport()
    await server.say({"type": "reply", "outcome": "answered", "text": "Du nouveau."})
    newer = page.get_by_role("button", name="Nouveau message")
    await expect(newer).to_be_visible()
    await expect(page.locator(".message--bot .bubble").last).not_to_be_in_viewport()
    await newer.click()
    await expect(page.locator(".message--bot .bubble").last).to_be_in_viewport()
    await expect(newer).to_be_hidden()


CONTRASTS = """() => {
    const luminance = ([r, g, b]) => [r, g, b]
        .map(v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
    const numbers = colour => (colour.match(/[\\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
    const behind = node => {
        for (; node; node = node.parentElement) {
            const colour = numbers(getComputedStyle(node).backgroundColor);
            if (colour.length === 3 || colour[3] === 1) return colour;
        }
        return [255, 255, 255];
    };
    const poor = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const node = walker.currentNode.parentElement;
        if (!walker.currentNode.textContent.trim() || !node.checkVisibility() || node.closest(".hidden-text")) continue;
        const [light, dark] = [numbers(getComputedStyle(node).color), behind(node)]
            .map(luminance).sort((a, b) => b - a);
        const ratio = (light + .05) / (dark + .05);
        if (ratio < 4.5) poor.push([node.className || node.tagName, walker.currentNode.textContent, ratio]);
    }
    return poor;
}"""
CROWDED = """() => [...document.querySelectorAll("button, .answer__source a, textarea")]
    .filter(node => node.checkVisibility() && node.matches("button, textarea"))
    .map(node => node.getBoundingClientRect())
    .filter(box => box.width < 24 || box.height < 24).length"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 768, 1440])
async def test_every_size_and_scheme_can_be_read_and_used(
    page: Page, server: FakeChatServer, width: int, scheme: str
) -> None:
    await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    await page.set_viewport_size({"width": width, "height": 800})
    assert await page.evaluate(CONTRASTS) == []
    server.replies["euh"] = CLARIFY
    await ask(page, "Comment adhérer ?")
    await answered(page)
    await ask(page, "un-mot-" + "très" * 60 + "-long")
    await answered(page, 2)
    server.refusal = {"code": "too_fast", "text": "Patientez une minute."}
    await ask(page, "refusé")
    await expect(seen(page, "Non envoyé.")).to_be_visible()
    server.refusal = None
    await ask(page, "euh")
    await expect(page.get_by_role("button", name="Combien ça coûte")).to_be_visible()
    await page.get_by_role("button", name="Parler à un conseiller").click()
    await expect(seen(page, "Conseiller demandé.")).to_be_visible()
    await page.get_by_label("Votre question").fill("x" * 2010)
    assert await page.evaluate(CONTRASTS) == []
    assert await page.evaluate(CROWDED) == 0
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await expect(page.get_by_role("button", name="Parler à un conseiller")).to_be_in_viewport(ratio=1)
