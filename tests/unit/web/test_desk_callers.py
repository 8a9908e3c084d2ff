"""Callers in the console's API: presence, taking, holding, and what an agent is told; real routes, a real desk."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.desk.agent_numbers import AgentNumbers
from bot.desk.callers import Callers
from bot.desk.desk import Desk
from bot.desk.policy import Policy
from bot.desk.texts import load_desk_texts
from bot.opening_hours import Hours
from bot.origins import Origins
from bot.pack import load_pack
from bot.store import Store
from bot.web import desk as desk_routes
from bot.web.agent_sessions import CONSOLE_ORIGINS
from bot.web.errors import errors_and_headers
from bot.web.keys import CALL_PHASE, DESK_TOKEN, STORE
from tests.unit.desk.conftest import KNOWLEDGE, Leg, OnThePhone, Visitors, calls_in, chat
from tests.unit.web.test_desk_console import (  # noqa: F401  (fixtures)
    ANNE,
    BRUNO,
    EDITOR,
    PUBLIC,
    Client,
    Json,
    call,
    next_of,
    ok,
    store,
    visitors,
)
from voice.call_messages import DeskNews, HoldAsked


@pytest.fixture
def desk(store: Store, visitors: Visitors) -> Desk:  # noqa: F811
    pack = load_pack()
    policy = Policy(calls=True, call_ways=("browser", "phone"), numbers=AgentNumbers("[0-9]{3}", ("+33",)))
    desk = Desk(store, Hours(), KNOWLEDGE, load_desk_texts(pack, pack.prompts()), policy)
    desk.serve(visitors)
    return desk


@pytest.fixture
def callers(desk: Desk) -> Callers:
    return Callers(desk)


@pytest.fixture
async def client(store: Store, desk: Desk, callers: Callers) -> AsyncIterator[Client]:  # noqa: F811
    app = web.Application(middlewares=[errors_and_headers])
    app[STORE], app[DESK_TOKEN] = store, "desk-secret"
    app[CALL_PHASE] = lambda _: "waiting"
    app[CONSOLE_ORIGINS] = Origins.of((), PUBLIC, "http://127.0.0.1:8010")
    app.add_routes(desk_routes.routes)
    desk_routes.add_desk(app, desk, callers)
    async with TestClient(TestServer(app)) as client:
        yield client


async def on_the_line(client: Client, callers: Callers) -> tuple[OnThePhone, Json]:
    """A caller in the queue, with Anne and Bruno there who take calls."""
    for agent in (ANNE, BRUNO):
        await ok(client, "PUT", "/presence", {"status": "available", "takes_calls": True}, agent)
    phone = await calls_in(callers)
    return phone, await shown(client, phone)


async def shown(client: Client, phone: OnThePhone) -> Json:
    overview = await ok(client, "GET", "/overview")
    return next(one for one in overview["handovers"] if one["conversation_id"] == phone.conversation_id)


async def test_a_caller_stands_in_the_queue_and_is_counted(client: Client, callers: Callers) -> None:
    _, request = await on_the_line(client, callers)
    expected = {"on_line": True, "line": None, "position": 1, "channel": "phone", "phase": "waiting"}
    assert {name: request[name] for name in expected} == expected
    service = (await ok(client, "GET", "/overview"))["service"]
    assert (service["waiting"], service["waiting_since"]) == (1, request["waiting_since"])
    assert service["calls"] == {"enabled": True, "ways": ["browser", "phone"]}


async def test_an_agent_says_whether_calls_are_taken_and_where(client: Client) -> None:
    me = await ok(client, "PUT", "/presence", {"takes_calls": True, "phone": "06 12 34 56 78"})
    assert (me["takes_calls"], me["phone"]) == (True, "+33612345678")
    assert (await ok(client, "PUT", "/presence", {"phone": "214"}))["phone"] == "214"
    for number in ("0899123456", "21", "+4930901820", "214;ext=1"):
        status, refusal = await call(client, "PUT", "/presence", {"phone": number})
        assert (status, refusal["error"]["code"]) == (400, "bad_number")
        assert "Ce numéro ne convient pas" in refusal["error"]["text"]
    overview = await ok(client, "GET", "/overview")
    assert (overview["me"]["phone"], overview["me"]["takes_calls"]) == ("214", True)
    assert overview["agents"][0]["takes_calls"] is True
    assert all("phone" not in agent for agent in overview["agents"])  # where a person is rung concerns nobody else
    assert (await ok(client, "PUT", "/presence", {"phone": ""}))["phone"] == ""
    for nonsense in ({"takes_calls": "oui"}, {"phone": 214}):
        assert (await call(client, "PUT", "/presence", nonsense))[0] == 400


async def test_a_call_is_taken_held_and_closed(client: Client, callers: Callers) -> None:
    phone, request = await on_the_line(client, callers)
    handover = f"/handovers/{request['id']}"
    taken = await ok(client, "POST", f"{handover}/take", {"way": "browser"})
    assert (taken["state"], taken["line"]["way"], taken["line"]["state"]) == ("active", "browser", "connecting")
    assert (await shown(client, phone))["line"]["state"] == "connecting"
    callers.agent_on_line(phone.conversation_id, Leg(), "browser")
    await callers.told(phone.conversation_id, DeskNews.JOINED)
    assert (await shown(client, phone))["line"]["state"] == "joined"
    assert (await ok(client, "POST", f"{handover}/hold", {"on": True}))["line"]["state"] == "held"
    assert phone.told[-1] == HoldAsked(True)
    status, refusal = await call(client, "POST", f"{handover}/hold", {"on": True}, BRUNO)
    assert (status, refusal["error"]["code"]) == (409, "not_yours")
    closed = await ok(client, "POST", f"{handover}/close")
    assert (closed["state"], closed["on_line"], closed["line"]) == ("wrap_up", False, None)
    await callers.look()
    assert phone.said[-1] == ("closed", "")
    assert (await call(client, "POST", f"{handover}/hold", {"on": False}))[1]["error"]["code"] == "over"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"way": "transfer"}, 400, "bad_way"),
        ({"way": "phone"}, 400, "bad_number"),  # none is set
        ({"way": "phone", "phone": "0899123456"}, 400, "bad_number"),
        ({"way": 3}, 400, "bad_request"),
    ],
)
async def test_a_wrong_way_is_refused_in_words(
    client: Client, callers: Callers, *, body: Json, status: int, code: str
) -> None:
    phone, request = await on_the_line(client, callers)
    found, refusal = await call(client, "POST", f"/handovers/{request['id']}/take", body)
    assert (found, refusal["error"]["code"]) == (status, code)
    assert refusal["error"]["text"].endswith(".")
    assert (await shown(client, phone))["state"] == "queued"


async def test_what_can_no_longer_be_taken_is_refused_in_words(client: Client, desk: Desk, callers: Callers) -> None:
    phone, request = await on_the_line(client, callers)
    path = f"/handovers/{request['id']}/take"
    desk.telephone = None  # as in the gateway that does not hold the call
    status, refusal = await call(client, "POST", path, {"way": "browser"})
    assert (status, refusal["error"]["code"]) == (409, "elsewhere")
    assert "autre serveur" in refusal["error"]["text"]
    assert (await shown(client, phone))["on_line"] is True
    desk.telephone = callers
    callers.leave(phone.conversation_id)
    await callers.settle()
    status, refusal = await call(client, "POST", path, {"way": "browser"})
    assert (status, refusal["error"]["code"]) == (409, "over")
    missed = await shown(client, phone)
    assert (missed["state"], missed["on_line"], missed["position"]) == ("queued", False, None)


async def test_an_agent_is_told_that_the_telephone_did_not_take_it(client: Client, callers: Callers) -> None:
    phone, request = await on_the_line(client, callers)
    async with client.ws_connect("/api/desk/ws", headers=BRUNO) as bruno:
        snapshot = await next_of(bruno, "snapshot")
        assert (snapshot["me"]["phone"], snapshot["service"]["waiting"]) == ("", 1)
        await bruno.send_json({"type": "presence", "phone": "215"})
        await ok(client, "POST", f"/handovers/{request['id']}/take", {"way": "phone", "phone": "216"}, BRUNO)
        while (await shown(client, phone))["line"] is None:
            pass
        await callers.not_taken(request["id"], "bruno", "not_answered")
        frame = await next_of(bruno, "call_failed")
        assert (frame["handover_id"], frame["code"]) == (request["id"], "not_answered")
        assert frame["text"].startswith("Votre poste n’a pas répondu")
    back = await shown(client, phone)
    assert (back["state"], back["front"], back["declined"], back["line"]) == ("queued", True, ["bruno"], None)


async def test_an_editor_has_no_queue_but_reads_and_judges_what_is_past(client: Client, store: Store) -> None:  # noqa: F811
    conversation_id = await chat(store)
    status, refusal = await call(client, "GET", "/overview", agent=EDITOR)
    assert (status, refusal["error"]["code"]) == (403, "forbidden")
    assert refusal["error"]["text"] == "Votre rôle ne permet pas cette action."
    found = await ok(client, "GET", "/conversations", agent=EDITOR)
    assert [one["id"] for one in found["conversations"]] == [conversation_id]
    assert (await ok(client, "GET", f"/conversations/{conversation_id}", agent=EDITOR))["turns"]
    judged = await ok(client, "POST", f"/conversations/{conversation_id}/annotations", {"verdict": "right"}, EDITOR)
    assert judged["verdict"] == "right"
