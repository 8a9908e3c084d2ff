"""The widget as a visitor finds it: by role and name, in French, never by class."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from playwright.async_api import Locator, Page, expect

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
# Everything that WCAG 2.0 to 2.2 A and AA ask and axe can decide, and its good practice.
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


class Window:
    """One widget on one page. `page` is there for what a test needs beside it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.widget = page.locator("guichet-chat")
        self.launcher = self.button("Une question ?", exact=False)
        self.dialog = self.widget.get_by_role("dialog")
        self.log = self.widget.get_by_role("log")
        self.field = self.widget.get_by_role("textbox", name=re.compile("^Votre (question|message à)"))
        self.send = self.button("Envoyer")
        self.person = self.button("Parler à un conseiller")
        self.close = self.button("Fermer")
        self.menu = self.button("Options de la conversation")

    def button(self, name: str, *, exact: bool = True) -> Locator:
        return self.widget.get_by_role("button", name=name, exact=exact)

    def text(self, text: str | re.Pattern[str], *, exact: bool = False) -> Locator:
        """Words in the widget that can be seen; what is only said to screen readers is not among them."""
        seen = self.page.locator(":not(.announcer *)")
        return self.widget.get_by_text(text, exact=exact).and_(seen).filter(visible=True)

    def said(self, text: str) -> Locator:
        """Words in the transcript."""
        return self.log.get_by_text(text)

    def alternative(self, name: str) -> Locator:
        """A possible action, as a button or an entry of the menu."""
        either = self.button(name).or_(self.widget.get_by_role("menuitem", name=name, exact=True))
        return either.filter(visible=True).first

    async def open(self) -> None:
        await self.launcher.click()
        await expect(self.field).to_be_visible()
        await expect(self.said("Posez votre question.")).to_be_visible()

    async def ask(self, text: str) -> None:
        await self.field.fill(text)
        await self.send.click()

    async def answered(self, count: int = 1) -> None:
        await expect(self.said("L'adhésion est gratuite")).to_have_count(count)

    async def live(self) -> None:
        await expect(self.text("En ligne", exact=True)).to_be_visible()

    async def person_texts(self) -> list[str]:
        """What the visitor has said, as the transcript shows it."""
        return [str(text) for text in await self.page.evaluate(_PERSON_TEXTS)]

    async def wait_for_person(self) -> None:
        await self.person.click()
        await expect(self.text("Vous êtes dans la file d’attente.")).to_be_visible()

    async def listen(self) -> None:
        """From now on, notes everything that is announced to screen readers by the widget's live regions."""
        await self.page.evaluate(_LISTEN)

    async def announced(self) -> list[str]:
        return [plain(str(text)) for text in await self.page.evaluate("window.announced ?? []")]

    async def axe(self, *, whole_page: bool = False) -> list[dict[str, Any]]:
        """The violations, each with the elements concerned."""
        if not await self.page.evaluate("'axe' in window"):
            await self.page.evaluate(AXE.read_text())  # as the debugger does: no content policy is in the way
        where = "document" if whole_page else "{ include: [['guichet-chat']] }"
        options = json.dumps({"runOnly": AXE_TAGS, "resultTypes": ["violations"]})
        found = await self.page.evaluate(f"axe.run({where}, {options}).then(({{ violations }}) => violations)")
        return [
            {
                "rule": violation["id"],
                "nodes": [
                    [node["target"], node["html"][:160], node.get("failureSummary")] for node in violation["nodes"]
                ],
            }
            for violation in found
        ]

    async def storage(self) -> dict[str, Any]:
        """Everything a page can leave in a browser."""
        kept = await self.page.evaluate(_STORAGE)
        kept["cookies"] = await self.page.context.cookies()
        return dict(kept)


def plain(text: str) -> str:
    """Without the typography of French: no-break spaces are spaces."""
    return text.replace("\u00a0", " ").replace("\u202f", " ")


# The shadow tree, wherever the widget's element is.
_ROOT = "document.querySelector('guichet-chat').shadowRoot"
_PERSON_TEXTS = f"""() => [...{_ROOT}.querySelectorAll("[role=log] > ol > li")]
    .filter((item) => item.querySelector("h3")?.textContent === "Vous")
    .map((item) => item.children[1].innerText.trim())"""
_LISTEN = f"""() => {{
    window.announced = [];
    const isLive = (node) => (node instanceof Element ? node : node.parentElement)
        ?.closest("[aria-live=polite], [aria-live=assertive], [role=status], [role=alert]");
    new MutationObserver((changes) => {{
        for (const {{ target, addedNodes, type }} of changes) {{
            if (isLive(target)) {{
                const nodes = type === "characterData" ? [target] : [...addedNodes];
                const texts = nodes.map((node) => node.textContent);
                window.announced.push(...texts.map((text) => text.trim()).filter(Boolean));
            }}
        }}
    }}).observe({_ROOT}, {{ childList: true, characterData: true, subtree: true }});
}}"""
_STORAGE = """async () => ({
    local: Object.keys(localStorage),
    session: Object.keys(sessionStorage),
    cookie: document.cookie,
    databases: (await indexedDB.databases()).map((one) => one.name),
    caches: await caches.keys(),
    workers: (await navigator.serviceWorker.getRegistrations()).length,
    fonts: [...document.fonts].map((font) => font.family),
})"""
