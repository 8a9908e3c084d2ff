"""The console's WebSocket: a snapshot, then what changes, and the messages of the conversations that concern the agent.

One task writes everything, from a queue that is never longer than `_QUEUE`: a console that does not read is cut off and
begins again with a snapshot, which costs it nothing and us no memory.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import structlog
from aiohttp import WSMsgType, hdrs, web

from bot.accounts.roles import Permission
from bot.desk.desk import Desk
from bot.desk.overview import Overview, Snapshot, changes_frame, with_members
from bot.errors import BadMessage, Forbidden, GuichetError, StoreUnavailable
from bot.store.desk_records import AgentRecord
from bot.store.records import HandoverState
from bot.web import keys
from bot.web.agent_sessions import require_own_page
from bot.web.agents import Agent
from bot.web.desk.common import acting, explained, flag_in, refused, text_in
from bot.web.desk.requests import presence_in
from bot.web.frames import parsed
from bot.web.keys import ACCOUNTS, CONSOLES, DESK, OVERVIEW

routes = web.RouteTableDef()
log = structlog.get_logger(__name__)

Frame = dict[str, Any]
Text = str  # a frame that is written already, once for many consoles

HEARTBEAT_SECONDS = 10.0
GATHER_SECONDS = 0.05
REFRESH_SECONDS = 5.0
SIGN_SECONDS = 1.0
_QUEUE = 500
_MAX_FRAME_BYTES = 16 * 1024


class Consoles:
    """The open consoles of this gateway."""

    def __init__(self) -> None:
        self._open: set[Console] = set()

    def add(self, console: Console) -> None:
        self._open.add(console)

    def remove(self, console: Console) -> None:
        self._open.discard(console)

    def tell_agent(self, agent_id: str, frame: Frame) -> None:
        """To every console of this agent."""
        for console in tuple(self._open):
            if console.agent.id == agent_id:
                console.push(frame)

    def tell_viewers(self, conversation_id: str, frame: Frame, besides: str = "") -> None:
        """To everyone who has the conversation on the screen, but not to the agent `besides`."""
        for console in tuple(self._open):
            if console.viewing == conversation_id and console.agent.id != besides:
                console.push(frame)


class Console:
    """One open console. `as_known` gives the agent as the accounts have it now: a console stays open for hours."""

    def __init__(
        self,
        agent: Agent,
        desk: Desk,
        overview: Overview,
        consoles: keys.Consoles,
        as_known: Callable[[Agent], Awaitable[Agent]],
    ) -> None:
        self.agent = agent
        self.viewing: str | None = None
        self._as_known = as_known
        self._desk = desk
        self._overview = overview
        self._consoles = consoles
        self._frames: asyncio.Queue[Frame | Text | None] = asyncio.Queue(_QUEUE)
        self._watching: dict[str, Callable[[], None]] = {}
        self._shown: Snapshot | None = None
        self._me: Frame | None = None

    def push(self, frame: Frame | Text | None) -> None:
        """None ends the connection, as does a queue that is full."""
        try:
            self._frames.put_nowait(frame)
        except asyncio.QueueFull:
            while not self._frames.empty():
                self._frames.get_nowait()
            self._frames.put_nowait(None)

    async def write(self, send: Callable[[Text], Awaitable[None]]) -> None:
        """Until the end."""
        while (frame := await self._frames.get()) is not None:
            await send(frame if isinstance(frame, Text) else json.dumps(frame))

    async def follow(self) -> None:
        """A snapshot, then every change: many that come together are one. With a sign of life now and then."""
        clock = asyncio.get_running_loop().time
        with self._desk.bus.listening() as changed:
            signed_at = clock() - SIGN_SECONDS
            broken = False
            while True:
                changed.clear()
                try:
                    if self._shown is not None:
                        await self._show_present()
                    if clock() - signed_at >= SIGN_SECONDS:
                        await self.sign_of_life()
                        signed_at = clock()
                        await self._show_present()
                except StoreUnavailable as error:
                    log.error("desk.console_waits", error=str(error))
                except Exception:  # the console stays: what cannot be shown now may be shown next
                    if not broken:
                        log.exception("desk.console_broken")
                    broken = True
                else:
                    broken = False
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(changed.wait(), REFRESH_SECONDS)
                await asyncio.sleep(GATHER_SECONDS)

    async def sign_of_life(self, **sets: Any) -> AgentRecord:
        """Writes name, teams and skills as they are now: with those of the opening, two consoles of one person would
        undo each other's writing for ever. `sets` and errors as `Desk.seen`."""
        self.agent = await self._as_known(self.agent)
        return await self._desk.seen(self.agent, **sets)

    async def take(self, frame: Frame) -> None:
        """A frame of the console. Raises `GuichetError`."""
        match frame.get("type"):
            case "view":
                conversation_id = frame.get("conversation_id")
                if conversation_id is not None and not isinstance(conversation_id, str):
                    raise BadMessage("conversation_id is not a text.")
                await self._view(conversation_id)
            case "typing":
                await self._type(text_in(frame, "conversation_id"), is_on=flag_in(frame, "on"))
            case "presence":
                await self.sign_of_life(**presence_in(frame))
            case _:
                raise BadMessage("Unknown type of frame.")

    async def leave(self) -> None:
        """The console is closed; the agent may come back at once, by another."""
        for stop in self._watching.values():
            stop()
        self._watching.clear()
        if self.viewing is not None:
            with contextlib.suppress(StoreUnavailable):
                await self._show(None)

    async def _show_present(self) -> None:
        """Sends what is not shown yet."""
        before, after = self._shown, await self._overview.snapshot()
        if before is after:
            return
        me = after.people.get(self.agent.id) or self._me  # not there for a moment: as it was
        if me is None:
            return  # the sign of life is still to come
        if before is None:
            self.push(after.text(me, "snapshot"))
        elif changes := self._overview.changes(before, after):
            self.push(changes if me == self._me else with_members(changes, me=me))
        elif me != self._me:
            self.push(changes_frame(after) | {"me": me})
        self._shown, self._me = after, me
        self._watch_own(after)

    async def _view(self, conversation_id: str | None) -> None:
        self.viewing = conversation_id
        await self._show(conversation_id)
        snapshot = await self._overview.snapshot()
        self._watch_own(snapshot)

    async def _show(self, conversation_id: str | None) -> None:
        self.agent = await self._as_known(self.agent)
        await self._desk.show(self.agent, conversation_id)

    async def _type(self, conversation_id: str, *, is_on: bool) -> None:
        shown = {"id": self.agent.id, "name": self.agent.name}
        frame = {"type": "agent_typing", "conversation_id": conversation_id, "agent": shown, "on": is_on}
        self._consoles.tell_viewers(conversation_id, frame, besides=self.agent.id)
        await self._desk.typing(conversation_id, self.agent, is_on)

    def _watch_own(self, snapshot: Snapshot) -> None:
        """The conversations that are mine, and the one on the screen."""
        wanted = {
            one["conversation_id"]
            for one in snapshot.groups["handovers"].values()
            if one["state"] == HandoverState.ACTIVE and one["agent"] and one["agent"]["id"] == self.agent.id
        }
        if self.viewing is not None:
            wanted.add(self.viewing)
        for conversation_id in self._watching.keys() - wanted:
            self._watching.pop(conversation_id)()
        if self._desk.visitors is None:
            return
        for conversation_id in wanted - self._watching.keys():
            self._watching[conversation_id] = self._desk.visitors.watch(conversation_id, self._heard(conversation_id))

    def _heard(self, conversation_id: str) -> Callable[[Frame], Awaitable[None]]:
        async def heard(message: Frame) -> None:
            self.push({"type": "message", "conversation_id": conversation_id, "message": message})

        return heard


