"""All calls of these lines: admission, one bridge each, and the ledger that the dialplans read."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
from collections.abc import AsyncIterator
from pathlib import Path

import structlog

from bot.errors import BadSettings, Busy
from bot.settings import Settings
from voice.leg import CallInfo
from voice.line_client import Refused, connect
from voice.lines.bridge import CallBridge
from voice.lines.far_side import FarSide
from voice.lines.ledger import CallLedger

log = structlog.get_logger(__name__)

STOP_SECONDS = 8.0
LEAVING_SECONDS = 1.0
"""How long a call waits for the place of one that is over: Asterisk gives up after two seconds of nothing."""
MAX_AT_THE_DOOR = 20
"""Connections that have not yet shown who they are: they must not take the places of callers."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class LineCalls:
    """Shared by the servers of one process. A connection we trust takes a place before it has said a word."""

    def __init__(self, settings: Settings, socket_path: Path) -> None:
        self.ledger = CallLedger()
        self.max_calls = settings.phone.max_calls
        self._socket_path = socket_path
        self._idle_seconds = settings.lines.idle_timeout_seconds
        self._peers = networks(settings.lines.allowed_peers)
        self._places = 0
        self._at_the_door = 0
        self._bridges: set[CallBridge] = set()
        self._over = asyncio.Event()
        self._stopping = False

    def allows(self, address: str | None) -> bool:
        """Whether a PBX may connect from this IP address."""
        try:
            peer = ipaddress.ip_address((address or "").partition("%")[0])
        except ValueError:
            return False
        peer = getattr(peer, "ipv4_mapped", None) or peer
        return any(peer in network for network in self._peers)

    @property
    def is_full(self) -> bool:
        """Whether one more call would be too many."""
        return self._stopping or self._places >= self.max_calls

    async def has_gateway(self) -> bool:
        """Whether the gateway would hear of a call now."""
        try:
            link = await connect(self._socket_path)
        except Refused:
            return False
        await link.drop()
        return True

    async def has_place(self) -> bool:
        """Whether one more call may come: at once, or as soon as the gateway is done with one that is over."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LEAVING_SECONDS):
                while self.is_full and any(bridge.is_over for bridge in self._bridges):
                    self._over.clear()
                    await self._over.wait()
        return not self.is_full

    @contextlib.asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """One place, for as long as a connection lasts. Raises `Busy`."""
        if not await self.has_place():
            raise Busy("All places are taken.")
        self._places += 1
        try:
            yield
        finally:
            self._places -= 1

    @contextlib.asynccontextmanager
    async def door(self) -> AsyncIterator[None]:
        """Lets a stranger in as far as the door. Raises `Busy`."""
        if not await self.has_place() or self._at_the_door >= MAX_AT_THE_DOOR:
            raise Busy("Too many strangers at the door.")
        self._at_the_door += 1
        try:
            yield
        finally:
            self._at_the_door -= 1

    async def carry(self, far: FarSide, info: CallInfo) -> None:
        """One call from beginning to end, on a place. Never raises for what either side does."""
        bridge = CallBridge(
            far, info, socket_path=self._socket_path, ledger=self.ledger, idle_seconds=self._idle_seconds
        )
        self._bridges.add(bridge)
        log.info("lines.call_started", protocol=info.protocol, calls=len(self._bridges))
        try:
            if self._stopping:
                bridge.stop("line_stopped")
            await bridge.run()
        except Exception:  # the supervisor of one call
            log.exception("lines.call_failed", protocol=info.protocol)
        finally:
            self._bridges.discard(bridge)
            self._over.set()
            log.info("lines.call_ended", protocol=info.protocol, calls=len(self._bridges))

    async def stop(self) -> None:
        """Refuses new calls and ends the others; their callers go to people."""
        self._stopping = True
        for bridge in list(self._bridges):
            bridge.stop("line_stopped")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                while self._bridges:
                    self._over.clear()
                    await self._over.wait()


def networks(listed: str) -> list[Network]:
    """Raises `BadSettings` for what is not an IP network."""
    try:
        return [ipaddress.ip_network(part.strip()) for part in listed.split(",") if part.strip()]
    except ValueError as error:
        raise BadSettings(f"lines.allowed_peers: {error}. Write networks as 192.0.2.0/24, with commas.") from None
