"""Who may connect over the web: Basic and bearer credentials, and Twilio's signature. Pure; every comparison takes
the same time whatever is wrong.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit


def same(given: str, expected: str) -> bool:
    """Never true for an empty secret. A header may hold bytes that are no text."""
    return bool(expected) and hmac.compare_digest(given.encode(errors="surrogateescape"), expected.encode())


def is_basic(header: str, user: str, password: str) -> bool:
    """Whether an Authorization header holds these (RFC 7617)."""
    name, secret = basic_parts(header)
    is_user, is_password = same(name, user), same(secret, password)
    return is_user and is_password


def basic_parts(header: str) -> tuple[str, str]:
    """User and password of an Authorization header; empty when it holds none."""
    scheme, _, coded = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        user, _, password = base64.b64decode(coded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    return user, password


def is_token(header: str, token: str) -> bool:
    """Whether an Authorization header holds the token: as bearer, or as a Basic password under any name."""
    scheme, _, value = header.partition(" ")
    given = value.strip() if scheme.lower() == "bearer" else basic_parts(header)[1]
    return same(given, token)


def twilio_signature(url: str, form: Mapping[str, str], auth_token: str) -> str:
    """What Twilio puts in X-Twilio-Signature: HMAC-SHA1 of the URL and the sorted POST fields, in Base64.

    Source: Twilio, "Webhooks security". A stream's upgrade has no fields, and its URL begins with wss://.
    """
    signed = url + "".join(f"{name}{form[name]}" for name in sorted(form))
    return base64.b64encode(hmac.new(auth_token.encode(), signed.encode(), hashlib.sha1).digest()).decode()


def is_signed(signature: str, urls: Iterable[str], form: Mapping[str, str], auth_token: str) -> bool:
    """Whether the signature is Twilio's for one of these URLs."""
    if not auth_token:
        return False
    return any(same(signature, twilio_signature(url, form, auth_token)) for url in urls)


def signed_urls(public_url: str, host: str, path: str, *, is_stream: bool) -> list[str]:
    """How Twilio may have written our address. `public_url` when set; else the Host header, over TLS.

    Twilio reaches streams over TLS only, and its own libraries try the address with and without its port.
    """
    base = urlsplit(public_url if public_url else f"https://{host}")
    hosts = {base.netloc, f"{base.hostname}:{base.port or 443}", base.hostname or ""}
    scheme = "wss" if is_stream else "https"
    whole = base.path.rstrip("/") + path
    return [f"{scheme}://{name}{ending}" for name in sorted(hosts) for ending in (whole, f"{whole}/")]
