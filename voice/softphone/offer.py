"""What a browser offers (SDP, RFC 8829), read and written anew.

Of the offer only what we need is taken, each value checked, and a small offer of our own is made of it: the WebRTC
library never sees a line that somebody else wrote. One codec is left in it, so that both sides use that one.

Browsers hide their addresses behind names under `.local` (mDNS) while they may not use the microphone. Such names are
not looked up, which would take a second of multicast: the browser's own checks tell us where it is (peer-reflexive
candidates, RFC 8445 section 7.3.1.3). For the same reason it is never said that no more candidates follow.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Literal

from bot.errors import BadMessage

MAX_SDP_CHARS = 64 * 1024
MAX_CANDIDATES = 20
"""A check is sent to each address that is named, so their number has an end."""

Law = Literal["PCMA", "PCMU"]
PAYLOAD_TYPES: Mapping[Law, int] = {"PCMA": 8, "PCMU": 0}
"""Static ones (RFC 3551 section 6), which every browser uses. The preferred first."""

_MID = re.compile(r"[A-Za-z0-9_-]{1,16}")
_UFRAG = re.compile(r"[A-Za-z0-9+/]{4,256}")
_PASSWORD = re.compile(r"[A-Za-z0-9+/]{22,256}")
_FINGERPRINT = re.compile(r"sha-(256|384|512) ([0-9A-Fa-f]{2}:){31,63}[0-9A-Fa-f]{2}", re.IGNORECASE)
_CANDIDATE = re.compile(
    r"(?P<foundation>[A-Za-z0-9+/]{1,32}) (?P<component>\d{1,3}) (?P<transport>[A-Za-z]{3,8}) (?P<priority>\d{1,10}) "
    r"(?P<address>[A-Za-z0-9.:-]{1,253}) (?P<port>\d{1,5}) typ (?P<type>host|srflx|relay)(?: .*)?",
)
_SETUPS = frozenset({"actpass", "active", "passive"})


@dataclass(frozen=True, slots=True)
class Offer:
    """A checked offer of sound both ways; see `read`."""

    mid: str
    ufrag: str
    password: str
    fingerprints: tuple[str, ...]
    setup: str
    law: Law
    candidates: tuple[str, ...]

    def sdp(self) -> str:
        """As an offer that contains nothing else."""
        payload_type = PAYLOAD_TYPES[self.law]
        lines = [
            "v=0",
            "o=- 1 1 IN IP4 0.0.0.0",
            "s=-",
            "t=0 0",
            f"a=group:BUNDLE {self.mid}",
            f"m=audio 9 UDP/TLS/RTP/SAVPF {payload_type}",
            "c=IN IP4 0.0.0.0",
            f"a=mid:{self.mid}",
            "a=sendrecv",
            "a=rtcp-mux",
            f"a=rtpmap:{payload_type} {self.law}/8000",
            f"a=ice-ufrag:{self.ufrag}",
            f"a=ice-pwd:{self.password}",
            *(f"a=fingerprint:{one}" for one in self.fingerprints),
            f"a=setup:{self.setup}",
            *(f"a=candidate:{one}" for one in self.candidates),
        ]
        return "".join(f"{line}\r\n" for line in lines)


def read(sdp: str) -> Offer:
    """Raises `BadMessage` for all but an offer of one sound, both ways, with G.711 and with addresses."""
    if len(sdp) > MAX_SDP_CHARS:
        raise BadMessage("The offer is too long.")
    lines = [line.strip() for line in sdp.splitlines() if line.strip()]
    media = [number for number, line in enumerate(lines) if line.startswith("m=")]
    if not lines or lines[0] != "v=0" or len(media) != 1:
        raise BadMessage("The offer is not one of sound alone.")
    session, sound = lines[: media[0]], lines[media[0] :]
    match sound[0][2:].split(" "):
        case ["audio", port, "UDP/TLS/RTP/SAVPF" | "RTP/SAVPF", *payload_types] if port.isdigit() and port != "0":
            pass
        case _:
            raise BadMessage("The offer is not one of sound alone.")
    if any(line in ("a=sendonly", "a=recvonly", "a=inactive") for line in (*session, *sound)):
        raise BadMessage("The offer is not one of sound both ways.")

    def value(name: str, allowed: re.Pattern[str]) -> str:
        # What the sound says of itself goes before what is said of the whole.
        found = next((one for part in (sound, session) for one in _values(part, name)), "")
        if not allowed.fullmatch(found):
            raise BadMessage(f"The offer has no {name}, or a wrong one.")
        return found

    fingerprints = tuple(_values(sound, "fingerprint") or _values(session, "fingerprint"))
    if not 1 <= len(fingerprints) <= 4 or not all(_FINGERPRINT.fullmatch(one) for one in fingerprints):
        raise BadMessage("The offer has no fingerprint, or a wrong one.")
    setup = value("setup", re.compile("|".join(_SETUPS)))
    return Offer(
        mid=value("mid", _MID),
        ufrag=value("ice-ufrag", _UFRAG),
        password=value("ice-pwd", _PASSWORD),
        fingerprints=fingerprints,
        setup=setup,
        law=_law(payload_types),
        candidates=_candidates(_values(sound, "candidate")),
    )


def _law(payload_types: list[str]) -> Law:
    for law, payload_type in PAYLOAD_TYPES.items():
        if str(payload_type) in payload_types:
            return law
    raise BadMessage("The offer has no G.711.")


def _candidates(offered: list[str]) -> tuple[str, ...]:
    """Those that can be used: UDP, of RTP, with an address."""
    if not offered:
        raise BadMessage("The offer has no addresses: it was sent before they were known.")
    kept = []
    for one in offered:
        found = _CANDIDATE.fullmatch(one)
        if found is None:
            raise BadMessage("The offer has a wrong address.")
        foundation, component, transport, priority, address, port, kind = found.groups()
        if component == "1" and transport.lower() == "udp" and 0 < int(port) < 65536 and _is_address(address):
            kept.append(f"{foundation} 1 udp {priority} {address} {port} typ {kind}")
    return tuple(dict.fromkeys(kept))[:MAX_CANDIDATES]


def _is_address(text: str) -> bool:
    try:
        address = ip_address(text)
    except ValueError:  # a name, as under .local
        return False
    return not (address.is_multicast or address.is_unspecified)


def _values(lines: list[str], name: str) -> list[str]:
    return [line.partition(":")[2] for line in lines if line.startswith(f"a={name}:")]
