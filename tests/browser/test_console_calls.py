"""A caller taken in the console: what rings, what is seen before picking up, the call itself, and what goes wrong.

The browser's microphone is Chromium's own fake one, which beeps; the other end is the gateway's softphone
(`voice.softphone`). So both directions are real sound over real WebRTC, on this machine only.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route, async_playwright, expect

from tests.browser.conftest import ARGUMENTS
from tests.browser.console_page import ConsolePage, becomes_true
from tests.browser.fake_calls import FAKE_MEDIA, FakeCalls
from tests.browser.fake_desk import Json, ago
from tests.browser.fake_gateway import until
from tests.browser.test_console_accessibility import tab_to

pytestmark = pytest.mark.asyncio(loop_scope="session")

WORDS = "ma salariée est en arrêt depuis lundi"
ME, KARIM = {"id": "jeanne", "name": "Jeanne D."}, {"id": "karim", "name": "Karim B."}
AUDIBLE = 2000

# What the page does with sound, for the test to look at; the order of what matters is in `order`.
WATCH = """
window.order = []; window.streams = []; window.connections = []; window.notes = 0;
if (navigator.mediaDevices) {
  const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    order.push("microphone");
    const stream = await open(wanted);
    streams.push(stream);
    return stream;
  };
}
const Connection = RTCPeerConnection;
window.RTCPeerConnection = function (...args) {
  const made = new Connection(...args);
  connections.push(made);
  return made;
};
const send = fetch;
window.fetch = (url, ...rest) => { if (String(url).includes("/take")) order.push("take"); return send(url, ...rest); };
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...args) { notes += 1; return start.apply(this, args); };
"""
HEARD = """async () => {
  let energy = 0;
  for (const one of connections)
    if (one.connectionState === "connected")
      for (const stat of (await one.getStats()).values())
        if (stat.type === "inbound-rtp") energy += stat.totalAudioEnergy ?? 0;
  return energy;
}"""
OPEN_MICROPHONES = "streams.flatMap((one) => one.getTracks()).filter((one) => one.readyState === 'live').length"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def telephonist(chromium: Path) -> AsyncIterator[Browser]:
    """A browser with a microphone that beeps, allowed without a question."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=[*ARGUMENTS, *FAKE_MEDIA])
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def desk(built_console: object) -> AsyncIterator[FakeCalls]:
    desk = FakeCalls()
    await desk.start()
    yield desk
    await desk.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def console(telephonist: Browser, desk: FakeCalls) -> AsyncIterator[ConsolePage]:
    context = await telephonist.new_context(
        locale="fr-FR", timezone_id="Europe/Paris", reduced_motion="reduce", viewport={"width": 1366, "height": 768}
    )
    await context.add_init_script(WATCH)
    page = await context.new_page()
    page.set_default_timeout(8_000)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    yield ConsolePage(page, desk.url)
    await context.close()
    assert [one for one in problems if not one.startswith(("Failed to load resource", "WebSocket connection"))] == []


class Telephony:
    """What an agent sees of a call, by its names."""

    def __init__(self, console: ConsolePage) -> None:
        self.page = console.page
        self.card = console.page.get_by_role("region", name=re.compile("Jusqu’à quand déclarer|Demande une personne"))
        self.bar = console.page.get_by_role("region", name="Votre appel")
        self.take = self.card.get_by_role("button", name="Prendre l’appel")

    async def talking(self) -> None:
        await expect(self.bar).to_contain_text(re.compile("En communication(?! ailleurs)"))

    async def on_call(self, console: ConsolePage) -> None:
        await console.open()
        await self.take.click()
        await self.talking()


@pytest.fixture
def tel(console: ConsolePage) -> Telephony:
    return Telephony(console)


def asked(desk: FakeCalls, action: str) -> list[Json]:
    return [body for path, body in desk.calls if path.endswith(f"/{action}")]


async def hears(desk: FakeCalls) -> None:
    """The caller hears the agent now."""
    end = desk.ends[-1]
    end.heard.clear()
    await until(lambda: end.loudest() > AUDIBLE)


# -- what rings --


async def test_a_caller_who_waits_rings_with_who_and_why_before_anybody_picks_up(
    console: ConsolePage, desk: FakeCalls, tel: Telephony
) -> None:
    await console.open()
    await console.ready()
    await console.page.mouse.click(700, 700)  # browsers are silent before the first touch
    desk.changed(desk.caller(WORDS, seconds=75, callback_number="+33556001122", priority=1))
    await expect(tel.card).to_be_visible()
    for words in ("05 56 00 11 22", "Prioritaire", "Demande une personne", f"« {WORDS} »", "réponse donnée", "1:"):
        await expect(tel.card).to_contain_text(re.compile(re.escape(words).replace("\\ ", "[\\s\u00a0]")))
    await expect(console.page).to_have_title(re.compile("Appel entrant – Guichet"))
    await expect(console.announcer).to_contain_text("Appel entrant : Jusqu’à quand déclarer.")
    assert (await console.announcer.inner_text()).count("Appel entrant") == 1
    await becomes_true(console.page, "notes > 0")
    assert asked(desk, "take") == []


