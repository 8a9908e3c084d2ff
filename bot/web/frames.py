"""A frame of a window, read and acted upon: the same over a WebSocket and over plain requests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bot.chats import Chats, Handled, Message, Room
from bot.chats.hostile import is_client_id
from bot.errors import Malformed


def parsed(data: str) -> dict[str, Any]:
    """The JSON object of a frame. Raises `Malformed`."""
    try:
        frame = json.loads(data)
    except (ValueError, RecursionError):  # nested deeper than anybody needs
        raise Malformed("Not JSON.") from None
    if not isinstance(frame, dict):
        raise Malformed("Not a JSON object.")
    return frame


async def act(chats: Chats, room: Room, frame: dict[str, Any]) -> Message | None:
    """Does what the frame asks for; `received` once it is done, None for `typing`.

    Raises `Malformed`, and what `Chats` raises.
    """
    if frame.get("type") == "typing":
        chats.types(room, flag_of(frame, "on"))
        return None
    client_id = client_id_of(frame)
    handled = await _act(chats, room, client_id, frame)
    return {"type": "received", "client_id": client_id, "seq": handled.seq}


async def _act(chats: Chats, room: Room, client_id: str, frame: dict[str, Any]) -> Handled:
    match frame.get("type"):
        case "message":
            return await chats.say(room, client_id, text=text_of(frame, "text"))
        case "choice":
            return await chats.say(room, client_id, choice=text_of(frame, "intent"), label=text_of(frame, "label"))
        case "handover":
            return await chats.call_person(room, client_id)
        case "cancel_handover":
            return await chats.cancel_person(room, client_id)
        case "callback":
            name, number, slot = (text_of(frame, key) for key in ("name", "number", "slot"))
            return await chats.leave_callback(room, client_id, name, number, slot)
        case "leave_message":
            name, contact, text = (text_of(frame, key) for key in ("name", "contact", "text"))
            return await chats.leave_message(room, client_id, name, contact, text)
        case "feedback":
            seq, helpful = frame.get("seq"), flag_of(frame, "helpful")
            if not isinstance(seq, int):
                raise Malformed("seq is not a number.")
            return await chats.rate(room, client_id, seq, helpful, text_of(frame, "reason"))
        case _:
            raise Malformed("Unknown type of frame.")


def client_id_of(frame: Mapping[str, Any]) -> str:
    """Raises `Malformed` for one that is missing or could not be kept."""
    client_id = frame.get("client_id")
    if not isinstance(client_id, str) or not is_client_id(client_id):
        raise Malformed("client_id is missing, or is not 1 to 64 letters, digits, dots and dashes.")
    return client_id


def text_of(frame: dict[str, Any], name: str) -> str:
    """A text; empty when it is missing. Raises `Malformed` for anything else."""
    value = frame.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Malformed(f"{name} is not a text.")
    return value


def flag_of(frame: dict[str, Any], name: str) -> bool:
    """Raises `Malformed` unless it is true or false."""
    value = frame.get(name)
    if not isinstance(value, bool):
        raise Malformed(f"{name} is neither true nor false.")
    return value
