"""Signing in over HTTP: cookies, proofs of origin, who may do what. Real routes, a real SQLite store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pyotp
import pytest
from aiohttp import ClientResponse, ClientSession, DummyCookieJar, web
from aiohttp.test_utils import TestClient, TestServer

from bot.accounts.roles import Permission, Role
from bot.accounts.service import Accounts
from bot.settings import Settings
from bot.store import Store
from bot.web.agent_sessions import SESSION_COOKIE
from bot.web.agents import current_agent
from bot.web.errors import errors_and_headers
from bot.web.keys import ACCOUNTS, DESK_TOKEN, SETTINGS, STORE, TEXTS
from bot.web.with_accounts import add_accounts
from tests.databases import prepared_url
from tests.unit.accounts.people import OTHER_PASSWORD, PASSWORD, cheap_hasher

Client = TestClient[web.Request, web.Application]
DESK = {"Authorization": "Bearer desk-secret"}


class Texts:
    service = "la mairie"
    lost = empty = too_long = malformed = unavailable = too_fast = slot_gone = "…"


class Window:
    """A browser at the console: keeps its cookie, names its origin, sends the CSRF token."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.cookie = ""
        self.csrf = ""
        self.set_cookie = ""
        self.origin: str | None = str(client.make_url("")).rstrip("/")

    async def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> ClientResponse:
        sent = {"X-CSRF-Token": self.csrf} if self.csrf else {}
        if self.origin:
            sent["Origin"] = self.origin
        if self.cookie:
            sent["Cookie"] = f"{SESSION_COOKIE}={self.cookie}"
        response = await self.client.request(method, path, json=body, headers=sent | headers)
        if (morsel := response.cookies.get(SESSION_COOKIE)) is not None:
            self.cookie, self.set_cookie = morsel.value, response.headers["Set-Cookie"]
        return response

    async def sign_in(self, login: str = "marie", password: str = PASSWORD, **more: str) -> ClientResponse:
        response = await self("POST", "/api/accounts/login", {"login": login, "password": password, **more})
        if response.status == 200:
            self.csrf = (await response.json())["csrf"]
        return response


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = await Store.open(prepared_url(tmp_path))
    yield store
    await store.close()


async def whoami(request: web.Request) -> web.StreamResponse:
    agent = current_agent(request)
    if request.headers.get("Upgrade") == "websocket":
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        assert agent.session_id is not None
        request.app[ACCOUNTS].sessions.on_revoked(agent.session_id, socket.close)
        await socket.receive()
        return socket
    return web.json_response({"id": agent.id, "name": agent.name, "may_export": agent.may(Permission.EXPORT)})


@pytest.fixture
async def client(store: Store) -> AsyncIterator[Client]:
    app = web.Application(middlewares=[errors_and_headers])
    settings = Settings()
    app[SETTINGS], app[STORE], app[DESK_TOKEN] = settings, store, "desk-secret"
    app[TEXTS] = Texts()  # type: ignore[assignment]
    async with ClientSession() as session:
        accounts = add_accounts(app, store, settings, session)
        accounts._hasher = cheap_hasher()
        app.router.add_route("*", "/api/desk/whoami", whoami)
        async with TestClient(TestServer(app), cookie_jar=DummyCookieJar()) as client:
            yield client


@pytest.fixture
def accounts(client: Client) -> Accounts:
    assert client.server.app is not None
    found: Accounts = client.server.app[ACCOUNTS]
    return found


@pytest.fixture
async def add(accounts: Accounts) -> Callable[..., Awaitable[str]]:
    async def made(login: str, role: Role = Role.AGENT) -> str:
        return (await accounts.add(login, login, role, PASSWORD, by="operator:cli", must_change=False)).id

    return made


Add = Callable[..., Awaitable[str]]


async def code_of(response: ClientResponse) -> str:
    return str((await response.json())["error"]["code"])


async def test_without_any_account_the_desk_token_opens_the_desk_as_before(client: Client) -> None:
    response = await client.get("/api/desk/whoami", headers=DESK)
    assert (await response.json())["id"] == "desk"
    assert (await client.post("/api/desk/whoami", headers=DESK)).status == 200
    assert (await client.get("/api/desk/whoami")).status == 401
    assert (await client.get("/api/desk/whoami", headers={"Authorization": "Bearer wrong"})).status == 401


async def test_the_desk_token_manages_no_accounts(client: Client) -> None:
    assert (await client.get("/api/accounts/users", headers=DESK)).status == 401
    assert (await client.get("/api/audit", headers=DESK)).status == 200


