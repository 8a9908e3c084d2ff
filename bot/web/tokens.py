"""Bearer tokens of requests."""

from __future__ import annotations

import hmac

from aiohttp import web


def bearer(request: web.Request) -> str:
    """The token of the Authorization header; empty when there is none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def bears(request: web.Request, token: str) -> bool:
    """Whether the request carries exactly that token; never, when it is empty."""
    return bool(token) and hmac.compare_digest(bearer(request).encode("utf-8", "replace"), token.encode())
