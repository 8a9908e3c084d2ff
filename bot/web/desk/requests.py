"""Requests for a person, agents and presence: `/api/desk/overview`, `/api/desk/handovers/…`, `/api/desk/presence`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypedDict

from aiohttp import web

from bot.accounts.roles import Permission
from bot.desk.desk import Judgement
from bot.errors import BadMessage
from bot.store.desk_records import AgentStatus
from bot.store.records import HandoverRecord
from bot.web.desk.common import (
    agent_of,
    audited,
    body_of,
    desk_of,
    flag_in,
    for_agents,
    number_in,
    overview_of,
    text_in,
)

routes = web.RouteTableDef()

_CAPACITY_MAX = 50
_TURN_MAX = 1_000_000


@routes.get("/api/desk/overview")
@for_agents(Permission.TAKE)
async def overview(request: web.Request) -> web.Response:
    me = await desk_of(request).seen(agent_of(request))
    made = overview_of(request)
    return web.Response(text=(await made.snapshot()).text(await made.agent(me)), content_type="application/json")


@routes.post("/api/desk/handovers/{id}/take")
@for_agents(Permission.TAKE)
async def take(request: web.Request) -> web.Response:
    body = await body_of(request)
    way, phone = text_in(body, "way"), text_in(body, "phone")
    desk = desk_of(request)

    def act(handover_id: str, agent: Any) -> Awaitable[HandoverRecord]:
        return desk.take(handover_id, agent, way=way, phone=phone)

    return await _acted(request, "handover.take", act)


@routes.post("/api/desk/handovers/{id}/decline")
@for_agents(Permission.TAKE)
async def decline(request: web.Request) -> web.Response:
    return await _acted(request, "handover.decline", desk_of(request).decline)


@routes.post("/api/desk/handovers/{id}/return")
@for_agents(Permission.TAKE)
async def give_back(request: web.Request) -> web.Response:
    return await _acted(request, "handover.return", desk_of(request).give_back)


@routes.post("/api/desk/handovers/{id}/close")
@for_agents(Permission.TAKE)
async def close(request: web.Request) -> web.Response:
    return await _acted(request, "handover.close", desk_of(request).close)


@routes.post("/api/desk/handovers/{id}/transfer")
@for_agents(Permission.TAKE)
async def transfer(request: web.Request) -> web.Response:
    body = await body_of(request)
    to_agent, team, note = text_in(body, "agent_id"), text_in(body, "team"), text_in(body, "note")
    desk = desk_of(request)

    def act(handover_id: str, agent: Any) -> Awaitable[HandoverRecord]:
        return desk.transfer(handover_id, agent, to_agent=to_agent, team=team, note=note)

    return await _acted(request, "handover.transfer", act)


@routes.post("/api/desk/handovers/{id}/hold")
@for_agents(Permission.TAKE)
async def hold(request: web.Request) -> web.Response:
    is_on = flag_in(await body_of(request), "on")
    held = await desk_of(request).hold(request.match_info["id"], agent_of(request), is_on)
    return web.json_response(await overview_of(request).handover(held))


@routes.post("/api/desk/handovers/{id}/wrap_up")
@for_agents(Permission.TAKE)
async def wrap_up(request: web.Request) -> web.Response:
    body = await body_of(request)
    judgement = judgement_in(body) if text_in(body, "verdict") else None
    desk = desk_of(request)

    def act(handover_id: str, agent: Any) -> Awaitable[HandoverRecord]:
        return desk.wrap_up(handover_id, agent, judgement)

    return await _acted(request, "handover.wrap_up", act)


@routes.put("/api/desk/presence")
@for_agents(Permission.TAKE)
async def presence(request: web.Request) -> web.Response:
    me = await desk_of(request).seen(agent_of(request), **presence_in(await body_of(request)))
    return web.json_response(await overview_of(request).agent(me))


@routes.get("/api/desk/agents")
@for_agents(Permission.TAKE)
async def agents(request: web.Request) -> web.Response:
    snapshot = await overview_of(request).snapshot()
    return web.json_response({"agents": list(snapshot.groups["agents"].values())})


class Presence(TypedDict):
    """What an agent sets; None leaves it as it is."""

    status: AgentStatus | None
    capacity: int | None
    takes_calls: bool | None
    phone: str | None


def presence_in(body: Mapping[str, Any]) -> Presence:
    """Raises `BadMessage`."""
    status, capacity = text_in(body, "status"), body.get("capacity")
    if status and status not in set(AgentStatus):
        raise BadMessage("status is available or away.")
    return {
        "status": AgentStatus(status) if status else None,
        "capacity": None if capacity is None else number_in(capacity, "capacity", 1, _CAPACITY_MAX),
        "takes_calls": flag_in(body, "takes_calls") if body.get("takes_calls") is not None else None,
        "phone": text_in(body, "phone") if body.get("phone") is not None else None,
    }


def judgement_in(body: Mapping[str, Any]) -> Judgement:
    """Raises `BadMessage`."""
    turn = body.get("turn")
    return Judgement(
        verdict=text_in(body, "verdict"),
        intent=text_in(body, "intent"),
        turn=None if turn is None else number_in(turn, "turn", 0, _TURN_MAX),
        note=text_in(body, "note"),
    )


async def _acted(
    request: web.Request, action: str, act: Callable[[str, Any], Awaitable[HandoverRecord]]
) -> web.Response:
    handover_id = request.match_info["id"]
    await audited(request, action, f"handover:{handover_id}")
    changed = await act(handover_id, agent_of(request))
    return web.json_response(await overview_of(request).handover(changed))
