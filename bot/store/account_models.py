"""The tables of accounts and of the audit log.

The database itself refuses to change or delete an entry of the log, by triggers that the migration makes; only what a
checkpoint covers may be deleted (`guichet audit prune`), so that what remains can still be verified.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.store.models import ID_CHARS, Base, CleanText

DIGEST_CHARS = 64


class User(Base):
    """Someone who may sign in. `login` is unique in the form in which names are compared."""

    __tablename__ = "users"
    __table_args__ = (UniqueConstraint("oidc_issuer", "oidc_subject"),)

    id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True)
    login: Mapped[str] = mapped_column(CleanText(254), unique=True)
    name: Mapped[str] = mapped_column(CleanText(120))
    role: Mapped[str] = mapped_column(String(16))
    teams: Mapped[list[str]]
    skills: Mapped[list[str]]
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    password_hash: Mapped[str | None] = mapped_column(String(255))
    must_change_password: Mapped[bool]
    totp_secret: Mapped[str | None] = mapped_column(String(64))
    totp_confirmed_at: Mapped[datetime | None]
    totp_last_step: Mapped[int | None] = mapped_column(BigInteger)
    oidc_issuer: Mapped[str | None] = mapped_column(CleanText(255))
    oidc_subject: Mapped[str | None] = mapped_column(CleanText(255))


class RecoveryCode(Base):
    """A code for whoever has lost the telephone; good until it is used."""

    __tablename__ = "recovery_codes"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    digest: Mapped[str] = mapped_column(String(DIGEST_CHARS))
    used_at: Mapped[datetime | None]


class AgentSession(Base):
    """One signed-in browser. The cookie is not here, only its digest; `id` names the session to people and sockets."""

    __tablename__ = "agent_sessions"

    id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True)
    digest: Mapped[str] = mapped_column(String(DIGEST_CHARS), unique=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    used_at: Mapped[datetime] = mapped_column(index=True)
    method: Mapped[str] = mapped_column(String(16))
    client: Mapped[str] = mapped_column(CleanText(200))
    id_token: Mapped[str | None] = mapped_column(CleanText)


class OidcLogin(Base):
    """A sign-in that has left for the provider and may come back once. `digest` is of its state."""

    __tablename__ = "oidc_logins"

    digest: Mapped[str] = mapped_column(String(DIGEST_CHARS), primary_key=True)
    browser: Mapped[str] = mapped_column(String(DIGEST_CHARS))
    nonce: Mapped[str] = mapped_column(String(64))
    verifier: Mapped[str] = mapped_column(String(128))
    started_at: Mapped[datetime] = mapped_column(index=True)


class AuditRow(Base):
    """One entry of the log; `detail` is the canonical text over which `hash` was made."""

    __tablename__ = "audit_entries"

    number: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False
    )
    at: Mapped[datetime] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(128), index=True)
    detail: Mapped[str] = mapped_column(String(4096))
    previous: Mapped[str] = mapped_column(String(DIGEST_CHARS))
    hash: Mapped[str] = mapped_column(String(DIGEST_CHARS))


class AuditCheckpoint(Base):
    """Where the log begins after a part of it was deleted: the number and the hash of the last entry deleted."""

    __tablename__ = "audit_checkpoints"

    through: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False
    )
    hash: Mapped[str] = mapped_column(String(DIGEST_CHARS))
    at: Mapped[datetime]
