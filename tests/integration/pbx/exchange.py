"""Debian's Kamailio with the documented configuration, on free ports of the loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.integration.sip.line_under_test import free_port
from tests.integration.sip.tls_registrar import make_certificate
from tests.processes import ended
from voice.sip.ping import sip_answers

CONFIG = Path(__file__).with_name("kamailio.cfg")
PASSWORD = "only-a-test"
START_SECONDS = 15


@dataclass(frozen=True)
class Exchange:
    """Where callers, Guichet and people meet. `certificate` is also the authority that vouches for it."""

    port: int
    tls_port: int
    certificate: Path

    @property
    def uri(self) -> str:
        """What a caller dials."""
        return f"sip:0199001234@127.0.0.1:{self.port}"

    def account(self, transport: str = "udp", password: str = PASSWORD) -> dict[str, Any]:
        """Settings with which the line registers here."""
        port = self.tls_port if transport == "tls" else self.port
        return {
            "account": f"guichet@127.0.0.1:{port}",
            "password": password,
            "transport": transport,
            "ca_file": self.certificate if transport == "tls" else "",
            "polite_refusals": 0,
        }


@asynccontextmanager
async def kamailio(directory: Path, people_uri: str) -> AsyncIterator[Exchange]:
    """Runs while the block does. Whom Guichet does not take goes to `people_uri`."""
    certificate, key = make_certificate(directory, "exchange")
    exchange = Exchange(free_port(), free_port(), certificate)
    values = {
        "LISTEN": f"udp:127.0.0.1:{exchange.port}",
        "LISTEN_TCP": f"tcp:127.0.0.1:{exchange.port}",
        "LISTEN_TLS": f"tls:127.0.0.1:{exchange.tls_port}",
        "TLS_CERTIFICATE": f'"{certificate}"',
        "TLS_KEY": f'"{key}"',
        "GUICHET_PASSWORD": f'"{PASSWORD}"',
        "PEOPLE_URI": f'"{people_uri}"',
    }
    with (directory / "kamailio.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *("kamailio", "-f", str(CONFIG), "-DD", "-E", "-m", "32", "-M", "8", "-Y", str(directory)),
            *(option for name, value in values.items() for option in ("-A", f"{name}={value}")),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(START_SECONDS):
                while not await sip_answers("127.0.0.1", exchange.port):
                    assert process.returncode is None, (directory / "kamailio.log").read_text()
            yield exchange
        finally:
            await ended(process)
