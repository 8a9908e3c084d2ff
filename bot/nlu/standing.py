"""What of the dialogue's memory stands when a question takes the place of the one before it. Pure.

A caller pauses inside a question, is taken to have finished, and goes on: the half has been answered, to nobody, when
the whole is asked. The memory's slot therefore keeps beside itself what it was before its last numbered turn. Rasa's
process and the action server both read it (the former on an older Python).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_TURN, _BEFORE = "turn", "before_turn"


def standing(slot: Any, replaces: int) -> dict[str, Any]:
    """The slot as the next turn is to find it: as before the turn that it `replaces`, if that was the last."""
    if not isinstance(slot, dict):
        return {}
    before = slot.get(_BEFORE)
    if replaces and slot.get(_TURN) == replaces and isinstance(before, dict):
        return before
    return slot


def with_before(slot: dict[str, Any], turn: int, before: Mapping[str, Any]) -> dict[str, Any]:
    """The slot after `turn`, with what stood `before` it, once; as it is after a turn without a number (0)."""
    if not turn:
        return slot
    return {**slot, _TURN: turn, _BEFORE: {name: value for name, value in before.items() if name != _BEFORE}}
