"""Puts the desk into the web application: its keys, its routes, its sweep."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from aiohttp import web

from bot.desk.callers import Callers
from bot.desk.desk import Desk
from bot.desk.overview import Overview
from bot.desk.suggestions import Answers
from bot.desk.sweeping import Sweep
from bot.errors import GuichetError
from bot.tasks import end
from bot.web.desk import conversations, export, promises, requests, socket, softphone
from bot.web.keys import ANSWERS, CALL_PHASE, CALLBACKS, CALLERS, CONSOLES, DESK, OVERVIEW


def add_desk(app: web.Application, desk: Desk, callers: Callers | None = None) -> None:
    """Adds what the console needs, and what the desk does by itself for as long as the application runs."""
    app[DESK] = desk
    app[ANSWERS] = Answers(desk.knowledge)
    consoles = app[CONSOLES] = socket.Consoles()
    if callers is not None:
        callers.tell_agent = consoles.tell_agent
        app[CALLERS] = callers
    app[OVERVIEW] = Overview(
        desk,
        phase=app[CALL_PHASE],
        can_dial=lambda: CALLBACKS in app,
    )
    for module in (requests, conversations, promises, export, socket, softphone):
        app.add_routes(module.routes)
    app.cleanup_ctx.append(_sweeping)


async def _sweeping(app: web.Application) -> AsyncIterator[None]:
    sweep = Sweep(app[DESK])
    with contextlib.suppress(GuichetError):  # then the first look asks
        await sweep.notice_gap()  # before anybody is served: who comes back after a stop is not new
    tasks = [asyncio.create_task(sweep.run())]
    if CALLERS in app:
        tasks.append(asyncio.create_task(app[CALLERS].run()))
    yield
    for task in tasks:
        await end(task)
