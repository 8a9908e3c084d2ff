"""How quick the desk is on a busy day: 200 people waiting, 2,000 past conversations, ten consoles open.

    .venv/bin/python bench/desk.py [--waiting 200] [--past 2000] [--consoles 10] [--out bench/results/desk.json]

A real gateway in a process of its own on a fresh SQLite file (or `--store postgresql://…`, emptied before by whoever
runs this). Of the dialogue there is a stand-in that answers everything after `THINKING_SECONDS`: what is measured is
what the gateway adds. Times are those of a client on the same machine, which shares its cores with the gateway:

- a burst: everybody presses "Parler à un conseiller" in the same second, while another visitor goes on asking the bot;
- a burst from elsewhere: the same number of requests that another gateway has recorded and not looked at;
- then, with all of them waiting, what an agent looks at and does: request to last byte, and from one agent's click to
  what the last of the other consoles is told.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import multiprocessing
import random
import socket
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import structlog
from aiohttp import web

from bot.app import Gateway
from bot.commands.bench.figures import spread
from bot.dialogue import Answer, Channel, Ranked
from bot.errors import LineUnavailable
from bot.knowledge import Subject, load_knowledge
from bot.machine import cpu_seconds, machine, resident_mb
from bot.processes import CHANNEL_PATH
from bot.settings import PROJECT_DIR, Settings
from bot.store import HandoverReason, Store, TurnRecord, database_url

READY_SECONDS = 300.0
THINKING_SECONDS = 0.05
LOOKS = 60
ASKED_BEFORE = 40
BYSTANDERS = 20
SEARCHES = ("adhérer", "salaire bulletin", "congés", "rupture du contrat", "mot introuvable")
TURNS = 5

Json = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description="The desk with many waiting and a long past.")
    parser.add_argument("--waiting", type=int, default=200)
    parser.add_argument("--past", type=int, default=2000)
    parser.add_argument("--consoles", type=int, default=10)
    parser.add_argument("--store", default="", help="a PostgreSQL address instead of a SQLite file")
    parser.add_argument("--out", type=Path, default=PROJECT_DIR / "bench" / "results" / "desk.json")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        dialogue_port = _free_port()
        settings = Settings(
            data_dir=Path(directory),
            web={"port": _free_port()},  # type: ignore[arg-type]  # pydantic builds the section
            store={"url": chosen.store},  # type: ignore[arg-type]  # as above
            dialogue={"supervise": False, "rasa_url": f"http://127.0.0.1:{dialogue_port}"},  # type: ignore[arg-type]  # as above
            desk={"queue_limit": chosen.waiting + 1},  # type: ignore[arg-type]  # as above
        )
        result = asyncio.run(measure(settings, dialogue_port, chosen.waiting, chosen.past, chosen.consoles))
    chosen.out.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2, ensure_ascii=False))


async def measure(settings: Settings, dialogue_port: int, waiting: int, past: int, consoles: int) -> Json:
    store = await Store.open(database_url(settings.store.url.get_secret_value(), settings.data_path))
    await fill(store, settings, past)
    async with thinking(dialogue_port), gateway(settings) as pid, AsyncExitStack() as stack:
        connector = aiohttp.TCPConnector(limit=0)
        session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
        desk = DeskClient(session, settings)
        await desk.until_there()
        open_consoles = [await stack.enter_async_context(desk.console(f"agent{n}")) for n in range(consoles)]
        for one in open_consoles:
            await one.is_available()
        elsewhere = await from_elsewhere(store, settings, open_consoles, waiting)
        visitors = [await Visitor.arrives(session, settings) for _ in range(waiting)]
        bystanders = [await Visitor.arrives(session, settings) for _ in range(BYSTANDERS)]
        alone = await asking(bystanders, ASKED_BEFORE)
        before = cpu_seconds(pid)
        burst = await everybody_asks(visitors, bystanders, open_consoles)
        burst["gateway_cpu_seconds"] = round(sum(cpu_seconds(pid).values()) - sum(before.values()), 2)
        queue = await desk.queue(waiting)
        assert sorted(one["position"] for one in queue) == list(range(1, waiting + 1))

        def chat(number: int) -> str:
            return f"/conversations/{queue[number % len(queue)]['conversation_id']}"

        figures = {
            "overview": await timed(LOOKS, lambda _: desk.get("/overview")),
            "conversation": await timed(LOOKS, lambda n: desk.get(chat(n))),
            "suggestions": await timed(LOOKS, lambda n: desk.get(chat(n) + "/suggestions")),
            "search": await timed(LOOKS, lambda n: desk.get(f"/conversations?q={SEARCHES[n % len(SEARCHES)]}")),
            "latest conversations": await timed(LOOKS, lambda _: desk.get("/conversations?limit=30")),
        }
        figures |= await taking(desk, open_consoles, queue)
        before, began = cpu_seconds(pid), time.monotonic()
        await asyncio.sleep(10)
        idle = sum(cpu_seconds(pid).values()) - sum(before.values())
        result = {
            "waiting": waiting,
            "past": past,
            "consoles": consoles,
            "store": "postgresql" if settings.store.url.get_secret_value() else "sqlite",
            "burst": burst | {"question to the bot before it": spread(alone)},
            "burst_from_elsewhere": elsewhere,
            "ms": figures,
            "core_share_while_nothing_happens": round(idle / (time.monotonic() - began), 3),
            "memory_mb": resident_mb([pid]),
            "machine": machine(),
        }
    await store.close()
    return result


async def everybody_asks(visitors: list[Visitor], bystanders: list[Visitor], consoles: list[Console]) -> Json:
    """All press the button at once; somebody else goes on asking the bot until every console shows everybody."""
    ids = {one.id for one in visitors}
    began = time.monotonic()
    elsewhere = asyncio.create_task(asking(bystanders))
    shown = [asyncio.create_task(one.shows(ids)) for one in consoles]
    pressed = [asyncio.create_task(one.wants_a_person()) for one in visitors]
    answers = await asyncio.gather(*pressed)
    admitted = time.monotonic() - began
    told = [moment - began for moment in await asyncio.gather(*shown)]
    elsewhere.cancel()
    return {
        "all_admitted_seconds": round(admitted, 2),
        "all_consoles_show_all_seconds": round(max(told), 2),
        "button to being in the queue": spread(answers),
        "question to the bot meanwhile": spread(await elsewhere),
    }


async def from_elsewhere(store: Store, settings: Settings, consoles: list[Console], count: int) -> Json:
    """Requests that only the sweep can find. Afterwards nobody waits any more."""
    ids = await fill(store, settings, count, ended=False)
    began = time.monotonic()
    shown = [asyncio.create_task(one.shows(set(ids))) for one in consoles]
    for one in ids:
        await store.request_handover(one, HandoverReason.ASKED, "« Comment adhérer ? »")
    written = time.monotonic() - began
    told = max(await asyncio.gather(*shown)) - began
    for one in ids:
        await store.cancel_handover(one)
    await asyncio.gather(*(one.shows_nobody() for one in consoles))
    return {"all_written_seconds": round(written, 2), "all_consoles_show_all_seconds": round(told, 2)}


async def asking(visitors: list[Visitor], times: int = 0) -> list[float]:
    """One question after another, in turn; without `times` until cancelled. What each took, in ms."""
    took: list[float] = []
    with contextlib.suppress(asyncio.CancelledError):
        while not times or len(took) < times:
            began = time.monotonic()
            await visitors[len(took) % len(visitors)].asks("Comment adhérer au service ?")
            took.append((time.monotonic() - began) * 1000)
    return took


@asynccontextmanager
async def thinking(port: int) -> AsyncIterator[None]:
    """A dialogue that always has the same answer, after a while."""
    reply = {
        "outcome": "answered",
        "intent": "adherer",
        "confidence": 0.9,
        "text": "Remplissez le formulaire en ligne.",
        "answers": [{"id": "adherer", "text": "Remplissez le formulaire en ligne.", "title": "Adhérer"}],
    }

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        await asyncio.sleep(THINKING_SECONDS)
        return web.json_response({"reply": reply})

    app = web.Application()
    app.router.add_post(CHANNEL_PATH + "/webhook", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield
    finally:
        await runner.cleanup()


async def taking(desk: DeskClient, consoles: list[Console], queue: list[Json]) -> dict[str, Json]:
    """From one agent's click to the answer, and to the last of the other consoles that is told."""
    clicks, told = [], []
    for number, request in enumerate(queue[: 2 * len(consoles)]):
        agent = consoles[number % len(consoles)]
        began = time.monotonic()
        others = [asyncio.create_task(one.sees(request["id"], "active")) for one in consoles if one is not agent]
        await desk.post(f"/handovers/{request['id']}/take", agent.name)
        clicks.append((time.monotonic() - began) * 1000)
        seen = await asyncio.gather(*others)
        told.append((max(seen) - began) * 1000)
        await desk.post(f"/handovers/{request['id']}/close", agent.name)
        await desk.post(f"/handovers/{request['id']}/wrap_up", agent.name)
    return {"take": spread(clicks), "take, until the last console is told": spread(told)}


