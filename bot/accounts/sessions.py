"""Sessions: 256 random bits in a cookie, their digest in the store, and the open sockets that end with them.

A session is over when it is deleted (signed out, role or password changed, account disabled or removed), when nothing
was done for `idle`, or when it is older than `absolute`. Any gateway or command may delete one, so each gateway asks
the store every few seconds which of the sessions with an open socket are still good, and closes the sockets of the
others; one that deletes sessions itself asks at once. Only the sockets of a session that its own person replaces wait a
moment (`spare`): the page connects again as soon as they close, and must do so with the cookie of the next one.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Protocol

import structlog

from bot.errors import StoreUnavailable, Unauthorized
from bot.store.account_records import SessionRecord, UserRecord
from bot.tasks import end

SWEEP_SECONDS = 3.0
CLOSE_SECONDS = 5.0
SPARED = timedelta(seconds=3)
TOUCH_EVERY = timedelta(minutes=1)
PURGE_EVERY = timedelta(hours=1)
LONGEST_PROVIDER_LOGIN = timedelta(minutes=10)
_TOKEN_BYTES = 32

Close = Callable[[], Awaitable[object]]

log = structlog.get_logger(__name__)


class SessionStore(Protocol):
    """What sessions need of the store."""

    async def open_session(
        self, user: UserRecord, digest: str, *, method: str, client: str, id_token: str | None = None
    ) -> SessionRecord | None: ...
    async def session_by_digest(self, digest: str) -> tuple[SessionRecord, UserRecord] | None: ...
    async def touch_session(self, session_id: str) -> None: ...
    async def end_session(self, session_id: str, *, user_id: str | None = None) -> bool: ...
    async def sessions_of(self, user_id: str) -> list[SessionRecord]: ...
    async def all_sessions(self) -> list[SessionRecord]: ...
    async def sessions_alive(
        self, session_ids: set[str], *, used_since: datetime, opened_since: datetime
    ) -> set[str]: ...
    async def purge_sessions(self, *, used_since: datetime, opened_since: datetime, logins_since: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who makes a request, by which session. `csrf` is what the console must send back with every write."""

    session: SessionRecord
    user: UserRecord
    csrf: str = field(repr=False)


class Sessions:
    """Opened at sign-in, found at each request, ended by whoever may. `now` is an aware clock."""

    def __init__(
        self, store: SessionStore, *, idle: timedelta, absolute: timedelta, now: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._idle = idle
        self._absolute = absolute
        self._now = now
        self._closers: dict[str, set[Close]] = {}
        self._spared: dict[str, datetime] = {}
        self._purged_at: datetime | None = None

    @property
    def absolute_seconds(self) -> int:
        """How long a cookie may be kept."""
        return int(self._absolute.total_seconds())

    async def open(
        self, user: UserRecord, *, method: str, client: str, id_token: str | None = None
    ) -> tuple[str, SignedIn]:
        """A new session and the token of its cookie. Raises `Unauthorized` when the account has just changed."""
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        record = await self._store.open_session(user, _digest(token), method=method, client=client, id_token=id_token)
        if record is None:
            raise Unauthorized("The account was changed while signing in.", "wrong_login")
        return token, SignedIn(record, user, csrf_token(token))

    async def find(self, token: str) -> SignedIn | None:
        """Whose cookie this is; None when the session is over. Counts as something done."""
        found = await self._store.session_by_digest(_digest(token)) if token else None
        if found is None:
            return None
        record, user = found
        if user.disabled_at or not self._is_good(record):
            return None
        if self._now() - record.used_at >= TOUCH_EVERY:
            await self._store.touch_session(record.id)
        return SignedIn(record, user, csrf_token(token))

    async def touch(self, session_id: str) -> None:
        """The person has done something over a socket: call it for what a person does, not for heartbeats."""
        await self._store.touch_session(session_id)

    async def end(self, session_id: str, *, user_id: str | None = None) -> bool:
        """Signs out, and closes the session's sockets. False when there was none (of that person)."""
        ended = await self._store.end_session(session_id, user_id=user_id)
        await self.sweep()
        return ended

    async def of(self, user_id: str) -> list[SessionRecord]:
        """The browsers in which the person is signed in, the latest used first."""
        return [one for one in await self._store.sessions_of(user_id) if self._is_good(one)]

    async def counted(self) -> dict[str, int]:
        """In how many browsers each person is signed in."""
        return Counter(one.user_id for one in await self._store.all_sessions() if self._is_good(one))

    def on_revoked(self, session_id: str, close: Close) -> Callable[[], None]:
        """Has `close` called once when the session is over. Call what is returned when the socket closes by itself."""
        self._closers.setdefault(session_id, set()).add(close)

        def forget() -> None:
            closers = self._closers.get(session_id, set())
            closers.discard(close)
            if not closers:
                self._closers.pop(session_id, None)

        return forget

    def spare(self, session_id: str) -> None:
        """Leaves the session's sockets open for `SPARED`, over or not, while the cookie of another is on its way."""
        self._spared[session_id] = self._now() + SPARED

    async def sweep(self) -> None:
        """Closes the sockets of the sessions that are over."""
        now = self._now()
        self._spared = {session_id: until for session_id, until in self._spared.items() if until > now}
        watched = self._closers.keys() - self._spared.keys()
        if not watched:
            return
        alive = await self._store.sessions_alive(
            watched, used_since=now - self._idle, opened_since=now - self._absolute
        )
        closers = [close for session_id in watched - alive for close in self._closers.pop(session_id, ())]
        await asyncio.gather(*(_closed(close) for close in closers))

    async def purge(self) -> None:
        """Deletes what is over, at most once an hour."""
        now = self._now()
        if self._purged_at is not None and now - self._purged_at < PURGE_EVERY:
            return
        self._purged_at = now
        await self._store.purge_sessions(
            used_since=now - self._idle, opened_since=now - self._absolute, logins_since=now - LONGEST_PROVIDER_LOGIN
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keeps watch over the sockets."""
        task = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            await end(task)

    def _is_good(self, record: SessionRecord) -> bool:
        now = self._now()
        return record.used_at >= now - self._idle and record.created_at >= now - self._absolute

    async def _watch(self) -> None:
        while True:
            try:
                await self.sweep()
                await self.purge()
            except StoreUnavailable as error:
                log.error("sessions.not_checked", error=str(error))
            await asyncio.sleep(SWEEP_SECONDS)


def csrf_token(token: str) -> str:
    """Bound to the session and of no use without its cookie: the page may hold it, the store need not."""
    return hmac.digest(token.encode(), b"guichet csrf", "sha256").hex()


def csrf_matches(signed_in: SignedIn, given: str) -> bool:
    return hmac.compare_digest(signed_in.csrf.encode(), given.encode("utf-8", "replace"))


def _digest(token: str) -> str:
    return sha256(token.encode("utf-8", "replace")).hexdigest()


async def _closed(close: Close) -> None:
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await close()
    except Exception as error:  # noqa: BLE001  one socket that will not close must not keep the others open
        log.warning("sessions.socket_not_closed", reason=type(error).__name__)
