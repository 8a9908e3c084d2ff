"""A pack for another service: what it needs, what it takes from the project, and what a mistake in it looks like."""

from __future__ import annotations

import ast
import datetime
import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from aiohttp import web
from aiohttp.test_utils import TestServer

from actions.wording import load_prompts as load_dialogue
from bot.commands.packs import settings_for
from bot.errors import BadKnowledge, BadSettings, Misconfigured, Unavailable
from bot.evaluation import read_labelled
from bot.knowledge import SPOKEN_DETAILS, SPOKEN_WORDS, Kind, advice, load_knowledge
from bot.pack import PROJECT_DIR, Pack, fill, forms, load_pack
from bot.rasa_files import domain_path, rules_path, sync_rasa_files, synced_files, training_examples
from bot.running import running_service
from bot.settings import load_settings
from bot.training import train
from bot.web.texts import load_web_texts
from voice.prompts import load_prompts as load_phone
from voice.spoken_french import speak, with_exceptions

MAIRIE = PROJECT_DIR / "examples" / "mairie"

PACK = """\
name: piscine
service_name: la piscine municipale
suggestions: ["À quelle heure ouvre la piscine ?", "Combien coûte une entrée ?"]
borrows: [echange.yml]
"""

SUBJECTS = """\
version: "3.1"
nlu:
- intent: horaires
  metadata:
    theme: Accueil
    title: Les horaires {du_service}
    kind: answer
    web: "Bienvenue {au_service} : elle ouvre à 9 h."
    phone: Elle ouvre à 9 heures.
    source: {title: Site de la piscine, url: "https://piscine.example"}
    verified_on: 2026-11-22
  examples: |
    - heures d'ouverture de la piscine
    - quand ouvre {le_service}
- intent: out_of_scope
  metadata:
    theme: Hors sujet
    title: Une autre question
    kind: exchange
    web: Ce n'est pas pour {le_service}.
    phone: Ce n'est pas pour {le_service}.
  examples: |
    - la météo de demain
    - réserver un train
"""


def write(root: Path, pack: str = PACK, subjects: str = SUBJECTS, **files: str) -> Path:
    """A pack in a directory; further files by their path, with `__` for a slash and `_` for the dot."""
    (root / "data" / "nlu").mkdir(parents=True, exist_ok=True)
    (root / "pack.yml").write_text(pack, encoding="utf-8")
    (root / "data" / "nlu" / "accueil.yml").write_text(subjects, encoding="utf-8")
    for name, text in files.items():
        path = root / (name.replace("__", "/").removesuffix("_yml") + ".yml")
        path.write_text(text, encoding="utf-8")
    return root


def texts_of(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for one in inner for text in texts_of(one)]


def strings_of(path: Path) -> str:
    """The texts of a module that are no docstring."""
    tree = ast.parse(path.read_text("utf-8"))
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in alone]
    return "\n".join(node.value for node in nodes if isinstance(node.value, str))


# What a pack needs, and where the rest comes from.


def test_a_new_pack_needs_only_its_subjects_and_its_card(tmp_path: Path) -> None:
    pack = load_pack(write(tmp_path))
    knowledge = load_knowledge(pack)
    assert [subject.intent for subject in knowledge.topics] == ["horaires"]
    assert knowledge["greet"].file == "echange.yml"
    assert (pack.config_file, pack.domain_file) == (PROJECT_DIR / "config.yml", PROJECT_DIR / "domain.yml")
    sentences = pack.prompts()
    assert load_phone(sentences).greeting[0].endswith("de la piscine municipale.")
    assert load_web_texts(sentences, "x").suggestions == pack.suggestions
    assert load_dialogue(sentences).examples == pack.suggestions


def test_what_a_pack_brings_wins(tmp_path: Path) -> None:
    pack = load_pack(write(tmp_path, config_yml="language: fr\n", domain_yml="intents: []\n"))
    assert pack.config_file == tmp_path / "config.yml"
    assert pack.domain_file == tmp_path / "domain.yml"
    assert pack.rules_file == PROJECT_DIR / "data" / "rules.yml"


def test_a_pack_may_change_one_sentence_and_keeps_the_others(tmp_path: Path) -> None:
    ours = load_pack().prompts()
    changed = {"phone_line": {"goodbye": "À bientôt {au_service}."}}
    sentences = load_pack(write(tmp_path, data__prompts_yml=yaml.safe_dump(changed))).prompts()
    assert sentences["phone_line"]["goodbye"] == "À bientôt à la piscine municipale."
    assert sentences["phone_line"]["misheard"] == ours["phone_line"]["misheard"]
    assert sentences["dialogue"]["clarify"] == ours["dialogue"]["clarify"]


