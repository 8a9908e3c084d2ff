"""The data in service (`data/`): complete, short enough to listen to, and in step with Rasa's files."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import yaml

from actions.wording import Asker, answer_of
from bot.dialogue import Channel
from bot.knowledge import SPOKEN_DETAILS, SPOKEN_WORDS, TOPICS, Kind, Subject, load_knowledge
from bot.nlu.incoming import INTERNAL_INTENTS
from bot.pack import load_pack
from bot.rasa_files import synced_files

KNOWLEDGE = load_knowledge()
TOPIC_LIST = KNOWLEDGE.topics
ELSEWHERE = [subject for subject in KNOWLEDGE.values() if subject.kind is Kind.ELSEWHERE]
FEWEST = 25


def name_of(subject: Subject) -> str:
    return subject.intent


def test_all_81_subjects_of_the_service_are_there() -> None:
    assert len(TOPIC_LIST) >= 81


@pytest.mark.parametrize("subject", TOPIC_LIST, ids=name_of)
def test_a_subject_has_examples_enough_and_says_where_it_comes_from(subject: Subject) -> None:
    assert len(subject.examples) >= FEWEST
    assert subject.source_title
    assert subject.source_url
    assert subject.verified_on


@pytest.mark.parametrize(
    "subject", [s for s in KNOWLEDGE.values() if s.kind in TOPICS or s.kind is Kind.ELSEWHERE], ids=name_of
)
def test_what_is_said_on_the_telephone_is_short(subject: Subject) -> None:
    spoken = [
        subject.phone,
        *(wording.phone for wording in (*subject.variants.values(), *subject.translations.values())),
    ]
    assert max(len(text.split()) for text in spoken) <= SPOKEN_WORDS
    assert len(subject.phone_more.split()) <= SPOKEN_DETAILS


@pytest.mark.parametrize("subject", ELSEWHERE, ids=name_of)
def test_another_service_is_pointed_to_with_its_address(subject: Subject) -> None:
    assert subject.intent.startswith("elsewhere_")
    assert len(subject.examples) >= FEWEST
    assert "https://" in answer_of(subject, Asker(Channel.WEB)).text
    assert answer_of(subject, Asker(Channel.PHONE)).text
    assert subject.source_url


def test_everything_named_elsewhere_is_another_service() -> None:
    assert {s.intent for s in KNOWLEDGE.values() if s.intent.startswith("elsewhere_")} == {s.intent for s in ELSEWHERE}
    assert ELSEWHERE


def test_no_question_is_an_example_of_two_subjects_nor_twice_of_one() -> None:
    counted = Counter(text.casefold() for text, _ in KNOWLEDGE.examples)
    assert [text for text, times in counted.items() if times > 1] == []


def test_where_who_is_asking_is_asked_the_answer_differs() -> None:
    for subject in KNOWLEDGE.values():
        assert bool(subject.variants) or not subject.ask_person, subject.intent


def test_the_words_that_give_a_kind_of_person_away_belong_to_one_kind() -> None:
    cues = Counter(cue.casefold() for person in KNOWLEDGE.people for cue in person.cues)
    assert [cue for cue, times in cues.items() if times > 1] == []
    assert all(person.cues for person in KNOWLEDGE.people)


def test_every_intent_has_exactly_one_rule_and_every_action_a_use(tmp_path: Path) -> None:
    rasa = {path.name: yaml.safe_load(text) for path, text in synced_files(KNOWLEDGE, load_pack(), tmp_path).items()}
    ruled: list[str] = []
    actions = set()
    for rule in rasa["rules.yml"]["rules"]:
        first, second = rule["steps"]
        ruled += [step["intent"] for step in first.get("or", [first])]
        actions.add(second["action"])
    domain = rasa["domain.yml"]
    assert sorted(ruled) == sorted(domain["intents"])
    assert sorted(ruled) == sorted({*KNOWLEDGE, *INTERNAL_INTENTS})
    assert actions == set(domain["actions"])


def test_domain_and_rules_are_in_step_with_the_knowledge(tmp_path: Path) -> None:
    for path, text in synced_files(KNOWLEDGE, load_pack(), tmp_path).items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name}: run `guichet train`"
