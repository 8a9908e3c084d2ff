"""sipp in either role, with free ports and a directory of its own for each."""

from __future__ import annotations

from pathlib import Path

from tests.integration.sip import sipp
from tests.integration.sip.line_under_test import LineUnderTest, free_port
from tests.ports import once_each

media_ports = once_each(range(6000, 9000, 4))


class Sipp:
    """Runs scenarios below `directory`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def call(
        self, line: LineUnderTest, steps: str, *, address: str = "127.0.0.1", **options: int
    ) -> sipp.Outcome:
        """A caller of the line."""
        return await self._run("caller", steps, line.port, free_port(), address=address, **options)

    async def call_port(self, port: int, steps: str) -> sipp.Outcome:
        """A caller of whatever listens there."""
        return await self._run("caller", steps, port, free_port())

    async def wait(self, port: int, steps: str) -> sipp.Outcome:
        """Somebody whom the line calls at `port`."""
        return await self._run("callee", steps, 9, port)

    def messages(self, role: str) -> str:
        """All that the callers, or the callees, have sent and received."""
        logs = sorted(self._directory.glob(f"{role}-*/messages.log"))
        return "".join(path.read_text(errors="replace") for path in logs)

    async def _run(self, role: str, steps: str, port: int, own_port: int, **options: object) -> sipp.Outcome:
        directory = self._directory / f"{role}-{own_port}"
        # The options are those of `sipp.run`, each of its own type.
        return await sipp.run(directory, steps, port, own_port=own_port, media_port=next(media_ports), **options)  # type: ignore[arg-type]
