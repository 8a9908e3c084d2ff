"""What the bot knows: `data/nlu/*.yml`, one entry per subject, with its example questions and its answer together.

The files have the form of Rasa's training data; Rasa learns a copy of their examples in which the service's name is
filled in (bot/rasa_files.py). This module is the only reader of the answers. It is strict where a mistake could reach
a citizen (a missing wording, a misspelt field, the same question under two subjects) and only advises where the text
could be better.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from bot.errors import BadKnowledge
from bot.pack import Pack, fill, load_pack, read_yaml

SPOKEN_WORDS = 45
SPOKEN_DETAILS = 65
FEWEST_EXAMPLES = 12
STALE_AFTER_DAYS = 365

# Subjects that the dialogue's own rules need, whatever service the rest of the knowledge describes.
NEEDED = (
    "greet", "thanks", "goodbye", "repeat", "slower", "louder", "wait", "bot_challenge", "not_understood", "affirm",
    "deny", "choose_first", "choose_second", "choose_third", "insult", "distress", "emergency", "handover",
    "more", "why_answer", "back", "correction", "language_other", "out_of_scope",
)  # fmt: skip
PERSON_PREFIX = "person_"

_FIELDS = {
    "theme", "title", "kind", "web", "phone", "phone_more", "variants", "ask_person", "translations", "cues",
    "keywords", "source", "source_date", "verified_on", "confidence",
}  # fmt: skip


class Kind(StrEnum):
    """What a subject's text is.

    answer: verified. referral: ours, but nothing is verified, so it says where to ask. elsewhere: another service's
    question, with its address. exchange: the conversation itself. person: says what kind of person is asking.
    """

    ANSWER = "answer"
    REFERRAL = "referral"
    ELSEWHERE = "elsewhere"
    EXCHANGE = "exchange"
    PERSON = "person"


TOPICS = frozenset({Kind.ANSWER, Kind.REFERRAL})


@dataclass(frozen=True, slots=True)
class Wording:
    """A text for the eye and one for the ear. `title` is set in translations only."""

    web: str
    phone: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing people ask. `source_*` and `verified_on` (ISO dates) are empty for the exchange itself.

    `phone_more` is read on the telephone to who wants details. `variants` are the wordings for other kinds of person
    than the usual one, by the kind's name ("salarie" for the subject `person_salarie`). `ask_person` are words that
    leave open who is asking ("mon bulletin"): then they are asked, once in a conversation. `cues` are words that give
    a kind of person away, or name a person to talk to. `translations` are by language ("en"). `keywords` are terms
    that the recogniser should expect.
    """

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
    phone_more: str = ""
    variants: Mapping[str, Wording] = field(default_factory=dict)
    ask_person: tuple[str, ...] = ()
    cues: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    translations: Mapping[str, Wording] = field(default_factory=dict)


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
        """What citizens come for, and this service answers or refers."""
        return [subject for subject in self.values() if subject.kind in TOPICS]

    @property
    def people(self) -> list[Subject]:
        """The kinds of person, the usual one first."""
        return [subject for subject in self.values() if subject.kind is Kind.PERSON]

    @property
    def spoken_texts(self) -> list[str]:
        """Everything that may be read aloud as an answer."""
        texts = []
        for subject in self.values():
            variants = (wording.phone for wording in subject.variants.values())
            translations = (wording.phone for wording in subject.translations.values())
            texts += [text for text in (subject.phone, subject.phone_more, *variants, *translations) if text]
        return texts

    @property
    def examples(self) -> list[tuple[str, str]]:
        """Every example question with its intent."""
        return [(text, subject.intent) for subject in self.values() for text in subject.examples]


def load_knowledge(source: Pack | Path | None = None) -> Knowledge:
    """Reads and checks every file of a pack: the project's own, another, or a bare directory of subjects.

    Raises `BadKnowledge`, naming file, subject and field.
    """
    pack = load_pack() if source is None else source
    if isinstance(pack, Path):
        files, words, directory = sorted(pack.glob("*.yml")), {}, pack
    else:
        files, words, directory = pack.nlu_files, pack.words, pack.nlu_dir
    if not files:
        raise BadKnowledge(f"{directory} holds no .yml file: the bot would know nothing.")
    subjects: list[Subject] = []
    for path in files:
        subjects.extend(_read_file(path, words))
    _check_together(subjects, directory)
    if isinstance(pack, Pack):
        _check_languages(subjects, pack)
    return Knowledge(subjects)


