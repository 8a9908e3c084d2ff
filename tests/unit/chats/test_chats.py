"""What a visitor can rely on: each message once, in order, in every window, whatever fails."""

from __future__ import annotations

import asyncio

import pytest

from bot.chats import Chats, Room
from bot.errors import (
    BadContact,
    BadMessage,
    Conflict,
    DialogueUnavailable,
    Malformed,
    StoreUnavailable,
    TooFast,
    TooLong,
    TooManyWindows,
    UnknownConversation,
)
from tests.unit.chats.fakes import ACTIVE, QUEUED, BrokenStore, Clock, Desk, Echo, chats_of, lines, told


async def opened(chats: Chats) -> Room:
    conversation_id, token = await chats.open()
    return await chats.enter(conversation_id, token)


async def after_restart(room: Room, dialogue: Echo, store: BrokenStore, desk: Desk | None = None) -> tuple[Chats, Room]:
    """The same conversation in a gateway that remembers nothing."""
    chats = chats_of(dialogue, store, desk)
    found = await chats._find(room.id)
    assert found is not None
    assert found is not room
    return chats, found


async def test_a_message_is_shown_before_it_is_answered(chats: Chats, dialogue: Echo) -> None:
    room = await opened(chats)
    window = chats.join(room)
    dialogue.gate = asyncio.Event()
    asking = asyncio.create_task(chats.say(room, "1", text="Comment adhérer ?"))
    first = await window.next()
    assert first is not None
    assert (first["type"], first["seq"], first["client_id"]) == ("person", 1, "1")
    dialogue.gate.set()
    handled = await asking
    assert (handled.seq, handled.reply_seq) == (1, 2)
    rest = told(window)
    assert [one["type"] for one in rest] == ["typing", "typing", "reply"]
    assert rest[-1]["answers"][0]["source"] == "F766"


async def test_what_was_sent_before_is_not_handled_again_not_even_after_a_restart(
    chats: Chats, dialogue: Echo, store: BrokenStore
) -> None:
    room = await opened(chats)
    first = await chats.say(room, "1", text="Bonjour")
    again = await chats.say(room, "1", text="Bonjour")
    assert (again.seq, again.reply) == (first.seq, None)
    new_chats, new_room = await after_restart(room, dialogue, store)
    assert (await new_chats.say(new_room, "1", text="Bonjour")).reply is None
    assert dialogue.questions == ["Bonjour"]
    assert new_room.messages() == room.messages()


async def test_a_gateway_that_dies_while_the_answer_is_sought_answers_once_when_it_is_back(
    chats: Chats, dialogue: Echo, store: BrokenStore
) -> None:
    room = await opened(chats)
    dialogue.gate = asyncio.Event()
    asking = asyncio.create_task(chats.say(room, "1", text="Bonjour"))
    while not dialogue.asked:
        await asyncio.sleep(0)
    asking.cancel()  # never to be finished: the gateway is gone
    dialogue.asked.clear()
    dialogue.gate = None
    new_chats, new_room = await after_restart(room, dialogue, store)
    assert lines(new_room) == [("person", "Bonjour")]
    assert (await new_chats.say(new_room, "1", text="Bonjour")).reply is not None
    assert (await new_chats.say(new_room, "1", text="Bonjour")).reply is None
    assert lines(new_room) == [("person", "Bonjour"), ("reply", "answered")]
    for task in chats._work:
        task.cancel()


async def test_a_message_that_could_not_be_answered_is_answered_when_it_is_sent_again(
    chats: Chats, dialogue: Echo
) -> None:
    room = await opened(chats)
    dialogue.is_down = True
    with pytest.raises(DialogueUnavailable):
        await chats.say(room, "1", text="Bonjour")
    dialogue.is_down = False
    await chats.say(room, "1", text="Bonjour, autrement")
    assert dialogue.questions[-1] == "Bonjour"
    assert lines(room) == [("person", "Bonjour"), ("reply", "answered")]


async def test_a_window_that_leaves_does_not_stop_what_it_asked_for(chats: Chats, dialogue: Echo) -> None:
    room = await opened(chats)
    dialogue.gate = asyncio.Event()
    asking = asyncio.create_task(chats.say(room, "1", text="Bonjour"))
    while not dialogue.asked:
        await asyncio.sleep(0)
    asking.cancel()
    dialogue.gate.set()
    await asyncio.gather(*chats._work)
    assert lines(room) == [("person", "Bonjour"), ("reply", "answered")]


