"""What a real browser makes of our cookies: kept on the machine itself without TLS, never sent for another site."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, BrowserContext, Page

from bot.accounts.roles import Role
from bot.web.agent_sessions import SESSION_COOKIE
from bot.web.keys import ACCOUNTS
from tests.integration.test_oidc import Guichet, Provider, guichet, installed  # noqa: F401  (fixture)
from tests.ports import free_port
from tests.unit.accounts.people import PASSWORD, cheap_hasher

pytestmark = pytest.mark.asyncio(loop_scope="session")

SEND = """async ([method, path, body, headers]) => {
    const response = await fetch(path, {method, body: body && JSON.stringify(body), headers: headers || {}});
    const text = await response.text();
    return [response.status, text ? JSON.parse(text) : null];
}"""


@pytest_asyncio.fixture(loop_scope="session")
async def here(tmp_path: Path) -> AsyncIterator[Guichet]:
    url = f"http://localhost:{free_port()}"
    async with guichet(tmp_path, url, "") as made:
        made.app[ACCOUNTS]._hasher = cheap_hasher()
        await made.app[ACCOUNTS].add("marie", "", Role.AGENT, PASSWORD, by="operator:cli", must_change=False)
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    context = await browser.new_context(locale="fr-FR")
    yield context
    await context.close()


async def send(page: Page, method: str, path: str, body: Any = None, headers: Any = None) -> tuple[int, Any]:
    status, answer = await page.evaluate(SEND, [method, path, body, headers])
    return status, answer


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_the_cookie_is_kept_on_the_machine_itself_and_hidden_from_scripts(
    here: Guichet, context: BrowserContext, host: str
) -> None:
    page = await context.new_page()
    await page.goto(here.url.replace("localhost", host) + "/console")
    status, me = await send(page, "POST", "/api/accounts/login", {"login": "marie", "password": PASSWORD})
    assert (status, me["agent"]["login"]) == (200, "marie")
    assert (await send(page, "GET", "/api/accounts/me"))[0] == 200
    assert await page.evaluate("document.cookie") == ""
    kept = {cookie["name"]: cookie for cookie in await context.cookies()}[SESSION_COOKIE]
    assert (kept["secure"], kept["httpOnly"], kept["sameSite"], kept["path"]) == (True, True, "Strict", "/")
    assert (await send(page, "POST", "/api/accounts/logout"))[0] == 403
    assert (await send(page, "POST", "/api/accounts/logout", None, {"X-CSRF-Token": me["csrf"]}))[0] == 200
    assert (await send(page, "GET", "/api/accounts/me"))[0] == 401
    assert SESSION_COOKIE not in {cookie["name"] for cookie in await context.cookies()}


async def test_another_site_can_neither_write_nor_open_a_socket_with_the_persons_cookie(
    here: Guichet, context: BrowserContext
) -> None:
    page = await context.new_page()
    await page.goto(here.url + "/console")
    await send(page, "POST", "/api/accounts/login", {"login": "marie", "password": PASSWORD})

    async def evil(_request: web.Request) -> web.Response:
        form = f'<form method="post" action="{here.url}/api/accounts/logout"><button>Gagnez un lot</button></form>'
        return web.Response(text=f"<!doctype html><title>x</title>{form}", content_type="text/html")

    app = web.Application()
    app.router.add_get("/", evil)
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        other = await context.new_page()
        await other.goto(f"http://127.0.0.1:{port}/")
        async with other.expect_navigation() as navigation:
            await other.click("button")
        answer = await (await navigation.value).json()
        assert answer["error"]["code"] == "unauthorized"  # the cookie did not come along
        # Another port of the same host is the same site for cookies: there the origin is what is refused.
        await other.goto(f"http://localhost:{port}/")
        async with other.expect_navigation() as navigation:
            await other.click("button")
        answer = await (await navigation.value).json()
        assert answer["error"]["code"] == "forbidden_origin"
    finally:
        await runner.cleanup()
    assert (await send(page, "GET", "/api/accounts/me"))[0] == 200


async def test_signing_in_with_a_provider_ends_at_the_console_signed_in(
    installed: Path,  # noqa: F811
    tmp_path: Path,
    context: BrowserContext,
) -> None:
    # The provider is on localhost: another site than ours, as it is in life. The session's cookie, SameSite=Strict,
    # must be there for what the console asks although that site began the navigation.
    url = f"http://127.0.0.1:{free_port()}"
    provider = Provider(installed, url)
    with provider.running():
        async with guichet(tmp_path, url, provider.issuer, default_role="agent") as here:
            page = await context.new_page()
            await page.goto(f"{here.url}/api/accounts/oidc/start")
            await page.fill("input[name=login]", "durand")
            await page.click("button >> nth=0")
            await page.wait_for_url(f"{here.url}/console")
            status, me = await send(page, "GET", "/api/accounts/me")
            assert (status, me["agent"]["name"]) == (200, "Marie durand")
            assert {cookie["name"] for cookie in await context.cookies(here.url)} >= {SESSION_COOKIE}


async def test_a_refusal_reads_well_and_leads_back(installed: Path, tmp_path: Path, context: BrowserContext) -> None:  # noqa: F811
    url = f"http://localhost:{free_port()}"
    provider = Provider(installed, url)
    with provider.running():
        async with guichet(tmp_path, url, provider.issuer) as here:
            page = await context.new_page()
            await page.goto(f"{here.url}/api/accounts/oidc/start")
            await page.fill("input[name=login]", "durand")
            await page.click("button >> nth=0")
            await page.get_by_role("heading", name="Connexion impossible").wait_for()
            await page.get_by_role("link", name="Revenir à la page de connexion").click()
            await page.wait_for_url(f"{here.url}/console")
