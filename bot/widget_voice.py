"""The widget's part in the wiring of speech: settings → who may be listened to, for how long, and what is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from bot.knowledge import Knowledge
from bot.settings import Settings
from bot.spoken_messages import spoken_text
from bot.telephone import patience
from bot.web import listening, reading
from bot.web.keys import EARS, SPOKEN_TEXT, VOICE
from voice.dictation import unhurried
from voice.silero import SileroVad
from voice.visitors import VisitorLimits, Visitors


def add_voice(app: web.Application, settings: Settings, knowledge: Knowledge) -> Visitors | None:
    """The routes by which visitors speak and are read to. None when the operator lets them do neither.

    The engines are handed over later (`Visitors.speech`), once they are loaded.
    """
    app.add_routes([*listening.routes, *reading.routes])
    chosen = settings.widget
    if not (chosen.listen or chosen.speak):
        return None
    limits = VisitorLimits(
        listened_to=chosen.listeners,
        conversations=settings.phone.max_calls,
        listen_seconds=chosen.listen_seconds,
        wait_seconds=chosen.wait_seconds,
    )
    patient = unhurried(patience(settings), chosen.listen_patience, chosen.listen_seconds)
    visitors = Visitors(SileroVad, patient, limits)
    if chosen.listen:
        app[EARS] = visitors
    if chosen.speak:
        app[VOICE] = visitors

        def spoken(message: Mapping[str, Any]) -> str:
            return spoken_text(message, knowledge)

        app[SPOKEN_TEXT] = spoken
    return visitors