async def timed(times: int, act: Callable[[int], Awaitable[object]]) -> Json:
    """One after the other, as one agent clicks."""
    took = []
    for number in range(times):
        began = time.monotonic()
        await act(number)
        took.append((time.monotonic() - began) * 1000)
    return spread(took)


class Visitor:
    """Somebody with a window on the website."""

    def __init__(self, session: aiohttp.ClientSession, url: str, conversation: Json) -> None:
        self.id: str = conversation["id"]
        self._session = session
        self._url = f"{url}/api/conversations/{self.id}/messages"
        self._headers = {"Authorization": f"Bearer {conversation['token']}", "Origin": url}
        self._sent = 0

    @classmethod
    async def arrives(cls, session: aiohttp.ClientSession, settings: Settings) -> Visitor:
        """With one question answered."""
        url = f"http://127.0.0.1:{settings.web.port}"
        async with session.post(f"{url}/api/conversations", json={}, headers={"Origin": url}) as response:
            visitor = cls(session, url, await _answer(response))
        await visitor.asks("Comment adhérer au service ?")
        return visitor

    async def asks(self, text: str) -> None:
        reply = await self._send({"text": text})
        assert reply["type"] == "reply", reply

    async def wants_a_person(self) -> float:
        """After how many ms the window said that they are in the queue."""
        began = time.monotonic()
        answer = await self._send({"handover": True})
        assert answer["state"] == "queued", answer
        return (time.monotonic() - began) * 1000

    async def _send(self, body: Json) -> Json:
        self._sent += 1
        body = {"client_id": f"m{self._sent}", **body}
        async with self._session.post(self._url, json=body, headers=self._headers) as response:
            return await _answer(response)