def test_nothing_that_is_inherited_speaks_of_the_projects_own_service(tmp_path: Path) -> None:
    pack = load_pack(write(tmp_path))
    said = texts_of(pack.prompts())
    said += [text for s in load_knowledge(pack).values() for text in (s.title, s.web, s.phone, s.phone_more)]
    assert [text for text in said if re.search(r"ch[eè]que|CEA|Urssaf|associati", text, re.I)] == []


def test_the_engine_names_no_service() -> None:
    files = [path for top in ("bot", "voice", "actions") for path in (PROJECT_DIR / top).rglob("*")]
    said = {path: path.read_text("utf-8") for path in files if path.suffix in (".js", ".html", ".css")}
    said |= {path: strings_of(path) for path in files if path.suffix == ".py"}
    assert len(said) > 100
    assert [path.name for path, text in said.items() if re.search(r"ch[eè]que.emploi|\bCEA\b", text)] == []


def test_the_service_of_the_settings_wins_over_the_packs(tmp_path: Path) -> None:
    settings = load_settings(pack=write(tmp_path), service_name="le centre nautique")
    assert settings.load_pack().words["du_service"] == "du centre nautique"


# Texts.


@pytest.mark.parametrize(
    ("service", "bare", "of", "to"),
    [
        ("le chèque emploi", "chèque emploi", "du chèque emploi", "au chèque emploi"),
        ("la mairie", "mairie", "de la mairie", "à la mairie"),
        ("l'état civil", "état civil", "de l'état civil", "à l'état civil"),
        ("L’accueil", "accueil", "de l'accueil", "à l'accueil"),
        ("les impôts", "impôts", "des impôts", "aux impôts"),
        ("Léa Services", "Léa Services", "de Léa Services", "à Léa Services"),
    ],
)
def test_the_name_of_the_service_agrees_with_its_article(service: str, bare: str, of: str, to: str) -> None:
    assert forms(service) == {"service": bare, "le_service": service, "du_service": of, "au_service": to}


def test_only_the_names_of_the_service_are_filled_in() -> None:
    assert fill({"a": ["{du_service} {choices}", 3]}, {"du_service": "du Guso"}) == {"a": ["du Guso {choices}", 3]}


def test_a_service_says_how_its_words_are_pronounced(tmp_path: Path) -> None:
    pack = load_pack(
        write(tmp_path, PACK + 'pronunciation: {AquaClub: aqua cleub, "3939": " trente-neuf deux fois "}\n')
    )
    assert speak("AQUACLUB, l'Urssaf, le 3939", with_exceptions(pack.pronunciation)) == (
        "Aqua cleub, l'Urssaf, le trente-neuf deux fois"
    )
    assert load_pack(write(tmp_path / "none")).pronunciation == {}


def test_answers_titles_and_examples_name_the_service(tmp_path: Path) -> None:
    subject = load_knowledge(load_pack(write(tmp_path)))["horaires"]
    assert subject.title == "Les horaires de la piscine municipale"
    assert subject.web.startswith("Bienvenue à la piscine municipale")
    assert "quand ouvre la piscine municipale" in subject.examples


def test_rasa_learns_the_examples_with_the_service_named(tmp_path: Path) -> None:
    knowledge = load_knowledge(load_pack(write(tmp_path)))
    entries = {entry["intent"]: entry for entry in yaml.safe_load(training_examples(knowledge))["nlu"]}
    assert entries["horaires"]["metadata"]["kind"] == "answer"
    assert "- quand ouvre la piscine municipale\n" in entries["horaires"]["examples"]
    assert set(entries) == set(knowledge)


# Mistakes.


def test_a_directory_that_is_not_there_or_no_pack_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"no directory .*nowhere"):
        load_pack(tmp_path / "nowhere")
    with pytest.raises(BadSettings, match=r"pack\.yml.*docs/packs\.md"):
        load_pack(tmp_path)


