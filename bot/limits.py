"""How often one address may ask: a bucket of tokens for each, that fills again steadily.

An address is an IPv4 address or an IPv6 /64, the smallest thing that one household or library is given. It is known
here only by a digest with a key of this process: it can be counted, not read. Counts are soft, for floods; what one
conversation may send is counted in the conversation.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from bot.errors import TooFast

_ADDRESSES_KEPT = 20_000
_MINUTE_SECONDS = 60.0
_IPV6_PREFIX = 64
_HOPS_MAX = 20

Network = IPv4Network | IPv6Network


class AddressLimit:
    """At most `per_minute` in a minute for each address, all at once if need be. `clock` never goes back."""

    def __init__(self, per_minute: int, clock: Callable[[], float]) -> None:
        self._size = float(per_minute)
        self._per_second = per_minute / _MINUTE_SECONDS
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._buckets: OrderedDict[bytes, tuple[float, float]] = OrderedDict()  # digest → tokens, as of when

    def count(self, address: str) -> None:
        """One more from there. Raises `TooFast`. An empty address is not counted."""
        if not address:
            return
        now = self._clock()
        digest = hashlib.blake2b(address.encode(), key=self._key, digest_size=16).digest()
        tokens, since = self._buckets.pop(digest, (self._size, now))
        tokens = min(self._size, tokens + (now - since) * self._per_second)
        enough = tokens >= 1
        self._buckets[digest] = (tokens - 1 if enough else tokens, now)
        while len(self._buckets) > _ADDRESSES_KEPT:
            self._buckets.popitem(last=False)
        if not enough:
            raise TooFast("Too many requests from one address.", (1 - tokens) / self._per_second)


class Addresses:
    """Who sends a request, through the proxies that are trusted to say it."""

    def __init__(self, trusted_proxies: Iterable[str]) -> None:
        self._trusted: Sequence[Network] = [ip_network(one, strict=False) for one in trusted_proxies]

    def sender(self, peer: str | None, forwarded_for: Sequence[str]) -> str:
        """The address to count by, from the connection and its X-Forwarded-For headers, or "" for this machine's own.

        Each proxy appends whom it heard: so the list is read from its end, as far as it was written by trusted ones.
        """
        address = _address(peer or "")
        hops = [hop for header in forwarded_for for hop in header.split(",")][-_HOPS_MAX:]
        while address is not None and hops and self._is_trusted(address):
            named = _address(hops.pop())
            if named is None:
                break
            address = named
        if address is None or address.is_loopback:
            return ""
        if isinstance(address, IPv6Address):
            return str(ip_network((address, _IPV6_PREFIX), strict=False))
        return str(address)

    def _is_trusted(self, address: IPv4Address | IPv6Address) -> bool:
        return any(address in network for network in self._trusted)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """An address in one of the forms that proxies write, with a port or in brackets; None when it is none."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address
