"""Captures of a real Asterisk, replayed at the pace at which they were taken."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

DIRECTORY = Path(__file__).parents[1] / "captures"


@dataclass(frozen=True)
class Sent:
    """One message that Asterisk sent."""

    at: float
    message: str | bytes


def capture(name: str) -> list[Sent]:
    """All messages of one call, in order."""
    rows = [json.loads(line) for line in (DIRECTORY / f"{name}.jsonl").read_text().splitlines()]
    return [Sent(row["t"], row["text"] if "text" in row else base64.b64decode(row["data"])) for row in rows]


def sound_of(messages: list[Sent], header_bytes: int = 0) -> bytes:
    """The sound in a capture, as one piece."""
    return b"".join(
        one.message[header_bytes:] for one in messages if isinstance(one.message, bytes) and len(one.message) > 100
    )


async def replay(messages: list[Sent], send: Callable[[str | bytes], Awaitable[None]]) -> None:
    """Sends everything at its time; returns early when the other side has closed."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    for one in messages:
        await asyncio.sleep(max(0.0, began + one.at - loop.time()))
        try:
            await send(one.message)
        except OSError:
            return
