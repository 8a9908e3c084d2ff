"""The real application in this process, wired as `bot/app.py` does, with a dialogue that answers from a table.

No models, no Rasa: what is tested is all that stands between a page and the store.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from bot.app import Gateway
from bot.chats import Chats
from bot.desk.desk import Desk
from bot.desk.policy import Policy
from bot.desk.texts import load_desk_texts
from bot.dialogue import Answer, Outcome, Question, Ranked, Reply
from bot.knowledge import load_knowledge
from bot.opening_file import HoursFile, hours_path
from bot.settings import Settings, WebSettings
from bot.store import Store
from bot.web.keys import DESK_TOKEN, TEXTS
from bot.web.texts import load_web_texts
from tests.databases import prepared_url

ANSWER = Answer(
    "adhesion_comment", "L'adhésion est **gratuite**.", "Adhérer", "F766", "https://example.org", "2026-11-21"
)


class OneAnswer:
    """A dialogue that knows one thing."""

    async def ask(self, question: Question) -> Reply:
        return Reply(Outcome.ANSWERED, "adhesion_comment", 0.9, (Ranked("adhesion_comment", 0.9),), answers=(ANSWER,))


@dataclass
class RealGateway:
    url: str
    session: aiohttp.ClientSession
    desk_token: str

    @property
    def origin(self) -> str:
        return self.url.rstrip("/")

    async def desk(self, method: str, path: str, body: Any = None) -> Any:
        """A request of an agent's program; the JSON of the answer, or None where there is none."""
        headers = {"Authorization": f"Bearer {self.desk_token}", "X-Guichet-Agent": "claire?name=Claire"}
        async with self.session.request(method, f"{self.url}api/desk{path}", headers=headers, json=body) as answer:
            assert answer.status < 300, await answer.text()
            return await answer.json() if answer.status != 204 else None


@asynccontextmanager
async def gateway_app(
    data_dir: Path, *allowed_origins: str, ways: tuple[str, ...] = ()
) -> AsyncIterator[tuple[Gateway, web.Application, Desk]]:
    """The application, not served yet. With `ways`, callers wait at its desk, for agents who take them so."""
    limits = WebSettings(
        allowed_origins=allowed_origins, messages_per_minute=10_000, address_messages_per_minute=10_000
    )
    settings = Settings(data_dir=data_dir, web=limits)
    pack = settings.load_pack()
    sentences = pack.prompts()
    texts = load_web_texts(sentences, pack.words["service"])
    store = await Store.open(prepared_url(data_dir))
    hours = HoursFile(hours_path("", pack), lambda _: None)
    policy = replace(Policy.from_settings(settings.desk), calls=bool(ways), call_ways=ways)
    desk = Desk(store, hours, load_knowledge(pack), load_desk_texts(pack, sentences), policy)
    chats = Chats(
        OneAnswer(),
        store,
        max_message_chars=2000,
        messages_per_minute=limits.messages_per_minute,
        person_requested_text=texts.person_requested,
        person_label=texts.person_label,
        handover_texts=texts.handover,
        desk=desk,
        windows_per_conversation=limits.windows_per_conversation,
        clock=time.monotonic,
    )
    gateway = Gateway(settings, phone=False)
    app = gateway._web_app(store, chats, desk)
    app[TEXTS] = texts
    yield gateway, app, desk
    await store.close()


@asynccontextmanager
async def real_gateway(data_dir: Path, *allowed_origins: str) -> AsyncIterator[RealGateway]:
    async with gateway_app(data_dir, *allowed_origins) as (_, app, _):
        runner = web.AppRunner(app, shutdown_timeout=0.2)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with aiohttp.ClientSession() as session:
            yield RealGateway(f"http://127.0.0.1:{runner.addresses[0][1]}/", session, app[DESK_TOKEN])
        await runner.cleanup()
