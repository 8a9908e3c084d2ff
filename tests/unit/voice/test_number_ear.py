"""Dictated numbers known by the encoder: the network's arithmetic, the search, for which model the weights hold, and
when they are asked."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.errors import ModelMissing
from bot.settings import Settings
from tests.unit.voice.test_short_words import Engine
from voice.corrections import Corrections
from voice.dictated_figures import SURE, dictated
from voice.engines import WhisperRecogniser, load_number_ear
from voice.install.catalogue import WHISPER_BASE
from voice.install.places import model_sums
from voice.number_ear import DILATIONS, LONGEST_SECONDS, OTHER, TOKENS, NumberEar, Way, log_probability
from voice.turn import Expecting
from voice.whisper import Whisper

HEARD = Path(__file__).with_name("number_heard.npz")
"""What Whisper base's encoder made of a number said by a voice that did not teach, on an A-law line, to 8 bits."""
MANY = len(TOKENS)


def weights(certain: float = 12.0) -> dict[str, Any]:
    """Of one input for each token, which is said while that input is there."""
    one = np.eye(MANY, dtype=np.float32)
    scores = np.concatenate([one * certain, np.zeros((MANY, 1))], axis=1)
    return {
        "reduce": one,
        "reduce_bias": np.zeros(MANY),
        "pair": np.concatenate([one, one]) / 2,
        "pair_bias": np.zeros(MANY),
        "around": np.zeros((len(DILATIONS), 3, MANY)),
        "around_bias": np.zeros((len(DILATIONS), MANY)),
        "mixed": np.zeros((len(DILATIONS), MANY, MANY)),
        "mixed_bias": np.zeros((len(DILATIONS), MANY)),
        "tokens": scores,
        "tokens_bias": np.array([0.0] * MANY + [certain / 2]),
    }


def sound(text: str) -> Any:
    """Each word for 80 ms; a full stop is a pause as long."""
    rows = []
    for word in text.split():
        row = np.zeros(MANY, np.float32)
        if word != ".":
            row[TOKENS.index(word)] = 1
        rows += [row] * 4
    return np.array(rows, np.float32)


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("zéro six . douze", "zéro six douze"),
        ("six six", "six"),
        ("six . six", "six six"),
        (". autre . zéro un", "autre zéro un"),
        (". .", ""),
    ],
)
def test_words_are_written_in_their_order_and_twice_when_something_is_between(said: str, written: str) -> None:
    (best, *_) = NumberEar(weights()).hear(sound(said))
    assert " ".join(best.words) == written
    assert best.probability > 0.9


def test_it_is_known_when_each_word_begins() -> None:
    (best, *_) = NumberEar(weights()).hear(sound("zéro six . . . douze six . six ."))
    assert best.words == ("zéro", "six", "douze", "six", "six")
    assert best.begun == pytest.approx((0.0, 0.08, 0.4, 0.48, 0.64), abs=0.021)


def test_a_sound_too_short_for_anything_is_heard_in_no_way() -> None:
    assert NumberEar(weights()).hear(sound("six")[:1]) == []


def test_networks_that_hear_different_numbers_are_sure_of_none() -> None:
    swapped = weights()
    swapped["tokens"] = swapped["tokens"][[1, 0, *range(2, MANY)]]  # the second takes zéro for un
    ear = NumberEar(weights(), swapped)
    ways = ear.hear(sound("zéro six . douze"))
    assert {way.words for way in ways[:2]} == {("zéro", "six", "douze"), ("un", "six", "douze")}
    assert max(way.probability for way in ways) < 0.6
    assert sum(way.probability for way in ways) == pytest.approx(1)


@given(st.integers(0, 10_000), st.integers(1, 5), st.lists(st.integers(0, 1), max_size=4))
def test_a_sequence_is_as_likely_as_all_the_ways_to_say_it_together(seed: int, steps: int, tokens: list[int]) -> None:
    likely = np.random.default_rng(seed).dirichlet(np.ones(3), steps).astype(np.float32)
    total = 0.0
    for path in itertools.product(range(3), repeat=steps):
        written = [one for one, before in zip(path, (None, *path[:-1]), strict=True) if one not in (before, 2)]
        if written == tokens:
            total += math.prod(float(row[one]) for row, one in zip(likely, path, strict=True))
    found = log_probability(likely, tokens)
    assert math.exp(found) == pytest.approx(total, rel=1e-4)


def test_the_weights_in_the_tree_know_a_number_of_a_voice_that_did_not_teach_them() -> None:
    ear = NumberEar.load(WHISPER_BASE[0].sha256)
    assert ear is not None
    with np.load(HEARD) as file:
        heard = dictated(ear.hear(file["steps"].astype(np.float32) * file["scale"]))
        assert (heard.figures, heard.sure) == (str(file["figures"]), True)


