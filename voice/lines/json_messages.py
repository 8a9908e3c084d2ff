"""JSON from strangers: one object, keys in one spelling. Pure."""

from __future__ import annotations

import json
import re
from typing import Any

from bot.errors import ProtocolError

MAX_TEXT_CHARS = 256
_HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def json_object(text: str) -> dict[str, Any]:
    """A JSON object with keys in lower snake case at every depth. Raises `ProtocolError`."""
    try:
        parsed = json.loads(text)
        if isinstance(parsed, dict):
            return {snake(key): _normalised(value) for key, value in parsed.items()}
    except (ValueError, RecursionError):
        raise ProtocolError("a message is not JSON") from None
    raise ProtocolError("a message is not a JSON object")


def snake(key: str) -> str:
    """`streamSid` and `stream_sid` alike: stream_sid."""
    return _HUMPS.sub("_", key).lower()


def member(source: dict[str, Any], name: str) -> dict[str, Any]:
    """An object inside an object; empty when it is absent or something else."""
    value = source.get(name)
    return value if isinstance(value, dict) else {}


def text(source: dict[str, Any], *names: str) -> str:
    """The first of these members that is text or a whole number, cut to a bearable length; else empty."""
    for name in names:
        value = source.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            return str(value)[:MAX_TEXT_CHARS]
    return ""


def _normalised(value: Any) -> Any:
    if isinstance(value, dict):
        return {snake(key): _normalised(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_normalised(inner) for inner in value]
    return value
