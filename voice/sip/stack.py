"""Our settings in baresip's terms. Every oddity here was met on the wire; docs/telephone.md tells them all."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network

from baresip import Account, Config

from bot.errors import BadSettings
from bot.settings import PhoneSettings

USER = "guichet"
EXPOSED_HEADERS = ("From", "To", "P-Asserted-Identity", "Diversion", "User-to-User")
CODECS = {"pcma": "pcma", "pcmu": "pcmu", "g722": "g722/16000/1", "opus": "opus/48000/2"}
"""The stack's names of what `phone.codecs` may list."""
ENCRYPTIONS = {"none": "", "srtp": "srtp", "srtp_required": "srtp-mand", "dtls_srtp": "dtls_srtp"}
"""The stack's names of what `phone.encryption` may be."""
PORTS_PER_CALL = 4
"""Sound and its RTCP, and as much for the picture that no caller shows but the stack prepares for."""
PORTS_PER_CONSULTATION = 2

NO_JITTER_BUFFER = "audio_jitter_buffer_type off"
"""Sound is read as it comes. Of packets that are due together the stack's buffer keeps the last one only: of a caller
whose network delivers in bursts, or while this machine is busy, most would be lost. Speech that is recognised need not
be played in time; what has to be is evened out where it is played (`voice.joining`)."""

ANY_ADDRESS = "0.0.0.0"
_SOMEBODYS_URI = re.compile(r"<?(sips?|tel):[^\s<>]+>?")


@dataclass(frozen=True, slots=True)
class Identity:
    """The two halves of `phone.account`, or of the address that we answer at without one."""

    user: str
    domain: str

    @property
    def uri(self) -> str:
        """As a caller dials it."""
        return f"sip:{self.user}@{self.domain}"


def identity(phone: PhoneSettings) -> Identity:
    """Who we are on the line. Raises `BadSettings`."""
    if not phone.account:
        host = "127.0.0.1" if phone.host == ANY_ADDRESS else phone.host
        return Identity(USER, f"{host}:{phone.port}")
    user, at, domain = phone.account.removeprefix("sip:").partition("@")
    port = re.search(r":([^:\]]*)$", domain)
    if not (user and at and domain) or (port and not (port[1].isdecimal() and 0 < int(port[1]) < 65536)):
        raise BadSettings(
            f"phone.account is {phone.account!r}: write it as user@host or user@host:port, or not at all."
        )
    return Identity(user, domain)


def check(phone: PhoneSettings) -> None:
    """Raises `BadSettings` for whatever can be known to be wrong before anything is tried on the network."""
    stack_config(phone)
    account(phone)
    number_accounts(phone)
    allowed_networks(phone)
    if phone.transfer_to and not _SOMEBODYS_URI.fullmatch(phone.transfer_to):
        # A name before the address has no place in what we send, and the stack refuses its spaces.
        named = re.search(r"<((sips?|tel):[^\s<>]+)>", phone.transfer_to)
        uri = named[1] if named else "sip:4000@pbx.example"
        raise BadSettings(f"phone.transfer_to is {phone.transfer_to!r}: write the SIP URI alone, as {uri}.")
    if phone.transport == "tls" and phone.account:
        try:
            ssl.create_default_context(cafile=phone.ca_file)
        except OSError as error:  # ssl.SSLError, for a file that holds none, among them
            raise BadSettings(
                f"phone.ca_file is {phone.ca_file}, which cannot be read as certificates ({error.strerror}): "
                "name a PEM file of the authorities that vouch for the PBX."
            ) from None


def stack_config(phone: PhoneSettings) -> Config:
    """The whole stack. Raises `BadSettings`."""
    lines = [
        f"sip_listen {phone.host}:{phone.port}",
        f"rtp_ports {_rtp_ports(phone)}",
        NO_JITTER_BUFFER,
    ]
    if phone.transport == "tls" and phone.account:
        if not phone.ca_file:
            raise BadSettings("phone.transport is tls: set phone.ca_file to the authorities that vouch for the server.")
        # Without both lines any certificate would be believed.
        lines += ["sip_verify_server yes", f"sip_cafile {phone.ca_file}"]
    return Config(
        # Named by address: loopback is otherwise never used.
        net_interface=None if phone.host == ANY_ADDRESS else phone.host,
        # Each caller may be with an agent whose telephone we have rung.
        max_concurrent_calls=2 * phone.max_calls + phone.polite_refusals,
        rtp_timeout=phone.sound_timeout_seconds,
        expose_headers=EXPOSED_HEADERS,
        # Read by `voice.sip.trace`; nothing of it reaches the log.
        sip_trace=True,
        extra_config_text="\n".join(lines) + "\n",
    )


