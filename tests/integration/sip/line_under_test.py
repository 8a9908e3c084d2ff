"""The real SIP process, with a small session in place of the gateway's."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from tests.ports import is_free, once_each
from tests.processes import ended
from voice.framing import DialFailed
from voice.leg import CallInfo, CallLeg, Key, LineClosed, LineEvent, Sound
from voice.line_server import LineServer

PROJECT = Path(__file__).resolve().parents[3]
TRANSFER_TARGET = "sip:200@127.0.0.1:5090"


class Session:
    """Plays a greeting, then keeps what it hears. Keys: # hangs up, 9 transfers, 7 cuts the greeting short."""

    def __init__(self, leg: CallLeg, greeting: bytes) -> None:
        self.info: CallInfo = leg.info
        self.heard = bytearray()
        self.events: list[LineEvent] = []
        self.over = asyncio.Event()
        self.changed = asyncio.Condition()
        self.leg, self._greeting = leg, greeting

    @property
    def keys(self) -> str:
        return "".join(event.digit for event in self.events if isinstance(event, Key))

    async def run(self) -> None:
        await self.leg.play(self._greeting)
        await self.leg.mark("greeting")
        async for event in self.leg.events():
            if isinstance(event, Sound):
                self.heard += event.pcm
                await self.on_sound(event.pcm)
                continue
            self.events.append(event)
            if isinstance(event, Key):
                await self.on_key(event.digit)
            elif isinstance(event, LineClosed):
                self.over.set()
            async with self.changed:
                self.changed.notify_all()

    async def on_key(self, digit: str) -> None:
        """For sessions that react to other keys too."""
        match digit:
            case "#":
                await self.leg.hangup()
            case "9":
                await self.leg.transfer(TRANSFER_TARGET)
            case "7":
                await self.leg.flush()

    async def on_sound(self, pcm: bytes) -> None:
        """For sessions that react to sound."""

    async def wait_for(self, kind: type[Any], seconds: float = 30) -> Any:
        """The first event of that kind."""
        async with asyncio.timeout(seconds), self.changed:
            await self.changed.wait_for(lambda: any(isinstance(event, kind) for event in self.events))
        return next(event for event in self.events if isinstance(event, kind))


class LineUnderTest:
    """`async with LineUnderTest(directory) as line`: a LineServer and `python -m voice.sip` joined to it."""

    def __init__(
        self,
        directory: Path,
        *,
        greeting: bytes = b"",
        session: type[Session] = Session,
        with_gateway: bool = True,
        module: str = "voice.sip",
        **phone: object,
    ) -> None:
        self.port = free_port()
        self.uri = f"sip:guichet@127.0.0.1:{self.port}"
        self.sessions: list[Session] = []
        self.socket_path = directory / "l.sock"
        self.refusing = False
        self.holding_back = asyncio.Event()
        self.holding_back.set()
        self._greeting, self._session_class, self._with_gateway = greeting, session, with_gateway
        self._module = module
        self._came = asyncio.Condition()
        first = next(_first_rtp_ports)
        settings = {"port": self.port, "rtp_ports": f"{first}-{first + 199}", "max_calls": 30, **phone}
        self.rtp_ports = range(first, first + 200)
        self.failed_dials: list[DialFailed] = []
        self._env = {**os.environ, **{f"GUICHET_PHONE__{name.upper()}": str(value) for name, value in settings.items()}}
        self.server = LineServer(self.socket_path, self._on_call, self.failed_dials.append)

    async def __aenter__(self) -> Self:
        if self._with_gateway:
            await self.server.start()
        self.process = await self.spawn()
        await self.event("ready")
        return self

    async def __aexit__(self, *_: object) -> None:
        await ended(self.process, 15)
        await self.server.stop()

    async def spawn(self) -> asyncio.subprocess.Process:
        """Another SIP process with the same settings."""
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", self._module, "--socket", str(self.socket_path)),
            cwd=PROJECT,
            env=self._env,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )

    async def event(self, name: str, seconds: float = 60) -> dict[str, Any]:
        """The process's next report of that name."""
        assert self.process.stdout is not None
        async with asyncio.timeout(seconds):
            while line := await self.process.stdout.readline():
                report: dict[str, Any] = json.loads(line)
                if report["event"] == name:
                    return report
        raise AssertionError(f"the SIP process ended without {name!r}: {await self.errors()}")

    async def errors(self) -> str:
        """Standard error, once the process has ended."""
        assert self.process.stderr is not None
        return (await self.process.stderr.read()).decode()

    async def until(self, happened: Callable[[], object], seconds: float = 30) -> None:
        """Waits for something that is only visible by looking."""
        async with asyncio.timeout(seconds):
            while not happened():
                await asyncio.sleep(0.02)

    @property
    def memory_bytes(self) -> int:
        """Resident memory of the SIP process."""
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * 4096

    async def stop_process(self) -> int:
        """SIGTERM, then the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), 15)

    async def call(self, number: int = 0, seconds: float = 30) -> Session:
        """The session of the nth call."""
        async with asyncio.timeout(seconds), self._came:
            await self._came.wait_for(lambda: len(self.sessions) > number)
        return self.sessions[number]

    @property
    def descriptors(self) -> int:
        """Open files of the SIP process."""
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    @property
    def threads(self) -> int:
        """Threads of the SIP process."""
        return len(list(Path(f"/proc/{self.process.pid}/task").iterdir()))

    async def _on_call(self, leg: CallLeg) -> None:
        await self.holding_back.wait()
        if self.refusing:
            return
        session = self._session_class(leg, self._greeting)
        self.sessions.append(session)
        async with self._came:
            self._came.notify_all()
        await session.run()


def free_port() -> int:
    """A port free for UDP and TCP just now, as is the one after it, which whoever speaks SIP takes too."""
    kinds = (socket.SOCK_DGRAM, socket.SOCK_STREAM)
    return next(port for port in _ports if is_free(port, *kinds) and is_free(port + 1, *kinds))


_ports = once_each(range(10000, 21000, 2))
_first_rtp_ports = once_each(range(50000, 60000, 200))
