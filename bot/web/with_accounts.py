"""Adds accounts to the web application: sessions, their routes, the audit log, the provider where one is set up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import aiohttp
import structlog
from aiohttp import web

from bot.accounts.oidc import Provider
from bot.accounts.service import Accounts
from bot.accounts.sessions import Sessions
from bot.audit.log import Audit
from bot.errors import BadSettings, StoreUnavailable
from bot.limits import Addresses
from bot.origins import Origins
from bot.running import base_url
from bot.settings import Settings
from bot.store import Store, utc_now
from bot.tasks import end
from bot.web import account_audit, account_oidc, account_users, accounts
from bot.web.account_oidc import CONSOLE_PATH, OIDC, Oidc
from bot.web.agent_sessions import CONSOLE_ADDRESSES, CONSOLE_ORIGINS, find_session
from bot.web.keys import ACCOUNTS, AUDIT

_CONSOLE_PATHS = (CONSOLE_PATH, "/api/accounts", "/api/desk", "/api/audit")
_CONSOLE_HEADERS = {"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin"}
_HSTS = "max-age=31536000"
_HEAD_EVERY_SECONDS = 3600.0

log = structlog.get_logger(__name__)


def make_accounts(store: Store, settings: Settings) -> Accounts:
    """Accounts on a store, for the service and for the commands."""
    sessions = Sessions(
        store,
        idle=timedelta(minutes=settings.accounts.idle_minutes),
        absolute=timedelta(hours=settings.accounts.session_hours),
        now=utc_now,
    )
    return Accounts(store, Audit(store), sessions, settings.accounts, now=utc_now, clock=time.monotonic)


@asynccontextmanager
async def watching(accounts: Accounts) -> AsyncIterator[None]:
    """Closes the sockets of sessions that are over; tells the service's log the head of the audit log every hour."""
    async with accounts.sessions.running():
        task = asyncio.create_task(_tell_head(accounts.store))
        try:
            yield
        finally:
            await end(task)


async def _tell_head(store: Store) -> None:
    """What `guichet audit verify --expect` takes: kept elsewhere, it shows a log that was made anew."""
    told = 0
    while True:
        try:
            head = await store.audit_head()
        except StoreUnavailable as error:
            log.error("audit.head_unknown", error=str(error))
        else:
            if head.through != told:
                log.info("audit.head", expect=f"{head.through}:{head.hash}")
                told = head.through
        await asyncio.sleep(_HEAD_EVERY_SECONDS)


def public_url(settings: Settings) -> str:
    """How agents reach this server; empty when it is not said."""
    return settings.accounts.public_url.rstrip("/") or settings.web.public_url


def add_accounts(app: web.Application, store: Store, settings: Settings, session: aiohttp.ClientSession) -> Accounts:
    """Everything goes on working without any account: then only the desk token opens the desk.

    Whoever calls it keeps `watching` open. Raises `BadSettings`.
    """
    app[ACCOUNTS] = made = make_accounts(store, settings)
    app[AUDIT] = made.audit
    own = public_url(settings)
    app[CONSOLE_ORIGINS] = Origins.of((), own, base_url(settings))
    app[CONSOLE_ADDRESSES] = Addresses(settings.web.trusted_proxies)
    if settings.oidc.issuer:
        if not own:
            raise BadSettings("accounts.public_url is needed for oidc.issuer: the provider sends people back to it.")
        provider = Provider(session, settings.oidc, now=time.time, clock=time.monotonic)
        app[OIDC] = Oidc(provider, own)
    app.middlewares.append(find_session)
    app.on_response_prepare.append(_keep_apart)
    app[account_audit.VERIFYING] = asyncio.Lock()
    for module in (accounts, account_users, account_audit, account_oidc):
        app.add_routes(module.routes)
    return made


async def _keep_apart(request: web.Request, response: web.StreamResponse) -> None:
    """The console's answers are for its own pages, whatever else runs in the browser."""
    if request.path.startswith(_CONSOLE_PATHS):
        for name, value in _CONSOLE_HEADERS.items():
            response.headers.setdefault(name, value)
        if any(own.startswith("https:") for own in request.app[CONSOLE_ORIGINS].own):
            response.headers.setdefault("Strict-Transport-Security", _HSTS)
