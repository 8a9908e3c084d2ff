"""A real Chromium on the real service: the question is typed, Rasa answers, the desk sees who asked for a person."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.service.running import Service

IMAGES = Path(__file__).parents[2] / "docs" / "images"


@pytest.fixture
def page(service: Service) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1100, "height": 1000}, locale="fr-FR", reduced_motion="reduce")
        elsewhere: list[str] = []
        page.on(
            "request", lambda request: None if request.url.startswith(service.url) else elsewhere.append(request.url)
        )
        page.goto(service.url)
        yield page
        browser.close()
        assert elsewhere == [], "the page talks to its own server only"


def ask(page: Page, question: str) -> None:
    page.get_by_label("Votre question").fill(question)
    page.keyboard.press("Enter")


def test_a_visitor_asks_how_to_join_and_reads_the_sourced_answer_then_asks_for_a_person(
    service: Service, page: Page
) -> None:
    expect(page.get_by_text("assistant automatique").first).to_be_visible()
    ask(page, "Comment adhérer au chèque emploi associatif ?")
    log = page.get_by_role("log")
    expect(log).to_contain_text("en ligne", timeout=10_000)
    expect(log).to_contain_text("Siret")
    expect(log.get_by_role("link", name="Service-public.fr").first).to_have_attribute(
        "href", "https://www.service-public.fr/associations/vosdroits/F766"
    )
    expect(log).to_contain_text("21 novembre 2026")
    before = len(service.get("/api/desk", desk=True)["handovers"])
    page.get_by_role("button", name="Parler à un conseiller").click()
    expect(page.locator("body")).to_contain_text("transmise à un conseiller", timeout=10_000)
    assert len(service.get("/api/desk", desk=True)["handovers"]) == before + 1
    if os.environ.get("GUICHET_SCREENSHOTS"):
        page.wait_for_timeout(1000)
        page.screenshot(path=IMAGES / "chat.png")


def test_a_reload_keeps_the_conversation(page: Page) -> None:
    ask(page, "c'est gratuit ?")
    log = page.get_by_role("log")
    expect(log).to_contain_text("gratuit", timeout=10_000)
    expect(log.get_by_role("link").first).to_be_visible(timeout=10_000)
    page.reload()
    expect(log).to_contain_text("c'est gratuit ?", timeout=10_000)
    expect(log.get_by_role("link").first).to_be_visible()


def test_a_vague_question_is_clarified_by_a_choice(page: Page) -> None:
    ask(page, "bulletin")
    log = page.get_by_role("log")
    expect(log.get_by_role("button").or_(log.get_by_role("link")).first).to_be_visible(timeout=10_000)