async def test_signing_in_gives_a_cookie_that_only_our_own_host_and_no_script_sees(client: Client, add: Add) -> None:
    user_id = await add("marie")
    window = Window(client)
    response = await window.sign_in("Marie")
    body = await response.json()
    assert (body["agent"]["id"], body["agent"]["role"], body["pending"]) == (user_id, "agent", None)
    assert body["time_zone"] is None  # there is no desk
    assert "desk.take" in body["permissions"]
    attributes = {part.strip().lower() for part in window.set_cookie.split(";")[1:]}
    assert attributes == {"secure", "httponly", "path=/", "samesite=strict"}
    assert window.set_cookie.startswith("__Host-")
    assert (await (await window("GET", "/api/accounts/me")).json())["csrf"] == window.csrf
    whoami = await (await window("GET", "/api/desk/whoami")).json()
    assert whoami == {"id": user_id, "name": "marie", "may_export": False}


async def test_the_cookie_is_nowhere_in_the_database(client: Client, add: Add, tmp_path: Path) -> None:
    await add("marie")
    window = Window(client)
    await window.sign_in()
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    assert b"marie" in kept
    for secret in (window.cookie, window.csrf, PASSWORD):
        assert secret.encode() not in kept


async def test_each_sign_in_has_a_new_session_and_ends_the_one_of_before(client: Client, add: Add) -> None:
    await add("marie")
    planted = Window(client)
    await planted.sign_in()
    window = Window(client)
    window.cookie = planted.cookie
    await window.sign_in()
    assert window.cookie != planted.cookie
    assert (await planted("GET", "/api/accounts/me")).status == 401


async def test_a_wrong_password_says_so_in_french_and_not_which_part_was_wrong(client: Client, add: Add) -> None:
    await add("marie")
    window = Window(client)
    answers = [await (await window.sign_in(login, "mauvais mot de passe")).text() for login in ("marie", "personne")]
    assert answers[0] == answers[1]
    assert "incorrect" in answers[0]
    assert window.cookie == ""


async def test_who_tries_too_often_is_told_how_long_to_wait(client: Client, add: Add) -> None:
    await add("marie")
    window = Window(client)
    for _ in range(5):
        await window.sign_in(password="faux")
    response = await window.sign_in()
    assert response.status == 429
    assert "Réessayez dans 10\u00a0secondes" in (await response.json())["error"]["text"]


async def test_a_write_needs_our_own_page_and_the_sessions_token(client: Client, add: Add) -> None:
    await add("marie")
    await add("jean")
    window, other = Window(client), Window(client)
    await window.sign_in()
    await other.sign_in("jean")
    own, csrf = window.origin, window.csrf
    for origin in ("https://evil.example", "null", None, "http://127.0.0.1:1", f"{own}.evil.example"):
        window.origin = origin
        for path in ("/api/desk/whoami", "/api/accounts/logout", "/api/accounts/password"):
            assert await code_of(await window("POST", path, {})) == "forbidden_origin"
    window.origin = own
    for wrong in ("", "x", other.csrf, csrf.upper() + "é"):
        window.csrf = wrong
        assert await code_of(await window("DELETE", "/api/desk/whoami")) == "csrf"
    window.csrf = csrf
    assert (await window("POST", "/api/desk/whoami")).status == 200
    window.origin = None
    response = await window("POST", "/api/desk/whoami", **{"Sec-Fetch-Site": "same-origin"})
    assert response.status == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/accounts/logout"),
        ("POST", "/api/accounts/password"),
        ("POST", "/api/accounts/totp"),
        ("POST", "/api/accounts/totp/confirm"),
        ("POST", "/api/accounts/totp/recovery"),
        ("POST", "/api/accounts/totp/disable"),
        ("DELETE", "/api/accounts/sessions/x"),
        ("POST", "/api/accounts/users"),
        ("PATCH", "/api/accounts/users/x"),
        ("DELETE", "/api/accounts/users/x"),
        ("DELETE", "/api/accounts/users/x/sessions"),
    ],
)
async def test_no_route_that_writes_forgets_the_proof(client: Client, add: Add, method: str, path: str) -> None:
    await add("boss", Role.ADMINISTRATOR)
    window = Window(client)
    await window.sign_in("boss")
    window.csrf = ""
    assert await code_of(await window(method, path, {})) == "csrf"
    assert await code_of(await Window(client)(method, path, {})) == "unauthorized"


async def test_every_writing_route_of_accounts_is_in_the_list_above(client: Client) -> None:
    assert client.server.app is not None
    marks = test_no_route_that_writes_forgets_the_proof.pytestmark  # type: ignore[attr-defined]
    listed = {(method, path.replace("/x", "/{id}")) for method, path in marks[0].args[1]}
    writing = {
        (route.method, route.resource.canonical)
        for route in client.server.app.router.routes()
        if route.resource and route.resource.canonical.startswith("/api/accounts")
        if route.method not in ("GET", "HEAD", "*")
    }
    assert writing - {("POST", "/api/accounts/login")} == listed


