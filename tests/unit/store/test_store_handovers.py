"""Requests for a person: one at a time, none forgotten."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import event

from bot.dialogue import Channel
from bot.errors import UnknownConversation
from bot.store import HandoverReason, HandoverState, Store, TurnRecord
from tests.unit.store.conftest import Clock


async def test_asking_twice_is_one_request(store: Store) -> None:
    conversation_id = await store.start_conversation(Channel.WEB)
    first = await store.request_handover(conversation_id, HandoverReason.ASKED, "Veut adhérer.")
    again = await store.request_handover(conversation_id, HandoverReason.NOT_UNDERSTOOD, "Autre résumé.")
    assert again == first
    assert (first.reason, first.state, first.summary) == (
        HandoverReason.ASKED,
        HandoverState.REQUESTED,
        "Veut adhérer.",
    )
    assert first.state.is_open


async def test_asking_many_times_at_once_is_one_request(store: Store) -> None:
    conversation_id = await store.start_conversation(Channel.PHONE)
    asked = (store.request_handover(conversation_id, HandoverReason.KEY) for _ in range(20))
    assert len({handover.id for handover in await asyncio.gather(*asked)}) == 1
    assert len(await store.open_handovers()) == 1


async def test_after_a_cancellation_one_may_ask_again(store: Store, clock: Clock) -> None:
    conversation_id = await store.start_conversation(Channel.WEB)
    first = await store.request_handover(conversation_id, HandoverReason.ASKED)
    clock.pass_days(0.1)
    cancelled = await store.cancel_handover(conversation_id)
    assert cancelled is not None
    assert (cancelled.id, cancelled.state, cancelled.closed_at) == (
        first.id,
        HandoverState.CANCELLED,
        clock.time,
    )
    assert not cancelled.state.is_open
    assert await store.open_handovers() == []
    assert await store.cancel_handover(conversation_id) is None
    clock.pass_days(0.1)
    second = await store.request_handover(conversation_id, HandoverReason.SILENCE)
    assert second.id != first.id
    assert await store.handover(conversation_id) == second


async def test_the_desk_sees_who_waits_longest_first_with_all_that_was_said(store: Store, clock: Clock) -> None:
    waiting = []
    for number in range(3):
        conversation_id = await store.start_conversation(Channel.PHONE)
        await store.add_turn(conversation_id, TurnRecord(heard=f"question {number}"))
        await store.add_turn(conversation_id, TurnRecord(key="0"))
        await store.request_handover(conversation_id, HandoverReason.KEY, f"résumé {number}")
        waiting.append(conversation_id)
        clock.pass_days(0.01)
    desk = await store.open_handovers()
    assert [handover.conversation_id for handover in desk] == waiting
    for number, handover in enumerate(desk):
        assert handover.conversation is not None
        assert [turn.heard for turn in handover.conversation.turns] == [f"question {number}", ""]
        assert handover.summary == f"résumé {number}"
    assert [handover.conversation_id for handover in await store.open_handovers(limit=2)] == waiting[:2]


async def test_the_desk_costs_two_queries_however_many_wait(store: Store) -> None:
    for _ in range(7):
        conversation_id = await store.start_conversation(Channel.WEB)
        await store.add_turn(conversation_id, TurnRecord(heard="bonjour"))
        await store.request_handover(conversation_id, HandoverReason.ASKED)
    queries: list[str] = []
    event.listen(
        store._engine.sync_engine,
        "before_cursor_execute",
        lambda _c, _cur, statement, _p, _ctx, _m: queries.append(statement),
    )
    assert len(await store.open_handovers()) == 7
    assert len([query for query in queries if query.startswith("SELECT")]) == 2


async def test_a_request_needs_a_conversation(store: Store) -> None:
    with pytest.raises(UnknownConversation):
        await store.request_handover("nothing", HandoverReason.ASKED)
    assert await store.handover("nothing") is None