class Console:
    """An open console of one agent, which knows who is in its queue. One wait of each kind at a time."""

    def __init__(self, name: str, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.name = name
        self._socket = socket
        self._queue: dict[str, str] = {}  # request → conversation
        self._changed = asyncio.Event()
        self._seen: dict[tuple[str, str], asyncio.Future[float]] = {}

    async def is_available(self) -> None:
        await self._socket.send_json({"type": "presence", "status": "available"})

    async def sees(self, handover_id: str, state: str) -> float:
        """The moment at which this console is told that the request is in this state."""
        key = (handover_id, state)
        self._seen[key] = asyncio.get_running_loop().create_future()
        async with asyncio.timeout(30):
            return await self._seen[key]

    async def shows(self, conversation_ids: set[str]) -> float:
        """The moment at which all of these are in the queue."""
        await self._until(lambda: conversation_ids <= set(self._queue.values()))
        return time.monotonic()

    async def shows_nobody(self) -> None:
        await self._until(lambda: not self._queue)

    async def read(self) -> None:
        """Until the gateway closes."""
        async for message in self._socket:
            frame = message.json()
            if frame["type"] == "snapshot":
                self._note(frame["handovers"], [])
            elif frame["type"] == "changes":
                found = frame.get("handovers", {"put": [], "gone": []})
                self._note(found["put"], found["gone"])

    def _note(self, put: list[Json], gone: list[str]) -> None:
        for request in put:
            if request["state"] == "queued":
                self._queue[request["id"]] = request["conversation_id"]
            else:
                self._queue.pop(request["id"], None)
            waited = self._seen.pop((request["id"], request["state"]), None)
            if waited is not None and not waited.done():
                waited.set_result(time.monotonic())
        for one in gone:
            self._queue.pop(one, None)
        self._changed.set()

    async def _until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(READY_SECONDS):
            while not is_so():
                self._changed.clear()
                await self._changed.wait()


class DeskClient:
    """Programs act with the desk token, as the agent that they name."""

    def __init__(self, session: aiohttp.ClientSession, settings: Settings) -> None:
        self._session = session
        self._url = f"http://127.0.0.1:{settings.web.port}"
        self._token = {"Authorization": f"Bearer {settings.desk_token()}"}

    async def until_there(self) -> None:
        async with asyncio.timeout(READY_SECONDS):
            while True:
                try:
                    await self.get("/overview")
                except (aiohttp.ClientConnectorError, LineUnavailable):
                    await asyncio.sleep(0.2)
                else:
                    return

    async def queue(self, size: int) -> list[Json]:
        """The queue, once everybody waits in it."""
        async with asyncio.timeout(READY_SECONDS):
            while True:
                overview = await self.get("/overview")
                queued = [one for one in overview["handovers"] if one["state"] == "queued"]
                if len(queued) >= size:
                    return queued
                await asyncio.sleep(0.5)

    async def get(self, path: str, agent: str = "agent0") -> Json:
        async with self._session.get(f"{self._url}/api/desk{path}", headers=self._as(agent)) as response:
            return await _answer(response)

    async def post(self, path: str, agent: str) -> Json:
        async with self._session.post(f"{self._url}/api/desk{path}", headers=self._as(agent), json={}) as response:
            return await _answer(response)

    @asynccontextmanager
    async def console(self, agent: str) -> AsyncIterator[Console]:
        async with self._session.ws_connect(f"{self._url}/api/desk/ws", headers=self._as(agent)) as socket:
            console = Console(agent, socket)
            reading = asyncio.create_task(console.read())
            try:
                yield console
            finally:
                reading.cancel()

    def _as(self, agent: str) -> dict[str, str]:
        return self._token | {"X-Guichet-Agent": f"{agent}?name={agent}"}


async def _answer(response: aiohttp.ClientResponse) -> Json:
    if response.status not in (200, 201):
        said = await response.text()
        raise LineUnavailable(f"{response.method} {response.url.path} answered {response.status}: {said}")
    body: Json = await response.json()
    return body


@asynccontextmanager
async def gateway(settings: Settings) -> AsyncIterator[int]:
    """The process id of a gateway with these settings."""
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(settings,), daemon=True)
    process.start()
    try:
        yield process.pid or 0
    finally:
        process.terminate()
        process.join(10)


