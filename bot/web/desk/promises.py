"""Callbacks and written messages: `/api/desk/callbacks`, `/api/desk/messages`, `/api/desk/slots`."""

from __future__ import annotations

from typing import TypeVar

from aiohttp import web

from bot.accounts.roles import Permission
from bot.desk import views
from bot.desk.calling_back import call_back
from bot.errors import BadMessage, LineUnavailable
from bot.store.desk_records import CallbackRecord, CallbackState, MessageState
from bot.web.desk.common import agent_of, audited, body_of, desk_of, flag_in, for_agents, overview_of, text_in
from bot.web.keys import CALLBACKS

routes = web.RouteTableDef()

_State = TypeVar("_State", CallbackState, MessageState)

_SLOTS = 12
_SETTLED = {
    "kept": CallbackState.KEPT,
    "missed": CallbackState.MISSED,
    "cancel": CallbackState.CANCELLED,
    "again": CallbackState.PROMISED,
}
_MARKED = {"done": MessageState.DONE, "reopen": MessageState.NEW}


@routes.get("/api/desk/callbacks")
@for_agents(Permission.TAKE)
async def callbacks(request: web.Request) -> web.Response:
    found = await desk_of(request).store.callbacks(state=_state_in(request, CallbackState))
    return web.json_response({"callbacks": await overview_of(request).callbacks(found)})


@routes.get("/api/desk/messages")
@for_agents(Permission.TAKE)
async def messages(request: web.Request) -> web.Response:
    found = await desk_of(request).store.desk_messages(state=_state_in(request, MessageState))
    return web.json_response({"messages": [views.message_json(one) for one in found]})


@routes.get("/api/desk/slots")
@for_agents(Permission.TAKE)
async def slots(request: web.Request) -> web.Response:
    free = await desk_of(request).free_slots(_SLOTS)
    return web.json_response({"slots": [views.slot_json(one) for one in free]})


@routes.post("/api/desk/callbacks")
@for_agents(Permission.TAKE)
async def promise(request: web.Request) -> web.Response:
    body = await body_of(request)
    made = await desk_of(request).promise_by_agent(
        text_in(body, "conversation_id"),
        agent_of(request),
        name=text_in(body, "name"),
        number=text_in(body, "number"),
        slot_id=text_in(body, "slot_id"),
    )
    return await _shown(request, made, status=201)


@routes.post("/api/desk/callbacks/{id}/dial")
@for_agents(Permission.CALL_BACK)
async def dial(request: web.Request) -> web.Response:
    """By hand; by the agent, who is brought in this `way` first; or else by the bot."""
    body = await body_of(request)
    is_by_hand, way, phone = flag_in(body, "by_hand"), text_in(body, "way"), text_in(body, "phone")
    line = None if is_by_hand else request.app.get(CALLBACKS)
    if line is None and not is_by_hand:
        raise LineUnavailable("No line that can place calls is set up.")
    desk, callback_id = desk_of(request), request.match_info["id"]
    await audited(request, "callback.dial", f"callback:{callback_id}")
    if line is not None and way:
        begun = await call_back(desk, line, callback_id, agent_of(request), way=way, phone=phone)
        (shown,) = await overview_of(request).callbacks([begun])
        call = await desk.store.handover_by_id(begun.call_id or "")
        return web.json_response(shown | {"call": await overview_of(request).handover(call) if call else None})
    return await _shown(request, await desk.dial(callback_id, agent_of(request), line))


@routes.post("/api/desk/callbacks/{id}/{act:kept|missed|cancel|again}")
@for_agents(Permission.TAKE)
async def settle(request: web.Request) -> web.Response:
    note = text_in(await body_of(request), "note")
    callback_id, act = request.match_info["id"], request.match_info["act"]
    await audited(request, f"callback.{act}", f"callback:{callback_id}")
    settled = await desk_of(request).settle(callback_id, agent_of(request), _SETTLED[act], note)
    return await _shown(request, settled)


@routes.post("/api/desk/messages/{id}/{act:done|reopen}")
@for_agents(Permission.TAKE)
async def mark(request: web.Request) -> web.Response:
    note = text_in(await body_of(request), "note")
    message_id, act = request.match_info["id"], request.match_info["act"]
    await audited(request, f"message.{act}", f"message:{message_id}")
    marked = await desk_of(request).mark_message(message_id, agent_of(request), _MARKED[act], note)
    return web.json_response(views.message_json(marked))


async def _shown(request: web.Request, one: CallbackRecord, status: int = 200) -> web.Response:
    (shown,) = await overview_of(request).callbacks([one])
    return web.json_response(shown, status=status)


def _state_in(request: web.Request, states: type[_State]) -> _State | None:
    """None for all of them."""
    state = request.query.get("state", "")
    if state and state not in set(states):
        raise BadMessage("No such state.")
    return states(state) if state else None
