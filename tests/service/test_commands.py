"""The commands, as an operator types them, on the running service."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.service.running import Service

AUDIO = Path(__file__).parents[1] / "audio"


def test_ask_prints_the_contract(service: Service) -> None:
    (reply,) = service.lines("ask", "--json", "Comment adhérer au chèque emploi associatif ?")
    assert set(reply) >= {"question", "intent", "confidence", "ranking", "outcome", "answers", "choices"}
    assert reply["outcome"] == "answered"
    (answer,) = reply["answers"]
    assert answer["id"] == "adhesion_comment"
    assert answer["source"]
    assert answer["verified_on"] == "2026-11-21"
    assert "en ligne" in answer["text"]


def test_ask_reads_one_question_a_line_each_in_a_conversation_of_its_own(service: Service) -> None:
    questions = "c koi le cea\nje veux parler a quelquun\nrecette de la tarte aux pommes\n"
    replies = service.lines("ask", "--json", stdin=questions)
    assert [reply["outcome"] for reply in replies] == ["answered", "handover", "abstained"]


def test_the_telephone_wording_is_shorter_than_the_web_one(service: Service) -> None:
    question = "Quelle est la date limite pour déclarer les heures ?"
    (web,) = service.lines("ask", "--json", question)
    (phone,) = service.lines("ask", "--json", "--channel", "phone", question)
    assert len(phone["answers"][0]["text"].split()) <= 45 < len(web["answers"][0]["text"].split())


def test_a_hundred_kilobyte_question_gets_a_clear_sentence(service: Service) -> None:
    done = service.guichet("ask", "--json", stdin="a" * 100_000 + "\n")
    assert done.returncode == 2
    assert "trop long" in done.stderr
    assert service.health()["status"] == "ok"


def test_a_second_service_on_the_same_port_says_which_setting_to_change(service: Service) -> None:
    done = service.guichet("serve")
    assert done.returncode == 2
    assert "web.port" in done.stderr


def test_doctor_finds_nothing_wrong(service: Service) -> None:
    done = service.guichet("doctor")
    assert done.returncode == 0, done.stdout


def test_what_is_said_can_be_heard(service: Service, tmp_path: Path) -> None:
    out = tmp_path / "said.wav"
    assert (
        service.guichet("say", "Le service est gratuit pour toutes les associations.", "--out", str(out)).returncode
        == 0
    )
    (heard,) = service.lines("transcribe", str(out), "--json")
    assert "gratuit" in heard["text"]


@pytest.mark.parametrize("name", ["empty.wav", "noise.txt"])
def test_a_file_that_is_not_sound_is_named(service: Service, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"" if name == "empty.wav" else b"not sound at all" * 100)
    for command in ("transcribe", "call"):
        done = service.guichet(command, str(path))
        assert done.returncode == 2
        assert done.stderr.count("\n") <= 3


def test_evaluate_speech_prints_the_contract(service: Service) -> None:
    done = service.guichet("evaluate", "speech", str(AUDIO / "manifest.tsv"), "--json")
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert set(figures) == {"n", "served", "direct", "wrong", "refused", "wer", "intent_accuracy"}
    assert figures["n"] == 12
    assert figures["wrong"] == 0


def test_config_explains_every_setting(service: Service) -> None:
    done = service.guichet("config")
    assert "web.port" in done.stdout
    assert "Port of the web server." in done.stdout
