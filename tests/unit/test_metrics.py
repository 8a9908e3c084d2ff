"""The figures: what is counted, and that no label can ever hold a number, an identifier or a word."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.dialogue import Channel, Outcome, Question, Reply
from bot.errors import DialogueUnavailable
from bot.health import Condition, Part
from bot.metrics import LABELS, OTHER, MeasuredDialogue, Metrics
from bot.store import HandoverReason, NoteKind

JUNK = "+33612345678"


@dataclass(frozen=True)
class Turn:
    reply: Reply | None = None
    segments: dict[str, float] = field(default_factory=dict)


@dataclass
class Workers:
    waiting: int
    running: int


@dataclass
class Speech:
    transcriptions: Workers
    syntheses: Workers
    cache_hits: int = 0
    cache_misses: int = 0


class Clock:
    now = 0.0

    def __call__(self) -> float:
        self.now += 0.2
        return self.now


class FakeDialogue:
    async def ask(self, question: Question) -> Reply:
        if question.text == "mort":
            raise DialogueUnavailable("Rasa is away.")
        return Reply(Outcome.ANSWERED)


def value(metrics: Metrics, name: str, **labels: str) -> float:
    """Of one series; 0 when it is not there."""
    found = [
        sample.value
        for family in metrics.families()
        for sample in family.samples
        if sample.name == name and dict(sample.labels) == labels
    ]
    return found[0] if found else 0.0


async def test_whatever_arrives_the_labels_stay_within_what_is_known() -> None:
    metrics = Metrics()
    metrics.speech = Speech(Workers(1, 2), Workers(3, 4), 5, 6)
    for text in (
        JUNK,
        "",
        "sip",
        "media-stream/+33612345678",
        *NoteKind,
        *HandoverReason,
        "caller",
        "no_sound_received",
    ):
        metrics.call_started(text)
        metrics.call_refused(text)
        metrics.call_ended(text, 12.0)
        metrics.noted(text)
        metrics.line_registered(text, True)
        metrics.turn_kept(Turn(segments={text: 100.0, "synthesis": 20.0}))
        metrics.parts_are({text: Part(Condition.DOWN), "store": Part(Condition.OK)})
    for outcome in Outcome:
        metrics.turn_kept(Turn(Reply(outcome)))
    for reason in HandoverReason:
        metrics.person_requested(reason)
    for text in ("", "wrong", JUNK):
        metrics.feedback_given(False, text)
    metrics.feedback_given(True, JUNK)
    for channel in Channel:
        metrics.dialogue_answered(channel, Outcome.CLARIFY, 0.1)
        metrics.dialogue_failed(channel)
    metrics.loop_was_late(0.3)
    seen = {
        (name, label)
        for family in metrics.families()
        for sample in family.samples
        for name, label in sample.labels.items()
    }
    assert {name for name, _ in seen} == {*LABELS, "le"}
    assert [pair for pair in seen if pair[0] != "le" and pair[1] not in LABELS[pair[0]] | {OTHER}] == []
    assert JUNK not in metrics.page().decode()


def test_calls_are_counted_by_how_they_end() -> None:
    metrics = Metrics()
    for protocol in ("sip", "media-stream/twilio", "media-stream/telnyx"):
        metrics.call_started(protocol)
    metrics.call_ended("caller", 40.0)
    metrics.call_ended("line_stuck", 90.0)
    metrics.call_refused("full")
    assert value(metrics, "guichet_calls_on") == 1
    assert value(metrics, "guichet_calls_started_total", protocol="media-stream") == 2
    assert value(metrics, "guichet_calls_ended_total", reason="caller") == 1
    assert value(metrics, "guichet_calls_ended_total", reason="line") == 1
    assert value(metrics, "guichet_calls_refused_total", reason="full") == 1
    assert value(metrics, "guichet_call_seconds_bucket", le="60.0") == 1


def test_a_turn_gives_its_outcome_its_wait_and_the_parts_of_it() -> None:
    metrics = Metrics()
    segments = {"endpoint": 450.0, "transcription": 30.0, "dialogue": 50.0, "synthesis": 90.0}
    metrics.turn_kept(Turn(Reply(Outcome.ANSWERED), segments))
    metrics.turn_kept(Turn(None, {"endpoint": 450.0}))  # hung up before the answer: no wait was measured
    assert value(metrics, "guichet_turns_total", channel="phone", outcome="answered") == 1
    assert value(metrics, "guichet_turns_total", channel="phone", outcome="none") == 1
    assert value(metrics, "guichet_wait_seconds_count") == 1
    assert value(metrics, "guichet_wait_seconds_sum") == pytest.approx(0.62)
    assert value(metrics, "guichet_segment_seconds_sum", segment="dialogue") == pytest.approx(0.05)
    assert value(metrics, "guichet_segment_seconds_count", segment="endpoint") == 2


def test_the_speech_engines_are_read_when_asked_and_not_before_they_are_loaded() -> None:
    metrics = Metrics()
    assert "guichet_speech_waiting" not in metrics.page().decode()
    load = Speech(Workers(3, 2), Workers(0, 1), cache_hits=9, cache_misses=1)
    metrics.speech = load
    assert value(metrics, "guichet_speech_waiting", work="transcription") == 3
    assert value(metrics, "guichet_speech_running", work="synthesis") == 1
    load.cache_hits = 10
    assert value(metrics, "guichet_speech_cache_total", result="hit") == 10
    assert value(metrics, "guichet_speech_cache_total", result="miss") == 1


def test_a_part_that_is_off_is_not_down() -> None:
    metrics = Metrics()
    metrics.parts_are({"phone": Part(Condition.DOWN), "store": Part(Condition.OK)})
    assert value(metrics, "guichet_part_up", part="store") == 1
    metrics.parts_are(
        {
            "phone": Part(Condition.OFF),
            "store": Part(Condition.DOWN),
            "a": Part(Condition.DOWN),
            "b": Part(Condition.OK),
        }
    )
    text = metrics.page().decode()
    assert 'part="phone"' not in text
    assert 'guichet_part_up{part="store"} 0.0' in text
    assert 'guichet_part_up{part="other"} 0.0' in text


async def test_the_dialogue_is_timed_and_its_failures_are_counted_and_passed_on() -> None:
    metrics = Metrics()
    dialogue = MeasuredDialogue(FakeDialogue(), metrics, Clock())
    for channel in Channel:
        assert (await dialogue.ask(Question("c1", channel, "bonjour"))).outcome is Outcome.ANSWERED
    with pytest.raises(DialogueUnavailable):
        await dialogue.ask(Question("c1", Channel.PHONE, "mort"))
    assert value(metrics, "guichet_dialogue_seconds_sum", channel="phone") == pytest.approx(0.2)
    assert value(metrics, "guichet_dialogue_failures_total", channel="phone") == 1
    assert value(metrics, "guichet_turns_total", channel="web", outcome="answered") == 1
    assert value(metrics, "guichet_turns_total", channel="phone", outcome="answered") == 0


def test_every_figure_is_explained() -> None:
    page = (Path(__file__).parents[2] / "docs" / "watching.md").read_text(encoding="utf-8")
    metrics = Metrics()
    metrics.speech = Speech(Workers(1, 2), Workers(3, 4))
    names = {
        family.name + ("_total" if family.type == "counter" else "")
        for family in metrics.families()
        if not family.name.startswith("process_")
    }
    assert len(names) > 15
    assert [name for name in sorted(names) if f"`{name}`" not in page] == []


def test_two_gateways_in_one_process_count_apart() -> None:
    one, other = Metrics(), Metrics()
    one.noted("resumed")
    assert value(one, "guichet_call_events_total", kind="resumed") == 1
    assert value(other, "guichet_call_events_total", kind="resumed") == 0