def account(phone: PhoneSettings) -> Account:
    """The account that calls arrive on. Without `phone.numbers` every user part is answered: trunks dial several."""
    me = identity(phone)
    try:
        return Account(
            me.user,
            me.domain,
            phone.password.get_secret_value(),
            reg_interval=phone.register_seconds if phone.account else 0,
            transport=phone.transport if phone.account else "udp",
            audio_codecs=_codecs(phone),
            auth_user=phone.auth_user or None,
            extra_params=(*_own_params(phone), *(() if phone.numbers else ("catchall=yes",))),
        )
    except ValueError as error:
        raise BadSettings(f"phone.account, phone.auth_user or phone.password cannot be used: {error}.") from None


def listening_aor(account: Account) -> str:
    """The account in the stack's own form. Unregistered, it is called over UDP and TCP alike: no transport is named."""
    aor = str(account.aor())
    return aor if account.reg_interval else aor.replace(";transport=udp", "", 1)


def number_accounts(phone: PhoneSettings) -> list[Account]:
    """One more account, never registered, for each of `phone.numbers`: the stack answers 404 to all others."""
    me = identity(phone)
    numbers = [number for number in _listed(phone.numbers) if number != me.user]
    try:
        return [
            Account(number, me.domain, "", reg_interval=0, audio_codecs=_codecs(phone), extra_params=_own_params(phone))
            for number in numbers
        ]
    except ValueError as error:
        raise BadSettings(f"phone.numbers cannot be used: {error}.") from None


def allowed_networks(phone: PhoneSettings) -> list[IPv4Network]:
    """`phone.allowed_peers`; empty when everyone may call. Raises `BadSettings`."""
    try:
        return [IPv4Network(network, strict=False) for network in _listed(phone.allowed_peers)]
    except ValueError as error:
        raise BadSettings(
            f"phone.allowed_peers cannot be used ({error}): write IPv4 addresses or networks, separated by commas."
        ) from None


def _listed(text: str) -> Iterator[str]:
    return (part for part in re.split(r"[,\s]+", text) if part)


def _codecs(phone: PhoneSettings) -> tuple[str, ...]:
    names = list(_listed(phone.codecs))
    if not names or any(name not in CODECS for name in names):
        raise BadSettings(
            f"phone.codecs is {phone.codecs!r}: list some of {', '.join(CODECS)}, the preferred one first."
        )
    return tuple(CODECS[name] for name in names)


def _own_params(phone: PhoneSettings) -> tuple[str, ...]:
    # Whoever has called us may not send us elsewhere (REFER).
    params = ["call_transfer=no"]
    if encryption := ENCRYPTIONS[phone.encryption]:
        params.append(f"mediaenc={encryption}")
    return tuple(params)


def check_listening_address(phone: PhoneSettings) -> None:
    """Raises `BadSettings`, naming the setting, when the SIP port cannot be had."""
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            if kind is socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((phone.host, phone.port))
            except OSError as error:
                raise BadSettings(_bind_fault(phone, error)) from None


def _bind_fault(phone: PhoneSettings, error: OSError) -> str:
    if isinstance(error, socket.gaierror) or error.errno == 99:  # EADDRNOTAVAIL
        return f"phone.host is {phone.host}, which is not an address of this machine: correct it."
    if isinstance(error, PermissionError):
        return f"phone.port is {phone.port}, which this user may not listen on: choose one above 1023."
    return (
        f"phone.port {phone.port} on {phone.host} is taken by another program: stop that program, "
        f"or set phone.port (GUICHET_PHONE__PORT) to a free port."
    )


def _rtp_ports(phone: PhoneSettings) -> str:
    first, last = (int(part) for part in phone.rtp_ports.split("-"))
    calls = phone.max_calls + phone.polite_refusals
    needed = PORTS_PER_CALL * calls + PORTS_PER_CONSULTATION * phone.max_calls
    if not 1024 <= first < last <= 65535 or last - first + 1 < needed:
        raise BadSettings(
            f"phone.rtp_ports is {phone.rtp_ports}: write first-last, 1024 to 65535, with at least {needed} ports "
            f"for the {calls} calls of phone.max_calls and phone.polite_refusals."
        )
    return f"{first}-{last}"
