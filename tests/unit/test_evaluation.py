"""Scores, and files of questions."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.evaluation import BadQuestions, Judged, Labelled, Scores, confusions, read_labelled


def judged(label: str, kind: str, *subjects: str) -> Judged:
    return Judged(Labelled("question", tuple(label.split("+"))), kind, subjects)


def test_the_right_answer_is_direct_and_the_right_offer_is_served() -> None:
    scores = Scores.of([judged("a", "answer", "a"), judged("a", "clarify", "b", "a")])
    assert (scores.served, scores.direct, scores.wrong, scores.refused) == (1.0, 0.5, 0.0, 0.0)


def test_another_answer_is_wrong_and_another_offer_is_only_not_served() -> None:
    scores = Scores.of([judged("a", "answer", "b"), judged("a", "clarify", "b")])
    assert (scores.served, scores.wrong) == (0.0, 0.5)


def test_a_foreign_question_is_served_by_refusing_it_and_wrong_when_answered() -> None:
    foreign = "out_of_scope"
    done = [("abstain",), ("answer", foreign), ("answer", "a"), ("clarify", "a")]
    scores = Scores.of([judged(foreign, *what) for what in done])
    assert (scores.served, scores.direct, scores.wrong, scores.refused) == (0.5, 0.5, 0.25, 0.5)
    assert (scores.foreign_refused, scores.ours_served) == (0.5, None)


def test_a_question_of_ours_called_foreign_is_refused_and_not_wrong() -> None:
    scores = Scores.of([judged("a", "answer", "out_of_scope")])
    assert (scores.served, scores.wrong, scores.refused) == (0.0, 0.0, 1.0)


def test_of_two_subjects_asked_both_must_be_answered() -> None:
    assert judged("a+b", "answer", "b", "a").direct
    half = judged("a+b", "answer", "a")
    assert not half.served
    assert not half.wrong
    assert judged("a+b", "answer", "a", "c").wrong


def test_the_most_frequent_confusion_comes_first() -> None:
    assert confusions([judged("a", "answer", "b"), judged("a", "answer", "b"), judged("a", "abstain")])[0] == (
        "a",
        "b",
        2,
    )


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("", "first line"),
        ("texte\tsujet\nx\ta\n", "first line"),
        ("question\tintent\n", "no question"),
        ("question\tintent\nsans étiquette\n", "line 2"),
        ("question\tintent\nx\tinconnu\n", "inconnu"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_its_fault(tmp_path: Path, content: str, fault: str) -> None:
    path = tmp_path / "q.tsv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(BadQuestions, match=fault) as caught:
        read_labelled(path, {"a": None})
    assert "q.tsv" in str(caught.value)
    assert caught.value.exit_status == 2


def test_a_file_that_is_not_there_or_not_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadQuestions):
        read_labelled(tmp_path / "absent.tsv")
    (tmp_path / "binary.tsv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadQuestions):
        read_labelled(tmp_path / "binary.tsv")


def test_quotes_in_questions_are_only_characters(tmp_path: Path) -> None:
    path = tmp_path / "q.tsv"
    path.write_text('question\tintent\nle "volet\ta\nl\'autre"\ta+b\n', encoding="utf-8")
    assert [one.intents for one in read_labelled(path)] == [("a",), ("a", "b")]