@routes.get("/api/desk/ws")
async def console_socket(request: web.Request) -> web.StreamResponse:
    try:
        agent = acting(request)
        if not agent.may(Permission.TAKE):
            raise Forbidden("The role does not allow this.")
        if hdrs.ORIGIN in request.headers:  # a page, whatever it proves by; programs name none
            require_own_page(request)
    except GuichetError as error:
        return refused(request, error)
    socket = web.WebSocketResponse(max_msg_size=_MAX_FRAME_BYTES, heartbeat=HEARTBEAT_SECONDS)
    await socket.prepare(request)
    consoles = request.app[CONSOLES]
    console = Console(agent, request.app[DESK], request.app[OVERVIEW], consoles, _of_the_accounts(request.app))
    consoles.add(console)
    forget = _closed_with_session(request, agent, socket)

    async def write() -> None:
        with contextlib.suppress(ConnectionError):
            await console.write(socket.send_str)
        await socket.close()

    tasks = [asyncio.create_task(write()), asyncio.create_task(console.follow())]
    try:
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await _take(request, console, message.data)
    finally:
        forget()
        consoles.remove(console)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await console.leave()
    return socket


async def _take(request: web.Request, console: Console, data: str) -> None:
    try:
        await console.take(parsed(data))
        await _keep_signed_in(request, console.agent)
    except GuichetError as error:
        _, code, text = explained(request, error)
        console.push({"type": "error", "code": code, "text": text})


def _of_the_accounts(app: web.Application) -> Callable[[Agent], Awaitable[Agent]]:
    """Sessions are kept when name, teams or skills change; not when the role does. A program is what it says it is."""

    async def as_known(agent: Agent) -> Agent:
        if agent.session_id is None or ACCOUNTS not in app:
            return agent
        user = await app[ACCOUNTS].store.user(agent.id)
        return agent if user is None else replace(agent, name=user.name, teams=user.teams, skills=user.skills)

    return as_known


async def _keep_signed_in(request: web.Request, agent: Agent) -> None:
    """What a person does at the console counts as use of the session; heartbeats do not come here."""
    if agent.session_id is not None and ACCOUNTS in request.app:
        await request.app[ACCOUNTS].sessions.touch(agent.session_id)


def _closed_with_session(request: web.Request, agent: Agent, socket: web.WebSocketResponse) -> Callable[[], None]:
    """A session that ends, by whatever way, closes its sockets."""
    if agent.session_id is None or ACCOUNTS not in request.app:
        return lambda: None
    return request.app[ACCOUNTS].sessions.on_revoked(agent.session_id, socket.close)
