"""From a verified identity to an account: found by its subject, or by its login the first time, or made, or refused."""

from __future__ import annotations

from bot.accounts.names import checked_login
from bot.accounts.oidc import Identity
from bot.accounts.oidc_claims import check_admitted, login_of, may_be_linked, name_of, role_of
from bot.accounts.service import Accounts
from bot.audit.log import SYSTEM
from bot.errors import Conflict, Forbidden, Unauthorized
from bot.settings import OidcSettings
from bot.store.account_records import UserRecord


async def account_of(accounts: Accounts, settings: OidcSettings, identity: Identity) -> UserRecord:
    """The account this person signs in to. Where the provider decides roles, the role is brought up to date.

    Raises `Forbidden` (oidc_not_allowed, oidc_unknown, disabled).
    """
    check_admitted(settings, identity.claims)
    role = role_of(settings, identity.claims)
    user = await _known(accounts, settings, identity)
    if user is None:
        if role is None:
            raise _unknown()
        return await _made(accounts, settings, identity)
    if user.disabled_at is not None:
        raise Forbidden("The account is disabled.", "disabled")
    if settings.role_claim:
        if role is None:
            raise Forbidden("The provider gives this person no role any more.", "oidc_not_allowed")
        await accounts.set_role(user, role, by=SYSTEM, guarded=False)
    name = name_of(settings, identity.claims)
    if name and name != user.name:
        await accounts.set_name(user, name, by=SYSTEM)
    return await accounts.user(user.id)


async def _known(accounts: Accounts, settings: OidcSettings, identity: Identity) -> UserRecord | None:
    user = await accounts.store.user_by_subject(identity.issuer, identity.subject)
    if user is not None or not may_be_linked(settings, identity.claims):
        return user
    user = await accounts.store.user_by_login(_login(settings, identity))
    if user is None:
        return None
    if user.oidc_subject is not None:
        raise _unknown()  # somebody else of that provider has this login: an address given away again
    values = {"oidc_issuer": identity.issuer, "oidc_subject": identity.subject}
    await accounts.store.change_user(user.id, values, end_sessions=False)
    await accounts.audit.record(SYSTEM, "account.linked", user.reference)
    return user


async def _made(accounts: Accounts, settings: OidcSettings, identity: Identity) -> UserRecord:
    login, role = _login(settings, identity), role_of(settings, identity.claims)
    if role is None:
        raise _unknown()
    try:
        user = await accounts.store.add_user(
            login,
            name_of(settings, identity.claims) or login,
            role,
            oidc=(identity.issuer, identity.subject),
        )
    except Conflict:
        raise _unknown() from None
    await accounts.audit.record(SYSTEM, "account.added", user.reference, {"role": role.value})
    return user


def _login(settings: OidcSettings, identity: Identity) -> str:
    try:
        return checked_login(login_of(settings, identity.claims))
    except Conflict:
        raise Unauthorized("OpenID Connect: the login claim is no login.", "oidc_failed") from None


def _unknown() -> Forbidden:
    return Forbidden("The provider knows this person, but they have no account here.", "oidc_unknown")
