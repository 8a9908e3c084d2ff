"""What is kept of a conversation, and what is not."""

from __future__ import annotations

import asyncio
from datetime import timedelta, timezone

import pytest

from bot.dialogue import Answer, Channel, Choice, Outcome, Ranked, Reply
from bot.errors import UnknownConversation
from bot.store import Mode, Store, TurnRecord, token_digest
from tests.unit.store.conftest import Clock

ANSWER = Answer(
    id="adhesion_comment",
    text="Remplissez le formulaire.",
    title="Comment adhérer",
    source="Fiche F766",
    source_url="https://example.org/F766",
    verified_on="2026-11-21",
)
REPLY = Reply(
    outcome=Outcome.ANSWERED,
    intent="adhesion_comment",
    confidence=0.91,
    ranking=tuple(Ranked(f"subject_{n}", 1 / (n + 1)) for n in range(8)),
    answers=(ANSWER,),
    choices=(Choice("cea_definition", "Ce qu'est le CEA"),),
)


async def test_a_conversation_is_read_back_as_it_went(store: Store, clock: Clock) -> None:
    conversation_id = await store.start_conversation(Channel.PHONE, line_id="abc@10.0.0.1")
    turn = TurnRecord.from_reply(
        REPLY, heard="Comment adhérer ?", heard_confidence=0.8, segments={"recognise": 310.5, "dialogue": 22.0}
    )
    assert await store.add_turn(conversation_id, turn) == 1
    assert await store.add_turn(conversation_id, TurnRecord(key="0", outcome="handover")) == 2
    started = clock.time
    ended = clock.pass_days(0.001)
    await store.end_conversation(conversation_id, "hung_up")

    record = await store.conversation(conversation_id)

    assert record is not None
    assert (record.channel, record.mode, record.line_id) == (Channel.PHONE, Mode.BOT, "abc@10.0.0.1")
    assert (record.started_at, record.ended_at, record.ended_reason) == (started, ended, "hung_up")
    assert record.ended_at is not None
    assert record.ended_at.utcoffset() == timedelta(0)
    first, second = record.turns
    assert (first.number, first.heard, first.heard_confidence) == (1, "Comment adhérer ?", 0.8)
    assert (first.intent, first.confidence, first.outcome) == ("adhesion_comment", 0.91, "answered")
    assert first.spoken == "Remplissez le formulaire."
    assert first.answers == (ANSWER,)
    assert first.choices == REPLY.choices
    assert first.ranking == REPLY.ranking[:5]
    assert first.segments == {"recognise": 310.5, "dialogue": 22.0}
    assert first.at == turn.at
    assert (second.number, second.key, second.heard, second.heard_confidence) == (2, "0", "", None)


async def test_a_call_is_found_by_its_line_the_latest_first(store: Store, clock: Clock) -> None:
    await store.start_conversation(Channel.PHONE, line_id="same")
    clock.pass_days(1)
    latest = await store.start_conversation(Channel.PHONE, line_id="same")
    found = await store.conversation_by_line("same")
    assert found is not None
    assert found.id == latest
    assert await store.conversation_by_line("other") is None


async def test_a_line_id_of_any_length_is_found_again(store: Store) -> None:
    line_id = "x" * 5000
    conversation_id = await store.start_conversation(Channel.PHONE, line_id=line_id)
    found = await store.conversation_by_line(line_id)
    assert found is not None
    assert found.id == conversation_id


async def test_many_turns_at_once_are_numbered_without_gap_or_double(store: Store) -> None:
    one, other = [await store.start_conversation(Channel.WEB) for _ in range(2)]
    turns = [TurnRecord(heard=f"question {n}") for n in range(40)]
    numbers = await asyncio.gather(*(store.add_turn(id_, turn) for turn in turns for id_ in (one, other)))
    assert sorted(numbers) == sorted([*range(1, 41), *range(1, 41)])
    for conversation_id in (one, other):
        record = await store.conversation(conversation_id)
        assert record is not None
        assert [turn.number for turn in record.turns] == list(range(1, 41))
        assert {turn.heard for turn in record.turns} == {turn.heard for turn in turns}


async def test_two_stores_on_one_database_share_the_numbering(store: Store, url: str) -> None:
    second = await Store.open(url)
    try:
        conversation_id = await store.start_conversation(Channel.WEB)
        both = [store, second] * 15
        numbers = await asyncio.gather(*(each.add_turn(conversation_id, TurnRecord()) for each in both))
        assert sorted(numbers) == list(range(1, 31))
    finally:
        await second.close()


async def test_a_turn_of_an_erased_conversation_is_refused(store: Store) -> None:
    conversation_id = await store.start_conversation(Channel.WEB)
    await store.erase_conversation(conversation_id)
    with pytest.raises(UnknownConversation):
        await store.add_turn(conversation_id, TurnRecord(heard="trop tard"))
    await store.end_conversation(conversation_id, "closed")
    assert await store.conversation(conversation_id) is None


async def test_the_first_end_counts(store: Store) -> None:
    conversation_id = await store.start_conversation(Channel.PHONE)
    await store.end_conversation(conversation_id, "hung_up")
    await store.end_conversation(conversation_id, "interrupted")
    record = await store.conversation(conversation_id)
    assert record is not None
    assert record.ended_reason == "hung_up"


async def test_text_that_no_database_can_hold_is_cleaned(store: Store) -> None:
    conversation_id = await store.start_conversation(Channel.WEB)
    await store.add_turn(conversation_id, TurnRecord(heard="avant\x00après \ud83d fin 🙂"))
    record = await store.conversation(conversation_id)
    assert record is not None
    assert record.turns[0].heard == "avantaprès ? fin 🙂"


async def test_times_come_back_in_utc_whatever_they_were(store: Store, clock: Clock) -> None:
    clock.time = clock.time.astimezone(timezone(timedelta(hours=2)))
    record = await store.conversation(await store.start_conversation(Channel.WEB))
    assert record is not None
    assert record.started_at == clock.time
    assert record.started_at.utcoffset() == timedelta(0)


async def test_of_the_visitors_token_only_the_digest_is_kept(store: Store) -> None:
    digest = token_digest("the-secret-token")
    record = await store.conversation(await store.start_conversation(Channel.WEB, token_digest=digest))
    assert record is not None
    assert record.token_digest == digest
    assert len(digest) == 64


async def test_an_unknown_conversation_is_none(store: Store) -> None:
    assert await store.conversation("nothing") is None
