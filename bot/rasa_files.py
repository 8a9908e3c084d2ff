"""Keeps domain.yml and data/rules.yml in step with data/nlu, so that adding a subject is editing one file.

Only the lines between the marks `>>>` and `<<<` are written; everything else in those files is a person's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from bot.errors import BadKnowledge
from bot.knowledge import Kind, Knowledge
from bot.settings import PROJECT_DIR

# Parts of the exchange that have a rule of their own in data/rules.yml.
WITH_OWN_RULE = frozenset(
    {
        *("choose_first", "choose_second", "choose_third", "affirm", "deny"),
        *("out_of_scope", "repeat", "not_understood", "handover"),
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


def synced_files(knowledge: Knowledge, project: Path = PROJECT_DIR) -> dict[Path, str]:
    """What domain.yml and data/rules.yml should contain."""
    topics = [subject.intent for subject in knowledge.topics]
    courtesies = [
        subject.intent
        for subject in knowledge.values()
        if subject.kind is Kind.EXCHANGE and subject.intent not in WITH_OWN_RULE
    ]
    domain, rules = project / "domain.yml", project / "data" / "rules.yml"
    domain_text = synced(
        domain.read_text(encoding="utf-8"), "written", (f"- {intent}" for intent in knowledge), "domain.yml"
    )
    rules_text = rules.read_text(encoding="utf-8")
    for mark, intents in (("subjects", topics), ("exchange", courtesies)):
        rules_text = synced(rules_text, mark, (f"- intent: {intent}" for intent in intents), "data/rules.yml")
    return {domain: domain_text, rules: rules_text}


def sync_rasa_files(knowledge: Knowledge, project: Path = PROJECT_DIR) -> list[str]:
    """Writes the files that differ; returns their names."""
    changed = []
    for path, text in synced_files(knowledge, project).items():
        if path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            changed.append(str(path.relative_to(project)))
    return changed
