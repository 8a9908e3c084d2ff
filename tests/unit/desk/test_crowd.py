"""Many who ask at once: everybody has a place, nothing is read again for each, two gateways agree on who has whom."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.desk import overview as overview_module
from bot.desk.desk import Desk
from bot.desk.overview import Overview
from bot.desk.policy import Policy
from bot.desk.refusals import NotNow
from bot.desk.sweeping import Sweep
from bot.desk.visitor import HandoverView, Refusal, VisitorState
from bot.dialogue import Channel
from bot.errors import StoreUnavailable, UnknownConversation
from bot.store import HandoverReason, Store
from bot.store.records import HandoverRecord
from tests.unit.desk.conftest import ANNE, BRUNO, Clock, Visitors, asks, chat, latest, make_desk, present

CROWD = 30


@pytest.fixture
async def there(url: str, clock: Clock, store: Store) -> AsyncIterator[Desk]:
    """Another gateway's desk, with a store of its own on the same database."""
    other = await Store.open(url, now=clock)
    yield make_desk(other, Visitors(), Policy(), clock)
    await other.close()


async def all_ask(*desks: Desk) -> list[str]:
    """Each visitor asks at one of the desks, all at once; their conversations."""
    conversations = [await chat(desks[0].store) for _ in range(CROWD)]
    views = await asyncio.gather(
        *(
            desks[number % len(desks)].request(one, Channel.WEB, HandoverReason.ASKED, "")
            for number, one in enumerate(conversations)
        )
    )
    assert {view.state for view in views} == {VisitorState.QUEUED}
    return conversations


async def places(desk: Desk, conversations: list[str]) -> list[int | None]:
    views = [await desk.now(one) for one in conversations]
    return sorted(view.position or 0 for view in views if view is not None)


