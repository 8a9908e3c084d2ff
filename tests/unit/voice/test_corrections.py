"""Terms that a recogniser always gets wrong are put right; everything else stays."""

from __future__ import annotations

import pytest

from voice.corrections import Corrections
from voice.spoken_french import speak

TERMS = [
    "chèque emploi associatif", "chèque emploi", "Urssaf", "CEA", "DPAE", "CDD", "CDII", "Guso", "Siret", "Smic",
    "volet social", "bulletin de paie", "Impact emploi", "base forfaitaire", "taxe sur les salaires",
    "médecine du travail", "contrat d'engagement éducatif", "congé maternité", "numéro Siret", "carnet de chèques",
    "temps partiel", "organismes sociaux", "attestation de vigilance",
]  # fmt: skip
ORDINARY = frozenset(
    "le la les l' un une de d' du des à au aux en et est ce c' que qu' comment on quoi mon je dois nous vous "
    "chèque emploi associatif volet volée social bulletin paie impact base forfaitaire taxe sur salaires médecine "
    "travail contrat engagement éducatif congé maternité numéro siret carnet chèques temps partiel organismes sociaux "
    "attestation vigilance urssaf".split()
)


@pytest.fixture(scope="module")
def corrections() -> Corrections:
    return Corrections(TERMS, ORDINARY, speak)


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("Comment on remplit le volée social ?", "Comment on remplit le volet social ?"),
        ("Le volet sociale du chèque en ploi associatif", "Le volet social du chèque emploi associatif"),
        ("d'admitoir vos les sociales", "d'admitoir volet social"),
        ("le chèque en ploi à sociatif", "le chèque emploi associatif"),
        ("l'ursaf", "l'Urssaf"),
        ("demandez à lurssaf", "demandez à l'Urssaf"),
        ("la d.p.a.e est faite", "la DPAE est faite"),
        ("La D P A E est faite ?", "La DPAE est faite ?"),
        ("le cé e a", "le CEA"),
        ("nous propose un pacte emploi, vous", "nous propose Impact emploi, vous"),
        ("le bulletin de paix", "le bulletin de paie"),
        ("Bulle teint de paie.", "Bulletin de paie."),
        ("le bulletin de pait est où", "le bulletin de paie est où"),
        ("la médecine du travaille", "la médecine du travail"),
        ("la mais de scène du travail", "la médecine du travail"),
        ("la base forfait terre", "la base forfaitaire"),
        ("un contrat dans gage ment éducatif", "un contrat d'engagement éducatif"),
        ("le guzo", "le Guso"),
        ("le numéro cirette", "le numéro Siret"),
        ("ou trouver lattestation de vigilance", "ou trouver l'attestation de vigilance"),
    ],
)
def test_a_mishearing_is_mended(corrections: Corrections, heard: str, meant: str) -> None:
    assert corrections.mend(heard) == meant


@pytest.mark.parametrize(
    "text",
    [
        "",
        "…",
        "le chèque emploi associatif",
        "LES BULLETINS DE PAIE",
        "des chèques emploi associatifs",
        "l'URSSAF, l’Urssaf et l'urssaf",
        "avec le chèque emploi à la rentrée",
        "affiliation aux organismes sociaux",
        "un carnet de chèques que je retire",
        "le congé paternité",  # one sound beside "congé maternité"
        "le numéro Siren",
        "le bulletin. De paix, il parle",  # two sentences
        "je dois céder des parts",  # sounds like "CDD parts"
        "c'est à cause de la CAF",
        "le médecin du travail",
        "le 2502",
    ],
)
def test_everything_else_stays_as_it_is(corrections: Corrections, text: str) -> None:
    assert corrections.mend(text) == text


def test_without_terms_nothing_is_changed() -> None:
    assert Corrections((), frozenset()).mend("le volée social") == "le volée social"


def test_mending_twice_changes_no_more(corrections: Corrections) -> None:
    once = corrections.mend("le volée social du chèque en ploi associatif de l'ursaf")
    assert corrections.mend(once) == once


@pytest.mark.parametrize("text", ["Smic, médecine du travail,", "CDII, CDII, CDII.", "cea. Urssaf !"])
def test_terms_read_out_one_after_the_other_are_told_from_speech(corrections: Corrections, text: str) -> None:
    assert corrections.only_lists(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "...",
        "Smic",
        "La médecine du travail.",
        "CDD ou CDII ?",
        "Le volet social, c'est quoi ?",
        "oui, non",
        "Smic, quoi",
    ],
)
def test_a_term_alone_or_in_a_sentence_is_speech(corrections: Corrections, text: str) -> None:
    assert not corrections.only_lists(text)
