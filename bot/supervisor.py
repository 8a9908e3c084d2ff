"""Keeps the child processes running: start, readiness, restart with back-off, ordered stop.

A child that ends is started again after 1, 2, 4 … 30 seconds; one that was ready for a minute
starts again from 1. Exit status 2 is a child's word that the operator must act: it is tried again
at the slowest pace only. Whatever happens, the last line that a child wrote on standard error
is kept as the reason that /health shows.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import structlog

log = structlog.get_logger(__name__)

_FIRST_DELAY_SECONDS = 1.0
_LONGEST_DELAY_SECONDS = 30.0
_STABLE_SECONDS = 60.0
_POLL_SECONDS = 0.25
_STOP_SECONDS = 8.0
_MISCONFIGURED = 2

# A gateway that is killed outright must not leave children behind that hold its ports (Linux only).
_DIES_WITH_US = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []


class State(StrEnum):
    """Of one child."""

    STARTING = "starting"
    READY = "ready"
    WAITING = "restarting"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """What to run. `is_ready` is asked until it is true; `env` is added to ours.

    Without `is_ready` the child says it itself, by the line {"event": "ready", …} on standard output; `on_event` is
    told every such line.
    """

    name: str
    argv: Sequence[str]
    is_ready: Callable[[], Awaitable[bool]] | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    start_timeout_seconds: float = 180.0
    on_event: Callable[[Mapping[str, object]], None] = lambda event: None


class Child:
    """One supervised process. `start` returns at once; `state` and `reason` tell how it is."""

    def __init__(self, spec: ChildSpec) -> None:
        self.spec = spec
        self.state = State.STOPPED
        self.reason = ""
        self.restarts = 0
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._announced = asyncio.Event()

    @property
    def pid(self) -> int | None:
        """Of the running process."""
        return self._process.pid if self._process and self._process.returncode is None else None

    def start(self) -> None:
        """Begins to keep it running."""
        if self._keeper is None:
            self._keeper = asyncio.create_task(self._keep(), name=f"keep-{self.spec.name}")

    async def wait_ready(self) -> None:
        """Returns once it has been ready."""
        await self._ready.wait()

    async def stop(self) -> None:
        """Asks it to end, then insists; returns when it is gone."""
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
            self._keeper = None
        await self._end_process()
        self.state = State.STOPPED

    async def _keep(self) -> None:
        delay = _FIRST_DELAY_SECONDS
        while True:
            loop = asyncio.get_running_loop()
            began = loop.time()
            status = await self._run_once()
            if loop.time() - began > _STABLE_SECONDS:
                delay = _FIRST_DELAY_SECONDS
            if status == _MISCONFIGURED:
                delay = _LONGEST_DELAY_SECONDS
            self.state = State.WAITING
            self.restarts += 1
            log.warning("child.ended", child=self.spec.name, status=status, reason=self.reason, retry_seconds=delay)
            await asyncio.sleep(delay)
            delay = min(delay * 2, _LONGEST_DELAY_SECONDS)

    async def _run_once(self) -> int | None:
        """Runs it to its end and returns the exit status; None when it could not be started or never got ready."""
        self.state = State.STARTING
        self._ready.clear()
        self._announced.clear()
        if shutil.which(self.spec.argv[0]) is None:
            self.reason = f"{self.spec.argv[0]} is missing. `make setup` installs it."
            return None
        try:
            self._process = await asyncio.create_subprocess_exec(
                *_DIES_WITH_US,
                *self.spec.argv,
                env={**os.environ, **self.spec.env},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,
                limit=1 << 20,
            )
        except OSError as error:
            self.reason = f"{self.spec.argv[0]} cannot be started: {error.strerror}."
            return None
        readers = [asyncio.create_task(self._read(stream)) for stream in (self._process.stdout, self._process.stderr)]
        ready = asyncio.create_task(self._become_ready())
        try:
            ended = asyncio.create_task(self._process.wait())
            await asyncio.wait([ready, ended], return_when=asyncio.FIRST_COMPLETED)
            if not ended.done() and not ready.result():
                self.reason = f"not ready after {self.spec.start_timeout_seconds:.0f} s"
                await self._end_process()
            return await ended
        finally:
            ready.cancel()
            for reader in readers:
                if not self._process or self._process.returncode is None:
                    reader.cancel()
            await asyncio.gather(ready, *readers, return_exceptions=True)

    async def _become_ready(self) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.spec.start_timeout_seconds):
                if self.spec.is_ready is None:
                    await self._announced.wait()
                while self.spec.is_ready and not await self.spec.is_ready():
                    await asyncio.sleep(_POLL_SECONDS)
                self.state = State.READY
                self.reason = ""
                self._ready.set()
                log.info("child.ready", child=self.spec.name)
                return True
        return False

    async def _read(self, stream: asyncio.StreamReader | None) -> None:
        """Passes the child's lines to the debug log; the last one is the reason when it ends."""
        assert stream is not None
        while True:
            try:
                line = await stream.readline()
            except ValueError:  # an endless line: drop it
                continue
            if not line:
                return
            text = line.decode("utf-8", "replace").strip()
            if text:
                event = _event(text) if stream is self._stdout() else {}
                if event:
                    self.spec.on_event(event)
                if event.get("event") == "ready":
                    self._announced.set()
                elif self.state is not State.READY:
                    self.reason = text[:300]
                log.debug("child.line", child=self.spec.name, line=text[:500])

    def _stdout(self) -> asyncio.StreamReader | None:
        return self._process.stdout if self._process else None

    async def _end_process(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        for how in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, how)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_STOP_SECONDS):
                    await process.wait()
                    return


def _event(text: str) -> Mapping[str, object]:
    """The event that a line tells; empty for any other line."""
    try:
        message = json.loads(text)
    except ValueError:
        return {}
    return message if isinstance(message, dict) and "event" in message else {}


class Supervisor:
    """The children, started together and stopped in the opposite order."""

    def __init__(self) -> None:
        self.children: dict[str, Child] = {}

    def add(self, spec: ChildSpec) -> Child:
        """Starts a child and keeps it running."""
        child = self.children[spec.name] = Child(spec)
        child.start()
        return child

    async def stop(self) -> None:
        """Stops all, the last started first."""
        for child in reversed(self.children.values()):
            await child.stop()
