"""Passing a caller on: at once (blind), or when whom they are passed to has answered (attended).

Attended: a call of our own to the target, with the context in headers of its INVITE, while the caller goes on hearing
us; once it is answered, a REFER with Replaces (RFC 3891) joins the two and both our calls end. A busy or silent
target costs the caller nothing. The caller's side must understand Replaces and says so in its INVITE; otherwise the
transfer is blind.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from urllib.parse import quote

from baresip import Call
from baresip.errors import BaresipError
from baresip.errors import TransferFailed as StackTransferFailed

from voice.leg import TransferMode
from voice.sip.outgoing import NotAnswered, Ring, hang_up

TRANSFER_SECONDS = 30.0
MAX_VALUE_CHARS = 128
USER_TO_USER = "User-to-User"
_OWN_HEADER = re.compile(r"X-[A-Za-z0-9-]{1,40}")
_VISIBLE = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")


class TransferImpossible(Exception):
    """The call stays with us. `str()` is the SIP status, `no_answer`, or `not_sent`."""


def context_headers(context: dict[str, str]) -> dict[str, str]:
    """The headers that carry a transfer's context: `X-…` as they are, User-to-User in hexadecimal (RFC 7433).

    Other names, and values that are long or not visible ASCII, are left out.
    """
    headers = {}
    for name, value in context.items():
        if len(value) > MAX_VALUE_CHARS or not _VISIBLE.fullmatch(value):
            continue
        if name.casefold() == USER_TO_USER.casefold():
            headers[USER_TO_USER] = f"{value.encode().hex()};encoding=hex"
        elif _OWN_HEADER.fullmatch(name):
            headers[name] = value
    return headers


def refer_target(uri: str, headers: dict[str, str]) -> str:
    """What Refer-To says of a blind transfer. In brackets: a bare URI with parameters would be malformed there."""
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in headers.items())
    return f"<{uri.strip('<>')}{'?' if query else ''}{query}>"


class Transfers:
    """One call's transfers. `ring` places the consultation call; `headers_in_blind` puts the context into Refer-To.

    `understands_replaces` tells whether the caller's side can be joined to another call.
    """

    def __init__(
        self, call: Call, ring: Ring, *, understands_replaces: Callable[[], bool], headers_in_blind: bool
    ) -> None:
        self._call = call
        self._ring = ring
        self._understands_replaces = understands_replaces
        self._headers_in_blind = headers_in_blind

    async def transfer(
        self, target: str, mode: TransferMode, context: dict[str, str], seconds: float = TRANSFER_SECONDS
    ) -> None:
        """Returns when the caller has been passed on. Raises `TransferImpossible`."""
        headers = context_headers(context)
        try:
            if mode is TransferMode.ATTENDED and self._understands_replaces():
                await self._attended(target.strip("<>"), headers)
            else:
                shown = headers if self._headers_in_blind else {}
                await self._call.transfer(refer_target(target, shown), timeout=seconds)
        except NotAnswered as failure:
            raise TransferImpossible(str(failure)) from None
        except StackTransferFailed as failure:
            raise TransferImpossible(str(failure.status or "no_answer")) from None
        except (BaresipError, ValueError):
            raise TransferImpossible("not_sent") from None

    async def _attended(self, target: str, headers: dict[str, str]) -> None:
        consultation = await self._ring(target, headers)
        try:
            await self._call.attended_transfer(consultation, timeout=TRANSFER_SECONDS)
        except BaseException:
            with contextlib.suppress(BaresipError):  # the stack has put the caller on hold for the transfer
                await self._call.resume()
            raise
        finally:  # RFC 5589 section 7.1: ours ends in any case
            await hang_up(consultation)