async def test_the_ringing_is_silent_when_the_agent_has_switched_sounds_off(
    console: ConsolePage, desk: FakeCalls, tel: Telephony
) -> None:
    await console.open()
    await console.ready()
    await console.page.evaluate(
        "localStorage.setItem('guichet-console', JSON.stringify({ sound: false, title: false }))"
    )
    await console.page.reload()
    await console.page.mouse.click(700, 700)
    desk.changed(desk.caller(WORDS))
    await expect(tel.card).to_be_visible()
    assert await console.page.evaluate("notes") == 0
    await expect(console.page).to_have_title("File d’attente – Guichet")


@pytest.mark.parametrize(
    "change", [{"takes_calls": False}, {"status": "away"}, {"teams": ["paie"]}, {"load": 3}], ids=str
)
async def test_who_does_not_take_this_call_is_not_rung(
    console: ConsolePage, desk: FakeCalls, tel: Telephony, change: Json
) -> None:
    desk.me |= change
    desk.caller(WORDS, team="adhésion" if "teams" in change else "")
    await console.open()
    await expect(console.rows).to_contain_text(["En ligne"])
    await expect(tel.card).to_have_count(0)


async def test_with_automatic_distribution_only_what_is_offered_to_me_rings_and_can_be_declined(
    console: ConsolePage, desk: FakeCalls, tel: Telephony
) -> None:
    desk.service["mode"] = "automatic"
    call = desk.caller(WORDS)
    await console.open()
    await expect(console.rows).to_have_count(1)
    await expect(tel.card).to_have_count(0)
    call |= {"state": "offered", "agent": ME, "deadline": ago(-20)}
    desk.changed(call)
    await expect(tel.card).to_contain_text("Appel pour vous")
    await expect(tel.card).to_contain_text("encore 0:")
    await tel.card.get_by_role("button", name="Décliner").click()
    await expect(tel.card).to_have_count(0)
    await until(lambda: asked(desk, "decline"))


async def test_not_now_silences_one_call_and_leaves_it_in_the_queue(
    console: ConsolePage, desk: FakeCalls, tel: Telephony
) -> None:
    desk.caller(WORDS)
    await console.open()
    await tel.card.get_by_role("button", name="Pas maintenant").click()
    await expect(tel.card).to_have_count(0)
    await expect(console.rows).to_have_count(1)
    assert asked(desk, "decline") == []
    desk.changed(desk.caller("un autre", subject=None))
    await expect(tel.card).to_contain_text("un autre")


@pytest.mark.parametrize(
    ("becomes", "says"),
    [
        ({"state": "active", "agent": KARIM}, "Karim B. a pris cet appel."),
        ({"on_line": False, "phase": "ended"}, "L’appelant a raccroché."),
        ({"state": "left", "on_line": False}, "Cet appel n’attend plus."),
    ],
    ids=["taken", "hung_up", "over"],
)
async def test_a_call_that_rings_no_more_says_why_and_goes(
    console: ConsolePage, desk: FakeCalls, tel: Telephony, becomes: Json, says: str
) -> None:
    call = desk.caller(WORDS)
    await console.open()
    await expect(tel.card).to_be_visible()
    call |= becomes
    desk.changed(call)
    await expect(console.page.locator(".farewell")).to_have_text(says)
    await expect(tel.card).to_have_count(0)
    await expect(console.announcer).to_contain_text(says)
    await expect(console.page.locator(".farewell")).to_have_count(0, timeout=10_000)


async def test_an_offer_that_was_not_answered_says_so(console: ConsolePage, desk: FakeCalls, tel: Telephony) -> None:
    desk.service["mode"] = "automatic"
    call = desk.caller(WORDS, state="offered", agent=ME, deadline=ago(-20))
    await console.open()
    await expect(tel.card).to_be_visible()
    call |= {"state": "queued", "agent": None, "declined": ["jeanne"]}
    desk.changed(call)
    await expect(console.page.locator(".farewell")).to_have_text(
        "Sans réponse de votre part, l’appel est proposé à un collègue."
    )


async def test_the_focus_and_the_words_of_who_types_are_left_alone(
    console: ConsolePage, desk: FakeCalls, tel: Telephony
) -> None:
    desk.waits("une conversation", state="active", agent=ME, taken_at=ago(60))
    await console.open("#/queue/c1")
    await console.reply.click()
    await console.page.keyboard.type("Je regard")
    desk.changed(desk.caller(WORDS))
    await expect(tel.card).to_be_visible()
    await console.page.keyboard.type("e votre dossier, ")
    await expect(console.reply).to_be_focused()
    await expect(console.reply).to_have_value("Je regarde votre dossier, ")
    # L is a letter; with Alt it takes the call.
    await console.page.keyboard.type("L")
    await expect(console.reply).to_have_value("Je regarde votre dossier, L")
    assert asked(desk, "take") == []
    await console.page.keyboard.press("Alt+l")
    await tel.talking()


# -- a call in the browser --