async def test_many_at_once_are_answered_in_the_order_in_which_they_came(chats: Chats, dialogue: Echo) -> None:
    room = await opened(chats)
    await asyncio.gather(*(chats.say(room, f"m{n}", text=str(n)) for n in range(8)))
    assert dialogue.questions == [str(n) for n in range(8)]
    assert [one["seq"] for one in room.messages()] == list(range(1, 17))


async def test_a_store_that_fails_costs_the_record_not_the_answer(chats: Chats, store: BrokenStore) -> None:
    room = await opened(chats)
    await chats.say(room, "1", text="Un")
    store.fails = True
    await asyncio.gather(*(chats.say(room, "2", text="Deux") for _ in range(2)))
    store.fails = False
    await chats.say(room, "3", text="Trois")
    assert [one["seq"] for one in room.messages()] == [1, 2, 3, 4, 5, 6]
    assert [record.seq for record in await store.messages(room.id)] == [1, 2, 5, 6]
    shown = room.messages()
    assert all(one["answers"] for one in shown if one["type"] == "reply")


async def test_a_slow_window_is_let_go_and_the_others_notice_nothing(chats: Chats) -> None:
    room = await opened(chats)
    slow, quick = chats.join(room), chats.join(room)
    for n in range(100):
        await chats.say(room, f"m{n}", text=str(n))
        told(quick)
    assert (slow.ended, quick.ended) == ("slow", "")
    assert await slow.next() is None


async def test_windows_are_counted(chats: Chats) -> None:
    room = await opened(chats)
    windows = [chats.join(room) for _ in range(4)]
    with pytest.raises(TooManyWindows):
        chats.join(room)
    chats.leave(room, windows[0])
    chats.join(room)


async def test_too_many_messages_in_a_minute_are_refused_and_say_when_to_come_back(
    dialogue: Echo, store: BrokenStore
) -> None:
    clock = Clock()
    chats = chats_of(dialogue, store, per_minute=2, clock=clock)
    room = await opened(chats)
    await chats.say(room, "1", text="a")
    clock.now = 10
    await chats.say(room, "2", text="b")
    with pytest.raises(TooFast) as caught:
        await chats.say(room, "3", text="c")
    assert caught.value.retry_seconds == 50
    assert lines(room)[-1] == ("reply", "answered")
    clock.now = 61
    await chats.say(room, "3", text="c")


@pytest.mark.parametrize(("text", "error"), [(" \u202e\x00 ", BadMessage), ("a" * 201, TooLong)])
async def test_what_cannot_be_asked_leaves_no_trace(chats: Chats, text: str, error: type[Exception]) -> None:
    room = await opened(chats)
    with pytest.raises(error):
        await chats.say(room, "1", text=text)
    assert room.messages() == []


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("a\x00b\x1b[31mc", "ab[31mc"),
        ("user\u202egpj.exe", "usergpj.exe"),
        ("\ud800x\udfff", "?x?"),
        ("un\r\ndeux\u2028trois", "un\ndeux\ntrois"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("👨‍👩‍👧 é ي", "👨‍👩‍👧 é ي"),
    ],
)
async def test_hostile_text_is_the_same_in_memory_and_in_the_store(
    chats: Chats, dialogue: Echo, store: BrokenStore, sent: str, kept: str
) -> None:
    room = await opened(chats)
    await chats.say(room, "1", text=sent)
    await chats.say(room, "2", choice="sujet", label=sent)
    _, recalled = await after_restart(room, dialogue, store)
    assert recalled.messages() == room.messages()
    assert [one["text"] for one in room.messages() if one["type"] == "person"] == [kept, kept]


# A person


async def test_the_button_asks_the_desk_once_and_the_bot_goes_on_answering(
    chats: Chats, dialogue: Echo, desk: Desk
) -> None:
    room = await opened(chats)
    await chats.say(room, "1", text="Comment adhérer ?")
    await chats.call_person(room, "2")
    await chats.call_person(room, "2")
    await chats.say(room, "3", text="Et combien ça coûte ?")
    ((kind, reason, summary),) = desk.asked
    assert (kind, reason) == ("request", "asked")
    assert "Comment adhérer ?" in summary
    assert [one for one, _ in lines(room)] == ["person", "reply", "person", "handover", "person", "reply"]
    shown = room.messages()[3]
    assert (shown["state"], shown["text"]) == ("queued", "En file.")


