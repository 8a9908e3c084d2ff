"""What a visitor reads about the request for a person, for whoever shows no words of their own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.desk.visitor import HandoverView, Refusal, Slot, VisitorState

# The keys of `web_chat.handover` in data/prompts.yml.
HANDOVER_TEXTS = frozenset(
    {"queued", "active", "ended", "cancelled", "callback", "callback_soon", "message_left", *Refusal}
)


def handover_text(view: HandoverView, texts: Mapping[str, str]) -> str:
    """The sentence about it; empty for a text that is missing. `texts` has `HANDOVER_TEXTS`, and `requested`."""
    if view.text:
        return view.text
    key: str = view.state.value
    if view.state is VisitorState.REFUSED:
        key = (view.reason or Refusal.NOBODY).value
    elif view.state is VisitorState.CALLBACK and view.slot is None:
        key = "callback_soon"
    text = texts.get(key, "")
    # A name that ends with an initial ends the sentence too.
    text = text.replace("{agent}.", view.agent.rstrip(".") + ".").replace("{agent}", view.agent)
    return text.replace("{slot}", _slot(view.slot) if view.slot else "")


def _slot(slot: Slot) -> str:
    return f"le {slot.start:%d/%m/%Y} entre {_hour(slot.start)} et {_hour(slot.end)}"


def _hour(time: datetime) -> str:
    return f"{time.hour}\u00a0h\u00a0{time.minute:02}"
