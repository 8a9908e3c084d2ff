"""Calls that we place: asked for by the gateway, or to consult whom a caller is passed on to."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable

from baresip import Call, UserAgent
from baresip.errors import BaresipError, CallFailed, CallTimeout
from baresip.events import StackEvent

PLAIN_URI = re.compile(
    r"sips?:(?:[\w.!~*'()+&=$,-]+@)?(?P<host>[\w.-]+)(?::\d{1,5})?(?P<transport>;transport=\w+)?", re.ASCII
)
NO_ANSWER_STATUS = 408


class NotAnswered(Exception):
    """`str()` is the SIP status, `no_answer`, or `not_sent`."""


Ring = Callable[[str, dict[str, str]], Awaitable[Call]]
"""Places a call with these headers; returns once it is answered. Raises `NotAnswered`; cancelled, it hangs up."""


async def ring(agent: UserAgent, uri: str, headers: dict[str, str], seconds: float) -> Call:
    """See `Ring`. Only plain SIP URIs are called: no headers, no parameters but the transport."""
    if not PLAIN_URI.fullmatch(uri):
        raise NotAnswered("not_sent")
    try:
        call = await dialled(agent, uri, headers)
    except (BaresipError, ValueError):
        raise NotAnswered("not_sent") from None
    try:
        await call.wait_established(seconds)
    except CallTimeout:
        raise NotAnswered("no_answer") from None
    except CallFailed as error:
        status = error.status or 0
        raise NotAnswered(str(status) if status and status != NO_ANSWER_STATUS else "no_answer") from None
    except asyncio.CancelledError:
        await hang_up(call)
        raise
    return call


async def dialled(agent: UserAgent, uri: str, headers: dict[str, str] | None = None) -> Call:
    """The stack's `dial`, without its gap. Raises as it does.

    The stack's call begins to listen when the task that dials is next run. On a busy machine the answer, or the
    refusal, of a near telephone comes before: it would never be heard of, and the call ring on until its time is up.
    """
    early: list[StackEvent] = []

    def keep(event: StackEvent) -> None:
        early.append(event)

    agent.on(keep)
    try:
        call = await agent.dial(uri, headers)
    finally:
        agent.off(keep)
    for event in early:  # nothing has run since the call began to listen: none is told twice
        call._on_stack_event(event)
    return call


def toward(uri: str, domain: str, transport: str) -> str:
    """The URI with the transport of our own registration, when it leads to the same server and names none."""
    found = PLAIN_URI.fullmatch(uri)
    if not found or found["transport"] or transport == "udp" or found["host"] != domain.partition(":")[0]:
        return uri
    return f"{uri};transport={transport}"


async def hang_up(call: Call) -> None:
    """Ends a call in any state, if it is still there."""
    with contextlib.suppress(BaresipError):
        await call.hangup()
