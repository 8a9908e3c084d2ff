"""The town hall of examples/, trained and asked for real, by the commands an operator would use."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.knowledge import load_knowledge
from bot.pack import PROJECT_DIR, Pack, load_pack
from bot.settings import load_settings
from tests.ports import free_port

pytestmark = pytest.mark.service

MAIRIE = PROJECT_DIR / "examples" / "mairie"
PLACES = ("actions", "bot", "data", "examples", "voice", "config.yml", "domain.yml", "endpoints.yml", "pack.yml")


@dataclass(slots=True)
class TownHall:
    """A data directory of its own, with the town hall's model in it."""

    pack: Pack
    data_dir: Path
    env: dict[str, str]

    def guichet(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "bot", *command.split(), "--pack", str(MAIRIE), *arguments],
            cwd=PROJECT_DIR, env=self.env, capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip

    def asks(self, *questions: str, channel: str = "web") -> list[dict[str, Any]]:
        done = self.guichet("ask", "--json", "--channel", channel, *questions)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]


def digests() -> dict[str, str]:
    """Of every file of the engine and of every pack."""
    files = [path for place in PLACES for path in ([PROJECT_DIR / place, *(PROJECT_DIR / place).rglob("*")])]
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.fixture(scope="module")
def town_hall(tmp_path_factory: pytest.TempPathFactory) -> TownHall:
    data_dir = tmp_path_factory.mktemp("mairie")
    embeddings = load_settings().data_path / "embeddings"
    embeddings.mkdir(parents=True, exist_ok=True)
    (data_dir / "embeddings").symlink_to(embeddings)  # known examples cost nothing; they are keyed by digest
    env = {
        **os.environ,
        "GUICHET_DATA_DIR": str(data_dir),
        "GUICHET_WEB__PORT": str(free_port()),
        "GUICHET_DIALOGUE__RASA_URL": f"http://127.0.0.1:{free_port()}",
        "GUICHET_DIALOGUE__ACTIONS_URL": f"http://127.0.0.1:{free_port()}",
        "GUICHET_DIALOGUE__ANSWER_TIMEOUT_SECONDS": "20",
    }
    hall = TownHall(load_pack(MAIRIE), data_dir, env)
    before = digests()
    trained = hall.guichet("train")
    assert trained.returncode == 0, trained.stderr
    assert digests() == before, "training one service changes no file of the engine nor of any pack"
    return hall


def test_its_model_is_its_own(town_hall: TownHall) -> None:
    assert (town_hall.data_dir / "rasa" / "packs" / "mairie" / "model.tar.gz").is_file()
    assert not (town_hall.data_dir / "rasa" / "model.tar.gz").exists()


def test_its_questions_are_understood(town_hall: TownHall) -> None:
    done = town_hall.guichet("evaluate nlu", "--json", str(town_hall.pack.questions_file))
    scores = json.loads(done.stdout)
    assert scores["wrong"] <= 0.03, done.stdout
    assert scores["ours_served"] >= 0.80, done.stdout
    assert scores["foreign_refused"] >= 0.85, done.stdout


def test_it_answers_in_its_own_words_and_knows_nothing_of_the_other_service(town_hall: TownHall) -> None:
    knowledge = load_knowledge(town_hall.pack)
    birth, rubbish, cea, car, english, greeting, person = town_hall.asks(
        "comment avoir un extrait d'acte de naissance",
        "quel jour passent les poubelles",
        "comment adhérer au chèque emploi associatif",
        "je voudrais refaire ma carte grise",
        "Is the town hall open on Saturday morning?",
        "bonjour",
        "je veux parler à quelqu'un",
    )
    assert [answer["text"] for answer in birth["answers"]] == [knowledge["acte_naissance"].web]
    assert birth["answers"][0]["source"] == knowledge["acte_naissance"].source_title
    assert [answer["id"] for answer in rubbish["answers"]] == ["dechets_collecte"]
    assert cea["outcome"] == "abstained"
    assert (car["outcome"], "ants.gouv.fr" in car["text"]) == ("abstained", True), "it is told where to go instead"
    assert knowledge["mairie_horaires"].translations["en"].web in [answer["text"] for answer in english["answers"]]
    assert "la mairie de Saint-Exemple" in greeting["answers"][0]["text"]
    assert person["outcome"] == "handover"


def test_on_the_telephone_it_says_the_spoken_wording(town_hall: TownHall) -> None:
    (reply,) = town_hall.asks("elle ouvre quand la déchèterie", channel="phone")
    assert [answer["text"] for answer in reply["answers"]] == [load_knowledge(town_hall.pack)["decheterie"].phone]


def test_training_again_finds_nothing_to_do(town_hall: TownHall) -> None:
    assert "Nothing has changed" in town_hall.guichet("train", "--if-changed").stdout


def test_the_doctor_looks_at_the_chosen_pack(town_hall: TownHall) -> None:
    found = {one["name"]: one for one in map(json.loads, town_hall.guichet("doctor", "--json").stdout.splitlines())}
    assert found["knowledge"]["ok"]
    assert "pack mairie, 18 subjects, 2 also in en" in found["knowledge"]["detail"]
    assert found["dialogue model"]["ok"]
