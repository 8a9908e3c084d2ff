"""The recogniser's words come out of the knowledge."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.errors import BadKnowledge
from bot.knowledge import Kind, Knowledge, Subject, load_knowledge
from bot.lexicon import Lexicon, lexicon_of
from voice.corrections import Corrections
from voice.spoken_french import speak

SENTENCE = {"sentence": "Dites-moi {terms} ?"}


def subject(name: str, title: str, text: str, *examples: str, kind: Kind = Kind.ANSWER) -> Subject:
    return Subject(name, "Thème", title, kind, text, text, examples, "file.yml")


TOWN = [
    subject(
        "passeport",
        "Faire une carte nationale d'identité",
        "La carte nationale d'identité se demande à la mairie. Je n'ai pas d'information vérifiée sur ce point. "
        "Prenez rendez-vous avec l'ANTS.",
        "faire ma carte nationale d'identité",
        "le site de l'ants ne marche pas",
    ),
    subject(
        "acte",
        "Demander un acte de naissance",
        "L'acte de naissance se demande en ligne. Je n'ai pas d'information vérifiée sur ce point. Le site de l'ANTS "
        "n'en délivre pas.",
        "avoir un acte de naissance",
        "un acte de naissance par l'ANTS c'est possible",
    ),
    subject("hello", "Dire bonjour", "Bonjour et bienvenue.", "salut les copains", kind=Kind.EXCHANGE),
]


def test_a_term_is_what_answers_and_questions_share() -> None:
    terms = lexicon_of(TOWN).terms
    assert {"carte nationale d'identité", "acte de naissance", "ANTS"} <= set(terms)
    assert not any("vérifiée" in term or "copains" in term for term in terms)


def test_the_sentence_holds_the_heaviest_terms_with_their_article_and_no_term_twice() -> None:
    prompt = lexicon_of(TOWN, SENTENCE).prompt
    assert prompt.startswith("Dites-moi ")
    assert "l'ANTS" in prompt
    assert "l'acte de naissance" in prompt
    assert prompt.count("naissance") == 1


def test_a_sentence_written_by_hand_is_taken_as_it_is() -> None:
    assert lexicon_of(TOWN, {**SENTENCE, "prompt": "Un, deux."}).prompt == "Un, deux."


def test_keywords_of_a_subject_come_first() -> None:
    lexicon = lexicon_of([replace(TOWN[0], keywords=("Géoportail",)), *TOWN[1:]], SENTENCE)
    assert lexicon.terms[0] == "Géoportail"
    assert "Géoportail" in lexicon.prompt


@pytest.mark.parametrize("hearing", [None, {}, "nonsense", {"prompt": None, "sentence": None}])
def test_without_a_sentence_the_terms_stand_alone(hearing: object) -> None:
    assert "acte de naissance" in lexicon_of(TOWN, hearing).prompt


def test_without_subjects_there_is_nothing_to_expect() -> None:
    assert lexicon_of([], SENTENCE) == Lexicon()


# The project's own knowledge.


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load_knowledge()


@pytest.fixture(scope="module")
def lexicon(knowledge: Knowledge) -> Lexicon:
    return lexicon_of(knowledge.values(), SENTENCE)


def test_the_terms_of_the_service_are_found(lexicon: Lexicon) -> None:
    assert {
        "chèque emploi associatif", "volet social", "bulletin de paie", "base forfaitaire", "taxe sur les salaires",
        "Urssaf", "CEA", "DPAE", "CDII", "DSN", "Guso", "Smic", "RIB", "Siret", "Impact emploi",
    } <= set(lexicon.terms)  # fmt: skip
    assert "chèque emploi associatif" in lexicon.prompt
    assert "Urssaf" in lexicon.prompt


def test_questions_written_without_mistakes_are_never_mended(knowledge: Knowledge, lexicon: Lexicon) -> None:
    """Examples imitate typing and hearing errors too; those that begin with a capital and end with a mark do not."""
    corrections = Corrections(lexicon.terms, lexicon.ordinary, speak)
    clean = [text for text, _ in knowledge.examples if text[0].isupper() and text[-1] in "?.!" and not text.isupper()]
    assert len(clean) > 500
    changed = [text for text in clean if corrections.mend(text) != text]
    assert len(changed) <= len(clean) // 500, changed


def test_words_that_may_have_been_others_are_read_from_the_sentences() -> None:
    listed = [{"written": "SIRET", "said": "CEA", "sure_after": ["numéro"]}, {"written": "pacte", "said": "pack"}]
    assert lexicon_of(TOWN, {"mistaken": listed}).mistaken == (("SIRET", "CEA", ("numéro",)), ("pacte", "pack", ()))
    assert lexicon_of(TOWN, {"mistaken": None}).mistaken == ()


@pytest.mark.parametrize(
    "entry",
    [
        "SIRET",
        {"written": "SIRET"},
        {"written": "SIRET", "said": ""},
        {"written": 12, "said": "CEA"},
        {"written": "SIRET", "said": "CEA", "sure_after": "numéro"},
        {"written": "SIRET", "said": "CEA", "after": ["numéro"]},
    ],
)
def test_an_entry_that_cannot_be_read_is_named(entry: object) -> None:
    for listed in ([entry], entry):
        with pytest.raises(BadKnowledge, match=r"hearing\.mistaken"):
            lexicon_of(TOWN, {"mistaken": listed})
