"""Which web pages may use this server: origins as browsers write them, and the decision about one request.

A browser names the page that makes a request (`Origin`: scheme, host, port; RFC 6454), or declares the request to be
the page's own (`Sec-Fetch-Site`); a page can forge neither. So these two tell another site's page from ours. They do
not tell a program from a browser: that is not what they are for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from yarl import URL

_HOST = re.compile(r"(?!-)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?|[0-9a-f:.]+")
_HOST_CHARS_MAX = 253


def allowed(text: str) -> str:
    """An entry of `web.allowed_origins` as a browser writes it: `https://Mairie.example:443/` → `https://mairie.example`.

    Internationalised names become ASCII. Raises `ValueError` for anything but scheme, host and port.
    """
    url = _parsed(text)
    if url.path not in ("", "/"):
        raise ValueError(f"{text} has a path: only scheme, host and port, as https://www.example.fr")
    return str(url.origin())


def public(text: str) -> str:
    """`web.public_url` in its normal form, without a slash at the end; it may have a path. Raises `ValueError`."""
    return str(_parsed(text)).rstrip("/")


def origin_of(url: str) -> str:
    """The origin of a good address."""
    return str(URL(url).origin())


@dataclass(frozen=True, slots=True)
class Origins:
    """Whose pages may use this server. `own` is empty while no public address is set: then it is what the request was
    addressed to."""

    allowed: frozenset[str] = frozenset()
    own: frozenset[str] = frozenset()

    @classmethod
    def of(cls, allowed_origins: Iterable[str], public_url: str, local_url: str) -> Origins:
        """From settings that have been checked; `local_url` is how programs of this machine reach the server."""
        own = {origin_of(public_url), origin_of(local_url)} if public_url else set()
        return cls(frozenset(allowed_origins), frozenset(own))

    def admit(self, origin: str | None, sec_fetch_site: str | None, addressed_to: str) -> bool:
        """Whether a request may pass. `addressed_to` is the origin that it was sent to, by its own account."""
        if sec_fetch_site == "same-origin":
            return True
        if not origin or origin == "null":
            return False
        return origin in self.allowed or origin in (self.own or {addressed_to})

    def shares_with(self, origin: str | None) -> bool:
        """Whether answers may be read by pages of that origin, another than ours."""
        return origin in self.allowed

    @property
    def frame_ancestors(self) -> str:
        """Who may show our pages in a frame, for the Content-Security-Policy."""
        return " ".join(sorted(self.allowed)) or "'none'"


def _parsed(text: str) -> URL:
    if "*" in text:
        raise ValueError(f"{text} has a wildcard: name each site, as https://www.example.fr")
    try:
        url = URL(text.strip())
        port = url.port
    except ValueError:
        raise ValueError(f"{text} is not an address, as https://www.example.fr") from None
    host = url.raw_host or ""
    if url.scheme not in ("http", "https") or not host or port == 0:
        raise ValueError(f"{text} is not an address of the web, as https://www.example.fr")
    if url.user is not None or url.password is not None or url.query_string or url.fragment:
        raise ValueError(f"{text} has more than an address: write it as https://www.example.fr")
    if len(host) > _HOST_CHARS_MAX or not _HOST.fullmatch(host):
        raise ValueError(f"{text}: {host} is not the name of a server")
    return url
