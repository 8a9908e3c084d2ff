"""What every process that holds a telephone line does around its own work: options, log, signals, supervisor.

It prints one JSON object a line on standard output for its supervisor, first `ready`; the log is on standard error.
It ends with 0 after SIGTERM, SIGINT or the end of its parent, 2 when a setting must be changed, 1 for any other fault.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from bot.errors import GuichetError
from bot.logs import configure_logs
from bot.settings import Settings, load_settings
from voice.line_server import default_socket_path

PARENT_CHECK_SECONDS = 1.0

Serve = Callable[[Settings, Path, asyncio.Event], Awaitable[None]]
"""Carries calls, with the gateway's socket, until the event is set. Raises `GuichetError`."""


def run(name: str, description: str, serve: Serve) -> int:
    """The whole life of a line process; returns its exit status."""
    parser = argparse.ArgumentParser(prog=f"python -m {name}", description=description)
    parser.add_argument("--socket", type=Path, help="the gateway's line socket (default: in the data directory)")
    parser.add_argument(
        "--follow-parent", action="store_true", help="end when the process that started this one is gone"
    )
    options = parser.parse_args()
    # Now, not when all is ready: a parent that is gone by then must be noticed too.
    parent = os.getppid() if options.follow_parent else None
    try:
        settings = load_settings()
        configure_logs(settings.log)
        asyncio.run(_serve(serve, settings, options.socket or default_socket_path(settings.data_path), parent))
    except GuichetError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    return 0


def report(name: str, fields: dict[str, object]) -> None:
    """One line for the supervisor."""
    print(json.dumps({"event": name, **fields}), flush=True)


async def _serve(serve: Serve, settings: Settings, socket_path: Path, parent: int | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    following = asyncio.create_task(_follow(parent, stop)) if parent is not None else None
    try:
        await serve(settings, socket_path, stop)
    finally:
        if following is not None:
            following.cancel()


async def _follow(parent: int, stop: asyncio.Event) -> None:
    while os.getppid() == parent:
        await asyncio.sleep(PARENT_CHECK_SECONDS)
    stop.set()
