"""Where the sound of each call comes from, what its caller understands, and whether whom we call has replied yet, read
off the stack's own SIP trace.

The stack tells neither the addresses in the session descriptions nor the ports of its sockets, and of a header with
several values only the first; but it can log every message (`RX UDP 192.0.2.7:5060 -> 192.0.2.10:5070`, then the
message). The sound of a call comes to the port in our latest description, from the address in the other side's
(RFC 4566 sections 5.7 and 5.14; RFC 4961 makes the port that of the other side's too). Of replies to our INVITE the
stack keeps 100 to itself. Messages hold numbers and names: nothing of them is kept or logged. Pure.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass
from ipaddress import IPv4Address

MAX_CALLS = 2048
_SUPPORTED = re.compile(r"^(?:Supported|k)\s*:\s*(.*?)\s*$", re.IGNORECASE | re.MULTILINE)
_CALL_ID = re.compile(r"^(?:Call-ID|i)\s*:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
_INVITE_NUMBER = re.compile(r"^CSeq\s*:\s*(\d{1,10})\s+INVITE\s*$", re.IGNORECASE | re.MULTILINE)
_PROVISIONAL = "SIP/2.0 1"


@dataclass(frozen=True, slots=True)
class SoundRoute:
    """One direction of one call's sound: from where, to which of our ports."""

    our_port: int
    address: IPv4Address
    port: int


@dataclass(frozen=True, slots=True)
class Seen:
    """What a message tells of a call's sound. `route` only when it is complete and new.

    `address_withheld`: the other side has put us on hold as before RFC 3264, with 0.0.0.0 for an address; None when the
    message does not come from it.
    """

    call_id: str
    route: SoundRoute | None
    address_withheld: bool | None


@dataclass(slots=True)
class _Call:
    our_port: int = 0
    address: IPv4Address | None = None
    port: int = 0
    told: SoundRoute | None = None
    replaces: bool = False
    invite: int = 0
    replied_to: int = 0

    def news(self) -> SoundRoute | None:
        """The route, when it is complete and not told yet."""
        if not self.our_port or self.address is None:
            return None
        route = SoundRoute(self.our_port, self.address, self.port)
        if route == self.told:
            return None
        self.told = route
        return route


class CallTraces:
    """Follows all calls. One thread may call `saw` while another asks the rest."""

    def __init__(self) -> None:
        self._calls: OrderedDict[str, _Call] = OrderedDict()

    def saw(self, record: str) -> Seen | None:
        """Takes one record of the trace. None when it does not describe sound."""
        line, _, message = record.partition("\n")
        head, _, body = message.partition("\r\n\r\n")
        call_id = _CALL_ID.search(head)
        if call_id is None:
            return None
        if line.startswith("RX") and head.startswith("INVITE ") and "replaces" in _options(head):
            self._of(call_id[1]).replaces = True
        if (number := _INVITE_NUMBER.search(head)) is not None:
            self._saw_invite(call_id[1], int(number[1]), line, head)
        if (found := sound_address(body)) is None:
            return None
        call, (address, port) = self._of(call_id[1]), found
        if line.startswith("TX"):
            call.our_port = port
            return Seen(call_id[1], call.news(), None)
        withheld = address is not None and address.is_unspecified
        if address is not None and not withheld:
            call.address, call.port = address, port
        return Seen(call_id[1], call.news(), withheld)

    def understands_replaces(self, call_id: str) -> bool:
        """Whether the caller may be passed on with Replaces (RFC 3891 section 6.2)."""
        call = self._calls.get(call_id)
        return call is not None and call.replaces

    def has_replied(self, call_id: str) -> bool:
        """Whether our INVITE has had a provisional reply; of several (after a 401 or 407), the last one."""
        call = self._calls.get(call_id)
        return call is not None and 0 < call.invite == call.replied_to

    def _saw_invite(self, call_id: str, number: int, line: str, head: str) -> None:
        if line.startswith("TX") and head.startswith("INVITE "):
            self._of(call_id).invite = number
        elif line.startswith("RX") and head.startswith(_PROVISIONAL) and (call := self._calls.get(call_id)) is not None:
            call.replied_to = number

    def _of(self, call_id: str) -> _Call:
        call = self._calls.setdefault(call_id, _Call())
        self._calls.move_to_end(call_id)
        if len(self._calls) > MAX_CALLS:
            self._calls.popitem(last=False)
        return call


def _options(head: str) -> set[str]:
    return {option.strip().casefold() for line in _SUPPORTED.findall(head) for option in line.split(",")}


def sound_address(sdp: str) -> tuple[IPv4Address | None, int] | None:
    """Address and port of the first sound stream; no address when it is a name. None when there is no sound at all."""
    session, connection, port, media = "", "", 0, ""
    for line in sdp.splitlines():
        if line.startswith("m="):
            if port:
                break
            media, _, rest = line[2:].partition(" ")
            number = rest.partition(" ")[0].partition("/")[0]
            port = int(number) if media == "audio" and number.isascii() and number.isdigit() else 0
        elif line.startswith("c=IN IP4 "):
            address = line[9:].partition("/")[0].strip()
            if not media:
                session = address
            elif port:
                connection = address
    if not port:
        return None
    try:
        return IPv4Address(connection or session), port
    except ValueError:
        return None, port
