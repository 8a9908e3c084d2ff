"""The desk with its store: claims, faults, presence, promises; on SQLite here, on PostgreSQL in tests/integration."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.desk import events
from bot.desk.desk import Desk, Judgement
from bot.desk.overview import Overview
from bot.desk.policy import Policy
from bot.desk.refusals import NotNow, NotThere, Unusable
from bot.desk.sweeping import Sweep
from bot.desk.visitor import Refusal, VisitorState
from bot.dialogue import Channel
from bot.errors import Busy, StoreUnavailable
from bot.opening_hours import Slot
from bot.store import HandoverReason, Mode, Store
from bot.store.desk_records import AgentStatus, CallbackState, MessageState, Verdict
from bot.store.records import HandoverRecord, HandoverState
from tests.unit.desk.conftest import (
    ANNE,
    BRUNO,
    CHIEF,
    Clock,
    Someone,
    Visitors,
    asks,
    chat,
    latest,
    make_desk,
    present,
)

NUMBER = "06 12 34 56 78"


async def mode(store: Store, conversation_id: str) -> Mode:
    record = await store.conversation(conversation_id)
    assert record is not None
    return record.mode


async def unavailable(*_: object, **__: object) -> None:
    raise StoreUnavailable("away")


async def code(doing: Awaitable[object]) -> str:
    with pytest.raises((NotNow, NotThere, Unusable)) as refusal:
        await doing
    return str(refusal.value.code)


async def test_nobody_there_means_refused_and_told_so(desk: Desk, store: Store) -> None:
    view = await desk.request(await chat(store), Channel.WEB, HandoverReason.ASKED, "")
    assert (view.state, view.reason) == (VisitorState.REFUSED, Refusal.NOBODY)


async def test_asking_twice_is_one_request_and_a_place_in_the_queue(desk: Desk, store: Store) -> None:
    await present(desk, ANNE)
    first, second = await chat(store), await chat(store)
    await asks(desk, first)
    for _ in range(2):
        view = await desk.request(second, Channel.WEB, HandoverReason.ASKED, "")
        assert (view.state, view.position, view.wait_seconds) == (VisitorState.QUEUED, 2, None)
    assert await desk.now(second) == view
    assert len(await desk.live()) == 2


async def test_a_full_queue_says_so(store: Store, visitors: Visitors, clock: Clock) -> None:
    desk = make_desk(store, visitors, Policy(queue_limit=1), clock)
    await present(desk, ANNE)
    await asks(desk, await chat(store))
    assert (await asks(desk, await chat(store))).refusal == "full"


async def test_of_agents_who_take_at_once_one_gets_it(desk: Desk, store: Store, visitors: Visitors) -> None:
    agents = [Someone(f"agent{number}", f"Agent {number}") for number in range(8)]
    await present(desk, *agents)
    request = await asks(desk, await chat(store))
    results = await asyncio.gather(*(desk.take(request.id, agent) for agent in agents), return_exceptions=True)
    taken = [one for one in results if isinstance(one, HandoverRecord)]
    assert len(taken) == 1
    assert [one.code for one in results if isinstance(one, NotNow)] == ["taken"] * 7
    assert visitors.states == ["active"]
    assert (await latest(desk, request.conversation_id)).agent_id == taken[0].agent_id


async def test_of_two_gateways_on_one_database_one_claims(
    desk: Desk, store: Store, url: str, clock: Clock, policy: Policy
) -> None:
    other_store = await Store.open(url, now=clock)
    other_visitors = Visitors()
    other = make_desk(other_store, other_visitors, policy, clock)
    try:
        await present(desk, ANNE)
        await present(other, BRUNO)
        for _ in range(5):
            request = await asks(desk, await chat(store))
            results = await asyncio.gather(
                desk.take(request.id, ANNE), other.take(request.id, BRUNO), return_exceptions=True
            )
            assert sorted(type(one).__name__ for one in results) == ["HandoverRecord", "NotNow"]
            owner = ANNE if (await latest(desk, request.conversation_id)).agent_id == "anne" else BRUNO
            await desk.close(request.id, owner)
            await desk.wrap_up(request.id, owner, None)
    finally:
        await other_store.close()


async def test_while_a_person_has_it_the_bot_is_silent_and_then_answers_again_three_times_over(
    desk: Desk, store: Store, visitors: Visitors, clock: Clock
) -> None:
    await present(desk, ANNE)
    conversation_id = await chat(store)
    for _ in range(3):
        clock.pass_seconds(1)
        request = await asks(desk, conversation_id)
        await desk.take(request.id, ANNE)
        assert await mode(store, conversation_id) is Mode.HUMAN
        assert desk.bot_is_silent(await desk.now(conversation_id))
        await desk.give_back(request.id, ANNE)
        assert await mode(store, conversation_id) is Mode.BOT
        assert await desk.now(conversation_id) is None
        assert visitors.told[-1][1].text == "Anne a fini."
        await desk.wrap_up(request.id, ANNE, None)
    assert len(await store.handovers_of(conversation_id)) == 3


async def test_an_agent_who_vanishes_loses_it_to_the_front_of_the_queue(
    desk: Desk, store: Store, visitors: Visitors, sweep: Sweep, clock: Clock
) -> None:
    await present(desk, ANNE, BRUNO)
    request = await asks(desk, await chat(store))
    await desk.take(request.id, ANNE)
    clock.pass_seconds(30)
    waiting = await asks(desk, await chat(store))
    await present(desk, BRUNO)
    clock.pass_seconds(20)  # 50 s without Anne, 20 s without Bruno
    await sweep.once()
    lost = await latest(desk, request.conversation_id)
    assert (lost.state, lost.front, lost.agent_id) == (HandoverState.QUEUED, True, None)
    assert await mode(store, request.conversation_id) is Mode.BOT
    told = visitors.told[-1][1]
    assert (told.state, told.position, told.text) == (VisitorState.QUEUED, 1, "Liaison interrompue.")
    assert visitors.moved == [] or visitors.moved[-1][0] == waiting.conversation_id
    assert await code(desk.say(request.conversation_id, ANNE, "m1", "Bonjour")) == "over"


@pytest.mark.parametrize(
    "away", [("desk_version", "agent_seen"), ("change_handover", "agent_seen")], ids=["gone", "disk_full"]
)
async def test_an_outage_takes_nobody_from_an_agent_who_is_there(
    desk: Desk, store: Store, clock: Clock, sweep: Sweep, monkeypatch: pytest.MonkeyPatch, *, away: tuple[str, ...]
) -> None:
    await present(desk, ANNE)
    request = await asks(desk, await chat(store))
    await desk.take(request.id, ANNE)
    await sweep.look()
    with monkeypatch.context() as now:
        for name in away:
            now.setattr(store, name, unavailable)
        for _ in range(60):  # five minutes
            clock.pass_seconds(5)
            with pytest.raises(StoreUnavailable):
                await desk.seen(ANNE)
            await sweep.look()
    clock.pass_seconds(1)
    await sweep.look()  # before any console
    assert (await latest(desk, request.conversation_id)).agent_id == "anne"
    assert (await desk.seen(ANNE)).status is AgentStatus.AVAILABLE
    for _ in range(8):
        clock.pass_seconds(5)
        await sweep.look()
    assert (await latest(desk, request.conversation_id)).agent_id == "anne"
    for _ in range(2):  # 50 s without a sign
        clock.pass_seconds(5)
        await sweep.look()
    assert (await latest(desk, request.conversation_id)).state is HandoverState.QUEUED


async def test_an_agent_who_does_not_come_back_after_an_outage_loses_it(
    desk: Desk, store: Store, clock: Clock, sweep: Sweep, monkeypatch: pytest.MonkeyPatch
) -> None:
    await present(desk, ANNE)
    request = await asks(desk, await chat(store))
    await desk.take(request.id, ANNE)
    await sweep.look()
    with monkeypatch.context() as now:
        now.setattr(store, "desk_version", unavailable)
        for _ in range(12):
            clock.pass_seconds(5)
            await sweep.look()
    for _ in range(10):
        clock.pass_seconds(5)
        await sweep.look()
    assert (await latest(desk, request.conversation_id)).state is HandoverState.QUEUED
    assert (await desk.seen(ANNE)).status is AgentStatus.AWAY


async def test_an_unforeseen_error_does_not_stop_the_clock_of_the_desk(
    desk: Desk, store: Store, clock: Clock, sweep: Sweep, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks() -> int:
        raise RuntimeError("unforeseen")

    await present(desk, ANNE)
    request = await asks(desk, await chat(store))
    await desk.take(request.id, ANNE)
    with monkeypatch.context() as now:
        now.setattr(store, "desk_version", breaks)
        await sweep.look()
    clock.pass_seconds(46)
    await sweep.look()
    assert (await latest(desk, request.conversation_id)).state is HandoverState.QUEUED


async def test_a_gateway_that_starts_again_finds_each_state_and_ends_what_is_due(
    desk: Desk, store: Store, url: str, clock: Clock, policy: Policy
) -> None:
    await present(desk, ANNE)
    await desk.seen(ANNE, capacity=9)
    requested = await chat(store)
    await store.request_handover(requested, HandoverReason.ASKED)  # as if it had died right after
    queued, active, wrap_up, offered = [(await asks(desk, await chat(store))) for _ in range(4)]
    await desk.take(active.id, ANNE)
    await desk.take(wrap_up.id, ANNE)
    await desk.close(wrap_up.id, ANNE)
    await present(desk, BRUNO)
    await desk.take(offered.id, ANNE)
    await desk.transfer(offered.id, ANNE, to_agent="bruno")
    again_store, again_visitors = await Store.open(url, now=clock), Visitors()
    try:
        again = make_desk(again_store, again_visitors, policy, clock)
        sweep = Sweep(again)
        await sweep.once()
        states = [
            (await latest(again, one)).state.value for one in (requested, *(_ids(queued, active, wrap_up, offered)))
        ]
        assert states == ["queued", "queued", "active", "wrap_up", "offered"]
        clock.pass_seconds(60 * 60)
        for _ in range(3):
            clock.pass_seconds(200)
            await sweep.once()
        assert await again.live() == []
        for conversation_id in (requested, *_ids(queued, active, wrap_up, offered)):
            assert await mode(store, conversation_id) is Mode.BOT
    finally:
        await again_store.close()


def _ids(*requests: HandoverRecord) -> list[str]:
    return [one.conversation_id for one in requests]


async def test_a_visitor_who_leaves_or_cancels_frees_the_agent(desk: Desk, store: Store, visitors: Visitors) -> None:
    await present(desk, ANNE)
    served, waiting = await asks(desk, await chat(store)), await asks(desk, await chat(store))
    await desk.take(served.id, ANNE)
    await desk.visitor_left(served.conversation_id)
    assert (await latest(desk, served.conversation_id)).state is HandoverState.WRAP_UP
    view = await desk.cancel(waiting.conversation_id)
    assert view is not None
    assert view.state is VisitorState.CANCELLED
    assert await desk.cancel(waiting.conversation_id) is None
    assert visitors.states == ["active", "ended"]  # a cancellation is told by its answer


async def test_a_store_that_fails_leaves_everything_as_it_was(desk: Desk, store: Store, visitors: Visitors) -> None:
    await present(desk, ANNE)
    request = await asks(desk, await chat(store))
    for statement in ("ON", "OFF"):
        async with store._engine.connect() as connection:
            await connection.exec_driver_sql(f"PRAGMA query_only = {statement}")
        if statement == "ON":
            with pytest.raises(StoreUnavailable):
                await desk.take(request.id, ANNE)
            with pytest.raises(StoreUnavailable):
                await desk.leave_message(request.conversation_id, "A", "a@b.fr", "Rappelez-moi")
    assert await latest(desk, request.conversation_id) == request
    assert await store.desk_messages() == []
    assert visitors.told == []
    await desk.take(request.id, ANNE)


async def test_automatic_offers_go_to_who_is_free_longest_and_back_when_unanswered(
    store: Store, visitors: Visitors, clock: Clock
) -> None:
    desk = make_desk(store, visitors, Policy(automatic=True), clock)
    sweep = Sweep(desk)
    await present(desk, ANNE)
    clock.pass_seconds(5)
    await present(desk, BRUNO)
    request = await asks(desk, await chat(store))
    await sweep.once()
    offered = await latest(desk, request.conversation_id)
    assert (offered.state, offered.agent_id) == (HandoverState.OFFERED, "anne")
    clock.pass_seconds(31)
    await present(desk, BRUNO)
    await desk.seen(ANNE)
    await sweep.once()
    await sweep.once()
    assert (await latest(desk, request.conversation_id)).agent_id == "bruno"
    assert {one.id: one.status for one in await desk.present()}["anne"] is AgentStatus.AWAY
    await desk.decline(request.id, BRUNO)
    await sweep.once()
    declined = await latest(desk, request.conversation_id)
    assert (declined.state, declined.declined) == (HandoverState.QUEUED, ("bruno",))


async def test_capacity_counts_what_is_still_written_up(desk: Desk, store: Store) -> None:
    await present(desk, ANNE)
    await desk.seen(ANNE, capacity=1)
    first, second = [await asks(desk, await chat(store)) for _ in range(2)]
    await desk.take(first.id, ANNE)
    assert await code(desk.take(second.id, ANNE)) == "no_room"
    await desk.close(first.id, ANNE)
    assert await code(desk.take(second.id, ANNE)) == "no_room"
    await desk.wrap_up(first.id, ANNE, None)
    assert (await desk.take(second.id, ANNE)).agent_id == "anne"


async def test_who_clicks_twice_at_once_gets_no_more_than_their_capacity(desk: Desk, store: Store) -> None:
    await present(desk, ANNE)
    await desk.seen(ANNE, capacity=1)
    requests = [await asks(desk, await chat(store)) for _ in range(3)]
    results = await asyncio.gather(*(desk.take(one.id, ANNE) for one in requests), return_exceptions=True)
    assert [getattr(one, "code", "") for one in results if isinstance(one, Exception)] == ["no_room"] * 2
    assert len([one for one in await desk.live() if one.agent_id == "anne"]) == 1


async def test_a_question_of_a_team_waits_for_that_team(desk: Desk, store: Store) -> None:
    payroll = Someone("paule", "Paule", teams=("paie",))
    await present(desk, ANNE, Someone("denis", "Denis", teams=("etat_civil",)), payroll)
    request = await asks(desk, await chat(store, "Mon bulletin ?", "bulletin"))
    assert request.team == "paie"
    assert await code(desk.transfer((await desk.take(request.id, payroll)).id, payroll, team="voirie")) == "nobody"
    moved = await desk.transfer(request.id, payroll, team="etat_civil", note="Je ne sais pas.")
    assert (moved.state, moved.team, moved.front) == (HandoverState.QUEUED, "etat_civil", True)
    assert [one.text for one in await store.desk_notes(request.conversation_id)] == ["Je ne sais pas."]
    assert await code(desk.transfer(request.id, payroll, to_agent="nobody")) == "nobody"


async def test_only_the_owner_speaks_and_a_supervisor_may_take_over(
    desk: Desk, store: Store, visitors: Visitors
) -> None:
    await present(desk, ANNE, BRUNO, CHIEF)
    request = await asks(desk, await chat(store))
    await desk.take(request.id, ANNE)
    assert await desk.say(request.conversation_id, ANNE, "m1", " Bonjour ") == 1
    assert await desk.say(request.conversation_id, ANNE, "m1", "Bonjour") == 1
    assert visitors.said == {"m1": "Anne: Bonjour"}
    assert await code(desk.say(request.conversation_id, BRUNO, "m2", "Moi aussi")) == "not_yours"
    assert await code(desk.close(request.id, BRUNO)) == "not_yours"
    assert (await desk.take(request.id, CHIEF)).agent_id == "chief"
    assert await code(desk.say(request.conversation_id, ANNE, "m3", "Encore moi")) == "not_yours"
    for text in ("", "  ", "x" * 5000):
        assert await code(desk.say(request.conversation_id, CHIEF, "m4", text)) in ("bad_request", "too_long")


@pytest.mark.parametrize(
    "name", ["<img src=x onerror=alert(1)>", "=cmd()", "a\x00b\ud800", "é" * 500, "'; DROP TABLE--"]
)
async def test_a_hostile_name_is_only_ever_a_name(desk: Desk, store: Store, name: str) -> None:
    agent = Someone("hostile", name[:64].encode("utf-8", "replace").decode())
    await present(desk, agent)
    request = await asks(desk, await chat(store))
    taken = await desk.take(request.id, agent)
    assert taken.agent_id == "hostile"
    await desk.leave_message(await chat(store), name, "a@b.fr", "Bonjour")
    (message,) = await store.desk_messages()
    clean = name.replace("\x00", "").encode("utf-8", "replace").decode()
    assert message.name == clean[:128]


async def test_the_wrap_up_keeps_what_the_agent_thinks_of_the_bot(desk: Desk, store: Store, clock: Clock) -> None:
    await present(desk, ANNE)
    request = await asks(desk, await chat(store))
    await desk.take(request.id, ANNE)
    assert await code(desk.wrap_up(request.id, ANNE, Judgement("right"))) == "over"
    await desk.close(request.id, ANNE)
    assert await code(desk.wrap_up(request.id, ANNE, Judgement("perhaps"))) == "bad_request"
    assert await code(desk.wrap_up(request.id, ANNE, Judgement("wrong_intent", "no_such_subject"))) == "bad_request"
    closed = await desk.wrap_up(request.id, ANNE, Judgement("wrong_intent", "bulletin", note="Voulait son bulletin"))
    assert closed.state is HandoverState.CLOSED
    (kept,) = await store.annotations(conversation_id=request.conversation_id)
    assert (kept.verdict, kept.intent, kept.turn, kept.agent_name) == (Verdict.WRONG_INTENT, "bulletin", 1, "Anne")
    clock.pass_seconds(2 * 86400)
    assert await code(desk.wrap_up(request.id, ANNE, Judgement("right"))) == "over"
    await store.erase_conversation(request.conversation_id)
    assert await store.annotations() == []


@pytest.mark.parametrize("again", [Verdict.RIGHT, Verdict.MISSING_ANSWER])
async def test_what_an_agent_says_of_the_bot_again_counts_once(desk: Desk, store: Store, again: Verdict) -> None:
    await present(desk, ANNE)
    request = await asks(desk, await chat(store))
    await desk.take(request.id, ANNE)
    await desk.close(request.id, ANNE)
    await desk.annotate(request.conversation_id, ANNE, Judgement("wrong_answer"))  # of no request in particular
    for verdict in (Verdict.RIGHT, again):  # the first answer may have been lost on its way
        await desk.wrap_up(request.id, ANNE, Judgement(verdict))
    assert [one.verdict for one in await store.annotations() if one.handover_id == request.id] == [again]
    assert len(await store.annotations()) == 2


async def test_a_wrap_up_in_the_instant_in_which_it_closes_by_itself_is_kept(
    desk: Desk, store: Store, clock: Clock, sweep: Sweep
) -> None:
    await present(desk, ANNE)
    request = await asks(desk, await chat(store))
    await desk.take(request.id, ANNE)
    stale = await desk.close(request.id, ANNE)
    clock.pass_seconds(200)
    await desk.seen(ANNE)
    await sweep.once()

    async def before(_: str) -> HandoverRecord:
        return stale

    desk._case = before  # type: ignore[method-assign]  # read before the sweep closed it
    assert (await desk.wrap_up(request.id, ANNE, Judgement("right"))).state is HandoverState.CLOSED
    assert [one.verdict for one in await store.annotations()] == [Verdict.RIGHT]


async def test_who_stops_writing_after_the_end_has_done_nothing_wrong(desk: Desk, store: Store) -> None:
    await present(desk, ANNE)
    request = await asks(desk, await chat(store))
    await desk.take(request.id, ANNE)
    await desk.close(request.id, ANNE)
    await desk.typing(request.conversation_id, ANNE, on=False)
    assert await code(desk.typing(request.conversation_id, ANNE, on=True)) == "over"


# Promises


async def test_what_is_not_over_is_shown_to_agents_however_much_there_is_and_was(
    desk: Desk, store: Store, clock: Clock
) -> None:
    conversation_id, now = await chat(store), clock()
    promise = desk.promise(conversation_id, None, "Ali", "+33612345678", None)
    message = desk.written(conversation_id, None, "Ali", "a@b.fr", "Bonjour")
    for number in range(210):
        over, still = now + timedelta(seconds=number), now + timedelta(hours=1, seconds=number)
        ended = replace(promise, id=f"kept{number}", due_at=over, state=CallbackState.KEPT, ended_at=over)
        done = replace(message, id=f"done{number}", received_at=over, state=MessageState.DONE, done_at=over)
        promised = replace(promise, id=f"open{number:03}", due_at=still)
        for one in (ended, done, promised, replace(message, id=f"open{number:03}", received_at=still)):
            assert await store.keep(one)
    shown = (await Overview(desk).snapshot()).groups
    waiting = [f"open{number:03}" for number in range(210)]
    for group in ("callbacks", "messages"):
        ids = list(shown[group])
        assert ids[:210] == waiting, "all that is to be done, the most urgent first"
        assert len(ids) == 410
        assert "done209" in ids or "kept209" in ids, "and what was done last"
    assert [one.id for one in await store.callbacks()] == waiting[:200]
    assert [one.id for one in await store.desk_messages()] == waiting[:200]


@pytest.mark.parametrize("left", ["callback", "message"])
async def test_what_is_left_in_the_instant_in_which_the_agent_ends_it_is_kept(
    desk: Desk, store: Store, left: str
) -> None:
    await present(desk, ANNE)
    conversation_id = await chat(store)
    request = await asks(desk, conversation_id)
    stale = await desk.take(request.id, ANNE)
    await desk.close(request.id, ANNE)
    read, reads = store.handover, 0

    async def handover(of: str) -> HandoverRecord | None:
        nonlocal reads
        reads += 1
        return stale if reads == 1 else await read(of)

    store.handover = handover  # type: ignore[method-assign]  # the first time as it was before the agent ended it
    if left == "callback":
        view = await desk.leave_callback(conversation_id, "Ali", NUMBER, "")
        (kept,) = await store.callbacks()
        assert (view.state, kept.number) == (VisitorState.CALLBACK, "+33612345678")
    else:
        view = await desk.leave_message(conversation_id, "Ali", "a@b.fr", "Rappelez-moi")
        (written,) = await store.desk_messages()
        assert (view.state, written.text) == (VisitorState.MESSAGE_LEFT, "Rappelez-moi")
    assert (await latest(desk, conversation_id)).id != request.id


async def test_whoever_is_refused_leaves_a_number_once(desk: Desk, store: Store) -> None:
    conversation_id = await chat(store)
    await asks(desk, conversation_id)
    offered = (await desk.availability()).slots
    for _ in range(2):
        view = await desk.leave_callback(conversation_id, " Ali ", NUMBER, offered[0].id)
        assert (view.state, view.slot) == (VisitorState.CALLBACK, offered[0])
    (promise,) = await store.callbacks()
    assert (promise.name, promise.number, promise.due_at) == ("Ali", "+33612345678", offered[0].end)
    assert (await latest(desk, conversation_id)).state is HandoverState.CALLBACK
    assert await code(desk.leave_callback(conversation_id, "", "15", "")) == "bad_number"
    assert await code(desk.leave_callback(conversation_id, "", NUMBER, "gone")) == "slot_gone"


async def test_who_leaves_a_number_twice_at_once_is_promised_one_call(desk: Desk, store: Store) -> None:
    await present(desk, ANNE)
    conversation_id = await chat(store)
    await asks(desk, conversation_id)
    views = await asyncio.gather(*(desk.leave_callback(conversation_id, "Ali", NUMBER, "") for _ in range(3)))
    assert {view.state for view in views} == {VisitorState.CALLBACK}
    assert len(await store.callbacks()) == 1


async def test_a_slot_that_is_full_is_no_longer_offered(desk: Desk, store: Store) -> None:
    slot = (await desk.availability()).slots[0]
    for _ in range(2):
        await desk.leave_callback(await chat(store), "", NUMBER, slot.id)
    assert slot not in (await desk.availability()).slots
    assert await code(desk.leave_callback(await chat(store), "", NUMBER, slot.id)) == "slot_gone"


async def test_a_slot_is_not_overbooked_by_those_who_come_at_the_same_instant(
    desk: Desk, store: Store, visitors: Visitors, clock: Clock
) -> None:
    await present(desk, ANNE)
    other = make_desk(store, visitors, desk.policy, clock)
    slot = (await desk.availability()).slots[0]
    talks = [await chat(store) for _ in range(6)]
    for conversation_id in talks[:3]:
        await asks(desk, conversation_id)

    async def chosen(_: str) -> Slot:
        return slot  # everybody was shown it while it was free

    for one in (desk, other):
        one.slot = chosen  # type: ignore[method-assign]
    promising = [
        (other if number % 2 else desk).leave_callback(conversation_id, "", NUMBER, slot.id)
        for number, conversation_id in enumerate(talks[:5])
    ]
    promising.append(desk.promise_by_agent(talks[5], ANNE, "", NUMBER, slot.id))  # type: ignore[arg-type]
    done = await asyncio.gather(*promising, return_exceptions=True)
    refused = [one for one in done if isinstance(one, BaseException)]
    assert [getattr(one, "code", "") for one in refused] == ["slot_gone"] * 4
    assert len(await store.callbacks()) == desk.policy.callbacks_per_slot
    for one, conversation_id in zip(done, talks[:3], strict=False):
        case = await latest(desk, conversation_id)  # who got no promise is not taken for one who did
        assert (case.state is HandoverState.CALLBACK) == (not isinstance(one, BaseException))


async def test_a_message_reaches_the_desk_and_is_done_once(desk: Desk, store: Store) -> None:
    conversation_id = await chat(store)
    for contact, text in (("", "Bonjour"), ("a@b.fr", " "), ("a" * 300, "Bonjour")):
        assert await code(desk.leave_message(conversation_id, "A", contact, text)) in ("bad_request", "too_long")
    view = await desk.leave_message(conversation_id, "A", "a@b.fr", "Rappelez-moi")
    assert view.state is VisitorState.MESSAGE_LEFT
    (left,) = await store.desk_messages()
    done = await desk.mark_message(left.id, ANNE, MessageState.DONE, "Répondu")
    assert (done.state, done.agent_id, done.note) == (MessageState.DONE, "anne", "Répondu")
    assert await desk.mark_message(left.id, BRUNO, MessageState.DONE) == done


class Line:
    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.dialled: list[str] = []

    async def call_back(self, conversation_id: str, number: str) -> None:
        if self.error:
            raise self.error
        self.dialled.append(number)


async def test_a_callback_is_dialled_by_one_and_measured(desk: Desk, store: Store, clock: Clock, sweep: Sweep) -> None:
    await desk.leave_callback(await chat(store), "", NUMBER, "")
    (promise,) = await store.callbacks()
    with pytest.raises(Busy):
        await desk.dial(promise.id, ANNE, Line(Busy("full")))
    refused = await store.callback(promise.id)
    assert refused is not None
    assert (refused.state, refused.attempts) == (CallbackState.PROMISED, 0)
    line = Line()
    results = await asyncio.gather(
        *(desk.dial(promise.id, agent, line) for agent in (ANNE, BRUNO)), return_exceptions=True
    )
    assert [one.code for one in results if isinstance(one, NotNow)] == ["under_way"]
    assert line.dialled == ["+33612345678"]
    clock.pass_seconds(31 * 60)
    await sweep.once()
    again = await store.callback(promise.id)
    assert again is not None
    assert again.state is CallbackState.PROMISED
    kept = await desk.settle(promise.id, ANNE, CallbackState.KEPT)
    assert (kept.state, kept.attempts) == (CallbackState.KEPT, 1)
    assert await code(desk.settle(promise.id, ANNE, CallbackState.MISSED)) == "over"


# The telephone


async def test_a_call_stands_in_the_list_and_its_promise_becomes_a_callback(
    desk: Desk, store: Store, sweep: Sweep, visitors: Visitors
) -> None:
    call = await store.start_conversation(Channel.PHONE)
    await store.request_handover(call, HandoverReason.KEY, "résumé")
    await sweep.once()
    assert (await latest(desk, call)).state is HandoverState.QUEUED
    assert [one.id for one in await store.open_handovers()] == [(await latest(desk, call)).id]
    assert await store.set_callback(call, "+33612345678")
    await sweep.once()
    await sweep.once()
    (promise,) = await store.callbacks()
    assert (promise.number, promise.slot_id, promise.handover_id) == ("+33612345678", "", (await latest(desk, call)).id)
    assert promise.due_at == promise.promised_at + timedelta(hours=24)
    assert [one.callback_number for one in await store.open_handovers()] == ["+33612345678"]
    await desk.settle(promise.id, ANNE, CallbackState.KEPT)
    assert await store.open_handovers() == []
    assert visitors.told == []


async def test_a_number_left_at_the_last_moment_is_promised_once_though_the_store_fails_then(
    desk: Desk, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = await store.start_conversation(Channel.PHONE)
    before = await store.request_handover(call, HandoverReason.KEY)
    assert await store.set_callback(call, "+33612345678")
    with monkeypatch.context() as now:
        now.setattr(store, "keep", unavailable)
        with pytest.raises(StoreUnavailable):
            await desk.call_ends(before, events.Cancelled())
    for _ in range(2):
        await desk.call_ends(await latest(desk, call), events.Cancelled())
        (promise,) = await store.callbacks()
        await desk.settle(promise.id, ANNE, CallbackState.KEPT)
    assert promise.number == "+33612345678"


async def test_a_call_whose_end_is_told_twice_at_once_is_promised_once(
    desk: Desk, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = await store.start_conversation(Channel.PHONE)
    before = await store.request_handover(call, HandoverReason.KEY)
    assert await store.set_callback(call, "+33612345678")
    with monkeypatch.context() as now:
        now.setattr(store, "keep", unavailable)
        with pytest.raises(StoreUnavailable):
            await desk.call_ends(before, events.Cancelled())
    ended = await latest(desk, call)
    await asyncio.gather(*(store.ping() for _ in range(5)))  # so that nobody has to wait for a connection to be made
    await asyncio.gather(*(desk.call_ends(ended, events.CallOver(transferred=True)) for _ in range(5)))
    assert [one.number for one in await store.callbacks()] == ["+33612345678"]


async def test_a_call_takes_no_visitors_place_and_is_not_offered(
    store: Store, visitors: Visitors, clock: Clock
) -> None:
    desk = make_desk(store, visitors, Policy(automatic=True), clock)
    call = await store.start_conversation(Channel.PHONE)
    await store.request_handover(call, HandoverReason.KEY)
    sweep = Sweep(desk)
    await sweep.once()
    await present(desk, ANNE)
    view = await desk.request(await chat(store), Channel.WEB, HandoverReason.ASKED, "")
    assert view.position == 1
    await sweep.once()
    assert (await latest(desk, call)).state is HandoverState.QUEUED
    await store.end_conversation(call, "caller")
    clock.pass_seconds(6)
    await sweep.once()
    assert (await latest(desk, call)).state is HandoverState.QUEUED  # whoever hung up is still to be seen
    transferred = await store.start_conversation(Channel.PHONE)
    await store.request_handover(transferred, HandoverReason.KEY)
    await store.end_conversation(transferred, "transferred")
    await sweep.once()
    assert (await latest(desk, transferred)).ending == "transferred"


async def test_the_wait_is_told_when_it_is_known(desk: Desk, store: Store, clock: Clock) -> None:
    await present(desk, ANNE)
    await desk.seen(ANNE, capacity=50)
    for _ in range(5):
        request = await asks(desk, await chat(store))
        assert (await desk.view(request)).wait_seconds is None
        clock.pass_seconds(40)
        await desk.take(request.id, ANNE)
    views = [await desk.request(await chat(store), Channel.WEB, HandoverReason.ASKED, "") for _ in range(2)]
    assert [(view.position, view.wait_seconds) for view in views] == [(1, 60), (2, 90)]


async def test_who_waits_is_told_the_new_place(desk: Desk, store: Store, visitors: Visitors, sweep: Sweep) -> None:
    await present(desk, ANNE)
    first, second = [await asks(desk, await chat(store)) for _ in range(2)]
    await sweep.once()
    await desk.take(first.id, ANNE)
    await sweep.once()
    assert visitors.moved == [(second.conversation_id, 1, None)]


async def test_everybody_gone_is_told_to_who_waits(
    desk: Desk, store: Store, visitors: Visitors, sweep: Sweep, clock: Clock
) -> None:
    await present(desk, ANNE)
    request = await asks(desk, await chat(store))
    for _ in range(20):
        clock.pass_seconds(10)
        await sweep.once()
    assert (await latest(desk, request.conversation_id)).refusal == "nobody"
    assert visitors.states == ["refused"]


async def test_an_agent_is_there_only_when_seen_and_not_offered_anything_unasked(desk: Desk, clock: Clock) -> None:
    arrived = await desk.seen(ANNE)
    assert arrived.status is AgentStatus.AWAY
    assert not (await desk.availability()).staffed
    await present(desk, ANNE)
    assert (await desk.availability()).staffed
    assert (await desk.seen(ANNE)).status is AgentStatus.AVAILABLE
    clock.pass_seconds(46)
    assert not (await desk.availability()).staffed
    assert (await desk.seen(ANNE)).status is AgentStatus.AWAY


async def test_what_is_erased_is_gone_from_the_desk(desk: Desk, store: Store) -> None:
    await present(desk, ANNE)
    request = await asks(desk, await chat(store))
    await desk.take(request.id, ANNE)
    await desk.add_note(request.conversation_id, ANNE, "à rappeler")
    await store.erase_conversation(request.conversation_id)
    for doing in (lambda: desk.take(request.id, ANNE), lambda: desk.close(request.id, ANNE)):
        assert await code(doing()) == "unknown_request"
    assert await code(desk.add_note(request.conversation_id, ANNE, "x")) == "unknown_conversation"
    assert await store.desk_notes(request.conversation_id) == []
