"""A provider that lies, or somebody who stands between: nothing is believed but what is signed, and for us."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from joserfc import jwk, jwt

from bot.accounts.oidc import KEYS_AGAIN_SECONDS, Provider, check_settings
from bot.errors import BadSettings, ProviderUnavailable, Unauthorized
from bot.settings import OidcSettings

NOW = 1_780_000_000
NONCE = "n" * 43
SECRET = "the secret of this client, long enough"


def at_hash(token: str) -> str:
    return base64.urlsafe_b64encode(sha256(token.encode()).digest()[:16]).rstrip(b"=").decode()


def encoded(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


class Liar:
    """A provider that answers what the test tells it to. `claims` are the ID token's, `person` userinfo's."""

    def __init__(self) -> None:
        self.key = jwk.RSAKey.generate_key(2048, {"use": "sig", "kid": "one"})
        self.published: list[Any] = [self.key]
        self.metadata: dict[str, Any] = {}
        self.claims: dict[str, Any] = {}
        self.person: dict[str, Any] = {"sub": "abc", "email": "marie@mairie.example"}
        self.id_token: str | None = None
        self.userinfo: str | None = None
        self.key_requests = 0
        self.forms: list[dict[str, str]] = []

    def signed(self, claims: dict[str, Any], key: Any = None, **header: Any) -> str:
        return jwt.encode({"alg": "RS256", "kid": "one"} | header, claims, key or self.key)

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/.well-known/openid-configuration", self._metadata)
        app.router.add_get("/jwks", self._jwks)
        app.router.add_post("/token", self._token)
        app.router.add_get("/userinfo", self._userinfo)
        return app

    async def _metadata(self, _request: web.Request) -> web.Response:
        return web.json_response(self.metadata)

    async def _jwks(self, _request: web.Request) -> web.Response:
        self.key_requests += 1
        keys = [key.as_dict(private=False) for key in self.published]
        return web.json_response({"keys": [*keys, {"kty": "future"}, {"kty": "RSA", "n": "!"}, "nonsense"]})

    async def _token(self, request: web.Request) -> web.Response:
        self.forms.append({name: str(value) for name, value in (await request.post()).items()})
        id_token = self.id_token or self.signed(self.claims)
        return web.json_response({"access_token": "access", "token_type": "Bearer", "id_token": id_token})

    async def _userinfo(self, _request: web.Request) -> web.Response:
        if self.userinfo is None:
            return web.json_response(self.person)
        return web.Response(text=self.userinfo, content_type="application/jwt")


class Asked:
    """A provider's client, and the time that it sees."""

    def __init__(self, session: ClientSession, liar: Liar, issuer: str, **settings: Any) -> None:
        self.seconds = 0.0
        self.liar = liar
        self.settings = OidcSettings(issuer=issuer, client_id="guichet", client_secret=SECRET, **settings)
        self.provider = Provider(session, self.settings, now=lambda: NOW, clock=lambda: self.seconds)

    async def identity(self) -> Any:
        return await self.provider.identity(
            code="code", redirect_uri="https://guichet.example/callback", nonce=NONCE, verifier="v" * 86
        )


@pytest.fixture
def liar() -> Liar:
    return Liar()


@pytest.fixture
async def asked(liar: Liar) -> AsyncIterator[Asked]:
    async with TestServer(liar.app()) as server, ClientSession() as session:
        issuer = str(server.make_url("")).rstrip("/")
        liar.metadata = {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/auth",
            "token_endpoint": f"{issuer}/token",
            "userinfo_endpoint": f"{issuer}/userinfo",
            "jwks_uri": f"{issuer}/jwks",
            "end_session_endpoint": f"{issuer}/end?tenant=1",
        }
        liar.claims = {
            "iss": issuer,
            "aud": "guichet",
            "sub": "abc",
            "iat": NOW - 5,
            "exp": NOW + 60,
            "nonce": NONCE,
            "at_hash": at_hash("access"),
        }
        yield Asked(session, liar, issuer)


async def failed(asked: Asked) -> None:
    with pytest.raises(Unauthorized) as refused:
        await asked.identity()
    assert refused.value.code == "oidc_failed"
    assert "marie" not in str(refused.value)


async def test_what_is_well_signed_and_for_us_is_believed(asked: Asked) -> None:
    identity = await asked.identity()
    assert (identity.subject, identity.claims["email"]) == ("abc", "marie@mairie.example")
    form = asked.liar.forms[0]
    assert (form["client_id"], form["client_secret"], form["code_verifier"]) == ("guichet", SECRET, "v" * 86)
    assert "marie" not in repr(identity)


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"aud": "another"},
        {"aud": ["guichet", "another"]},
        {"aud": ["guichet", "another"], "azp": "another"},
        {"nonce": "m" * 43},
        {"nonce": None},
        {"exp": NOW - 61},
        {"exp": None},
        {"iat": None},
        {"iat": NOW + 3600},
        {"sub": None},
        {"sub": "somebody else"},
        {"at_hash": at_hash("another")},
    ],
)
async def test_a_token_for_others_or_of_another_time_is_refused(asked: Asked, claims: dict[str, Any]) -> None:
    changed = asked.liar.claims | claims
    asked.liar.claims = {name: value for name, value in changed.items() if value is not None}
    await failed(asked)


