"""What the desk sees of calls, and how a promised callback is dialled: real routes, a real SQLite store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.dialogue import Channel, Reading
from bot.errors import Busy, Conflict, GuichetError, LineUnavailable, NotAllowed
from bot.health import Condition, Health, Part
from bot.metrics import Metrics
from bot.store import HandoverReason, NoteKind, NoteRecord, Store, TurnRecord
from bot.web import desk
from bot.web.errors import errors_and_headers
from bot.web.keys import CALL_PHASE, CALLBACKS, DESK_TOKEN, HEALTH, LOOP_LATE, METRICS, STORE
from bot.web.metrics import add_metrics
from tests.databases import prepared_url

DESK = {"Authorization": "Bearer desk-secret"}
NUMBER = "+33612345678"
Client = TestClient[web.Request, web.Application]


class Clock:
    time = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.time += timedelta(seconds=10)
        return self.time


class Dialler:
    """A line that dials, or refuses as it is told."""

    def __init__(self) -> None:
        self.refusal: GuichetError | None = None
        self.dialled: list[tuple[str, str]] = []

    async def call_back(self, conversation_id: str, number: str) -> None:
        if self.refusal:
            raise self.refusal
        self.dialled.append((conversation_id, number))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = await Store.open(prepared_url(tmp_path), now=Clock())
    yield store
    await store.close()


@pytest.fixture
def dialler() -> Dialler:
    return Dialler()


@pytest.fixture
async def app(store: Store, dialler: Dialler) -> web.Application:
    app = web.Application(middlewares=[errors_and_headers])
    app[STORE], app[HEALTH], app[DESK_TOKEN] = store, Health(), "desk-secret"
    app[CALL_PHASE] = lambda _: "ended"
    app[CALLBACKS] = dialler
    app.add_routes(desk.routes)
    add_metrics(app, Metrics(), "metrics-secret")
    return app


@pytest.fixture
async def client(app: web.Application) -> AsyncIterator[Client]:
    async with TestClient(TestServer(app)) as client:
        yield client


async def got(client: Client, path: str) -> dict[str, Any]:
    response = await client.get(path, headers=DESK)
    assert response.status == 200
    body: dict[str, Any] = await response.json()
    return body


async def test_calls_are_listed_newest_first_page_by_page(client: Client, store: Store) -> None:
    ids = [await store.start_conversation(Channel.PHONE, line_id=f"line-{n}") for n in range(5)]
    await store.start_conversation(Channel.WEB)
    await store.add_turn(ids[4], TurnRecord(heard="Comment adhérer ?", outcome="answered"))
    await store.request_handover(ids[4], HandoverReason.KEY)
    await store.end_conversation(ids[4], "caller")
    seen: list[dict[str, Any]] = []
    path = "/api/calls?limit=2"
    for _ in range(3):
        page = await got(client, path)
        seen += page["calls"]
        path = f"/api/calls?limit=2&before={page['next']}"
    assert page["next"] is None
    assert [call["id"] for call in seen] == ids[::-1]
    newest = seen[0]
    assert (newest["turns"], newest["answered"], newest["person"]) == (1, 1, "key")
    assert (newest["ended_reason"], newest["phase"]) == ("caller", "ended")
    assert newest["seconds"] > 0
    assert "Comment" not in str(seen)


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=x", "limit=501", "before=x", "before=0001-01-01T00:00:00%2B14:00", "limit=" + "9" * 9000],
)
async def test_a_page_that_makes_no_sense_is_refused(client: Client, query: str) -> None:
    assert (await client.get(f"/api/calls?{query}", headers=DESK)).status == 400


async def test_a_call_is_shown_with_what_happened_and_what_else_was_heard(client: Client, store: Store) -> None:
    call = await store.start_conversation(Channel.PHONE, line_id="line-1")
    await store.add_turn(
        call, TurnRecord(heard="Comment admirer ?", readings=(Reading("Comment adhérer ?", 0.7),), interrupted=True)
    )
    await store.add_note(call, NoteRecord(NoteKind.INTERRUPTED, 5200))
    for path in (f"/api/calls/{call}", "/api/calls?line_id=line-1"):
        body = await got(client, path)
        assert body["notes"] == [{"at_ms": 5200, "kind": "interrupted", "detail": ""}]
        (turn,) = body["turns"]
        assert turn["readings"] == [{"text": "Comment adhérer ?", "confidence": 0.7}]
        assert turn["interrupted"] is True


async def promised(store: Store, number: str | None = NUMBER) -> tuple[str, str]:
    call = await store.start_conversation(Channel.PHONE)
    return call, (await store.request_handover(call, HandoverReason.ASKED, callback_number=number)).id


async def test_the_desk_sees_the_number_that_was_promised_a_call_and_has_it_dialled(
    client: Client, store: Store, dialler: Dialler
) -> None:
    call, request = await promised(store)
    (waiting,) = (await got(client, "/api/desk"))["handovers"]
    assert waiting["callback_number"] == NUMBER
    response = await client.post(f"/api/callbacks/{request}", headers=DESK)
    assert (response.status, await response.json()) == (202, {"state": "dialling"})
    assert dialler.dialled == [(call, NUMBER)]


@pytest.mark.parametrize(
    ("refusal", "answer"),
    [
        (NotAllowed("not that one"), (403, "not_allowed")),
        (Conflict("under way"), (409, "conflict")),
        (LineUnavailable("no line"), (503, "no_line")),
        (Busy("full"), (503, "busy")),
    ],
)
async def test_a_callback_that_cannot_be_dialled_says_why(
    client: Client, store: Store, dialler: Dialler, refusal: GuichetError, answer: tuple[int, str]
) -> None:
    _, request = await promised(store)
    dialler.refusal = refusal
    response = await client.post(f"/api/callbacks/{request}", headers=DESK)
    body = await response.json()
    assert (response.status, body["error"]["code"]) == answer
    assert body["error"]["text"] == str(refusal)


async def test_nobody_is_called_who_was_not_promised_it(client: Client, store: Store, dialler: Dialler) -> None:
    _, unpromised = await promised(store, None)
    cancelled_call, cancelled = await promised(store)
    await store.cancel_handover(cancelled_call)
    for request, status in ((unpromised, 409), (cancelled, 409), ("unknown", 404)):
        assert (await client.post(f"/api/callbacks/{request}", headers=DESK)).status == status
    assert dialler.dialled == []


async def test_dialling_and_listing_need_the_desk_token(client: Client, store: Store, dialler: Dialler) -> None:
    _, request = await promised(store)
    for headers in ({}, {"Authorization": "Bearer metrics-secret"}):
        assert (await client.post(f"/api/callbacks/{request}", headers=headers)).status == 401
        assert (await client.get("/api/calls", headers=headers)).status == 401
    assert dialler.dialled == []


async def test_without_a_line_that_dials_there_are_no_callbacks(app: web.Application, store: Store) -> None:
    _, request = await promised(store)
    del app[CALLBACKS]
    async with TestClient(TestServer(app)) as client:
        response = await client.post(f"/api/callbacks/{request}", headers=DESK)
        assert response.status == 503


async def test_figures_are_for_whoever_holds_their_token(client: Client, app: web.Application) -> None:
    async def down() -> Part:
        return Part(Condition.DOWN, "mot confidentiel")

    app[HEALTH].add("phone", down)
    app[METRICS].call_started("sip")
    for headers in ({}, DESK):
        assert (await client.get("/metrics", headers=headers)).status == 401
    response = await client.get("/metrics", headers={"Authorization": "Bearer metrics-secret"})
    text = await response.text()
    assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert 'guichet_calls_started_total{protocol="sip"} 1.0' in text
    assert 'guichet_part_up{part="phone"} 0.0' in text
    assert "confidentiel" not in text


async def test_health_tells_how_late_the_loop_was(app: web.Application) -> None:
    app[LOOP_LATE] = lambda: 0.2567
    async with TestClient(TestServer(app)) as client:
        assert (await (await client.get("/health")).json())["loop"] == {"worst_late_ms": 257}
