"""The SIP line as a whole: the stack, its accounts, who may reach it, and a bridge for each call."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable
from ipaddress import IPv4Network
from pathlib import Path

import structlog
from baresip import Account, Call, Runtime, UserAgent
from baresip.errors import BaresipError, RegistrationError
from baresip.events import Event, StackEvent

from bot.errors import BadSettings, LineUnavailable
from bot.settings import PhoneSettings
from voice.framing import Dial
from voice.leg import CallInfo
from voice.sip.bridge import CallBridge
from voice.sip.dialler import Dialler
from voice.sip.guard import Source, guard_port
from voice.sip.outgoing import NotAnswered, Outgoing, toward
from voice.sip.registering import why_not_registered
from voice.sip.sound_guard import SoundGuard
from voice.sip.stack import (
    account,
    allowed_networks,
    check,
    check_listening_address,
    identity,
    listening_aor,
    number_accounts,
    stack_config,
)
from voice.sip.trace import CallTraces
from voice.sip.transfer import Transfers

log = structlog.get_logger(__name__)

MAX_HEADER_CHARS = 256
DRAIN_SECONDS = 4.0
UNREGISTER_SECONDS = 2.0
SIP_SOCKETS = 2
"""One for UDP, one for TCP."""

Report = Callable[[str, dict[str, object]], None]
"""Receives what a supervisor wants to know: event name and fields, without anything personal."""


class SipLine:
    """`start`, then calls are carried until `stop`. `on_dead` is called should the stack's thread end by itself."""

    def __init__(self, phone: PhoneSettings, socket_path: Path, report: Report, on_dead: Callable[[], None]) -> None:
        self.is_dead = False
        self._on_dead = on_dead
        self._phone = phone
        self._socket_path = socket_path
        self._report = report
        self._runtime: Runtime | None = None
        self._agent: UserAgent | None = None
        self._outgoing: Outgoing | None = None
        self._traces = CallTraces()
        self._calls: dict[CallBridge, asyncio.Task[None]] = {}
        self._refusing: set[asyncio.Task[None]] = set()
        self._stopping = False
        self._registering: asyncio.Task[None] | None = None
        self._dialling: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listens, and begins to register. Raises `BadSettings` or `LineUnavailable`."""
        check(self._phone)
        config, me, numbers = stack_config(self._phone), account(self._phone), number_accounts(self._phone)
        peers = allowed_networks(self._phone)
        check_listening_address(self._phone)
        guard = SoundGuard(self._phone.sound_source, asyncio.get_running_loop(), self._on_address)
        guard.install()
        self._traces = guard.traces
        runtime = Runtime()
        try:
            await runtime.start(config)
            runtime.on_dead = self._died
            self._runtime = runtime
            if peers:  # before there is an account that could be called
                self._admit_only(peers)
            self._agent = await self._add_account(runtime, me)
            for number in numbers:
                await self._add_account(runtime, number)
        except (BaresipError, OSError) as error:
            raise LineUnavailable(f"the SIP stack did not start: {error}") from None
        self._check_listens()
        self._agent.on(self._on_agent_event)
        self._outgoing = Outgoing(self._agent, self._traces.has_replied)
        self._dialling = asyncio.create_task(Dialler(self._socket_path, self._place).run())
        self._report("ready", {"uri": identity(self._phone).uri})
        if self._phone.account:
            self._registering = asyncio.create_task(self._register(self._agent))

    async def stop(self) -> None:
        """Refuses new calls, hangs up the others, unregisters, and ends the stack."""
        self._stopping = True
        for task in (self._registering, self._dialling):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        await asyncio.gather(*(bridge.hang_up("line_stopped") for bridge in self._calls))
        await asyncio.gather(*self._calls.values(), return_exceptions=True)
        if self._runtime is None:
            return
        with contextlib.suppress(BaresipError, TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
                await self._runtime.drain()
        if self._outgoing is not None:
            await self._outgoing.close()
        if self._phone.account and self._agent is not None:
            with contextlib.suppress(BaresipError):
                await self._agent.unregister(timeout=UNREGISTER_SECONDS)
        with contextlib.suppress(BaresipError):
            await self._runtime.close()

    def _admit_only(self, peers: list[IPv4Network]) -> None:
        if guard_port(self._phone.port, [Source(network) for network in peers]) < SIP_SOCKETS:
            raise LineUnavailable("the SIP sockets were not found, so phone.allowed_peers cannot be held")

    def _died(self) -> None:
        self.is_dead = True
        self._on_dead()

    def _check_listens(self) -> None:
        """The stack may report success without its sockets; then the port can still be had."""
        try:
            check_listening_address(self._phone)
        except BadSettings:
            return
        raise LineUnavailable("the SIP stack started, but does not listen")

    async def _register(self, agent: UserAgent) -> None:
        with contextlib.suppress(RegistrationError):  # reported as an event; the stack tries again by itself
            await agent.register()

    def _on_agent_event(self, event: StackEvent) -> None:
        if event.event is Event.REGISTER_OK and not self._stopping:
            self._report("registered", {})
        elif event.event is Event.REGISTER_FAIL:
            self._report("registration_failed", {"reason": why_not_registered(event.text or "", self._phone)})

    async def _add_account(self, runtime: Runtime, number: Account) -> UserAgent:
        agent = await UserAgent.create(runtime, listening_aor(number))
        agent.on_incoming(self._came)
        return agent

    def _came(self, call: Call) -> None:
        """The stack counts all calls, also those to agents' telephones: callers are counted here."""
        callers = sum(not bridge.info.reference for bridge in self._calls)
        if callers < self._phone.max_calls + self._phone.polite_refusals:
            self._carry(call, call_info(call))
            return
        log.warning("sip.refused", reason="full")
        refusing = asyncio.create_task(_refuse(call))
        self._refusing.add(refusing)
        refusing.add_done_callback(self._refusing.discard)

    async def _place(self, dial: Dial) -> str:
        """Places a call; see `dialler.Place`."""
        if self._stopping:
            return "not_sent"
        try:
            call = await self._ring(dial.target, {})
        except NotAnswered as failure:
            return str(failure)
        info = CallInfo(
            line_id=str(call.call_id or "")[:MAX_HEADER_CHARS],
            caller=identity(self._phone).uri,
            called=dial.target,
            reference=dial.reference,
        )
        self._carry(call, info)
        return ""

    async def _ring(self, uri: str, headers: dict[str, str]) -> Call:
        if self._outgoing is None:
            raise NotAnswered("not_sent")
        if self._phone.account:
            uri = toward(uri, identity(self._phone).domain, self._phone.transport)
        return await self._outgoing.ring(uri, headers, self._phone.ring_seconds)

    def _on_address(self, call_id: str, withheld: bool) -> None:
        for bridge in self._calls:
            if bridge.info.line_id == call_id:
                bridge.address_withheld(withheld)

    def _carry(self, call: Call, info: CallInfo) -> None:
        transfers = Transfers(
            call,
            self._ring,
            understands_replaces=lambda: self._traces.understands_replaces(info.line_id),
            headers_in_blind=self._phone.transfer_headers,
        )
        bridge = CallBridge(call, info, self._socket_path, transfers, rescue_to=self._phone.transfer_to)
        self._calls[bridge] = asyncio.create_task(self._run_call(bridge))

    async def _run_call(self, bridge: CallBridge) -> None:
        log.info("sip.call_started", calls=len(self._calls))
        try:
            if self._stopping:
                await bridge.hang_up("line_stopped")
            await bridge.run()
        except Exception:
            log.exception("sip.call_failed")
            await bridge.hang_up("line_error")
        finally:
            del self._calls[bridge]
            log.info("sip.call_ended", calls=len(self._calls))


async def _refuse(call: Call) -> None:
    """The busy tone."""
    with contextlib.suppress(BaresipError):
        await call.reject()


def call_info(call: Call) -> CallInfo:
    """What the INVITE says, cut to a bearable length."""
    headers = {name: str(text)[:MAX_HEADER_CHARS] for name, text in call.headers.items()}
    return CallInfo(
        line_id=str(call.call_id or "")[:MAX_HEADER_CHARS],
        caller=str(call.peer or "")[:MAX_HEADER_CHARS],
        called=_uri(headers.pop("To", "")),
        headers=headers,
    )


def _uri(header: str) -> str:
    """The URI in a From or To header: in angle brackets, or alone before its parameters."""
    bracketed = re.search(r"<([^<>]*)>", header)
    return bracketed[1] if bracketed else header.partition(";")[0].strip()