async def test_everybody_has_a_place_and_the_queue_is_not_read_again_for_each(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await present(desk, ANNE)
    await desk.live()
    readings = 0
    read = desk.store.live_handovers

    async def counted() -> object:
        nonlocal readings
        readings += 1
        return await read()

    monkeypatch.setattr(desk.store, "live_handovers", counted)
    monkeypatch.setattr(desk.store, "_live_read", counted)
    conversations = await all_ask(desk)
    assert await places(desk, conversations) == list(range(1, CROWD + 1))
    assert readings == 0


async def test_two_gateways_admit_one_crowd_into_one_queue(desk: Desk, there: Desk) -> None:
    await present(desk, ANNE)
    conversations = await all_ask(desk, there)
    await Sweep(there).once()
    for one in (desk, there):
        assert await places(one, conversations) == list(range(1, CROWD + 1))


async def test_of_agents_at_two_gateways_who_take_at_once_one_has_each_visitor(desk: Desk, there: Desk) -> None:
    there.policy = desk.policy = Policy(capacity=CROWD)
    await present(desk, ANNE)
    await present(there, BRUNO)
    conversations = await all_ask(desk, there)
    requests = [(await latest(desk, one)).id for one in conversations]
    results = await asyncio.gather(
        *(desk.take(one, ANNE) for one in requests),
        *(there.take(one, BRUNO) for one in requests),
        return_exceptions=True,
    )
    assert [type(one) for one in results if not isinstance(one, HandoverRecord)] == [NotNow] * CROWD
    assert {one.id: one.agent_id for one in await desk.live()} == {one.id: one.agent_id for one in await there.live()}
    assert await desk.live() == [one.handover for one in await desk.store.live_handovers()]


async def test_a_crowd_before_a_store_that_hangs_is_told_so_together(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await present(desk, ANNE)
    conversations = [await chat(desk.store) for _ in range(CROWD)]
    with monkeypatch.context() as while_it_hangs:
        while_it_hangs.setattr(desk.store, "begin_handovers", lambda begun: asyncio.Event().wait())
        while_it_hangs.setattr(desk.admitting, "seconds", 0.01)
        asking = [desk.request(one, Channel.WEB, HandoverReason.ASKED, "") for one in conversations]
        told = await asyncio.gather(*asking, return_exceptions=True)
    assert {type(one) for one in told} == {StoreUnavailable}
    again = await asyncio.gather(*(desk.request(one, Channel.WEB, HandoverReason.ASKED, "") for one in conversations))
    assert sorted(view.position or 0 for view in again) == list(range(1, CROWD + 1))


async def test_a_crowd_is_let_in_by_a_few_transactions_and_each_has_the_place_that_is_written_down(desk: Desk) -> None:
    await present(desk, ANNE)
    before = await desk.store.desk_version()
    conversations = await all_ask(desk)
    assert await desk.store.desk_version() - before <= 3
    given = [(await latest(desk, one)).place_given or 0 for one in conversations]
    assert sorted(given) == list(range(1, CROWD + 1))


async def test_of_a_crowd_no_more_are_let_in_than_may_wait(desk: Desk) -> None:
    desk.policy = Policy(queue_limit=CROWD // 2)
    await present(desk, ANNE)
    asking = [await chat(desk.store) for _ in range(CROWD)]
    views = await asyncio.gather(*(desk.request(one, Channel.WEB, HandoverReason.ASKED, "") for one in asking))
    refused = [view.reason for view in views if view.state is VisitorState.REFUSED]
    assert refused == [Refusal.FULL] * (CROWD - CROWD // 2)
    assert await places(desk, asking) == list(range(1, CROWD // 2 + 1))


async def test_who_asks_twice_in_a_crowd_has_one_request(desk: Desk) -> None:
    await present(desk, ANNE)
    conversations = [await chat(desk.store) for _ in range(5)] * 3
    await asyncio.gather(*(desk.request(one, Channel.WEB, HandoverReason.ASKED, "") for one in conversations))
    assert len(await desk.live()) == 5


async def test_who_asks_again_in_a_crowd_takes_no_second_place(desk: Desk) -> None:
    desk.policy = Policy(queue_limit=2)
    await present(desk, ANNE)
    one, other = await chat(desk.store), await chat(desk.store)
    await asks(desk, one)
    views = await asyncio.gather(*(desk.request(it, Channel.WEB, HandoverReason.ASKED, "") for it in (one, other)))
    assert [(view.state, view.position) for view in views] == [(VisitorState.QUEUED, 1), (VisitorState.QUEUED, 2)]
    assert (await latest(desk, other)).place_given == 2


async def test_who_was_erased_takes_no_place_in_a_crowd(desk: Desk) -> None:
    desk.policy = Policy(queue_limit=1)
    await present(desk, ANNE)
    erased, other = await chat(desk.store), await chat(desk.store)
    await desk.store.erase_conversation(erased)
    asking = [desk.request(one, Channel.WEB, HandoverReason.ASKED, "") for one in (erased, other)]
    _, view = await asyncio.gather(*asking, return_exceptions=True)
    assert isinstance(view, HandoverView)
    assert (view.state, view.position) == (VisitorState.QUEUED, 1)
    assert (await latest(desk, other)).place_given == 1


async def test_one_of_a_crowd_who_was_erased_takes_nobody_along(desk: Desk) -> None:
    await present(desk, ANNE)
    conversations = [await chat(desk.store) for _ in range(5)]
    await desk.store.erase_conversation(conversations[2])
    asking = [desk.request(one, Channel.WEB, HandoverReason.ASKED, "") for one in conversations]
    told = await asyncio.gather(*asking, return_exceptions=True)
    assert [type(one) for one in told if isinstance(one, Exception)] == [UnknownConversation]
    assert len(await desk.live()) == 4


async def test_what_is_erased_is_in_no_overview_that_is_kept(desk: Desk) -> None:
    overview = Overview(desk)
    conversation, other = await chat(desk.store), await chat(desk.store)
    await present(desk, ANNE)
    for one in (conversation, other):
        await desk.request(one, Channel.WEB, HandoverReason.ASKED, "Bonjour, ici M. Durand")
    await overview.snapshot()
    assert "Durand" in repr(overview._shown)
    for one in (conversation, other):
        await desk.store.erase_conversation(one)
    await overview.snapshot()
    assert "Durand" not in repr(overview._shown)
    assert not overview._heads


async def test_no_row_loses_its_words_when_much_is_remembered(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overview_module, "_HEADS_KEPT", 2)
    await present(desk, ANNE)
    overview = Overview(desk)
    for _ in range(4):
        await desk.request(await chat(desk.store), Channel.WEB, HandoverReason.ASKED, "")
        rows = (await overview.snapshot()).groups["handovers"].values()
        assert all(one["last_words"] for one in rows)


async def test_what_has_not_changed_is_not_sent_again(desk: Desk) -> None:
    await present(desk, ANNE)
    overview = Overview(desk)
    await all_ask(desk)
    before = await overview.snapshot()
    last = max(before.groups["handovers"].values(), key=lambda one: one["position"])
    await desk.cancel(last["conversation_id"])
    after = await overview.snapshot()
    assert f'"handovers": {{"put": [], "gone": ["{last["id"]}"]}}' in overview.changes(before, after)
    assert overview.changes(after, after) == ""