async def test_agent_and_caller_hear_each_other_until_the_agent_hangs_up_and_concludes(
    console: ConsolePage, desk: FakeCalls, tel: Telephony
) -> None:
    desk.caller(WORDS)
    await console.open()
    await tel.take.click()
    await tel.talking()
    # The microphone first: a refusal must not cost the caller their place.
    assert await console.page.evaluate("order") == ["microphone", "take"]
    assert asked(desk, "take") == [{"way": "browser"}]
    await expect(tel.card).to_have_count(0)
    await expect(console.page.get_by_label("Votre réponse au visiteur")).to_have_count(0)
    await expect(tel.bar).to_contain_text("La personne vous entend.")
    await hears(desk)
    before = await console.page.evaluate(HEARD)
    await becomes_true(console.page, f"async () => (await ({HEARD})()) > {before} + 0.001")
    # What helps to answer is there to be read aloud.
    await expect(console.page.locator(".side .answer")).to_have_count(2)
    await tel.bar.get_by_role("button", name="Raccrocher").click()
    await expect(console.button("Oui")).to_be_visible()
    await expect(tel.bar).to_have_count(0)
    assert await console.page.evaluate(OPEN_MICROPHONES) == 0
    await console.button("Oui").click()
    await until(lambda: desk.handovers["h1"]["state"] == "closed")


async def test_g711_is_offered_first_so_that_nothing_is_transcoded(
    console: ConsolePage, desk: FakeCalls, tel: Telephony
) -> None:
    desk.caller(WORDS)
    await tel.on_call(console)
    [offer] = asked(desk, "softphone")
    payload_types = re.search(r"^m=audio \d+ \S+ (.+)$", offer["sdp"].replace("\r", ""), re.MULTILINE)
    assert payload_types and payload_types[1].split()[:2] == ["8", "0"]
    assert " typ host" in offer["sdp"] and " typ srflx" not in offer["sdp"]


async def test_a_muted_microphone_is_silent_for_the_caller_and_says_so(
    console: ConsolePage, desk: FakeCalls, tel: Telephony
) -> None:
    desk.caller(WORDS)
    await tel.on_call(console)
    await hears(desk)
    await console.page.keyboard.press("i")
    await expect(tel.bar).to_contain_text("votre micro est coupé")
    end = desk.ends[-1]
    end.heard.clear()
    await until(lambda: len(end.heard) > 100 and end.loudest(60) < 50)
    await console.page.keyboard.press("i")
    await hears(desk)


async def test_hold_is_the_desk_s_and_shows_what_the_caller_hears(
    console: ConsolePage, desk: FakeCalls, tel: Telephony
) -> None:
    desk.caller(WORDS)
    await tel.on_call(console)
    await console.page.keyboard.press("g")
    await expect(tel.bar).to_contain_text("La personne entend une musique")
    await console.page.keyboard.press("g")
    await tel.talking()
    assert asked(desk, "hold") == [{"on": True}, {"on": False}]


async def test_a_key_pressed_before_the_desk_has_answered_to_the_last_one_waits_its_turn(
    console: ConsolePage, desk: FakeCalls, tel: Telephony
) -> None:
    desk.caller(WORDS)
    await tel.on_call(console)
    desk.answers_after_seconds = 0.7
    await console.page.keyboard.press("g")
    await expect(tel.bar).to_contain_text("La personne entend une musique")
    await console.page.keyboard.press("g")
    await console.page.keyboard.press("b")
    await expect(console.button("Oui")).to_be_visible()
    assert asked(desk, "hold") == [{"on": True}, {"on": False}]
    assert asked(desk, "return") == [{}]


async def test_hanging_up_before_the_desk_has_answered_to_the_last_press_waits_its_turn(
    console: ConsolePage, desk: FakeCalls, tel: Telephony
) -> None:
    desk.caller(WORDS)
    await tel.on_call(console)
    desk.answers_after_seconds = 0.7
    await console.page.keyboard.press("g")
    await expect(tel.bar).to_contain_text("La personne entend une musique")
    await tel.bar.get_by_role("button", name="Raccrocher").press("Enter")
    await expect(console.button("Oui")).to_be_visible()
    assert (asked(desk, "hold"), asked(desk, "close")) == ([{"on": True}], [{}])


async def test_given_back_to_the_bot_the_softphone_ends(console: ConsolePage, desk: FakeCalls, tel: Telephony) -> None:
    desk.caller(WORDS)
    await tel.on_call(console)
    await console.page.keyboard.press("b")
    await expect(console.button("Oui")).to_be_visible()
    assert await console.page.evaluate(OPEN_MICROPHONES) == 0


async def test_handed_on_the_caller_waits_again_and_the_softphone_ends(
    console: ConsolePage, desk: FakeCalls, tel: Telephony
) -> None:
    desk.agent("karim", "Karim B.")
    desk.caller(WORDS)
    await tel.on_call(console)
    await console.page.keyboard.press("t")
    await console.page.get_by_role("radio", name=re.compile("Karim B.")).check()
    await console.button("Transférer", exact=True).click()
    await expect(tel.bar).to_have_count(0)
    assert await console.page.evaluate(OPEN_MICROPHONES) == 0


