"""Callers in the desk's queue: what their calls hear, who is brought to them, and that nobody is forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.desk.agent_numbers import AgentNumbers
from bot.desk.agents import Agent
from bot.desk.callers import Callers, stands
from bot.desk.desk import Desk
from bot.desk.events import Cancelled, Case
from bot.desk.policy import Policy
from bot.desk.refusals import BadWay
from bot.desk.sweeping import Sweep
from bot.desk.visitor import VisitorState
from bot.dialogue import Channel
from bot.errors import StoreUnavailable, Unwritable
from bot.store import HandoverReason, Store
from bot.store.desk_records import AgentStatus, EventRecord
from bot.store.records import HandoverRecord, HandoverState
from tests.unit.desk.conftest import (
    ANNE,
    BRUNO,
    CHIEF,
    Clock,
    Leg,
    OnThePhone,
    Someone,
    Visitors,
    asks,
    calls_in,
    chat,
    latest,
    make_desk,
    present,
)
from tests.unit.desk.test_desk import code
from voice import call_messages as m
from voice.call_messages import DeskNews, DeskState

POLICY = Policy(
    calls=True, call_ways=("browser", "phone", "transfer"), numbers=AgentNumbers("[0-9]{2,6}", ("+331", "+336"))
)


@pytest.fixture
def policy() -> Policy:
    return POLICY


class Bringing:
    """Who brings agents to callers, writing down what it is asked."""

    def __init__(self, callers: Callers) -> None:
        self.taken: list[tuple[str, str, str]] = []
        self.parted: list[str] = []
        self.frames: list[tuple[str, str]] = []
        callers.on_taken = self._taken
        callers.on_parted = self.parted.append
        callers.tell_agent = lambda agent_id, frame: self.frames.append((agent_id, frame["code"]))

    def _taken(self, case: Case, agent: Agent, way: str, phone: str) -> None:
        self.taken.append((agent.id, way, phone))


@pytest.fixture
async def callers(desk: Desk) -> AsyncIterator[Callers]:
    callers = Callers(desk)
    yield callers
    await callers.settle()


@pytest.fixture
def bringing(callers: Callers) -> Bringing:
    return Bringing(callers)


async def takes_calls(desk: Desk, *agents: Someone) -> None:
    for agent in agents:
        await desk.seen(agent, status=AgentStatus.AVAILABLE, takes_calls=True, phone="214")


async def request_of(desk: Desk, phone: OnThePhone) -> HandoverRecord:
    return await latest(desk, phone.conversation_id)


async def joined(callers: Callers, agent: Someone = ANNE, way: str = "phone") -> OnThePhone:
    """A caller who speaks with the agent."""
    phone = await calls_in(callers)
    await callers.desk.take((await request_of(callers.desk, phone)).id, agent, way=way)
    callers.agent_on_line(phone.conversation_id, Leg(), way)
    await callers.told(phone.conversation_id, DeskNews.JOINED)
    await callers.look()
    return phone


async def away(*_: object, **__: object) -> None:
    raise StoreUnavailable("away")


async def broken(*_: object, **__: object) -> None:
    raise RuntimeError("unforeseen")


# Waiting


async def test_callers_and_visitors_wait_in_one_queue(desk: Desk, store: Store, callers: Callers) -> None:
    await takes_calls(desk, ANNE)
    await asks(desk, await chat(store))
    phone = await calls_in(callers)
    visitor = await asks(desk, await chat(store))
    assert (phone.said, phone.places) == ([("queued", "")], [2])
    assert (await desk.view(visitor)).position == 3
    request = await request_of(desk, phone)
    assert (request.on_line, request.reason, request.summary) == (True, HandoverReason.ASKED, request.summary)
    assert "Comment adhérer" in request.summary
    assert request.deadline == (request.waiting_since or request.requested_at) + desk.policy.rules.call_wait


async def test_nobody_who_takes_calls_means_refused_and_listed(desk: Desk, callers: Callers) -> None:
    await present(desk, ANNE)  # for chats only
    phone = await calls_in(callers)
    assert phone.said == [("refused", "nobody")]
    request = await request_of(desk, phone)
    assert (request.state, request.on_line) == (HandoverState.QUEUED, False)
    await takes_calls(desk, ANNE)  # who is asked for again later is there
    await callers.request(phone.conversation_id, "asked")
    assert phone.said[-1] == ("queued", "")
    assert (await request_of(desk, phone)).id == request.id


async def test_an_agent_of_another_team_does_not_count(desk: Desk, store: Store, callers: Callers) -> None:
    await takes_calls(desk, Someone("clara", "Clara", teams=("ccas",)))
    phone = await calls_in(callers, asks_for_person=False)
    await store.request_handover(phone.conversation_id, HandoverReason.ASKED, team="paie")
    await callers.request(phone.conversation_id, "asked")
    assert phone.said == [("refused", "nobody")]


async def test_the_place_and_the_request_of_the_visitors_api(desk: Desk, store: Store) -> None:
    await takes_calls(desk, ANNE)
    call = await store.start_conversation(Channel.PHONE)
    view = await desk.request(call, Channel.PHONE, HandoverReason.ASKED, "")
    assert (view.state, view.position) == (VisitorState.QUEUED, 1)
    await desk.seen(ANNE, takes_calls=False)
    other = await desk.request(await store.start_conversation(Channel.PHONE), Channel.PHONE, HandoverReason.ASKED, "")
    assert (other.state, other.reason) == (VisitorState.REFUSED, "nobody")


async def test_a_place_that_gets_better_is_told_once_and_to_whom_it_concerns(
    desk: Desk, store: Store, callers: Callers, sweep: Sweep, visitors: Visitors
) -> None:
    await takes_calls(desk, ANNE)
    before = await asks(desk, await chat(store))
    phone = await calls_in(callers)
    visitor = await asks(desk, await chat(store))
    await sweep.once()
    await desk.take(before.id, ANNE)
    for _ in range(3):
        await sweep.once()
        await callers.look()
    assert phone.places == [2, 1]
    assert visitors.moved == [(visitor.conversation_id, 2, None)]


async def test_what_another_gateway_does_is_told_too(
    desk: Desk, store: Store, visitors: Visitors, callers: Callers, clock: Clock
) -> None:
    await takes_calls(desk, ANNE)
    phone = await calls_in(callers)
    other = make_desk(store, visitors, POLICY, clock)
    request = await request_of(desk, phone)
    assert await code(other.take(request.id, ANNE)) == "elsewhere"  # the call is not there
    assert (await request_of(desk, phone)).state is HandoverState.QUEUED
    clock.pass_seconds(5)
    running = asyncio.create_task(callers.run())
    sweep = Sweep(desk)
    await sweep.once()
    clock.pass_seconds(10 * 60)
    await takes_calls(other, ANNE)
    await Sweep(other).once()
    await sweep.once()
    async with asyncio.timeout(20):
        while phone.said[-1] != ("refused", "nobody"):
            await asyncio.sleep(0)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert not (await request_of(desk, phone)).on_line


async def test_who_hangs_up_while_waiting_is_a_missed_call_at_once(desk: Desk, callers: Callers) -> None:
    await takes_calls(desk, ANNE)
    phone = await calls_in(callers)
    request = await request_of(desk, phone)
    callers.leave(phone.conversation_id)
    await callers.settle()
    missed = await request_of(desk, phone)
    assert (missed.state, missed.on_line) == (HandoverState.QUEUED, False)
    assert await code(desk.take(request.id, ANNE, way="browser")) == "over"
    assert (await desk.take(request.id, ANNE)).state is HandoverState.ACTIVE  # to call back
    assert phone.said == [("queued", "")]


async def test_who_goes_back_to_the_bot_wants_nobody_and_may_ask_again(
    desk: Desk, callers: Callers, clock: Clock
) -> None:
    await takes_calls(desk, ANNE)
    phone = await calls_in(callers)
    for _ in range(3):
        first = await request_of(desk, phone)
        await callers.cancel(phone.conversation_id)
        assert (await request_of(desk, phone)).state is HandoverState.CANCELLED
        clock.pass_seconds(1)
        await callers.request(phone.conversation_id, "asked")
        assert (await request_of(desk, phone)).id != first.id
    assert phone.said == [("queued", "")] * 4


@pytest.mark.parametrize("listed", [False, True])
async def test_a_number_left_while_waiting_becomes_a_promise(
    desk: Desk, store: Store, callers: Callers, *, listed: bool
) -> None:
    await takes_calls(desk, ANNE)
    phone = await calls_in(callers)
    assert await store.set_callback(phone.conversation_id, "+33612345678")
    await callers.cancel(phone.conversation_id, listed=listed)
    assert (await request_of(desk, phone)).state is HandoverState.CALLBACK
    assert [one.number for one in await store.callbacks()] == ["+33612345678"]
    callers.leave(phone.conversation_id)
    await callers.settle()
    assert len(await store.callbacks()) == 1


async def test_a_number_left_in_the_instant_of_leaving_becomes_a_promise(
    desk: Desk, store: Store, callers: Callers
) -> None:
    await takes_calls(desk, ANNE)
    phone = await calls_in(callers)
    stale = await request_of(desk, phone)
    assert await store.set_callback(phone.conversation_id, "+33612345678")
    await desk.call_ends(stale, Cancelled())
    assert [one.number for one in await store.callbacks()] == ["+33612345678"]


async def test_who_waits_too_long_or_alone_is_told_and_listed(
    desk: Desk, callers: Callers, sweep: Sweep, clock: Clock
) -> None:
    await takes_calls(desk, ANNE)
    phone = await calls_in(callers)
    for _ in range(30):
        clock.pass_seconds(10)
        await sweep.once()
        await callers.look()
    assert phone.said == [("queued", ""), ("refused", "nobody")]  # the agent is gone since 45 s
    request = await request_of(desk, phone)
    assert (request.state, request.on_line) == (HandoverState.QUEUED, False)


async def test_a_store_that_is_away_refuses_and_what_is_owed_is_paid(
    desk: Desk, store: Store, callers: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    await takes_calls(desk, ANNE)
    phone, other = await calls_in(callers), await calls_in(callers, asks_for_person=False)
    with monkeypatch.context() as now:
        for name in ("handover_by_id", "conversation", "request_handover"):
            now.setattr(store, name, away)
        await callers.request(other.conversation_id, "asked")
        callers.leave(phone.conversation_id)
        await callers.settle()
        with pytest.raises(StoreUnavailable):
            await callers.look()
    assert other.said == [("refused", "unavailable")]
    await callers.look()
    assert not (await request_of(desk, phone)).on_line


async def test_what_is_owed_is_paid_once_and_one_after_the_other_whoever_looks(
    desk: Desk, store: Store, callers: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    await takes_calls(desk, ANNE)
    phones = [await calls_in(callers) for _ in range(2)]
    with monkeypatch.context() as now:
        now.setattr(store, "handover_by_id", away)
        for phone in phones:
            callers.leave(phone.conversation_id)
        await callers.settle()
    read, reading, paid = store.handover_by_id, 0, []

    async def reads(handover_id: str) -> HandoverRecord | None:
        nonlocal reading
        reading += 1
        paid.append((handover_id, reading))
        try:
            return await read(handover_id)
        finally:
            reading -= 1

    with monkeypatch.context() as now:
        now.setattr(store, "handover_by_id", reads)
        await asyncio.gather(*(callers.look() for _ in range(3)))
    assert paid == [((await request_of(desk, phone)).id, 1) for phone in phones]
    assert [(await request_of(desk, phone)).on_line for phone in phones] == [False, False]


async def test_what_cannot_be_paid_keeps_nobody_from_being_told(
    desk: Desk, store: Store, callers: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    await takes_calls(desk, ANNE)
    gone, phone = await calls_in(callers), await calls_in(callers)
    with monkeypatch.context() as now:
        now.setattr(store, "handover_by_id", away)
        callers.leave(gone.conversation_id)
        await callers.settle()
    with monkeypatch.context() as now:
        now.setattr(store, "handover_by_id", broken)
        with pytest.raises(RuntimeError):
            await callers.look()
        await callers.look()
    assert phone.said == [("queued", "")]


async def test_an_unforeseen_error_does_not_end_what_tells_every_caller(desk: Desk, callers: Callers) -> None:
    await takes_calls(desk, ANNE)
    phone = await calls_in(callers)
    live, looked = desk.live, 0

    async def breaks() -> list[HandoverRecord]:
        nonlocal looked
        looked += 1
        raise RuntimeError("unforeseen")

    desk.live = breaks  # type: ignore[method-assign]
    running = asyncio.create_task(callers.run())
    await asyncio.sleep(0)
    desk.bus.changed()
    async with asyncio.timeout(20):
        while not looked:
            await asyncio.sleep(0)
    for _ in range(100):
        await asyncio.sleep(0)
    assert looked == 1  # it waits before it looks again
    desk.live = live  # type: ignore[method-assign]
    await desk.take((await request_of(desk, phone)).id, ANNE)
    await desk.close((await request_of(desk, phone)).id, ANNE)
    async with asyncio.timeout(20):
        while phone.said[-1] != ("closed", "") and not running.done():
            await asyncio.sleep(0)
    assert phone.said[-1] == ("closed", "")
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def test_who_is_told_that_they_are_listed_is_though_the_store_is_away(
    desk: Desk, store: Store, callers: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    await takes_calls(desk, ANNE)
    phone = await calls_in(callers)
    with monkeypatch.context() as now:
        now.setattr(store, "handover_by_id", away)
        await callers.cancel(phone.conversation_id, listed=True)
    await callers.look()
    listed = await request_of(desk, phone)
    assert (listed.state, listed.on_line) == (HandoverState.QUEUED, False)
    callers.leave(phone.conversation_id)
    await callers.settle()
    assert (await request_of(desk, phone)).state is HandoverState.QUEUED


async def ghost(callers: Callers) -> OnThePhone:
    """A caller whose request was written, though the answer of the store was lost: the call was told otherwise."""
    store = callers.desk.store
    begin = store.begin_handovers

    async def begins(begun: Sequence[tuple[HandoverRecord, EventRecord]]) -> list[HandoverRecord | None]:
        await begin(begun)
        raise StoreUnavailable("The answer was lost.")

    store.begin_handovers = begins  # type: ignore[method-assign]
    phone = await calls_in(callers)
    store.begin_handovers = begin  # type: ignore[method-assign]
    assert phone.said == [("refused", "unavailable")]
    assert (await request_of(callers.desk, phone)).on_line
    return phone


async def test_a_request_of_which_the_call_was_told_otherwise_is_a_missed_call(
    desk: Desk, callers: Callers, sweep: Sweep, bringing: Bringing
) -> None:
    await takes_calls(desk, ANNE)
    phone = await ghost(callers)
    await sweep.once()
    request = await request_of(desk, phone)
    assert (request.state, request.on_line) == (HandoverState.QUEUED, False)
    assert await code(desk.take(request.id, ANNE, way="phone")) == "over"
    await callers.request(phone.conversation_id, "asked")  # and may ask again
    await sweep.once()
    await desk.take(request.id, ANNE, way="phone")
    assert [state for state, _ in phone.said] == ["refused", "queued", "taken"]
    assert [one[0] for one in bringing.taken] == ["anne"]


async def test_who_takes_a_call_that_nobody_waits_in_is_told_and_free(
    desk: Desk, callers: Callers, sweep: Sweep, bringing: Bringing
) -> None:
    await takes_calls(desk, ANNE)
    phone, other = await ghost(callers), await calls_in(callers)
    await desk.take((await request_of(desk, phone)).id, ANNE, way="phone")
    await callers.settle()
    assert (bringing.taken, bringing.frames) == ([], [("anne", "no_line")])
    await sweep.once()
    request = await request_of(desk, phone)
    assert (request.state, request.on_line) == (HandoverState.QUEUED, False)
    await desk.take((await request_of(desk, other)).id, ANNE, way="phone")
    assert bringing.taken == [("anne", "phone", "214")]


async def test_what_the_database_refuses_for_one_caller_keeps_no_other_from_being_told(
    desk: Desk, store: Store, callers: Callers, bringing: Bringing, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuses(*_: object, **__: object) -> None:
        raise Unwritable("no")

    await takes_calls(desk, ANNE)
    gone, owing, phone = [await calls_in(callers) for _ in range(3)]
    with monkeypatch.context() as now:
        now.setattr(store, "handover_by_id", away)
        callers.leave(owing.conversation_id)
        await callers.settle()
    await desk.take((await request_of(desk, phone)).id, ANNE)
    with monkeypatch.context() as now:
        now.setattr(store, "change_handover", refuses)
        callers.leave(gone.conversation_id)
        await callers.settle()
        await callers.look()
        await callers.not_taken((await request_of(desk, phone)).id, "anne", "declined")
    assert bringing.frames == [], "it is not back in the queue"
    await desk.close((await request_of(desk, phone)).id, ANNE)
    await callers.look()
    assert phone.said[-1] == ("closed", "")


async def test_a_call_without_a_record_is_refused(callers: Callers) -> None:
    phone = OnThePhone("0" * 32)  # the store was away when it came
    callers.enter(phone.conversation_id, phone.told.append)
    await callers.request(phone.conversation_id, "asked")
    assert phone.said == [("refused", "unavailable")]


# Routing


async def test_calls_are_offered_to_who_takes_them_and_one_at_a_time(
    store: Store, visitors: Visitors, clock: Clock
) -> None:
    desk = make_desk(store, visitors, Policy(calls=True, automatic=True, capacity=3), clock)
    callers, sweep = Callers(desk), Sweep(desk)
    await present(desk, BRUNO)  # chats only
    await takes_calls(desk, ANNE)
    first, second = await calls_in(callers), await calls_in(callers)
    visitor = await asks(desk, await chat(store))
    await sweep.once()
    offered = await request_of(desk, first)
    assert (offered.state, offered.agent_id) == (HandoverState.OFFERED, "anne")
    assert (await request_of(desk, second)).state is HandoverState.QUEUED
    assert (await latest(desk, visitor.conversation_id)).agent_id == "bruno"
    await desk.take(offered.id, ANNE)
    clock.pass_seconds(6)
    await takes_calls(desk, ANNE)
    await sweep.once()
    assert (await request_of(desk, second)).state is HandoverState.QUEUED  # though there is room for two more
    assert await code(desk.take((await request_of(desk, second)).id, ANNE)) == "on_a_call"
    await desk.close(offered.id, ANNE)
    await sweep.once()
    assert (await request_of(desk, second)).agent_id == "anne"
    await callers.settle()


# Taking


async def test_of_two_who_take_a_call_one_is_brought_to_it(desk: Desk, callers: Callers, bringing: Bringing) -> None:
    await takes_calls(desk, ANNE, BRUNO)
    phone = await calls_in(callers)
    request = await request_of(desk, phone)
    done = await asyncio.gather(
        desk.take(request.id, ANNE, way="phone"), desk.take(request.id, BRUNO, way="phone"), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in done) == ["HandoverRecord", "NotNow"]
    assert len(bringing.taken) == 1
    await callers.look()
    assert [state for state, _ in phone.said] == ["queued", "taken"]


@pytest.mark.parametrize(
    ("way", "phone", "rung"),
    [
        ("", "", ("anne", "browser", "")),
        ("browser", "", ("anne", "browser", "")),
        ("phone", "", ("anne", "phone", "214")),
        ("phone", "2 15", ("anne", "phone", "215")),
        ("transfer", "01 23 45 67 89", ("anne", "transfer", "+33123456789")),
    ],
)
async def test_the_ways_to_take_a_call(
    desk: Desk, callers: Callers, bringing: Bringing, *, way: str, phone: str, rung: tuple[str, str, str]
) -> None:
    await takes_calls(desk, ANNE)
    call = await calls_in(callers)
    await desk.take((await request_of(desk, call)).id, ANNE, way=way, phone=phone)
    assert bringing.taken == [rung]
    line = callers.line(call.conversation_id)
    assert line is not None
    assert (line.way, line.state) == (rung[1], "connecting" if rung[1] == "browser" else "ringing")


async def test_a_wrong_way_or_number_changes_nothing(desk: Desk, callers: Callers, bringing: Bringing) -> None:
    await takes_calls(desk, ANNE)
    request = await request_of(desk, await calls_in(callers))
    with pytest.raises(BadWay):
        await desk.take(request.id, ANNE, way="pigeon")
    for number in ("0899123456", "+49 30 901820", "sip:x@y", "15;16"):
        assert await code(desk.take(request.id, ANNE, way="phone", phone=number)) == "bad_number"
    assert await code(desk.seen(ANNE, phone="0899123456")) == "bad_number"
    await desk.seen(ANNE, phone="")
    assert await code(desk.take(request.id, ANNE, way="phone")) == "bad_number"
    assert ((await desk.store.handover_by_id(request.id)) or request).state is HandoverState.QUEUED
    assert bringing.taken == []


async def test_taking_again_is_harmless_and_another_way_may_be_chosen(
    desk: Desk, callers: Callers, bringing: Bringing
) -> None:
    await takes_calls(desk, ANNE)
    phone = await calls_in(callers)
    request = await request_of(desk, phone)
    for _ in range(2):
        await desk.take(request.id, ANNE, way="browser")
    assert bringing.taken == [("anne", "browser", "")]
    await desk.take(request.id, ANNE, way="phone")
    assert bringing.taken[1:] == [("anne", "phone", "214")]
    assert bringing.parted == [phone.conversation_id]
    await callers.look()
    assert [state for state, _ in phone.said] == ["queued", "taken", "taken"]  # whose clock begins anew


async def test_an_agent_who_speaks_and_chooses_another_way_is_parted_from_first(desk: Desk, callers: Callers) -> None:
    await takes_calls(desk, ANNE)
    phone = await joined(callers, way="browser")
    await desk.take((await request_of(desk, phone)).id, ANNE, way="phone")
    await callers.look()
    assert [state for state, _ in phone.said] == ["queued", "taken", "queued", "taken"]
    line = callers.line(phone.conversation_id)
    assert line is not None
    assert (line.way, line.state) == ("phone", "ringing")


async def test_the_agent_is_joined_held_and_taken_back(desk: Desk, callers: Callers) -> None:
    await takes_calls(desk, ANNE)
    phone = await joined(callers, way="browser")
    request = await request_of(desk, phone)
    assert await code(desk.hold(request.id, BRUNO, True)) == "not_yours"
    states = []
    for on in (True, False):
        await desk.hold(request.id, ANNE, on)
        line = callers.line(phone.conversation_id)
        states.append(line.state if line else "")
    assert states == ["held", "joined"]
    assert [one for one in phone.told if isinstance(one, m.HoldAsked)] == [m.HoldAsked(True), m.HoldAsked(False)]
    callers.set_line(phone.conversation_id, "lost", "browser")
    await desk.hold(request.id, ANNE, True)
    assert [one for one in phone.told if isinstance(one, m.HoldAsked)][2:] == []


async def test_an_agent_who_is_cut_off_is_seen_to_be_and_may_come_back(
    desk: Desk, callers: Callers, bringing: Bringing
) -> None:
    await takes_calls(desk, ANNE)
    phone = await calls_in(callers)
    request, leg = await request_of(desk, phone), Leg()
    await desk.take(request.id, ANNE, way="browser")
    callers.agent_on_line(phone.conversation_id, leg, "browser")
    await callers.told(phone.conversation_id, DeskNews.JOINED)
    leg.reason = "lost"
    assert (callers.line(phone.conversation_id) or pytest.fail()).state == "lost"
    callers.agent_on_line(phone.conversation_id, Leg(), "browser")
    await callers.told(phone.conversation_id, DeskNews.JOINED)
    assert (callers.line(phone.conversation_id) or pytest.fail()).state == "joined"
    assert (bringing.parted, len(bringing.taken)) == ([], 1)


async def test_a_leg_that_comes_too_late_is_ended(desk: Desk, callers: Callers) -> None:
    await takes_calls(desk, ANNE)
    phone, leg, late = await calls_in(callers), Leg(), Leg()
    callers.agent_on_line(phone.conversation_id, leg, "browser")  # nobody has taken it
    callers.agent_on_line("unknown", late, "browser")
    await callers.settle()
    assert (leg.ended, late.ended) == (True, True)
    assert not any(isinstance(one, m.AgentOnLine) for one in phone.told)


# How it ends


@pytest.mark.parametrize(
    ("news", "state", "declined", "frames"),
    [
        (DeskNews.ABSENT, HandoverState.QUEUED, ("anne",), [("anne", "not_answered")]),
        (DeskNews.TRANSFER_FAILED, HandoverState.QUEUED, ("anne",), [("anne", "transfer_failed")]),
        (DeskNews.LOST, HandoverState.QUEUED, (), []),
        (DeskNews.HUNG_UP, HandoverState.WRAP_UP, (), []),
        (DeskNews.TRANSFERRED, HandoverState.WRAP_UP, (), []),
    ],
)
async def test_what_happens_on_the_line(
    desk: Desk,
    callers: Callers,
    bringing: Bringing,
    *,
    news: DeskNews,
    state: HandoverState,
    declined: tuple[str, ...],
    frames: list[tuple[str, str]],
) -> None:
    await takes_calls(desk, ANNE)
    phone = await joined(callers)
    for _ in range(2):  # told twice is told once
        await callers.told(phone.conversation_id, news)
        await callers.look()
    request = await request_of(desk, phone)
    assert (request.state, request.declined, request.on_line) == (state, declined, state is HandoverState.QUEUED)
    assert request.front == (state is HandoverState.QUEUED)
    assert bringing.frames == frames
    assert bringing.parted == [phone.conversation_id]
    assert callers.line(phone.conversation_id) is None
    endings = {DeskNews.HUNG_UP: "closed", DeskNews.TRANSFERRED: "transferred"}
    assert request.ending == endings.get(news)


async def test_an_agents_telephone_that_does_not_take_it(desk: Desk, callers: Callers, bringing: Bringing) -> None:
    await takes_calls(desk, ANNE)
    phone = await calls_in(callers)
    request = await request_of(desk, phone)
    await desk.take(request.id, ANNE, way="phone")
    for _ in range(2):
        await callers.not_taken(request.id, "anne", "declined")
    assert bringing.frames == [("anne", "declined")]
    await callers.look()
    assert [state for state, _ in phone.said] == ["queued", "taken", "queued"]
    assert bringing.parted == [phone.conversation_id]


@pytest.mark.parametrize(("how", "said"), [("close", "closed"), ("give_back", "returned")])
async def test_the_agent_ends_it(desk: Desk, callers: Callers, bringing: Bringing, how: str, said: str) -> None:
    await takes_calls(desk, ANNE)
    phone = await joined(callers)
    await getattr(desk, how)((await request_of(desk, phone)).id, ANNE)
    await callers.look()
    assert phone.said[-1] == (said, "")
    assert bringing.parted == [phone.conversation_id]
    before = len(phone.told)
    await callers.look()
    assert len(phone.told) == before
    callers.leave(phone.conversation_id)
    await callers.settle()
    assert (await request_of(desk, phone)).state is HandoverState.WRAP_UP


async def test_the_caller_hangs_up_while_speaking(desk: Desk, callers: Callers, bringing: Bringing) -> None:
    await takes_calls(desk, ANNE)
    phone = await joined(callers)
    callers.leave(phone.conversation_id)
    await callers.settle()
    request = await request_of(desk, phone)
    assert (request.state, request.ending, request.agent_id) == (HandoverState.WRAP_UP, "left", "anne")
    assert bringing.parted == [phone.conversation_id]


async def test_a_call_is_handed_on_only_to_who_takes_calls_and_has_none(
    desk: Desk, callers: Callers, bringing: Bringing
) -> None:
    await takes_calls(desk, ANNE, CHIEF)
    await present(desk, BRUNO)
    phone = await joined(callers)
    request = await request_of(desk, phone)
    assert await code(desk.transfer(request.id, ANNE, to_agent="bruno")) == "nobody"
    other = await joined(callers, CHIEF)
    assert await code(desk.transfer(request.id, ANNE, to_agent="chief")) == "nobody"
    callers.leave(other.conversation_id)
    await callers.settle()
    await desk.transfer(request.id, ANNE, to_agent="chief")
    await callers.look()
    assert phone.said[-1] == ("queued", "")
    await desk.take(request.id, CHIEF, way="browser")
    assert phone.said[-1] == ("taken", "")
    assert bringing.taken[-1] == ("chief", "browser", "")


async def test_a_supervisor_takes_a_call_over(desk: Desk, callers: Callers, bringing: Bringing) -> None:
    await takes_calls(desk, ANNE, CHIEF)
    phone = await joined(callers)
    await desk.take((await request_of(desk, phone)).id, CHIEF, way="browser")
    assert [state for state, _ in phone.said] == ["queued", "taken", "queued", "taken"]  # parted, then brought
    assert bringing.parted == [phone.conversation_id]
    line = callers.line(phone.conversation_id)
    assert line is not None
    assert (line.way, line.state) == ("browser", "connecting")


async def test_older_news_does_not_part_a_caller_from_the_agent(desk: Desk, callers: Callers) -> None:
    await takes_calls(desk, ANNE)
    phone = await calls_in(callers)
    stale = await desk.live()
    await desk.take(stale[0].id, ANNE)

    async def before() -> list[HandoverRecord]:
        return stale

    desk.live = before  # type: ignore[method-assign]  # read before the agent took it
    await callers.look()
    assert phone.said[-1] == ("taken", "")


async def test_who_clicks_two_callers_at_once_speaks_with_one(desk: Desk, callers: Callers, bringing: Bringing) -> None:
    await takes_calls(desk, ANNE)
    requests = [await request_of(desk, await calls_in(callers)) for _ in range(2)]
    results = await asyncio.gather(
        *(desk.take(one.id, ANNE, way="browser") for one in requests), return_exceptions=True
    )
    assert [getattr(one, "code", "") for one in results if isinstance(one, Exception)] == ["on_a_call"]
    assert len(bringing.taken) == 1


async def test_a_long_call_is_neither_idle_nor_lost_with_the_console(
    desk: Desk, callers: Callers, sweep: Sweep, clock: Clock
) -> None:
    await takes_calls(desk, ANNE)
    phone = await joined(callers)
    for _ in range(60 * 4):  # an hour, and no sign of the agent's console
        clock.pass_seconds(15)
        await sweep.once()
        await callers.look()
    request = await request_of(desk, phone)
    assert (request.state, request.agent_id) == (HandoverState.ACTIVE, "anne")
    callers.set_line(phone.conversation_id, "lost", "phone")
    clock.pass_seconds(desk.policy.agent_lost.total_seconds() + 5)
    await sweep.once()
    assert (await request_of(desk, phone)).state is HandoverState.QUEUED


async def test_a_call_of_a_gateway_that_died_is_given_back(desk: Desk, callers: Callers, clock: Clock) -> None:
    await takes_calls(desk, ANNE)
    phone = await joined(callers)
    desk.telephone = None  # another gateway, which does not hold the call
    sweep = Sweep(desk)
    for _ in range(40):
        clock.pass_seconds(60)
        await takes_calls(desk, ANNE)
        await sweep.once()
    assert (await request_of(desk, phone)).ending == "idle"


# Agents


async def test_taking_calls_and_the_number_are_set_once(desk: Desk, clock: Clock) -> None:
    await takes_calls(desk, ANNE)
    clock.pass_seconds(3600)
    back = await desk.seen(ANNE)
    assert (back.status, back.takes_calls, back.phone) == (AgentStatus.AWAY, True, "214")
    assert (await desk.seen(ANNE, phone="06 12 34 56 78")).phone == "+33612345678"
    assert (await desk.seen(ANNE, takes_calls=False)).takes_calls is False


async def test_the_wait_of_missed_calls_is_not_told_to_others(desk: Desk, callers: Callers, clock: Clock) -> None:
    await takes_calls(desk, ANNE)
    for _ in range(6):
        phone = await calls_in(callers)
        callers.leave(phone.conversation_id)
        await callers.settle()
        clock.pass_seconds(3600)
        await desk.seen(ANNE, capacity=50)
        await desk.take((await request_of(desk, phone)).id, ANNE)
    assert await desk.expected_wait(1) is None


CALL = HandoverRecord(
    "h1", "c1", datetime(2026, 3, 2, tzinfo=UTC), HandoverReason.ASKED, HandoverState.REQUESTED, channel=Channel.PHONE
)


@pytest.mark.parametrize(
    ("case", "said"),
    [
        (None, m.DeskSaid(DeskState.GONE)),  # erased
        (CALL, None),
        (replace(CALL, state=HandoverState.QUEUED), m.DeskSaid(DeskState.GONE)),  # listed, and no wish of this call
        (replace(CALL, state=HandoverState.ACTIVE), m.DeskSaid(DeskState.GONE)),  # somebody works on the listed one
        (replace(CALL, state=HandoverState.WRAP_UP, ending="idle"), m.DeskSaid(DeskState.RETURNED)),
        (replace(CALL, state=HandoverState.WRAP_UP, ending="cancelled"), m.DeskSaid(DeskState.GONE)),
        (replace(CALL, state=HandoverState.CLOSED, ending="closed"), m.DeskSaid(DeskState.CLOSED)),
        (replace(CALL, state=HandoverState.REFUSED, refusal="full"), m.DeskSaid(DeskState.REFUSED, "full")),
    ],
)
def test_how_a_request_stands_in_the_words_of_a_call(case: HandoverRecord | None, said: m.DeskSaid | None) -> None:
    assert stands(case) == said
