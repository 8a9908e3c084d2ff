import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import tokenizers
from structlog.testing import capture_logs

from bot.dialogue import Reading
from bot.errors import ModelMissing
from voice.transcript import Transcript, other_readings
from voice.whisper import Whisper, _joined, looped
from voice.whisper_vocabulary import FIRST_MARK


@pytest.mark.parametrize(
    "text",
    [
        "je voudrais savoir comment faire je voudrais savoir comment faire",
        "oui oui oui oui oui oui oui oui oui oui oui oui",
        "ha" * 40,
    ],
)
def test_a_text_that_goes_round_in_circles_is_seen(text: str) -> None:
    assert looped(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "oui oui oui",
        "Est-ce que le bulletin de paie est en ligne ou est-ce que le bulletin est envoyé ?",
        "zéro six douze treize quatorze quinze",
    ],
)
def test_ordinary_speech_does_not(text: str) -> None:
    assert not looped(text)


def test_pieces_of_a_long_recording_are_joined_without_those_in_which_nobody_speaks() -> None:
    pieces = [
        Transcript("Bonjour.", 0.8, "high", -0.2, 0.1, 20.0),
        Transcript("Sous-titres réalisés par", 0.1, "none", -2.0, 0.9, 20.0),
        Transcript("Comment adhérer ?", 0.6, "medium", -0.5, 0.1, 10.0, redone=True),
    ]
    whole = _joined(pieces)
    assert whole.text == "Bonjour. Comment adhérer ?"
    assert whole.duration_seconds == 50.0
    assert whole.avg_logprob == pytest.approx(-0.3)  # by duration: (20 x -0.2 + 10 x -0.5) / 30
    assert whole.certainty == "high"
    assert whole.redone


def test_a_recording_without_any_speech_is_nothing() -> None:
    whole = _joined([Transcript("la la", 0.1, "none", -2.0, 0.9, 20.0)] * 2)
    assert (whole.text, whole.certainty, whole.confidence) == ("", "none", 0.0)


def test_an_absent_recogniser_names_the_command_that_installs_it(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="guichet models install"):
        Whisper(tmp_path / "nothing")


def test_a_damaged_recogniser_names_the_command_that_verifies_it(tmp_path: Path) -> None:
    for name in ("model.bin", "config.json", "tokenizer.json"):
        (tmp_path / name).write_bytes(b"not a model")
    with pytest.raises(ModelMissing, match="guichet models verify"):
        Whisper(tmp_path)


def test_without_room_for_a_smaller_copy_the_whole_recogniser_is_loaded_and_the_operator_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = [f"w{number}" for number in range(51_865)]
    words[FIRST_MARK] = "<|endoftext|>"
    (tmp_path / "vocabulary.json").write_text(json.dumps(words))
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.bin").write_bytes(b"not a model")
    tokenizers.Tokenizer(tokenizers.models.WordLevel({"w0": 0}, unk_token="w0")).save(str(tmp_path / "tokenizer.json"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "absent"))
    with capture_logs() as logged, pytest.raises(ModelMissing, match="RuntimeError"):  # CTranslate2's, of the whole one
        Whisper(tmp_path)
    assert [(entry["event"], entry["log_level"]) for entry in logged] == [("recogniser.vocabulary_whole", "warning")]
    assert "absent" in logged[0]["error"]


def test_alternatives_are_other_words_not_other_commas() -> None:
    beam = [
        Reading("On peut adhérer ?", 0.9),
        Reading("on peut adhérer.", 0.8),
        Reading("On peut à des rés.", 0.7),
        Reading("On peut, à des rés", 0.6),
        Reading("", 0.6),
        Reading("On peut admirer.", 0.5),
        Reading("On peut errer.", 0.4),
    ]
    assert other_readings("On peut adhérer ?", beam) == (beam[2], beam[5])


def test_a_clear_utterance_has_no_alternative() -> None:
    assert other_readings("Oui.", [Reading("Oui.", 0.9), Reading("oui", 0.8)]) == ()


def test_numpy_has_no_second_thread_to_spin_beside_a_transcription() -> None:
    """Set by the package itself, since NumPy reads it once, when it is loaded."""
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    code = (
        "import voice.audio, numpy, os; numpy.ones((500, 500)) @ numpy.ones((500, 500)); "
        "print(len(os.listdir('/proc/self/task')))"
    )
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"