async def test_when_the_caller_hangs_up_it_is_told_and_a_note_being_written_goes_on(
    console: ConsolePage, desk: FakeCalls, tel: Telephony
) -> None:
    call = desk.caller(WORDS)
    await tel.on_call(console)
    await console.page.keyboard.press("n")
    note = console.page.get_by_label("Ajouter une note")
    await expect(note).to_be_focused()
    await console.page.keyboard.type("arrêt du ")
    desk.hangs_up(call)
    await expect(console.toast).to_contain_text("L’appelant a raccroché.")
    await expect(console.button("Oui")).to_be_visible()
    await console.page.keyboard.type("12 mars")
    await expect(note).to_have_value("arrêt du 12 mars")
    assert await console.page.evaluate(OPEN_MICROPHONES) == 0


async def test_on_a_call_nothing_else_rings_and_a_badge_tells_who_waits(
    console: ConsolePage, desk: FakeCalls, tel: Telephony
) -> None:
    desk.caller(WORDS)
    await tel.on_call(console)
    notes = await console.page.evaluate("notes")
    desk.changed(desk.caller("un second appel", subject=None))
    desk.changed(desk.waits("un visiteur"))
    await expect(tel.bar).to_contain_text("1 appel attend")
    await expect(tel.card).to_have_count(0)
    assert await console.page.evaluate("notes") == notes
    await console.rows.filter(has_text="un second appel").locator("a").click()
    await expect(tel.bar).to_contain_text("Voir l’appel")  # the strip above, while something else is open
    await console.page.locator(".actions").get_by_role("button", name="Prendre l’appel").click()
    await expect(console.toast).to_contain_text("Vous êtes déjà en communication")
    assert len(asked(desk, "take")) == 1


async def test_the_keyboard_alone_is_enough_for_a_whole_call_without_any_shortcut(
    console: ConsolePage, desk: FakeCalls, tel: Telephony
) -> None:
    await console.open()
    await console.ready()
    await console.page.evaluate("localStorage.setItem('guichet-console', JSON.stringify({ shortcuts: false }))")
    await console.page.reload()
    await console.ready()
    desk.changed(desk.caller(WORDS))
    await expect(tel.card).to_be_visible()
    await tab_to(console, "Prendre l’appel")
    await console.page.keyboard.press("Enter")
    await tel.talking()
    await expect(console.page.locator("#conversation-title")).to_be_focused()
    await tab_to(console, "Couper le micro")
    await console.page.keyboard.press("Enter")
    await expect(tel.bar).to_contain_text("votre micro est coupé")
    await expect(tel.bar.get_by_role("button", name="Rouvrir le micro")).to_be_focused()
    await console.page.keyboard.press("Enter")
    await tab_to(console, "Mettre en attente")
    await console.page.keyboard.press("Enter")
    await expect(console.announcer).to_contain_text("La personne entend une musique")
    await expect(tel.bar.get_by_role("button", name="Reprendre la personne")).to_be_focused()
    await console.page.keyboard.press("Enter")
    await tel.talking()
    await tab_to(console, "Raccrocher")
    await console.page.keyboard.press("Enter")
    await expect(console.page.get_by_role("heading", name="le robot avait-il raison")).to_be_focused()
    await tab_to(console, "Oui")
    await console.page.keyboard.press("Enter")
    await until(lambda: desk.handovers["h1"]["state"] == "closed")


# -- what goes wrong --


async def refuse_microphone(page: Page, name: str) -> None:
    await page.evaluate(
        "(name) => { navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', name) } }", name
    )


async def test_a_refused_microphone_costs_nothing_and_the_telephone_is_another_way(
    console: ConsolePage, desk: FakeCalls, tel: Telephony
) -> None:
    desk.ways("browser", "phone")
    desk.caller(WORDS)
    await console.open()
    await console.ready()
    await refuse_microphone(console.page, "NotAllowedError")
    await tel.take.click()
    await expect(tel.card).to_contain_text("Le microphone n’est pas autorisé.")
    assert "microphone" not in await console.announcer.inner_text()  # the alert says it
    await expect(tel.card).to_contain_text("L’appel n’est pas perdu")
    assert asked(desk, "take") == []
    await tel.card.get_by_role("button", name="Prendre avec mon téléphone").click()
    await expect(tel.card).to_contain_text("Indiquez d’abord votre numéro ou votre poste.")
    await tel.card.get_by_label("Votre numéro ou votre poste").fill("4521")
    await tel.take.click()
    await expect(tel.bar).to_contain_text("Votre téléphone (4521) sonne…")
    assert asked(desk, "presence") == [{"phone": "4521"}]
    assert asked(desk, "take") == [{"way": "phone"}]


async def ask_for_the_microphone(page: Page) -> None:
    """From now on the browser asks, and nobody answers before `allow()`."""
    await page.evaluate(
        "() => { const open = navigator.mediaDevices.getUserMedia, questions = [];"
        " navigator.mediaDevices.getUserMedia = (wanted) =>"
        "   new Promise((answer) => questions.push(answer)).then(() => open(wanted));"
        " window.allow = async () => { questions.splice(0).forEach((answer) => answer()) } }"
    )


async def allow_late(page: Page) -> None:
    """What was asked for is given now, to nobody."""
    given = await page.evaluate("streams.length")
    await page.evaluate("allow()")
    await becomes_true(page, f"streams.length > {given} && {OPEN_MICROPHONES} === 0")


