"""People with accounts at the desk: what an administrator changes of them reaches the consoles that are open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from aiohttp import ClientSession, DummyCookieJar, web
from aiohttp.test_utils import TestClient, TestServer

from bot.accounts.roles import PERMISSIONS, Role
from bot.accounts.service import Accounts
from bot.desk.desk import Desk
from bot.opening_calendar import CLOSED, Calendar
from bot.opening_hours import Hours
from bot.settings import Settings
from bot.store import Store
from bot.store.account_records import UserRecord
from bot.web import desk as desk_routes
from bot.web.agent_sessions import SESSION_COOKIE
from bot.web.agents import Agent
from bot.web.desk.socket import Console, _of_the_accounts
from bot.web.errors import errors_and_headers
from bot.web.keys import CALL_PHASE, CONSOLES, DESK_TOKEN, OVERVIEW, SETTINGS, STORE, TEXTS
from bot.web.texts import WebTexts
from bot.web.with_accounts import add_accounts
from tests.unit.accounts.people import PASSWORD, cheap_hasher
from tests.unit.web.test_accounts import Texts, Window
from tests.unit.web.test_desk_console import TOKEN, desk, next_of, store, visitors  # noqa: F401  (fixtures)

Client = TestClient[web.Request, web.Application]


@dataclass
class Place:
    """A service with a desk and accounts, and marie in it."""

    app: web.Application
    client: Client
    accounts: Accounts
    desk: Desk
    marie: UserRecord

    async def assign(self, *teams: str) -> None:
        await self.accounts.assign(self.marie, teams, ["en"], by="operator:cli")

    async def console(self) -> Console:
        """As it is when marie opens it now."""
        now = await self.accounts.user(self.marie.id)
        agent = Agent(
            now.id, now.name, now.role.value, PERMISSIONS[now.role], now.reference, now.teams, now.skills, "session"
        )
        return Console(agent, self.desk, self.app[OVERVIEW], self.app[CONSOLES], _of_the_accounts(self.app))


@pytest.fixture
async def place(store: Store, desk: Desk) -> AsyncIterator[Place]:  # noqa: F811
    app = web.Application(middlewares=[errors_and_headers])
    settings = Settings()
    app[SETTINGS], app[STORE], app[DESK_TOKEN] = settings, store, "desk-secret"
    app[TEXTS] = cast(WebTexts, Texts())
    app[CALL_PHASE] = lambda _: "listening"
    async with ClientSession() as session:
        accounts = add_accounts(app, store, settings, session)
        accounts._hasher = cheap_hasher()
        app.add_routes(desk_routes.routes)
        desk_routes.add_desk(app, desk)
        async with TestClient(TestServer(app), cookie_jar=DummyCookieJar()) as client:
            marie = await accounts.add("marie", "Marie", Role.AGENT, PASSWORD, by="operator:cli", must_change=False)
            yield Place(app, client, accounts, desk, marie)


async def test_a_change_of_name_and_teams_reaches_an_open_console_with_its_next_sign_of_life(place: Place) -> None:
    window = Window(place.client)
    await window.sign_in()
    headers = {"Cookie": f"{SESSION_COOKIE}={window.cookie}", "Origin": str(window.origin)}
    async with place.client.ws_connect("/api/desk/ws", headers=headers) as socket:
        assert (await next_of(socket, "snapshot"))["me"]["teams"] == []
        await place.accounts.set_name(place.marie, "Marie M.", by="operator:cli")
        await place.assign("etat_civil")
        place.desk.bus.changed()
        me = (await next_of(socket, "changes"))["me"]
        assert (me["name"], me["teams"], me["skills"]) == ("Marie M.", ["etat_civil"], ["en"])
        [row] = await place.desk.present()
        assert (row.name, row.teams, row.skills) == ("Marie M.", ("etat_civil",), ("en",))


@pytest.mark.parametrize(
    "frame", [{"type": "presence", "status": "available"}, {"type": "view", "conversation_id": None}]
)
async def test_what_is_done_at_the_console_writes_the_teams_of_now(place: Place, frame: dict[str, Any]) -> None:
    console = await place.console()
    await place.assign("ccas")
    await console.take(frame)
    assert [row.teams for row in await place.desk.present()] == [("ccas",)]


async def test_two_consoles_of_one_person_opened_before_and_after_a_change_agree(
    place: Place,
    store: Store,  # noqa: F811
) -> None:
    before = await place.console()
    await place.assign("etat_civil")
    after = await place.console()
    await asyncio.gather(before.sign_of_life(), after.sign_of_life())
    version = await store.desk_version()
    for console in (before, after, before, after):
        assert (await console.sign_of_life()).teams == ("etat_civil",)
    assert await store.desk_version() == version


async def test_a_program_is_at_the_desk_as_it_names_itself(place: Place) -> None:
    await place.assign("etat_civil")
    headers = TOKEN | {"X-Guichet-Agent": f"{place.marie.id}?name=Robot&teams=ccas"}
    async with place.client.ws_connect("/api/desk/ws", headers=headers) as socket:
        me = (await next_of(socket, "snapshot"))["me"]
        assert (me["name"], me["teams"]) == ("Robot", ["ccas"])


async def test_who_is_signed_in_learns_the_services_time_zone_without_the_desk(place: Place) -> None:
    await place.accounts.set_role(place.marie, Role.EDITOR, by="operator:cli")
    place.desk.hours = Hours({"": Calendar((CLOSED,) * 7, ZoneInfo("America/Cayenne"))})
    window = Window(place.client)
    assert (await (await window.sign_in()).json())["time_zone"] == "America/Cayenne"
    assert (await window("GET", "/api/desk/overview")).status == 403
    assert (await (await window("GET", "/api/accounts/me")).json())["time_zone"] == "America/Cayenne"
