"""Several gateways with one database: each offers the calls that it holds, and what an agent has, one has given."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.desk import events
from bot.desk.callers import Callers
from bot.desk.calling_back import call_back
from bot.desk.policy import Policy
from bot.desk.refusals import NotNow
from bot.desk.sweeping import Sweep
from bot.store import Store
from bot.store.desk_records import AgentStatus, CallbackState
from bot.store.records import HandoverRecord, HandoverState
from tests.unit.desk.conftest import ANNE, BRUNO, Clock, Visitors, asks, calls_in, chat, latest, make_desk, present
from tests.unit.desk.test_callers import POLICY, Bringing, request_of, takes_calls
from tests.unit.desk.test_calling_back import Dialler
from tests.unit.desk.test_desk import NUMBER, code

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


# In the same instant


class Gateway:
    """One of several on the same database, with a store and callers of its own."""

    def __init__(self, store: Store, visitors: Visitors, policy: Policy, clock: Clock) -> None:
        self.store, self.desk = store, make_desk(store, visitors, policy, clock)
        self.callers, self.sweep = Callers(self.desk), Sweep(self.desk)
        self.bringing = Bringing(self.callers)

    async def has_caller(self) -> HandoverRecord:
        """Somebody who waits on a line of this gateway."""
        return await request_of(self.desk, await calls_in(self.callers))

    async def now(self, request: HandoverRecord) -> HandoverRecord:
        return await latest(self.desk, request.conversation_id)


@pytest.fixture
def policy() -> Policy:
    return POLICY


@pytest.fixture
async def gateways(
    store: Store, url: str, visitors: Visitors, policy: Policy, clock: Clock
) -> AsyncIterator[tuple[Gateway, Gateway]]:
    other = await Store.open(url, now=clock)
    here, there = (Gateway(one, visitors, policy, clock) for one in (store, other))
    yield here, there
    await here.callers.settle()
    await there.callers.settle()
    await other.close()


class AtOnce:
    """Of what two want to write next, nothing is written before both have decided."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *stores: Store) -> None:
        self._decided = asyncio.Barrier(2)
        self._waiting = 0
        for store in stores:
            for name in ("change_handover", "begin_callback"):
                monkeypatch.setattr(store, name, self._together(getattr(store, name)))

    async def __call__(self, one: Awaitable[object], other: Awaitable[object]) -> list[object]:
        """What became of both."""
        self._waiting = 2
        async with asyncio.timeout(20):
            return await asyncio.gather(one, other, return_exceptions=True)

    def _together(self, write: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def writes(*args: Any, **named: Any) -> Any:
            if self._waiting:
                self._waiting -= 1
                await self._decided.wait()
            return await write(*args, **named)

        return writes


def codes(done: Sequence[object]) -> list[str]:
    """Why one was refused; nothing else has gone wrong."""
    assert not [one for one in done if isinstance(one, Exception) and not isinstance(one, NotNow)]
    return [one.code for one in done if isinstance(one, NotNow)]


def whose(*requests: HandoverRecord) -> list[tuple[str, str | None]]:
    return sorted((one.state.value, one.agent_id) for one in requests)


@pytest.mark.parametrize("policy", [replace(AUTOMATIC, capacity=3)])
async def test_one_agent_is_offered_one_caller_though_two_gateways_offer_at_once(
    gateways: tuple[Gateway, Gateway], monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    here, there = gateways
    at_once = AtOnce(monkeypatch, here.store, there.store)
    for _ in range(5):
        await takes_calls(here.desk, ANNE)
        first, second = await here.has_caller(), await there.has_caller()
        with capture_logs() as logs:
            await at_once(here.sweep.look(), there.sweep.look())
        assert whose(await here.now(first), await there.now(second)) == [("offered", "anne"), ("queued", None)]
        assert not [one for one in logs if one["log_level"] == "error"]
        await takes_calls(there.desk, BRUNO)
        for one in gateways:
            await one.sweep.look()
        after = [await here.now(first), await there.now(second)]
        assert whose(*after) == [("offered", "anne"), ("offered", "bruno")], "who was refused her waits for nobody else"
        for one in after:
            await here.desk.change(one, events.Cancelled())
        await here.desk.seen(BRUNO, status=AgentStatus.AWAY)


async def test_who_takes_callers_of_two_gateways_at_once_speaks_with_one(
    gateways: tuple[Gateway, Gateway], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = gateways
    await takes_calls(here.desk, ANNE)
    first, second = await here.has_caller(), await there.has_caller()
    at_once = AtOnce(monkeypatch, here.store, there.store)
    done = await at_once(here.desk.take(first.id, ANNE), there.desk.take(second.id, ANNE))
    assert codes(done) == ["on_a_call"]
    assert whose(await here.now(first), await there.now(second)) == [("active", "anne"), ("queued", None)]
    assert len(here.bringing.taken + there.bringing.taken) == 1


@pytest.mark.parametrize("policy", [replace(AUTOMATIC, capacity=3)])
@pytest.mark.parametrize("gateways_of_both", [(0, 1), (0, 0)], ids=["another gateway", "the same gateway"])
async def test_who_takes_a_caller_is_not_offered_another_in_that_instant(
    gateways: tuple[Gateway, Gateway], monkeypatch: pytest.MonkeyPatch, gateways_of_both: tuple[int, int]
) -> None:
    here, there = (gateways[one] for one in gateways_of_both)
    await takes_calls(here.desk, ANNE)
    offered, taken = await there.has_caller(), await here.has_caller()
    at_once = AtOnce(monkeypatch, *{here.store, there.store})
    done = await at_once(there.sweep.look(), here.desk.take(taken.id, ANNE))
    hers = [one for one in (await here.now(offered), await here.now(taken)) if one.agent_id == "anne"]
    assert [one.state.value for one in hers] == (["offered"] if codes(done) == ["on_a_call"] else ["active"])


async def test_who_calls_back_is_given_no_caller_in_that_instant(
    gateways: tuple[Gateway, Gateway], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = gateways
    await takes_calls(here.desk, ANNE)
    await here.desk.leave_callback(await chat(here.store), "Mme Petit", NUMBER, "")
    (promise,) = await here.store.callbacks()
    waiting = await there.has_caller()
    at_once = AtOnce(monkeypatch, here.store, there.store)
    done = await at_once(
        call_back(here.desk, Dialler(), promise.id, ANNE, way="phone"), there.desk.take(waiting.id, ANNE)
    )
    assert codes(done) == ["on_a_call"]
    (after,) = await here.store.callbacks()
    taken = (await there.now(waiting)).agent_id == "anne"
    assert after.state is (CallbackState.PROMISED if taken else CallbackState.DIALLING)
    assert len([one for one in await here.desk.live() if one.agent_id == "anne"]) == 1


async def test_a_caller_is_not_handed_on_to_an_agent_who_takes_another_in_that_instant(
    gateways: tuple[Gateway, Gateway], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = gateways
    await takes_calls(here.desk, ANNE, BRUNO)
    handed_on, waiting = await here.has_caller(), await there.has_caller()
    await here.desk.take(handed_on.id, ANNE)
    at_once = AtOnce(monkeypatch, here.store, there.store)
    done = await at_once(here.desk.transfer(handed_on.id, ANNE, to_agent="bruno"), there.desk.take(waiting.id, BRUNO))
    is_handed_on = (await here.now(handed_on)).agent_id == "bruno"
    assert codes(done) == (["on_a_call"] if is_handed_on else ["nobody"])
    assert whose(await here.now(handed_on), await there.now(waiting)) == (
        [("offered", "bruno"), ("queued", None)] if is_handed_on else [("active", "anne"), ("active", "bruno")]
    )


@pytest.mark.parametrize("policy", [Policy(capacity=1)])
async def test_who_takes_visitors_by_two_gateways_at_once_gets_no_more_than_their_capacity(
    gateways: tuple[Gateway, Gateway], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = gateways
    await present(here.desk, ANNE)
    requests = [await asks(here.desk, await chat(here.store)) for _ in range(2)]
    at_once = AtOnce(monkeypatch, here.store, there.store)
    done = await at_once(here.desk.take(requests[0].id, ANNE), there.desk.take(requests[1].id, ANNE))
    assert codes(done) == ["no_room"]
    assert whose(*[await here.now(one) for one in requests]) == [("active", "anne"), ("queued", None)]


@pytest.mark.parametrize("policy", [Policy(capacity=1)])
async def test_two_who_hand_each_other_a_visitor_at_once_do_not_wait_for_each_other(
    gateways: tuple[Gateway, Gateway], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = gateways
    await present(here.desk, ANNE, BRUNO)
    at_once = AtOnce(monkeypatch, here.store, there.store)
    for _ in range(5):
        of_anne, of_bruno = [await asks(here.desk, await chat(here.store)) for _ in range(2)]
        await here.desk.take(of_anne.id, ANNE)
        await here.desk.take(of_bruno.id, BRUNO)
        done = await at_once(
            here.desk.transfer(of_anne.id, ANNE, to_agent="bruno"),
            there.desk.transfer(of_bruno.id, BRUNO, to_agent="anne"),
        )
        assert codes(done) == []
        after = [await here.now(one) for one in (of_anne, of_bruno)]
        assert [one.agent_id for one in after] == ["bruno", "anne"]
        for one in after:
            await here.desk.change(one, events.Cancelled())


# Stopped, and started again

DOWN_SECONDS = 600


async def started_again(gateway: Gateway) -> Gateway:
    """Another process on the same store, which has had its first look."""
    clock = gateway.desk.clock
    assert isinstance(clock, Clock)
    again = Gateway(gateway.store, Visitors(), gateway.desk.policy, clock)
    await again.sweep.look()
    return again


async def until_looked(clock: Clock, seconds: float, *gateways: Gateway) -> None:
    """Time passes while these gateways look every 5 s."""
    for _ in range(int(seconds / 5)):
        clock.pass_seconds(5)
        for one in gateways:
            await one.sweep.look()


async def said_to_a_caller(gateway: Gateway) -> tuple[str, str]:
    said = (await calls_in(gateway.callers)).said
    await gateway.callers.settle()
    return said[-1]


async def test_who_was_there_before_a_restart_is_there_and_has_as_long_as_ever_to_come_back(
    gateways: tuple[Gateway, Gateway], clock: Clock
) -> None:
    before, _ = gateways
    await takes_calls(before.desk, ANNE, BRUNO)
    visitor = await before.desk.take((await asks(before.desk, await chat(before.store))).id, ANNE)
    await before.sweep.look()
    clock.pass_seconds(DOWN_SECONDS)
    after = await started_again(before)
    assert await said_to_a_caller(after) == ("queued", ""), "before any console is back"
    assert (await after.now(visitor)).agent_id == "anne"
    await until_looked(clock, 30, after)
    assert (await after.desk.seen(ANNE)).status is AgentStatus.AVAILABLE, "her console came back by itself"
    await until_looked(clock, 20, after)
    assert (await after.now(visitor)).agent_id == "anne"
    assert [one.id for one in await after.desk.present()] == ["anne"], "Bruno has not come back"
    assert (await after.desk.seen(BRUNO)).status is AgentStatus.AWAY


async def test_who_does_not_come_back_after_a_restart_loses_it(gateways: tuple[Gateway, Gateway], clock: Clock) -> None:
    before, _ = gateways
    await takes_calls(before.desk, ANNE)
    visitor = await before.desk.take((await asks(before.desk, await chat(before.store))).id, ANNE)
    await before.sweep.look()
    clock.pass_seconds(DOWN_SECONDS)
    after = await started_again(before)
    await until_looked(clock, 50, after)
    lost = await after.now(visitor)
    assert (lost.state, lost.front) == (HandoverState.QUEUED, True)
    assert await said_to_a_caller(after) == ("refused", "nobody")


async def test_who_had_left_before_a_gateway_stopped_is_not_there_when_it_starts_again(
    gateways: tuple[Gateway, Gateway], clock: Clock
) -> None:
    before, _ = gateways
    await takes_calls(before.desk, ANNE)
    await until_looked(clock, 60, before)  # Anne is gone, and was seen to be
    clock.pass_seconds(DOWN_SECONDS)
    after = await started_again(before)
    assert await said_to_a_caller(after) == ("refused", "nobody")
    assert (await after.desk.seen(ANNE)).status is AgentStatus.AWAY


async def test_a_gateway_that_starts_again_believes_the_one_that_was_there_all_the_while(
    gateways: tuple[Gateway, Gateway], clock: Clock
) -> None:
    here, there = gateways
    await takes_calls(here.desk, ANNE)
    visitor = await here.desk.take((await asks(here.desk, await chat(here.store))).id, ANNE)
    await here.sweep.look()
    await until_looked(clock, DOWN_SECONDS, there)
    assert (await there.now(visitor)).agent_id is None
    here = await started_again(here)
    assert await said_to_a_caller(here) == ("refused", "nobody")


async def test_of_gateways_that_start_one_after_the_other_none_takes_anybody_from_who_is_coming_back(
    gateways: tuple[Gateway, Gateway], clock: Clock
) -> None:
    here, there = gateways
    await takes_calls(here.desk, ANNE, BRUNO)
    visitor = await here.desk.take((await asks(here.desk, await chat(here.store))).id, BRUNO)
    for one in gateways:
        await one.sweep.look()
    clock.pass_seconds(DOWN_SECONDS)
    here = await started_again(here)
    await here.desk.seen(ANNE)
    await until_looked(clock, 20, here)
    there = await started_again(there)
    await until_looked(clock, 20, here, there)
    assert (await here.now(visitor)).agent_id == "bruno"
    assert (await there.desk.seen(BRUNO)).status is AgentStatus.AVAILABLE
    await until_looked(clock, 20, here, there)
    assert (await here.now(visitor)).agent_id == "bruno"


async def test_nobody_is_there_since_the_evening_before(gateways: tuple[Gateway, Gateway], clock: Clock) -> None:
    before, _ = gateways
    await takes_calls(before.desk, ANNE)
    await before.sweep.look()
    clock.pass_seconds(14 * 3600)
    after = await started_again(before)
    assert await said_to_a_caller(after) == ("refused", "nobody")
    assert (await after.desk.seen(ANNE)).status is AgentStatus.AWAY
