"""Who may reach the stack: the kernel drops the packets of everyone else.

The stack accepts whoever reaches its sockets, and plays whatever sound packets arrive, whatever their source. Its
sockets are ours too (same process), so a classic socket filter (SO_ATTACH_FILTER, no privilege needed) is put on
each: a stranger's packet costs no time of the stack, gets no answer, and a TCP connection is never made.
IPv4, like the stack's sockets here.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

SO_ATTACH_FILTER = 26

_LOAD_WORD, _LOAD_HALF, _AND, _JUMP_EQUAL, _RETURN = 0x20, 0x28, 0x54, 0x15, 0x06
_NETWORK_HEADER = 0xFFF00000
_SOURCE_ADDRESS = _NETWORK_HEADER + 12
_SOURCE_PORT = 0
_WHOLE_PACKET = 0xFFFFFFFF

Instruction = tuple[int, int, int, int]
"""Operation, skip when true, skip when false, operand (`struct sock_filter`)."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where packets may come from; any port when it is 0."""

    network: IPv4Network
    port: int = 0


def admit_only(sources: Iterable[Source]) -> list[Instruction]:
    """The filter program; no source at all admits nobody."""
    program: list[Instruction] = []
    for source in sources:
        check_port = [(_LOAD_HALF, 0, 0, _SOURCE_PORT), (_JUMP_EQUAL, 0, 1, source.port)] if source.port else []
        program += [
            (_LOAD_WORD, 0, 0, _SOURCE_ADDRESS),
            (_AND, 0, 0, int(source.network.netmask)),
            (_JUMP_EQUAL, 0, len(check_port) + 1, int(source.network.network_address)),
            *check_port,
            (_RETURN, 0, 0, _WHOLE_PACKET),
        ]
    return [*program, (_RETURN, 0, 0, 0)]


def guard_port(port: int, sources: Iterable[Source]) -> int:
    """Puts the filter on every socket of this process that is bound to `port`; returns how many. Raises OSError."""
    program = admit_only(sources)
    guarded = 0
    for bound in _sockets(port):
        with bound:
            _attach(bound, program)
            guarded += 1
    return guarded


def _attach(bound: socket.socket, program: list[Instruction]) -> None:
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *instruction) for instruction in program))
    bound.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("@HP", len(program), ctypes.addressof(code)))


def _sockets(port: int) -> Iterator[socket.socket]:
    """Duplicates of the IPv4 sockets bound to `port`: UDP, and TCP that listens."""
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # closed meanwhile
            if not str(entry.readlink()).startswith("socket:"):
                continue
            found = socket.socket(fileno=os.dup(int(entry.name)))
            if found.family is socket.AF_INET and found.getsockname()[1] == port and not _is_connection(found):
                yield found
            else:
                found.close()


def _is_connection(found: socket.socket) -> bool:
    return found.type is socket.SOCK_STREAM and not found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