def written(path: Path, **about: Any) -> Path:
    """A file with two networks."""
    twice = {name: np.stack([one, one]) for name, one in weights().items()}
    np.savez(path, about=json.dumps({"tokens": TOKENS, "model_sha256": "abc"} | about), **twice)
    return path


def test_weights_hold_for_the_model_they_were_taught_with_only(tmp_path: Path) -> None:
    path = written(tmp_path / "weights.npz")
    taught = NumberEar.load("abc", path)
    assert taught is not None
    assert taught.hear(sound("six . douze"))[0].words == ("six", "douze")
    assert NumberEar.load("def", path) is None
    assert NumberEar.load("abc", tmp_path / "absent.npz") is None


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])


def without_a_layer(path: Path) -> None:
    left = {name: one[None] for name, one in weights().items() if name != "pair"}
    np.savez(path, about=json.dumps({"tokens": TOKENS, "model_sha256": "abc"}), **left)


def of_other_tokens(path: Path) -> None:
    written(path, tokens=[*TOKENS[1:], TOKENS[0]])


@pytest.mark.parametrize("damage", [cut_short, without_a_layer, of_other_tokens])
def test_a_damaged_file_is_told_of_with_its_remedy(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    path = written(tmp_path / "weights.npz")
    damage(path)
    with pytest.raises(ModelMissing, match=r"weights\.npz cannot be read .*: install Guichet again"):
        NumberEar.load("abc", path)


def test_with_damaged_weights_the_operator_is_told_and_everything_is_transcribed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(digest: str) -> NumberEar | None:
        raise ModelMissing("The weights number_ear.npz cannot be read (BadZipFile): install Guichet again.")

    monkeypatch.setattr(NumberEar, "load", unreadable)
    (tmp_path / "whisper").mkdir()
    model_sums(tmp_path / "whisper").write_text("abc  model.bin\n", encoding="utf-8")
    chosen = cast(Settings, SimpleNamespace(models_path=tmp_path, speech=SimpleNamespace(whisper_model="whisper")))
    with capture_logs() as logged:
        assert load_number_ear(chosen) is None
    assert [(entry["event"], entry["log_level"]) for entry in logged] == [("numbers.unknown", "warning")]
    assert "install Guichet again" in logged[0]["error"]


class Hears:
    """An ear for numbers that hears this in any sound."""

    def __init__(self, text: str, probability: float = 1.0) -> None:
        self.ways = [Way(tuple(text.split()), probability), Way((OTHER,), 1 - probability)]
        self.asked = 0

    def hear(self, steps: object) -> list[Way]:
        self.asked += 1
        return self.ways


def recogniser(engine: Engine, ear: Hears) -> WhisperRecogniser:
    numbers = cast(NumberEar, ear)
    return WhisperRecogniser(cast(Whisper, engine), Corrections([], frozenset()), numbers=numbers)


def line(seconds: float) -> Any:
    return np.random.default_rng(0).normal(0, 0.05, round(16000 * seconds)).astype(np.float32)


def test_a_number_that_was_asked_for_and_is_sure_is_not_transcribed() -> None:
    engine = Engine()
    hearing = recogniser(engine, Hears("autre zéro six douze quatre vingt un")).hear(
        line(3), 2.5, expecting=Expecting.NUMBER
    )
    assert (hearing.question, hearing.certainty, hearing.plausible) == ("06 12 81", "high", True)
    assert engine.transcribed == 0


@pytest.mark.parametrize("ear", [Hears("zéro six", SURE - 0.01), Hears("autre"), Hears(""), Hears("un")])
def test_what_is_unsure_or_no_number_is_transcribed(ear: Hears) -> None:
    assert recogniser(Engine(), ear).hear(line(3), 2.5, expecting=Expecting.NUMBER).text == "C'est quoi ?"


@pytest.mark.parametrize("expecting", [one for one in Expecting if one is not Expecting.NUMBER])
def test_where_no_number_was_asked_for_none_is_looked_for(expecting: Expecting) -> None:
    ear = Hears("zéro six douze")
    assert recogniser(Engine(), ear).hear(line(3), 2.5, expecting=expecting).text == "C'est quoi ?"
    assert ear.asked == 0


def test_visitors_and_very_long_sounds_and_what_nobody_waits_for_are_left_to_the_recogniser() -> None:
    ear = Hears("zéro six douze")
    for_visitors = recogniser(Engine(), ear).without_words()
    for_visitors.hear(line(3), 2.5, expecting=Expecting.NUMBER)
    recogniser(Engine(), ear).hear(line(LONGEST_SECONDS + 0.1), 20.0, expecting=Expecting.NUMBER)
    recogniser(Engine(), ear).hear(line(3), 2.5, lambda: False, Expecting.NUMBER)
    assert ear.asked == 0
