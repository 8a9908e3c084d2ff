"""The API of the agents' console: real routes, a real desk on a real SQLite store, two agents."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.desk.desk import Desk
from bot.desk.overview import Snapshot
from bot.desk.policy import Policy
from bot.desk.sweeping import Sweep
from bot.desk.texts import load_desk_texts
from bot.dialogue import Channel
from bot.errors import StoreUnavailable
from bot.opening_hours import Hours
from bot.origins import Origins
from bot.pack import load_pack
from bot.store import HandoverReason, Store
from bot.store.records import utc_now
from bot.web import desk as desk_routes
from bot.web.agent_sessions import CONSOLE_ORIGINS
from bot.web.errors import errors_and_headers
from bot.web.keys import CALL_PHASE, DESK_TOKEN, OVERVIEW, STORE
from tests.databases import prepared_url
from tests.unit.desk.conftest import KNOWLEDGE, Clock, Someone, Visitors, chat, make_desk, present

TOKEN = {"Authorization": "Bearer desk-secret"}
PUBLIC = "https://guichet.example.fr"
ANNE = TOKEN | {"X-Guichet-Agent": "anne?name=Anne%20D."}
BRUNO = TOKEN | {"X-Guichet-Agent": "bruno?name=Bruno"}
EDITOR = TOKEN | {"X-Guichet-Agent": "ed?role=editor"}
Client = TestClient[web.Request, web.Application]
Json = dict[str, Any]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = await Store.open(prepared_url(tmp_path))
    yield store
    await store.close()


@pytest.fixture
def visitors() -> Visitors:
    return Visitors()


@pytest.fixture
def desk(store: Store, visitors: Visitors) -> Desk:
    pack = load_pack()
    desk = Desk(store, Hours(), KNOWLEDGE, load_desk_texts(pack, pack.prompts()), Policy())
    desk.serve(visitors)
    return desk


def application(store: Store, desk: Desk) -> web.Application:
    app = web.Application(middlewares=[errors_and_headers])
    app[STORE], app[DESK_TOKEN] = store, "desk-secret"
    app[CALL_PHASE] = lambda _: "listening"
    app[CONSOLE_ORIGINS] = Origins.of((), PUBLIC, "http://127.0.0.1:8010")
    app.add_routes(desk_routes.routes)
    desk_routes.add_desk(app, desk)
    return app


@pytest.fixture
async def client(store: Store, desk: Desk) -> AsyncIterator[Client]:
    async with TestClient(TestServer(application(store, desk))) as client:
        yield client


async def call(
    client: Client, method: str, path: str, body: Json | None = None, agent: dict[str, str] = ANNE
) -> tuple[int, Json]:
    async with client.request(method, f"/api/desk{path}", json=body, headers=agent) as response:
        return response.status, (await response.json() if response.status != 204 else {})


async def ok(client: Client, method: str, path: str, body: Json | None = None, agent: dict[str, str] = ANNE) -> Json:
    status, answer = await call(client, method, path, body, agent)
    assert status in (200, 201, 204), answer
    return answer


async def waiting(client: Client, desk: Desk, store: Store) -> Json:
    """Somebody in the queue, with Anne and Bruno there."""
    for agent in (ANNE, BRUNO):
        await ok(client, "PUT", "/presence", {"status": "available"}, agent)
    conversation_id = await chat(store)
    await desk.request(conversation_id, Channel.WEB, HandoverReason.ASKED, "« Comment adhérer ? »")
    overview = await ok(client, "GET", "/overview")
    return next(one for one in overview["handovers"] if one["conversation_id"] == conversation_id)


async def test_the_overview_shows_who_waits_with_what_and_who_is_there(
    client: Client, desk: Desk, store: Store
) -> None:
    request = await waiting(client, desk, store)
    assert (request["state"], request["position"], request["last_words"]) == ("queued", 1, "Comment adhérer ?")
    assert request["subject"] == {"intent": "adherer", "title": "Adhérer au service", "confidence": 0.9}
    overview = await ok(client, "GET", "/overview")
    assert [agent["name"] for agent in overview["agents"]] == ["Anne D.", "Bruno"]
    assert (overview["me"]["id"], overview["service"]["waiting"], overview["service"]["staffed"]) == ("anne", 1, True)


async def test_the_first_console_that_is_back_after_a_restart_finds_its_agent_available(
    store: Store, desk: Desk, visitors: Visitors, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = make_desk(store, visitors, Policy(), Clock(utc_now() - timedelta(minutes=10)))
    await present(before, Someone("anne", "Anne D."))
    await Sweep(before).look()

    async def has_not_begun(_: Sweep) -> None: ...

    monkeypatch.setattr(Sweep, "run", has_not_begun)
    async with TestClient(TestServer(application(store, desk))) as client:
        overview = await ok(client, "GET", "/overview", agent=BRUNO)
        assert overview["service"]["staffed"] is True
        assert (await ok(client, "PUT", "/presence", {}))["status"] == "available"


async def test_a_conversation_goes_from_the_queue_to_the_annotation(
    client: Client, desk: Desk, store: Store, visitors: Visitors
) -> None:
    request = await waiting(client, desk, store)
    handover, talk = f"/handovers/{request['id']}", f"/conversations/{request['conversation_id']}"
    taken = await ok(client, "POST", f"{handover}/take")
    assert (taken["state"], taken["agent"]) == ("active", {"id": "anne", "name": "Anne D."})
    status, refusal = await call(client, "POST", f"{handover}/take", agent=BRUNO)
    assert (status, refusal["error"]["code"]) == (409, "taken")
    assert "autre agent" in refusal["error"]["text"]
    assert await ok(client, "POST", f"{talk}/messages", {"client_id": "1", "text": "<b>Bonjour</b>"}) == {"seq": 1}
    assert visitors.said == {"1": "Anne D.: <b>Bonjour</b>"}
    await ok(client, "POST", f"{talk}/notes", {"text": "Rappeler demain"})
    await ok(client, "POST", f"{handover}/close")
    closed = await ok(client, "POST", f"{handover}/wrap_up", {"verdict": "wrong_answer", "note": "Trop vague"})
    assert (closed["state"], closed["ending"]) == ("closed", "closed")
    shown = await ok(client, "GET", talk)
    assert [one["text"] for one in shown["notes"]] == ["Rappeler demain"]
    assert [(one["verdict"], one["turn"]) for one in shown["annotations"]] == [("wrong_answer", 1)]
    assert [one["kind"] for one in shown["history"]] == ["queued", "taken", "closed", "wrapped_up"]
    payload = shown["payload"]
    assert payload["ranking"] == [{"intent": "adherer", "title": "Adhérer au service", "confidence": 0.9}]
    assert payload["answers"][0]["source"] == "Service-public.fr"
    assert payload["transcript"] == {"href": f"/api/desk{talk}", "through_turn": 1}
    found = await ok(client, "GET", "/conversations?q=ADHERER&verdict=wrong_answer&agent=anne")
    assert [one["id"] for one in found["conversations"]] == [request["conversation_id"]]
    figures = await ok(client, "GET", "/figures", agent=TOKEN)
    assert (figures["handovers"]["taken"], figures["verdicts"]["wrong_answer"]) == (1, 1)


@pytest.mark.parametrize("client_id", ["", "a b", "a:b", "\ud800", "a\x00", "a" * 65])
async def test_a_message_must_have_a_name_that_can_be_kept(
    client: Client, desk: Desk, store: Store, visitors: Visitors, client_id: str
) -> None:
    request = await waiting(client, desk, store)
    await ok(client, "POST", f"/handovers/{request['id']}/take")
    said = {"client_id": client_id, "text": "Bonjour"}
    status, refusal = await call(client, "POST", f"/conversations/{request['conversation_id']}/messages", said)
    assert (status, refusal["error"]["code"]) == (400, "bad_request")
    assert visitors.said == {}


EVERYTHING = [
    ("GET", "/overview"), ("GET", "/agents"), ("PUT", "/presence"), ("GET", "/canned"), ("GET", "/subjects"),
    ("GET", "/answers?q=x"), ("GET", "/conversations"), ("GET", "/conversations/x"), ("GET", "/figures"),
    ("GET", "/callbacks"), ("GET", "/messages"), ("GET", "/slots"), ("POST", "/callbacks"), ("GET", "/ws"),
    ("POST", "/callbacks/x/dial"), ("POST", "/callbacks/x/kept"), ("POST", "/messages/x/done"), ("GET", ""),
    *(("POST", f"/handovers/x/{act}") for act in ("take", "decline", "return", "close", "hold", "transfer", "wrap_up")),
    *(("POST", f"/conversations/x/{act}") for act in ("messages", "typing", "notes", "annotations")),
    ("GET", "/conversations/x/suggestions"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), EVERYTHING)
async def test_nothing_is_for_strangers_and_little_for_editors(client: Client, method: str, path: str) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        assert (await call(client, method, path, {}, headers))[0] == 401
    if path.startswith(("/handovers", "/overview", "/ws")):
        assert (await call(client, method, path, {}, EDITOR))[0] == 403


@pytest.mark.parametrize(
    ("method", "path", "body", "answer"),
    [
        ("POST", "/handovers/x/take", None, (404, "unknown_request")),
        ("GET", "/conversations/x", None, (404, "unknown_conversation")),
        ("POST", "/callbacks/x/kept", None, (404, "unknown_callback")),
        ("POST", "/messages/x/done", None, (404, "unknown_message")),
        ("POST", "/callbacks/x/dial", None, (503, "no_line")),
        ("PUT", "/presence", {"status": "asleep"}, (400, "bad_request")),
        ("PUT", "/presence", {"capacity": 0}, (400, "bad_request")),
        ("PUT", "/presence", {"capacity": True}, (400, "bad_request")),
        ("PUT", "/presence", {"capacity": math.inf}, (400, "bad_request")),
        ("GET", "/conversations?limit=0", None, (400, "bad_request")),
        ("GET", "/conversations?before=yesterday", None, (400, "bad_request")),
        ("POST", "/conversations/x/notes", {"text": 3}, (400, "bad_request")),
        ("POST", "/callbacks", {"conversation_id": "x", "number": "15"}, (400, "bad_number")),
    ],
)
async def test_what_makes_no_sense_is_refused_in_french(
    client: Client, method: str, path: str, body: Json | None, answer: tuple[int, str]
) -> None:
    status, refusal = await call(client, method, path, body)
    assert (status, refusal["error"]["code"]) == answer
    assert refusal["error"]["text"].endswith((".", "…"))


async def test_suggestions_are_the_verified_texts_also_for_what_is_said_to_the_agent(
    client: Client, desk: Desk, store: Store, visitors: Visitors
) -> None:
    request = await waiting(client, desk, store)
    path = f"/conversations/{request['conversation_id']}/suggestions"
    (first, *_) = (await ok(client, "GET", path))["suggestions"]
    assert (first["intent"], first["from"]) == ("adherer", "ranking")
    assert first["plain"] == "Remplissez le formulaire en ligne (https://x.fr/a)."
    visitors.log = [{"type": "person", "text": "Et mon BULLETIN de paie ?"}]
    (other, *_) = (await ok(client, "GET", path))["suggestions"]
    assert (other["intent"], other["from"], other["plain"]) == (
        "bulletin",
        "text",
        "• le bulletin est *édité* par nos soins",
    )
    assert (await ok(client, "GET", "/answers?q=bull"))["suggestions"][0]["intent"] == "bulletin"
    assert (await ok(client, "GET", "/answers?q=zzz"))["suggestions"] == []
    greeting = next(one for one in (await ok(client, "GET", "/canned"))["canned"] if one["id"] == "bonjour")
    assert "je suis Anne D." in greeting["text"]


async def test_callbacks_and_messages_are_listed_and_settled(client: Client, desk: Desk, store: Store) -> None:
    conversation_id = await chat(store)
    slot = (await ok(client, "GET", "/slots"))["slots"][0]
    body = {"conversation_id": conversation_id, "name": "Ali", "number": "0612345678", "slot_id": slot["id"]}
    made = await ok(client, "POST", "/callbacks", body)
    assert (made["number"], made["state"], made["due_at"][:16]) == ("+33612345678", "promised", made["slot"]["to"][:16])
    dialling = await ok(client, "POST", f"/callbacks/{made['id']}/dial", {"by_hand": True})
    assert (dialling["state"], dialling["attempts"], dialling["on_time"]) == ("dialling", 1, True)
    status, refusal = await call(client, "POST", f"/callbacks/{made['id']}/dial", {"by_hand": True}, BRUNO)
    assert (status, refusal["error"]["code"]) == (409, "under_way")
    assert (await ok(client, "POST", f"/callbacks/{made['id']}/missed", {"note": "Répondeur"}))["note"] == "Répondeur"
    assert (await ok(client, "POST", f"/callbacks/{made['id']}/again"))["state"] == "promised"
    await desk.leave_message(conversation_id, "Léa", "lea@exemple.fr", "=HYPERLINK(1)")
    overview = await ok(client, "GET", "/overview")
    (message,) = overview["messages"]
    assert (message["text"], message["state"]) == ("=HYPERLINK(1)", "new")
    assert (await ok(client, "POST", f"/messages/{message['id']}/done"))["agent"]["id"] == "anne"
    assert (await ok(client, "GET", "/messages?state=new"))["messages"] == []


async def next_of(socket: Any, kind: str) -> Json:
    while True:
        frame: Json = await asyncio.wait_for(socket.receive_json(), 10)
        if frame["type"] == kind:
            return frame


async def test_a_console_gets_a_snapshot_and_then_what_changes(client: Client, desk: Desk, store: Store) -> None:
    request = await waiting(client, desk, store)
    async with client.ws_connect("/api/desk/ws", headers=ANNE) as anne:
        snapshot = await next_of(anne, "snapshot")
        assert [one["id"] for one in snapshot["handovers"]] == [request["id"]]
        await ok(client, "POST", f"/handovers/{request['id']}/take", agent=BRUNO)
        changes = await next_of(anne, "changes")
        (taken,) = changes["handovers"]["put"]
        assert (taken["state"], taken["agent"]["id"]) == ("active", "bruno")
        assert changes["version"] > snapshot["version"]
        await anne.send_json({"type": "view", "conversation_id": request["conversation_id"]})
        await next_of(anne, "changes")
        detail = await ok(client, "GET", f"/conversations/{request['conversation_id']}", agent=BRUNO)
        assert detail["viewers"] == [{"id": "anne", "name": "Anne D."}]
        await ok(client, "POST", f"/conversations/{request['conversation_id']}/notes", {"text": "Vu"}, BRUNO)
        assert (await next_of(anne, "note"))["note"]["text"] == "Vu"
        nonsense_of_all_kinds = (
            "no json",
            "[1]",
            "[" * 16_000,
            '{"type": "x"}',
            '{"type": "view", "conversation_id": 3}',
            '{"type": "presence", "capacity": 1e999}',
        )
        for nonsense in nonsense_of_all_kinds:
            await anne.send_str(nonsense)
            assert (await next_of(anne, "error"))["code"] == "bad_request"
        await store.erase_conversation(request["conversation_id"])
        await desk.visitor_left(request["conversation_id"])
        while "handovers" not in (changes := await next_of(anne, "changes")):
            pass
        assert changes["handovers"]["gone"] == [request["id"]]


async def test_a_console_goes_on_after_an_unforeseen_error(client: Client, desk: Desk, store: Store) -> None:
    request = await waiting(client, desk, store)
    async with client.ws_connect("/api/desk/ws", headers=ANNE) as anne:
        await next_of(anne, "snapshot")
        snapshot, broken = client.app[OVERVIEW].snapshot, asyncio.Event()

        async def breaks() -> Snapshot:
            broken.set()
            raise RuntimeError("unforeseen")

        client.app[OVERVIEW].snapshot = breaks  # type: ignore[method-assign]
        desk.bus.changed()
        await asyncio.wait_for(broken.wait(), 10)
        client.app[OVERVIEW].snapshot = snapshot  # type: ignore[method-assign]
        await desk.take(request["id"], Someone("bruno", "Bruno"))
        while "handovers" not in (changes := await next_of(anne, "changes")):
            pass
        assert changes["handovers"]["put"][0]["agent"]["id"] == "bruno"


async def test_who_stops_writing_after_the_end_reads_of_no_error(client: Client, desk: Desk, store: Store) -> None:
    request = await waiting(client, desk, store)
    typing = {"type": "typing", "conversation_id": request["conversation_id"]}
    await ok(client, "POST", f"/handovers/{request['id']}/take")
    await ok(client, "POST", f"/handovers/{request['id']}/close")
    async with client.ws_connect("/api/desk/ws", headers=ANNE) as anne:
        await anne.send_json(typing | {"on": False})
        await anne.send_json({"type": "x"})
        assert (await next_of(anne, "error"))["code"] == "bad_request", "the first error is of the second frame"
        await anne.send_json(typing | {"on": True})
        assert (await next_of(anne, "error"))["code"] == "over"


async def test_another_sites_page_opens_no_console(client: Client) -> None:
    refused = await client.get("/api/desk/ws", headers=ANNE | {"Origin": "https://evil.example"})
    assert (refused.status, (await refused.json())["error"]["code"]) == (403, "forbidden_origin")


async def test_behind_a_proxy_the_console_is_known_by_its_public_address(client: Client) -> None:
    async with client.ws_connect("/api/desk/ws", headers=ANNE | {"Origin": PUBLIC, "Host": "upstream:8010"}) as anne:
        assert (await next_of(anne, "snapshot"))["handovers"] == []


async def test_a_store_that_is_away_is_said_so(
    client: Client, desk: Desk, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = await waiting(client, desk, store)

    async def fails(*_: object, **__: object) -> None:
        raise StoreUnavailable("The disk is full.")

    monkeypatch.setattr(store, "change_handover", fails)
    status, refusal = await call(client, "POST", f"/handovers/{request['id']}/take")
    assert (status, refusal["error"]["code"]) == (503, "unavailable")
    assert "Rien n’a été fait" in refusal["error"]["text"]
    monkeypatch.undo()
    assert (await ok(client, "GET", "/overview"))["handovers"][0]["state"] == "queued"


async def test_past_conversations_are_found_page_by_page(client: Client, store: Store) -> None:
    ids = [await chat(store, f"Question numéro {number} sur l'école") for number in range(7)]
    seen: list[str] = []
    path = "/conversations?q=ecole+question&limit=3"
    cursor = ""
    for _ in range(3):
        page = await ok(client, "GET", path + cursor)
        seen += [one["id"] for one in page["conversations"]]
        cursor = f"&before={page['next']}"
    assert page["next"] is None
    assert seen == ids[::-1]
    assert (await ok(client, "GET", f"/conversations?q={ids[2][:10]}"))["conversations"][0]["id"] == ids[2]
    assert (await ok(client, "GET", "/conversations?q=introuvable"))["conversations"] == []


async def test_programs_of_before_still_see_and_dial(client: Client, store: Store) -> None:
    call_id = await store.start_conversation(Channel.PHONE)
    made = await store.request_handover(call_id, HandoverReason.KEY, callback_number="+33612345678")
    listed = await ok(client, "GET", "", agent=TOKEN)
    assert [(one["id"], one["callback_number"]) for one in listed["handovers"]] == [(made.id, "+33612345678")]