@pytest.mark.parametrize(
    ("becomes", "says"),
    [
        ({"state": "active", "agent": KARIM}, "Karim B. a pris cet appel."),
        ({"on_line": False, "phase": "ended"}, "L’appelant a raccroché."),
    ],
    ids=["taken", "hung_up"],
)
async def test_a_microphone_question_that_nobody_answers_blocks_no_later_call(
    console: ConsolePage, desk: FakeCalls, tel: Telephony, becomes: Json, says: str
) -> None:
    call = desk.caller(WORDS)
    await console.open()
    await console.ready()
    await ask_for_the_microphone(console.page)
    await tel.take.click()
    await expect(tel.card).to_contain_text("Autorisez le microphone")
    call |= becomes
    desk.changed(call)
    await expect(console.page.locator(".farewell")).to_have_text(says)
    await allow_late(console.page)
    desk.changed(desk.caller("un autre", subject=None))
    await tel.take.click()
    await console.page.evaluate("allow()")
    await tel.talking()


async def test_a_call_is_declined_while_the_browser_asks_for_the_microphone(
    console: ConsolePage, desk: FakeCalls, tel: Telephony
) -> None:
    desk.caller(WORDS)
    await console.open()
    await console.ready()
    await ask_for_the_microphone(console.page)
    await tel.take.click()
    await tel.card.get_by_role("button", name="Pas maintenant").click()
    await expect(tel.card).to_have_count(0)
    await allow_late(console.page)
    assert asked(desk, "take") == []


async def test_an_answer_to_a_former_question_about_the_microphone_does_not_end_the_new_one(
    console: ConsolePage, desk: FakeCalls, tel: Telephony
) -> None:
    desk.caller(WORDS)
    await console.open("#/queue/c1")
    await console.ready()
    await ask_for_the_microphone(console.page)
    await tel.take.click()
    await tel.card.get_by_role("button", name="Pas maintenant").click()
    await console.page.locator(".actions").get_by_role("button", name="Prendre l’appel").click()
    await expect(tel.card).to_contain_text("Autorisez le microphone")
    await console.page.evaluate("allow()")
    await tel.talking()
    assert len(asked(desk, "take")) == 1
    await becomes_true(console.page, f"streams.length === 2 && {OPEN_MICROPHONES} === 1")


@pytest.mark.parametrize(
    ("name", "says"),
    [("NotFoundError", "Aucun microphone n’est branché."), ("NotReadableError", "utilisé par un autre logiciel")],
)
async def test_every_fault_of_a_microphone_has_its_remedy(
    console: ConsolePage, desk: FakeCalls, tel: Telephony, name: str, says: str
) -> None:
    desk.caller(WORDS)
    await console.open()
    await console.ready()
    await refuse_microphone(console.page, name)
    await tel.take.click()
    await expect(tel.card).to_contain_text(says)
    assert asked(desk, "take") == []


async def test_without_https_the_console_says_so_and_the_call_can_be_taken_by_telephone(
    console: ConsolePage, desk: FakeCalls, tel: Telephony
) -> None:
    desk.ways("browser", "phone")
    desk.me["phone"] = "4521"
    desk.caller(WORDS)
    await console.page.add_init_script("Object.defineProperty(navigator, 'mediaDevices', { value: undefined })")
    await console.open()
    await tel.take.click()
    await expect(tel.card).to_contain_text("adresse sécurisée (https)")
    await tel.card.get_by_role("button", name="Prendre avec mon téléphone").click()
    await expect(tel.bar).to_contain_text("tapez 1 pour prendre l’appel")


async def test_somebody_faster_is_told_and_the_microphone_closes(
    console: ConsolePage, desk: FakeCalls, tel: Telephony
) -> None:
    desk.caller(WORDS)
    desk.refusals["take"] = (409, "elsewhere", "Cet appel est tenu par un autre serveur : prenez-le de là-bas.")
    await console.open()
    await tel.take.click()
    await expect(console.toast).to_contain_text("Cet appel est tenu par un autre serveur")
    await expect(tel.bar).to_have_count(0)
    assert await console.page.evaluate(OPEN_MICROPHONES) == 0


async def test_a_gateway_without_a_softphone_says_so_and_one_press_tries_again(
    console: ConsolePage, desk: FakeCalls, tel: Telephony
) -> None:
    desk.caller(WORDS)
    desk.refusals["softphone"] = (503, "no_softphone", "Le téléphone de la console n’est pas disponible.")
    await console.open()
    await tel.take.click()
    await expect(tel.bar).to_contain_text("Le téléphone de la console n’est pas disponible.")
    del desk.refusals["softphone"]
    await tel.bar.get_by_role("button", name="Reprendre l’appel").click()
    await tel.talking()


async def test_a_lost_connection_is_made_again_without_a_press(
    console: ConsolePage, desk: FakeCalls, tel: Telephony
) -> None:
    desk.caller(WORDS)
    await tel.on_call(console)
    desk.refusals["softphone"] = (503, "unavailable", "Le service redémarre.")
    await desk.cut_sound()
    await expect(tel.bar).to_contain_text("Reconnexion…", timeout=15_000)
    await until(lambda: len(asked(desk, "softphone")) > 2)
    del desk.refusals["softphone"]
    await tel.talking()
    assert len(desk.ends) == 2
    await hears(desk)


