"""A caller and an agent's console on the gateway's own desk: queue, taking, softphone, hold, hanging up.

Only the telephone line is played: the test is the call, and does what a call does with what the desk tells it
(`voice.call_desk`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import numpy as np
import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, expect

from bot.accounts.roles import Role
from bot.agent_briefing import load_briefing_texts
from bot.agent_calls import agent_calls
from bot.app import Gateway
from bot.desk.callers import Callers
from bot.dialogue import Channel
from bot.store.records import TurnRecord
from bot.web.keys import AGENT_CALLS
from bot.web.with_accounts import add_accounts
from tests.browser.console_page import ConsolePage, becomes_true
from tests.browser.fake_calls import FRAME_SECONDS, TONE
from tests.browser.fake_gateway import until
from tests.browser.real_gateway import gateway_app
from tests.browser.test_console_calls import AUDIBLE, HEARD, OPEN_MICROPHONES, WATCH, Telephony, telephonist  # noqa: F401  (a fixture)
from voice import call_messages as m
from voice.agent_leg import AgentLeg

pytestmark = pytest.mark.asyncio(loop_scope="session")

PASSWORD = "une phrase assez longue pour passer"
WORDS = "ma salariée est en arrêt depuis lundi"


@dataclass
class Caller:
    """A caller who says a tone, and what the desk and the agent do to them."""

    callers: Callers
    id: str
    told: list[m.Event] = field(default_factory=list)
    heard: list[int] = field(default_factory=list)
    legs: list[AgentLeg] = field(default_factory=list)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def tell(self, event: m.Event) -> None:
        self.told.append(event)
        if isinstance(event, m.AgentOnLine):
            self.legs.append(event.leg)
            self.tasks += [asyncio.create_task(self._joined(event.leg)), asyncio.create_task(self._speak(event.leg))]
        elif isinstance(event, m.HoldAsked):
            what = m.DeskNews.HELD if event.on else m.DeskNews.JOINED
            self.tasks.append(asyncio.create_task(self.callers.told(self.id, what)))

    @property
    def said(self) -> list[str]:
        return [event.state.value for event in self.told if isinstance(event, m.DeskSaid)]

    async def _joined(self, leg: AgentLeg) -> None:
        await self.callers.told(self.id, m.DeskNews.JOINED)
        async for pcm in leg.sounds():
            self.heard.append(int(np.abs(np.frombuffer(pcm, "<i2").astype(int)).max(initial=0)))

    async def _speak(self, leg: AgentLeg) -> None:
        while not leg.reason:
            await leg.play(TONE)
            await asyncio.sleep(FRAME_SECONDS)

    async def hears_the_agent(self) -> None:
        self.heard.clear()
        await until(lambda: max(self.heard, default=0) > AUDIBLE)

    async def end(self) -> None:
        self.callers.leave(self.id)
        for leg in self.legs:
            await leg.hangup()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


@dataclass
class Scene:
    console: ConsolePage
    tel: Telephony
    callers: Callers
    gateway: Gateway

    async def rings(self) -> Caller:
        """Somebody asks for a person, and waits."""
        store = self.callers.desk.store
        conversation_id = await store.start_conversation(Channel.PHONE)
        await store.add_turn(conversation_id, TurnRecord(heard=WORDS, outcome="abstained"))
        caller = Caller(self.callers, conversation_id)
        self.callers.enter(conversation_id, caller.tell)
        await self.callers.request(conversation_id, "asked")
        return caller


@pytest_asyncio.fixture(loop_scope="session")
# The argument is the fixture imported above.
async def scene(telephonist: Browser, built_console: Path, tmp_path: Path) -> AsyncIterator[Scene]:  # noqa: F811
    async with gateway_app(tmp_path, ways=("browser",)) as (gateway, app, desk), aiohttp.ClientSession() as session:
        callers = gateway.callers
        assert callers is not None
        texts = load_briefing_texts(gateway.settings.load_pack().prompts())
        agents = app[AGENT_CALLS] = await agent_calls(gateway.settings, callers, desk, texts)
        accounts = add_accounts(app, desk.store, gateway.settings, session)
        await accounts.add("jeanne", "Jeanne D.", Role.AGENT, PASSWORD, by="operator:cli", must_change=False)
        runner = web.AppRunner(app, shutdown_timeout=0.2)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        context = await telephonist.new_context(locale="fr-FR", reduced_motion="reduce")
        await context.add_init_script(WATCH)
        page = await context.new_page()
        page.set_default_timeout(8_000)
        console = ConsolePage(page, url)
        await console.open()
        await page.get_by_label("Identifiant").fill("jeanne")
        await page.get_by_label("Mot de passe", exact=True).fill(PASSWORD)
        await page.keyboard.press("Enter")
        await page.get_by_role("switch", name="Disponible").click()
        await page.get_by_role("switch", name="Je prends les appels").click()
        await page.get_by_role("dialog").get_by_role("button", name="Prendre les appels").click()
        await expect(page.get_by_role("switch", name="Je prends les appels")).to_be_checked()
        tel = Telephony(console)
        tel.card = page.get_by_role("region", name="Demande une personne")
        tel.take = tel.card.get_by_role("button", name="Prendre l’appel")
        yield Scene(console, tel, callers, gateway)
        await context.close()
        await agents.close()
        await runner.cleanup()


async def test_a_caller_waits_is_taken_held_heard_and_hung_up_on_by_the_gateway_s_desk(scene: Scene) -> None:
    page, tel = scene.console.page, scene.tel
    caller = await scene.rings()
    await expect(tel.card).to_contain_text(WORDS)
    await tel.take.click()
    await tel.talking()
    assert caller.said[:2] == ["queued", "taken"]
    await caller.hears_the_agent()
    before = await page.evaluate(HEARD)
    await becomes_true(page, f"async () => (await ({HEARD})()) > {before} + 0.001")
    await page.keyboard.press("g")
    await expect(tel.bar).to_contain_text("La personne entend une musique")
    await page.keyboard.press("g")
    await tel.talking()
    await tel.bar.get_by_role("button", name="Raccrocher").click()
    await expect(scene.console.button("Oui")).to_be_visible()
    await until(lambda: caller.said[-1] == "closed")
    assert await page.evaluate(OPEN_MICROPHONES) == 0
    await caller.end()
    await scene.console.button("Oui").click()
    await expect(scene.console.rows).to_have_count(0)


async def test_after_a_reload_the_caller_and_the_agent_hear_each_other_again(scene: Scene) -> None:
    page, tel = scene.console.page, scene.tel
    caller = await scene.rings()
    await tel.take.click()
    await tel.talking()
    page.on("dialog", lambda dialog: dialog.accept())
    await page.reload()
    await until(lambda: len(caller.legs) == 2)
    await tel.talking()
    await caller.hears_the_agent()
    await caller.end()


async def test_who_hangs_up_while_ringing_stays_listed_and_while_spoken_with_is_written_up(scene: Scene) -> None:
    page, tel = scene.console.page, scene.tel
    gone = await scene.rings()
    await expect(tel.card).to_be_visible()
    await gone.end()
    await expect(page.locator(".farewell")).to_have_text("L’appelant a raccroché.")
    await expect(scene.console.rows).to_contain_text(["A raccroché"])
    caller = await scene.rings()
    await tel.take.click()
    await tel.talking()
    await caller.end()
    await expect(scene.console.toast).to_contain_text("L’appelant a raccroché.")
    await expect(scene.console.button("Oui")).to_be_visible()
