"""What an agent's doings look like in the visitor's windows."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.chats import Chats, Room
from bot.desk.visitor import HandoverView, VisitorSide, VisitorState
from bot.dialogue import Channel
from bot.errors import StoreUnavailable, UnknownConversation
from tests.unit.chats.fakes import ACTIVE, ENDED, QUEUED, BrokenStore, Echo, chats_of, told


async def opened(chats: Chats) -> Room:
    return await chats.enter(*await chats.open())


async def test_chats_are_the_visitors_side_of_the_desk(chats: Chats) -> None:
    side: VisitorSide = chats
    assert side is chats


async def test_an_agents_message_is_shown_once_however_often_it_is_sent(
    chats: Chats, dialogue: Echo, store: BrokenStore
) -> None:
    room = await opened(chats)
    window = chats.join(room)
    await chats.agent_typing(room.id, True)
    numbers = [await chats.agent_said(room.id, "a1", "Camille", "Bonjour") for _ in range(2)]
    assert numbers == [1, 1]
    assert [one["type"] for one in told(window)] == ["typing", "typing", "agent"]
    (shown,) = await chats_of(dialogue, store).messages(room.id)
    assert (shown["name"], shown["text"], "client_id" in shown) == ("Camille", "Bonjour", False)


async def test_a_visitor_cannot_take_the_name_of_an_agents_message(chats: Chats) -> None:
    room = await opened(chats)
    await chats.say(room, "a1", text="Bonjour")
    assert await chats.agent_said(room.id, "a1", "Camille", "Bonjour") == 3


async def test_what_the_store_does_not_take_is_not_shown_as_an_agents(chats: Chats, store: BrokenStore) -> None:
    room = await opened(chats)
    window = chats.join(room)
    store.fails = True
    with pytest.raises(StoreUnavailable):
        await chats.agent_said(room.id, "a1", "Camille", "Bonjour")
    assert told(window) == []


async def test_changes_are_in_the_log_and_places_in_the_queue_are_not(chats: Chats) -> None:
    room = await opened(chats)
    window = chats.join(room)
    await chats.handover_changed(room.id, QUEUED)
    await chats.handover_changed(room.id, HandoverView(VisitorState.QUEUED, position=1, wait_seconds=30))
    await chats.queue_moved(room.id, 1, 20)
    await chats.handover_changed(room.id, ACTIVE)
    await chats.handover_changed(room.id, ENDED)
    assert [one["state"] for one in room.messages()] == ["queued", "active", "ended"]
    assert room.messages()[1]["text"] == "Avec Camille."
    frames = told(window)
    assert [one["type"] for one in frames] == ["handover", "queue", "queue", "queue", "handover", "handover"]
    assert [frame["position"] for frame in frames[1:4]] == [QUEUED.position, 1, 1]
    assert frames[3]["wait_seconds"] == 20
    assert room.standing()["handover"] is None


async def test_a_name_that_ends_with_an_initial_ends_the_sentence_once(chats: Chats) -> None:
    room = await opened(chats)
    await chats.handover_changed(room.id, HandoverView(VisitorState.ACTIVE, agent="Claire D."))
    assert room.messages()[0]["text"] == "Avec Claire D."


async def test_a_call_and_what_is_unknown_are_left_alone(chats: Chats, store: BrokenStore) -> None:
    call = await store.start_conversation(Channel.PHONE, line_id="line")
    for conversation_id in (call, "unknown"):
        await chats.handover_changed(conversation_id, QUEUED)
        await chats.queue_moved(conversation_id, 1, None)
        await chats.agent_typing(conversation_id, True)
        with pytest.raises(UnknownConversation):
            await chats.messages(conversation_id)
        with pytest.raises(UnknownConversation):
            await chats.agent_said(conversation_id, "a", "Camille", "Bonjour")


@pytest.mark.parametrize("restarted", [False, True])
async def test_whoever_watches_sees_each_message_and_what_the_visitor_types(
    chats: Chats, dialogue: Echo, store: BrokenStore, restarted: bool
) -> None:
    room = await opened(chats)
    await chats.say(room, "1", text="avant")
    if restarted:
        chats = chats_of(dialogue, store)
    seen: list[dict[str, Any]] = []

    async def listener(message: dict[str, Any]) -> None:
        seen.append(message)

    stop = chats.watch(room.id, listener)
    found = await chats._find(room.id)
    assert found is not None
    while not found.watchers:
        await asyncio.sleep(0)
    chats.types(found, True)
    await chats.say(found, "2", text="après")
    while len(seen) < 3:
        await asyncio.sleep(0)
    assert [(one["type"], one.get("seq")) for one in seen] == [("typing", None), ("person", 3), ("reply", 4)]
    assert seen[0]["who"] == "person"
    stop()
    await chats.say(found, "3", text="plus tard")
    assert len(seen) == 3
    assert not found.watchers


async def test_a_watcher_that_fell_behind_is_told_what_it_missed(chats: Chats, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.chats.desk_side._WATCHED_MAX", 4)
    room = await opened(chats)
    seen: list[int] = []
    gate = asyncio.Event()

    async def listener(message: dict[str, Any]) -> None:
        await gate.wait()
        seen.append(message["seq"])

    stop = chats.watch(room.id, listener)
    for n in range(10):
        await chats.say(room, f"m{n}", text=str(n))
    gate.set()
    async with asyncio.timeout(5):
        while len(seen) < 20:
            await asyncio.sleep(0)
    assert seen == list(range(1, 21))
    stop()
