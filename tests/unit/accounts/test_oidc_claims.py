"""From what a provider says to a role, a name, or a refusal."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.accounts.oidc_claims import asked_claims, check_admitted, login_of, may_be_linked, name_of, role_of
from bot.accounts.roles import Role
from bot.errors import Forbidden
from bot.settings import OidcSettings

CLAIMS: dict[str, Any] = {
    "sub": "abc",
    "email": "marie@mairie.example",
    "given_name": "Marie",
    "usual_name": "Martin",
    "siret": "21750001600019",
    "groups": ["tous", "accueil"],
    "amr": ["pwd", "mfa"],
    "acr": "eidas1",
}


def settings(**values: Any) -> OidcSettings:
    return OidcSettings(issuer="https://idp.example", **values)


def test_nothing_is_asked_through_claims_unless_it_is_needed() -> None:
    assert asked_claims(settings()) is None
    asked = asked_claims(settings(required_amr=["mfa"], acr_values=["eidas2"]))
    assert asked is not None
    assert json.loads(asked) == {
        "id_token": {"amr": {"essential": True}, "acr": {"essential": True, "values": ["eidas2"]}}
    }


@pytest.mark.parametrize(
    ("values", "is_admitted"),
    [
        ({}, True),
        ({"required_amr": ["mfa", "pop"]}, True),
        ({"required_amr": ["totp"]}, False),
        ({"acr_values": ["eidas1"]}, True),
        ({"acr_values": ["eidas2", "eidas3"]}, False),
        ({"required_claims": {"siret": ["21750001600019"]}}, True),
        ({"required_claims": {"siret": ["1"]}}, False),
        ({"required_claims": {"absent": ["x"]}}, False),
        ({"required_claims": {"groups": ["accueil"], "siret": ["1"]}}, False),
    ],
)
def test_other_organisations_and_weaker_authentications_are_refused(values: dict[str, Any], is_admitted: bool) -> None:
    if is_admitted:
        check_admitted(settings(**values), CLAIMS)
        return
    with pytest.raises(Forbidden) as refused:
        check_admitted(settings(**values), CLAIMS)
    assert refused.value.code == "oidc_not_allowed"


@pytest.mark.parametrize(
    ("values", "role"),
    [
        ({}, None),
        ({"default_role": "agent"}, Role.AGENT),
        ({"role_claim": "groups", "roles": {"accueil": "agent", "dsi": "administrator"}}, Role.AGENT),
        ({"role_claim": "groups", "roles": {"tous": "agent", "accueil": "supervisor"}}, Role.SUPERVISOR),
        ({"role_claim": "groups", "roles": {"dsi": "administrator"}}, None),
        ({"role_claim": "groups", "roles": {"dsi": "administrator"}, "default_role": "agent"}, Role.AGENT),
        ({"role_claim": "siret", "roles": {"21750001600019": "editor"}}, Role.EDITOR),
    ],
)
def test_roles_come_from_the_claim_that_is_named(values: dict[str, Any], role: Role | None) -> None:
    assert role_of(settings(**values), CLAIMS) is role


def test_names_are_put_together_from_what_is_there() -> None:
    assert name_of(settings(), CLAIMS) == "Marie Martin"
    assert name_of(settings(), {"name": "M. Martin"}) == "M. Martin"
    assert name_of(settings(), {"given_name": 3}) == ""


def test_who_has_no_login_goes_by_the_subject_and_is_linked_to_nobody() -> None:
    assert login_of(settings(), CLAIMS) == "marie@mairie.example"
    assert login_of(settings(), {"sub": "abc"}) == "abc"
    assert may_be_linked(settings(), CLAIMS)
    assert not may_be_linked(settings(), {"sub": "abc"})
    assert not may_be_linked(settings(), CLAIMS | {"email_verified": False})
