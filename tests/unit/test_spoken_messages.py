"""What is read aloud of a chat: the telephone's wordings, in the order of the screen, and nobody's own words."""

from __future__ import annotations

from typing import Any

import pytest

from bot.knowledge import Kind, Knowledge, Subject, Wording
from bot.spoken_messages import spoken_text

SUBJECT = Subject(
    intent="adhesion",
    theme="Adhérer",
    title="Comment adhérer",
    kind=Kind.ANSWER,
    web="L'adhésion est **gratuite** : [formulaire](https://exemple.fr).",
    phone="L'adhésion est gratuite. Le formulaire est sur le site.",
    examples=("comment adhérer",),
    file="adhesion.yml",
    variants={"salarie": Wording("Votre *employeur* adhère.", "C'est votre employeur qui adhère.")},
)
KNOWLEDGE = Knowledge([SUBJECT])


def reply(text: str = "", answers: list[str] | None = None, choices: list[str] | None = None) -> dict[str, Any]:
    return {
        "type": "reply",
        "text": text,
        "answers": [{"id": "adhesion", "text": one} for one in answers or ()],
        "choices": [{"intent": "a", "text": one} for one in choices or ()],
    }


def test_an_answer_is_read_in_its_telephone_wording() -> None:
    assert spoken_text(reply(answers=[SUBJECT.web]), KNOWLEDGE) == SUBJECT.phone


def test_the_wording_is_that_of_the_person_who_asked() -> None:
    assert spoken_text(reply(answers=["Votre *employeur* adhère."]), KNOWLEDGE) == "C'est votre employeur qui adhère."


def test_an_answer_that_has_changed_since_is_read_as_it_was_shown() -> None:
    old = "Adhérez **en ligne** :\n\n- sur [le site](https://exemple.fr)\n1. puis signez\nhttps://exemple.fr/a_b"
    assert spoken_text(reply(answers=[old]), KNOWLEDGE) == "Adhérez en ligne :\nsur le site\npuis signez"


def test_a_question_back_is_read_with_its_choices() -> None:
    message = reply("Vouliez-vous dire :", choices=["Comment adhérer", "Est-ce gratuit ?"])
    assert spoken_text(message, KNOWLEDGE) == "Vouliez-vous dire :\nComment adhérer.\nEst-ce gratuit."


def test_what_is_said_about_the_handover_is_read() -> None:
    assert spoken_text({"type": "handover", "state": "requested", "text": "C'est transmis."}, KNOWLEDGE)


@pytest.mark.parametrize("kind", ["person", "agent"])
def test_the_words_of_people_are_not_read_by_a_machine(kind: str) -> None:
    assert spoken_text({"type": kind, "text": "Bonjour"}, KNOWLEDGE) == ""
