"""What a provider says of a person, and what follows from it by the settings: no wire, no store."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bot.accounts.roles import Role
from bot.errors import Forbidden
from bot.settings import OidcSettings

Claims = Mapping[str, Any]


def asked_claims(settings: OidcSettings) -> str | None:
    """The `claims` parameter (OpenID Connect Core, 5.5), which is how ProConnect gives amr; None when none is needed.

    Providers may refuse parameters they do not know, so that it is sent only when something in it is.
    """
    asked: dict[str, Any] = {}
    if settings.required_amr:
        asked["amr"] = {"essential": True}
    if settings.acr_values:
        asked["acr"] = {"essential": True, "values": settings.acr_values}
    return json.dumps({"id_token": asked}, separators=(",", ":")) if asked else None


def check_admitted(settings: OidcSettings, claims: Claims) -> None:
    """Raises `Forbidden` (oidc_not_allowed) for another organisation or a weaker authentication than is asked."""
    if settings.required_amr and not set(values(claims, "amr")) & set(settings.required_amr):
        raise Forbidden("The way of authentication is not one of oidc.required_amr.", "oidc_not_allowed")
    if settings.acr_values and not set(values(claims, "acr")) & set(settings.acr_values):
        raise Forbidden("The level of authentication is not one of oidc.acr_values.", "oidc_not_allowed")
    for name, allowed in settings.required_claims.items():
        if not set(values(claims, name)) & set(allowed):
            raise Forbidden("A claim of oidc.required_claims has another value.", "oidc_not_allowed")


def role_of(settings: OidcSettings, claims: Claims) -> Role | None:
    """The role by `oidc.roles`, or else the default one; None when the settings give none."""
    held = set(values(claims, settings.role_claim)) if settings.role_claim else set()
    named = [role for value, role in settings.roles.items() if value in held]
    chosen = named[-1] if named else settings.default_role
    return Role(chosen) if chosen else None


def login_of(settings: OidcSettings, claims: Claims) -> str:
    """The name at sign-in; the subject for who has none."""
    return next(iter(values(claims, settings.login_claim)), "") or str(claims["sub"])


def may_be_linked(settings: OidcSettings, claims: Claims) -> bool:
    """Whether the login proves an account made here to be theirs: not an address that the provider has not checked."""
    return bool(values(claims, settings.login_claim)) and claims.get("email_verified") is not False


def name_of(settings: OidcSettings, claims: Claims) -> str:
    """The displayed name; empty when the provider gives none."""
    parts = [value for name in settings.name_claims for value in values(claims, name)[:1]]
    return " ".join(parts) or next(iter(values(claims, "name")), "")


def values(claims: Claims, name: str) -> list[str]:
    """The texts of a claim, which may be one or a list; nothing else counts."""
    value = claims.get(name)
    several = value if isinstance(value, list) else [value]
    return [one.strip() for one in several if isinstance(one, str) and one.strip()]
