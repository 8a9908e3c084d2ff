"""Ports for servers that take some seconds to start.

Not from the system's own range (from 32768 on Linux): what it gives out as free may, until the server is there, have
become the near end of another test's connection. And none twice: the first to have been given a number may not have
begun to listen there when the next asks.
"""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator

# Above the ports of the service's sound, below those of the softphone's.
FIRST, LAST = 22000, 30999


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port of the loopback that nobody has now, and that nobody is given by the system."""
    return next(port for port in _numbers if is_free(port, kind) and is_free(port + 1, socket.SOCK_STREAM))


def is_free(port: int, *kinds: socket.SocketKind) -> bool:
    """Whether nobody listens there."""
    for kind in kinds:
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


def once_each(numbers: range) -> Iterator[int]:
    """All of them in turn, for ever, from anywhere: another process of tests most likely begins elsewhere."""
    at = random.SystemRandom().randrange(len(numbers))
    while True:
        yield numbers[at % len(numbers)]
        at += 1


# Even ones: whoever speaks SIP takes the port after its own too.
_numbers = once_each(range(FIRST, LAST, 2))
