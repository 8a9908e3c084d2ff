"""How fast one address may begin conversations and send messages; `bot/limits.py` counts."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from bot.limits import Addresses, AddressLimit
from bot.settings import WebSettings


class AddressLimits:
    """Told of what visitors begin and send; raises `TooFast`. Addresses are neither logged nor stored."""

    def __init__(self, settings: WebSettings, clock: Callable[[], float]) -> None:
        self._addresses = Addresses(settings.trusted_proxies)
        self._conversations = AddressLimit(settings.address_conversations_per_minute, clock)
        self._messages = AddressLimit(settings.address_messages_per_minute, clock)

    def conversation(self, request: web.Request) -> None:
        """One conversation begun."""
        self._conversations.count(self._sender(request))

    def message(self, request: web.Request) -> None:
        """One message sent."""
        self._messages.count(self._sender(request))

    def _sender(self, request: web.Request) -> str:
        peer = request.transport and request.transport.get_extra_info("peername")
        host = peer[0] if isinstance(peer, tuple) else None
        return self._addresses.sender(host, request.headers.getall("X-Forwarded-For", ()))
