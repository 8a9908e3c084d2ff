"""Two halves of one question: which belong together, and how they read as one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.dialogue import Choice, Reading
from bot.nlu.french import splits
from bot.nlu.incoming import LONGEST_MESSAGE
from voice.continued import AskedQuestion, asks_nothing, belongs, joined, may_go_on, sewn
from voice.patience import Patience
from voice.turn import Hearing

PATIENCE = Patience()
FIRST = Hearing("Pour le contrat de travail.", 0.8, "high", True, 1.4)
MORE = Hearing("Est-ce qu'il faut un modèle ?", 0.6, "medium", True, 1.7)


def heard(text: str) -> Hearing:
    return replace(FIRST, text=text)


@pytest.mark.parametrize(
    ("first", "more", "whole"),
    [
        ("Pour le contrat.", "Est-ce qu'il faut un modèle ?", "Pour le contrat. Est-ce qu'il faut un modèle ?"),
        ("Pour le contrat.", "Où est-ce que je signe ?", "Pour le contrat. Où est-ce que je signe ?"),
        ("Pour le contrat", "Je voudrais un conseiller.", "Pour le contrat. Je voudrais un conseiller."),
        ("Pour le contrat,", "Je voudrais un modèle.", "Pour le contrat je voudrais un modèle."),
        ("Pour le contrat.", "De mon fils.", "Pour le contrat de mon fils."),
        ("Pour le contrat.", "de mon fils.", "Pour le contrat de mon fils."),
        ("Mon numéro est le 06 12.", "34 56, c'est ça.", "Mon numéro est le 06 12 34 56, c'est ça."),
        ("C'est pour le contrat.", "Contrat de travail.", "C'est pour le contrat de travail."),
        ("Je voudrais parler de...", "Notre dernier prélèvement.", "Je voudrais parler de notre dernier prélèvement."),
        ("Je voudrais, euh,", "savoir comment résilier.", "Je voudrais, euh savoir comment résilier."),
        ("Mon Siret est le 732.", "829", "Mon Siret est le 732 829"),
        ("0, 6, 12,", "34.", "0, 6, 12 34."),
        ("C'est au sujet de la", "DPAE.", "C'est au sujet de la DPAE."),
        ("J'ai reçu un courrier de l'", "Urssaf.", "J'ai reçu un courrier de l'urssaf."),
        ("Comment adhérer ?", "Et combien ça coûte ?", "Comment adhérer ? Et combien ça coûte ?"),
        ("C'est pour", "Pour un arrêt maladie.", "C'est pour un arrêt maladie."),
        ("Le 5 5", "5 2", "Le 5 5 5 2"),
    ],
)  # fmt: skip
def test_two_halves_read_as_one_sentence(first: str, more: str, whole: str) -> None:
    assert sewn(first, more) == whole


@pytest.mark.parametrize("request_", ["Je voudrais un conseiller.", "Passez-moi quelqu'un.", "Oui, je vous écoute."])
def test_the_dialogue_can_tell_a_question_from_what_was_said_after_it(request_: str) -> None:
    assert ("Pour le contrat de travail", request_, True) in splits(sewn(FIRST.text, request_))


@pytest.mark.parametrize(
    "text",
    [
        "Un conseiller, s'il vous plaît.",
        "Stop, stop, un conseiller !",
        "Non, c'est pas ça.",
        "Merci, au revoir.",
        "D'accord, merci beaucoup.",
        "Au revoir.",
        "Ah oui, d'accord.",
    ],
)
def test_what_is_said_to_the_bot_stands_for_itself(text: str) -> None:
    assert not belongs(FIRST, heard(text))


@pytest.mark.parametrize("text", ["Merci de me dire comment.", "Non résiliable.", "Un conseiller m'a dit que non."])
def test_what_only_begins_like_a_word_to_the_bot_belongs(text: str) -> None:
    assert belongs(FIRST, heard(text))


def test_the_whole_is_no_surer_than_its_less_sure_half() -> None:
    for whole in (joined(FIRST, MORE), joined(replace(MORE, text="Un."), replace(FIRST, text="Deux."))):
        assert (whole.confidence, whole.certainty) == (0.6, "medium")
        assert whole.speech_seconds == pytest.approx(3.1)


def test_what_else_may_have_been_heard_of_a_half_is_another_reading_of_the_whole() -> None:
    first = replace(FIRST, alternatives=(Reading("Pour le contact.", 0.7), Reading("Pour le combat.", 0.1)))
    more = replace(MORE, alternatives=(Reading("Est-ce qu'il faut un module ?", 0.5),))
    assert joined(first, more).alternatives == (
        Reading("Pour le contact. Est-ce qu'il faut un modèle ?", 0.6),
        Reading("Pour le contrat de travail. Est-ce qu'il faut un module ?", 0.5),
    )


def test_the_record_keeps_what_was_heard_and_the_dialogue_gets_what_was_mended() -> None:
    whole = joined(replace(FIRST, text="Pour le contra.", mended="Pour le contrat."), MORE)
    assert whole.text == "Pour le contra. Est-ce qu'il faut un modèle ?"
    assert whole.question == "Pour le contrat. Est-ce qu'il faut un modèle ?"
    assert joined(FIRST, MORE).mended == ""


@pytest.mark.parametrize(
    "word", ["Stop.", "Conseiller !", "Répétez.", "Attendez.", "Allô ? Allô ?", "Oui oui.", "Non."]
)
def test_a_word_to_the_bot_is_no_part_of_a_question(word: str) -> None:
    assert not belongs(FIRST, heard(word))


@pytest.mark.parametrize("first", ["Mon numéro Siret est le", "0, 4", "732", "C'est le 552."])
def test_a_figure_belongs_to_a_number(first: str) -> None:
    assert belongs(heard(first), heard("Quatre."))
    assert not belongs(FIRST, heard("Quatre."))


def test_an_answer_that_was_acted_on_is_complete() -> None:
    assert not may_go_on(heard("Oui."), ())
    assert not may_go_on(heard("Conseiller."), ())
    assert not may_go_on(heard("Deux."), (Choice("a", "A"), Choice("b", "B")))
    assert may_go_on(heard("Deux."), ())
    assert may_go_on(FIRST, (Choice("a", "A"),))


@pytest.mark.parametrize(
    ("text", "nothing"), [("Allô ? Allô ?", True), ("Bonjour.", True), ("Non.", False), ("Stop.", False)]
)
def test_who_only_looks_whether_we_are_there_is_answered(text: str, nothing: bool) -> None:
    assert asks_nothing(heard(text)) is nothing


def asked(at: float = 10.0) -> AskedQuestion:
    """By somebody whose last sound was at `at`."""
    return AskedQuestion(PATIENCE, 1, FIRST, ended_at=at)


def test_before_an_answer_is_heard_whoever_speaks_goes_on() -> None:
    question = asked()
    assert question.goes_on(15.0)
    question.answered()
    assert question.goes_on(15.0)


def test_nobody_reacts_to_an_answer_before_having_heard_some_of_it() -> None:
    question = asked()
    question.answered()
    question.sounded(13.0)
    question.sounded(14.0)  # the first sound counts
    assert question.goes_on(13.0 + PATIENCE.reacts_seconds - 0.01)
    assert not question.goes_on(13.0 + PATIENCE.reacts_seconds + 0.01)


def test_a_pause_inside_a_sentence_may_be_longer_than_an_answer_takes_to_come() -> None:
    question = asked()
    question.answered()
    question.sounded(10.6)
    assert question.goes_on(10.0 + PATIENCE.goes_on_seconds - 0.01)
    assert not question.goes_on(10.0 + PATIENCE.goes_on_seconds + 0.01)


def test_a_question_that_has_been_answered_or_chosen_is_closed() -> None:
    question = asked()
    question.closed()
    assert not question.goes_on(10.1)
    assert not AskedQuestion(PATIENCE, 1, None, ended_at=10.0).goes_on(10.1)


@pytest.mark.parametrize(("first", "more"), [("Bonjour, j'ai besoin d'une", "Aide."), ("Je cherche un", "agent.")])
def test_a_word_to_the_bot_that_ends_a_sentence_is_its_end(first: str, more: str) -> None:
    assert belongs(heard(first), heard(more))
    assert not belongs(heard("Comment adhérer ?"), heard(more))


@pytest.mark.parametrize("words", ["C'est ça.", "Exactement.", "Tout à fait.", "Pardon."])
def test_who_only_agrees_while_the_bot_thinks_has_not_asked_anything_else(words: str) -> None:
    assert asks_nothing(heard(words))


def test_of_an_account_that_never_ends_the_end_is_asked_and_the_dialogue_takes_it() -> None:
    whole = heard("Alors voilà,")
    for part in range(100):
        whole = joined(whole, heard(f"et puis il y a eu la déclaration numéro {part},"))
    assert len(whole.question) <= LONGEST_MESSAGE
    assert whole.question.endswith("la déclaration numéro 99,")
    assert whole.question.startswith(("et", "puis", "il", "y", "a", "eu", "la", "déclaration", "numéro"))
