"""The desk's clock: what cannot be written for one request keeps none of the others waiting."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.desk.desk import Desk
from bot.desk.sweeping import Sweep
from bot.errors import StoreUnavailable, Unwritable
from bot.store import HandoverRecord, HandoverState, Store
from tests.unit.desk.conftest import ANNE, BRUNO, Clock, asks, chat, present


@pytest.fixture
async def abandoned(desk: Desk, store: Store, clock: Clock) -> list[HandoverRecord]:
    """Three visitors whose agent has gone; Bruno is there."""
    await present(desk, ANNE)
    taken = [await desk.take((await asks(desk, await chat(store))).id, ANNE) for _ in range(3)]
    clock.pass_seconds(50)
    await present(desk, BRUNO)
    return taken


def refuse(monkeypatch: pytest.MonkeyPatch, store: Store, fault: Exception, *which: HandoverRecord) -> None:
    """The store cannot write what becomes of these requests."""
    change, refused = store.change_handover, {one.id for one in which}

    async def changes(before: HandoverRecord, *args: Any, **named: Any) -> HandoverRecord | None:
        if before.id in refused:
            raise fault
        return await change(before, *args, **named)

    monkeypatch.setattr(store, "change_handover", changes)


async def state(store: Store, request: HandoverRecord) -> HandoverState:
    found = await store.handover_by_id(request.id)
    assert found is not None
    return found.state


@pytest.mark.parametrize("fault", [Unwritable("no"), ValueError("a fault of ours")])
async def test_a_request_that_cannot_be_dealt_with_is_passed_over(
    store: Store,
    sweep: Sweep,
    abandoned: list[HandoverRecord],
    monkeypatch: pytest.MonkeyPatch,
    fault: Exception,
) -> None:
    with monkeypatch.context() as now, capture_logs() as logs:
        refuse(now, store, fault, abandoned[0])
        await sweep.look()
        sweep._version = None
        await sweep.look()
        states = [await state(store, one) for one in abandoned]
    assert states == [HandoverState.ACTIVE, HandoverState.QUEUED, HandoverState.QUEUED]
    passed_over = [one.get("handover") for one in logs if one["event"] == "desk.passed_over"]
    assert passed_over == [abandoned[0].id], "said once"
    sweep._version = None
    await sweep.look()
    assert await state(store, abandoned[0]) is HandoverState.QUEUED


async def test_when_the_store_is_away_the_look_is_over(
    store: Store, sweep: Sweep, abandoned: list[HandoverRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(monkeypatch, store, StoreUnavailable("away"), *abandoned)
    with pytest.raises(StoreUnavailable):
        await sweep.once()
