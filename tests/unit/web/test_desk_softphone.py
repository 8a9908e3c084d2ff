"""The route of the console's softphone: an answer for the agent who has the call, a code and a text for all else."""

from __future__ import annotations

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.agent_calls import AgentCalls
from bot.desk.callers import Callers
from bot.desk.desk import Desk
from bot.origins import Origins
from bot.pack import load_pack
from bot.store import Store
from bot.web import desk as desk_routes
from bot.web.agent_sessions import CONSOLE_ORIGINS
from bot.web.errors import errors_and_headers
from bot.web.keys import AGENT_CALLS, CALL_PHASE, DESK_TOKEN, STORE, TEXTS
from bot.web.texts import load_web_texts
from tests.unit.desk.test_agent_calls import TEXTS as BRIEFING
from tests.unit.voice.softphone.test_offer import CHROMIUM, VIDEO
from tests.unit.voice.softphone.test_softphones import FakeBrowser
from tests.unit.web.test_desk_callers import (  # noqa: F401  (fixtures)
    ANNE,
    BRUNO,
    Client,
    call,
    callers,
    desk,
    ok,
    on_the_line,
    store,
    visitors,
)
from voice.softphone.softphones import Softphones

LIMIT_BYTES = 64 * 1024


def served(store: Store, desk: Desk, callers: Callers, *, browsers: bool = True) -> TestServer:  # noqa: F811
    app = web.Application(middlewares=[errors_and_headers], client_max_size=LIMIT_BYTES)
    app[STORE], app[DESK_TOKEN] = store, "desk-secret"
    app[CALL_PHASE] = lambda _: "waiting"
    app[TEXTS] = load_web_texts(load_pack().prompts(), "le service")
    app[CONSOLE_ORIGINS] = Origins.of((), "https://guichet.example.fr", "http://127.0.0.1:8010")
    app.add_routes(desk_routes.routes)
    desk_routes.add_desk(app, desk, callers)
    softphones = Softphones(FakeBrowser) if browsers else None
    app[AGENT_CALLS] = AgentCalls(callers, desk, BRIEFING, softphones=softphones, dial_as="")
    return TestServer(app)


@pytest.mark.parametrize("offer", ["", "v=0", CHROMIUM + VIDEO, 7, None, "v=0\r\n" + "a=x\r\n" * 5_000])
async def test_an_offer_that_cannot_be_taken_is_the_agent_s_mistake(
    store: Store,  # noqa: F811
    desk: Desk,  # noqa: F811
    callers: Callers,  # noqa: F811
    offer: object,
) -> None:
    async with TestClient(served(store, desk, callers)) as client:
        _, request = await on_the_line(client, callers)
        await ok(client, "POST", f"/handovers/{request['id']}/take", {"way": "browser"})
        status, refusal = await call(client, "POST", f"/handovers/{request['id']}/softphone", {"sdp": offer})
        assert (status, refusal["error"]["code"]) == (400, "bad_request")
        assert refusal["error"]["text"]


async def test_an_offer_of_any_size_is_refused_in_the_same_form(
    store: Store,  # noqa: F811
    desk: Desk,  # noqa: F811
    callers: Callers,  # noqa: F811
) -> None:
    async with TestClient(served(store, desk, callers)) as client:
        status, refusal = await call(client, "POST", "/handovers/x/softphone", {"sdp": "x" * LIMIT_BYTES})
        assert (status, refusal["error"]["code"]) == (413, "too_long")


async def test_only_who_has_the_call_is_answered(
    store: Store,  # noqa: F811
    desk: Desk,  # noqa: F811
    callers: Callers,  # noqa: F811
) -> None:
    async with TestClient(served(store, desk, callers)) as client:
        phone, request = await on_the_line(client, callers)
        path, body = f"/handovers/{request['id']}/softphone", {"sdp": CHROMIUM}
        assert (await call(client, "POST", path, body))[1]["error"]["code"] == "over"
        await ok(client, "POST", f"/handovers/{request['id']}/take", {"way": "browser"})
        status, refusal = await call(client, "POST", path, body, BRUNO)
        assert (status, refusal["error"]["code"]) == (409, "not_yours")
        assert await ok(client, "POST", path, body) == {"sdp": "v=0 answer"}
        assert await ok(client, "POST", path, body) == {"sdp": "v=0 answer"}, "again after a reload"
        callers.leave(phone.conversation_id)
        await callers.settle()
        assert (await call(client, "POST", path, body))[0] == 409
        assert (await client.post(f"/api/desk{path}", json=body)).status == 401


async def test_where_no_browser_takes_calls_the_console_hears_which_other_ways_there_are(
    store: Store,  # noqa: F811
    desk: Desk,  # noqa: F811
    callers: Callers,  # noqa: F811
) -> None:
    async with TestClient(served(store, desk, callers, browsers=False)) as client:
        _, request = await on_the_line(client, callers)
        await ok(client, "POST", f"/handovers/{request['id']}/take", {"way": "browser"})
        status, refusal = await call(client, "POST", f"/handovers/{request['id']}/softphone", {"sdp": CHROMIUM})
        assert (status, refusal["error"]["code"]) == (503, "no_softphone")
        assert "poste" in refusal["error"]["text"]
