"""Reading data/nlu: what a mistake in a file looks like to the one who made it."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
import yaml

from bot.errors import BadKnowledge
from bot.knowledge import NEEDED, Kind, advice, load_knowledge
from bot.rasa_files import WITH_OWN_RULE, synced, synced_files
from bot.settings import PROJECT_DIR

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


def test_the_bundled_knowledge_is_good() -> None:
    assert len(load_knowledge().topics) >= 81


def test_every_answer_in_service_says_where_it_comes_from() -> None:
    for subject in load_knowledge().topics:
        assert subject.source_title, subject.intent
        assert subject.source_url, subject.intent
        assert subject.verified_on, subject.intent


def test_domain_and_rules_are_in_step_with_the_knowledge() -> None:
    for path, text in synced_files(load_knowledge()).items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name}: run `guichet train`"


def test_every_intent_has_exactly_one_rule() -> None:
    rules = yaml.safe_load((PROJECT_DIR / "data" / "rules.yml").read_text(encoding="utf-8"))["rules"]
    domain = yaml.safe_load((PROJECT_DIR / "domain.yml").read_text(encoding="utf-8"))
    ruled: list[str] = []
    actions = set()
    for rule in rules:
        first, second = rule["steps"]
        ruled += [step["intent"] for step in first.get("or", [first])]
        actions.add(second["action"])
    assert sorted(ruled) == sorted(domain["intents"])
    assert actions == set(domain["actions"])


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
