"""The arithmetic behind the published figures of the telephone."""

from __future__ import annotations

import pytest

from bot.commands.bench.conversation import AskedTurn, segments_p50, summary
from bot.commands.bench.figures import by_segment, cpu_shares, difference, nearest_rank, percentiles, spread


def test_a_percentile_is_a_value_that_was_measured() -> None:
    hundred = [float(n) for n in range(1, 101)]
    assert nearest_rank(hundred, 0.95) == 95.0
    assert nearest_rank(hundred, 0.99) == 99.0
    assert nearest_rank([3.0], 0.99) == 3.0
    assert nearest_rank([1.0, 2.0], 0.95) == 2.0


def test_the_order_of_the_measurements_does_not_matter() -> None:
    assert percentiles([9.0, 1.0, 5.0]) == {"p50_ms": 5.0, "p95_ms": 9.0}


def test_the_worst_is_published_too() -> None:
    assert spread([1.0, 2.0, 100.0]) == {"n": 3, "p50_ms": 2.0, "p95_ms": 100.0, "p99_ms": 100.0, "max_ms": 100.0}
    assert spread([]) == {"n": 0}


def test_a_step_that_did_not_happen_in_a_turn_has_no_value_there() -> None:
    assert by_segment([{"a": 1.0, "b": 2.0}, {"b": 4.0}]) == {"a": [1.0], "b": [2.0, 4.0]}


def test_a_share_of_the_machine_counts_every_core_and_processes_that_came_later() -> None:
    shares = cpu_shares({"bot": 10.0}, {"bot": 16.0, "voice.sip": 3.0}, seconds=10.0, cores=2)
    assert shares == {"bot": 0.3, "voice.sip": 0.15}


def test_what_is_not_known_is_not_published_as_nothing() -> None:
    assert (difference(3, 5), difference(3, 3)) == (2, 0)
    assert difference(None, 5) is difference(3, None) is None


def turn(wait_ms: float | None, *, cut_in: bool = False, outcome: str = "answered", **segments: float) -> AskedTurn:
    return AskedTurn("q", "v", "pink", wait_ms, cut_in, outcome=outcome, segments=segments)


def test_turns_that_went_wrong_are_counted_and_have_no_wait() -> None:
    turns = [turn(500.0), turn(700.0), turn(None), turn(None, cut_in=True), turn(900.0, outcome="clarify")]
    assert summary(turns) == {
        "n": 5,
        "p50_ms": 700.0,
        "p95_ms": 900.0,
        "mute": 1,
        "cut_in": 1,
        "waiting_words": 0,
        "wrong": 0,
        "not_answered": 1,
    }


def test_an_answer_to_another_question_is_wrong_where_the_question_is_labelled() -> None:
    def answered(intent: str, *expected: str) -> AskedTurn:
        return AskedTurn("q", "v", "pink", 1.0, outcome="answered", intent=intent, expected=expected)

    turns = [answered("a", "a", "b"), answered("c", "a"), answered("c")]
    assert [turn.wrong for turn in turns] == [False, True, False]


def test_segments_keep_their_order() -> None:
    turns = [turn(1.0, endpoint=300.0, dialogue=30.0), turn(1.0, endpoint=500.0, dialogue=50.0)]
    assert list(segments_p50(turns).items()) == [("endpoint", 400.0), ("dialogue", 40.0)]


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (["/x/.venv/bin/python", "-m", "voice.sip", "--socket", "s", ""], "voice.sip"),
        (["/x/.venv-rasa/bin/python", "-u", "/x/.venv-rasa/bin/rasa", "run", ""], "rasa"),
        (["/x/.venv/bin/guichet", "serve"], "guichet"),
        (["/x/python3.11", "/x/.venv/bin/guichet", "serve"], "guichet"),
        ([""], "?"),
    ],
)
def test_a_process_is_named_after_what_it_runs(arguments: list[str], name: str) -> None:
    from bot.machine import program

    assert program(arguments) == name