async def test_nobody_is_signed_in_by_another_site(client: Client, add: Add) -> None:
    await add("marie")
    window = Window(client)
    window.origin = "https://evil.example"
    response = await window.sign_in()
    assert (response.status, window.cookie) == (403, "")


async def test_a_socket_opens_for_our_own_page_only_and_closes_with_the_session(
    client: Client, add: Add, accounts: Accounts
) -> None:
    await add("marie")
    window = Window(client)
    await window.sign_in()
    cookie = {"Cookie": f"{SESSION_COOKIE}={window.cookie}"}
    for origin in ({}, {"Origin": "https://evil.example"}):
        response = await client.get(
            "/api/desk/whoami", headers={**cookie, **origin, "Upgrade": "websocket", "Connection": "Upgrade"}
        )
        assert response.status == 403
    assert window.origin is not None
    async with client.ws_connect("/api/desk/whoami", headers={**cookie, "Origin": window.origin}) as socket:
        user = await accounts.store.user_by_login("marie")
        assert user is not None
        await accounts.set_role(user, Role.EDITOR, by="operator:cli")
        await socket.receive(timeout=5)
        assert socket.closed
    assert (await window("GET", "/api/accounts/me")).status == 401


async def test_a_desk_token_beside_a_cookie_decides_alone(client: Client, add: Add) -> None:
    await add("marie")
    window = Window(client)
    await window.sign_in()
    assert (await (await window("GET", "/api/desk/whoami", **DESK)).json())["id"] == "desk"
    assert (await window("GET", "/api/desk/whoami", Authorization="Bearer wrong")).status == 401


async def test_signing_out_ends_the_session_and_takes_the_cookie_away(client: Client, add: Add) -> None:
    await add("marie")
    window = Window(client)
    await window.sign_in()
    cookie = window.cookie
    response = await window("POST", "/api/accounts/logout")
    assert (await response.json()) == {"redirect": None}
    assert window.cookie == ""
    window.cookie = cookie
    assert (await window("GET", "/api/accounts/me")).status == 401


async def test_a_second_factor_from_enrolment_to_sign_in(client: Client, add: Add) -> None:
    await add("marie")
    window = Window(client)
    await window.sign_in()
    assert await code_of(await window("GET", "/api/accounts/totp/qr.svg")) == "totp_not_begun"
    begun = await (await window("POST", "/api/accounts/totp", {"password": PASSWORD})).json()
    totp = pyotp.parse_uri(begun["uri"])
    assert isinstance(totp, pyotp.TOTP)
    assert totp.issuer == "la mairie"
    picture = await window("GET", begun["qr"])
    assert (picture.content_type, picture.headers["Cache-Control"]) == ("image/svg+xml", "no-store")
    confirmed = await (await window("POST", "/api/accounts/totp/confirm", {"code": totp.now()})).json()
    assert len(confirmed["recovery_codes"]) == 10
    assert (await window("GET", begun["qr"])).status == 409
    other = Window(client)
    assert await code_of(await other.sign_in()) == "totp_required"
    assert (await other.sign_in(code=confirmed["recovery_codes"][0])).status == 200
    renewed = await (await other("POST", "/api/accounts/totp/recovery", {"password": PASSWORD})).json()
    assert await code_of(await Window(client).sign_in(code=confirmed["recovery_codes"][1])) == "wrong_code"
    assert (await Window(client).sign_in(code=renewed["recovery_codes"][1])).status == 200
    assert (await other("POST", "/api/accounts/totp/disable", {"password": "faux"})).status == 401
    assert (await other("POST", "/api/accounts/totp/disable", {"password": PASSWORD})).status == 204
    assert await code_of(await other("POST", "/api/accounts/totp/recovery", {"password": PASSWORD})) == "totp_not_begun"
    assert (await Window(client).sign_in()).status == 200


async def test_changing_the_password_keeps_this_window_and_no_other(client: Client, add: Add) -> None:
    await add("marie")
    here, elsewhere = Window(client), Window(client)
    await here.sign_in()
    await elsewhere.sign_in()
    body = {"current": PASSWORD, "new": "court"}
    refused = await here("POST", "/api/accounts/password", body)
    assert (refused.status, await code_of(refused)) == (422, "password_short")
    changed = await here("POST", "/api/accounts/password", body | {"new": OTHER_PASSWORD})
    here.csrf = (await changed.json())["csrf"]
    assert (await here("GET", "/api/accounts/me")).status == 200
    assert (await elsewhere("GET", "/api/accounts/me")).status == 401


