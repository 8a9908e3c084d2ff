"""`python -m voice.lines`: the process of the lines beside SIP (`voice.line_process`); `ready` names the addresses it
listens on.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path

from bot.errors import BadSettings
from bot.settings import Settings
from voice.line_process import report, run
from voice.lines.audiosocket_server import AudioSocketServer
from voice.lines.calls import LineCalls
from voice.lines.web import LinesWeb


def main() -> int:
    """Returns the exit status."""
    return run("voice.lines", "AudioSocket, chan_websocket and media streams for Guichet.", serve)


async def serve(settings: Settings, socket_path: Path, stop: asyncio.Event) -> None:
    """Carries calls until `stop`. Raises `BadSettings`."""
    check(settings)
    logging.getLogger("aiohttp").setLevel(logging.ERROR)  # its warnings may name a caller
    lines = settings.lines
    calls = LineCalls(settings, socket_path)
    servers: list[AudioSocketServer | LinesWeb] = []
    ready: dict[str, object] = {}
    try:
        if lines.audiosocket_enabled:
            servers.append(AudioSocketServer(lines, calls))
            ready["audiosocket"] = f"{lines.audiosocket_host}:{lines.audiosocket_port}"
        if lines.web_enabled:
            servers.append(LinesWeb(settings, calls))
            ready["web"] = f"http://{lines.web_host}:{lines.web_port}"
        for server in servers:
            await server.start()
        report("ready", ready)
        await stop.wait()
    finally:
        await calls.stop()
        for server in servers:
            await server.stop()


def check(settings: Settings) -> None:
    """Raises `BadSettings` for what would leave a line deaf."""
    lines = settings.lines
    if not (lines.audiosocket_enabled or lines.web_enabled):
        raise BadSettings("No line is on: set lines.audiosocket_enabled or lines.web_enabled to true.")
    announces = lines.web_enabled and lines.pbx_password.get_secret_value()
    if lines.audiosocket_enabled and lines.audiosocket_calls == "announced" and not announces:
        raise BadSettings(
            "lines.audiosocket_calls is announced, but no call can be announced: set lines.web_enabled to true and "
            "lines.pbx_password, or lines.audiosocket_calls to any."
        )


if __name__ == "__main__":
    sys.exit(main())
