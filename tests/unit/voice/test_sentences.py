import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice.sentences import clauses, sentences


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("  \n ", []),
        ("Bonjour", ["Bonjour"]),
        ("Bonjour. Comment ça va ? Bien !", ["Bonjour.", "Comment ça va ?", "Bien !"]),
        ("Un titre\nUne phrase.", ["Un titre", "Une phrase."]),
        ("Vraiment ?! Oui… Enfin.", ["Vraiment ?!", "Oui…", "Enfin."]),
        ("Il a dit « oui. » Puis rien.", ["Il a dit « oui. »", "Puis rien."]),
        ("Bon... enfin oui.", ["Bon... enfin oui."]),
        ("Adhésion, paie, etc. Le reste suit.", ["Adhésion, paie, etc.", "Le reste suit."]),
        ("Adhésion, paie, etc. et le reste.", ["Adhésion, paie, etc. et le reste."]),
        ("Cela coûte 5. Le 6 arrive.", ["Cela coûte 5.", "Le 6 arrive."]),
    ],
)
def test_sentences_are_cut_at_their_ends(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@pytest.mark.parametrize(
    "whole",
    [
        "M. Dupont est là.",
        "Voir MM. Dupont et Martin.",
        "Me Durand et Dr. Martin arrivent.",
        "L'article n° 12 du code.",
        "Selon L. 133-5 du code.",
        "Selon l'art. L. 133-5-1.",
        "Payez 1 250,50 euros.",
        "Version 3.6.21 du logiciel.",
        "Allez sur www.urssaf.fr pour cela.",
        "Écrivez à jean.dupont@asso.fr demain.",
        "Avec J. Martin aussi.",
        "Au tél. 01 49 23 22 22.",
    ],
)
def test_a_full_stop_that_ends_nothing_cuts_nothing(whole: str) -> None:
    assert sentences(f"Bonjour. {whole}") == ["Bonjour.", whole]


def test_a_long_first_sentence_is_cut_at_a_clause() -> None:
    text = "L'adhésion se fait en ligne, dans l'espace employeur, avec le numéro Siret. Puis on attend."
    assert sentences(text) == [
        "L'adhésion se fait en ligne,",
        "dans l'espace employeur, avec le numéro Siret.",
        "Puis on attend.",
    ]


def test_a_clause_too_near_the_start_is_passed_over() -> None:
    text = "Oui, alors, pour adhérer il faut un numéro Siret, et puis un compte en ligne validé."
    assert sentences(text)[0] == "Oui, alors, pour adhérer il faut un numéro Siret,"


def test_only_the_first_sentence_is_cut_and_only_if_long() -> None:
    long = "Votre compte doit être validé par le centre, avant de déclarer un salarié, ce qui prend du temps."
    assert sentences(f"Bonjour. {long}") == ["Bonjour.", long]
    assert sentences("Une première phrase courte, vraiment.") == ["Une première phrase courte, vraiment."]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Vouliez-vous dire : Le bulletin ?", ["Vouliez-vous dire :", "Le bulletin ?"]),
        ("Bonjour. En cas de doute: appelez.", ["Bonjour.", "En cas de doute:", "appelez."]),
        ("À 17:30, fini.", ["À 17:30, fini."]),
        ("Un : deux : trois.", ["Un :", "deux :", "trois."]),
        (": seul", [": seul"]),
    ],
)
def test_what_follows_a_colon_is_a_piece_of_its_own(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "J'ai entendu le zéro six, douze, trente-quatre, cinquante et un, quatre-vingts. Est-ce bien cela ?",
            ["J'ai entendu le", "zéro six,", "douze,", "trente-quatre,", "cinquante et un,", "quatre-vingts.",
             "Est-ce bien cela ?"],
        ),
        ("Le plus trente-trois, un, deux, trois.", ["Le", "plus trente-trois,", "un,", "deux,", "trois."]),
        ("Zéro un, deux, trois, quatre", ["Zéro un,", "deux,", "trois,", "quatre"]),
        ("Tapez un, deux ou trois.", ["Tapez un, deux ou trois."]),
        ("Appelez le zéro huit cent six, huit cent trois, huit cents.",
         ["Appelez le zéro huit cent six, huit cent trois, huit cents."]),
        ("Un, deux, trois, quatre, cinq personnes.", ["Un,", "deux,", "trois,", "quatre,", "cinq personnes."]),
        ("Quelqu'un, quelqu'un, quelqu'un, quelqu'un.", ["Quelqu'un, quelqu'un, quelqu'un, quelqu'un."]),
    ],
)  # fmt: skip
def test_a_long_number_is_dictated_group_by_group(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@pytest.mark.parametrize(
    ("piece", "expected"),
    [
        ("Bonjour.", ["Bonjour."]),
        (
            "Le bulletin est mis en ligne le six du mois suivant, dans votre espace employeur.",
            ["Le bulletin est mis en ligne le six du mois suivant,", "dans votre espace employeur."],
        ),
        (
            "Demandez votre bulletin à votre employeur si vous ne le trouvez pas dans votre espace.",
            ["Demandez votre bulletin à votre employeur", "si vous ne le trouvez pas", "dans votre espace."],
        ),
        ("Oui, non, peut-être, ou alors jamais de la vie.", ["Oui, non, peut-être,", "ou alors jamais de la vie."]),
        ("Une fois que c'est fait, attendez.", ["Une fois que c'est fait, attendez."]),
    ],
)
def test_a_sentence_that_has_to_be_made_now_is_made_by_clause(piece: str, expected: list[str]) -> None:
    assert clauses(piece) == expected


@given(st.lists(st.sampled_from("Oui, le bulletin de paie et dans que qui puis employeur, mois;".split()), min_size=1))
def test_clauses_lose_nothing_and_are_never_a_word_or_two(words: list[str]) -> None:
    parts = clauses(" ".join(words))
    assert " ".join(parts) == " ".join(words)
    assert len(parts) == 1 or all(len(part) >= 14 for part in parts)


def test_numbers_with_a_comma_are_not_clauses() -> None:
    text = "Le salarié à temps plein acquiert exactement 2,5 jours ouvrables de congé chaque mois."
    assert sentences(text) == [text]


def test_an_endless_sentence_is_cut_at_a_clause_or_failing_that_between_words() -> None:
    clauses = sentences("Bonjour. " + "un mot et un autre mot encore, " * 20)
    assert all(len(piece) <= 280 and piece.endswith(",") for piece in clauses[1:])
    words = sentences("Bonjour. " + "mot " * 200)
    assert " ".join(words) == "Bonjour. " + "mot " * 199 + "mot"
    assert all(len(piece) <= 280 for piece in words)
    assert all(len(piece) <= 280 for piece in sentences("x" * 1000))


@given(st.text(alphabet='aé M.,;:!?…12 «»"()n°\n-', max_size=900))
def test_nothing_is_lost_and_nothing_is_endless(text: str) -> None:
    pieces = sentences(text)
    assert "".join(re.sub(r"\s", "", piece) for piece in pieces) == re.sub(r"\s", "", text)
    assert all(piece.strip() == piece and 0 < len(piece) <= 280 for piece in pieces)
