"""Tables taken away from the console, and the times it tells to an agent whose machine is in another zone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.browser.console_page import ConsolePage
from tests.browser.fake_desk import FakeDesk, ago

pytestmark = pytest.mark.asyncio(loop_scope="session")

EXPORT = "Exporter (CSV)"
PERSONAL = "Y mettre aussi ce qui a été dit"


def past(desk: FakeDesk, count: int = 3) -> None:
    for number in range(count):
        desk.past.append(
            {"id": f"p{number}", "channel": "web", "started_at": ago(3600 * number), "ended_at": None, "turns": 2,
             "excerpt": f"question {number}", "subjects": [], "handover": None, "verdict": None}
        )  # fmt: skip


async def history(console: ConsolePage, desk: FakeDesk) -> None:
    desk.accounts.users["jeanne"]["role"] = "supervisor"
    past(desk)
    await console.open("#/history")
    await expect(console.rows).to_have_count(3)


async def test_what_the_filter_finds_is_saved_as_a_file_as_the_server_sent_it(
    console: ConsolePage, desk: FakeDesk, tmp_path: Path
) -> None:
    await history(console, desk)
    await console.page.get_by_label("Canal").select_option("web")
    await console.page.get_by_label("Mots, ou début d’un identifiant").fill("question")
    await expect(console.rows).to_have_count(3)
    async with console.page.expect_download() as download:
        await console.button(EXPORT).click()
    file = await download.value
    assert file.suggested_filename == "guichet-conversations-2026-11-22.csv"
    await file.save_as(tmp_path / "table.csv")
    assert (tmp_path / "table.csv").read_bytes() == b"".join(desk.accounts.csv)
    assert desk.accounts.exported == ["/api/desk/export.csv?q=question&channel=web&handover=1"]
    await expect(console.page.get_by_text("Export enregistré : 2 lignes.")).to_be_visible()


async def test_personal_words_are_taken_only_when_they_are_asked_for(console: ConsolePage, desk: FakeDesk) -> None:
    await history(console, desk)
    await console.page.get_by_label(PERSONAL).check()
    async with console.page.expect_download():
        await console.button(EXPORT).click()
    assert desk.accounts.exported == ["/api/desk/export.csv?handover=1&personal=1"]


async def test_an_export_under_way_says_how_far_it_is_and_is_not_begun_twice(
    console: ConsolePage, desk: FakeDesk
) -> None:
    desk.accounts.hold = asyncio.Event()
    await history(console, desk)
    await console.button(EXPORT).click()
    running = console.button("2 lignes…")
    await expect(running).to_have_attribute("aria-disabled", "true")
    await expect(running).to_be_focused()
    await running.click(force=True)
    assert len(desk.accounts.exported) == 1
    async with console.page.expect_download():
        desk.accounts.hold.set()
    await expect(console.button(EXPORT)).to_be_visible()


async def test_an_export_can_be_stopped(console: ConsolePage, desk: FakeDesk) -> None:
    desk.accounts.hold = asyncio.Event()
    await history(console, desk)
    await console.button(EXPORT).click()
    await console.button("Arrêter l’export").click()
    await expect(console.page.get_by_text("Export arrêté.")).to_be_visible()
    await expect(console.button(EXPORT)).to_be_visible()
    desk.accounts.hold.set()


async def test_an_export_that_breaks_off_saves_nothing_and_says_so(console: ConsolePage, desk: FakeDesk) -> None:
    desk.accounts.breaks_off = True
    downloads: list[object] = []
    console.page.on("download", lambda download: downloads.append(download))  # noqa: PLW0108  (Playwright marks the function)
    await history(console, desk)
    await console.button(EXPORT).click()
    await expect(console.page.get_by_role("alert").filter(has_text="L’export s’est interrompu")).to_be_visible()
    assert downloads == []


async def test_a_refused_export_is_told_in_the_servers_words(console: ConsolePage, desk: FakeDesk) -> None:
    await history(console, desk)
    desk.down = True
    await console.button(EXPORT).click()
    await expect(console.page.get_by_role("alert").filter(has_text="Le service est arrêté.")).to_be_visible()


async def test_an_agent_has_no_export(console: ConsolePage, desk: FakeDesk) -> None:
    past(desk)
    await console.open("#/history")
    await expect(console.rows).to_have_count(3)
    await expect(console.button(EXPORT)).to_have_count(0)


async def test_figures_are_saved_day_by_day(console: ConsolePage, desk: FakeDesk) -> None:
    desk.accounts.users["jeanne"]["role"] = "supervisor"
    await console.open()
    async with console.page.expect_download():
        await console.button("Exporter les 31 derniers jours").click()
    assert desk.accounts.exported == ["/api/desk/figures.csv?days=31"]


async def test_the_history_with_its_export_is_accessible_and_fits_a_small_screen(
    console: ConsolePage, desk: FakeDesk
) -> None:
    await history(console, desk)
    assert await console.axe() == []
    await console.page.set_viewport_size({"width": 320, "height": 640})
    assert await console.axe() == []
    widths = await console.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert widths[0] <= widths[1]


# -- times --


@pytest_asyncio.fixture(loop_scope="session")
async def abroad(browser: Browser, desk: FakeDesk) -> AsyncIterator[ConsolePage]:
    """A console in Cayenne, three or four hours and mostly a day behind the service."""
    context = await browser.new_context(locale="fr-FR", timezone_id="America/Cayenne", reduced_motion="reduce")
    page = await context.new_page()
    page.set_default_timeout(5_000)
    yield ConsolePage(page, desk.url)
    await context.close()


async def test_times_are_those_of_the_service_and_its_zone_is_named_to_who_is_elsewhere(
    abroad: ConsolePage, desk: FakeDesk
) -> None:
    desk.service |= {"open": False, "next_opening": "2031-01-06T07:30:00+00:00", "time_zone": "Europe/Paris"}
    desk.past.append(
        {"id": "p1", "channel": "web", "started_at": "2026-01-01T00:30:00Z", "ended_at": None, "turns": 2,
         "excerpt": "à minuit", "subjects": [], "handover": None, "verdict": None}
    )  # fmt: skip
    await abroad.open("#/history")
    await expect(abroad.rows.locator("time")).to_contain_text("1er janvier")
    await expect(abroad.rows.locator("time")).to_contain_text("1\u00a0h\u00a030")
    await expect(abroad.page.locator(".opening")).to_contain_text("lundi 6 janvier 2031 à 8\u00a0h\u00a030")
    zone = abroad.page.locator(".zone")
    await expect(zone).to_have_text("Heures\u00a0: Paris")
    await expect(zone).to_have_attribute("title", "Les heures affichées sont celles du service (Paris), comme pour les "
                                         "visiteurs. Cet ordinateur est réglé sur un autre fuseau.")  # fmt: skip
    assert await abroad.axe() == []


async def test_a_service_overseas_tells_its_own_times(abroad: ConsolePage, desk: FakeDesk) -> None:
    desk.service["time_zone"] = "Indian/Reunion"
    desk.past.append(
        {"id": "p1", "channel": "web", "started_at": "2026-01-01T00:30:00Z", "ended_at": None, "turns": 2,
         "excerpt": "", "subjects": [], "handover": None, "verdict": None}
    )  # fmt: skip
    await abroad.open("#/history")
    await expect(abroad.rows.locator("time")).to_contain_text("4\u00a0h\u00a030")
    await expect(abroad.page.locator(".zone")).to_have_text("Heures\u00a0: Reunion")


async def test_who_is_where_the_service_is_reads_no_zone(console: ConsolePage, desk: FakeDesk) -> None:
    await console.open()
    await console.ready()
    await expect(console.page.locator(".zone")).to_have_count(0)
