"""Takes the pictures of the widget in docs/images/widget/: every width, scheme, direction and state worth looking at.

    .venv/bin/python scripts/screenshots.py             all of them
    .venv/bin/python scripts/screenshots.py waiting     those whose name contains a word

It shows the built widget (npm --prefix web run build) on the demonstration page, with the browser tests' fake gateway
in the place of the service.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from playwright.async_api import Browser, Page, async_playwright

from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.browser.fake_gateway import FakeGateway
from tests.browser.states import STATES
from tests.browser.window import Window

IMAGES = Path(__file__).parents[1] / "docs" / "images" / "widget"
SIZES = {320: 640, 768: 960, 1440: 900}


@dataclass(frozen=True)
class Picture:
    """`alone`: the window without the page around it."""

    name: str
    state: str
    width: int = 1440
    alone: bool = False
    rtl: bool = False
    theme: str = ""
    profile: dict[str, Any] = field(default_factory=dict)


PICTURES = [
    Picture("page-closed-1440", "closed"),
    *(Picture(f"light-{width}", "answered", width) for width in SIZES),
    *(Picture(f"dark-{width}", "with_agent", width, profile={"color_scheme": "dark"}) for width in SIZES),
    *(Picture(f"forced-colours-{width}", "chosen", width, profile={"forced_colors": "active"}) for width in SIZES),
    *(Picture(f"right-to-left-{width}", "answered", width, rtl=True) for width in (320, 1440)),
    *(
        Picture(f"state-{state}", state, alone=True)
        for state in (
            "opened",
            "unhelpful",
            "choices",
            "sensitive",
            "waiting",
            "with_agent",
            "after_agent",
            "nobody",
            "callback",
            "message",
            "promised",
            "menu",
            "erasing",
            "refused",
            "down",
        )
    ),
    *(Picture(f"theme-{theme}", "with_agent", alone=True, theme=theme) for theme in ("contrast", "dsfr")),
]


async def take(browser: Browser, picture: Picture) -> None:
    server = FakeGateway()
    await server.start()
    try:
        viewport = {"width": picture.width, "height": SIZES[picture.width]}
        context = await browser.new_context(
            locale="fr-FR",
            timezone_id="Europe/Paris",
            reduced_motion="reduce",
            viewport=viewport,  # type: ignore[arg-type]
            **picture.profile,
        )
        page = await context.new_page()
        await page.goto(server.url)
        if picture.theme:
            await page.locator(f"input[name=theme][value={picture.theme}]").check()
            await page.evaluate("scrollTo(0, 0)")
        if picture.rtl:
            await page.evaluate("document.documentElement.dir = 'rtl'")
        window = Window(page)
        await STATES[picture.state](window, server)
        await _save(page, window, picture)
        await context.close()
    finally:
        await server.stop()


async def _save(page: Page, window: Window, picture: Picture) -> None:
    await page.mouse.move(2, 2)
    await page.wait_for_timeout(250)
    path = IMAGES / f"{picture.name}.png"
    if picture.alone:
        await window.dialog.screenshot(path=path)
    else:
        await page.screenshot(path=path)


async def main(words: list[str]) -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for picture in PICTURES:
            if not words or any(word in picture.name for word in words):
                await take(browser, picture)
                print(f"{picture.name}.png", (IMAGES / f"{picture.name}.png").stat().st_size // 1024, "KiB")
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