async def test_a_desk_that_tells_by_itself_is_not_shown_twice(chats: Chats, desk: Desk) -> None:
    desk.tells_by_itself = True
    room = await opened(chats)
    await chats.call_person(room, "1")
    await chats.leave_message(room, "2", "Ana", "ana@example.org", "Rappelez-moi")
    await chats.leave_message(room, "2", "Ana", "ana@example.org", "Rappelez-moi")
    await chats.leave_message(room, "3", "Ana", "ana@example.org", "Encore")
    states = [one["state"] for one in room.messages() if one["type"] == "handover"]
    assert states == ["queued", "message_left", "message_left"]
    assert len(desk.asked) == 3


async def test_who_asks_again_is_told_again(chats: Chats) -> None:
    room = await opened(chats)
    await chats.call_person(room, "1")
    await chats.call_person(room, "2")
    assert [one for one, _ in lines(room)] == ["person", "handover", "person", "handover"]


async def test_a_desk_that_does_not_answer_is_asked_again_under_the_same_name(chats: Chats, desk: Desk) -> None:
    room = await opened(chats)
    desk.is_down = True
    with pytest.raises(StoreUnavailable):
        await chats.call_person(room, "1")
    desk.is_down = False
    await chats.call_person(room, "1")
    assert [one for one, _ in lines(room)] == ["person", "handover"]


async def test_a_request_that_a_crash_interrupted_reaches_the_desk_when_it_is_sent_again(
    chats: Chats, dialogue: Echo, store: BrokenStore, desk: Desk
) -> None:
    room = await opened(chats)
    desk.is_down = True
    with pytest.raises(StoreUnavailable):
        await chats.call_person(room, "1")
    desk.is_down = False
    new_chats, new_room = await after_restart(room, dialogue, store, desk)
    for _ in range(2):
        await new_chats.call_person(new_room, "1")
    assert len(desk.asked) == 1
    assert [one for one, _ in lines(new_room)] == ["person", "handover"]


async def test_a_reply_that_hands_over_asks_the_desk_and_says_so_honestly(chats: Chats, desk: Desk) -> None:
    room = await opened(chats)
    await chats.say(room, "1", text="conseiller")
    desk.is_down = True
    await chats.say(room, "2", text="conseiller")
    states = [one["state"] for one in room.messages() if one["type"] == "handover"]
    assert states == ["queued", "refused"]


async def test_what_is_said_to_a_person_is_not_put_to_the_bot(
    chats: Chats, dialogue: Echo, store: BrokenStore, desk: Desk
) -> None:
    room = await opened(chats)
    desk.view = ACTIVE
    handled = await chats.say(room, "1", text="Bonjour Camille")
    assert (handled.reply, dialogue.asked, lines(room)) == (None, [], [("person", "Bonjour Camille")])
    desk.view = None
    new_chats, new_room = await after_restart(room, dialogue, store, desk)
    await new_chats.say(new_room, "1", text="Bonjour Camille")  # sent again, after the agent has left
    assert dialogue.asked == []


async def test_who_joins_while_a_message_waits_answers_it_in_the_place_of_the_bot(
    chats: Chats, dialogue: Echo, desk: Desk
) -> None:
    room = await opened(chats)
    dialogue.gate = asyncio.Event()
    first = asyncio.create_task(chats.say(room, "1", text="un"))
    second = asyncio.create_task(chats.say(room, "2", text="deux"))
    while len(room.log) < 2:
        await asyncio.sleep(0)
    await chats.handover_changed(room.id, ACTIVE)
    dialogue.gate.set()
    await asyncio.gather(first, second)
    assert dialogue.questions == ["un"]


async def test_cancelling_is_shown_and_is_nothing_when_nobody_was_asked_for(chats: Chats) -> None:
    room = await opened(chats)
    await chats.cancel_person(room, "0")
    assert room.messages() == []
    await chats.call_person(room, "1")
    await chats.cancel_person(room, "2")
    await chats.cancel_person(room, "2")
    assert [one["state"] for one in room.messages() if one["type"] == "handover"] == ["queued", "cancelled"]


async def test_a_callback_that_cannot_be_promised_says_why(chats: Chats) -> None:
    room = await opened(chats)
    with pytest.raises(BadContact):
        await chats.leave_callback(room, "1", "Ana", "pas un numéro", "s1")
    with pytest.raises(Conflict):
        await chats.leave_callback(room, "1", "Ana", "0612345678", "gone")
    await chats.leave_callback(room, "1", "Ana", "0612345678", "s1")
    assert room.messages()[-1]["state"] == "callback"


