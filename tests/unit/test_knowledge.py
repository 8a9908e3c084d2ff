"""Reading data/nlu: what a mistake in a file looks like to the one who made it."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from bot.errors import BadKnowledge
from bot.knowledge import NEEDED, Kind, Wording, advice, load_knowledge
from bot.rasa_files import WITH_OWN_RULE, synced

SUBJECT = """
- intent: adhesion_comment
  metadata:
    theme: Adhésion
    title: Comment adhérer
    kind: answer
    web: Sur **le site**.
    phone: Sur le site.
    source: {title: Service-public, url: "https://www.service-public.fr"}
    verified_on: 2026-11-21
    confidence: A
  examples: |
    - comment adhérer
    - je veux m'inscrire
"""


PEOPLE = """
- intent: person_salarie
  metadata: {theme: Échange, title: un salarié, kind: person, web: Noté., phone: Noté., cues: [mon employeur]}
  examples: |
    - je suis salarié
    - c'est moi le salarié
- intent: person_employeur
  metadata: {theme: Échange, title: un employeur, kind: person, web: Noté., phone: Noté.}
  examples: |
    - je suis l'employeur
    - c'est moi l'employeur
"""
# Every field that a subject may have beside those that it must have.
MORE = SUBJECT.replace(
    "    confidence: A\n",
    """    confidence: A
    source_date: 2026-01-02
    phone_more: Il faut aussi un compte.
    variants:
      salarie: {web: Votre **employeur** adhère., phone: Votre employeur adhère.}
    ask_person: [mon adhésion]
    keywords: [volet d'identification, DPAE]
    translations:
      en: {title: How to join, web: On **the site**., phone: On the site.}
""",
)


def exchange(name: str) -> str:
    return f"""
- intent: {name}
  metadata: {{theme: Échange, title: {name}, kind: exchange, web: texte, phone: texte}}
  examples: |
    - {name} un
    - {name} deux
"""


def write(directory: Path, subject: str = SUBJECT, name: str = "adhesion.yml") -> Path:
    (directory / "echange.yml").write_text(
        'version: "3.1"\nnlu:' + "".join(exchange(name) for name in NEEDED), encoding="utf-8"
    )
    (directory / name).write_text('version: "3.1"\nnlu:' + subject, encoding="utf-8")
    return directory


def test_a_good_file_is_read_whole(tmp_path: Path) -> None:
    subject = load_knowledge(write(tmp_path))["adhesion_comment"]
    assert subject.kind is Kind.ANSWER
    assert subject.web == "Sur **le site**."
    assert subject.phone == "Sur le site."
    assert (subject.source_url, subject.verified_on) == ("https://www.service-public.fr", "2026-11-21")
    assert subject.examples == ("comment adhérer", "je veux m'inscrire")


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("    web: Sur **le site**.\n", "", "web"),
        ("    phone: Sur le site.\n", "    phone:\n", "phone"),
        ("kind: answer", "kind: reponse", "kind"),
        ("    title: Comment adhérer\n", "", "title"),
        ("    phone:", "    telephone:", "telephone"),
        ("verified_on: 2026-11-21", "verified_on: hier", "verified_on"),
        ("    verified_on: 2026-11-21\n", "", "verified_on"),
        ('url: "https://www.service-public.fr"', 'url: "service-public.fr"', "url"),
        ("confidence: A", "confidence: D", "confidence"),
        ("Sur le site.", "Sur https://cea.urssaf.fr", "phone"),
        ("    - comment adhérer\n", "    comment adhérer\n", "examples"),
        ("    - comment adhérer\n", "    - /adhesion_comment\n", "examples"),
        ("intent: adhesion_comment", "intent: Adhésion", "intent"),
    ],
)
def test_a_mistake_is_named_with_file_subject_and_field(tmp_path: Path, old: str, new: str, field: str) -> None:
    assert old in SUBJECT
    with pytest.raises(BadKnowledge) as caught:
        load_knowledge(write(tmp_path, SUBJECT.replace(old, new, 1)))
    assert "adhesion.yml" in str(caught.value)
    assert field in str(caught.value)


def test_the_optional_fields_are_read_whole(tmp_path: Path) -> None:
    subject = load_knowledge(write(tmp_path, MORE + PEOPLE))["adhesion_comment"]
    assert subject.phone_more == "Il faut aussi un compte."
    assert subject.variants == {"salarie": Wording("Votre **employeur** adhère.", "Votre employeur adhère.")}
    assert subject.translations == {"en": Wording("On **the site**.", "On the site.", "How to join")}
    assert (subject.ask_person, subject.keywords) == (("mon adhésion",), ("volet d'identification", "DPAE"))
    assert subject.source_date == "2026-01-02"


def test_the_kinds_of_person_come_in_the_order_of_the_file_with_what_gives_them_away(tmp_path: Path) -> None:
    people = load_knowledge(write(tmp_path, MORE + PEOPLE)).people
    assert [(person.intent, person.cues) for person in people] == [
        ("person_salarie", ("mon employeur",)),
        ("person_employeur", ()),
    ]


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("phone_more: Il faut aussi un compte.", "phone_more:", "adhesion_comment, phone_more"),
        ("Il faut aussi un compte.", "Voyez https://cea.urssaf.fr", "adhesion_comment, phone_more"),
        ("phone: Votre employeur adhère.", "phone: Votre **employeur**.", "variants, salarie, phone"),
        (", phone: Votre employeur adhère.", "", "variants, salarie, phone"),
        ("web: Votre", "titre: x, web: Votre", "variants, salarie, titre"),
        ("web: Votre", "title: x, web: Votre", "variants, salarie, title"),
        ("      salarie: {", "      stagiaire: {", "variants, stagiaire: there is no subject person_stagiaire"),
        ("salarie: {web: Votre **employeur** adhère., phone: Votre employeur adhère.}", "salarie: texte", "salarie"),
        ("ask_person: [mon adhésion]", "ask_person: mon adhésion", "adhesion_comment, ask_person"),
        ("keywords: [volet d'identification, DPAE]", "keywords: [volet, 3]", "adhesion_comment, keywords"),
        ("title: How to join, ", "", "translations, en, title"),
        ("phone: On the site.", "phone: On www.site.fr", "translations, en, phone"),
        ("      en: {", "      - en: {", "adhesion_comment, translations"),
        ("source_date: 2026-01-02", "source_date: janvier", "adhesion_comment, source_date"),
        ("cues: [mon employeur]", "cues: [ ]x", "adhesion.yml, line"),
        ("cues: [mon employeur]", "cues: [' ']", "person_salarie, cues"),
        ("intent: person_salarie", "intent: salarie", "salarie, kind"),
        ("un salarié, kind: person", "un salarié, kind: exchange", "person_salarie, kind"),
    ],
)
def test_a_mistake_in_an_optional_field_is_named_too(tmp_path: Path, old: str, new: str, named: str) -> None:
    text = MORE + PEOPLE
    assert old in text
    with pytest.raises(BadKnowledge) as caught:
        load_knowledge(write(tmp_path, text.replace(old, new, 1)))
    assert "adhesion.yml" in str(caught.value)
    assert named in str(caught.value)


def test_who_is_asking_can_only_be_asked_where_there_are_kinds_of_person(tmp_path: Path) -> None:
    alone = SUBJECT.replace("    confidence: A\n", "    confidence: A\n    ask_person: [mon adhésion]\n")
    with pytest.raises(BadKnowledge, match="adhesion_comment, ask_person"):
        load_knowledge(write(tmp_path, alone))


def test_another_services_address_is_checked_like_an_answer_and_is_none(tmp_path: Path) -> None:
    elsewhere = SUBJECT.replace("adhesion_comment", "elsewhere_caf").replace("kind: answer", "kind: elsewhere")
    knowledge = load_knowledge(write(tmp_path, elsewhere))
    assert knowledge["elsewhere_caf"].kind is Kind.ELSEWHERE
    assert knowledge["elsewhere_caf"] not in knowledge.topics
    with pytest.raises(BadKnowledge, match="elsewhere_caf, verified_on"):
        load_knowledge(write(tmp_path, elsewhere.replace("    verified_on: 2026-11-21\n", "")))


def test_broken_yaml_is_reported_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(BadKnowledge, match=r"adhesion\.yml, line \d+"):
        load_knowledge(write(tmp_path, SUBJECT.replace("    title: Comment adhérer", "    title: [Comment")))


def test_the_same_subject_in_two_files_is_refused(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "copie.yml").write_text((tmp_path / "adhesion.yml").read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(BadKnowledge, match=r"adhesion_comment, intent: it is also in adhesion\.yml"):
        load_knowledge(tmp_path)


def test_one_question_cannot_mean_two_subjects(tmp_path: Path) -> None:
    with pytest.raises(BadKnowledge, match="can mean only one"):
        load_knowledge(write(tmp_path, SUBJECT.replace("comment adhérer\n", "greet un\n")))


def test_a_part_of_the_exchange_that_is_missing_is_named(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "echange.yml").unlink()
    with pytest.raises(BadKnowledge, match="greet"):
        load_knowledge(tmp_path)


def test_an_empty_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadKnowledge, match="would know nothing"):
        load_knowledge(tmp_path)


def test_long_speech_few_examples_and_old_checks_are_only_advised(tmp_path: Path) -> None:
    knowledge = load_knowledge(write(tmp_path, SUBJECT.replace("Sur le site.", "mot " * 50)))
    remarks = [r for r in advice(knowledge, datetime.date(2028, 1, 1)) if "adhesion_comment" in r]
    assert len(remarks) == 3


def test_long_details_are_advised_against(tmp_path: Path) -> None:
    knowledge = load_knowledge(write(tmp_path, MORE.replace("Il faut aussi un compte.", "mot " * 70) + PEOPLE))
    assert any("adhesion_comment: 70 words" in remark for remark in advice(knowledge, datetime.date(2026, 11, 22)))


def test_the_parts_with_a_rule_of_their_own_are_parts_that_exist() -> None:
    assert set(NEEDED) >= WITH_OWN_RULE


def test_a_new_subject_reaches_the_list_and_nothing_else_changes() -> None:
    text = "a\n  # >>> subjects, written\n  - intent: old\n  # <<<\nz\n"
    assert synced(text, "subjects", ["- intent: old", "- intent: new"], "f") == (
        "a\n  # >>> subjects, written\n  - intent: old\n  - intent: new\n  # <<<\nz\n"
    )


def test_lost_marks_are_reported() -> None:
    with pytest.raises(BadKnowledge, match="marks"):
        synced("intents:\n", "written", [], "domain.yml")
