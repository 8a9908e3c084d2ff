"""A call as its operator reads it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from bot.call_timeline import Role, call_list, clock, timeline
from bot.dialogue import Channel, Ranked, Reading
from bot.store import (
    CallSummary,
    ConversationRecord,
    HandoverReason,
    HandoverRecord,
    HandoverState,
    Mode,
    NoteKind,
    NoteRecord,
    TurnRecord,
)

BEGAN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ASKED = TurnRecord(
    heard="Comment admirer ?",
    heard_confidence=0.47,
    readings=(Reading("Comment adhérer ?", 0.41),),
    intent="adhesion_comment",
    confidence=0.93,
    ranking=tuple(Ranked(f"subject_{n}", 0.9 - n / 10) for n in range(5)),
    outcome="answered",
    spoken="L'adhésion se fait en ligne.",
    segments={"endpoint": 450.2, "transcription": 30.0, "dialogue": 52.1, "synthesis": 88.0},
    at=BEGAN + timedelta(seconds=21.4),
    number=1,
    interrupted=True,
)
PRESSED = TurnRecord(key="0", outcome="handover", spoken="Je transmets.", at=BEGAN + timedelta(seconds=41), number=2)
CALL = ConversationRecord(
    id="33831a7257014d0b80cd75ca6bfad546",
    channel=Channel.PHONE,
    mode=Mode.BOT,
    started_at=BEGAN,
    ended_at=BEGAN + timedelta(seconds=61.2),
    ended_reason="caller",
    line_id="abc@10.0.0.1",
    turns=(ASKED, PRESSED),
    notes=(NoteRecord(NoteKind.GREETED, 240), NoteRecord(NoteKind.TRANSFER_FAILED, 41_000, "486")),
)
HANDOVER = HandoverRecord(
    "h1", CALL.id, BEGAN, HandoverReason.KEY, HandoverState.REQUESTED, callback_number="+33612345678"
)


def test_a_call_reads_from_top_to_bottom() -> None:
    assert timeline(CALL, HANDOVER, zone=UTC) == [
        "Call 33831a7257014d0b80cd75ca6bfad546  line abc@10.0.0.1",
        "Began 2026-03-02 09:00:00 UTC, lasted 1:01.2, 2 turns, ended: caller.",
        "A person was asked for: key, requested, a callback is promised.",
        "",
        "  0:00.2  the greeting begins",
        "  0:21.4  turn 1, cut short by the caller",
        "            heard      « Comment admirer ? »  0.47",
        "            or         « Comment adhérer ? »  0.41",
        "            subject    adhesion_comment  0.93",
        "            ranking    subject_0 0.90, subject_1 0.80, subject_2 0.70",
        "            decision   answered",
        "            said       L'adhésion se fait en ligne.",
        "            wait       620 ms",
        "                       endpoint         450 ▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇",
        "                       transcription     30 ▇",
        "                       dialogue          52 ▇▇",
        "                       synthesis         88 ▇▇▇",
        "  0:41.0  the transfer failed (486)",
        "  0:41.0  turn 2",
        "            key        0",
        "            decision   handover",
        "            said       Je transmets.",
    ]


def test_the_number_that_was_promised_a_call_is_not_shown() -> None:
    assert "612345678" not in "\n".join(timeline(CALL, HANDOVER))


def test_a_call_that_is_on_says_so_in_the_operators_time() -> None:
    call = ConversationRecord("c1", Channel.PHONE, Mode.BOT, BEGAN)
    lines = timeline(call, zone=timezone(timedelta(hours=1), "CET"))
    assert lines[1] == "Began 2026-03-02 10:00:00 CET, still on or cut off, 0 turns."


def test_a_long_answer_stays_within_the_width() -> None:
    long = ConversationRecord(
        "c1", Channel.PHONE, Mode.BOT, BEGAN, turns=(TurnRecord(heard="a", spoken="mot " * 100, at=BEGAN),)
    )
    assert all(len(line) <= 80 for line in timeline(long, width=80))
    assert "\n".join(timeline(long, width=80)).count("mot") == 100


def test_nothing_from_outside_can_drive_the_terminal() -> None:
    nasty = "a\x1b[31m\r\n\x07\x9bb"
    turn = TurnRecord(heard=nasty, key=None, readings=(Reading(nasty, 0.1),), spoken=nasty, at=BEGAN)
    call = ConversationRecord(
        "c1", Channel.PHONE, Mode.BOT, BEGAN, BEGAN, nasty, nasty, turns=(turn, TurnRecord(key=nasty, at=BEGAN)),
        notes=(NoteRecord(NoteKind.KEY, 0, nasty),),
    )  # fmt: skip
    lines = [*timeline(call), *call_list([CallSummary("c1", BEGAN, BEGAN, nasty)], UTC)]
    assert all(char.isprintable() for line in lines for char in line)


def test_troubles_stand_out() -> None:
    lines = timeline(CALL, paint=lambda text, role: f"<{role.name}>{text}")
    assert any(f"<{Role.TROUBLE.name}>the transfer failed" in line for line in lines)
    assert not any(f"<{Role.TROUBLE.name}>the greeting" in line for line in lines)


def test_calls_are_one_line_each_in_columns() -> None:
    lines = call_list(
        [
            CallSummary("33831a7257014d0b", BEGAN, BEGAN + timedelta(seconds=75), "caller", None, 3, 2),
            CallSummary("5bb779658f5d4c29", BEGAN, person=HandoverReason.NOT_UNDERSTOOD),
        ],
        UTC,
    )
    assert lines == [
        "call      began                 lasted  turns  answered  person                ended",
        "33831a72  2026-03-02 09:00:00   1:15.0      3         2                        caller",
        "5bb77965  2026-03-02 09:00:00       on      0         0  not_understood",
    ]


@pytest.mark.parametrize(
    ("milliseconds", "text"), [(0, "0:00.0"), (59_960, "1:00.0"), (62_340, "1:02.3"), (3_600_000, "60:00.0")]
)
def test_times_are_minutes_and_seconds(milliseconds: float, text: str) -> None:
    assert clock(milliseconds) == text


def test_every_kind_of_note_has_words() -> None:
    for kind in NoteKind:
        call = ConversationRecord("c1", Channel.PHONE, Mode.BOT, BEGAN, notes=(NoteRecord(kind, 0),))
        assert len(timeline(call)[-1]) > 10