def serve(settings: Settings) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))

    async def run() -> None:
        async with Gateway(settings, phone=False).running():
            await asyncio.Event().wait()

    asyncio.run(run())


async def fill(store: Store, settings: Settings, count: int, *, ended: bool = True) -> list[str]:
    """Conversations of some turns each, on the subjects of the knowledge; their ids."""
    subjects = list(load_knowledge(settings.load_pack()).topics)
    chance = random.Random(count)
    made = []
    for number in range(count):
        if ended and number % 4 == 0:
            conversation_id = await store.start_conversation(Channel.PHONE)
        else:
            conversation_id = await store.start_conversation(Channel.WEB, token_digest=f"bench-{count}-{number}")
        for _ in range(TURNS if ended else 2):
            await store.add_turn(conversation_id, _turn(chance.choice(subjects)))
        if ended:
            await store.end_conversation(conversation_id, "goodbye")
        made.append(conversation_id)
    return made


def _turn(subject: Subject) -> TurnRecord:
    answer = Answer(subject.intent, subject.web, subject.title, subject.source_title, subject.source_url)
    return TurnRecord(
        heard=f"Bonjour, je voudrais savoir : {subject.title} ?",
        intent=subject.intent,
        confidence=0.9,
        outcome="answered",
        answers=(answer,),
        ranking=(Ranked(subject.intent, 0.9),),
    )


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
