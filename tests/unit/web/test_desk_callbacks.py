"""Calling back through the console's API: by the agent who is brought first, by the bot, or by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.desk.callers import Callers
from bot.desk.desk import Desk
from bot.errors import Busy, NotAllowed
from bot.origins import Origins
from bot.store import Store
from bot.web import desk as desk_routes
from bot.web.agent_sessions import CONSOLE_ORIGINS
from bot.web.errors import errors_and_headers
from bot.web.keys import CALL_PHASE, CALLBACKS, DESK_TOKEN, STORE
from tests.unit.desk.conftest import Leg, OnThePhone, chat
from tests.unit.web.test_desk_callers import callers, desk  # noqa: F401  (fixtures)
from tests.unit.web.test_desk_console import (  # noqa: F401  (fixtures)
    ANNE,
    BRUNO,
    PUBLIC,
    Client,
    Json,
    call,
    ok,
    store,
    visitors,
)
from voice.call_messages import DeskNews


class Line:
    """`bot.web.keys.Callbacks`."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.called_by_bot: list[str] = []

    def check(self, number: str) -> None:
        if self.error:
            raise self.error

    async def call_back(self, conversation_id: str, number: str) -> None:
        self.check(number)
        self.called_by_bot.append(number)

    async def ring(self, reference: str, number: str) -> None: ...

    async def stop(self, reference: str) -> None: ...


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
async def client(store: Store, desk: Desk, callers: Callers, line: Line) -> AsyncIterator[Client]:  # noqa: F811
    app = web.Application(middlewares=[errors_and_headers])
    app[STORE], app[DESK_TOKEN], app[CALLBACKS] = store, "desk-secret", line
    app[CALL_PHASE] = lambda _: "waiting"
    app[CONSOLE_ORIGINS] = Origins.of((), PUBLIC, "http://127.0.0.1:8010")
    app.add_routes(desk_routes.routes)
    desk_routes.add_desk(app, desk, callers)
    async with TestClient(TestServer(app)) as client:
        yield client


async def promised(client: Client, store: Store) -> str:  # noqa: F811
    body = {"conversation_id": await chat(store), "name": "Mme Petit", "number": "06 12 34 56 78"}
    return str((await ok(client, "POST", "/callbacks", body, ANNE))["id"])


async def shown(client: Client, promise_id: str) -> Json:
    found = await ok(client, "GET", "/callbacks")
    return next(one for one in found["callbacks"] if one["id"] == promise_id)


async def test_with_a_way_the_agent_has_the_call_and_the_promise_names_it(
    client: Client,
    store: Store,  # noqa: F811
    line: Line,
) -> None:
    promise_id = await promised(client, store)
    begun = await ok(client, "POST", f"/callbacks/{promise_id}/dial", {"way": "browser"}, ANNE)
    assert (begun["state"], begun["agent"]["id"], begun["attempts"]) == ("dialling", "anne", 0)
    made = begun["call"]
    assert (made["id"], made["reason"], made["state"], made["on_line"]) == (
        begun["call_id"],
        "callback",
        "active",
        True,
    )
    assert made["line"]["state"] == "connecting"
    assert line.called_by_bot == []
    overview = await ok(client, "GET", "/overview")
    assert [one["id"] for one in overview["handovers"]] == [made["id"]]
    status, refused = await call(client, "POST", f"/callbacks/{promise_id}/dial", {"way": "browser"}, BRUNO)
    assert (status, refused["error"]["code"]) == (409, "under_way")


async def test_the_line_shows_that_it_rings_and_the_promise_is_kept_when_both_are_there(
    client: Client,
    store: Store,  # noqa: F811
    callers: Callers,  # noqa: F811
    line: Line,
) -> None:
    promise_id = await promised(client, store)
    made = (await ok(client, "POST", f"/callbacks/{promise_id}/dial", {"way": "browser"}, ANNE))["call"]
    callers.agent_on_line(made["conversation_id"], Leg(), "browser")
    (rings,) = (await ok(client, "GET", "/overview"))["handovers"]
    assert rings["line"]["state"] == "calling"
    phone = OnThePhone(made["conversation_id"])
    callers.enter(made["conversation_id"], phone.told.append)
    await callers.told(made["conversation_id"], DeskNews.JOINED)
    assert (await shown(client, promise_id))["state"] == "kept"
    (joined,) = (await ok(client, "GET", "/overview"))["handovers"]
    assert joined["line"]["state"] == "joined"
    missed = await ok(client, "POST", f"/callbacks/{promise_id}/missed", {"note": "Répondeur"}, ANNE)
    assert missed["state"] == "missed"


@pytest.mark.parametrize(("error", "status"), [(NotAllowed("premium"), 403), (Busy("full"), 503)])
async def test_what_may_not_be_dialled_connects_nobody(
    client: Client,
    store: Store,  # noqa: F811
    line: Line,
    error: Exception,
    status: int,
) -> None:
    promise_id = await promised(client, store)
    line.error = error
    answered, _ = await call(client, "POST", f"/callbacks/{promise_id}/dial", {"way": "browser"}, ANNE)
    assert answered == status
    assert (await shown(client, promise_id))["state"] == "promised"
    assert (await ok(client, "GET", "/overview"))["handovers"] == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"way": "transfer"}, "bad_way"),
        ({"way": "phone"}, "bad_number"),
        ({"way": "phone", "phone": "0899123456"}, "bad_number"),
    ],
)
async def test_a_way_that_cannot_be_is_refused(
    client: Client,
    store: Store,  # noqa: F811
    line: Line,
    body: Json,
    code: str,
) -> None:
    promise_id = await promised(client, store)
    status, refused = await call(client, "POST", f"/callbacks/{promise_id}/dial", body, ANNE)
    assert (status, refused["error"]["code"]) == (400, code)
    assert (await shown(client, promise_id))["state"] == "promised"


async def test_without_a_way_the_bot_calls_as_before(client: Client, store: Store, line: Line) -> None:  # noqa: F811
    promise_id = await promised(client, store)
    begun = await ok(client, "POST", f"/callbacks/{promise_id}/dial", {}, ANNE)
    assert (begun["state"], begun["attempts"], begun["call_id"]) == ("dialling", 1, None)
    assert line.called_by_bot == ["+33612345678"]
    assert "call" not in begun
