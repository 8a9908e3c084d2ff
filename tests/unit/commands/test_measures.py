"""The arithmetic behind the published figures."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.cli import COMMANDS
from bot.commands.bench import percentiles
from bot.commands.evaluate import Got, Recording, Tally, count, edit_distance, read_manifest, words_of
from bot.errors import BadRequest

ROOT = Path(__file__).parents[3]


def tally(intent: str, got: Got, text: str = "a b") -> dict[str, float]:
    counted = Tally()
    count(counted, Recording(Path("x.wav"), text, tuple(intent.split("+"))), got)
    return counted.shares()


def test_a_right_answer_is_served_directly() -> None:
    shares = tally("siret", Got("a b", "answered", ("siret",)))
    assert (shares["served"], shares["direct"], shares["wrong"], shares["wer"]) == (1, 1, 0, 0)


def test_a_wrong_answer_is_wrong_and_an_offer_of_the_right_one_is_served() -> None:
    assert tally("siret", Got("a b", "answered", ("rib",)))["wrong"] == 1
    shares = tally("siret", Got("a b", "clarify", (), ("rib", "siret")))
    assert (shares["served"], shares["direct"], shares["wrong"]) == (1, 0, 0)


def test_a_foreign_question_is_served_by_a_refusal_and_wronged_by_an_answer() -> None:
    assert tally("out_of_scope", Got("a b"))["served"] == 1
    assert tally("out_of_scope", Got("a b", "answered", ("siret",)))["wrong"] == 1


def test_two_subjects_need_both_answers() -> None:
    assert tally("a+b", Got("a b", "answered", ("a",)))["direct"] == 0
    assert tally("a+b", Got("a b", "answered", ("a", "b")))["direct"] == 1


@pytest.mark.parametrize(
    ("wanted", "heard", "errors"),
    [
        ("comment adhérer", "Comment adhérer ?", 0),
        ("l'été", "l ete", 0),
        ("a b c", "a c", 1),
        ("a", "b c", 2),
        ("", "", 0),
    ],
)
def test_words_are_counted_without_case_accents_and_punctuation(wanted: str, heard: str, errors: int) -> None:
    assert edit_distance(words_of(wanted), words_of(heard)) == errors


def test_the_95th_percentile_is_a_value_that_was_measured() -> None:
    assert percentiles([float(n) for n in range(1, 101)]) == {"p50_ms": 50.5, "p95_ms": 95.0}
    assert percentiles([7.0]) == {"p50_ms": 7.0, "p95_ms": 7.0}
    assert percentiles([]) == {}


@pytest.mark.parametrize("text", ["", "path\ttext\n", "path\ttext\tintent\n", "path\ttext\tintent\na.wav\tb\n"])
def test_a_bad_manifest_is_refused_by_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "manifest.tsv"
    path.write_text(text)
    with pytest.raises(BadRequest, match=r"manifest\.tsv"):
        read_manifest(path)


def test_the_readme_explains_every_command() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in COMMANDS if f"`{name}" not in readme] == []
