"""What the bot's last words ask for, and that the recogniser is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.dialogue import Choice, Outcome, Reply
from tests.unit.voice.test_call import ANSWER, QUESTION, Line
from voice import call_messages as m
from voice.asked import asked_for
from voice.ear import Paused, Started
from voice.meaning import choice_named
from voice.to_a_person import Possible
from voice.turn import Expecting

TITLES = (Choice("a", "adhérer"), Choice("b", "déclarer"), Choice("c", "payer"))


@pytest.mark.parametrize(
    "text",
    [
        "Voulez-vous plus de détails ?",
        "Votre question porte-t-elle bien sur ceci : l’adhésion ?",
        "Votre demande est enregistrée. Avez-vous une autre question ?",
        "Puis-je vous aider sur un autre point ?",
        "Est-ce que cela vous convient ?",
        "Voulez-vous un conseiller ? Dites oui ou tapez 0. Ou posez la question autrement.",
        "Votre question est bien : l’adhésion ? Répondez par oui ou par non.",
    ],
)
def test_a_question_by_turning_or_est_ce_wants_a_yes_or_no(text: str) -> None:
    assert asked_for(["Voici la réponse.", text], 0) is Expecting.YES_OR_NO


@pytest.mark.parametrize(
    "text",
    [
        "Que puis-je faire pour vous ? Quelle est votre question ?",
        "Quel document avez-vous reçu ?",
        "Comment puis-je vous aider ?",
        "Je n’ai pas compris. Pouvez-vous répéter votre question ?",
        "Voulez-vous adhérer ? Voici comment. Quelle est votre question ?",
        "L’adhésion se fait en ligne.",
    ],
)
def test_anything_else_may_be_answered_by_anything(text: str) -> None:
    assert asked_for([text], 0) is Expecting.QUESTION


def test_only_the_last_text_asks() -> None:
    assert asked_for(["Voulez-vous un conseiller ?", "Je vous écoute."], 0) is Expecting.QUESTION


@pytest.mark.parametrize(
    ("choices", "expecting"), [(1, Expecting.YES_OR_NO), (2, Expecting.CHOICE), (3, Expecting.CHOICE)]
)
def test_one_thing_offered_is_taken_by_yes_several_by_their_number(choices: int, expecting: Expecting) -> None:
    assert asked_for(["Laquelle ?"], choices) is expecting


def asked_by(line: Line) -> Expecting:
    """What a transcription is asked for with, when the caller says something now."""
    transcribe = next(one for one in line(Started(0.1), Paused(0.2)) if isinstance(one, m.Transcribe))
    assert line.call.expecting is transcribe.expecting
    return transcribe.expecting


def after(reply: Reply) -> Line:
    line = Line().listening()
    line.caller_says(QUESTION)
    line(m.Replied(1, reply))
    line.finish_speaking()
    return line


def test_the_recogniser_is_told_what_was_asked_for() -> None:
    assert asked_by(after(ANSWER)) is Expecting.QUESTION  # "Autre chose ?"
    assert asked_by(after(Reply(Outcome.ABSTAINED, text="Voulez-vous un conseiller ?"))) is Expecting.YES_OR_NO
    assert asked_by(after(Reply(Outcome.CLARIFY, choices=TITLES, text="Laquelle ?"))) is Expecting.CHOICE
    assert asked_by(after(Reply(Outcome.CLARIFY, choices=TITLES[:1], text="Vouliez-vous dire…"))) is Expecting.YES_OR_NO


def test_a_telephone_number_is_expected_whatever_the_words_were() -> None:
    line = Line(Possible(can_call_back=True, caller_number="0612345678")).listening()
    line(m.KeyPressed("0"))
    line.finish_speaking()
    assert asked_by(line) is Expecting.NUMBER


def test_who_interrupts_has_not_been_asked_yet() -> None:
    line = Line().listening()
    line.caller_says(QUESTION)
    line(m.Replied(1, Reply(Outcome.ABSTAINED, text="Je ne trouve pas. Voulez-vous un conseiller ?")))
    line(m.SpeakingStarted(line.call.serial))
    line.now += 3.0
    transcribe = next(one for one in line(Started(0.3, -20.0), Paused(0.2, 0.5)) if isinstance(one, m.Transcribe))
    assert transcribe.expecting is Expecting.QUESTION


@pytest.mark.parametrize(("heard", "is_choice"), [("la première", True), ("un", True), ("Toi.", False)])
def test_a_choice_is_named_where_others_have_been_talking_but_not_by_what_only_sounds_so(
    heard: str, is_choice: bool
) -> None:
    hearing = replace(QUESTION, text=heard, speech_seconds=4.0)
    assert (choice_named(hearing, TITLES) is not None) is is_choice
