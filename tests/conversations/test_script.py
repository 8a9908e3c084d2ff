"""Reading conversations: what is understood, and what is refused with file and line."""

from __future__ import annotations

import pytest

from bot.dialogue import Channel, Reading
from tests.conversations.expectations import Demand, Named, Verb
from tests.conversations.script import BadScript, read_script

WHOLE = """Ce qui précède le premier titre est pour le lecteur : on l'ignore.

# Une suite
canal : téléphone
note : rien de spécial
Personne : comment on déclare les heures
Guichet : répond volet_social_saisie

entendu (0,4) : et si je suis en retard
ou bien (0.2) : et si je suis un regard
Guichet : précise
Personne (bouton) : 2
Guichet : ne sait pas

# Un courriel
attendu plus tard : le corpus n'en a pas
Personne : Objet : adhérer
    Bonjour,
    comment adhérer ?
Guichet : répond adhesion_comment
"""


def test_a_file_holds_several_conversations() -> None:
    first, second = read_script(WHOLE, "essai.txt")
    assert (first.title, first.channel, first.later, first.line) == ("Une suite", Channel.PHONE, "", 3)
    assert (second.title, second.channel, second.later) == ("Un courriel", Channel.WEB, "le corpus n'en a pas")


def test_a_turn_is_what_is_said_and_what_is_demanded() -> None:
    turn = read_script(WHOLE, "essai.txt")[0].turns[0]
    assert (turn.line, turn.text, turn.heard_confidence) == (6, "comment on déclare les heures", None)
    assert turn.demands == ((Demand(Verb.ANSWERS, (Named("volet_social_saisie"),)),),)


def test_what_was_heard_comes_with_its_confidence_and_its_other_readings() -> None:
    turn = read_script(WHOLE, "essai.txt")[0].turns[1]
    assert (turn.text, turn.heard_confidence) == ("et si je suis en retard", 0.4)
    assert turn.alternatives == (Reading("et si je suis un regard", 0.2),)


def test_a_button_is_no_text() -> None:
    turn = read_script(WHOLE, "essai.txt")[0].turns[2]
    assert (turn.text, turn.button) == ("", "2")


def test_indented_lines_go_on_with_what_is_said() -> None:
    turn = read_script(WHOLE, "essai.txt")[1].turns[0]
    assert turn.text == "Objet : adhérer\nBonjour,\ncomment adhérer ?"


def test_an_empty_file_holds_nothing() -> None:
    assert read_script("", "essai.txt") == []


@pytest.mark.parametrize(
    ("lines", "line", "what"),
    [
        ("#", 1, "title"),
        ("# A", 1, "nobody says anything"),
        ("# A\ncanal : radio", 2, "téléphone or web"),
        ("# A\nPersonne : x\nGuichet : précise\ncanal : web", 4, "before the first words"),
        ("# A\nattendu plus tard :", 2, "reason"),
        ("# A\nPersonne : x", 2, "what Guichet does is not said"),
        ("# A\nPersonne : x\nPersonne : y\nGuichet : précise", 3, "a line for Guichet is missing"),
        ("# A\nPersonne :\nGuichet : précise", 2, "says nothing"),
        ("# A\nGuichet : précise", 2, "nobody has spoken"),
        ("# A\nPersonne : x\nGuichet : chante", 3, "'chante' is no expectation; there are répond,"),
        ("# A\nPersonne : x\nGuichet :", 3, "'' is no expectation"),
        ("# A\nPersonne (bouton) : oui\nGuichet : précise", 2, "number of a proposition"),
        ("# A\nPersonne (fort) : oui\nGuichet : précise", 2, "a line begins with"),
        ("# A\nentendu : x\nGuichet : précise", 2, "confidence from 0 to 1"),
        ("# A\nentendu (4) : x\nGuichet : précise", 2, "confidence from 0 to 1"),
        ("# A\nPersonne : x\nou bien (0.3) : y\nGuichet : précise", 3, "follows a line « entendu »"),
        ("# A\nBonjour", 2, "a line begins with"),
        ("# A\n  et encore", 2, "begins with spaces"),
    ],
)
def test_a_mistake_is_named_with_file_and_line(lines: str, line: int, what: str) -> None:
    with pytest.raises(BadScript) as raised:
        read_script(lines, "essai.txt")
    assert str(raised.value).startswith(f"essai.txt, line {line}: ")
    assert what in str(raised.value)
