"""A real Chromium on the real service: Rasa answers what is typed, an agent takes over and gives back."""

from __future__ import annotations

import json
import os
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect, sync_playwright

from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.service.running import Service

IMAGES = Path(__file__).parents[2] / "docs" / "images"


@pytest.fixture
def page(service: Service) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 860}, locale="fr-FR", reduced_motion="reduce")
        page.set_default_timeout(10_000)
        elsewhere: list[str] = []
        page.on(
            "request", lambda request: None if request.url.startswith(service.url) else elsewhere.append(request.url)
        )
        page.goto(service.url)
        yield page
        browser.close()
        assert elsewhere == [], "the page talks to its own server only"


def opened(page: Page) -> Locator:
    """The widget's transcript, once its launcher was pressed."""
    page.get_by_role("button", name="Une question").click()
    return page.get_by_role("log", name="Conversation")


def ask(page: Page, question: str) -> None:
    page.get_by_role("textbox", name="Votre question").fill(question)
    page.keyboard.press("Enter")


def desk(service: Service, method: str, path: str, body: Any = None) -> Any:
    """A request of the agent Claire's program; the JSON of the answer."""
    headers = {
        "Authorization": f"Bearer {service.desk_token}",
        "X-Guichet-Agent": "claire?name=Claire",
        "Content-Type": "application/json",
    }
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(service.url + path, content, headers, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def eventually(find: Callable[[], Any], seconds: float = 15) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := find():
            return found
        time.sleep(0.1)
    raise AssertionError("it did not come")


def test_a_visitor_reads_a_sourced_answer(page: Page) -> None:
    log = opened(page)
    ask(page, "Comment adhérer au chèque emploi associatif ?")
    expect(log).to_contain_text("en ligne", timeout=10_000)
    expect(log).to_contain_text("Siret")
    expect(log.get_by_role("link", name="Service-public.fr").first).to_have_attribute(
        "href", "https://www.service-public.fr/associations/vosdroits/F766"
    )
    expect(log).to_contain_text("21 novembre 2026")
    if os.environ.get("GUICHET_SCREENSHOTS"):
        page.wait_for_timeout(1000)
        page.screenshot(path=IMAGES / "chat.png")


def test_a_reload_keeps_the_conversation(page: Page) -> None:
    log = opened(page)
    ask(page, "c'est gratuit ?")
    expect(log.get_by_role("link").first).to_be_visible()
    page.reload()
    opened(page)
    expect(log).to_contain_text("c'est gratuit ?")
    expect(log.get_by_role("link").first).to_be_visible()


def test_a_vague_question_is_clarified_by_a_choice(page: Page) -> None:
    log = opened(page)
    ask(page, "bulletin")
    expect(log.get_by_role("button").or_(log.get_by_role("link")).first).to_be_visible()


def test_a_person_takes_over_and_gives_back_through_the_api_of_the_desk(service: Service, page: Page) -> None:
    desk(service, "PUT", "/api/desk/presence", {"status": "available"})
    log = opened(page)
    ask(page, "Comment adhérer au chèque emploi associatif ?")
    expect(log).to_contain_text("Siret")
    page.get_by_role("button", name="Parler à un conseiller").click()

    def mine() -> Any:
        waiting = desk(service, "GET", "/api/desk/overview")["handovers"]
        return [one for one in waiting if one["channel"] == "web" and one["state"] == "queued"]

    request = eventually(mine)[-1]
    place = f"/api/desk/conversations/{request['conversation_id']}"
    desk(service, "POST", f"/api/desk/handovers/{request['id']}/take")
    expect(log).to_contain_text("Claire a rejoint la conversation.")
    payload = desk(service, "GET", place)["payload"]
    assert payload["ranking"][0]["intent"].startswith("adhesion")
    assert payload["answers"][0]["source"]
    desk(service, "POST", f"{place}/messages", {"client_id": "a1", "text": "Bonjour, je suis Claire."})
    expect(log).to_contain_text("Bonjour, je suis Claire.")
    page.get_by_role("textbox", name="Votre message à Claire").fill("Merci, Claire.")
    page.keyboard.press("Enter")

    def arrived() -> Any:
        return [one for one in desk(service, "GET", place)["messages"] if one.get("text") == "Merci, Claire."]

    assert len(eventually(arrived)) == 1
    desk(service, "POST", f"/api/desk/handovers/{request['id']}/return")
    expect(log).to_contain_text("L’assistant automatique vous répond de nouveau.")
    desk(service, "POST", f"/api/desk/handovers/{request['id']}/wrap_up", {"verdict": "right"})
    ask(page, "c'est gratuit ?")
    expect(log).to_contain_text("gratuit")


def test_what_is_erased_is_gone_from_the_desk_too(service: Service, page: Page) -> None:
    log = opened(page)
    ask(page, "c'est gratuit pour le club de pétanque de Clairval ?")
    expect(log.get_by_role("heading", name="Assistant automatique")).to_have_count(2)
    search = "/api/desk/conversations?q=petanque%20clairval"
    assert len(desk(service, "GET", search)["conversations"]) == 1
    page.get_by_role("button", name="Options de la conversation").click()
    page.get_by_role("button", name="Supprimer ma conversation").click()
    page.get_by_role("button", name="Supprimer définitivement").click()
    expect(page.get_by_role("heading", name="Votre conversation est supprimée")).to_be_visible()
    assert desk(service, "GET", search)["conversations"] == []
