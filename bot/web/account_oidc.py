"""Signing in with the OpenID provider: off to it, back from it, and out of it.

GET /api/accounts/oidc/start      sends the browser to the provider
GET /api/accounts/oidc/callback   where it comes back: on to the console, or a page that says why not

The way back is begun by another site. The session's cookie, SameSite=Strict, does not come along with that navigation,
but with all that the console's page then asks for: the page itself must need no session.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from html import escape

import structlog
from aiohttp import web

from bot.accounts import texts
from bot.accounts.oidc import Provider
from bot.accounts.oidc_people import account_of
from bot.accounts.sessions import LONGEST_PROVIDER_LOGIN, SignedIn
from bot.errors import GuichetError, ProviderUnavailable, Unauthorized, UnknownAccount
from bot.store import utc_now
from bot.web.account_errors import explain_account
from bot.web.agent_sessions import PROVIDER_COOKIE, SESSION_COOKIE, client_of, set_session
from bot.web.keys import ACCOUNTS, SETTINGS

routes = web.RouteTableDef()

CONSOLE_PATH = "/console"
CALLBACK_PATH = "/api/accounts/oidc/callback"
_RANDOM_BYTES = 32  # 43 characters: ProConnect asks for 32 at least
_VERIFIER_BYTES = 64

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Oidc:
    """The provider and how it reaches us back."""

    provider: Provider
    public_url: str

    @property
    def redirect_uri(self) -> str:
        return self.public_url + CALLBACK_PATH

    @property
    def after_logout_uri(self) -> str:
        return self.public_url + CONSOLE_PATH


# Only where a provider is set up.
OIDC = web.AppKey("oidc", Oidc)


@routes.get("/api/accounts/oidc/start")
async def start(request: web.Request) -> web.StreamResponse:
    oidc = request.app.get(OIDC)
    if oidc is None:
        return refused(UnknownAccount("No provider is set up.", "no_oidc"))
    state, nonce, browser = (secrets.token_urlsafe(_RANDOM_BYTES) for _ in range(3))
    verifier = secrets.token_urlsafe(_VERIFIER_BYTES)
    try:
        url = await oidc.provider.authorization_url(
            redirect_uri=oidc.redirect_uri, state=state, nonce=nonce, verifier=verifier
        )
    except ProviderUnavailable as error:
        log.error("oidc.failed", error=str(error))
        return refused(error)
    await request.app[ACCOUNTS].store.keep_oidc_login(
        _digest(state), browser=_digest(browser), nonce=nonce, verifier=verifier
    )
    response = web.Response(status=303, headers={"Location": url})
    seconds = int(LONGEST_PROVIDER_LOGIN.total_seconds())
    response.set_cookie(PROVIDER_COOKIE, browser, path="/", secure=True, httponly=True, samesite="Lax", max_age=seconds)
    return response


@routes.get(CALLBACK_PATH)
async def callback(request: web.Request) -> web.StreamResponse:
    oidc = request.app.get(OIDC)
    if oidc is None:
        return refused(UnknownAccount("No provider is set up.", "no_oidc"))
    try:
        token = await _signed_in(request, oidc)
    except GuichetError as error:
        if explain_account(error) is None:
            raise
        log.warning("oidc.refused", reason=str(error))
        return refused(error)
    response = web.Response(status=303, headers={"Location": CONSOLE_PATH})
    set_session(response, token)
    response.del_cookie(PROVIDER_COOKIE, path="/", secure=True, httponly=True, samesite="Lax")
    return response


async def _signed_in(request: web.Request, oidc: Oidc) -> str:
    query, accounts, settings = request.query, request.app[ACCOUNTS], request.app[SETTINGS].oidc
    login = await accounts.store.take_oidc_login(_digest(query.get("state", "")))
    browser = _digest(request.cookies.get(PROVIDER_COOKIE, ""))
    if (
        login is None
        or not hmac.compare_digest(login.browser, browser)
        or utc_now() - login.started_at > LONGEST_PROVIDER_LOGIN + timedelta(seconds=5)
    ):
        raise Unauthorized("OpenID Connect: no sign-in of this browser is under way.", "oidc_lost")
    if query.get("iss", settings.issuer) != settings.issuer:  # RFC 9207
        raise Unauthorized("OpenID Connect: another provider has answered.", "oidc_failed")
    if "code" not in query:
        raise Unauthorized("OpenID Connect: the provider did not sign the person in.", "oidc_cancelled")
    identity = await oidc.provider.identity(
        code=query["code"], redirect_uri=oidc.redirect_uri, nonce=login.nonce, verifier=login.verifier
    )
    user = await account_of(accounts, settings, identity)
    token, _ = await accounts.opened(user, method="oidc", client=client_of(request), id_token=identity.id_token)
    earlier = await accounts.sessions.find(request.cookies.get(SESSION_COOKIE, ""))
    if earlier is not None:
        await accounts.sign_out(earlier)
    return token


async def logout_redirect(request: web.Request, found: SignedIn) -> str | None:
    """Where the browser must go to sign out at the provider too; None when it need not."""
    oidc = request.app.get(OIDC)
    if oidc is None or found.session.id_token is None:
        return None
    try:
        return await oidc.provider.logout_url(
            id_token=found.session.id_token,
            redirect_uri=oidc.after_logout_uri,
            state=secrets.token_urlsafe(_RANDOM_BYTES),
        )
    except ProviderUnavailable as error:
        log.error("oidc.failed", error=str(error))
        return None  # signed out here at least


def refused(error: GuichetError) -> web.Response:
    """A page without script and style that says why, and leads back."""
    status, _, text = explain_account(error) or (500, "", "")
    title, back = escape(texts.PAGE_REFUSED), escape(texts.PAGE_BACK)
    html = (
        f'<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"></head><body><main>'
        f'<h1>{title}</h1><p>{escape(text)}</p><p><a href="{CONSOLE_PATH}">{back}</a></p></main></body></html>'
    )
    return web.Response(status=status, text=html, content_type="text/html", charset="utf-8")


def _digest(value: str) -> str:
    return sha256(value.encode("utf-8", "replace")).hexdigest()
