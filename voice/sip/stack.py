"""Our settings in baresip's terms. Every oddity here was met on the wire; docs/telephone.md tells them all."""

from __future__ import annotations

import socket
from dataclasses import dataclass

from baresip import Account, Config

from bot.errors import BadSettings
from bot.settings import PhoneSettings

USER = "guichet"
RTP_TIMEOUT_SECONDS = 30
REGISTER_SECONDS = 300
EXPOSED_HEADERS = ("From", "To", "P-Asserted-Identity", "Diversion", "User-to-User")
CODECS = ("pcma", "pcmu")
"""Only G.711: speech recognition gets the telephone's 8 kHz in any case, and every line has it."""

ANY_ADDRESS = "0.0.0.0"


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
    if not (user and at and domain):
        raise BadSettings(f"phone.account is {phone.account!r}: write it as user@host, or leave it empty.")
    return Identity(user, domain)


def stack_config(phone: PhoneSettings) -> Config:
    """The whole stack. Raises `BadSettings`."""
    lines = [
        f"sip_listen {phone.host}:{phone.port}",
        f"rtp_ports {_rtp_ports(phone)}",
        # The first number is added to every answer (100 by default); the second is how late a burst may come.
        "audio_jitter_buffer_ms 40-400",
    ]
    if phone.transport == "tls" and phone.account:
        if not phone.ca_file:
            raise BadSettings("phone.transport is tls: set phone.ca_file to the authorities that vouch for the server.")
        # Without both lines any certificate would be believed.
        lines += ["sip_verify_server yes", f"sip_cafile {phone.ca_file}"]
    return Config(
        # Named by address: loopback is otherwise never used.
        net_interface=None if phone.host == ANY_ADDRESS else phone.host,
        max_concurrent_calls=phone.max_calls,
        rtp_timeout=RTP_TIMEOUT_SECONDS,
        expose_headers=EXPOSED_HEADERS,
        extra_config_text="\n".join(lines) + "\n",
    )


def account(phone: PhoneSettings) -> Account:
    """The account that calls arrive on. A trunk may dial any number of ours, so every user part is answered."""
    me = identity(phone)
    try:
        return Account(
            me.user,
            me.domain,
            phone.password.get_secret_value(),
            reg_interval=REGISTER_SECONDS if phone.account else 0,
            transport=phone.transport if phone.account else "udp",
            audio_codecs=CODECS,
            extra_params=("catchall=yes",),
        )
    except ValueError as error:
        raise BadSettings(f"phone.account or phone.password cannot be used: {error}.") from None


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
    if not 1024 <= first < last <= 65535 or last - first + 1 < 4 * phone.max_calls:
        raise BadSettings(
            f"phone.rtp_ports is {phone.rtp_ports}: write first-last, 1024 to 65535, with at least four "
            f"ports for each of the {phone.max_calls} calls of phone.max_calls."
        )
    return f"{first}-{last}"
