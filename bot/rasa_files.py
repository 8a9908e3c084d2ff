"""Keeps domain.yml and data/rules.yml in step with data/nlu, so that adding a subject is editing one file.

Only the lines between the marks `>>>` and `<<<` are written; everything else in those files is a person's. A pack
that brings none of the two gets the project's, completed for it in the data directory.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import yaml

from bot.errors import BadKnowledge
from bot.knowledge import Kind, Knowledge
from bot.pack import DOMAIN, RULES, Pack

# Parts of the exchange that have a rule of their own in data/rules.yml.
WITH_OWN_RULE = frozenset(
    {
        *("choose_first", "choose_second", "choose_third", "affirm", "deny"),
        *("out_of_scope", "repeat", "not_understood", "handover", "more", "back", "why_answer", "correction"),
    }
)


def synced(text: str, mark: str, lines: Iterable[str], name: str) -> str:
    """The text with the lines after `>>> mark…` replaced. Raises `BadKnowledge` when the marks are gone."""
    pattern = re.compile(rf"^(?P<indent> *)# >>> {re.escape(mark)}[^\n]*\n(?P<old>.*?)(?=^ *# <<<)", re.M | re.S)
    found = pattern.search(text)
    if found is None:
        raise BadKnowledge(f"{name}: the marks '# >>> {mark}' and '# <<<' are gone; put them back around the list.")
    written = "".join(f"{found['indent']}{line}\n" for line in lines)
    return text[: found.start("old")] + written + text[found.end("old") :]


def synced_files(knowledge: Knowledge, pack: Pack, home: Path) -> dict[Path, str]:
    """What the pack's domain.yml and rules.yml should contain, by the path that Rasa is to read.

    A file that the pack does not bring is the project's, completed for this pack and kept in `home`.
    """
    domain = synced(_read(pack.domain_file), "written", (f"- {intent}" for intent in knowledge), "domain.yml")
    rules = _read(pack.rules_file)
    for mark, intents in _families(knowledge).items():
        rules = synced(rules, mark, (f"- intent: {intent}" for intent in intents), "data/rules.yml")
    if pack.rules_file != pack.root / RULES:
        rules = without_empty_rules(rules)
    return {domain_path(pack, home): domain, rules_path(pack, home): rules}


def _families(knowledge: Knowledge) -> dict[str, list[str]]:
    """The intents of each written list of data/rules.yml, by its mark."""
    courtesies = [
        subject.intent
        for subject in knowledge.values()
        if subject.kind is Kind.EXCHANGE and subject.intent not in WITH_OWN_RULE
    ]
    return {
        "subjects": [subject.intent for subject in knowledge.topics],
        "exchange": courtesies,
        "people": [subject.intent for subject in knowledge.people],
        "elsewhere": [subject.intent for subject in knowledge.values() if subject.kind is Kind.ELSEWHERE],
    }


def without_empty_rules(text: str) -> str:
    """Rasa refuses a rule with an empty list, as a pack gets that has, say, no kinds of person."""
    rule = r"^  - rule:[^\n]*\n    steps:\n      - or:\n *# >>>[^\n]*\n *# <<<[^\n]*\n(?:      [^\n]*\n)*\n*"
    return re.sub(rule, "", text, flags=re.M)


def domain_path(pack: Pack, home: Path) -> Path:
    """The domain that Rasa is to read: the pack's own, or the one completed in `home`."""
    own = pack.root / DOMAIN
    return own if own.is_file() else home / "domain.yml"


def rules_path(pack: Pack, home: Path) -> Path:
    """Likewise the rules."""
    own = pack.root / RULES
    return own if own.is_file() else home / "rules.yml"


def sync_rasa_files(knowledge: Knowledge, pack: Pack, home: Path) -> list[str]:
    """Writes the files that differ; returns their names."""
    changed = []
    for path, text in synced_files(knowledge, pack, home).items():
        if not path.is_file() or _read(path) != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            changed.append(path.name)
    return changed


def training_examples(knowledge: Knowledge) -> str:
    """All example questions as one file of Rasa training data, placeholders filled."""
    entries = [
        {
            "intent": subject.intent,
            "metadata": {"kind": subject.kind.value, "title": subject.title, "cues": list(subject.cues)},
            "examples": "".join(f"- {example}\n" for example in subject.examples),
        }
        for subject in knowledge.values()
    ]
    return yaml.safe_dump({"version": "3.1", "nlu": entries}, allow_unicode=True, sort_keys=False)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadKnowledge(f"{path}: cannot be read ({error}).") from None
