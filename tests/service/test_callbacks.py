"""Promised callbacks, kept: by the bot, asked for by the desk; and by an agent, from the console in a browser.

The telephone that is called is SIP and not ours. The bot tells the person who is calling and why. An agent who calls
is connected first and hears it ring; who picks up hears who calls, and then the two hear each other. The agent's first
attempt is not answered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from playwright.async_api import expect

from tests.browser.console_page import built_console  # noqa: F401  (a fixture)
from tests.integration.sip.baresip_phone import BaresipPhone
from tests.integration.sip.line_under_test import free_port
from tests.integration.sip.sounds import write_wav
from tests.service.running import Service
from tests.service.test_call_in_the_browser import (
    AGENT,
    CALLER,
    GAP,
    PASSWORD,
    SPOKEN_SECONDS,
    agent_at_the_console,
    heard_by_the_agent,
    recogniser_text,
)
from tests.service.test_calls import pcm_of, transcribed, words
from tests.service.test_calls_to_agents import seconds_of
from voice.audio import pcm_to_float, resample
from voice.whisper import Whisper

RING_SECONDS = 8
RINGBACK_HZ = 440
BY_THE_BOT, BY_AN_AGENT = "0687654321", "0612345678"


@dataclass(frozen=True)
class Promised:
    """A service that has promised callbacks, and the port of the one telephone that it reaches by any number."""

    service: Service
    sip_port: int


@pytest.fixture(scope="module")
def promised(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Promised]:
    """Two callers whom nobody could take have left their numbers, both at a time."""
    sip_port = free_port()
    env = {
        "GUICHET_PHONE__DIAL_AS": f"sip:caller@127.0.0.1:{sip_port}",
        "GUICHET_PHONE__CALLBACK_ALLOWED": "+33",
        "GUICHET_PHONE__RING_SECONDS": str(RING_SECONDS),
    }
    service = Service(tmp_path_factory.mktemp("guichet"), env=env).start()
    try:
        with ThreadPoolExecutor(2) as lines:
            left = [
                lines.submit(service.lines, "call", "--key", "0", "--key", f"{number}#", "--json")
                for number in (BY_THE_BOT, BY_AN_AGENT)
            ]
            for call in left:
                call.result()
        yield Promised(service, sip_port)
    finally:
        assert service.stop() == 0


async def test_who_was_promised_a_call_is_called_and_told_why(
    promised: Promised, recogniser: Whisper, tmp_path: Path
) -> None:
    service = promised.service
    waiting = {one["callback_number"]: one for one in service.get("/api/desk", desk=True)["handovers"]}
    place = f"/api/callbacks/{waiting['+33687654321']['id']}"
    async with BaresipPhone(tmp_path / "phone", b"", answers=True, sip_port=promised.sip_port) as phone:
        dialled = await asyncio.to_thread(service.post, place, desk=True)
        assert dialled == {"state": "dialling"}
        await phone.expect("CALL_ESTABLISHED", 30)
        again = await asyncio.to_thread(service.post, place, desk=True)
        assert again["error"]["code"] == "conflict"
        await asyncio.sleep(12)
        await phone.hang_up()
        heard = pcm_to_float(phone.heard())
    said = recogniser.transcribe(resample(heard, 8000, 16000)).text.lower()
    assert "assistant" in said
    assert "rappel" in said or "comme vous l'avez demandé" in said, said  # either half of the sentence says why


async def test_an_agent_calls_back_from_the_console_and_the_two_hear_each_other(
    built_console: Path,  # noqa: F811
    promised: Promised,
    recogniser: Whisper,
    tmp_path: Path,
) -> None:
    service = promised.service
    microphone = write_wav(tmp_path / "agent.wav", pcm_of(AGENT) + GAP, rate_hz=8000, channels=1)
    phone = BaresipPhone(tmp_path / "phone", (pcm_of(CALLER) + GAP) * 12, sip_port=promised.sip_port)
    await asyncio.to_thread(service.add_user, "jeanne", "Jeanne D.", PASSWORD)
    async with agent_at_the_console(service, microphone) as console, phone:
        page = console.page
        await page.get_by_role("switch", name="Je prends les appels").click()
        await page.get_by_role("dialog").get_by_role("button", name="Prendre les appels").click()
        await page.evaluate("location.hash = '#/callbacks'")
        await expect(page.locator("#how-back")).to_contain_text("Vous, avec votre casque")
        card = page.locator(".card").filter(has_text="06 12 34 56 78")
        bar = page.get_by_role("region", name="Votre appel")

        await card.get_by_role("button", name="Rappeler").click()
        await expect(bar).to_contain_text("Le téléphone sonne", timeout=30_000)
        await phone.expect("CALL_INCOMING", 20)
        await expect(page.locator(".toast")).to_contain_text("Personne n’a répondu", timeout=30_000)
        await expect(bar).to_be_hidden()
        await expect(card).to_contain_text("1 essai")
        await expect(card.get_by_role("button", name="Pas de réponse")).to_be_visible()
        rang = await heard_by_the_agent(page)

        await card.get_by_role("button", name="Rappeler").click()
        await phone.expect("CALL_INCOMING", 30)
        await phone.answer()
        await expect(bar).to_contain_text("En communication", timeout=30_000)
        await expect(bar).to_contain_text("06 12 34 56 78")
        await asyncio.sleep(SPOKEN_SECONDS)
        await page.screenshot(path=tmp_path / "call.png")
        agents_ear = (await heard_by_the_agent(page))[len(rang) :]
        await page.get_by_role("button", name="Raccrocher").click()
        await phone.expect("CALL_CLOSED", 20)
        persons_ear = pcm_to_float(phone.heard())
        await page.get_by_role("button", name="Oui, rappel fait").click()
        await page.evaluate("location.hash = '#/callbacks'")
        await expect(page.locator(".card.kept")).to_contain_text("2 essais")
    tone = seconds_of(RINGBACK_HZ, (rang * 32767).astype("<i2").tobytes())
    assert tone.sum() >= 15, "the agent heard it ring"
    told = "Bonjour, vous avez demandé à être rappelé : je vous passe votre conseiller."
    heard = words(transcribed(recogniser, persons_ear[: 8000 * 10]))
    assert len(set(words(told)) & set(heard)) >= 0.6 * len(set(words(told))), heard
    for ear, said in ((agents_ear, CALLER), (persons_ear[8000 * 6 :], AGENT)):
        expected = set(words(recogniser_text(said)))
        understood = expected & set(words(transcribed(recogniser, np.ascontiguousarray(ear))))
        assert len(understood) >= 0.6 * len(expected), (said, expected, transcribed(recogniser, ear))