async def test_a_reload_asks_first_and_the_call_goes_on_by_itself(
    console: ConsolePage, desk: FakeCalls, tel: Telephony
) -> None:
    desk.caller(WORDS)
    await tel.on_call(console)
    dialogs: list[str] = []

    async def leave(dialog: Any) -> None:
        dialogs.append(dialog.type)
        await dialog.accept()

    console.page.on("dialog", leave)
    await console.page.reload()
    assert dialogs == ["beforeunload"]
    await tel.talking()
    assert len(desk.ends) == 2
    await hears(desk)
    await tel.bar.get_by_role("button", name="Raccrocher").click()
    await expect(console.button("Oui")).to_be_visible()
    await console.page.reload()
    assert dialogs == ["beforeunload"]


async def test_without_a_call_nothing_stops_the_page_from_closing(console: ConsolePage, desk: FakeCalls) -> None:
    await console.open()
    await console.ready()
    await console.page.mouse.click(700, 700)
    dialogs: list[str] = []
    console.page.on("dialog", lambda dialog: dialogs.append(dialog.type))
    await console.page.reload()
    await console.ready()
    assert dialogs == []


async def test_two_tabs_never_fight_for_a_call_the_one_that_takes_it_last_has_it(
    console: ConsolePage, desk: FakeCalls, tel: Telephony
) -> None:
    desk.caller(WORDS)
    await tel.on_call(console)
    other = ConsolePage(await console.page.context.new_page(), desk.url)
    await other.open("#/queue/c1")
    second = Telephony(other)
    await expect(second.bar).to_contain_text("En communication ailleurs")
    assert len(desk.ends) == 1
    await second.bar.get_by_role("button", name="Reprendre ici").click()
    await second.talking()
    await expect(tel.bar).to_contain_text("En communication ailleurs")
    assert await console.page.evaluate(OPEN_MICROPHONES) == 0
    await hears(desk)
    await asyncio.gather(*(end.peer.hangup() for end in desk.ends[:-1]))
    assert len(desk.ends) == 2


async def test_a_call_that_is_over_while_it_is_connected_ends_quietly(
    console: ConsolePage, desk: FakeCalls, tel: Telephony
) -> None:
    desk.caller(WORDS)
    desk.refusals["softphone"] = (409, "over", "Cet appel est terminé.")
    await console.open()
    await tel.take.click()
    await until(lambda: asked(desk, "softphone"))
    await becomes_true(console.page, f"{OPEN_MICROPHONES} === 0")
    await expect(tel.bar).to_contain_text("L’appel n’est pas relié")


async def test_a_browser_that_wants_a_press_before_it_plays_gets_one(
    console: ConsolePage, desk: FakeCalls, tel: Telephony
) -> None:
    desk.caller(WORDS)
    await console.page.add_init_script(
        "const play = HTMLMediaElement.prototype.play; window.silent = true;"
        "HTMLMediaElement.prototype.play = function () {"
        " return silent ? Promise.reject(new DOMException('', 'NotAllowedError')) : play.call(this) }"
    )
    await console.open()
    await tel.take.click()
    await expect(tel.bar).to_contain_text("Le son est bloqué")
    await console.page.evaluate("silent = false")
    await tel.bar.get_by_role("button", name="Activer le son").click()
    await tel.talking()


async def test_a_microphone_that_gives_nothing_is_told_a_pause_is_not(
    console: ConsolePage, desk: FakeCalls, tel: Telephony
) -> None:
    desk.caller(WORDS)
    await console.open()
    await console.ready()
    warning = tel.bar.get_by_text("Votre microphone ne capte rien")
    await console.page.evaluate(
        "() => { navigator.mediaDevices.getUserMedia = async () => {"
        " const context = new AudioContext(), to = context.createMediaStreamDestination();"
        " window.voice = new ConstantSourceNode(context, { offset: 0 }); voice.connect(to); voice.start();"
        " return to.stream } }"
    )
    await tel.take.click()
    await tel.talking()
    await expect(warning).to_be_visible(timeout=15_000)
    await console.page.evaluate("() => { voice.offset.value = 0.2 }")
    await expect(warning).to_have_count(0)


async def test_a_remembered_microphone_that_is_not_plugged_in_is_replaced_by_another(
    console: ConsolePage, desk: FakeCalls, tel: Telephony
) -> None:
    await console.open()
    await console.ready()
    await console.page.evaluate("localStorage.setItem('guichet-console', JSON.stringify({ microphone: 'gone' }))")
    await console.page.reload()
    desk.changed(desk.caller(WORDS))
    await tel.take.click()
    await tel.talking()
    await hears(desk)


# -- by telephone --