async def test_a_callback_is_promised_once_also_after_a_restart(
    chats: Chats, dialogue: Echo, store: BrokenStore, desk: Desk
) -> None:
    for desk.tells_by_itself in (False, True):
        room = await opened(chats)
        desk.asked.clear()
        await chats.leave_callback(room, "1", "Ana", "0612345678", "s1")
        new_chats, new_room = await after_restart(room, dialogue, store, desk)
        await new_chats.leave_callback(new_room, "1", "Ana", "0612345678", "s1")
        assert desk.asked == [("callback", "Ana", "0612345678")]


# What the visitor thinks of a reply


async def test_feedback_is_kept_and_can_be_changed(chats: Chats, dialogue: Echo, store: BrokenStore) -> None:
    counted: list[tuple[bool, str]] = []
    chats.on_feedback = lambda helpful, reason: counted.append((helpful, reason))
    room = await opened(chats)
    await chats.say(room, "1", text="Bonjour")
    assert room.messages()[1]["feedback"] is None
    await chats.rate(room, "2", 2, True)
    await chats.rate(room, "3", 2, False, "wrong")
    await chats.rate(room, "2", 2, True)  # an old one that comes again
    _, recalled = await after_restart(room, dialogue, store)
    assert recalled.messages()[1]["feedback"] == {"helpful": False}
    assert recalled.log[1].feedback_reason == "wrong"
    assert counted == [(True, ""), (False, "wrong")]


@pytest.mark.parametrize(("seq", "reason"), [(1, ""), (9, ""), (2, "no such reason")])
async def test_only_a_reply_can_be_rated(chats: Chats, seq: int, reason: str) -> None:
    room = await opened(chats)
    await chats.say(room, "1", text="Bonjour")
    with pytest.raises(Malformed):
        await chats.rate(room, "2", seq, True, reason)


# Leaving and erasing


async def test_the_desk_is_told_when_the_last_window_has_been_gone_for_a_while(chats: Chats, desk: Desk) -> None:
    room = await opened(chats)
    first, second = chats.join(room), chats.join(room)
    chats.leave(room, first)
    assert room.leaving is None
    chats.leave(room, second)
    chats.leave(room, chats.join(room))  # came back, and left again
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await asyncio.gather(*chats._work)
    assert desk.asked == [("left", room.id)]


async def test_erasing_tells_every_window_and_the_desk_and_nothing_can_follow(
    chats: Chats, desk: Desk, dialogue: Echo, store: BrokenStore
) -> None:
    conversation_id, token = await chats.open()
    room = await chats.enter(conversation_id, token)
    await chats.say(room, "1", text="Bonjour")
    window = chats.join(room)
    dialogue.gate = asyncio.Event()
    asking = asyncio.create_task(chats.say(room, "2", text="Encore"))
    while len(dialogue.asked) < 2:
        await asyncio.sleep(0)
    await chats.erase(room)
    dialogue.gate.set()
    with pytest.raises(UnknownConversation):
        await asking
    assert told(window)[-1]["type"] == "erased"
    assert window.ended == "erased"
    assert desk.asked == [("left", room.id)]
    assert await store.messages(room.id) == []
    with pytest.raises(UnknownConversation):
        await chats.enter(conversation_id, token)
    await chats.handover_changed(room.id, QUEUED)
    with pytest.raises(UnknownConversation):
        await chats.agent_said(room.id, "a", "Camille", "Bonjour")


async def test_what_the_store_could_not_erase_is_not_said_to_be_erased(chats: Chats, store: BrokenStore) -> None:
    room = await opened(chats)
    await chats.say(room, "1", text="Bonjour")
    window = chats.join(room)
    store.fails = True
    with pytest.raises(StoreUnavailable):
        await chats.erase(room)
    assert (told(window), window.ended) == ([], "")
    assert len(room.messages()) == 2


async def test_two_who_come_at_once_after_a_restart_are_in_the_same_room(
    chats: Chats, dialogue: Echo, store: BrokenStore
) -> None:
    conversation_id, token = await chats.open()
    new = chats_of(dialogue, store)
    one, other = await asyncio.gather(new.enter(conversation_id, token), new.enter(conversation_id, token))
    assert one is other