def advice(knowledge: Knowledge, today: datetime.date) -> list[str]:
    """What could be better without being wrong, one sentence each, for `guichet doctor`."""
    remarks = []
    for subject in knowledge.values():
        where = f"{subject.file}, {subject.intent}"
        words = len(subject.phone.split())
        more = len(subject.phone_more.split())
        if more > SPOKEN_DETAILS:
            remarks.append(f"{where}: {more} words are long to listen to (phone_more, {SPOKEN_DETAILS} at most).")
        if words > SPOKEN_WORDS and subject.intent not in ("distress", "emergency"):
            remarks.append(f"{where}: {words} words are long to listen to (phone, {SPOKEN_WORDS} at most).")
        if len(subject.examples) < FEWEST_EXAMPLES:
            remarks.append(f"{where}: {len(subject.examples)} examples are few; write at least {FEWEST_EXAMPLES}.")
        if subject.verified_on:
            age = (today - datetime.date.fromisoformat(subject.verified_on)).days
            if age > STALE_AFTER_DAYS:
                remarks.append(f"{where}: not verified for {age} days (verified_on).")
    return remarks


def _read_file(path: Path, words: Mapping[str, str]) -> list[Subject]:
    content = fill(read_yaml(path), words)
    if not isinstance(content.get("nlu"), list):
        raise BadKnowledge(f"{path}: there is no list `nlu:` in it.")
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
    if "phone_more" in metadata:
        fields["phone_more"] = _text(metadata, "phone_more", where)
    for name in ("phone", "phone_more"):
        _check_spoken(fields.get(name, ""), f"{where}, {name}")
    return Subject(
        intent=intent,
        kind=kind,
        examples=_examples(entry.get("examples"), where),
        file=file,
        variants=_wordings(metadata, "variants", where),
        translations=_wordings(metadata, "translations", where),
        ask_person=_words(metadata, "ask_person", where),
        cues=_words(metadata, "cues", where),
        keywords=_words(metadata, "keywords", where),
        **fields,
        **(_origin(metadata, where) if kind not in (Kind.EXCHANGE, Kind.PERSON) else {}),
    )


def _check_spoken(text: str, where: str) -> None:
    if re.search(r"https?:|www\.|\*\*|\]\(", text):
        raise BadKnowledge(f"{where}: it is read aloud, so no web address and no formatting.")


def _wordings(metadata: dict[Any, Any], name: str, where: str) -> dict[str, Wording]:
    raw = metadata.get(name, {})
    if not isinstance(raw, dict):
        raise BadKnowledge(f"{where}, {name}: a wording for each name is needed, with `web:` and `phone:`.")
    found = {}
    for key, texts in raw.items():
        place = f"{where}, {name}, {key}"
        if not isinstance(texts, dict):
            raise BadKnowledge(f"{place}: `web:` and `phone:` are needed.")
        fields = ("phone", "title", "web") if name == "translations" else ("phone", "web")
        for unknown in set(texts) - set(fields):
            raise BadKnowledge(f"{place}, {unknown}: there is no such field; there are {', '.join(fields)}.")
        title = _text(texts, "title", place) if "title" in fields else ""
        found[str(key)] = Wording(_text(texts, "web", place), _text(texts, "phone", place), title)
        _check_spoken(found[str(key)].phone, f"{place}, phone")
    return found


def _words(metadata: dict[Any, Any], name: str, where: str) -> tuple[str, ...]:
    value = metadata.get(name, [])
    if not isinstance(value, list) or not all(isinstance(word, str) and word.strip() for word in value):
        raise BadKnowledge(f"{where}, {name}: a list of words is needed, as [DPAE, volet social].")
    return tuple(word.strip() for word in value)


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
        if (subject.kind is Kind.PERSON) != subject.intent.startswith(PERSON_PREFIX):
            raise BadKnowledge(
                f"{subject.file}, {subject.intent}, kind: a kind of person is a subject named person_…, "
                "with `kind: person`; no other is."
            )
    kinds = {intent.removeprefix(PERSON_PREFIX) for intent in by_intent if intent.startswith(PERSON_PREFIX)}
    for subject in subjects:
        if subject.ask_person and len(kinds) < 2:
            raise BadKnowledge(
                f"{subject.file}, {subject.intent}, ask_person: no two kinds of person (person_…) to ask about."
            )
        for name in subject.variants:
            if name not in kinds:
                raise BadKnowledge(
                    f"{subject.file}, {subject.intent}, variants, {name}: there is no subject person_{name}."
                )
    absent = [name for name in NEEDED if name not in by_intent]
    if absent:
        raise BadKnowledge(f"{directory}: the dialogue needs the subject {absent[0]}, which no file describes.")


def _check_languages(subjects: list[Subject], pack: Pack) -> None:
    """What is borrowed may speak more languages than the pack: nobody is the worse for it."""
    for subject in subjects:
        for language in subject.translations:
            if language not in pack.languages and subject.file not in pack.borrows:
                raise BadKnowledge(
                    f"{subject.file}, {subject.intent}, translations, {language}: it is not among the languages of "
                    f"pack.yml ({', '.join(pack.languages)})."
                )
