"""Accounts and their sessions, as they leave the store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.accounts.roles import Role


@dataclass(frozen=True, slots=True)
class UserRecord:
    """An account. The secrets in it are for `bot.accounts` only and never shown (`repr` leaves them out)."""

    id: str
    login: str
    name: str
    role: Role
    teams: tuple[str, ...]
    skills: tuple[str, ...]
    created_at: datetime
    disabled_at: datetime | None
    must_change_password: bool
    password_hash: str | None
    totp_secret: str | None
    totp_confirmed_at: datetime | None
    oidc_issuer: str | None
    oidc_subject: str | None

    @property
    def has_totp(self) -> bool:
        """Whether a second factor is asked of this person."""
        return self.totp_confirmed_at is not None

    @property
    def reference(self) -> str:
        """How the audit log names this person."""
        return f"user:{self.id}"

    def __repr__(self) -> str:
        return f"UserRecord({self.id}, {self.role})"


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """One signed-in browser of a user; `method` is password, totp, recovery or oidc."""

    id: str
    user_id: str
    created_at: datetime
    used_at: datetime
    method: str
    client: str
    id_token: str | None

    def __repr__(self) -> str:
        return f"SessionRecord({self.id})"


@dataclass(frozen=True, slots=True)
class OidcLoginRecord:
    """What must be known when a sign-in comes back from the provider."""

    browser: str
    nonce: str
    verifier: str
    started_at: datetime
