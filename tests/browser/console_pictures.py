"""Pictures of the console for the documentation: `python -m tests.browser.console_pictures [directory] [name …]`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, async_playwright, expect

from tests.browser.console_page import ConsolePage
from tests.browser.fake_calls import FAKE_MEDIA, FakeCalls
from tests.browser.fake_desk import FakeDesk, ago

LAPTOP, PHONE = ("laptop", 1366, 768), ("phone", 390, 844)
ME, KARIM = {"id": "jeanne", "name": "Jeanne D."}, {"id": "karim", "name": "Karim B."}
WORDS = [
    "Je n’arrive pas à déclarer le salaire de novembre, le site me dit que le volet est déjà enregistré.",
    "Bonjour, j’ai reçu une majoration que je ne comprends pas.",
    "conseiller",
    "Comment corriger une erreur sur un bulletin déjà envoyé ?",
    "Ma salariée part en congé maternité, que dois-je faire ?",
    "c urgent svp",
    "Peut-on embaucher un mineur pour la fête du village ?",
    "Quel est le délai pour le prélèvement ?",
]
Prepare = Callable[[FakeCalls], None]
Act = Callable[[Page], Awaitable[None]]


def waiting(desk: FakeDesk, count: int) -> None:
    for number in range(count):
        is_call = number % 4 == 1
        desk.waits(
            WORDS[number % len(WORDS)],
            seconds=20 + (count - number) * 37,
            channel="phone" if is_call else "web",
            subject=[3, 2, None, 4, 1][number % 5],
            reason=["asked", "abstained", "asked", "not_understood"][number % 4],
            priority=int(number == 2),
            team="paie" if number % 5 == 0 else "",
            phase="listening" if is_call else None,
        )


def ordinary(desk: FakeDesk) -> None:
    desk.agent("karim", "Karim B.", viewing="c1")
    desk.agent("lea", "Léa M.", status="away")
    desk.waits(WORDS[0], seconds=220, state="active", agent=ME, taken_at=ago(130))
    desk.waits(WORDS[3], seconds=300, subject=2, state="active", agent=KARIM, taken_at=ago(400))
    desk.me["load"] = 1
    waiting(desk, 5)
    desk.promised("Mme Arnaud", "+33612345678", due=-600)
    desk.promised("M. Petit", "+33145678901")
    desk.written("Claire", "claire@asso-lilas.example", "Bonjour")
    log = desk.details["c1"]["messages"]
    for seconds, message in (
        (50, {"type": "handover", "state": "active", "text": "Jeanne D. a rejoint la conversation."}),
        (
            40,
            {"type": "agent", "name": "Jeanne D.", "text": "Bonjour, je suis Jeanne D. Je regarde votre déclaration."},
        ),
        (10, {"type": "person", "text": "Merci ! C’est pour l’association sportive, une salariée."}),
    ):
        log.append(message | {"seq": len(log) + 1, "at": ago(seconds)})
    note = "A déjà appelé ce matin pour la même question."
    desk.details["c1"]["notes"].append({"id": "n0", "at": ago(3600), "agent": KARIM, "text": note})


CALLER = "Je voudrais parler à quelqu’un, ma salariée est en arrêt depuis lundi et je ne sais pas quoi déclarer."
UNDERSTOOD = (
    "A demandé comment déclarer un arrêt de travail : réponse donnée, source Urssaf.\n"
    "Puis « c’est urgent, la paie est vendredi » : pas de réponse vérifiée."
)


def calling(desk: FakeCalls, **other: Any) -> None:
    """A caller, among what an ordinary day holds."""
    desk.caller(CALLER, seconds=72, subject=4, callback_number="+33556001122", summary=UNDERSTOOD, priority=1, **other)
    desk.agent("karim", "Karim B.")
    waiting(desk, 3)
    desk.caller("Le prélèvement a été fait deux fois.", seconds=21, subject=2)


def incoming(desk: FakeCalls) -> None:
    desk.ways("browser", "phone")
    desk.me["phone"] = "4521"
    calling(desk)


def offered_call(desk: FakeCalls) -> None:
    desk.service["mode"] = "automatic"
    calling(desk, state="offered", agent=ME, deadline=ago(-18))


def waiting_calls(desk: FakeCalls) -> None:
    desk.me["takes_calls"] = False
    calling(desk)
    desk.caller("On m’a raccroché au nez tout à l’heure, je rappelle.", seconds=400, subject=None, front=True)
    desk.waits("allô ?", seconds=900, channel="phone", subject=None, phase="ended", reason="silence")


def on_telephone(desk: FakeCalls) -> None:
    desk.ways("phone", "browser")
    desk.me["phone"] = "4521"
    calling(desk, state="active", agent=ME, taken_at=ago(6), line={"way": "phone", "state": "ringing", "since": ago(5)})


async def on_call(page: Page) -> None:
    await expect(page.locator(".incoming")).to_be_visible()
    await page.keyboard.press("l")
    await expect(page.locator(".call-caller")).to_have_text("La personne vous entend.")
    await page.wait_for_timeout(1200)


def to_call_back(desk: FakeCalls) -> None:
    desk.ways("browser", "phone")
    desk.me["phone"] = "4521"
    desk.promised_by("je voudrais corriger le bulletin de mars", "Mme Arnaud", "+33612345678", due=900)
    desk.promised("M. Petit", "+33145678901", slot={"from": ago(-3600), "to": ago(-7200)})


async def calling_back(page: Page) -> None:
    await page.get_by_role("button", name="Rappeler Mme Arnaud").click()
    await expect(page.get_by_role("region", name="Votre appel")).to_contain_text("Le téléphone sonne")
    await page.wait_for_timeout(1200)


async def elsewhere(page: Page) -> None:
    await on_call(page)
    await page.evaluate("location.hash = '#/callbacks'")
    await expect(page.get_by_role("link", name="Voir l’appel")).to_be_visible()


async def held_call(page: Page) -> None:
    await on_call(page)
    await page.keyboard.press("g")
    await expect(page.get_by_role("button", name="Reprendre la personne")).to_be_visible()


async def no_microphone(page: Page) -> None:
    await expect(page.locator(".incoming")).to_be_visible()
    await page.evaluate(
        "() => { navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', 'NotAllowedError') } }"
    )
    await page.keyboard.press("l")
    await expect(page.get_by_text("L’appel n’est pas perdu")).to_be_visible()


async def calls_settings(page: Page) -> None:
    await page.get_by_role("button", name="Réglages des appels").click()
    await page.get_by_role("button", name="Essayer le microphone").click()
    await expect(page.get_by_text("Votre voix est bien captée.")).to_be_visible()


def to_conclude(desk: FakeDesk) -> None:
    ordinary(desk)
    desk.handovers["h1"] |= {"state": "wrap_up", "deadline": ago(-118)}


def callbacks(desk: FakeDesk) -> None:
    summary = "Demande comment corriger un bulletin.\nPuis : « je veux parler à quelqu’un »"
    desk.promised("Mme Arnaud", "+33612345678", due=-600, attempts=1, reason="abstained", summary=summary)
    desk.promised("M. Petit", "+33145678901", slot={"from": ago(-3600), "to": ago(-7200)})
    desk.promised("", "+33623456789", state="dialling", agent=ME, attempts=1)
    note = "Déclaration refaite avec elle."
    desk.promised("Association Les Lilas", "+33145671234", state="kept", on_time=True, agent=KARIM, note=note)
    desk.promised("M. Roux", "+33645671234", state="missed", attempts=2)


def messages(desk: FakeDesk) -> None:
    text = "Bonjour,\nje n’ai pas reçu mon attestation pour l’année 2025. Pouvez-vous me l’envoyer ?\nMerci"
    desk.written("Claire Fontaine", "claire@asso-lilas.example", text)
    desk.written("M. Roux", "06 12 34 56 78", "Rappelez-moi s’il vous plaît, c’est pour une embauche lundi.")
    desk.written("", "x@y.example", "Merci, tout est réglé.", state="done", done_at=ago(300), agent=KARIM)


def past(desk: FakeDesk) -> None:
    for number in range(2000):
        state = ["closed", "callback", "refused"][number % 3]
        handover = {
            "id": "x", "state": state, "reason": "asked", "ending": None, "agent": KARIM if state == "closed" else None,
            "requested_at": ago(3600 * number), "waited_seconds": 74 if state == "closed" else None,
        }  # fmt: skip
        desk.past.append(
            {"id": f"p{number}", "channel": "phone" if number % 3 == 1 else "web",
             "started_at": ago(3600 * number + 500),
             "ended_at": ago(3600 * number), "turns": 2 + number % 7, "excerpt": WORDS[number % len(WORDS)],
             "subjects": ["Jusqu’à quand déclarer"], "handover": handover,
             "verdict": ["right", None, "missing_answer"][number % 3]}
        )  # fmt: skip


def administered(desk: FakeDesk) -> None:
    people = desk.accounts
    people.users["jeanne"] |= {"role": "administrator", "totp": True, "sessions": 1, "teams": ["accueil"]}
    people.add("karim", "Karim B.", "agent", teams=["paie", "accueil"], skills=["en"], sessions=1)
    people.add("lea", "Léa Moreau", "agent", teams=["adhésion"], must_change_password=True, signed_in_at=None)
    people.add("sophie", "Sophie Lambert-Delaunay", "supervisor", totp=True, signed_in_at=ago(90000))
    people.add("paul", "Paul R.", "editor", has_password=False, oidc=True, signed_in_at=ago(400000))
    people.add("nadia", "Nadia K.", "agent", disabled_at=ago(8e5), signed_in_at=ago(9e5), totp=True)


def audited(desk: FakeDesk) -> None:
    administered(desk)
    people = desk.accounts
    people.writes("user:sophie", "account.signed_in", "session:41d0aa7e", 90000, method="totp")
    people.writes("user:sophie", "conversations.export", "desk:export", 89000, channel="web", personal=True)
    people.writes("user:sophie", "conversations.exported", "desk:export", 88990, of=2, rows=214, complete=True)
    people.writes("user:jeanne", "account.disabled", "user:nadia", 80000)
    people.writes("system:guichet", "account.sign_in_refused", "user:karim", 7300, why="password")
    people.writes("user:karim", "account.signed_in", "session:9be2c4d1", 7200, method="password")
    people.writes("user:karim", "handover.take", "handover:5c1f77aa", 7000)
    people.writes("user:karim", "conversation.read", "conversation:77b1c0de", 6990)
    people.writes("user:0d5e1f00", "conversations.search", "desk:search", 5000)
    people.writes("user:jeanne", "account.role_changed", "user:sophie", 3000, **{"from": "agent", "to": "supervisor"})
    people.writes("operator:cli", "audit.pruned", "audit:104", 600, entries=104)


async def edited(page: Page) -> None:
    await page.get_by_role("button", name="Modifier le compte de Karim").click()
    await page.get_by_role("button", name="Désactiver le compte").click()


async def temporary(page: Page) -> None:
    await page.get_by_role("button", name="Nouveau compte").click()
    await page.get_by_label("Identifiant").fill("claire.dupont")
    await page.get_by_label("Nom affiché").fill("Claire D.")
    await page.get_by_role("button", name="Créer le compte").click()
    await page.get_by_role("button", name="Copier").wait_for()


async def created(page: Page) -> None:
    await page.get_by_role("button", name="Nouveau compte").click()
    await page.get_by_label("Identifiant").fill("claire.dupont")


async def verified(page: Page) -> None:
    await page.get_by_role("button", name="Vérifier").click()


def signed_out(desk: FakeDesk) -> None:
    desk.signed_in = False


async def bot_view(page: Page) -> None:
    if await page.locator(".side-toggle").is_visible():
        await page.locator(".side-toggle").click()
    await page.get_by_role("tab", name="Vue du robot").click()


def pressing(key: str) -> Act:
    async def press(page: Page) -> None:
        await page.keyboard.press(key)

    return press


SCENES: dict[str, tuple[Prepare, str, Act | None]] = {
    "queue": (ordinary, "", None),
    "conversation": (ordinary, "#/queue/c1", None),
    "bot-view": (ordinary, "#/queue/c1", bot_view),
    "wrap-up": (to_conclude, "#/queue/c1", None),
    "empty": (lambda desk: None, "", None),
    "overloaded": (lambda desk: waiting(desk, 200), "#/queue/c1", None),
    "callbacks": (callbacks, "#/callbacks", None),
    "call-back": (to_call_back, "#/callbacks", calling_back),
    "call-back-choice": (to_call_back, "#/callbacks", None),
    "messages": (messages, "#/messages", None),
    "history": (past, "#/history", None),
    "shortcuts": (ordinary, "", pressing("?")),
    "transfer": (ordinary, "#/queue/c1", pressing("t")),
    "accounts": (administered, "#/accounts", None),
    "account": (administered, "#/accounts", edited),
    "account-new": (administered, "#/accounts", created),
    "account-password": (administered, "#/accounts", temporary),
    "audit": (audited, "#/audit", verified),
    "profile": (administered, "#/profile", None),
    "login": (signed_out, "", None),
    "call-incoming": (incoming, "", None),
    "call-offered": (offered_call, "", None),
    "call-no-microphone": (incoming, "", no_microphone),
    "call-on": (incoming, "", on_call),
    "call-held": (incoming, "", held_call),
    "call-elsewhere": (incoming, "", elsewhere),
    "call-telephone": (on_telephone, "#/queue/c1", None),
    "call-queue": (waiting_calls, "", None),
    "call-settings": (incoming, "", calls_settings),
}
DARK = ("queue", "conversation", "call-incoming", "call-on")


async def picture(browser: Browser, name: str, size: tuple[str, int, int], scheme: str, directory: Path) -> None:
    prepare, place, act = SCENES[name]
    label, width, height = size
    desk = FakeCalls()
    if not name.startswith("call-"):
        desk.me["takes_calls"] = False
    prepare(desk)
    await desk.start()
    page = await browser.new_page(
        viewport={"width": width, "height": height},
        locale="fr-FR",
        timezone_id="Europe/Paris",
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
    )
    await ConsolePage(page, desk.url).open(place)
    await page.wait_for_load_state("networkidle")
    if act is not None:
        await act(page)
        await page.wait_for_load_state("networkidle")
    ending = "-dark" if scheme == "dark" else ""
    await page.screenshot(path=directory / f"{name}-{label}{ending}.png")
    await page.close()
    await desk.stop()


async def main(directory: Path, names: list[str]) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    async with async_playwright() as playwright:
        arguments = ["--no-sandbox", "--headless", "--disable-gpu", *FAKE_MEDIA]
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=arguments)
        for name in names or SCENES:
            for size in (LAPTOP, PHONE):
                await picture(browser, name, size, "light", directory)
            if name in DARK:
                await picture(browser, name, LAPTOP, "dark", directory)
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images/console"), sys.argv[2:]))
