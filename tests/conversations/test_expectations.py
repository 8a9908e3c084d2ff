"""What each expectation accepts, and what it does not let pass."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.dialogue import Answer, Channel, Choice, Outcome, Reply
from bot.knowledge import Kind, Knowledge, Subject, Wording
from tests.conversations.expectations import (
    complaints,
    may_be_said_again,
    read_demands,
    said_again,
    unknown_names,
    written,
)


def subject(intent: str, kind: Kind = Kind.ANSWER, phone_more: str = "", **variants: Wording) -> Subject:
    texts = (f"{intent} écrit", f"{intent} dit")
    return Subject(intent, "t", intent, kind, *texts, (), "f.yml", phone_more=phone_more, variants=variants)


KNOWLEDGE = Knowledge(
    [
        subject("bulletin", phone_more="bulletin en détail", salarie=Wording("au salarié écrit", "au salarié dit")),
        subject("adhesion"),
        subject("thanks", Kind.EXCHANGE),
        subject("distress", Kind.EXCHANGE),
        subject("elsewhere_caf", Kind.ELSEWHERE),
        subject("person_employeur", Kind.PERSON),
        subject("person_salarie", Kind.PERSON),
    ]
)


def answered(*intents: str, text: str = "") -> Reply:
    answers = [Answer(i, text or f"{i} dit", source="" if i == "thanks" else "une source") for i in intents]
    return Reply(Outcome.ANSWERED, intents[0], answers=tuple(answers))


def offering(*intents: str) -> Reply:
    return Reply(Outcome.CLARIFY, choices=tuple(Choice(i, i) for i in intents), text="Laquelle ?")


def missed(text: str = "Je n'ai pas **compris**.", intent: str = "", kind: str = "answer") -> Reply:
    return Reply(Outcome.ABSTAINED, intent, text=text, why={"kind": kind})


def met(line: str, reply: Reply, before: Reply | None = None) -> bool:
    return not complaints(read_demands(line), reply, before, Channel.PHONE, KNOWLEDGE)


@pytest.mark.parametrize(
    ("line", "good", "bad"),
    [
        ("répond bulletin", answered("bulletin"), answered("adhesion")),
        ("répond bulletin", answered("bulletin"), answered("bulletin", "adhesion")),
        ("répond bulletin", answered("bulletin"), answered("bulletin", text="bulletin en détail")),
        ("répond bulletin et adhesion", answered("bulletin", "adhesion"), answered("adhesion", "bulletin")),
        ("répond adhesion | bulletin", answered("bulletin"), offering("bulletin")),
        ("répond adhesion | précise", offering("bulletin"), answered("bulletin")),
        ("répond bulletin (salarie)", answered("bulletin", text="au salarié dit"), answered("bulletin")),
        ("répond bulletin (employeur)", answered("bulletin"), answered("bulletin", text="au salarié dit")),
        ("répond thanks", answered("thanks"), answered("bulletin")),
        ("donne les détails de bulletin", answered("bulletin", text="bulletin en détail"), answered("bulletin")),
        ("propose bulletin", offering("adhesion", "bulletin"), offering("adhesion")),
        ("propose bulletin, adhesion", offering("adhesion", "bulletin"), offering("bulletin")),
        ("demande qui", offering("person_employeur", "person_salarie"), offering("bulletin")),
        ("précise", offering("bulletin"), offering("person_employeur", "person_salarie")),
        ("ne sait pas", missed(), missed(intent="out_of_scope")),
        ("hors sujet", missed(intent="out_of_scope"), missed()),
        ("ne sait pas", missed(intent="out_of_scope", kind="abstain"), missed(intent="out_of_scope")),
        ("renvoie vers elsewhere_caf", missed("elsewhere_caf dit", "out_of_scope"), missed(intent="out_of_scope")),
        ("passe un conseiller", Reply(Outcome.HANDOVER), missed()),
        ("dit « pas  COMPRIS »", missed(), missed("Bonjour.")),
        ("ne dit pas « compris »", missed("Bonjour."), missed()),
        ("fait wait", replace(answered("thanks"), control="wait"), answered("thanks")),
        ("ne sait pas ; dit « compris »", missed(), missed("Non.")),
        ("dit « a ; b | c »", missed("a ; b | c"), missed("a")),
    ],
)
def test_an_expectation_accepts_what_it_says_and_nothing_else(line: str, good: Reply, bad: Reply) -> None:
    assert met(line, good)
    assert not met(line, bad)


def test_a_choice_is_what_the_reply_before_offered_at_that_place() -> None:
    before = offering("adhesion", "bulletin")
    assert met("répond le choix 2", answered("bulletin"), before)
    assert not met("répond le choix 2", answered("adhesion"), before)
    assert not met("répond le choix 3", answered("adhesion"), before)
    assert not met("répond le choix 1", answered("adhesion"), None)


def test_repeating_says_all_of_the_reply_before_once_more() -> None:
    before = replace(answered("bulletin"), text="Voulez-vous plus de détails ?")
    assert met("répète", replace(before, answers=(Answer("repeat", "Je répète."), *before.answers)), before)
    assert not met("répète", answered("bulletin"), before)
    assert not met("répète", before, None)


def test_what_failed_is_told_in_the_words_of_the_line() -> None:
    line = "répond bulletin (salarie) et adhesion | propose bulletin, adhesion ; dit « ah »"
    demands = read_demands(line)
    assert complaints(demands, missed(), None, Channel.WEB, KNOWLEDGE) == line.split(" ; ")
    assert [written(demand) for demand in demands[1]] == ["dit « ah »"]


@pytest.mark.parametrize(
    "line", ["", "répond", "répond Bulletin", "dit bonjour", "fait danser", "propose", "répond a |", "; précise"]
)
def test_what_is_no_expectation_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="is no expectation"):
        read_demands(line)


@pytest.mark.parametrize(
    ("line", "unknown"),
    [
        ("répond bulletin (salarie) | adhesion", []),
        ("répond bulletins", ["bulletins"]),
        ("répond bulletin (voisin)", ["voisin"]),
        ("renvoie vers bulletin", ["bulletin"]),
        ("donne les détails de adhesion", ["adhesion"]),
    ],
)
def test_names_that_mean_nothing_are_found(line: str, unknown: list[str]) -> None:
    assert unknown_names(read_demands(line), KNOWLEDGE) == unknown


def test_the_same_text_twice_in_a_row_is_seen() -> None:
    offer = "Voulez-vous plus de détails ?"
    first, second = replace(answered("bulletin"), text=offer), replace(answered("adhesion"), text=offer)
    assert said_again(second, first) == [offer]
    assert said_again(first, None) == []


@pytest.mark.parametrize(
    ("line", "may"),
    [
        ("répète", True),
        ("fait slower ; répète", True),
        ("répond distress ; dit « 15 »", True),
        ("répond bulletin", False),
        ("fait wait", False),
    ],
)
def test_it_may_be_said_again_to_who_asks_for_it_or_is_in_danger(line: str, may: bool) -> None:
    assert may_be_said_again(read_demands(line)) is may
