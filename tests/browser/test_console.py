"""An agent's day in the console: queue, conversation, its end, callbacks, messages, history; and what goes wrong."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from playwright.async_api import Route, expect

from tests.browser.console_page import ConsolePage
from tests.browser.fake_desk import CSRF, FakeDesk, ago
from tests.browser.fake_gateway import until
from tests.browser.payloads import PAYLOADS

pytestmark = pytest.mark.asyncio(loop_scope="session")

WORDS = "Je n’arrive pas à déclarer"


def asked(desk: FakeDesk, path: str) -> list[dict[str, Any]]:
    return [body for called, body in desk.calls if called == path]


# -- coming in --


async def test_a_wrong_password_is_told_and_the_second_factor_is_asked_for(
    console: ConsolePage, desk: FakeDesk
) -> None:
    desk.signed_in, desk.totp = False, "123456"
    await console.open()
    await console.page.get_by_label("Identifiant").fill("jeanne")
    await console.page.get_by_label("Mot de passe", exact=True).fill("faux")
    await console.button("Se connecter").click()
    await expect(console.page.get_by_text("Identifiant ou mot de passe incorrect.")).to_be_visible()
    await console.page.get_by_label("Mot de passe", exact=True).fill("cheval agrafe pile")
    await console.page.keyboard.press("Enter")
    code = console.page.get_by_label("Code à six chiffres")
    await expect(code).to_be_focused()
    await code.fill("123456")
    await console.page.keyboard.press("Enter")
    await console.ready()


async def test_a_session_that_has_ended_leads_back_to_the_login(console: ConsolePage, desk: FakeDesk) -> None:
    await console.open()
    await console.ready()
    desk.signed_in = False
    await desk.cut()
    await expect(console.page.get_by_role("heading", name="Connexion")).to_be_visible()


async def test_what_waits_when_the_session_ends_is_told_at_the_login_and_never_done_by_who_comes_next(
    console: ConsolePage, desk: FakeDesk
) -> None:
    answer, sent = asyncio.Event(), asyncio.Event()

    async def late(route: Route) -> None:
        sent.set()
        await answer.wait()
        await route.continue_()

    await console.page.route("**/return", late)
    await taken(console, desk)
    await console.page.locator("body").press("b")  # to the bot
    await sent.wait()
    await console.page.locator("body").press("x")  # and end it, once that is done
    desk.signed_in = False
    await console.page.get_by_role("link", name="Historique").click()
    await expect(console.page.get_by_role("heading", name="Connexion")).to_be_visible()
    told = console.page.get_by_role("alert").filter(has_text="Vous n’êtes plus connecté.")
    await expect(told).to_contain_text("Ceci n’a pas été fait : terminer l’échange.")
    assert await console.axe() == []
    await console.page.get_by_label("Identifiant").fill("karim")
    await console.page.get_by_label("Mot de passe", exact=True).fill("cheval agrafe pile")
    await console.page.keyboard.press("Enter")
    await console.ready()
    await expect(told).to_have_count(0)
    answer.set()
    await until(lambda: asked(desk, "/api/desk/handovers/h1/return") == [{}])
    await console.page.get_by_role("switch", name="Disponible").click()
    await until(lambda: asked(desk, "/api/desk/presence") != [])  # whatever was to be sent before it has been
    assert asked(desk, "/api/desk/handovers/h1/close") == []
    await expect(console.toast).to_have_count(0)


async def test_the_provider_s_button_leads_to_the_provider(console: ConsolePage, desk: FakeDesk) -> None:
    desk.signed_in = False
    await console.open()
    provider = console.page.get_by_role("link", name="S’identifier avec ProConnect")
    await expect(provider).to_have_attribute("href", "/api/accounts/oidc/start")


# -- the queue --


async def test_the_queue_shows_who_waits_in_their_order_with_their_words_and_how_long(
    console: ConsolePage, desk: FakeDesk
) -> None:
    desk.waits("la plus récente", seconds=20)
    desk.waits("la plus ancienne", seconds=200, channel="phone", reason="not_understood")
    desk.waits("rendue par un collègue", seconds=5, front=True)
    await console.open()
    await expect(console.rows).to_have_count(3)
    await expect(console.rows.nth(0)).to_contain_text("rendue par un collègue")
    await expect(console.rows.nth(0)).to_contain_text("Reprise")
    await expect(console.rows.nth(1)).to_contain_text("Mal entendu plusieurs fois")
    await expect(console.rows.nth(1)).to_contain_text("Téléphone")
    await expect(console.rows.nth(1).locator("time")).to_contain_text("attend depuis 3")
    await expect(console.rows.nth(2)).to_contain_text("la plus récente")


async def test_a_new_request_appears_is_announced_and_counted_in_the_title(
    console: ConsolePage, desk: FakeDesk
) -> None:
    await console.open()
    await expect(console.page.get_by_text("Personne n’attend")).to_be_visible()
    desk.changed(desk.waits(WORDS))
    await expect(console.rows).to_have_count(1)
    await expect(console.announcer).to_contain_text("Une nouvelle demande attend.")
    await expect(console.page).to_have_title("(1) File d’attente – Guichet")
    await console.button("Réglages").click()
    await console.page.get_by_label("Compteur dans le titre de l’onglet").uncheck()
    await expect(console.page).to_have_title("File d’attente – Guichet")


async def test_what_another_agent_took_is_told_in_the_server_s_words(console: ConsolePage, desk: FakeDesk) -> None:
    desk.waits(WORDS)
    desk.refusals["take"] = (409, "taken", "Karim B. a déjà pris cette demande.")
    await console.open()
    await console.choose(WORDS)
    await console.button("Prendre", exact=True).click()
    await expect(console.toast).to_contain_text("Karim B. a déjà pris cette demande.")


async def test_an_offer_can_be_declined(console: ConsolePage, desk: FakeDesk) -> None:
    desk.waits(WORDS, state="offered", agent={"id": "jeanne", "name": "Jeanne D."}, deadline=ago(-30))
    await console.open()
    await expect(console.rows.nth(0)).to_contain_text("encore 0:")
    await console.choose(WORDS)
    await console.button("Décliner").click()
    await until(lambda: desk.handovers["h1"]["state"] == "queued")
    await expect(console.page.locator(".group-title", has_text="En attente")).to_be_visible()


async def test_two_hundred_waiting_are_all_there_and_reached_by_the_keyboard(
    console: ConsolePage, desk: FakeDesk
) -> None:
    for number in range(200):
        desk.waits(f"demande numéro {number}.", seconds=1000 - number)
    await console.open()
    await expect(console.rows).to_have_count(200)
    await expect(console.page.get_by_text("200 personnes attendent")).to_be_visible()
    await console.page.keyboard.press("j")
    await expect(console.log.filter(has_text="demande numéro 0.")).to_be_visible()
    await console.page.keyboard.press("j")
    await expect(console.log.filter(has_text="demande numéro 1.")).to_be_visible()


# -- a conversation --


async def taken(console: ConsolePage, desk: FakeDesk, words: str = WORDS) -> None:
    desk.waits(words)
    await console.open()
    await console.choose(words)
    await console.button("Prendre", exact=True).click()
    await expect(console.reply).to_be_visible()


async def test_take_read_answer_and_conclude_in_two_clicks(console: ConsolePage, desk: FakeDesk) -> None:
    await taken(console, desk)
    await console.reply.fill("Bonjour, je regarde.")
    await console.page.keyboard.press("Enter")
    await expect(console.log.last).to_contain_text("Bonjour, je regarde.")
    await expect(console.page.locator(".delivery")).to_have_count(0)
    await expect(console.log.filter(has_text="Bonjour, je regarde.")).to_have_count(1)
    desk.visitor_says("c1", "Merci, c’est clair.")
    await expect(console.log.last).to_contain_text("Merci, c’est clair.")
    await expect(console.announcer).to_contain_text("Le visiteur écrit : Merci, c’est clair.")
    await console.button("Terminer").click()
    await console.button("Réponse manquante").click()
    await until(lambda: asked(desk, "/api/desk/handovers/h1/wrap_up") == [{"verdict": "missing_answer"}])
    await expect(console.page.get_by_text("Personne n’attend")).to_be_visible()
    assert CSRF, "every write carried it, or the fake had refused"


async def test_of_two_verdicts_pressed_one_after_the_other_the_first_counts(
    console: ConsolePage, desk: FakeDesk
) -> None:
    answer = asyncio.Event()
    sent: list[Any] = []

    async def late(route: Route) -> None:
        sent.append(route.request.post_data_json)
        await answer.wait()
        await route.continue_()

    await console.page.route("**/wrap_up", late)
    await taken(console, desk)
    await console.button("Terminer").click()
    await console.button("Oui").click()
    await until(lambda: sent != [])
    await console.button("Réponse fausse").click(force=True)  # a slip, before the desk has answered
    answer.set()
    await expect(console.announcer).to_contain_text("Conversation conclue.")
    await console.page.get_by_role("switch", name="Disponible").click()
    await until(lambda: asked(desk, "/api/desk/presence") != [])  # whatever was to be sent before it has been
    assert sent == asked(desk, "/api/desk/handovers/h1/wrap_up") == [{"verdict": "right"}]


async def test_a_misunderstanding_names_the_right_subject(console: ConsolePage, desk: FakeDesk) -> None:
    await taken(console, desk)
    await console.button("Terminer").click()
    await console.button("Mal compris").click()
    await console.page.get_by_label("Filtrer les sujets").fill("declarer")
    await console.page.get_by_label("De quel sujet s’agissait-il").select_option(label="Jusqu’à quand déclarer")
    await console.button("Conclure", exact=True).click()
    wanted = [{"verdict": "wrong_intent", "intent": "declaration_delai"}]
    await until(lambda: asked(desk, "/api/desk/handovers/h1/wrap_up") == wanted)


async def test_a_reply_that_did_not_arrive_is_kept_and_sent_again_as_the_same(
    console: ConsolePage, desk: FakeDesk
) -> None:
    await taken(console, desk)
    desk.refusals["messages"] = (503, "unavailable", "Le service ne répond pas.")
    await console.reply.fill("Une réponse précieuse")
    await console.button("Envoyer").click()
    await expect(console.page.locator(".delivery.failed")).to_contain_text("Le service ne répond pas.")
    desk.refusals.clear()
    await console.button("Renvoyer").click()
    await expect(console.page.locator(".delivery")).to_have_count(0)
    await expect(console.log.filter(has_text="Une réponse précieuse")).to_have_count(1)
    first, second = asked(desk, "/api/desk/conversations/c1/messages")
    assert first == second, "the same client_id: the server says it once"


async def test_one_key_inserts_a_verified_answer_outside_the_field_and_alt_within(
    console: ConsolePage, desk: FakeDesk
) -> None:
    await taken(console, desk)
    await expect(console.page.get_by_text("Le volet social s’envoie").first).to_be_visible()
    await console.page.locator("#conversation-title").focus()
    await console.page.keyboard.press("1")
    await expect(console.reply).to_have_value("Le volet social s’envoie dans le mois qui suit le paiement du salaire.")
    await expect(console.reply).to_be_focused()
    await console.page.keyboard.press("Alt+2")
    await expect(console.reply).to_have_value(
        "Le volet social s’envoie dans le mois qui suit le paiement du salaire.\n"
        "Dans votre espace, rubrique Bulletins : choisissez le salarié, puis le mois."
    )
    await console.page.keyboard.type(" 1 fois ?")
    await expect(console.reply).to_have_value(re.compile(r" 1 fois \?$"))


async def test_a_canned_text_is_found_by_its_words_and_inserted(console: ConsolePage, desk: FakeDesk) -> None:
    await taken(console, desk)
    await console.page.get_by_label("Chercher une réponse vérifiée").fill("instant")
    await expect(console.page.locator(".canned li")).to_have_count(1)
    await console.page.locator(".canned button").click()
    await expect(console.reply).to_have_value("Je consulte votre dossier, un instant s’il vous plaît.")


async def test_the_bot_s_view_shows_what_it_understood_and_answered_with_sources_and_dates(
    console: ConsolePage, desk: FakeDesk
) -> None:
    desk.waits(WORDS)
    await console.open()
    await console.choose(WORDS)
    await console.tab("Vue du robot").click()
    panel = console.page.get_by_role("tabpanel")
    await expect(panel.locator(".ranking li").first).to_contain_text("Jusqu’à quand déclarer")
    await expect(panel.locator(".ranking li").first).to_contain_text("71")
    await expect(panel).to_contain_text("Service-public.fr, fiche F766")
    await expect(panel).to_contain_text("Vérifiée le 21 novembre 2026")
    await expect(panel.get_by_role("link", name="Service-public.fr").first).to_have_attribute(
        "rel", "noopener noreferrer"
    )


async def test_a_private_note_is_kept_with_its_author(console: ConsolePage, desk: FakeDesk) -> None:
    desk.waits(WORDS)
    await console.open()
    await console.choose(WORDS)
    await console.page.keyboard.press("n")
    await console.page.keyboard.type("Déjà appelé ce matin")
    await console.button("Enregistrer la note").click()
    await expect(console.page.locator(".note-list .private")).to_contain_text("Déjà appelé ce matin")
    await expect(console.page.locator(".note-list .private")).to_have_count(1)
    await expect(console.page.get_by_label("Ajouter une note")).to_have_value("")


async def test_who_else_looks_and_writes_is_shown(console: ConsolePage, desk: FakeDesk) -> None:
    karim = desk.agent("karim", "Karim B.")
    desk.waits(WORDS)
    await console.open()
    await console.choose(WORDS)
    await until(lambda: {"type": "view", "conversation_id": "c1"} in desk.frames)
    karim["viewing"] = "c1"
    desk.changed(karim)
    await expect(console.page.locator(".company")).to_have_text("Karim B. regarde aussi cette conversation")
    who = {"id": "karim", "name": "Karim B."}
    desk.send({"type": "agent_typing", "conversation_id": "c1", "agent": who, "on": True})
    await expect(console.page.locator(".company")).to_have_text("Karim B. est en train d’écrire")


async def test_a_conversation_is_passed_on_to_a_colleague(console: ConsolePage, desk: FakeDesk) -> None:
    desk.agent("karim", "Karim B.")
    await taken(console, desk)
    await console.page.locator("#conversation-title").focus()
    await console.page.keyboard.press("t")
    dialog = console.page.get_by_role("dialog", name="Transférer la conversation")
    await dialog.get_by_role("button", name="Transférer", exact=True).click()
    await expect(dialog.get_by_role("alert")).to_have_text("Choisissez un collègue ou une équipe.")
    await dialog.get_by_text("Karim B.").click()
    await dialog.get_by_label("Mot pour la personne").fill("Il connaît ce dossier")
    await dialog.get_by_role("button", name="Transférer", exact=True).click()
    await expect(dialog).to_have_count(0)
    assert asked(desk, "/api/desk/handovers/h1/transfer") == [{"agent_id": "karim", "note": "Il connaît ce dossier"}]
    await expect(console.page.get_by_text("Avec Karim B.")).to_be_visible()


async def test_a_conversation_is_given_back_to_the_bot(console: ConsolePage, desk: FakeDesk) -> None:
    await taken(console, desk)
    await console.button("Rendre au robot").click()
    await expect(console.page.get_by_text("le robot avait-il raison")).to_be_visible()
    await console.button("Oui").click()
    await until(lambda: asked(desk, "/api/desk/handovers/h1/wrap_up") == [{"verdict": "right"}])


async def test_a_call_shows_what_was_heard_and_how_surely_and_cannot_be_written_to(
    console: ConsolePage, desk: FakeDesk
) -> None:
    desk.waits("je veux quelqu’un", channel="phone", callback_number="+33612345678", phase="listening")
    await console.open()
    await console.choose("je veux quelqu’un")
    await expect(console.log.filter(has_text="compris à 83")).to_be_visible()
    await expect(console.page.get_by_role("link", name="06 12 34 56 78")).to_have_attribute("href", "tel:+33612345678")
    await expect(console.page.get_by_text("C’est un appel")).to_be_visible()


async def test_a_conversation_that_was_erased_says_so(console: ConsolePage, desk: FakeDesk) -> None:
    await console.open("#/queue/inconnue")
    await expect(console.page.get_by_text("Cette conversation n’existe plus")).to_be_visible()


async def test_the_browser_s_back_button_closes_the_conversation(console: ConsolePage, desk: FakeDesk) -> None:
    desk.waits(WORDS)
    await console.open()
    await console.choose(WORDS)
    await console.page.go_back()
    await expect(console.page.get_by_text("Choisissez une demande")).to_be_visible()


async def test_a_draft_survives_a_look_at_another_conversation(console: ConsolePage, desk: FakeDesk) -> None:
    await taken(console, desk)
    await console.reply.fill("à moitié écrit")
    desk.changed(desk.waits("une autre personne"))
    await console.choose("une autre personne")
    await console.choose(WORDS)
    await expect(console.reply).to_have_value("à moitié écrit")


# -- when the line to the server is cut --


async def test_after_a_cut_the_console_says_so_comes_back_and_has_missed_nothing(
    console: ConsolePage, desk: FakeDesk
) -> None:
    await taken(console, desk)
    desk.down = True
    await desk.cut()
    await expect(console.page.get_by_text("Connexion interrompue.")).to_be_visible()
    desk.visitor_says("c1", "dit pendant la coupure")
    desk.waits("arrivé pendant la coupure")
    await console.button("Reconnecter maintenant").click()
    desk.down = False
    await expect(console.page.get_by_text("Connexion interrompue.")).to_have_count(0)
    await expect(console.log.filter(has_text="dit pendant la coupure")).to_have_count(1)
    await expect(console.rows.filter(has_text="arrivé pendant la coupure")).to_have_count(1)


# -- presence, shortcuts --


async def test_presence_is_a_switch_and_so_is_its_key(console: ConsolePage, desk: FakeDesk) -> None:
    await console.open()
    switch = console.page.get_by_role("switch", name="Disponible")
    await expect(switch).to_be_checked()
    await switch.click()
    await expect(switch).not_to_be_checked()
    await expect(console.page.get_by_text("Vous êtes absent : rien ne vous sera proposé.")).to_be_visible()
    await console.page.keyboard.press("d")
    await expect(switch).to_be_checked()
    assert asked(desk, "/api/desk/presence") == [{"status": "away"}, {"status": "available"}]


async def test_shortcuts_have_an_overview_and_an_off_switch_that_is_remembered(
    console: ConsolePage, desk: FakeDesk
) -> None:
    desk.waits(WORDS)
    await console.open()
    await console.ready()
    await console.page.keyboard.press("?")
    dialog = console.page.get_by_role("dialog", name="Raccourcis clavier")
    await expect(dialog).to_contain_text("Prendre la première demande en attente")
    await dialog.get_by_label("Activer les raccourcis").uncheck()
    await console.page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await console.page.reload()
    await console.ready()
    await console.page.keyboard.press("s")
    await console.page.keyboard.press("d")
    await console.page.keyboard.press("?")
    await expect(dialog).to_have_count(0)
    assert desk.calls == []


async def test_a_letter_typed_in_a_field_is_a_letter(console: ConsolePage, desk: FakeDesk) -> None:
    await taken(console, desk)
    await console.reply.press_sequentially("xbtd?")
    await expect(console.reply).to_have_value("xbtd?")
    assert [path for path, _ in desk.calls] == ["/api/desk/handovers/h1/take"]


# -- callbacks, messages, history --


async def test_a_callback_is_dialled_and_marked_kept(console: ConsolePage, desk: FakeDesk) -> None:
    desk.promised("Mme Arnaud", "+33612345678", due=-60)
    desk.promised("M. Petit", "+33145678901", due=3600)
    await console.open("#/callbacks")
    first = console.page.locator(".card").nth(0)
    await expect(first).to_contain_text("Mme Arnaud")
    await expect(first).to_contain_text("En retard")
    await console.button("Appeler Mme Arnaud").click()
    await expect(first).to_contain_text("Vous appelez")
    await first.get_by_label("Remarque").fill("Tout est réglé")
    await console.button("Rappel fait").click()
    await expect(console.page.locator(".card.kept")).to_contain_text("Tout est réglé")
    assert asked(desk, "/api/desk/callbacks/b1/kept") == [{"note": "Tout est réglé"}]


async def test_a_call_that_nobody_answers_can_be_made_again(console: ConsolePage, desk: FakeDesk) -> None:
    desk.service["can_dial"] = False
    desk.promised("Mme Arnaud", "+33612345678")
    await console.open("#/callbacks")
    await console.button("J’appelle moi-même").click()
    await console.button("Pas de réponse").click()
    await console.button("À rappeler de nouveau").click()
    await until(lambda: desk.callbacks["b1"]["state"] == "promised")
    assert asked(desk, "/api/desk/callbacks/b1/dial") == [{"by_hand": True}]


async def test_a_written_message_is_answered_and_marked_done(console: ConsolePage, desk: FakeDesk) -> None:
    desk.written("Claire", "claire@asso.example", "Je n’ai pas reçu mon attestation.")
    desk.written("Roux", "javascript:alert(1)", "Bonjour")
    await console.open("#/messages")
    cards = console.page.locator(".card")
    await expect(cards.nth(0).get_by_role("link", name="claire@asso.example")).to_have_attribute(
        "href", "mailto:claire@asso.example"
    )
    await expect(cards.nth(1).get_by_role("link", name="javascript")).to_have_count(0)
    await cards.nth(0).get_by_label("Suite donnée").fill("Envoyée")
    await console.button("Traité : Claire").click()
    await expect(console.page.get_by_text("Traité par Jeanne D.")).to_be_visible()
    assert asked(desk, "/api/desk/messages/m1/done") == [{"note": "Envoyée"}]


async def test_two_thousand_past_conversations_come_a_page_at_a_time_and_are_searched_by_the_server(
    console: ConsolePage, desk: FakeDesk
) -> None:
    for number in range(2000):
        desk.past.append(
            {"id": f"p{number}", "channel": "web", "started_at": ago(3600 * number), "ended_at": None,
             "turns": 2, "excerpt": f"question {number:04}", "subjects": ["Le prélèvement"], "handover": None,
             "verdict": "right" if number % 2 else None}
        )  # fmt: skip
    await console.open("#/history")
    await expect(console.rows).to_have_count(30)
    await console.button("Afficher la suite").click()
    await expect(console.rows).to_have_count(60)
    await console.page.locator("body").press("/")
    await console.page.get_by_label("Mots, ou début d’un identifiant").fill("question 1999")
    await expect(console.rows).to_have_count(1)
    await expect(console.rows).to_contain_text("question 1999")
    await console.page.get_by_label("Mots, ou début d’un identifiant").fill("introuvable")
    await expect(console.page.get_by_text("Aucune conversation ne correspond")).to_be_visible()


# -- hostile text --


async def test_whatever_visitors_and_callers_write_is_text_everywhere(console: ConsolePage, desk: FakeDesk) -> None:
    everything = "\n".join(PAYLOADS)
    handover = desk.waits(everything, team=PAYLOADS[0], summary=everything)
    detail = desk.details[handover["conversation_id"]]
    detail["payload"]["slots"] = {PAYLOADS[0]: PAYLOADS[1]}
    author = {"id": "x", "name": PAYLOADS[4]}
    detail["notes"] = [{"id": "n", "at": ago(1), "agent": author, "text": everything}]
    detail["messages"] += [
        {"type": "person", "seq": 10 + place, "at": ago(1), "text": text} for place, text in enumerate(PAYLOADS)
    ] + [{"type": "agent", "seq": 1000, "at": ago(1), "name": PAYLOADS[5], "text": everything}]
    desk.promised(everything, "+33612345678", note=everything, summary=everything)
    desk.written(everything, everything, everything)
    desk.agent("evil", everything, viewing=handover["conversation_id"])
    await console.open()
    await console.rows.nth(0).locator("a").click()
    await console.page.get_by_text("messages précédents").click()
    shown = await console.page.locator(".log .entry.visitor .bubble").all_inner_texts()
    assert [text for text in PAYLOADS if text.strip() and text.strip() not in {one.strip() for one in shown}] == []
    for tab in ("Vue du robot", "Notes"):
        await console.tab(tab).click()
        await expect(console.page.get_by_role("tabpanel")).to_contain_text("window.xss")
    for place in ("#/callbacks", "#/messages"):
        await console.page.evaluate(f"location.hash = '{place}'")
        await expect(console.page.locator(".card")).to_contain_text("window.xss")
    assert await console.page.evaluate("window.xss") is None
    injected = "#console :is(script, iframe, object, embed, form[action], img[src^='x'], base, meta, link, marquee)"
    assert await console.page.locator(injected).count() == 0
    links = await console.page.locator("#console a").evaluate_all("links => links.map((one) => one.protocol)")
    assert set(links) <= {"http:", "https:", "mailto:", "tel:"}
