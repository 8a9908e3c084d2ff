"""Who calls in the benches."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from bot.commands.bench.voices import Callers, load_callers
from bot.settings import load_settings
from voice.audio import write_wav

TONE = (0.3 * np.sin(np.arange(8000) / 5)).astype(np.float32)


def made(data_dir: Path, texts: list[str]) -> Callers:
    directory = data_dir / "bench" / "callers"
    directory.mkdir(parents=True)
    with (directory / "clips.jsonl").open("w") as index:
        for number, text in enumerate(texts):
            kind = "word" if text == "oui" else "question"
            clip = {"name": f"c{number}", "kind": kind, "text": text, "voice": f"v{number % 3}"}
            index.write(json.dumps(clip) + "\n")
            write_wav(directory / f"c{number}.wav", TONE, 8000)
    return load_callers(load_settings(data_dir=data_dir))


def test_the_synthetic_voices_call_where_they_have_been_made(tmp_path: Path) -> None:
    callers = made(tmp_path, [f"question {number} ?" for number in range(14)] + ["oui"])
    assert len(callers.questions) == 14
    assert "3 synthetic voices" in callers.source


def test_the_recordings_of_the_tests_call_where_too_few_voices_were_made(tmp_path: Path) -> None:
    callers = made(tmp_path, ["question ?"])
    assert {one.name for one in callers.questions} >= {"adherer", "siret"}
    assert all(one.intents for one in callers.questions)


def test_requests_for_a_person_and_foreign_questions_are_not_asked(tmp_path: Path) -> None:
    names = {one.name for one in load_callers(load_settings(data_dir=tmp_path)).questions}
    assert not names & {"conseiller", "horaires", "silence"}


def test_every_question_is_asked_before_one_is_asked_again(tmp_path: Path) -> None:
    callers = load_callers(load_settings(data_dir=tmp_path))
    count = len(callers.questions)
    turns = callers.turns(2 * count, seed=3)
    assert (
        {one.name for one in turns[:count]}
        == {one.name for one in turns[count:]}
        == {one.name for one in callers.questions}
    )
    assert turns == callers.turns(2 * count, seed=3)
    assert turns != callers.turns(2 * count, seed=4)
