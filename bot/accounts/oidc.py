"""The OpenID provider: where to send people, and what it says of them when they come back, verified.

Authorization code flow with PKCE. Written against OpenID Connect Core 1.0 and what ProConnect adds: userinfo as a
signed JWT (application/jwt), amr only through `claims`, state and nonce of at least 32 characters, no parameter that
it does not know. Nothing is believed but what is signed, by the one algorithm of the settings, with a key that the
provider publishes; a key that is not known yet is looked for once more, so that providers may change theirs.
"""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import aiohttp
from joserfc import jwk, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OctKey

from bot.accounts.oidc_claims import Claims, asked_claims
from bot.errors import BadSettings, ProviderUnavailable, Unauthorized
from bot.settings import OidcSettings

METADATA_SECONDS = 3600.0
KEYS_AGAIN_SECONDS = 10.0
LEEWAY_SECONDS = 60
_MOST_BYTES = 512 * 1024
_TIMEOUT = aiohttp.ClientTimeout(total=10)
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")


@dataclass(frozen=True, slots=True)
class Identity:
    """What a provider says of a person: the claims of ID token and userinfo, and the token for signing out."""

    issuer: str
    subject: str
    claims: Claims
    id_token: str

    def __repr__(self) -> str:
        return f"Identity({self.issuer})"


