"""The log of a chat in the store: no number twice, what was sent before is found, all of a message or nothing."""

from __future__ import annotations

import asyncio

import pytest
from alembic import command
from sqlalchemy import Connection, text

from bot.dialogue import Channel
from bot.errors import UnknownConversation, Unwritable
from bot.store import Awaits, MessageKind, MessageRecord, Store, TurnRecord, database
from tests.unit.store.conftest import Clock


def person(words: str, client_id: str | None = None, awaits: Awaits | None = None) -> MessageRecord:
    return MessageRecord(MessageKind.PERSON, words, client_id, awaits=awaits)


async def test_messages_are_numbered_in_each_conversation_whoever_writes_at_once(store: Store) -> None:
    one, other = [await store.start_conversation(Channel.WEB) for _ in range(2)]
    kept = await asyncio.gather(*(store.add_message(one, person(str(n))) for n in range(10)))
    assert sorted(message.seq for message in kept) == list(range(1, 11))
    assert (await store.add_message(other, person("a"))).seq == 1
    assert [message.seq for message in await store.messages(one, 7)] == [8, 9, 10]


async def test_what_was_sent_before_is_returned_and_not_written_again(store: Store) -> None:
    one, other = [await store.start_conversation(Channel.WEB) for _ in range(2)]
    first = await store.add_message(one, person("a", "same"))
    many = await asyncio.gather(*(store.add_message(one, person("b", "same")) for _ in range(5)))
    assert {(message.seq, message.text) for message in many} == {(first.seq, "a")}
    assert (await store.add_message(other, person("c", "same"))).text == "c"
    assert len(await store.messages(one)) == 1


async def test_a_message_that_no_database_keeps_takes_no_other_along(store: Store) -> None:
    chats = [await store.start_conversation(Channel.WEB) for _ in range(6)]
    names = ["c0", "c1", "c2", "\ud800", "c4", "c5"]
    told = await asyncio.gather(
        *(store.add_message(chat, person("a", name)) for chat, name in zip(chats, names, strict=True)),
        return_exceptions=True,
    )
    assert [type(one) for one in told] == [MessageRecord] * 3 + [Unwritable] + [MessageRecord] * 2
    assert [len(await store.messages(chat)) for chat in chats] == [1, 1, 1, 0, 1, 1]


async def test_a_reply_comes_with_its_turn_and_settles_what_awaited_it(store: Store) -> None:
    chat = await store.start_conversation(Channel.WEB)
    asked = await store.add_message(chat, person("Comment ?", "1", Awaits.REPLY))
    turn = TurnRecord(heard="Comment ?", spoken="Ainsi.", outcome="answered")
    reply = await store.add_message(chat, MessageRecord(MessageKind.REPLY), turn=turn, settles=asked.seq)
    assert (reply.seq, reply.turn) == (2, 1)
    kept = await store.messages(chat)
    assert [(message.awaits, message.turn) for message in kept] == [(None, 1), (None, 1)]
    record = await store.conversation(chat)
    assert record is not None
    assert [one.heard for one in record.turns] == ["Comment ?"]


async def test_numbers_go_on_after_those_that_could_not_be_written(store: Store) -> None:
    chat = await store.start_conversation(Channel.WEB)
    await store.add_message(chat, person("a"))
    assert (await store.add_message(chat, person("b"), after=5)).seq == 6
    assert (await store.add_message(chat, person("c"), after=2)).seq == 7


async def test_everything_of_a_message_comes_back(store: Store, clock: Clock) -> None:
    chat = await store.start_conversation(Channel.WEB)
    given = MessageRecord(
        MessageKind.HANDOVER, "En file.\n« oui » \u202f!", "c-1", detail={"state": "queued"}, at=clock.time
    )
    kept = await store.add_message(chat, given)
    await store.rate_reply(chat, kept.seq, False, "unclear")
    (read,) = await store.messages(chat)
    assert (read.text, read.client_id, read.detail, read.at) == (given.text, "c-1", {"state": "queued"}, clock.time)
    assert (read.helpful, read.feedback_reason) == (False, "unclear")
    await store.settle_message(chat, kept.seq)
    assert await store.messages(chat) == [read]


async def test_a_message_needs_a_conversation_and_goes_with_it(store: Store) -> None:
    chat = await store.start_conversation(Channel.WEB)
    await store.add_message(chat, person("a"))
    await store.erase_conversation(chat)
    assert await store.messages(chat) == []
    with pytest.raises(UnknownConversation):
        await store.add_message(chat, person("b"))


async def test_a_chat_with_an_agent_is_in_use_though_it_has_no_turns(store: Store, clock: Clock) -> None:
    chat = await store.start_conversation(Channel.WEB)
    since = clock.pass_days(40)
    await store.add_message(chat, MessageRecord(MessageKind.AGENT, "Bonjour", at=clock.time))
    assert await store.purge(since) == 0
    assert await store.close_abandoned(unused_since=since) == 0
    assert await store.close_abandoned() == 1
    record = await store.conversation(chat)
    assert record is not None
    assert record.ended_at == clock.time


async def test_chats_of_before_keep_their_log_and_calls_get_none(url: str) -> None:
    def make_old(connection: Connection) -> None:
        command.upgrade(database.alembic_config(connection), "0002")

    engine = database.make_engine(database.parse(url))
    async with engine.begin() as connection:
        await connection.run_sync(make_old)
        for conversation_id, digest in (("chat", "'digest'"), ("call", "NULL")):
            await connection.execute(
                text(
                    "INSERT INTO conversations (id, channel, mode, started_at, token_digest) "
                    f"VALUES ('{conversation_id}', 'web', 'bot', '2026-03-02', {digest})"
                )
            )
            for number, heard, outcome in ((1, "Comment ?", "answered"), (2, "conseiller", "handover")):
                await connection.execute(
                    text(
                        "INSERT INTO turns (conversation_id, number, at, heard, intent, confidence, outcome, spoken, "
                        "answers, choices, ranking, segments, readings, interrupted) "
                        f"VALUES ('{conversation_id}', {number}, '2026-03-02', '{heard}', '', 0, '{outcome}', "
                        "'Ainsi.', '[]', '[]', '[]', '{}', '[]', FALSE)"
                    )
                )
    await engine.dispose()
    store = await Store.open(url)
    try:
        shown = [(one.seq, one.kind.value, one.text, one.turn) for one in await store.messages("chat")]
        assert shown == [
            (1, "person", "Comment ?", 1),
            (2, "reply", "", 1),
            (3, "person", "conseiller", 2),
            (4, "handover", "Ainsi.", 2),
        ]
        assert (await store.messages("chat"))[3].detail == {"state": "requested"}
        assert await store.messages("call") == []
        assert (await store.add_message("chat", person("encore"))).seq == 5
    finally:
        await store.close()
