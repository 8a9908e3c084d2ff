"""Where the browsers' sound comes in: the addresses and UDP ports of the settings, which a firewall can open.

aioice would take every address of the machine but loopback, and any free port. Its gathering is replaced by one of
the same shape: for each address a socket on a free port of the range, announced as a host candidate. An address that
is not the machine's own (outside a container, or beyond a NAT that keeps ports) is announced as it is, and the socket
listens on all of the machine's.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Sequence
from ipaddress import ip_address

from aioice import Candidate, Connection
from aioice.candidate import candidate_foundation, candidate_priority
from aioice.ice import StunProtocol

COMPONENT = 1
ANY_PORT = range(1)


def listen_at(connection: Connection, chosen: Sequence[str], ports: range) -> None:
    """Has the connection gather at these addresses (the machine's own when empty), on ports of this range."""

    async def get_component_candidates(component: int, addresses: list[str], **_: object) -> list[Candidate]:
        sockets = [await _listen(connection, address, ports) for address in chosen or addresses]
        found = [protocol for protocol in sockets if protocol is not None]
        connection._protocols += found
        return [protocol.local_candidate for protocol in found]

    vars(connection)["get_component_candidates"] = get_component_candidates


async def _listen(connection: Connection, address: str, ports: range) -> StunProtocol | None:
    """On the address itself, or on all of the machine's; None when no port is free."""
    everywhere = "0.0.0.0" if ip_address(address).version == 4 else "::"
    loop = asyncio.get_running_loop()
    for own in (address, everywhere):
        for port in random.sample(ports, len(ports)):
            with contextlib.suppress(OSError):
                _, protocol = await loop.create_datagram_endpoint(
                    lambda: StunProtocol(connection), local_addr=(own, port)
                )
                _announce(protocol, address)
                return protocol
    return None


def _announce(protocol: StunProtocol, address: str) -> None:
    protocol.local_candidate = Candidate(
        foundation=candidate_foundation("host", "udp", address),
        component=COMPONENT,
        transport="udp",
        priority=candidate_priority(COMPONENT, "host"),
        host=address,
        port=protocol.transport.get_extra_info("sockname")[1],
        type="host",
    )