async def test_an_audience_of_several_is_good_when_it_was_made_for_us(asked: Asked) -> None:
    asked.liar.claims |= {"aud": ["guichet", "api"], "azp": "guichet"}
    assert (await asked.identity()).subject == "abc"


async def test_no_other_key_and_no_other_algorithm_is_believed(asked: Asked) -> None:
    liar = asked.liar
    other = jwk.RSAKey.generate_key(2048, {"kid": "one"})
    none, hs256, payload = (encoded(part) for part in ({"alg": "none"}, {"alg": "HS256", "kid": "one"}, liar.claims))
    # The public key as the secret of an HMAC: what confuses verifiers that believe the header.
    confused = hmac.digest(liar.key.as_pem(private=False), f"{hs256}.{payload}".encode(), "sha256")
    head, body, signature = liar.signed(liar.claims).split(".")
    for token in (
        liar.signed(liar.claims, other),
        f"{none}.{payload}.",
        f"{hs256}.{payload}.{base64.urlsafe_b64encode(confused).rstrip(b'=').decode()}",
        jwt.encode({"alg": "PS256", "kid": "one"}, liar.claims, liar.key, algorithms=["PS256"]),
        f"{head}.{payload[:-4]}AAAA.{signature}",
        f"{head}.{body}",
        "",
        "é.é.é",
    ):
        liar.id_token = token or " "
        await failed(asked)


async def test_signed_userinfo_is_verified_like_the_id_token(asked: Asked) -> None:
    liar = asked.liar
    good = liar.person | {"iss": asked.settings.issuer, "aud": "guichet", "exp": NOW + 60}
    liar.userinfo = liar.signed(good)
    assert (await asked.identity()).claims["email"] == "marie@mairie.example"
    for wrong in ({"iss": "https://evil.example"}, {"aud": "another"}, {"sub": "somebody else"}, {"exp": NOW - 100}):
        liar.userinfo = liar.signed(good | wrong)
        await failed(asked)
    liar.userinfo = liar.signed(good, jwk.RSAKey.generate_key(2048, {"kid": "one"}))
    await failed(asked)


async def test_a_new_key_is_looked_for_once_and_not_at_every_forgery(asked: Asked) -> None:
    liar = asked.liar
    await asked.identity()
    liar.key = jwk.RSAKey.generate_key(2048, {"use": "sig", "kid": "two"})
    liar.published.append(liar.key)
    liar.id_token = liar.signed(liar.claims, kid="two")
    await failed(asked)
    assert liar.key_requests == 1
    asked.seconds += KEYS_AGAIN_SECONDS
    assert (await asked.identity()).subject == "abc"
    assert liar.key_requests == 2
    for _ in range(5):
        liar.id_token = liar.signed(liar.claims, jwk.RSAKey.generate_key(2048, {}), kid="three")
        await failed(asked)
    assert liar.key_requests == 2


async def test_a_provider_under_another_name_or_without_tls_is_refused(asked: Asked) -> None:
    good = dict(asked.liar.metadata)
    for wrong in (
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://idp.example/token"},
        {"jwks_uri": None},
    ):
        asked.liar.metadata = good | wrong
        with pytest.raises(ProviderUnavailable):
            await asked.identity()


async def test_the_way_there_and_out_have_no_parameter_too_many(asked: Asked) -> None:
    there = await asked.provider.authorization_url(
        redirect_uri="https://guichet.example/callback", state="s" * 43, nonce=NONCE, verifier="v" * 86
    )
    names = {pair.partition("=")[0] for pair in there.partition("?")[2].split("&")}
    assert names == {
        "response_type",
        "client_id",
        "redirect_uri",
        "scope",
        "state",
        "nonce",
        "code_challenge",
        "code_challenge_method",
    }
    assert "scope=openid%20profile%20email" in there
    out = await asked.provider.logout_url(id_token="t", redirect_uri="https://guichet.example/console", state="s" * 43)
    assert out is not None
    assert out.startswith(f"{asked.settings.issuer}/end?tenant=1&id_token_hint=t&post_logout_redirect_uri=")
    asked.seconds += 7200
    del asked.liar.metadata["end_session_endpoint"]
    assert await asked.provider.logout_url(id_token="t", redirect_uri="x", state="s") is None


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"issuer": "http://idp.example"}, "oidc.issuer"),
        ({"issuer": "https://idp.example"}, "oidc.client_id"),
        ({"issuer": "https://idp.example", "client_id": "x", "client_secret": "y", "scopes": "email"}, "oidc.scopes"),
    ],
)
def test_settings_that_cannot_work_are_named(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(BadSettings, match=named):
        check_settings(OidcSettings(**settings))
