"""An agent calls back a person who was promised it: who may, which of two does, and what it is before anybody rings.

The promise, the call's conversation and its request change in one transaction. So of two agents who click the same
promise one calls, the agent has their call before anything rings, and a gateway that dies leaves a request whose
deadline gives the promise back (`bot.desk.handover`, before the answer).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol
from uuid import uuid4

import structlog

from bot.desk import routing
from bot.desk.agents import Agent, who
from bot.desk.cases import claim
from bot.desk.desk import Desk
from bot.desk.events import Case
from bot.desk.handover import calls_back
from bot.desk.refusals import BadWay, NotNow, NotThere
from bot.desk.telephone import TRANSFER
from bot.store.desk_records import CallbackRecord, CallbackState, EventRecord

log = structlog.get_logger(__name__)


class Dialler(Protocol):
    """What may be dialled now (`bot.web.keys.Callbacks`)."""

    def check(self, number: str) -> None: ...


async def call_back(
    desk: Desk, line: Dialler, callback_id: str, agent: Agent, *, way: str = "", phone: str = ""
) -> CallbackRecord:
    """Brings the agent to a call that will be made; `way` and `phone` as for taking one, `transfer` apart.

    Raises `NotThere`; `NotNow`: "under_way" when somebody calls already, "over", "on_a_call", "elsewhere" where no
    caller waits at the desk; `BadWay`, `Unusable`; and what `line.check` raises. Then nothing has changed.
    """
    promise = await desk.store.callback(callback_id)
    if promise is None:
        raise NotThere("unknown_callback")
    if promise.state is CallbackState.DIALLING:
        raise NotNow("under_way")
    if not promise.state.is_open:
        raise NotNow("over")
    if await desk.is_being_called(promise):
        raise NotNow("under_way")
    line.check(promise.number)
    if desk.telephone is None:
        raise NotNow("elsewhere")
    way = way or next((one for one in desk.policy.call_ways if one != TRANSFER), TRANSFER)
    if way == TRANSFER:
        raise BadWay
    way, phone = desk.way_of(await desk.seen(agent), way, phone)
    async with desk.in_turn(agent.id):
        if agent.id in routing.on_a_call(await desk.live()):
            raise NotNow("on_a_call")
        begun, request = await _begin(desk, promise, agent, way)
    log.info("callback.begun", callback=callback_id, handover=request.id, way=way)
    desk.telephone.call_back(request, promise.number, agent, way, phone)
    desk.bus.changed()
    return begun


async def _begin(desk: Desk, promise: CallbackRecord, agent: Agent, way: str) -> tuple[CallbackRecord, Case]:
    now = desk.clock()
    asked = await desk.store.handover(promise.conversation_id)
    team = asked.team if asked else ""
    request = calls_back(uuid4().hex, uuid4().hex, who(agent), now, desk.policy.rules, team=team)
    dialling = replace(
        promise,
        state=CallbackState.DIALLING,
        agent_id=agent.id,
        agent_name=agent.name,
        tried_at=now,
        ended_at=None,
        call_id=request.id,
    )
    event = EventRecord(request.id, now, "calls_back", agent.id, agent.name, way)
    begun = await desk.store.begin_callback(promise, dialling, request, event, claim(request))
    if begun is None:
        raise NotNow("under_way")
    return begun, request
