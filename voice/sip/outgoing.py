"""Calls that we place: asked for by the gateway, or to consult whom a caller is passed on to."""

from __future__ import annotations

import asyncio
import contextlib
import math
import re
from collections.abc import Awaitable, Callable

from baresip import Call, UserAgent
from baresip.call import CallState
from baresip.errors import BaresipError, CallFailed
from baresip.events import StackEvent

PLAIN_URI = re.compile(
    r"sips?:(?:[\w.!~*'()+&=$,-]+@)?(?P<host>[\w.-]+)(?::\d{1,5})?(?P<transport>;transport=\w+)?", re.ASCII
)
NO_ANSWER_STATUS = 408
LOOK_SECONDS = 0.05
"""Between two looks at whether a call that is given up has been replied to."""


class NotAnswered(Exception):
    """`str()` is the SIP status, `no_answer`, or `not_sent`."""


Ring = Callable[[str, dict[str, str]], Awaitable[Call]]
"""Places a call with these headers; returns once it is answered. Raises `NotAnswered`; cancelled, it hangs up."""


class Outgoing:
    """Places the calls of one account, and ends those that are given up: no telephone rings on with nobody behind it.

    Only a call that has been replied to can be cancelled (RFC 3261 section 9.1). Told to hang up before, the stack
    forgets the call but not its INVITE, which may not even have left yet; nobody would stop the ringing, or end the
    call of who answers. So the end waits for the reply, beside whoever has given the call up. A telephone that never
    replies is given up by the stack after 32 s (timer B). `has_replied` is asked about a SIP Call-ID.
    """

    def __init__(self, agent: UserAgent, has_replied: Callable[[str], bool]) -> None:
        self._agent = agent
        self._has_replied = has_replied
        self._ending: set[asyncio.Task[None]] = set()

    async def ring(self, uri: str, headers: dict[str, str], seconds: float) -> Call:
        """See `Ring`. Only plain SIP URIs are called: no headers, no parameters but the transport."""
        if not PLAIN_URI.fullmatch(uri):
            raise NotAnswered("not_sent")
        dialling = asyncio.create_task(dialled(self._agent, uri, headers))
        try:
            call = await asyncio.shield(dialling)  # cancelled, it would leave a call that nobody knows
            async with asyncio.timeout(seconds):
                await call.wait_established(math.inf)
        except asyncio.CancelledError:
            self._give_up(dialling)
            raise
        except TimeoutError:
            self._give_up(dialling)
            raise NotAnswered("no_answer") from None
        except CallFailed as error:
            status = error.status or 0
            raise NotAnswered(str(status) if status and status != NO_ANSWER_STATUS else "no_answer") from None
        except (BaresipError, ValueError):
            raise NotAnswered("not_sent") from None
        return call

    async def close(self) -> None:
        """Waits for no reply any more; the stack is about to end."""
        for task in self._ending:
            task.cancel()
        await asyncio.gather(*self._ending, return_exceptions=True)

    def _give_up(self, dialling: asyncio.Task[Call]) -> None:
        ending = asyncio.create_task(self._end(dialling))
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)

    async def _end(self, dialling: asyncio.Task[Call]) -> None:
        try:
            call = await dialling
        except (BaresipError, ValueError):
            return  # it was never placed
        while call.state is CallState.OUTGOING and not self._has_replied(str(call.call_id or "")):
            await asyncio.sleep(LOOK_SECONDS)
        await hang_up(call)


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
