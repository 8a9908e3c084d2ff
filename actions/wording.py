"""The words of a reply: answers from the knowledge, and the dialogue's own sentences from data/prompts.yml."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import Formatter
from typing import Any

from bot.dialogue import Answer, Channel, Choice
from bot.errors import BadKnowledge
from bot.knowledge import TOPICS, Knowledge, Subject
from bot.pack import load_pack

_FILE = "data/prompts.yml"

# Each sentence with the names that may stand in it between braces.
SENTENCES: Mapping[str, frozenset[str]] = {
    "clarify": frozenset({"choices"}),
    "clarify_item": frozenset({"number", "title"}),
    "clarify_one": frozenset({"title"}),
    "clarify_which": frozenset({"choices"}),
    "abstain_first": frozenset({"example"}),
    "abstain_again": frozenset(),
    "abstain_handover": frozenset(),
    "person_meant": frozenset(),
    "off_topic_again": frozenset({"example"}),
    "listening": frozenset(),
    "nothing_to_repeat": frozenset(),
    "handover_again": frozenset(),
    "more_offer": frozenset(),
    "more_declined": frozenset(),
    "stay": frozenset({"title"}),
    "stay_more": frozenset(),
    "stay_or": frozenset({"choices"}),
    "same_again": frozenset({"title"}),
    "ask_person": frozenset({"choices"}),
    "why": frozenset({"title", "source", "date"}),
}
ONLY_SPOKEN = frozenset({"clarify_item", "more_offer", "more_declined", "stay_more"})
# Said more than once in a conversation, so at least two variants are needed.
VARIED = frozenset(
    {
        *("clarify", "clarify_one", "clarify_which", "abstain_first", "abstain_again", "off_topic_again", "listening"),
        *("stay", "stay_or", "same_again", "ask_person", "person_meant", "more_offer", "handover_again"),
    }
)


@dataclass(frozen=True, slots=True)
class Asker:
    """Who gets a text: on which channel, what kind of person (empty: the usual one), in which language (empty: the
    pack's own)."""

    channel: Channel
    person: str = ""
    language: str = ""


class Prompts:
    """The sentences of the dialogue, each in its channel's wording and in variants."""

    def __init__(self, sentences: Mapping[str, Mapping[str, Sequence[str]]], examples: Sequence[str]) -> None:
        self._sentences = sentences
        self.examples = tuple(examples)

    def say(self, name: str, channel: Channel, *, unlike: Sequence[str] = (), **values: str) -> str:
        """A variant of the sentence that is not among `unlike`, what was said just before."""
        variants = [variant.format(**values) for variant in self._sentences[name][channel]]
        return next((variant for variant in variants if variant not in unlike), variants[0])


def load_prompts(prompts: Mapping[str, Any] | None = None) -> Prompts:
    """The key `dialogue:` of `Pack.prompts()`, the project's own unless told otherwise. Raises `BadKnowledge`,
    naming the sentence."""
    dialogue = (load_pack().prompts() if prompts is None else prompts).get("dialogue")
    if not isinstance(dialogue, dict):
        raise BadKnowledge(f"{_FILE}: the key `dialogue:` is missing.")
    for name in SENTENCES:
        for channel in (Channel.PHONE,) if name in ONLY_SPOKEN else tuple(Channel):
            _check_variants(dialogue, name, channel, _FILE)
    examples = dialogue.get("examples")
    if not isinstance(examples, list) or not examples or not all(isinstance(e, str) for e in examples):
        raise BadKnowledge(f"{_FILE}, dialogue, examples: a list of questions is needed.")
    return Prompts(dialogue, examples)


def _check_variants(dialogue: Mapping[str, Any], name: str, channel: Channel, file: str) -> None:
    where = f"{file}, dialogue, {name}, {channel}"
    variants = (dialogue.get(name) or {}).get(channel.value)
    needed = 2 if name in VARIED else 1
    if not isinstance(variants, list) or len(variants) < needed or not all(isinstance(v, str) for v in variants):
        raise BadKnowledge(f"{where}: a list of at least {needed} sentences is needed.")
    for variant in variants:
        try:
            names = {field for _, field, _, _ in Formatter().parse(variant) if field is not None}
        except ValueError as error:
            raise BadKnowledge(f"{where}: {error} in {variant!r}.") from None
        if not names <= SENTENCES[name]:
            raise BadKnowledge(f"{where}: {{{min(names - SENTENCES[name])}}} means nothing in this sentence.")


def answer_of(subject: Subject, asker: Asker | Channel) -> Answer:
    """The subject's text in the wording for who asks, with its origin."""
    if isinstance(asker, Channel):
        asker = Asker(asker)
    wording = subject.variants.get(asker.person)
    title, language = subject.title, ""
    if wording is None and asker.language in subject.translations:
        wording, language = subject.translations[asker.language], asker.language
        title = wording.title
    chosen = subject if wording is None else wording
    text = chosen.web if asker.channel is Channel.WEB else chosen.phone
    if subject.kind not in TOPICS:
        return Answer(subject.intent, text)
    origin = (subject.source_title, subject.source_url, subject.verified_on)
    return Answer(subject.intent, text, title, *origin, language)


def details_of(subject: Subject) -> Answer:
    """What is read aloud to who wants to know more, with its origin."""
    origin = (subject.source_title, subject.source_url, subject.verified_on)
    return Answer(subject.intent, subject.phone_more, subject.title, *origin)


def choice_of(knowledge: Knowledge, intent: str) -> Choice:
    """The subject as something to choose."""
    return Choice(intent, knowledge[intent].title)