def test_a_pack_without_subjects_is_named(tmp_path: Path) -> None:
    (write(tmp_path) / "data" / "nlu" / "accueil.yml").unlink()
    with pytest.raises(BadKnowledge, match=r"data/nlu holds no \.yml"):
        load_pack(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("name: piscine", "name: Ma Piscine", "pack.yml, name"),
        ("name: piscine", "nom: piscine", "pack.yml, nom"),
        ("service_name: la piscine municipale", "service_name: [la]", "pack.yml, service_name"),
        ("suggestions: [", "suggestions: [3, ", "pack.yml, suggestions"),
        ("borrows: [echange.yml]", "borrows: [echanges.yml]", r"pack.yml, borrows: .*'echanges.yml'.*echange.yml"),
        ("borrows: [echange.yml]", "borrows: echange.yml", "pack.yml, borrows"),
        ("borrows: [echange.yml]", "borrows: [", r"pack.yml, line \d+: not valid YAML"),
        ("borrows: [echange.yml]", "questions: []", "pack.yml, questions"),
        ("borrows: [echange.yml]", "pronunciation: [Tese]", "pack.yml, pronunciation: .*`Tese: Tésé`"),
        ("borrows: [echange.yml]", "pronunciation: {Tese: }", "pack.yml, pronunciation, Tese"),
        ("borrows: [echange.yml]", "pronunciation: {3939: x}", "pack.yml, pronunciation, 3939: .*quotes"),
    ],
)
def test_a_mistake_in_the_card_is_named_with_its_field(tmp_path: Path, old: str, new: str, named: str) -> None:
    assert old in PACK
    with pytest.raises(BadKnowledge, match=named):
        load_pack(write(tmp_path, PACK.replace(old, new)))


def test_a_file_cannot_be_both_borrowed_and_ones_own(tmp_path: Path) -> None:
    with pytest.raises(BadKnowledge, match=r"borrows: .*its own echange\.yml"):
        load_pack(write(tmp_path, data__nlu__echange_yml=SUBJECTS))


def test_without_the_exchange_the_missing_subject_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadKnowledge, match="greet"):
        load_knowledge(load_pack(write(tmp_path, PACK.replace("[echange.yml]", "[]"))))


@pytest.mark.parametrize(
    ("prompts", "named"),
    [
        ("phone_line: {godbye: Salut}", "phone_line, godbye: no such sentence; there are .*goodbye"),
        ("phoneline: {}", "phoneline: no such sentence"),
        ("phone_line: Salut", "phone_line: a group is needed"),
        ("phone_line: {", r"prompts\.yml, line \d+: not valid YAML"),
    ],
)
def test_a_mistake_in_the_sentences_is_named(tmp_path: Path, prompts: str, named: str) -> None:
    with pytest.raises(BadKnowledge, match=named):
        load_pack(write(tmp_path, data__prompts_yml=prompts)).prompts()


def test_a_language_that_the_card_does_not_name_is_a_mistake(tmp_path: Path) -> None:
    english = "    translations: {en: {title: Opening hours, web: At 9., phone: At nine.}}\n"
    translated = SUBJECTS.replace("    verified_on:", f"{english}    verified_on:")
    with pytest.raises(BadKnowledge, match=r"accueil.yml, horaires, translations, en"):
        load_knowledge(load_pack(write(tmp_path, subjects=translated)))
    spoken = load_knowledge(load_pack(write(tmp_path, PACK + "languages: [fr, en]\n", translated)))
    assert spoken["horaires"].translations["en"].title == "Opening hours"


# Nothing of one pack lands in another.


def test_the_projects_own_model_stays_where_it_is_and_others_have_their_own(tmp_path: Path) -> None:
    data = load_settings().data_path
    assert load_settings().dialogue_model_path == data / "rasa" / "model.tar.gz"
    other = load_settings(pack=write(tmp_path)).dialogue_model_path
    assert other == data / "rasa" / "packs" / "piscine" / "model.tar.gz"


def test_rasas_files_of_a_pack_that_brings_none_are_made_in_the_data_directory(tmp_path: Path) -> None:
    pack = load_pack(write(tmp_path / "pack"))
    before = {path: path.read_bytes() for path in (PROJECT_DIR / "domain.yml", PROJECT_DIR / "data" / "rules.yml")}
    brought = sorted((tmp_path / "pack").rglob("*"))
    assert sync_rasa_files(load_knowledge(pack), pack, tmp_path / "home") == ["domain.yml", "rules.yml"]
    assert sync_rasa_files(load_knowledge(pack), pack, tmp_path / "home") == []
    assert {path: path.read_bytes() for path in before} == before
    assert sorted((tmp_path / "pack").rglob("*")) == brought
    domain = yaml.safe_load(domain_path(pack, tmp_path / "home").read_text("utf-8"))
    assert "horaires" in domain["intents"]
    assert not any(intent.startswith("adhesion_") for intent in domain["intents"])


