"""What a visitor's window may rely on, over WebSocket and plain requests: real routes, real store, a fake desk."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr

from bot.chats import Chats
from bot.commands.ask import ask_once
from bot.dialogue import Channel
from bot.health import Health
from bot.settings import Settings, WebSettings
from bot.web import api, page, socket
from bot.web.errors import errors_and_headers
from bot.web.keys import CHATS, DESK_TOKEN, HEALTH, SETTINGS, TEXTS
from bot.web.origins import visitors_pages_only
from tests.unit.chats.conftest import chats, desk, dialogue, store, url  # noqa: F401  (fixtures)
from tests.unit.chats.fakes import ACTIVE, QUEUED, BrokenStore, Desk, Echo
from tests.unit.web.french import DESK, TEXTS_FR

SITE = "https://www.mairie.example"
EVIL = "https://evil.example"
Client = TestClient[web.Request, web.Application]
Json = dict[str, Any]


def app_of(chats: Chats, **limits: Any) -> web.Application:  # noqa: F811
    settings = Settings(web=WebSettings(allowed_origins=(SITE,), **limits))
    app = web.Application(middlewares=[errors_and_headers, visitors_pages_only], client_max_size=64 * 1024)
    app[SETTINGS], app[HEALTH], app[TEXTS], app[CHATS] = settings, Health(), TEXTS_FR, chats
    app[DESK_TOKEN] = "desk-secret"
    api.add_visitors_rules(app, settings)
    for module in (api, socket, page):
        app.add_routes(module.routes)
    return app


@pytest.fixture
async def anyone(chats: Chats) -> AsyncIterator[Client]:  # noqa: F811
    """A client that says nothing of where it comes from."""
    async with TestClient(TestServer(app_of(chats))) as client:
        yield client


@pytest.fixture
async def client(chats: Chats) -> AsyncIterator[Client]:  # noqa: F811
    async with TestClient(TestServer(app_of(chats)), headers={"Origin": SITE}) as client:
        yield client


async def opened(client: Client) -> tuple[str, str]:
    response = await client.post("/api/conversations")
    assert response.status == 201
    body = await response.json()
    assert len(body["token"]) >= 22  # 128 bits
    return f"/api/conversations/{body['id']}", body["token"]


def own(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def post(client: Client, place: str, token: str, frame: Json) -> tuple[int, Json]:
    response = await client.post(f"{place}/messages", headers=own(token), json=frame)
    return response.status, await response.json()


async def poll(client: Client, place: str, token: str, query: str = "") -> Json:
    response = await client.get(place + query, headers=own(token))
    assert response.status == 200
    body: Json = await response.json()
    return body


class Ws:
    """A window over a WebSocket."""

    def __init__(self, client: Client, place: str, token: str, after: int = 0) -> None:
        self._hello = {"type": "hello", "token": token, "after": after, "language": "en"}
        self._connecting = client.ws_connect(f"{place}/ws")

    async def __aenter__(self) -> aiohttp.ClientWebSocketResponse:
        self.ws = await self._connecting
        await self.ws.send_json(self._hello)
        return self.ws

    async def __aexit__(self, *_: object) -> None:
        await self.ws.close()


async def until(ws: aiohttp.ClientWebSocketResponse, kind: str) -> list[Json]:
    """Every frame up to the first of that type."""
    frames: list[Json] = []
    while not frames or frames[-1]["type"] != kind:
        frames.append(await ws.receive_json(timeout=5))
    return frames


# Origins


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Origin": EVIL}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": SITE.replace("https", "http")}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Authorization": "Bearer wrong"}, 403),
        ({"Referer": EVIL + "/page"}, 403),
        ({"Referer": "nonsense"}, 403),
        ({"Referer": SITE + "/page", "Origin": EVIL}, 403),
        ({"Origin": SITE}, 200),
        ({"Referer": SITE + "/page"}, 200),  # plain HTTP: all that a browser says with a GET
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        (DESK, 200),
    ],
)
async def test_only_pages_of_ours_and_of_allowed_sites_may_ask(
    anyone: Client, headers: dict[str, str], status: int
) -> None:
    response = await anyone.get("/api/service", headers=headers)
    assert response.status == status
    if status == 403:
        assert (await response.json())["error"] == {"code": "forbidden_origin", "text": "Site refusé."}
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "Access-Control-Allow-Origin" not in response.headers
    assert response.headers["Vary"] == "Origin"


@pytest.mark.parametrize(
    "path", ["/api/service", "/api/conversations", "/api/conversations/x", "/api/conversations/x/ws"]
)
async def test_the_servers_own_pages_may_ask_on_every_route_and_others_on_none(anyone: Client, path: str) -> None:
    here = str(anyone.make_url("")).rstrip("/")
    assert (await anyone.get(path, headers={"Origin": here})).status != 403
    for headers in ({}, {"Origin": EVIL}, {"Origin": here.replace("http", "https")}):
        assert (await anyone.get(path, headers=headers)).status == 403
    assert (await anyone.get("/", headers={})).status == 200


async def test_a_referer_is_enough_to_read_and_not_to_write(anyone: Client) -> None:
    ours = {"Referer": str(anyone.make_url("/demo"))}
    assert (await anyone.get("/api/service", headers=ours)).status == 200
    assert (await anyone.post("/api/conversations", headers=ours)).status == 403


async def test_another_site_cannot_open_a_socket_and_an_allowed_one_can(anyone: Client) -> None:
    place = "/api/conversations/x/ws"
    for headers in ({}, {"Origin": EVIL}, {"Origin": "null"}):
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await anyone.ws_connect(place, headers=headers)
        assert caught.value.status == 403
    ws = await anyone.ws_connect(place, headers={"Origin": SITE})
    await ws.close()


async def test_an_allowed_site_gets_the_headers_it_needs_and_no_cookie(anyone: Client) -> None:
    response = await anyone.options(
        "/api/conversations",
        headers={"Origin": SITE, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x"},
    )
    assert response.status == 204
    assert response.headers["Access-Control-Allow-Origin"] == SITE
    assert "DELETE" in response.headers["Access-Control-Allow-Methods"]
    assert "Authorization" in response.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in response.headers
    lost = await anyone.get("/api/conversations/unknown", headers={"Origin": SITE})
    assert (lost.status, lost.headers["Access-Control-Allow-Origin"]) == (404, SITE)
    evil = await anyone.options("/api/conversations", headers={"Origin": EVIL, "Access-Control-Request-Method": "POST"})
    assert evil.status == 403
    assert not [name for name in evil.headers if name.startswith("Access-Control")]


async def test_allowed_sites_may_show_the_visitors_pages_in_a_frame_and_nothing_else(anyone: Client) -> None:
    policies = [(await anyone.get(path)).headers["Content-Security-Policy"] for path in ("/chat", "/api/nothing")]
    assert policies[0].endswith(f"frame-ancestors {SITE}")
    assert policies[1].endswith("frame-ancestors 'none'")


# Whose conversation it is


async def test_a_conversation_is_for_its_token_only_and_not_for_one_in_the_address(client: Client) -> None:
    place, token = await opened(client)
    _, other = await opened(client)
    await post(client, place, token, {"type": "message", "client_id": "1", "text": "secret"})
    for headers in ({}, own(other), own(""), DESK, {"Authorization": f"Basic {token}"}):
        for path in (place, f"{place}?token={token}", f"{place}?access_token={token}"):
            response = await client.get(path, headers=headers)
            assert response.status == 404
            assert "secret" not in await response.text()
        frame = {"type": "message", "client_id": "2", "text": "a"}
        assert (await client.post(f"{place}/messages?token={token}", headers=headers, json=frame)).status == 404
        assert (await client.delete(f"{place}?token={token}", headers=headers)).status == 404
    async with Ws(client, f"{place}/ws?token={token}&x=".removesuffix("/ws"), other) as ws:
        assert (await ws.receive_json())["code"] == "unknown_conversation"
    assert len((await poll(client, place, token))["messages"]) == 2


# The same over both ways


async def test_what_is_sent_one_way_is_seen_the_other_way(client: Client, desk: Desk) -> None:  # noqa: F811
    place, token = await opened(client)
    async with Ws(client, place, token) as ws:
        assert await ws.receive_json() == {"type": "welcome", "seq": 0, "handover": None}
        status, done = await post(client, place, token, {"type": "message", "client_id": "1", "text": "Bonjour"})
        assert (status, done) == (200, {"type": "received", "client_id": "1", "seq": 1})
        assert [one["type"] for one in await until(ws, "reply")] == ["person", "typing", "typing", "reply"]
        await ws.send_json({"type": "feedback", "client_id": "2", "seq": 2, "helpful": False, "reason": "unclear"})
        assert await ws.receive_json() == {"type": "received", "client_id": "2", "seq": 2}
        await ws.send_json({"type": "handover", "client_id": "3"})
        frames = await until(ws, "received")
        assert [one["type"] for one in frames] == ["person", "handover", "queue", "received"]
        assert (frames[1]["state"], frames[1]["text"], frames[3]["seq"]) == ("queued", "En file.", 3)
    body = await poll(client, place, token)
    assert [one["type"] for one in body["messages"]] == ["person", "reply", "person", "handover"]
    assert body["messages"][1]["feedback"] == {"helpful": False}
    assert body["handover"] == {"state": "queued", "position": 2, "wait_seconds": 90, "agent": None}
    assert body["queue"] == {"position": 2, "wait_seconds": 90}
    assert (body["seq"], body["typing"]) == (4, None)


@pytest.mark.parametrize(
    ("frame", "status", "code"),
    [
        ({"type": "callback", "name": "Ana", "number": "x", "slot": "s"}, 400, "bad_contact"),
        ({"type": "callback", "name": "Ana", "number": "0612345678", "slot": "gone"}, 409, "conflict"),
        ({"type": "leave_message", "name": "Ana", "contact": "", "text": "a"}, 400, "bad_contact"),
        ({"type": "leave_message", "name": "Ana", "contact": "a@b.example", "text": "a" * 300}, 413, "too_long"),
        ({"type": "message", "text": " \u202e "}, 400, "empty"),
        ({"type": "message", "text": 3}, 400, "bad_request"),
        ({"type": "feedback", "seq": 9, "helpful": True}, 400, "bad_request"),
        ({"type": "feedback", "seq": "1", "helpful": True}, 400, "bad_request"),
        ({"type": "feedback", "seq": 1, "helpful": "yes"}, 400, "bad_request"),
        ({"type": "callback", "name": ["Ana"], "number": "0612345678", "slot": "s"}, 400, "bad_request"),
    ],
)
async def test_what_cannot_be_done_is_said_the_same_over_both_ways(
    client: Client, frame: Json, status: int, code: str
) -> None:
    place, token = await opened(client)
    got, body = await post(client, place, token, frame | {"client_id": "1"})
    assert (got, body["error"]["code"]) == (status, code)
    async with Ws(client, place, token) as ws:
        await until(ws, "welcome")
        await ws.send_json(frame | {"client_id": "2"})
        error = await ws.receive_json()
        assert (error["code"], error["client_id"], error["text"]) == (code, "2", body["error"]["text"])
        await ws.send_json({"type": "callback", "client_id": "3", "name": "", "number": "0612345678", "slot": "s"})
        assert (await until(ws, "received"))[-2]["state"] == "callback"


async def test_typing_reaches_the_desk_and_no_window(client: Client) -> None:
    place, token = await opened(client)
    seen: list[Json] = []

    async def listener(message: Json) -> None:
        seen.append(message)

    stop = client.app[CHATS].watch(place.rsplit("/", 1)[1], listener)
    async with Ws(client, place, token) as ws:
        await ws.send_json({"type": "typing", "on": True})
        assert (await post(client, place, token, {"type": "typing", "on": False}))[0] == 200
        await ws.send_json({"type": "message", "client_id": "1", "text": "a"})
        kinds = [one["type"] for one in await until(ws, "received")]
    assert kinds == ["welcome", "person", "typing", "typing", "reply", "received"]
    assert [one["on"] for one in seen if one["type"] == "typing"] == [True, False]
    stop()


# Waiting over plain requests


async def test_a_waiting_request_returns_as_soon_as_there_is_something(client: Client, dialogue: Echo) -> None:  # noqa: F811
    place, token = await opened(client)
    room = await client.app[CHATS]._find(place.rsplit("/", 1)[1])
    assert room is not None

    async def waiting(query: str) -> asyncio.Task[Json]:
        task = asyncio.create_task(poll(client, place, token, query))
        while not room.windows:
            await asyncio.sleep(0)
        return task

    answer = await waiting("?after=0&wait=25")
    await client.app[CHATS].agent_said(room.id, "a", "Camille", "Bonjour")
    body = await asyncio.wait_for(answer, 5)
    assert [one["text"] for one in body["messages"]] == ["Bonjour"]
    answer = await waiting(f"?after={body['seq']}&state={body['state']}&wait=25")
    await client.app[CHATS].agent_typing(room.id, True)
    assert (await asyncio.wait_for(answer, 5))["typing"] == "agent"
    # What has changed between two requests does not wait at all.
    late = await asyncio.wait_for(poll(client, place, token, f"?after=1&state={body['state']}&wait=25"), 5)
    assert (late["messages"], late["typing"]) == ([], "agent")
    assert not room.windows


async def test_a_wait_without_anything_ends(client: Client) -> None:
    place, token = await opened(client)
    assert (await poll(client, place, token, "?wait=0.01"))["messages"] == []
    for query in ("?wait=x", "?after=x", "?after=" + "9" * 5000):
        assert (await client.get(place + query, headers=own(token))).status == 400
    assert (await poll(client, place, token, "?wait=nan"))["messages"] == []


# Erasing


async def test_erasing_is_confirmed_by_the_store_and_told_everywhere(
    client: Client,
    desk: Desk,  # noqa: F811
    store: BrokenStore,  # noqa: F811
) -> None:
    place, token = await opened(client)
    await post(client, place, token, {"type": "message", "client_id": "1", "text": "Bonjour"})
    async with Ws(client, place, token) as ws:
        await until(ws, "reply")
        store.fails = True
        assert (await client.delete(place, headers=own(token))).status == 503
        assert len((await poll(client, place, token))["messages"]) == 2
        store.fails = False
        waiting = asyncio.create_task(client.get(f"{place}?after=2&wait=25", headers=own(token)))
        room = await client.app[CHATS]._find(place.rsplit("/", 1)[1])
        while room is not None and len(room.windows) < 2:
            await asyncio.sleep(0)
        assert (await client.delete(place, headers=own(token))).status == 204
        assert (await ws.receive_json())["type"] == "erased"
        assert (await ws.receive()).data == aiohttp.WSCloseCode.OK
        assert (await asyncio.wait_for(waiting, 5)).status == 404
    assert desk.asked == [("left", place.rsplit("/", 1)[1])]
    assert (await client.get(place, headers=own(token))).status == 404
    assert (await client.delete(place, headers=own(token))).status == 404


# Before anybody speaks


async def test_the_service_says_when_a_person_can_be_reached_in_the_language_of_the_page(
    client: Client,
    desk: Desk,  # noqa: F811
) -> None:
    french = await (await client.get("/api/service")).json()
    english = await (await client.get("/api/service?lang=EN")).json()
    assert (french["greeting"], english["greeting"]) == (TEXTS_FR.greeting, "Hello.")
    assert (french["person"]["staffed"], english["person"]["hours"]) == (True, ["hours in en"])
    assert french["person"] | {"slots": [], "messages": True, "next_opening": None} == french["person"]
    assert set(french["voice"]) == {"listen", "speak"}
    desk.is_down = True
    assert (await (await client.get("/api/service")).json())["person"]["staffed"] is False


# Too much


async def test_an_address_that_floods_is_slowed_and_told_when_to_come_back(chats: Chats) -> None:  # noqa: F811
    app = app_of(chats, address_conversations_per_minute=2, address_messages_per_minute=3)
    async with TestClient(TestServer(app), headers={"Origin": SITE, "X-Forwarded-For": "198.51.100.7"}) as client:
        place, token = await opened(client)
        await opened(client)
        refused = await client.post("/api/conversations")
        assert (refused.status, refused.headers["Retry-After"]) == (429, "30")
        assert (refused.headers["Access-Control-Expose-Headers"], refused.headers["Access-Control-Allow-Origin"]) == (
            "Retry-After",
            SITE,
        )
        frame = {"type": "message", "text": "a"}
        seen = [(await post(client, place, token, frame | {"client_id": str(n)}))[0] for n in range(3)]
        async with Ws(client, place, token) as ws:
            await ws.send_json(frame | {"client_id": "9"})
            assert (await until(ws, "error"))[-1]["code"] == "too_fast"
        assert seen == [200] * 3
        neighbour = await client.post("/api/conversations", headers={"X-Forwarded-For": "198.51.100.8"})
        assert neighbour.status == 201


async def test_too_many_windows_are_refused_politely(client: Client) -> None:
    place, token = await opened(client)
    windows = [Ws(client, place, token) for _ in range(4)]
    sockets = [await one.__aenter__() for one in windows]
    for ws in sockets:
        await until(ws, "welcome")
    async with Ws(client, place, token) as fifth:
        assert (await fifth.receive_json())["code"] == "too_many_windows"
        assert (await fifth.receive()).type is aiohttp.WSMsgType.CLOSE
    response = await client.get(f"{place}?wait=1", headers=own(token))
    assert (response.status, response.headers["Retry-After"]) == (429, "30")
    for one in windows:
        await one.__aexit__()


@pytest.mark.parametrize(
    "hello", ["nonsense", "[]", "{}", '{"type": "hello", "after": "x"}', "[" * 30_000, '{"type":"message"}']
)
async def test_without_a_hello_nothing_is_said(client: Client, hello: str) -> None:
    place, _ = await opened(client)
    ws = await client.ws_connect(f"{place}/ws")
    await ws.send_str(hello)
    closed = await ws.receive()
    assert (closed.type, closed.data) == (aiohttp.WSMsgType.CLOSE, aiohttp.WSCloseCode.POLICY_VIOLATION)


@pytest.mark.parametrize(
    "frame",
    [
        "nonsense",
        "[" * 30_000,
        '"text"',
        "null",
        '{"type": "no_such"}',
        '{"type": "message", "text": "a"}',
        '{"type": "message", "client_id": "a b", "text": "a"}',
        '{"type": "message", "client_id": 1, "text": "a"}',
        '{"type": "typing", "on": 1}',
        '{"type": "feedback", "client_id": "1", "helpful": true, "seq": 1e999}',
    ],
)
async def test_frames_that_make_no_sense_are_refused_then_not_listened_to(client: Client, frame: str) -> None:
    place, token = await opened(client)
    async with Ws(client, place, token) as ws:
        await until(ws, "welcome")
        await ws.send_str(frame)
        assert (await ws.receive_json())["code"] == "bad_request"
        await ws.send_json({"type": "message", "client_id": "ok", "text": "Bonjour"})
        await until(ws, "received")
        for _ in range(30):
            try:
                await ws.send_str(frame)
            except ConnectionError:
                break
        while (last := await ws.receive(timeout=5)).type is aiohttp.WSMsgType.TEXT:
            pass
        assert last.data == aiohttp.WSCloseCode.POLICY_VIOLATION
    assert len((await poll(client, place, token))["messages"]) == 2


async def test_a_frame_of_more_than_64_kib_ends_the_connection_and_nothing_else(client: Client) -> None:
    place, token = await opened(client)
    async with Ws(client, place, token) as ws:
        await until(ws, "welcome")
        await ws.send_json({"type": "message", "client_id": "1", "text": "é" * 70_000})
        assert (await ws.receive()).data == aiohttp.WSCloseCode.MESSAGE_TOO_BIG
    assert (await post(client, place, token, {"type": "message", "client_id": "1", "text": "é" * 70_000}))[0] == 413
    assert (await poll(client, place, token))["messages"] == []


@pytest.mark.parametrize(
    "hostile",
    ["\x00", "a\u202eb", "\ud800", "</script><img src=x onerror=alert(1)>", "=cmd|'/c calc'!A1", "\u2028", "a" * 200],
)
async def test_hostile_words_never_break_the_log(client: Client, hostile: str) -> None:
    place, token = await opened(client)
    async with Ws(client, place, token) as ws:
        await until(ws, "welcome")
        for n, frame in enumerate(
            (
                {"type": "message", "text": hostile + "x"},
                {"type": "choice", "intent": hostile + "x", "label": hostile},
                {"type": "leave_message", "name": hostile, "contact": hostile + "x", "text": hostile + "x"},
            )
        ):
            await ws.send_str(json.dumps(frame | {"client_id": f"h{n}"}))
        await ws.send_json({"type": "message", "client_id": "ok", "text": "Bonjour"})
        while (frame := await ws.receive_json(timeout=5)).get("client_id") != "ok" or frame["type"] != "received":
            pass
    before = (await poll(client, place, token))["messages"]
    client.app[CHATS]._rooms.clear()
    assert (await poll(client, place, token))["messages"] == before
    assert before[-1]["type"] == "reply"
    assert not {"\x00", "\u202e", "\ud800"} & set("".join(one["text"] for one in before))


# Cuts


async def test_a_person_joins_in_the_middle_and_a_cut_loses_nothing(client: Client, desk: Desk) -> None:  # noqa: F811
    place, token = await opened(client)
    chats, conversation_id = client.app[CHATS], place.rsplit("/", 1)[1]  # noqa: F811
    async with Ws(client, place, token) as ws:
        await ws.send_json({"type": "handover", "client_id": "1"})
        await until(ws, "received")
    desk.view = ACTIVE
    await chats.handover_changed(conversation_id, ACTIVE)
    await chats.agent_said(conversation_id, "a", "Camille", "Bonjour")
    async with Ws(client, place, token, after=2) as ws:
        welcome, joined, said = [await ws.receive_json() for _ in range(3)]
        assert welcome["handover"] == {"state": "active", "position": None, "wait_seconds": None, "agent": "Camille"}
        assert (joined["state"], joined["agent"], joined["seq"]) == ("active", "Camille", 3)
        assert (said["type"], said["name"], said["seq"]) == ("agent", "Camille", 4)
        await ws.send_json({"type": "message", "client_id": "2", "text": "Bonjour Camille"})
        assert [one["type"] for one in await until(ws, "received")] == ["person", "received"]


async def test_a_stopping_gateway_tells_its_windows_to_come_back(chats: Chats) -> None:  # noqa: F811
    server = TestServer(app_of(chats))
    async with TestClient(server, headers={"Origin": SITE}) as client:
        place, token = await opened(client)
        async with Ws(client, place, token) as ws:
            await until(ws, "welcome")
            await chats.close()
            assert (await ws.receive()).data == aiohttp.WSCloseCode.GOING_AWAY


async def test_a_slow_window_is_told_to_come_back_and_the_others_notice_nothing(client: Client) -> None:
    place, token = await opened(client)
    async with Ws(client, place, token) as slow:
        await until(slow, "welcome")
        room = await client.app[CHATS]._find(place.rsplit("/", 1)[1])
        assert room is not None
        for window in room.windows:
            window._queued_max = 0  # as if the network took nothing
        async with Ws(client, place, token) as ws:
            await until(ws, "welcome")
            await ws.send_json({"type": "message", "client_id": "1", "text": "a"})
            await until(ws, "received")
        assert (await slow.receive()).data == aiohttp.WSCloseCode.TRY_AGAIN_LATER


async def test_standing_is_shown_to_a_window_that_connects_while_queued(client: Client, desk: Desk) -> None:  # noqa: F811
    place, token = await opened(client)
    desk.view = QUEUED
    async with Ws(client, place, token) as ws:
        welcome = await ws.receive_json()
    assert welcome["handover"]["position"] == 2


async def test_guichet_ask_is_admitted_as_a_program_of_this_machine(anyone: Client, dialogue: Echo) -> None:  # noqa: F811
    settings = Settings(web=WebSettings(desk_token=SecretStr("desk-secret")))
    here = str(anyone.make_url("")).rstrip("/")
    async with aiohttp.ClientSession() as session:
        for channel in Channel:
            reply = await ask_once(session, settings, here, "Comment adhérer ?", channel)
            assert (reply["outcome"], reply["confidence"], reply["text"]) == ("answered", 0.9, "Comment adhérer ?")
    assert [question.channel for question in dialogue.asked] == list(Channel)
    assert not anyone.app[CHATS]._rooms


async def test_a_mistake_of_ours_is_told_to_the_window_and_the_next_message_is_answered(
    client: Client,
    dialogue: Echo,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    place, token = await opened(client)
    frame = {"type": "message", "client_id": "1", "text": "Bonjour"}

    async def mistaken(_question: object) -> None:
        raise ZeroDivisionError

    async with Ws(client, place, token) as ws:
        with monkeypatch.context() as patch:
            patch.setattr(dialogue, "ask", mistaken)
            await ws.send_json(frame)
            error = (await until(ws, "error"))[-1]
            assert (error["code"], error["client_id"]) == ("unavailable", "1")
        await ws.send_json(frame)
        assert (await until(ws, "received"))[-2]["type"] == "reply"
