"""Whether the SIP socket answers: an OPTIONS request over UDP (RFC 3261 section 11), for health checks.

Any reply counts, also a refusal: the stack is alive. Needs nothing of the stack itself.
"""

from __future__ import annotations

import asyncio
import secrets

ANSWER_SECONDS = 1.0


async def sip_answers(host: str, port: int, seconds: float = ANSWER_SECONDS) -> bool:
    """True when a SIP reply comes within `seconds`."""
    loop = asyncio.get_running_loop()
    replied: asyncio.Future[bool] = loop.create_future()
    try:
        transport, _ = await loop.create_datagram_endpoint(lambda: _Reply(replied), remote_addr=(host, port))
    except OSError:
        return False
    try:
        transport.sendto(_options(host, port, *transport.get_extra_info("sockname")[:2]))
        async with asyncio.timeout(seconds):
            return await replied
    except (OSError, TimeoutError):
        return False
    finally:
        transport.close()


class _Reply(asyncio.DatagramProtocol):
    def __init__(self, replied: asyncio.Future[bool]) -> None:
        self._replied = replied

    def datagram_received(self, data: bytes, addr: object) -> None:
        if data.startswith(b"SIP/2.0 ") and not self._replied.done():
            self._replied.set_result(True)

    def error_received(self, exc: Exception) -> None:
        if not self._replied.done():
            self._replied.set_result(False)


def _options(host: str, port: int, own_host: str, own_port: int) -> bytes:
    call_id = secrets.token_hex(8)
    lines = [
        f"OPTIONS sip:{host}:{port} SIP/2.0",
        f"Via: SIP/2.0/UDP {own_host}:{own_port};branch=z9hG4bK{call_id};rport",
        "Max-Forwards: 1",
        f"From: <sip:health@{own_host}>;tag={call_id}",
        f"To: <sip:{host}:{port}>",
        f"Call-ID: {call_id}@{own_host}",
        "CSeq: 1 OPTIONS",
        f"Contact: <sip:health@{own_host}:{own_port}>",
        "Content-Length: 0",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
