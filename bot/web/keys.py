"""What handlers find in the application: typed keys, filled once in `bot/app.py`."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from bot.chats import Chats
from bot.health import Health
from bot.settings import Settings
from bot.store import Store
from bot.web.texts import WebTexts

CHATS = web.AppKey("chats", Chats)
HEALTH = web.AppKey("health", Health)
SETTINGS = web.AppKey("settings", Settings)
STORE = web.AppKey("store", Store)
TEXTS = web.AppKey("texts", WebTexts)
# The phase of a call by its conversation's id; "ended" for one that is not on.
CALL_PHASE: web.AppKey[Callable[[str], str]] = web.AppKey("call_phase", Callable)  # type: ignore[arg-type]
DESK_TOKEN = web.AppKey("desk_token", str)
