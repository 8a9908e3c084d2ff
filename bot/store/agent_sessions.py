"""Sessions of people who sign in, as the store keeps them: by digest of the cookie, for all gateways alike."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import uuid4

from sqlalchemy import delete, or_, select, update

from bot.store.account_models import AgentSession, OidcLogin, User
from bot.store.account_records import OidcLoginRecord, SessionRecord, UserRecord
from bot.store.account_rows import session_record, user_record
from bot.store.connection import Connected


class SessionsKept(Connected):
    """The part of `Store` that holds sessions and sign-ins under way."""

    async def open_session(
        self, user: UserRecord, digest: str, *, method: str, client: str, id_token: str | None = None
    ) -> SessionRecord | None:
        """A new session; None when the account has changed since it was read: disabled, other password, other role."""
        now = self._now()
        async with self._writing() as session:
            row = await session.scalar(select(User).where(User.id == user.id).with_for_update())
            if row is None or row.disabled_at is not None:
                return None
            if (row.password_hash, row.role) != (user.password_hash, user.role):
                return None
            made = AgentSession(
                id=uuid4().hex,
                digest=digest,
                user_id=user.id,
                created_at=now,
                used_at=now,
                method=method,
                client=client,
                id_token=id_token,
            )
            session.add(made)
            return session_record(made)

    async def session_by_digest(self, digest: str) -> tuple[SessionRecord, UserRecord] | None:
        """The session and whose it is. Whether it is still good is for the caller to decide."""
        query = select(AgentSession, User).join(User, User.id == AgentSession.user_id)
        async with self._reading() as session:
            found = (await session.execute(query.where(AgentSession.digest == digest))).first()
            return (session_record(found[0]), user_record(found[1])) if found else None

    async def sessions_of(self, user_id: str) -> list[SessionRecord]:
        """The latest used first."""
        query = select(AgentSession).where(AgentSession.user_id == user_id).order_by(AgentSession.used_at.desc())
        async with self._reading() as session:
            return [session_record(row) for row in await session.scalars(query)]

    async def all_sessions(self) -> list[SessionRecord]:
        """Of everybody."""
        async with self._reading() as session:
            return [session_record(row) for row in await session.scalars(select(AgentSession))]

    async def touch_session(self, session_id: str) -> None:
        """The person has just done something."""
        async with self._writing() as session:
            await session.execute(update(AgentSession).where(AgentSession.id == session_id).values(used_at=self._now()))

    async def end_session(self, session_id: str, *, user_id: str | None = None) -> bool:
        """Deletes it; with `user_id`, only when it is that person's. False when it was not there."""
        query = delete(AgentSession).where(AgentSession.id == session_id).returning(AgentSession.id)
        if user_id is not None:
            query = query.where(AgentSession.user_id == user_id)
        async with self._writing() as session:
            return await session.scalar(query.execution_options(synchronize_session=False)) is not None

    async def sessions_alive(
        self, session_ids: Iterable[str], *, used_since: datetime, opened_since: datetime
    ) -> set[str]:
        """Those of them that are still good."""
        query = select(AgentSession.id).where(
            AgentSession.id.in_(list(session_ids)),
            AgentSession.used_at >= used_since,
            AgentSession.created_at >= opened_since,
        )
        async with self._reading() as session:
            return set(await session.scalars(query))

    async def purge_sessions(self, *, used_since: datetime, opened_since: datetime, logins_since: datetime) -> None:
        """Deletes the sessions that are over, and the sign-ins that never came back."""
        async with self._writing() as session:
            await session.execute(
                delete(AgentSession).where(
                    or_(AgentSession.used_at < used_since, AgentSession.created_at < opened_since)
                )
            )
            await session.execute(delete(OidcLogin).where(OidcLogin.started_at < logins_since))

    async def keep_oidc_login(self, digest: str, *, browser: str, nonce: str, verifier: str) -> None:
        """A sign-in leaves for the provider; `digest` is of its state, `browser` of the cookie that must come back."""
        async with self._writing() as session:
            session.add(
                OidcLogin(digest=digest, browser=browser, nonce=nonce, verifier=verifier, started_at=self._now())
            )

    async def take_oidc_login(self, digest: str) -> OidcLoginRecord | None:
        """The sign-in of that state, once: it is deleted."""
        query = delete(OidcLogin).where(OidcLogin.digest == digest)
        columns = (OidcLogin.browser, OidcLogin.nonce, OidcLogin.verifier, OidcLogin.started_at)
        async with self._writing() as session:
            row = (
                await session.execute(query.returning(*columns).execution_options(synchronize_session=False))
            ).first()
            return OidcLoginRecord(*row) if row else None
