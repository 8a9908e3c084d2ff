"""Signing in with a real OpenID provider (oidc-provider, certified, run by Node on the loopback), ProConnect's way."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import ClientSession, CookieJar, web
from yarl import URL

from bot.accounts.roles import Role
from bot.settings import Settings
from bot.store import Store
from bot.web.account_oidc import OIDC
from bot.web.agent_sessions import SESSION_COOKIE
from bot.web.errors import errors_and_headers
from bot.web.keys import ACCOUNTS, DESK_TOKEN, SETTINGS, STORE, TEXTS
from bot.web.with_accounts import add_accounts
from tests.databases import prepared_url
from tests.ports import free_port

DIRECTORY = Path(__file__).parent / "oidc"
SECRET = "a secret of the provider's making, long enough for HS256"
CONSOLE = "<!doctype html><title>Console</title><p>Console</p>"


@pytest.fixture(scope="session")
def installed() -> Path:
    assert shutil.which("node"), "The tests need Node: apt-get install nodejs npm"
    if not (DIRECTORY / "node_modules").is_dir():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=DIRECTORY, check=True, capture_output=True)
    return DIRECTORY


class Provider:
    """The provider's process, which can be started again with other keys."""

    def __init__(self, directory: Path, public_url: str, **options: Any) -> None:
        self.port = free_port()
        self.issuer = f"http://localhost:{self.port}"
        self._directory = directory
        self._options = {
            "port": self.port,
            "publicUrl": public_url,
            "secret": SECRET,
            "algorithm": "RS256",
            "signedUserinfo": True,
            "clientAuth": "client_secret_post",
        } | options

    @contextmanager
    def running(self) -> Iterator[None]:
        process = subprocess.Popen(
            ["node", "provider.mjs", json.dumps(self._options)],
            cwd=self._directory,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            assert process.stdout is not None
            assert any("ready" in line for line in process.stdout), "the provider does not start"
            yield
        finally:
            process.kill()
            process.wait()


class Texts:
    service = "la mairie"


@dataclass
class Guichet:
    """A gateway's accounts on a port of their own, and the browser that signs in."""

    app: web.Application
    url: str
    issuer: str

    def browser(self) -> ClientSession:
        # Browsers take the machine itself for a secure place.
        jar = CookieJar(unsafe=True, treat_as_secure_origin=URL(self.url))
        return ClientSession(cookie_jar=jar, headers={"User-Agent": "Firefox"})

    @property
    def store(self) -> Store:
        return self.app[STORE]

    async def me(self, browser: ClientSession) -> dict[str, Any] | None:
        async with browser.get(f"{self.url}/api/accounts/me") as response:
            found: dict[str, Any] = await response.json()
            return found if response.status == 200 else None


@asynccontextmanager
async def guichet(path: Path, url: str, issuer: str, **oidc: Any) -> AsyncIterator[Guichet]:
    port = urlsplit(url).port
    assert port is not None
    settings = Settings(
        web={"port": port},
        accounts={"public_url": url},
        oidc={"issuer": issuer, "client_id": "guichet", "client_secret": SECRET} | oidc,
    )
    store = await Store.open(prepared_url(path))

    async def console(_request: web.Request) -> web.Response:
        return web.Response(text=CONSOLE, content_type="text/html")

    async with ClientSession() as session:
        app = web.Application(middlewares=[errors_and_headers])
        app[SETTINGS], app[STORE], app[DESK_TOKEN] = settings, store, "desk-secret"
        app[TEXTS] = Texts()  # type: ignore[assignment]
        add_accounts(app, store, settings, session)
        app.router.add_get("/console", console)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield Guichet(app, url, issuer)
        await runner.cleanup()
    await store.close()


@pytest.fixture
async def gateway(installed: Path, tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    """`async with gateway(provider={…}, **oidc settings)` gives a gateway and its running provider."""

    @asynccontextmanager
    async def made(provider: dict[str, Any] | None = None, **oidc: Any) -> AsyncIterator[Guichet]:
        url = f"http://localhost:{free_port()}"
        real = Provider(installed, url, **(provider or {}))
        with real.running():
            async with guichet(tmp_path, url, real.issuer, **oidc) as here:
                yield here

    yield made


async def sign_in(here: Guichet, browser: ClientSession, login: str, **form: str) -> tuple[int, str, dict[str, str]]:
    """Goes through the provider by hand; status and text of the last page, and what was asked of the provider."""
    async with browser.get(f"{here.url}/api/accounts/oidc/start", allow_redirects=False) as response:
        assert response.status == 303
        asked = {name: values[0] for name, values in parse_qs(urlsplit(response.headers["Location"]).query).items()}
    async with browser.get(response.headers["Location"]) as page:
        text = await page.text()
        assert "Sign in" in text, text
    async with browser.post(page.url, data={"login": login, **form}) as last:
        return last.status, await last.text(), asked


async def test_a_person_of_the_provider_gets_an_account_and_signs_out_of_both(gateway: Callable[..., Any]) -> None:
    async with gateway(default_role="agent", required_amr=["mfa"]) as here, here.browser() as browser:
        status, text, asked = await sign_in(here, browser, "durand")
        assert (status, text) == (200, CONSOLE)
        assert len(asked["state"]) >= 32 <= len(asked["nonce"])
        assert asked["code_challenge_method"] == "S256"
        me = await here.me(browser)
        assert me is not None
        assert me["method"] == "oidc"
        agent = me["agent"]
        assert (agent["login"], agent["name"], agent["role"]) == ("durand@mairie.example", "Marie durand", "agent")
        assert not agent["has_password"]

        headers = {"X-CSRF-Token": me["csrf"], "Origin": here.url}
        async with browser.post(f"{here.url}/api/accounts/logout", headers=headers) as response:
            away = (await response.json())["redirect"]
        assert await here.me(browser) is None
        query = parse_qs(urlsplit(away).query)
        assert set(query) == {"id_token_hint", "post_logout_redirect_uri", "state"}
        async with browser.get(away) as page:
            text = await page.text()
        xsrf = re.search(r'name="xsrf" value="([^"]+)"', text)
        assert xsrf, text
        action = f"{here.issuer}/session/end/confirm"
        async with browser.post(action, data={"xsrf": xsrf[1], "logout": "yes"}) as last:
            assert str(last.url).startswith(f"{here.url}/console?state=")
        status, _, _ = await sign_in(here, browser, "durand")  # asked again: signed out there too
        assert status == 200
        assert len(await here.store.users()) == 1


@pytest.mark.parametrize(
    ("provider", "settings"),
    [
        ({"algorithm": "ES256"}, {"algorithm": "ES256"}),
        ({"algorithm": "HS256"}, {"algorithm": "HS256"}),
        ({"signedUserinfo": False}, {}),
        ({"clientAuth": "client_secret_basic"}, {"client_auth": "client_secret_basic"}),
    ],
)
async def test_other_signatures_and_ways_work_too(
    gateway: Callable[..., Any], provider: dict[str, Any], settings: dict[str, Any]
) -> None:
    async with gateway(provider, default_role="agent", **settings) as here, here.browser() as browser:
        assert (await sign_in(here, browser, "durand"))[0] == 200
        assert await here.me(browser) is not None


@pytest.mark.parametrize(
    ("settings", "form", "words"),
    [
        ({}, {}, "pas encore de compte"),
        ({"default_role": "agent", "required_amr": ["pop"]}, {}, "n’est pas accepté ici"),
        ({"default_role": "agent", "required_claims": {"siret": ["1"]}}, {}, "n’est pas accepté ici"),
        ({"default_role": "agent", "algorithm": "ES256"}, {}, "n’a pas pu être vérifiée"),
        ({"default_role": "agent"}, {"cancel": "1"}, "annulée"),
    ],
)
async def test_others_are_refused_with_a_page_that_says_why(
    gateway: Callable[..., Any], settings: dict[str, Any], form: dict[str, str], words: str
) -> None:
    async with gateway(**settings) as here, here.browser() as browser:
        status, text, _ = await sign_in(here, browser, "durand", **form)
        assert status in (401, 403)
        assert words in text
        assert "Revenir à la page de connexion" in text
        assert SESSION_COOKIE not in {cookie.key for cookie in browser.cookie_jar}
        assert await here.store.users() == []


async def test_an_account_made_here_is_linked_once_by_its_address(gateway: Callable[..., Any]) -> None:
    async with gateway() as here, here.browser() as browser:
        accounts = here.app[ACCOUNTS]
        for login in ("durand@mairie.example", "unverified@mairie.example"):
            await accounts.add(login, "", Role.EDITOR, None, by="operator:cli", must_change=False)
        assert (await sign_in(here, browser, "durand"))[0] == 200
        me = await here.me(browser)
        assert me is not None
        assert (me["agent"]["role"], me["agent"]["oidc"]) == ("editor", True)
        async with here.browser() as other:
            assert (await sign_in(here, other, "unverified"))[0] == 403
        user = await accounts.user(me["agent"]["id"])
        await accounts.set_disabled(user, True, by="operator:cli")
        assert await here.me(browser) is None
        async with here.browser() as other:
            status, text, _ = await sign_in(here, other, "durand")
        assert (status, "désactivé" in text) == (403, True)


async def test_roles_follow_the_providers_groups(gateway: Callable[..., Any]) -> None:
    roles = {"accueil": "agent", "chefs": "supervisor"}
    async with gateway(role_claim="groups", roles=roles) as here:
        for login, role in (("durand", "agent"), ("chief", "supervisor")):
            async with here.browser() as browser:
                await sign_in(here, browser, login)
                me = await here.me(browser)
                assert me is not None
                assert me["agent"]["role"] == role
        user = await here.store.user_by_login("durand@mairie.example")
        assert user is not None
        await here.app[ACCOUNTS].set_role(user, Role.ADMINISTRATOR, by="operator:cli")
        async with here.browser() as browser:
            await sign_in(here, browser, "durand")
        assert (await here.app[ACCOUNTS].user(user.id)).role is Role.AGENT


async def test_the_way_back_is_for_the_browser_that_left_and_good_once(gateway: Callable[..., Any]) -> None:
    async with gateway(default_role="agent") as here, here.browser() as browser, here.browser() as thief:
        async with browser.get(f"{here.url}/api/accounts/oidc/start") as page:
            assert "Sign in" in await page.text()
        async with browser.post(page.url, data={"login": "durand"}, allow_redirects=False) as response:
            location = response.headers["Location"]
        async with browser.get(location, allow_redirects=False) as response:
            back = response.headers["Location"]
        assert back.startswith(f"{here.url}/api/accounts/oidc/callback")
        async with thief.get(back) as response:
            assert (response.status, "Recommencez" in await response.text()) == (401, True)
        async with browser.get(back) as response:  # the thief has used it up
            assert response.status == 401
        async with browser.get(f"{here.url}/api/accounts/oidc/callback?code=x&state=y") as response:
            assert response.status == 401
        assert await here.me(browser) is None


async def test_keys_that_the_provider_changes_are_found(installed: Path, tmp_path: Path) -> None:
    url = f"http://localhost:{free_port()}"
    provider = Provider(installed, url)
    async with guichet(tmp_path, url, provider.issuer, default_role="agent") as here:
        with provider.running():
            async with here.browser() as browser:
                assert (await sign_in(here, browser, "durand"))[0] == 200
        with provider.running():
            made = here.app[OIDC].provider
            later = made._clock
            made._clock = lambda: later() + 60
            async with here.browser() as browser:
                assert (await sign_in(here, browser, "durand"))[0] == 200


async def test_a_provider_that_does_not_answer_is_said_to_be_away(tmp_path: Path) -> None:
    url = f"http://localhost:{free_port()}"
    async with (
        guichet(tmp_path, url, f"http://localhost:{free_port()}") as here,
        here.browser() as browser,
        browser.get(f"{url}/api/accounts/oidc/start") as response,
    ):
        assert (response.status, "ne répond pas" in await response.text()) == (503, True)