async def test_my_telephone_rings_then_i_speak_and_a_failure_is_told(
    console: ConsolePage, desk: FakeCalls, tel: Telephony
) -> None:
    desk.ways("phone")
    desk.me["phone"] = "4521"
    call = desk.caller(WORDS)
    await console.open()
    await tel.take.click()
    await expect(tel.bar).to_contain_text("Votre téléphone (4521) sonne…")
    await expect(tel.bar).to_contain_text("Décrochez, écoutez le résumé, puis tapez 1 pour prendre l’appel.")
    # Nobody has spoken to the caller yet: hanging up on them is no choice.
    await expect(tel.bar.get_by_role("button", name="Raccrocher")).to_have_count(0)
    assert await console.page.evaluate("order") == ["take"]
    desk.line(call, "joined", "phone")
    await expect(tel.bar).to_contain_text("La personne vous entend.")
    call |= {"state": "queued", "agent": None, "line": None, "declined": ["jeanne"]}
    desk.changed(call)
    text = "Votre téléphone n’a pas répondu : l’appel est revenu dans la file."
    desk.send({"type": "call_failed", "handover_id": call["id"], "code": "not_answered", "text": text})
    await expect(console.toast).to_contain_text(text)
    await expect(tel.bar).to_have_count(0)
    await expect(tel.card).to_have_count(0)


async def test_a_number_that_may_not_be_dialled_is_refused_in_the_server_s_words(
    console: ConsolePage, desk: FakeCalls, tel: Telephony
) -> None:
    desk.ways("phone")
    desk.me["takes_calls"] = False
    desk.refusals["presence"] = (400, "bad_number", "Ce numéro ne peut pas être appelé.")
    await console.open()
    await console.page.get_by_role("switch", name="Je prends les appels").click()
    dialog = console.page.get_by_role("dialog")
    await dialog.get_by_role("button", name="Prendre les appels").click()
    await expect(dialog).to_contain_text("Indiquez d’abord votre numéro ou votre poste.")
    await dialog.get_by_label("Votre numéro ou votre poste").fill("3615")
    await dialog.get_by_role("button", name="Enregistrer").click()
    await expect(dialog).to_contain_text("Ce numéro ne peut pas être appelé.")
    del desk.refusals["presence"]
    await dialog.get_by_label("Votre numéro ou votre poste").fill("4521")
    await dialog.get_by_role("button", name="Enregistrer").click()
    await expect(dialog).to_contain_text("Enregistré")
    await dialog.get_by_role("button", name="Prendre les appels").click()
    await expect(dialog).to_have_count(0)
    await expect(console.page.get_by_role("switch", name="Je prends les appels")).to_be_checked()
    assert desk.me["phone"] == "4521"


async def test_calls_are_taken_though_the_desk_has_not_yet_answered_that_the_agent_is_there(
    console: ConsolePage, desk: FakeCalls
) -> None:
    desk.me |= {"takes_calls": False, "status": "away"}
    answer = asyncio.Event()

    async def late(route: Route) -> None:
        if "status" in (route.request.post_data_json or {}):
            await answer.wait()
        await route.continue_()

    await console.page.route("**/api/desk/presence", late)
    await console.open()
    await console.page.get_by_role("switch", name="Disponible").click()
    takes_calls = console.page.get_by_role("switch", name="Je prends les appels")
    await takes_calls.click()
    await console.page.get_by_role("dialog").get_by_role("button", name="Prendre les appels").click()
    await expect(takes_calls).to_be_checked()
    answer.set()
    await expect(console.page.get_by_role("switch", name="Disponible")).to_be_checked()
    await expect(takes_calls).to_be_checked()


# -- how calls are taken --


async def test_the_first_time_the_microphone_is_tried_before_calls_are_taken(
    console: ConsolePage, desk: FakeCalls
) -> None:
    desk.me["takes_calls"] = False
    await console.open()
    switch = console.page.get_by_role("switch", name="Je prends les appels")
    await switch.click()
    assert await console.page.evaluate("order") == []  # never without a press on it
    dialog = console.page.get_by_role("dialog", name="Les appels")
    await dialog.get_by_role("button", name="Essayer le microphone").click()
    await expect(dialog).to_contain_text("Votre voix est bien captée.")
    await expect(dialog.get_by_label("Microphone", exact=True)).to_be_visible()
    await dialog.get_by_role("button", name="Prendre les appels").click()
    await expect(switch).to_be_checked()
    assert await console.page.evaluate(OPEN_MICROPHONES) == 0
    await switch.click()
    await expect(switch).not_to_be_checked()
    await expect(dialog).to_have_count(0)
    assert asked(desk, "presence") == [{"takes_calls": True}, {"takes_calls": False}]


async def test_a_microphone_that_is_allowed_after_the_settings_were_closed_is_closed_too(
    console: ConsolePage, desk: FakeCalls
) -> None:
    await console.open()
    await console.ready()
    await ask_for_the_microphone(console.page)
    await console.button("Réglages des appels").click()
    await console.button("Essayer le microphone").click()
    await console.page.keyboard.press("Escape")
    await expect(console.page.get_by_role("dialog")).to_have_count(0)
    await allow_late(console.page)


