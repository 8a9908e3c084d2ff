"""Accounts, the audit log and one's own account in the console, as an administrator and as anybody uses them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import expect

from tests.browser.console_page import ConsolePage
from tests.browser.fake_accounts import PASSWORD, FakeAccounts
from tests.browser.fake_desk import FakeDesk, ago
from tests.browser.payloads import PAYLOADS

pytestmark = pytest.mark.asyncio(loop_scope="session")

USERS = "/api/accounts/users"
State = Callable[[ConsolePage, FakeDesk], Awaitable[None]]


def asked(desk: FakeDesk, path: str) -> list[object]:
    return [body for called, body in desk.calls if called == path]


@pytest.fixture
def people(desk: FakeDesk) -> FakeAccounts:
    """Jeanne administers; with her an agent, a supervisor and somebody who has left."""
    people = desk.accounts
    people.users["jeanne"] |= {"role": "administrator", "totp": True, "sessions": 1}
    people.add("karim", "Karim B.", "agent", teams=["paie"], sessions=1)
    people.add("sophie", "Sophie L.", "supervisor", totp=True, signed_in_at=ago(86400))  # yesterday, at any hour
    people.add("nadia", "Nadia K.", "agent", disabled_at=ago(8e5), must_change_password=True)
    return people


async def accounts(console: ConsolePage, desk: FakeDesk) -> None:
    await console.open("#/accounts")
    await expect(console.page.locator(".person")).to_have_count(len(desk.accounts.users))


async def edit(console: ConsolePage, desk: FakeDesk, name: str = "Karim B.") -> None:
    await accounts(console, desk)
    await console.button(f"Modifier le compte de {name}").click()
    await expect(console.page.get_by_role("dialog", name=name)).to_be_visible()


# -- who sees what --


@pytest.mark.parametrize(
    ("role", "pages"),
    [("agent", []), ("editor", []), ("supervisor", ["audit"]), ("administrator", ["accounts", "audit"])],
)
async def test_each_role_finds_the_pages_it_may_use_and_no_others(
    console: ConsolePage, desk: FakeDesk, role: str, pages: list[str]
) -> None:
    desk.accounts.users["jeanne"]["role"] = role
    for page in ("accounts", "audit"):
        await console.open(f"#/{page}")
        await console.page.reload()
        title = {"accounts": "Comptes", "audit": "Journal d’audit"}[page]
        elsewhere = "Historique" if role == "editor" else "File d’attente"
        shown = title if page in pages else elsewhere
        await expect(console.page.get_by_role("heading", level=2, name=shown)).to_be_visible()
    await expect(console.page.get_by_role("link", name="Gestion")).to_have_count(min(1, len(pages)))


# -- the list --


async def test_the_list_tells_the_state_of_each_account_and_is_searched(
    console: ConsolePage, desk: FakeDesk, people: FakeAccounts
) -> None:
    await accounts(console, desk)
    rows = console.page.locator(".person")
    await expect(rows.filter(has_text="Jeanne D.")).to_contain_text("Vous")
    await expect(rows.filter(has_text="Karim B.")).to_contain_text("1 navigateur connecté")
    await expect(rows.filter(has_text="Karim B.")).to_contain_text("Sans double authentification")
    await expect(rows.filter(has_text="Sophie L.")).to_contain_text("Connexion hier")
    await expect(rows.filter(has_text="Nadia K.")).to_contain_text("Désactivé")
    await console.page.get_by_label("Chercher un compte").fill("CONSEILLER paie")
    await expect(rows).to_have_count(1)
    await console.page.get_by_label("Chercher un compte").fill("personne de ce nom")
    await expect(console.page.get_by_text("Aucun compte ne correspond")).to_be_visible()
    await console.page.get_by_label("Chercher un compte").fill("")
    await console.page.get_by_label("Afficher").select_option("disabled")
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("Nadia K.")


async def test_who_is_alone_is_told_what_accounts_are_for(console: ConsolePage, desk: FakeDesk) -> None:
    desk.accounts.users["jeanne"]["role"] = "administrator"
    await accounts(console, desk)
    await expect(console.page.get_by_text("Vous êtes seul pour l’instant")).to_be_visible()


async def test_a_list_that_does_not_come_says_so_and_is_asked_for_again(
    console: ConsolePage, desk: FakeDesk, people: FakeAccounts
) -> None:
    await console.open()
    await console.ready()
    desk.down = True
    await console.page.evaluate("location.hash = '#/accounts'")
    await expect(console.page.get_by_role("alert").filter(has_text="Le service est arrêté.")).to_be_visible()
    desk.down = False
    await console.button("Réessayer").click()
    await expect(console.page.locator(".person")).to_have_count(4)


# -- a new account --


async def test_a_new_account_has_a_temporary_password_that_is_shown_once(
    console: ConsolePage, desk: FakeDesk, people: FakeAccounts
) -> None:
    await console.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await accounts(console, desk)
    await console.button("Nouveau compte").click()
    await console.page.get_by_label("Identifiant").fill("claire.dupont")
    await console.page.get_by_label("Nom affiché").fill("Claire D.")
    await console.page.get_by_label("Rôle").select_option("editor")
    await console.page.get_by_label("Équipes").fill("CCAS, etat_civil")
    await console.button("Créer le compte").click()
    secret = console.page.get_by_role("textbox", name="Mot de passe provisoire")
    password = await secret.input_value()
    [body] = asked(desk, USERS)
    assert body == {
        "login": "claire.dupont", "name": "Claire D.", "role": "editor", "teams": ["ccas", "etat_civil"],
        "skills": [], "password": password,
    }  # fmt: skip
    assert len(password) >= 16
    await console.button("Copier").click()
    await expect(console.page.get_by_text("Copié", exact=True)).to_be_visible()
    assert await console.page.evaluate("navigator.clipboard.readText()") == password
    await console.button("C’est noté").click()
    await expect(console.page.get_by_role("dialog")).to_have_count(0)
    await expect(console.button("Nouveau compte")).to_be_focused()
    await expect(console.page.locator(".person").filter(has_text="Claire D.")).to_contain_text("Mot de passe à changer")
    assert password not in await console.page.content()
    assert await console.page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])") == "[{},{}]"


async def test_two_new_accounts_never_get_the_same_password(
    console: ConsolePage, desk: FakeDesk, people: FakeAccounts
) -> None:
    await accounts(console, desk)
    for login in ("un", "deux"):
        await console.button("Nouveau compte").click()
        await console.page.get_by_label("Identifiant").fill(login)
        await console.button("Créer le compte").click()
        await console.button("C’est noté").click()
    one, other = asked(desk, USERS)
    assert isinstance(one, dict)
    assert isinstance(other, dict)
    assert one["password"] != other["password"]


async def test_a_refused_account_says_why_and_keeps_what_was_typed(
    console: ConsolePage, desk: FakeDesk, people: FakeAccounts
) -> None:
    await accounts(console, desk)
    await console.button("Nouveau compte").click()
    await console.page.get_by_label("Identifiant").fill("karim@mairie.example")
    await console.button("Créer le compte").click()
    await expect(console.page.get_by_role("alert")).to_have_text("Un compte porte déjà cet identifiant.")
    await expect(console.page.get_by_label("Identifiant")).to_have_value("karim@mairie.example")


# -- changing one --


async def test_a_changed_account_is_saved_and_put_back_by_one_press(
    console: ConsolePage, desk: FakeDesk, people: FakeAccounts
) -> None:
    await edit(console, desk)
    dialog = console.page.get_by_role("dialog")
    await expect(dialog.get_by_text("déconnectée aussitôt")).to_have_count(0)
    await dialog.get_by_label("Rôle").select_option("supervisor")
    await expect(dialog.get_by_text("déconnectée aussitôt")).to_be_visible()
    await dialog.get_by_label("Compétences").fill("en")
    await dialog.get_by_role("button", name="Enregistrer").click()
    row = console.page.locator(".person").filter(has_text="Karim B.")
    await expect(row).to_contain_text("Superviseur")
    await expect(console.button("Modifier le compte de Karim B.")).to_be_focused()
    await console.button("Annuler cette modification").click()
    await expect(row).to_contain_text("Conseiller")
    await expect(console.page.get_by_role("status").filter(has_text="C’est annulé")).to_be_focused()
    assert asked(desk, f"{USERS}/karim") == [
        {"role": "supervisor", "skills": ["en"]}, {"role": "agent", "skills": []},
    ]  # fmt: skip


async def test_disabling_is_confirmed_and_can_be_undone(
    console: ConsolePage, desk: FakeDesk, people: FakeAccounts
) -> None:
    await edit(console, desk)
    await console.button("Désactiver le compte…").click()
    question = console.page.get_by_role("group", name="déconnectée aussitôt")
    await expect(question.get_by_text("Rien n’est effacé")).to_be_focused()
    await question.get_by_role("button", name="Annuler").click()
    await expect(console.button("Désactiver le compte…")).to_be_focused()
    assert asked(desk, f"{USERS}/karim") == []
    await console.button("Désactiver le compte…").click()
    await console.button("Désactiver le compte", exact=True).click()
    row = console.page.locator(".person").filter(has_text="Karim B.")
    await expect(row).to_contain_text("Désactivé")
    await expect(console.page.get_by_role("status").filter(has_text="Compte de Karim B. désactivé.")).to_be_visible()
    await console.button("Annuler cette modification").click()
    await expect(row).to_contain_text("Actif")
    assert asked(desk, f"{USERS}/karim") == [{"disabled": True}, {"disabled": False}]


async def test_a_disabled_account_is_enabled_without_a_question(
    console: ConsolePage, desk: FakeDesk, people: FakeAccounts
) -> None:
    await edit(console, desk, "Nadia K.")
    await console.button("Réactiver le compte").click()
    await expect(console.page.locator(".person").filter(has_text="Nadia K.")).to_contain_text("Actif")


async def test_a_new_password_is_confirmed_and_shown_once(
    console: ConsolePage, desk: FakeDesk, people: FakeAccounts
) -> None:
    await edit(console, desk)
    await console.button("Nouveau mot de passe…").click()
    await console.button("Remplacer le mot de passe").click()
    password = await console.page.get_by_role("textbox", name="Mot de passe provisoire").input_value()
    assert asked(desk, f"{USERS}/karim") == [{"password": password}]
    await console.button("C’est noté").click()
    row = console.page.locator(".person").filter(has_text="Karim B.")
    await expect(row).to_contain_text("Mot de passe à changer")
    await expect(console.button("Annuler cette modification")).to_have_count(0)


async def test_a_second_factor_is_taken_off_only_where_there_is_one_and_sessions_are_ended(
    console: ConsolePage, desk: FakeDesk, people: FakeAccounts
) -> None:
    people.users["karim"]["totp"] = True
    await edit(console, desk)
    await expect(console.page.get_by_role("dialog")).to_contain_text("Firefox sur Windows")
    await console.button("Retirer…").click()
    await console.button("Retirer la double authentification").click()
    await expect(console.page.get_by_text("Double authentification de Karim B. retirée.")).to_be_visible()
    assert asked(desk, f"{USERS}/karim") == [{"totp": False}]
    people.users["karim"]["sessions"] = 2
    await edit(console, desk, "Sophie L.")
    await expect(console.button("Déconnecter partout…")).to_have_count(0)
    await console.page.keyboard.press("Escape")
    await console.page.reload()
    await edit(console, desk)
    await expect(console.button("Retirer…")).to_have_count(0)
    await console.button("Déconnecter partout…").click()
    await console.button("Déconnecter partout", exact=True).click()
    await expect(console.page.get_by_text("Toutes les connexions de Karim B. sont fermées.")).to_be_visible()
    assert asked(desk, f"{USERS}/karim/sessions") == [{}]


async def test_an_account_is_removed_for_good_only_after_a_question(
    console: ConsolePage, desk: FakeDesk, people: FakeAccounts
) -> None:
    await edit(console, desk)
    await console.button("Supprimer le compte…").click()
    assert "karim" in people.users
    await console.button("Supprimer pour toujours").click()
    await expect(console.page.locator(".person")).to_have_count(3)
    await expect(console.button("Annuler cette modification")).to_have_count(0)


async def test_nobody_takes_their_own_rights_away_here(
    console: ConsolePage, desk: FakeDesk, people: FakeAccounts
) -> None:
    await edit(console, desk, "Jeanne D.")
    dialog = console.page.get_by_role("dialog")
    await expect(dialog.get_by_label("Rôle")).to_be_disabled()
    for name in ("Désactiver le compte…", "Supprimer le compte…", "Nouveau mot de passe…", "Déconnecter partout…"):
        await expect(dialog.get_by_role("button", name=name)).to_have_count(0)
    await dialog.get_by_role("link", name="Mon compte").click()
    await expect(console.page.get_by_role("heading", name="Mon compte")).to_be_visible()


async def test_what_the_server_refuses_is_read_where_it_was_pressed(
    console: ConsolePage, desk: FakeDesk, people: FakeAccounts
) -> None:
    desk.refusals["sophie"] = (409, "last_administrator", "Il doit rester au moins un administrateur actif.")
    await edit(console, desk, "Sophie L.")
    await console.button("Désactiver le compte…").click()
    await console.button("Désactiver le compte", exact=True).click()
    await expect(
        console.page.get_by_role("dialog").get_by_role("alert").filter(has_text="Il doit rester")
    ).to_be_visible()


async def test_a_session_that_is_over_leads_to_the_sign_in(
    console: ConsolePage, desk: FakeDesk, people: FakeAccounts
) -> None:
    desk.refusals["karim"] = (401, "unauthorized", "Vous n’êtes pas connecté.")
    await edit(console, desk)
    await console.page.get_by_role("dialog").get_by_label("Nom affiché").fill("Karim")
    await console.button("Enregistrer").click()
    await expect(console.button("Se connecter")).to_be_visible()


async def test_the_keyboard_is_enough_to_change_an_account(
    console: ConsolePage, desk: FakeDesk, people: FakeAccounts
) -> None:
    await accounts(console, desk)
    await console.button("Modifier le compte de Karim B.").focus()
    await console.page.keyboard.press("Enter")
    dialog = console.page.get_by_role("dialog")
    await dialog.get_by_label("Nom affiché").focus()
    await console.page.keyboard.press("Control+a")
    await console.page.keyboard.type("Karim Benali s")  # letters are text here, not shortcuts
    await console.page.keyboard.press("Enter")
    await expect(console.page.locator(".person").filter(has_text="Karim Benali s")).to_have_count(1)
    await console.page.keyboard.press("Enter")
    await expect(dialog).to_be_visible()
    await console.page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await expect(console.button("Modifier le compte de Karim Benali s")).to_be_focused()


async def test_hostile_names_are_text(console: ConsolePage, desk: FakeDesk, people: FakeAccounts) -> None:
    for place, text in enumerate(PAYLOADS):
        people.add(f"h{place}", text, "agent", login=text, teams=[text])
        people.writes(f"user:h{place}", text, f"user:h{place}", why=text)
    await accounts(console, desk)
    await console.button("Modifier le compte de").nth(5).click()
    await console.page.keyboard.press("Escape")
    await console.page.evaluate("location.hash = '#/audit'")
    await expect(console.page.locator(".log-table tbody tr")).to_have_count(50)
    assert await console.page.evaluate("window.xss") is None
    injected = "#console :is(script, iframe, object, embed, form[action], img[src^='x'], base, meta, link, marquee)"
    assert await console.page.locator(injected).count() == 0


# -- the audit log --


async def test_the_log_is_read_by_pages_filtered_and_verified(
    console: ConsolePage, desk: FakeDesk, people: FakeAccounts
) -> None:
    for number in range(70):
        people.writes("user:karim", "conversation.read", f"conversation:c{number}", 9000 - number)
    people.writes("user:sophie", "conversations.exported", "desk:export", 30, rows=214, complete=True)
    people.writes("user:0d5e1f00aa", "account.signed_out", "session:1", 20)
    await console.open("#/audit")
    rows = console.page.locator(".log-table tbody tr")
    await expect(rows).to_have_count(50)
    await expect(rows.nth(0)).to_contain_text("compte supprimé (0d5e1f)")
    await expect(rows.nth(1)).to_contain_text("a exporté des conversations")
    await expect(rows.nth(1)).to_contain_text("lignes : 214")
    await console.button("Afficher la suite").click()
    await expect(rows).to_have_count(72)
    await expect(console.button("Afficher la suite")).to_have_count(0)
    await console.page.get_by_label("Qui", exact=True).select_option(label="Sophie L.")
    await expect(rows).to_have_count(1)
    await console.page.get_by_label("Qui", exact=True).select_option("")
    await console.page.get_by_label("Quoi", exact=True).select_option(label="Connexions")
    await expect(rows).to_have_count(1)
    await console.page.get_by_label("Quoi", exact=True).select_option("")
    await console.page.get_by_label("À propos de").fill("conversation:c7")
    await expect(rows).to_have_count(1)
    await expect(rows.get_by_role("link", name="conversation c7")).to_have_attribute("href", "#/history/c7")
    await console.page.get_by_label("À propos de").fill("conversation:nulle")
    await expect(console.page.get_by_text("Aucune ligne ne correspond")).to_be_visible()
    await console.button("Vérifier le journal").click()
    await expect(console.page.get_by_text("Journal intact : 812 lignes vérifiées")).to_be_visible()
    people.verification |= {"fault": {"number": 41, "reason": "changed"}}
    await console.button("Vérifier le journal").click()
    await expect(console.page.get_by_text("Journal altéré à la ligne 41 : elle a été modifiée")).to_be_visible()


# -- one's own account --


async def test_ones_own_password_is_changed_here_and_a_wrong_one_is_said_so(
    console: ConsolePage, desk: FakeDesk
) -> None:
    await console.open()
    await console.ready()
    await console.page.get_by_role("link", name="Jeanne D.").click()
    await expect(console.page.locator(".browsers > li")).to_have_count(2)
    await console.button("Changer de mot de passe").click()
    current = console.page.get_by_label("Mot de passe actuel")
    await expect(current).to_be_focused()
    await current.fill("faux")
    await console.page.get_by_label("Nouveau mot de passe").fill("un nouveau mot de passe")
    await console.page.get_by_label("Le nouveau, une seconde fois").fill("un nouveau mot de passe")
    await console.button("Enregistrer").click()
    await expect(console.page.get_by_role("alert").filter(has_text="actuel est incorrect")).to_be_visible()
    await current.fill(PASSWORD)
    await console.button("Enregistrer").click()
    await expect(console.page.get_by_role("status").filter(has_text="Votre mot de passe est changé.")).to_be_focused()
    await expect(console.page.locator(".browsers > li")).to_have_count(1)


async def test_a_second_factor_is_enrolled_renewed_and_taken_off(console: ConsolePage, desk: FakeDesk) -> None:
    await console.open("#/profile")
    await console.button("Activer").click()
    await console.page.get_by_label("Mot de passe actuel").fill(PASSWORD)
    await console.button("Commencer").click()
    await expect(console.page.get_by_text("ABCD EFGH IJKL MNOP")).to_be_visible()
    await expect(console.page.get_by_label("Code à six chiffres")).to_be_focused()
    await console.page.get_by_label("Code à six chiffres").fill("000000")
    await console.button("Activer").click()
    await expect(console.page.get_by_role("alert").filter(has_text="pas valable")).to_be_visible()
    await console.page.get_by_label("Code à six chiffres").fill("123456")
    await console.button("Activer").click()
    await expect(console.page.locator(".recovery li")).to_have_count(10)
    await console.button("Je les ai notés").click()
    done = console.page.get_by_role("status").filter(has_text="La double authentification est activée.")
    await expect(done).to_be_focused()
    assert "aaaa-bbbb" not in await console.page.content()
    await console.button("Nouveaux codes de secours").click()
    await console.page.get_by_label("Mot de passe actuel").fill(PASSWORD)
    await console.button("Nouveaux codes de secours").click()
    await expect(console.page.locator(".recovery li")).to_have_count(10)
    await expect(console.page.locator(".opened")).to_be_focused()
    await console.button("Je les ai notés").click()
    await console.button("Désactiver").click()
    await console.page.get_by_label("Mot de passe actuel").fill(PASSWORD)
    await console.button("Désactiver").click()
    done = console.page.get_by_role("status").filter(has_text="La double authentification est désactivée.")
    await expect(done).to_be_focused()


async def test_what_is_not_changed_after_all_leaves_the_focus_where_it_was_begun(
    console: ConsolePage, desk: FakeDesk
) -> None:
    await console.open("#/profile")
    for name in ("Changer de mot de passe", "Activer"):
        await console.button(name).click()
        await console.button("Annuler").click()
        await expect(console.button(name)).to_be_focused()


async def test_another_browser_is_signed_out_from_here(console: ConsolePage, desk: FakeDesk) -> None:
    desk.accounts.browsers.append(desk.accounts.browsers[1] | {"id": "s3"})
    await console.open("#/profile")
    await expect(console.page.locator(".browsers > li").nth(0)).to_contain_text("Ce navigateur")
    done = console.page.get_by_role("status").filter(has_text="L’autre navigateur est déconnecté.")
    for left in (2, 1):
        # A new line each time: the same words are said again.
        await console.page.evaluate("document.querySelectorAll('.done p').forEach((one) => one.dataset.old = '1')")
        await console.button("Déconnecter Chrome sur Android").first.click()
        await expect(done).to_be_focused()
        await expect(done.locator("p:not([data-old])")).to_have_count(1)
        await expect(console.page.locator(".browsers > li")).to_have_count(left)
    assert asked(desk, "/api/accounts/sessions/s2") == [{}]


# -- sessions --


async def link_lost(console: ConsolePage, desk: FakeDesk, status: int = 200) -> None:
    """The socket goes, and the console asks who is signed in."""
    async with console.page.expect_response(lambda answer: answer.url.endswith("/me") and answer.status == status):
        await desk.cut()


async def test_a_session_that_another_tab_began_is_this_ones_too(console: ConsolePage, desk: FakeDesk) -> None:
    await console.open()
    await console.ready()
    desk.csrf = "csrf-of-the-next-session"
    await link_lost(console, desk)
    await expect(console.page.get_by_text("Connexion interrompue")).to_have_count(0)
    await console.page.get_by_role("switch", name="Disponible").click()
    await expect(console.page.get_by_role("switch", name="Disponible")).not_to_be_checked()
    await expect(console.toast).to_have_count(0)


async def test_a_session_that_is_being_replaced_is_looked_for_twice(console: ConsolePage, desk: FakeDesk) -> None:
    await console.open()
    await console.ready()
    refused = {"error": {"code": "unauthorized", "text": "Connectez-vous."}}
    await console.page.route("**/api/accounts/me", lambda route: route.fulfill(status=401, json=refused), times=1)
    await link_lost(console, desk, status=401)
    async with console.page.expect_response("**/api/desk/overview"):
        pass  # the second look: the session is there
    await console.ready()
    await expect(console.button("Se connecter")).to_have_count(0)


async def test_a_sign_out_that_failed_is_told_and_leaves_the_page_as_it_is(
    console: ConsolePage, desk: FakeDesk
) -> None:
    await console.open()
    await console.ready()
    desk.refusals["logout"] = (503, "unavailable", "Le service est arrêté.")
    await console.button("Réglages", exact=True).click()
    await console.button("Se déconnecter").click()
    await expect(console.toast).to_contain_text("Le service est arrêté.")
    await expect(console.page.get_by_role("dialog")).to_have_count(0)
    await expect(console.page.get_by_role("switch", name="Disponible")).to_be_visible()
    desk.refusals["logout"] = (401, "unauthorized", "Vous n’êtes pas connecté.")
    await console.button("Réglages", exact=True).click()
    await console.button("Se déconnecter").click()
    await expect(console.button("Se connecter")).to_be_visible()


# -- for everybody --


async def creating(console: ConsolePage, desk: FakeDesk) -> None:
    await accounts(console, desk)
    await console.button("Nouveau compte").click()


async def shown_once(console: ConsolePage, desk: FakeDesk) -> None:
    await creating(console, desk)
    await console.page.get_by_label("Identifiant").fill("claire")
    await console.button("Créer le compte").click()
    await expect(console.button("Copier")).to_be_visible()


async def confirming(console: ConsolePage, desk: FakeDesk) -> None:
    await edit(console, desk)
    await console.button("Désactiver le compte…").click()


async def undoing(console: ConsolePage, desk: FakeDesk) -> None:
    await edit(console, desk, "Nadia K.")
    await console.button("Réactiver le compte").click()
    await expect(console.button("Annuler cette modification")).to_be_visible()


async def log(console: ConsolePage, desk: FakeDesk) -> None:
    desk.accounts.writes("user:karim", "conversation.read", "conversation:c1")
    desk.accounts.writes("user:sophie", "conversations.export", "desk:export", channel="web", personal=True)
    await console.open("#/audit")
    await console.button("Vérifier le journal").click()
    await expect(console.page.get_by_text("Journal intact")).to_be_visible()


async def profile(console: ConsolePage, desk: FakeDesk) -> None:
    desk.accounts.users["jeanne"]["totp"] = False
    await console.open("#/profile")
    await console.button("Activer").click()
    await console.button("Changer de mot de passe").click()
    await expect(console.page.locator(".browsers > li")).to_have_count(2)


STATES: list[State] = [accounts, creating, shown_once, confirming, undoing, log, profile]


@pytest.mark.parametrize("state", STATES, ids=lambda one: one.__name__)
async def test_axe_finds_nothing_and_nothing_is_cut_off(
    console: ConsolePage, desk: FakeDesk, people: FakeAccounts, state: State
) -> None:
    await state(console, desk)
    assert await console.axe() == []
    await console.page.emulate_media(color_scheme="dark")
    assert await console.axe() == []
    await console.page.set_viewport_size({"width": 320, "height": 640})
    assert await console.axe() == []
    widths = await console.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert widths[0] <= widths[1]
    outside = await console.page.evaluate(
        "[...document.querySelectorAll('button, a, input, select, textarea')].filter((one) => one.checkVisibility()"
        " && !one.closest('.skip') && one.getBoundingClientRect().right > innerWidth + 1).map((one) => one.outerHTML)"
    )
    assert outside == []


async def test_an_editor_reads_the_past_and_is_shown_no_desk(console: ConsolePage, desk: FakeDesk) -> None:
    desk.accounts.users["jeanne"]["role"] = "editor"
    desk.accounts.time_zone = "Indian/Reunion"  # the service's: this machine is set to Paris
    await console.open()
    await expect(console.page.get_by_role("heading", name="Historique")).to_be_visible()
    await expect(console.page.get_by_text("Heures : Reunion")).to_be_visible()
    await expect(console.page.get_by_role("navigation").get_by_role("link")).to_have_count(1)
    await expect(console.page.get_by_role("switch")).to_have_count(0)
    await expect(console.page.get_by_role("alert")).to_have_count(0)
    assert not [path for path, _ in desk.calls if path.startswith(("/api/desk/overview", "/api/desk/ws"))]
    assert await console.axe() == []
