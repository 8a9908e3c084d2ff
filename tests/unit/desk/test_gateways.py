"""Several gateways with one database: each offers the calls that it holds."""

from __future__ import annotations

from bot.desk.callers import Callers
from bot.desk.policy import Policy
from bot.desk.sweeping import Sweep
from bot.store import Store
from bot.store.desk_records import AgentStatus
from bot.store.records import HandoverState
from tests.unit.desk.conftest import ANNE, BRUNO, Clock, Visitors, asks, calls_in, chat, latest, make_desk
from tests.unit.desk.test_callers import request_of, takes_calls
from tests.unit.desk.test_desk import code

AUTOMATIC = Policy(calls=True, automatic=True, capacity=1)


async def test_a_call_is_offered_by_the_gateway_that_holds_it_and_takes_nobodys_room_at_others(
    store: Store, visitors: Visitors, clock: Clock
) -> None:
    here, there = (make_desk(store, visitors, AUTOMATIC, clock) for _ in range(2))
    callers, others = Callers(here), Callers(there)
    await takes_calls(there, ANNE)
    phone = await calls_in(callers)
    visitor = await asks(there, await chat(store))
    await Sweep(there).once()
    assert (await request_of(here, phone)).state is HandoverState.QUEUED
    assert (await latest(there, visitor.conversation_id)).agent_id == "anne"
    there.telephone = None  # likewise where there is no telephone at all
    await takes_calls(there, BRUNO)
    await Sweep(there).once()
    assert (await request_of(here, phone)).state is HandoverState.QUEUED
    await Sweep(here).once()
    assert (await request_of(here, phone)).agent_id == "bruno"
    await callers.settle()
    await others.settle()


async def test_who_cannot_take_an_offered_call_from_their_gateway_stays_available_and_the_next_is_asked(
    store: Store, visitors: Visitors, clock: Clock
) -> None:
    here, there = (make_desk(store, visitors, AUTOMATIC, clock) for _ in range(2))
    callers, others = Callers(here), Callers(there)
    await takes_calls(there, ANNE)
    clock.pass_seconds(1)
    await takes_calls(here, BRUNO)
    phone = await calls_in(callers)
    await Sweep(here).once()
    request = await request_of(here, phone)
    assert (request.state, request.agent_id) == (HandoverState.OFFERED, "anne")
    assert await code(there.take(request.id, BRUNO)) == "elsewhere"
    assert (await request_of(here, phone)).agent_id == "anne", "it is hers to leave"
    assert await code(there.take(request.id, ANNE)) == "elsewhere"
    await Sweep(here).once()
    assert (await request_of(here, phone)).agent_id == "bruno"
    assert {one.id: one.status for one in await here.present()}["anne"] is AgentStatus.AVAILABLE
    await callers.settle()
    await others.settle()