def test_a_list_that_would_be_empty_takes_its_rule_away(tmp_path: Path) -> None:
    pack = load_pack(write(tmp_path / "pack", subjects=SUBJECTS.replace("kind: answer", "kind: exchange", 1)))
    files = synced_files(load_knowledge(pack), pack, tmp_path)
    rules = yaml.safe_load(files[rules_path(pack, tmp_path)])["rules"]
    assert all(rule["steps"][0].get("or", ["one"]) for rule in rules)
    assert not any(rule["steps"][1]["action"] == "action_answer" for rule in rules)
    assert any(rule["steps"][1]["action"] == "action_handover" for rule in rules)


def test_two_packs_of_one_name_do_not_take_each_others_model(tmp_path: Path) -> None:
    first, second = write(tmp_path / "first"), write(tmp_path / "second")
    settings = load_settings(pack=second, data_dir=tmp_path / "data")
    settings.dialogue_home.mkdir(parents=True)
    (settings.dialogue_home / "promoted.json").write_text(f'{{"pack": "{first}"}}', encoding="utf-8")
    with pytest.raises(BadKnowledge, match=r"name: .*first is also called piscine"):
        train(settings)


# How a pack is chosen.


def test_a_pack_of_the_settings_starts_from_the_project_and_one_of_the_command_from_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GUICHET_PACK", "examples/mairie")
    assert load_settings().load_pack().root == MAIRIE
    write(tmp_path / "piscine")
    monkeypatch.chdir(tmp_path)
    assert settings_for(Path("piscine")).load_pack().name == "piscine"
    assert load_settings().load_pack().name == "piscine", "the processes that the command starts choose it too"


async def test_a_command_does_not_talk_to_the_service_of_another_pack(tmp_path: Path) -> None:
    async def answer(request: web.Request) -> web.Response:
        parts = {name: {"status": "ok"} for name in ("dialogue", "actions")}
        return web.json_response({"service": "chèque emploi associatif", "parts": parts})

    app = web.Application()
    app.add_routes([web.get("/health", answer), web.get("/api/service", answer)])
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        ours = load_settings(web={"port": server.port})
        async with running_service(session, ours) as url:
            assert url.endswith(f":{server.port}")
        with pytest.raises(Unavailable, match=r"another pack \(chèque emploi associatif\)"):
            async with running_service(session, load_settings(web={"port": server.port}, pack=write(tmp_path))):
                pass


# The packs that are here.


def test_the_projects_own_pack_is_chosen_by_default() -> None:
    pack = load_settings().load_pack()
    assert pack.is_own
    assert pack.questions_file.is_file()


@pytest.fixture(scope="module")
def mairie() -> Pack:
    return load_pack(MAIRIE)


def test_the_town_hall_is_well_written(mairie: Pack) -> None:
    knowledge = load_knowledge(mairie)
    assert [remark for remark in advice(knowledge, datetime.date(2026, 11, 22)) if "echange.yml" not in remark] == []
    assert 14 <= len(knowledge.topics) <= 18
    assert len(knowledge["out_of_scope"].examples) >= 60
    for subject in knowledge.topics:
        assert len(subject.examples) >= 25, subject.intent
        assert len(subject.phone.split()) <= SPOKEN_WORDS, subject.intent
        assert len(subject.phone_more.split()) <= SPOKEN_DETAILS, subject.intent
        assert len(subject.title) <= 60, subject.intent
        assert subject.kind is Kind.ANSWER
        assert subject.verified_on, subject.intent
    assert sum("en" in subject.translations for subject in knowledge.topics) == 2


def test_the_questions_that_judge_the_town_hall_are_not_those_it_learns(mairie: Pack) -> None:
    knowledge = load_knowledge(mairie)
    questions = read_labelled(mairie.questions_file, knowledge)
    assert len(questions) >= 50
    learnt = {text.casefold() for text, intent in knowledge.examples if knowledge[intent].file != "echange.yml"}
    assert [one.question for one in questions if one.question.casefold() in learnt] == []
    assert {subject.intent for subject in knowledge.topics} <= {intent for one in questions for intent in one.intents}


def test_a_pack_error_is_for_the_operator() -> None:
    assert issubclass(BadSettings, Misconfigured)
    assert issubclass(BadKnowledge, Misconfigured)
