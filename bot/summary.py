"""What an agent reads first: an extract of the conversation, in the person's own words. Nothing is composed."""

from __future__ import annotations

from collections.abc import Sequence

from bot.store.records import TurnRecord

_LAST_WORDS = 3
_EXCERPT_CHARS = 160


def summarise(turns: Sequence[TurnRecord]) -> str:
    """At most a few lines: the last things asked, and the subjects already answered, each once."""
    asked = [turn.heard for turn in turns if turn.heard and not turn.key][-_LAST_WORDS:]
    titles = dict.fromkeys(answer.title or answer.id for turn in turns for answer in turn.answers if answer.source)
    lines = [f"« {_excerpt(text)} »" for text in asked]
    if titles:
        lines.append("Déjà répondu : " + " ; ".join(titles) + ".")
    return "\n".join(lines)


def _excerpt(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _EXCERPT_CHARS else flat[: _EXCERPT_CHARS - 1].rstrip() + "…"