class Provider:
    """One provider. `now` is the time of day in seconds, `clock` never goes back."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        settings: OidcSettings,
        *,
        now: Callable[[], float],
        clock: Callable[[], float],
    ) -> None:
        check_settings(settings)
        self._session = session
        self._settings = settings
        self._now = now
        self._clock = clock
        self._metadata: tuple[float, dict[str, Any]] | None = None
        self._keys: tuple[float, KeySet] | None = None

    async def authorization_url(self, *, redirect_uri: str, state: str, nonce: str, verifier: str) -> str:
        """Where the browser goes to sign in. Raises `ProviderUnavailable`."""
        settings = self._settings
        challenge = base64.urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        parameters = {
            "response_type": "code",
            "client_id": settings.client_id,
            "redirect_uri": redirect_uri,
            "scope": settings.scopes,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        if asked := asked_claims(settings):
            parameters["claims"] = asked
        return _with_query(await self._endpoint("authorization_endpoint"), parameters)

    async def identity(self, *, code: str, redirect_uri: str, nonce: str, verifier: str) -> Identity:
        """Who has come back with that code. Raises `Unauthorized` (oidc_failed), `ProviderUnavailable`."""
        tokens = await self._tokens(code, redirect_uri, verifier)
        id_token, access_token = tokens.get("id_token"), tokens.get("access_token")
        if not isinstance(id_token, str) or not isinstance(access_token, str):
            raise _failed("the provider sent no ID token or no access token")
        claims = await self._verified(id_token)
        self._check_id_token(claims, nonce, access_token)
        more = await self._userinfo(access_token)
        if more.get("sub") != claims["sub"]:
            raise _failed("userinfo is about somebody else")
        return Identity(self._settings.issuer, str(claims["sub"]), {**more, **claims}, id_token)

    async def logout_url(self, *, id_token: str, redirect_uri: str, state: str) -> str | None:
        """Where the browser goes to sign out there too; None when the provider has no such place."""
        endpoint = (await self._discovered()).get("end_session_endpoint")
        if not isinstance(endpoint, str) or not _is_safe(endpoint):
            return None
        parameters = {"id_token_hint": id_token, "post_logout_redirect_uri": redirect_uri, "state": state}
        return _with_query(endpoint, parameters)

    # Inside

    async def _discovered(self) -> dict[str, Any]:
        if self._metadata is None or self._clock() - self._metadata[0] > METADATA_SECONDS:
            issuer = self._settings.issuer
            found = await self._get_json(issuer.rstrip("/") + "/.well-known/openid-configuration")
            if found.get("issuer") != issuer:
                raise ProviderUnavailable("The OpenID provider calls itself otherwise: correct oidc.issuer.")
            for name in _ENDPOINTS:
                if not isinstance(found.get(name), str) or not _is_safe(found[name]):
                    raise ProviderUnavailable(f"The OpenID provider names no {name}, or not with https.")
            self._metadata = (self._clock(), found)
        return self._metadata[1]

    async def _endpoint(self, name: str) -> str:
        return str((await self._discovered())[name])

    async def _tokens(self, code: str, redirect_uri: str, verifier: str) -> dict[str, Any]:
        settings = self._settings
        secret = settings.client_secret.get_secret_value()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        headers = {"Accept": "application/json"}
        if settings.client_auth == "client_secret_post":
            form |= {"client_id": settings.client_id, "client_secret": secret}
        else:
            pair = f"{quote(settings.client_id, safe='')}:{quote(secret, safe='')}"  # RFC 6749, 2.3.1
            headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        status, _, body = await self._request("POST", await self._endpoint("token_endpoint"), headers, form)
        if status != 200:
            raise _failed(f"the provider refused the code (HTTP {status})")
        return _object(body)

    async def _userinfo(self, access_token: str) -> Claims:
        headers = {"Authorization": f"Bearer {access_token}", "Accept": "application/jwt, application/json;q=0.9"}
        status, kind, body = await self._request("GET", await self._endpoint("userinfo_endpoint"), headers)
        if status != 200:
            raise _failed(f"the provider refused userinfo (HTTP {status})")
        if kind != "application/jwt":
            return _object(body)
        claims = await self._verified(body.decode("ascii", "replace").strip())
        self._check(claims, iss={"value": self._settings.issuer}, aud={"value": self._settings.client_id})
        return claims

    def _check_id_token(self, claims: Claims, nonce: str, access_token: str) -> None:
        self._check(
            claims,
            iss={"essential": True, "value": self._settings.issuer},
            aud={"essential": True, "value": self._settings.client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
        )
        if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
            raise _failed("the ID token answers another request")
        audience = claims["aud"]
        if isinstance(audience, list) and len(audience) > 1 and claims.get("azp") != self._settings.client_id:
            raise _failed("the ID token was made for another client")
        # Every algorithm of the settings ends in 256; OpenID Connect Core, 3.1.3.6.
        half = base64.urlsafe_b64encode(sha256(access_token.encode()).digest()[:16]).rstrip(b"=").decode()
        if claims.get("at_hash", half) != half:
            raise _failed("the access token is not the ID token's")

    def _check(self, claims: Claims, **options: Any) -> None:
        registry = jwt.JWTClaimsRegistry(now=int(self._now()), leeway=LEEWAY_SECONDS, **options)
        try:
            registry.validate(dict(claims))
        except JoseError as error:
            raise _failed(f"a claim is wrong ({error.error})") from None

    async def _verified(self, token: str) -> Claims:
        """The claims of a token with a good signature. Raises `Unauthorized`."""
        algorithm = self._settings.algorithm
        if algorithm == "HS256":
            key: OctKey | KeySet = OctKey.import_key(self._settings.client_secret.get_secret_value())
            return self._decoded(token, key)
        try:
            return self._decoded(token, await self._provider_keys())
        except Unauthorized:
            if self._keys is None or self._clock() - self._keys[0] < KEYS_AGAIN_SECONDS:
                raise
            self._keys = None  # the provider may have changed its keys
            return self._decoded(token, await self._provider_keys())

    def _decoded(self, token: str, key: OctKey | KeySet) -> Claims:
        try:
            claims = jwt.decode(token, key, algorithms=[self._settings.algorithm]).claims
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise _failed(f"a signature is not good ({type(error).__name__})") from None
        if not isinstance(claims, dict):
            raise _failed("a token holds no claims")
        return claims

    async def _provider_keys(self) -> KeySet:
        if self._keys is None or self._clock() - self._keys[0] > METADATA_SECONDS:
            found = await self._get_json(await self._endpoint("jwks_uri"))
            keys = [key for key in found.get("keys", ()) if isinstance(key, dict) and _is_usable(key)]
            self._keys = (self._clock(), KeySet.import_key_set({"keys": keys}))
        return self._keys[1]

    async def _get_json(self, url: str) -> dict[str, Any]:
        status, _, body = await self._request("GET", url, {"Accept": "application/json"})
        if status != 200:
            raise ProviderUnavailable(f"The OpenID provider answers HTTP {status}: check oidc.issuer.")
        return _object(body)

    async def _request(
        self, method: str, url: str, headers: dict[str, str], form: dict[str, str] | None = None
    ) -> tuple[int, str, bytes]:
        try:
            async with self._session.request(
                method, url, headers=headers, data=form, timeout=_TIMEOUT, allow_redirects=False
            ) as response:
                return response.status, response.content_type, await _body(response)
        except (aiohttp.ClientError, OSError, ValueError) as error:  # a timeout is an OSError too
            raise ProviderUnavailable(
                f"The OpenID provider does not answer ({type(error).__name__}): check oidc.issuer and the network."
            ) from None


def check_settings(settings: OidcSettings) -> None:
    """Raises `BadSettings`, naming the setting."""
    if not _is_safe(settings.issuer):
        raise BadSettings("oidc.issuer is not an address with https: write it as the provider does.")
    if not settings.client_id or not settings.client_secret.get_secret_value():
        raise BadSettings("oidc.client_id and oidc.client_secret are needed: the provider gives them.")
    if "openid" not in settings.scopes.split():
        raise BadSettings("oidc.scopes must hold openid.")


def _is_safe(url: str) -> bool:
    address = urlsplit(url)
    return address.scheme == "https" or (address.scheme == "http" and address.hostname in _LOOPBACK)


def _is_usable(key: dict[str, Any]) -> bool:
    """Keys of kinds we do not know are left aside: a provider may publish them beside ours."""
    if key.get("use", "sig") != "sig" or key.get("kty") not in ("RSA", "EC"):
        return False
    try:
        jwk.import_key(key)
    except (JoseError, ValueError, KeyError, TypeError):
        return False
    return True


def _with_query(url: str, parameters: dict[str, str]) -> str:
    return f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(parameters, quote_via=quote)}"


async def _body(response: aiohttp.ClientResponse) -> bytes:
    body = b""
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > _MOST_BYTES:
            raise ProviderUnavailable("The OpenID provider answers far more than it should.")
    return body


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise ProviderUnavailable("The OpenID provider answers something that is no JSON object.")
    return value


def _failed(why: str) -> Unauthorized:
    return Unauthorized(f"OpenID Connect: {why}.", "oidc_failed")
