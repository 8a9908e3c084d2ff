"""Between the rows of accounts and their records."""

from __future__ import annotations

from bot.accounts.roles import Role
from bot.store.account_models import AgentSession, User
from bot.store.account_records import SessionRecord, UserRecord


def user_record(row: User) -> UserRecord:
    return UserRecord(
        id=row.id,
        login=row.login,
        name=row.name,
        role=Role(row.role),
        teams=tuple(row.teams),
        skills=tuple(row.skills),
        created_at=row.created_at,
        disabled_at=row.disabled_at,
        must_change_password=row.must_change_password,
        password_hash=row.password_hash,
        totp_secret=row.totp_secret,
        totp_confirmed_at=row.totp_confirmed_at,
        oidc_issuer=row.oidc_issuer,
        oidc_subject=row.oidc_subject,
    )


def session_record(row: AgentSession) -> SessionRecord:
    return SessionRecord(
        id=row.id,
        user_id=row.user_id,
        created_at=row.created_at,
        used_at=row.used_at,
        method=row.method,
        client=row.client,
        id_token=row.id_token,
    )
