"""Ending programs that tests have started: for certain, and with all that they have started themselves.

They are started with `start_new_session=True`, so that a whole group can be ended. A program that takes its time over a
farewell on a busy machine is not waited for: no test is about that.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess

FAREWELL_SECONDS = 10.0


async def ended(process: asyncio.subprocess.Process, seconds: float = FAREWELL_SECONDS) -> None:
    """Asks it to end, and ends it and its children hard when it has not after `seconds`."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), seconds)
    kill_group(process.pid)
    await process.wait()


def end(
    process: subprocess.Popen[bytes], seconds: float = FAREWELL_SECONDS, *, farewell: signal.Signals = signal.SIGTERM
) -> None:
    """`ended`, for a program that was started without an event loop."""
    process.send_signal(farewell)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    kill_group(process.pid)
    process.wait()


def kill_group(leader: int) -> None:
    """What is still there of the group; nothing is an answer too."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)