async def test_another_microphone_that_works_ends_the_complaint_about_the_last_one(
    console: ConsolePage, desk: FakeCalls, tel: Telephony
) -> None:
    desk.caller(WORDS)
    await tel.on_call(console)
    await tel.bar.get_by_role("button", name="Micro et écouteur").click()
    choice = console.page.get_by_label("Microphone", exact=True)
    await console.page.evaluate("() => { window.works = navigator.mediaDevices.getUserMedia }")
    await refuse_microphone(console.page, "NotReadableError")
    await choice.select_option(index=1)
    await expect(tel.bar.get_by_text("utilisé par un autre logiciel")).to_have_count(1)
    await console.page.evaluate("() => { navigator.mediaDevices.getUserMedia = works }")
    await choice.select_option(index=0)
    await expect(tel.bar.get_by_text("utilisé par un autre logiciel")).to_have_count(0)


async def test_the_way_and_the_microphone_are_remembered(console: ConsolePage, desk: FakeCalls, tel: Telephony) -> None:
    desk.ways("browser", "phone")
    desk.me["phone"] = "4521"
    await console.open()
    await console.button("Réglages des appels").click()
    await console.button("Essayer le microphone").click()
    choice = console.page.get_by_label("Microphone", exact=True)
    chosen = await choice.locator("option").nth(1).get_attribute("value")
    await choice.select_option(chosen)
    await console.page.keyboard.press("Escape")
    desk.changed(desk.caller(WORDS))
    await tel.card.get_by_role("radio", name="Mon téléphone").check()
    await console.page.reload()
    await expect(tel.card.get_by_role("radio", name="Mon téléphone")).to_be_checked()
    await tel.card.get_by_role("radio", name="Navigateur").check()
    await tel.take.click()
    await tel.talking()
    used = await console.page.evaluate("streams.at(-1).getAudioTracks()[0].getSettings().deviceId")
    assert used == chosen


async def test_an_installation_without_calls_shows_nothing_of_them(console: ConsolePage, desk: FakeCalls) -> None:
    desk.service["calls"] = {"enabled": False, "ways": []}
    await console.open()
    await console.ready()
    await expect(console.page.get_by_role("switch")).to_have_count(1)
    await console.button("Réglages", exact=True).click()
    await expect(console.page.get_by_role("dialog")).to_be_visible()
    await expect(console.button("Réglages des appels")).to_have_count(0)


# -- for everybody --

State = Callable[[ConsolePage, FakeCalls], Awaitable[None]]


async def rings(console: ConsolePage, desk: FakeCalls) -> None:
    desk.ways("browser", "phone", "transfer")
    desk.caller(WORDS, priority=1, front=True, callback_number="+33556001122")
    desk.caller("un autre", subject=None)
    await console.open()
    await expect(Telephony(console).card.first).to_be_visible()


async def refused(console: ConsolePage, desk: FakeCalls) -> None:
    await rings(console, desk)
    await refuse_microphone(console.page, "NotAllowedError")
    await Telephony(console).take.click()
    await console.button("Prendre avec mon téléphone").click()
    await expect(console.page.get_by_text("Indiquez d’abord")).to_be_visible()


async def talks(console: ConsolePage, desk: FakeCalls) -> None:
    await rings(console, desk)
    await Telephony(console).take.click()
    await Telephony(console).talking()


async def holds(console: ConsolePage, desk: FakeCalls) -> None:
    await talks(console, desk)
    await console.button("Mettre en attente").click()
    await console.button("Couper le micro").click()
    await expect(console.button("Rouvrir le micro")).to_be_visible()


async def looks_elsewhere(console: ConsolePage, desk: FakeCalls) -> None:
    await talks(console, desk)
    await console.page.evaluate("location.hash = '#/callbacks'")
    await expect(console.page.get_by_role("link", name="Voir l’appel")).to_be_visible()


async def telephone_rings(console: ConsolePage, desk: FakeCalls) -> None:
    desk.ways("phone", "transfer")
    desk.me["phone"] = "4521"
    desk.caller(WORDS)
    await console.open()
    await Telephony(console).take.click()
    await expect(Telephony(console).bar).to_contain_text("sonne…")


async def settings(console: ConsolePage, desk: FakeCalls) -> None:
    desk.ways("browser", "phone", "transfer")
    await console.open("#/queue")
    await console.button("Réglages des appels").click()
    await console.button("Essayer le microphone").click()
    await expect(console.page.get_by_text("Votre voix est bien captée.")).to_be_visible()


STATES: dict[str, State] = {
    one.__name__: one for one in (rings, refused, talks, holds, looks_elsewhere, telephone_rings, settings)
}


@pytest.mark.parametrize("state", STATES.values(), ids=STATES.keys())
async def test_axe_finds_nothing_and_nothing_is_cut_off_at_any_width(
    console: ConsolePage, desk: FakeCalls, state: State
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


async def test_every_shortcut_of_calls_is_in_the_overview(console: ConsolePage, desk: FakeCalls) -> None:
    await console.open()
    await console.ready()
    await console.page.keyboard.press("?")
    overview = console.page.get_by_role("dialog", name="Raccourcis clavier")
    for words in (
        "Prendre l’appel qui sonne",
        "Couper ou rouvrir le micro",
        "Mettre l’appelant en attente",
        "raccrocher",
    ):
        await expect(overview).to_contain_text(words)
