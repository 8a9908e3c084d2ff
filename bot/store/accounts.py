"""Accounts as the store keeps them. Whatever lessens or changes what a person may do ends their sessions with it,
in the same transaction: there is no moment at which the old session is still good for the new rights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.accounts.roles import Role
from bot.errors import Conflict
from bot.store.account_models import AgentSession, RecoveryCode, User
from bot.store.account_records import UserRecord
from bot.store.account_rows import user_record
from bot.store.agent_sessions import SessionsKept


class AccountsKept(SessionsKept):
    """The part of `Store` that holds people and their second factors. `login` comes in as `compared_login` gives it."""

    async def add_user(
        self,
        login: str,
        name: str,
        role: Role,
        *,
        password_hash: str | None = None,
        must_change_password: bool = False,
        teams: Sequence[str] = (),
        skills: Sequence[str] = (),
        oidc: tuple[str, str] | None = None,
    ) -> UserRecord:
        """`oidc` is issuer and subject. Raises `Conflict` when the name or the subject is taken."""
        issuer, subject = oidc or (None, None)
        row = User(
            id=uuid4().hex,
            login=login,
            name=name,
            role=role.value,
            teams=list(teams),
            skills=list(skills),
            created_at=self._now(),
            disabled_at=None,
            password_hash=password_hash,
            must_change_password=must_change_password,
            totp_secret=None,
            totp_confirmed_at=None,
            totp_last_step=None,
            oidc_issuer=issuer,
            oidc_subject=subject,
        )
        async with self._writing() as session:
            if await session.scalar(select(User.id).where(User.login == login)) is not None:
                raise Conflict("An account of that name exists already: `guichet users list` has them.", "login_taken")
            session.add(row)
            try:
                await session.flush()
            except IntegrityError:  # another process was quicker
                raise Conflict(
                    "An account of that name exists already: `guichet users list` has them.", "login_taken"
                ) from None
            return user_record(row)

    async def user(self, user_id: str) -> UserRecord | None:
        return await self._one_user(User.id == user_id)

    async def user_by_login(self, login: str) -> UserRecord | None:
        return await self._one_user(User.login == login)

    async def user_by_subject(self, issuer: str, subject: str) -> UserRecord | None:
        """Who signed in before with that provider."""
        return await self._one_user((User.oidc_issuer == issuer) & (User.oidc_subject == subject))

    async def users(self) -> list[UserRecord]:
        """Everybody, by login."""
        async with self._reading() as session:
            return [user_record(row) for row in await session.scalars(select(User).order_by(User.login))]

    async def change_user(
        self,
        user_id: str,
        values: dict[str, Any],
        *,
        end_sessions: bool,
        keep_an_administrator: bool = False,
    ) -> bool:
        """Sets columns of an account; False when there is none.

        With `keep_an_administrator`, raises `Conflict` rather than leave none that could sign in.
        """
        async with self._writing() as session:
            row = await self._held_user(session, user_id)
            if row is None:
                return False
            was_administrator = _administers(row)
            for name, value in values.items():
                setattr(row, name, value)
            await session.flush()
            if keep_an_administrator and was_administrator and not _administers(row):
                await _require_administrator(session)
            if end_sessions:
                await session.execute(delete(AgentSession).where(AgentSession.user_id == user_id))
        return True

    async def remove_user(self, user_id: str, *, keep_an_administrator: bool = False) -> bool:
        """Deletes the account with its sessions and codes for good; its id stays in the audit log, and names nobody."""
        async with self._writing() as session:
            row = await self._held_user(session, user_id)
            if row is None:
                return False
            was_administrator = _administers(row)
            await session.delete(row)
            await session.flush()
            if keep_an_administrator and was_administrator:
                await _require_administrator(session)
        return True

    async def replace_hash(self, user_id: str, old: str, new: str) -> None:
        """The same password under stronger parameters; nothing when it was changed meanwhile."""
        async with self._writing() as session:
            await session.execute(
                update(User).where(User.id == user_id, User.password_hash == old).values(password_hash=new)
            )

    # Second factor

    async def confirm_totp(self, user_id: str, secret: str, step: int, digests: Sequence[str]) -> bool:
        """The enrolment is done, with that code and those recovery codes; False when another was begun meanwhile."""
        async with self._writing() as session:
            row = await self._held_user(session, user_id)
            if row is None or row.totp_secret != secret or row.totp_confirmed_at is not None:
                return False
            row.totp_confirmed_at, row.totp_last_step = self._now(), step
            await _replace_codes(session, user_id, digests)
        return True

    async def clear_totp(self, user_id: str, *, end_sessions: bool) -> bool:
        """No second factor any more; False when there is no such account."""
        async with self._writing() as session:
            row = await self._held_user(session, user_id)
            if row is None:
                return False
            row.totp_secret = row.totp_confirmed_at = row.totp_last_step = None
            await _replace_codes(session, user_id, ())
            if end_sessions:
                await session.execute(delete(AgentSession).where(AgentSession.user_id == user_id))
        return True

    async def use_totp_step(self, user_id: str, step: int) -> bool:
        """True the first time only, whichever gateway asks: a step that is not later than the last is used up."""
        async with self._writing() as session:
            used = await session.scalar(
                update(User)
                .where(User.id == user_id, or_(User.totp_last_step.is_(None), User.totp_last_step < step))
                .values(totp_last_step=step)
                .returning(User.id)
                .execution_options(synchronize_session=False)
            )
            return used is not None

    async def replace_recovery_codes(self, user_id: str, digests: Sequence[str]) -> bool:
        """False without a second factor."""
        async with self._writing() as session:
            row = await self._held_user(session, user_id)
            if row is None or row.totp_confirmed_at is None:
                return False
            await _replace_codes(session, user_id, digests)
        return True

    async def use_recovery_code(self, user_id: str, digest: str) -> bool:
        """True the first time only."""
        async with self._writing() as session:
            used = await session.scalar(
                update(RecoveryCode)
                .where(RecoveryCode.user_id == user_id, RecoveryCode.digest == digest, RecoveryCode.used_at.is_(None))
                .values(used_at=self._now())
                .returning(RecoveryCode.id)
                .execution_options(synchronize_session=False)
            )
            return used is not None

    async def recovery_codes_left(self, user_id: str) -> int:
        query = select(func.count()).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
        async with self._reading() as session:
            return await session.scalar(query) or 0

    # Inside

    async def _one_user(self, condition: ColumnElement[bool]) -> UserRecord | None:
        async with self._reading() as session:
            row = await session.scalar(select(User).where(condition))
            return user_record(row) if row else None

    @staticmethod
    async def _held_user(session: AsyncSession, user_id: str) -> User | None:
        return await session.scalar(select(User).where(User.id == user_id).with_for_update())


def _administers(row: User) -> bool:
    return row.role == Role.ADMINISTRATOR and row.disabled_at is None


async def _require_administrator(session: AsyncSession) -> None:
    """Locks the administrators left, so that two who demote each other do not both succeed."""
    left = select(User.id).where(User.role == Role.ADMINISTRATOR.value, User.disabled_at.is_(None)).with_for_update()
    if (await session.scalars(left)).first() is None:
        raise Conflict("No administrator who can sign in would be left.", "last_administrator")


async def _replace_codes(session: AsyncSession, user_id: str, digests: Sequence[str]) -> None:
    await session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    if digests:
        rows = [{"user_id": user_id, "digest": digest, "used_at": None} for digest in digests]
        await session.execute(insert(RecoveryCode), rows)
