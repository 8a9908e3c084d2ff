"""What is said to be unusual in a call, and what is not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.call_findings import Finding, findings
from bot.dialogue import Channel, Ranked
from bot.store import (
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
QUICK = {"endpoint": 450.0, "transcription": 30.0, "dialogue": 50.0, "synthesis": 90.0}


def call(
    turns: Iterable[TurnRecord] = (), notes: Iterable[NoteKind] = (), reason: str = "caller"
) -> ConversationRecord:
    noted = tuple(NoteRecord(kind, 1000 * number) for number, kind in enumerate(notes, 1))
    return ConversationRecord("c1", Channel.PHONE, Mode.BOT, BEGAN, BEGAN, reason, turns=tuple(turns), notes=noted)


def turn(number: int = 1, **segments: float) -> TurnRecord:
    return TurnRecord(
        number=number, heard="bonjour", heard_confidence=0.9, outcome="answered", segments=QUICK | segments, at=BEGAN
    )


def of(kind: str, found: list[Finding]) -> Finding:
    (one,) = [finding for finding in found if kind in finding.what]
    return one


def test_a_good_call_has_a_slowest_step_and_nothing_to_mend() -> None:
    (only,) = findings(call([turn(1), turn(2)], [NoteKind.GREETED, NoteKind.KEY]))
    assert only == Finding("turn 1", "the slowest step of the call is endpoint, 450 ms of a wait of 620 ms")


def test_a_call_without_turns_has_nothing_to_tell() -> None:
    assert findings(call()) == []


@pytest.mark.parametrize(
    ("step", "remedy"),
    [
        ("endpoint", "turn_over_seconds"),
        ("transcription", "recogniser_workers"),
        ("dialogue", "Rasa"),
        ("synthesis", "prerender"),
    ],
)
def test_a_slow_step_is_named_with_its_remedy(step: str, remedy: str) -> None:
    (only,) = findings(call([turn(1), turn(2, **{step: 2000.0})]))
    assert only.where == "turn 2"
    assert f"{step}, 2000 ms" in only.what
    assert remedy in only.remedy


def test_a_caller_for_whom_nobody_came_is_named_and_one_who_was_served_is_not() -> None:
    assert "desk.call_wait_minutes" in of("no agent came", findings(call(notes=[NoteKind.QUEUED]))).remedy
    assert findings(call(notes=[NoteKind.QUEUED, NoteKind.JOINED, NoteKind.PARTED], reason="agent")) == []
    assert findings(call(notes=[NoteKind.QUEUED], reason="transferred")) == []


def test_an_agent_who_was_cut_off_is_named() -> None:
    cut = replace(call(), notes=(NoteRecord(NoteKind.JOINED, 1000), NoteRecord(NoteKind.PARTED, 62_000, "lost")))
    assert of("cut off", findings(cut)).where == "1:02.0"


def test_every_turn_that_was_waited_for_too_long_is_named() -> None:
    found = findings(call([turn(1, transcription=900.0), turn(2, synthesis=2000.0), turn(3)]))
    assert [finding.where for finding in found] == ["turn 2", "turn 1"]
    assert "waited 1490 ms" in found[1].what


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        (NoteKind.SILENCE, "silent"),
        (NoteKind.MISHEARD, "not understood"),
        (NoteKind.INTERRUPTED, "interrupted"),
        (NoteKind.RESUMED, "for nothing"),
        (NoteKind.RECOGNITION_FAILED, "recognition failed"),
        (NoteKind.DIALOGUE_FAILED, "dialogue failed"),
        (NoteKind.SPEECH_FAILED, "speech failed"),
        (NoteKind.TRANSFER_FAILED, "transfer failed"),
        (NoteKind.BUSY_REFUSED, "busy refused"),
        (NoteKind.LINE_FAULT, "line fault"),
    ],
)
def test_what_went_wrong_is_told_when_how_often_and_what_to_do(kind: NoteKind, what: str) -> None:
    finding = of(what, findings(call(notes=[kind, NoteKind.GREETED, kind])))
    assert finding.where == "0:01.0, 0:03.0"
    assert finding.what.endswith("2 times")
    assert finding.remedy


def test_one_interruption_is_nothing_unusual() -> None:
    assert findings(call(notes=[NoteKind.INTERRUPTED])) == []


def test_what_was_heard_with_doubt_or_not_answered_is_told() -> None:
    doubtful = TurnRecord(number=1, heard="a", heard_confidence=0.0, outcome="answered", at=BEGAN)
    assert of("little confidence", findings(call([doubtful]))).where == "turn 1"
    lost = [
        TurnRecord(number=n, heard="a", outcome=outcome, ranking=(Ranked("x", 0.4),), at=BEGAN)
        for n, outcome in enumerate(("abstained", "answered", "clarify"), 1)
    ]
    assert of("not answered at once", findings(call(lost))).where == "turns 1, 3"
    assert findings(call(lost[:2])) == []


@pytest.mark.parametrize("reason", ["no_sound_received", "gateway_lost", "line_stuck", "interrupted"])
def test_an_end_that_is_not_the_callers_has_a_remedy(reason: str) -> None:
    (only,) = findings(call(reason=reason))
    assert reason in only.what
    assert only.remedy


def test_who_still_waits_for_a_person_is_told() -> None:
    request = HandoverRecord("h1", "c1", BEGAN, HandoverReason.KEY, HandoverState.REQUESTED)
    assert of("nobody has taken it", findings(call(), request)).remedy
    taken = HandoverRecord("h1", "c1", BEGAN, HandoverReason.KEY, HandoverState.ACTIVE)
    assert findings(call(), taken) == []
