"""`python -m voice.sip`: the telephone line's process. One JSON object a line on standard output, for its
supervisor: `ready` when it listens, then `registered` and `registration_failed`. The log is on standard error.

Ends with 0 after SIGTERM or SIGINT, 2 when a setting must be changed, 1 when the stack has died.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import re
import signal
import sys
from pathlib import Path

import structlog

from bot.errors import GuichetError, LineUnavailable
from bot.settings import LogSettings, Settings, load_settings
from voice.line_server import default_socket_path
from voice.sip.line import SipLine

PARENT_CHECK_SECONDS = 1.0


def main() -> int:
    """Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m voice.sip", description="The SIP telephone line of Guichet.")
    parser.add_argument("--socket", type=Path, help="the gateway's line socket (default: in the data directory)")
    parser.add_argument(
        "--follow-parent", action="store_true", help="end when the process that started this one is gone"
    )
    options = parser.parse_args()
    try:
        settings = load_settings()
        configure_log(settings.log)
        asyncio.run(serve(settings, options.socket or default_socket_path(settings.data_path), options.follow_parent))
    except GuichetError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    return 0


async def serve(settings: Settings, socket_path: Path, follow_parent: bool) -> None:
    """Carries calls until a signal. Raises `BadSettings` or `LineUnavailable`."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    line = SipLine(settings.phone, socket_path, report, on_dead=stop.set)
    try:
        await line.start()
        following = asyncio.create_task(_follow_parent(stop)) if follow_parent else None
        await stop.wait()
        if following is not None:
            following.cancel()
        if line.is_dead:
            raise LineUnavailable("the SIP stack has died: this process must be started again")
    finally:
        await line.stop()


def report(name: str, fields: dict[str, object]) -> None:
    """One line for the supervisor."""
    print(json.dumps({"event": name, **fields}), flush=True)


async def _follow_parent(stop: asyncio.Event) -> None:
    parent = os.getppid()
    while os.getppid() == parent:
        await asyncio.sleep(PARENT_CHECK_SECONDS)
    stop.set()


def configure_log(log: LogSettings) -> None:
    """Everything to standard error; of the stack only warnings, without the addresses of callers."""
    level = logging.getLevelName(log.level.upper())
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer()
            if log.format == "json"
            else structlog.dev.ConsoleRenderer(colors=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    handler = _StackLog()
    logging.getLogger("baresip").addHandler(handler)
    logging.getLogger("baresip").setLevel(logging.WARNING)


class _StackLog(logging.Handler):
    """The stack's own lines, in our log."""

    def emit(self, record: logging.LogRecord) -> None:
        text = re.sub(r"sips?:[^\s@>]+@", "sip:…@", record.getMessage()).strip()
        structlog.get_logger("sip.stack").warning("sip.stack", text=text)


if __name__ == "__main__":
    sys.exit(main())