async def test_ones_own_sessions_are_listed_and_ended_and_no_others(client: Client, add: Add) -> None:
    await add("marie")
    await add("jean")
    here, there, jean = Window(client), Window(client), Window(client)
    await here.sign_in()
    await there.sign_in()
    await jean.sign_in("jean")
    listed = (await (await here("GET", "/api/accounts/sessions")).json())["sessions"]
    assert sorted(one["current"] for one in listed) == [False, True]
    other = next(one["id"] for one in listed if not one["current"])
    assert (await jean("DELETE", f"/api/accounts/sessions/{other}")).status == 404
    assert (await here("DELETE", f"/api/accounts/sessions/{other}")).status == 204
    assert (await there("GET", "/api/accounts/me")).status == 401


async def test_an_administrator_adds_changes_and_removes_accounts(client: Client, add: Add) -> None:
    boss_id = await add("boss", Role.ADMINISTRATOR)
    boss, marie = Window(client), Window(client)
    await boss.sign_in("boss")
    body = {"login": "Marie", "name": "Marie M.", "role": "agent", "password": PASSWORD, "teams": ["etat_civil"]}
    made = await (await boss("POST", "/api/accounts/users", body)).json()
    assert (made["login"], made["teams"], made["must_change_password"]) == ("marie", ["etat_civil"], True)
    assert "hash" not in str(made)
    assert await code_of(await boss("POST", "/api/accounts/users", body)) == "login_taken"
    assert await code_of(await boss("POST", "/api/accounts/users", body | {"role": "king"})) == "role_invalid"
    assert await code_of(await boss("POST", "/api/accounts/users", body | {"login": "a b"})) == "login_invalid"
    assert await code_of(await boss("POST", "/api/accounts/users", body | {"login": 3})) == "bad_request"

    signed_in = await (await marie.sign_in()).json()
    assert (signed_in["pending"], signed_in["permissions"]) == ("password_to_change", [])
    assert await code_of(await marie("GET", "/api/desk/whoami")) == "password_to_change"
    changed = await marie("POST", "/api/accounts/password", {"current": PASSWORD, "new": OTHER_PASSWORD})
    marie.csrf = (await changed.json())["csrf"]
    assert (await marie("GET", "/api/desk/whoami")).status == 200

    path = f"/api/accounts/users/{made['id']}"
    changed = await boss("PATCH", path, {"role": "supervisor", "skills": ["en"], "name": "Marie"})
    assert {"role": "supervisor", "skills": ["en"], "teams": ["etat_civil"]}.items() <= (await changed.json()).items()
    assert (await marie("GET", "/api/accounts/me")).status == 401
    await boss("PATCH", path, {"disabled": True})
    assert (await marie.sign_in(password=OTHER_PASSWORD)).status == 401
    for change in ({"role": "agent"}, {"disabled": True}):
        assert await code_of(await boss("PATCH", f"/api/accounts/users/{boss_id}", change)) == "own_account"
    assert await code_of(await boss("DELETE", f"/api/accounts/users/{boss_id}")) == "own_account"
    assert (await boss("DELETE", path)).status == 204
    assert await code_of(await boss("PATCH", path, {"role": "agent"})) == "unknown_user"
    users = (await (await boss("GET", "/api/accounts/users")).json())["users"]
    assert [user["login"] for user in users] == ["boss"]
    entries = (await (await boss("GET", "/api/audit", None)).json())["entries"]
    by_boss = [entry["action"] for entry in entries if entry["actor"] == f"user:{boss_id}"]
    assert by_boss[:3] == ["account.removed", "account.disabled", "account.role_changed"]
    assert "marie" not in str(entries).lower()


@pytest.mark.parametrize("role", [Role.AGENT, Role.SUPERVISOR, Role.EDITOR])
async def test_others_do_not_manage_accounts(client: Client, add: Add, role: Role) -> None:
    user_id = await add("marie", role)
    window = Window(client)
    await window.sign_in()
    for method, path in (
        ("GET", "/api/accounts/users"),
        ("POST", "/api/accounts/users"),
        ("PATCH", f"/api/accounts/users/{user_id}"),
        ("DELETE", f"/api/accounts/users/{user_id}"),
    ):
        assert await code_of(await window(method, path, {"role": "administrator"})) == "forbidden"
    assert ((await window("GET", "/api/audit")).status == 200) is (role is Role.SUPERVISOR)


async def test_the_options_say_how_one_may_sign_in(client: Client) -> None:
    body = await (await client.get("/api/accounts/options")).json()
    assert body == {"service": "la mairie", "passwords": True, "password_min_chars": 12, "oidc": None}
    refused = await client.get("/api/accounts/oidc/start", allow_redirects=False)
    assert refused.status == 404


async def test_the_consoles_answers_are_for_its_own_pages(client: Client) -> None:
    headers = (await client.get("/api/accounts/me")).headers
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"
    assert "Access-Control-Allow-Origin" not in headers
