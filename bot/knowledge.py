"""What the bot knows: `data/nlu/*.yml`, one entry per subject, with its example questions and its answer together.

The files are valid Rasa training data, so Rasa learns the examples from the very file that holds the answer.
This module is the only reader of the answers. It is strict where a mistake could reach a citizen (a missing
wording, a misspelt field, the same question under two subjects) and only advises where the text could be better.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml

from bot.errors import BadKnowledge

KNOWLEDGE_DIR = Path(__file__).resolve().parent.parent / "data" / "nlu"

SPOKEN_WORDS = 45
FEWEST_EXAMPLES = 12
STALE_AFTER_DAYS = 365

# Subjects that the dialogue's own rules need, whatever service the rest of the knowledge describes.
NEEDED = (
    "greet", "thanks", "goodbye", "repeat", "slower", "louder", "wait", "bot_challenge", "not_understood", "affirm",
    "deny", "choose_first", "choose_second", "choose_third", "insult", "distress", "emergency", "handover",
    "out_of_scope",
)  # fmt: skip

_FIELDS = {
    "theme", "title", "kind", "web", "phone", "source", "source_date", "verified_on", "confidence", "keywords",
}  # fmt: skip


class Kind(StrEnum):
    """What a subject's text is."""

    ANSWER = "answer"
    REFERRAL = "referral"
    EXCHANGE = "exchange"


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing people ask. `source_*` and `verified_on` (ISO dates) are empty for the exchange itself."""

    intent: str
    theme: str
    title: str
    kind: Kind
    web: str
    phone: str
    examples: tuple[str, ...]
    file: str
    source_title: str = ""
    source_url: str = ""
    source_date: str = ""
    verified_on: str = ""
    confidence: str = ""


class Knowledge(Mapping[str, Subject]):
    """All subjects by intent name, in the order of the files."""

    def __init__(self, subjects: Iterable[Subject]) -> None:
        self._subjects = {subject.intent: subject for subject in subjects}

    def __getitem__(self, intent: str) -> Subject:
        return self._subjects[intent]

    def __iter__(self) -> Iterator[str]:
        return iter(self._subjects)

    def __len__(self) -> int:
        return len(self._subjects)

    @property
    def topics(self) -> list[Subject]:
        """What citizens come for: all but the exchange itself."""
        return [subject for subject in self.values() if subject.kind is not Kind.EXCHANGE]

    @property
    def examples(self) -> list[tuple[str, str]]:
        """Every example question with its intent."""
        return [(text, subject.intent) for subject in self.values() for text in subject.examples]


def load_knowledge(directory: Path = KNOWLEDGE_DIR) -> Knowledge:
    """Reads and checks every file. Raises `BadKnowledge`, naming file, subject and field."""
    files = sorted(directory.glob("*.yml"))
    if not files:
        raise BadKnowledge(f"{directory} holds no .yml file: the bot would know nothing.")
    subjects: list[Subject] = []
    for path in files:
        subjects.extend(_read_file(path))
    _check_together(subjects, directory)
    return Knowledge(subjects)


def advice(knowledge: Knowledge, today: datetime.date) -> list[str]:
    """What could be better without being wrong, one sentence each, for `guichet doctor`."""
    remarks = []
    for subject in knowledge.values():
        where = f"{subject.file}, {subject.intent}"
        words = len(subject.phone.split())
        if words > SPOKEN_WORDS and subject.intent not in ("distress", "emergency"):
            remarks.append(f"{where}: {words} words are long to listen to (phone, {SPOKEN_WORDS} at most).")
        if len(subject.examples) < FEWEST_EXAMPLES:
            remarks.append(f"{where}: {len(subject.examples)} examples are few; write at least {FEWEST_EXAMPLES}.")
        if subject.verified_on:
            age = (today - datetime.date.fromisoformat(subject.verified_on)).days
            if age > STALE_AFTER_DAYS:
                remarks.append(f"{where}: not verified for {age} days (verified_on).")
    return remarks


def _read_file(path: Path) -> list[Subject]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise BadKnowledge(f"{path.name}{line}: not valid YAML ({getattr(error, 'problem', None) or error}).") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadKnowledge(f"{path.name}: cannot be read ({error}).") from None
    if not isinstance(content, dict) or not isinstance(content.get("nlu"), list):
        raise BadKnowledge(f"{path.name}: there is no list `nlu:` in it.")
    return [_read_subject(entry, path.name) for entry in content["nlu"]]


def _read_subject(entry: Any, file: str) -> Subject:
    if not isinstance(entry, dict) or not isinstance(entry.get("intent"), str):
        raise BadKnowledge(f"{file}: an entry of `nlu:` has no `intent:` name.")
    intent = entry["intent"]
    where = f"{file}, {intent}"
    if not re.fullmatch(r"[a-z][a-z0-9_]*", intent):
        raise BadKnowledge(f"{where}, intent: a name is made of a-z, 0-9 and _.")
    metadata = entry.get("metadata")
    if not isinstance(metadata, dict):
        raise BadKnowledge(f"{where}, metadata: it is missing.")
    for name in metadata:
        if name not in _FIELDS:
            raise BadKnowledge(f"{where}, {name}: there is no such field; there are {', '.join(sorted(_FIELDS))}.")
    fields = {name: _text(metadata, name, where) for name in ("theme", "title", "web", "phone")}
    kind = _kind(metadata.get("kind"), where)
    if re.search(r"https?:|www\.|\*\*|\]\(", fields["phone"]):
        raise BadKnowledge(f"{where}, phone: it is read aloud, so no web address and no formatting.")
    return Subject(
        intent=intent,
        kind=kind,
        examples=_examples(entry.get("examples"), where),
        file=file,
        **fields,
        **(_origin(metadata, where) if kind is not Kind.EXCHANGE else {}),
    )


def _text(fields: dict[Any, Any], name: str, where: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value.strip():
        raise BadKnowledge(f"{where}, {name}: a text is needed here.")
    return value.strip()


def _kind(value: Any, where: str) -> Kind:
    try:
        return Kind(value)
    except ValueError:
        raise BadKnowledge(f"{where}, kind: it is one of {', '.join(Kind)}.") from None


def _examples(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, str):
        raise BadKnowledge(f"{where}, examples: a block `examples: |` with one `- question` a line is needed.")
    lines = [line.strip() for line in value.splitlines() if line.strip()]
    for line in lines:
        if not line.startswith("- ") or not line[2:].strip():
            raise BadKnowledge(
                f"{where}, examples: every line starts with a dash and a space ({line[:30]!r} does not)."
            )
        if line[2:].strip().startswith("/"):
            raise BadKnowledge(f"{where}, examples: a question cannot start with a slash ({line[:30]!r}).")
    if len(lines) < 2:
        raise BadKnowledge(f"{where}, examples: two questions at least are needed.")
    return tuple(line[2:].strip() for line in lines)


def _origin(metadata: dict[Any, Any], where: str) -> dict[str, str]:
    source = metadata.get("source")
    if not isinstance(source, dict):
        raise BadKnowledge(f"{where}, source: title and url are needed, so that the answer can be checked.")
    url = _text(source, "url", f"{where}, source")
    if not url.startswith(("https://", "http://")):
        raise BadKnowledge(f"{where}, source, url: it starts with https:// (or http:// where the site has no other).")
    confidence = str(metadata.get("confidence") or "")
    if confidence not in ("", "A", "B"):
        raise BadKnowledge(f"{where}, confidence: A or B; anything less sure is a referral, without this field.")
    return {
        "source_title": _text(source, "title", f"{where}, source"),
        "source_url": url,
        "source_date": _date(metadata, "source_date", where) if "source_date" in metadata else "",
        "verified_on": _date(metadata, "verified_on", where),
        "confidence": confidence,
    }


def _date(metadata: dict[Any, Any], name: str, where: str) -> str:
    value = metadata.get(name)
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return value.isoformat()
    try:
        return datetime.date.fromisoformat(str(value)).isoformat()
    except ValueError:
        raise BadKnowledge(f"{where}, {name}: a date is needed, as 2026-11-21.") from None


def _check_together(subjects: list[Subject], directory: Path) -> None:
    by_intent: dict[str, Subject] = {}
    by_example: dict[str, Subject] = {}
    for subject in subjects:
        other = by_intent.setdefault(subject.intent, subject)
        if other is not subject:
            raise BadKnowledge(f"{subject.file}, {subject.intent}, intent: it is also in {other.file}.")
        for example in subject.examples:
            owner = by_example.setdefault(example.casefold(), subject)
            if owner.intent != subject.intent:
                raise BadKnowledge(
                    f"{subject.file}, {subject.intent}, examples: {example!r} is also an example of "
                    f"{owner.intent} in {owner.file}; it can mean only one."
                )
    absent = [name for name in NEEDED if name not in by_intent]
    if absent:
        raise BadKnowledge(f"{directory}: the dialogue needs the subject {absent[0]}, which no file describes.")
