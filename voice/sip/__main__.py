"""`python -m voice.sip`: the telephone line's process (`voice.line_process`), with the events `ready` when it listens,
then `registered` and `registration_failed`. It ends with 1 when the stack has died.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import sys
from pathlib import Path

import structlog

from bot.errors import LineUnavailable
from bot.settings import Settings
from voice.line_process import report, run
from voice.sip.line import SipLine


def main() -> int:
    """Returns the exit status."""
    _step_forward()
    return run("voice.sip", "The SIP telephone line of Guichet.", serve)


async def serve(settings: Settings, socket_path: Path, stop: asyncio.Event) -> None:
    """Carries calls until `stop`. Raises `BadSettings` or `LineUnavailable`."""
    logging.getLogger("baresip").addHandler(_StackLog())
    logging.getLogger("baresip").setLevel(logging.WARNING)
    logging.getLogger("baresip").propagate = False
    line = SipLine(settings.phone, socket_path, report, on_dead=stop.set)
    try:
        await line.start()
        await stop.wait()
        if line.is_dead:
            raise LineUnavailable("the SIP stack has died: this process must be started again")
    finally:
        await line.stop()


def _step_forward() -> None:
    """Packets leave every 20 ms whatever else the machine does. Threads that the stack starts later inherit it."""
    with contextlib.suppress(OSError):  # needs a privilege (LimitNICE, CAP_SYS_NICE)
        os.nice(-5)


class _StackLog(logging.Handler):
    """The stack's own lines, in our log, without the addresses of callers."""

    def emit(self, record: logging.LogRecord) -> None:
        text = re.sub(r"sips?:[^\s@>]+@", "sip:…@", record.getMessage()).strip()
        structlog.get_logger("sip.stack").warning("sip.stack", text=text)


if __name__ == "__main__":
    sys.exit(main())
