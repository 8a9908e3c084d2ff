"""The SIP line as a whole: the stack, the account, and a bridge for each call."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable
from pathlib import Path

import structlog
from baresip import Call, Runtime, UserAgent
from baresip.errors import BaresipError, RegistrationError
from baresip.events import Event, StackEvent

from bot.errors import BadSettings, LineUnavailable
from bot.settings import PhoneSettings
from voice.leg import CallInfo
from voice.sip.bridge import CallBridge
from voice.sip.stack import account, check_listening_address, identity, stack_config

log = structlog.get_logger(__name__)

MAX_HEADER_CHARS = 256
DRAIN_SECONDS = 4.0
UNREGISTER_SECONDS = 2.0

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
        self._calls: dict[CallBridge, asyncio.Task[None]] = {}
        self._stopping = False
        self._registering: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listens, and begins to register. Raises `BadSettings` or `LineUnavailable`."""
        config, me = stack_config(self._phone), account(self._phone)
        check_listening_address(self._phone)
        runtime = Runtime()
        try:
            await runtime.start(config)
            runtime.on_dead = self._died
            self._runtime = runtime
            self._agent = await UserAgent.create(runtime, me)
        except BaresipError as error:
            raise LineUnavailable(f"the SIP stack did not start: {error}") from None
        self._check_listens()
        self._agent.on(self._on_agent_event)
        self._agent.on_incoming(self._on_incoming)
        self._report("ready", {"uri": identity(self._phone).uri})
        if self._phone.account:
            self._registering = asyncio.create_task(self._register(self._agent))

    async def stop(self) -> None:
        """Refuses new calls, hangs up the others, unregisters, and ends the stack."""
        self._stopping = True
        if self._registering is not None:
            self._registering.cancel()
        await asyncio.gather(*(bridge.hang_up("line_stopped") for bridge in self._calls))
        await asyncio.gather(*self._calls.values(), return_exceptions=True)
        if self._runtime is None:
            return
        with contextlib.suppress(BaresipError, TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
                await self._runtime.drain()
        if self._phone.account and self._agent is not None:
            with contextlib.suppress(BaresipError):
                await self._agent.unregister(timeout=UNREGISTER_SECONDS)
        with contextlib.suppress(BaresipError):
            await self._runtime.close()

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
            self._report("registration_failed", {"reason": event.text or "no answer"})

    def _on_incoming(self, call: Call) -> None:
        bridge = CallBridge(call, call_info(call), self._socket_path)
        task = asyncio.create_task(self._run_call(bridge))
        self._calls[bridge] = task

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
