"""The console for who uses a screen reader, the keyboard only, a small screen or other colours."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import expect

from tests.browser.console_page import ConsolePage
from tests.browser.fake_desk import FakeDesk, ago

pytestmark = pytest.mark.asyncio(loop_scope="session")

WORDS = "Je n’arrive pas à déclarer"
MINE = {"id": "jeanne", "name": "Jeanne D."}
State = Callable[[ConsolePage, FakeDesk], Awaitable[None]]

FOCUSED = """() => {
    const node = document.activeElement, style = getComputedStyle(node), box = node.getBoundingClientRect();
    const label = node.getAttribute("aria-label") || node.labels?.[0]?.textContent || node.textContent;
    return { tag: node.tagName, name: label.trim().replace(/\\s+/g, " ").slice(0, 80),
        ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
        seen: box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth };
}"""


def filled(desk: FakeDesk) -> None:
    desk.agent("karim", "Karim B.", viewing="c1")
    handover = desk.waits(WORDS, state="active", agent=MINE, taken_at=ago(60))
    desk.details["c1"]["notes"] = [{"id": "n", "at": ago(9), "agent": MINE, "text": "Déjà appelé"}]
    desk.details["c1"]["annotations"] = [
        {
            "id": "a",
            "at": ago(9),
            "agent": MINE,
            "verdict": "right",
            "intent": "",
            "turn": 2,
            "note": "",
            "handover_id": None,
        }
    ]
    assert handover["id"] == "h1"
    desk.waits("une autre", channel="phone", priority=1, team="paie")
    desk.waits("proposée", state="offered", agent=MINE, deadline=ago(-30))
    desk.promised("Mme Arnaud", "+33612345678", due=-60)
    desk.promised("M. Petit", "+33145678901", state="dialling", agent=MINE)
    desk.promised("Mme Roux", "+33145678902", state="missed", attempts=2)
    desk.written("Claire", "claire@asso.example", "Bonjour")
    desk.past.append(
        {"id": "c1", "channel": "web", "started_at": ago(3600), "ended_at": None, "turns": 2, "excerpt": WORDS,
         "subjects": ["Le prélèvement"], "handover": None, "verdict": "missing_answer"}
    )  # fmt: skip


async def login(console: ConsolePage, desk: FakeDesk) -> None:
    desk.signed_in = False
    await console.open()
    await expect(console.button("Se connecter")).to_be_visible()


async def empty(console: ConsolePage, desk: FakeDesk) -> None:
    await console.open()
    await expect(console.page.get_by_text("Personne n’attend")).to_be_visible()


async def conversation(console: ConsolePage, desk: FakeDesk) -> None:
    filled(desk)
    await console.open("#/queue/c1")
    await expect(console.reply).to_be_visible()
    await expect(console.page.locator(".side .answer")).to_have_count(2)


async def bot_view(console: ConsolePage, desk: FakeDesk) -> None:
    await conversation(console, desk)
    await console.tab("Vue du robot").click()
    await console.page.locator(".turn summary").first.click()


async def notes(console: ConsolePage, desk: FakeDesk) -> None:
    await conversation(console, desk)
    await console.tab("Notes").click()


async def wrap_up(console: ConsolePage, desk: FakeDesk) -> None:
    await conversation(console, desk)
    await console.button("Terminer").click()
    await expect(console.button("Oui")).to_be_visible()


async def callbacks(console: ConsolePage, desk: FakeDesk) -> None:
    filled(desk)
    await console.open("#/callbacks")
    await expect(console.page.locator(".card")).to_have_count(3)


async def messages(console: ConsolePage, desk: FakeDesk) -> None:
    filled(desk)
    await console.open("#/messages")
    await expect(console.page.locator(".card")).to_have_count(1)


async def history(console: ConsolePage, desk: FakeDesk) -> None:
    filled(desk)
    await console.open("#/history")
    await expect(console.rows).to_have_count(1)


async def shortcuts(console: ConsolePage, desk: FakeDesk) -> None:
    await empty(console, desk)
    await console.page.keyboard.press("?")
    await expect(console.page.get_by_role("dialog")).to_be_visible()


async def transfer(console: ConsolePage, desk: FakeDesk) -> None:
    await conversation(console, desk)
    await console.button("Transférer").click()
    await expect(console.page.get_by_role("dialog")).to_be_visible()


async def refused(console: ConsolePage, desk: FakeDesk) -> None:
    await conversation(console, desk)
    desk.refusals["close"] = (409, "over", "Cet échange est déjà terminé.")
    await console.button("Terminer").click()
    await expect(console.toast).to_be_visible()
    desk.down = True
    await desk.cut()
    await expect(console.page.get_by_text("Connexion interrompue.")).to_be_visible()


STATES: dict[str, State] = {
    one.__name__: one
    for one in (
        login, empty, conversation, bot_view, notes, wrap_up, callbacks, messages, history, shortcuts, transfer, refused
    )
}  # fmt: skip


@pytest.mark.parametrize("state", STATES.values(), ids=STATES.keys())
async def test_axe_finds_nothing_in_any_state_scheme_or_width(
    console: ConsolePage,
    desk: FakeDesk,
    state: State,
) -> None:
    await state(console, desk)
    assert await console.axe() == []
    await console.page.emulate_media(color_scheme="dark")
    assert await console.axe() == []
    await console.page.set_viewport_size({"width": 390, "height": 844})
    assert await console.axe() == []


@pytest.mark.parametrize("state", [conversation, wrap_up, callbacks, history, login], ids=lambda one: one.__name__)
async def test_nothing_is_cut_off_or_scrolled_sideways_at_320_pixels(
    console: ConsolePage,
    desk: FakeDesk,
    state: State,
) -> None:
    await state(console, desk)
    await console.page.set_viewport_size({"width": 320, "height": 640})
    widths = await console.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert widths[0] <= widths[1]
    outside = await console.page.evaluate(
        "[...document.querySelectorAll('button, a, input, select, textarea')].filter((one) => one.checkVisibility()"
        " && !one.closest('.skip') && one.getBoundingClientRect().right > innerWidth + 1).map((one) => one.outerHTML)"
    )
    assert outside == []


async def tab_to(console: ConsolePage, name: str, *, limit: int = 60) -> None:
    """Goes on with the keyboard until the focus is there, and looks at every stop on the way."""
    for _ in range(limit):
        await console.page.keyboard.press("Tab")
        focused = await console.page.evaluate(FOCUSED)
        if focused["tag"] == "BODY":
            continue
        assert focused["ring"], f"the focus cannot be seen on {focused}"
        assert focused["seen"], f"the focus is out of sight on {focused}"
        assert focused["name"], f"a stop without a name: {focused}"
        if focused["name"].startswith(name):
            return
    raise AssertionError(f"“{name}” is not reached with the keyboard")


async def test_the_keyboard_is_enough_from_the_queue_to_the_verdict_without_any_shortcut(
    console: ConsolePage,
    desk: FakeDesk,
) -> None:
    desk.waits(WORDS)
    await console.open()
    await console.ready()
    await tab_to(console, "Aller au contenu")
    await console.page.keyboard.press("Enter")
    await tab_to(console, "Prendre la suivante")
    await console.page.keyboard.press("Enter")
    await expect(console.page.locator("#conversation-title")).to_be_focused()
    await expect(console.reply).to_be_visible()
    await tab_to(console, "Votre réponse au visiteur")
    await console.page.keyboard.type("Bonjour")
    await console.page.keyboard.press("Enter")
    await expect(console.log.last).to_contain_text("Bonjour")
    await console.page.locator("#conversation-title").focus()
    await tab_to(console, "Terminer")
    await console.page.keyboard.press("Enter")
    await expect(console.page.get_by_role("heading", name="le robot avait-il raison")).to_be_focused()
    await tab_to(console, "Oui")
    await console.page.keyboard.press("Enter")
    await expect(console.page.get_by_text("Personne n’attend")).to_be_visible()


async def test_the_focus_never_moves_because_something_arrived(
    console: ConsolePage,
    desk: FakeDesk,
) -> None:
    await conversation(console, desk)
    await console.reply.fill("en train d’écrire")
    desk.visitor_says("c1", "un mot de plus")
    desk.changed(desk.waits("une nouvelle demande"))
    await expect(console.log.filter(has_text="un mot de plus")).to_be_visible()
    await expect(console.reply).to_be_focused()
    await expect(console.announcer).to_contain_text("un mot de plus")


async def test_the_tabs_beside_the_conversation_are_walked_with_the_arrows(
    console: ConsolePage,
    desk: FakeDesk,
) -> None:
    await conversation(console, desk)
    await console.tab("Réponses").focus()
    await console.page.keyboard.press("ArrowRight")
    await expect(console.tab("Vue du robot")).to_be_focused()
    await expect(console.tab("Vue du robot")).to_have_attribute("aria-selected", "true")
    await console.page.keyboard.press("ArrowLeft")
    await expect(console.tab("Réponses")).to_be_focused()


async def test_every_target_is_at_least_24_pixels(
    console: ConsolePage,
    desk: FakeDesk,
) -> None:
    await conversation(console, desk)
    small = await console.page.evaluate(
        "[...document.querySelectorAll('button, input, select, textarea, nav a, summary')].filter((one) => {"
        " const box = one.getBoundingClientRect(); return one.checkVisibility() && !one.closest('.check')"
        " && (box.width < 24 || box.height < 24); }).map((one) => one.outerHTML)"
    )
    assert small == []
