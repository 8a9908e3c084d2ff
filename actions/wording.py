"""The words of a reply: answers from the knowledge, and the dialogue's own sentences from data/prompts.yml."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Formatter
from typing import Any

import yaml

from bot.dialogue import Answer, Channel, Choice
from bot.errors import BadKnowledge
from bot.knowledge import Kind, Knowledge, Subject

PROMPTS_FILE = Path(__file__).resolve().parent.parent / "data" / "prompts.yml"

# Each sentence with the names that may stand in it between braces.
SENTENCES: Mapping[str, frozenset[str]] = {
    "clarify": frozenset({"choices"}),
    "clarify_item": frozenset({"number", "title"}),
    "clarify_one": frozenset({"title"}),
    "clarify_which": frozenset({"choices"}),
    "abstain_first": frozenset({"example"}),
    "abstain_again": frozenset(),
    "abstain_handover": frozenset(),
    "off_topic_again": frozenset({"example"}),
    "listening": frozenset(),
    "nothing_to_repeat": frozenset(),
}
ONLY_SPOKEN = frozenset({"clarify_item"})
# Said more than once in a conversation, so at least two variants are needed.
VARIED = frozenset(
    {"clarify", "clarify_one", "clarify_which", "abstain_first", "abstain_again", "off_topic_again", "listening"}
)


class Prompts:
    """The sentences of the dialogue, each in its channel's wording and in variants."""

    def __init__(self, sentences: Mapping[str, Mapping[str, Sequence[str]]], examples: Sequence[str]) -> None:
        self._sentences = sentences
        self.examples = tuple(examples)

    def say(self, name: str, channel: Channel, *, unlike: Sequence[str] = (), **values: str) -> str:
        """A variant of the sentence that is not among `unlike`, what was said just before."""
        variants = [variant.format(**values) for variant in self._sentences[name][channel]]
        return next((variant for variant in variants if variant not in unlike), variants[0])


def load_prompts(path: Path = PROMPTS_FILE) -> Prompts:
    """Reads the key `dialogue:`. Raises `BadKnowledge`, naming the sentence."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadKnowledge(f"{path.name}: cannot be read ({error}).") from None
    dialogue = content.get("dialogue") if isinstance(content, dict) else None
    if not isinstance(dialogue, dict):
        raise BadKnowledge(f"{path.name}: the key `dialogue:` is missing.")
    for name in SENTENCES:
        for channel in (Channel.PHONE,) if name in ONLY_SPOKEN else tuple(Channel):
            _check_variants(dialogue, name, channel, path.name)
    examples = dialogue.get("examples")
    if not isinstance(examples, list) or not examples or not all(isinstance(e, str) for e in examples):
        raise BadKnowledge(f"{path.name}, dialogue, examples: a list of questions is needed.")
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


def answer_of(subject: Subject, channel: Channel) -> Answer:
    """The subject's text in the channel's wording, with its origin."""
    text = subject.web if channel is Channel.WEB else subject.phone
    if subject.kind is Kind.EXCHANGE:
        return Answer(subject.intent, text)
    return Answer(subject.intent, text, subject.title, subject.source_title, subject.source_url, subject.verified_on)


def choice_of(knowledge: Knowledge, intent: str) -> Choice:
    """The subject as something to choose."""
    return Choice(intent, knowledge[intent].title)
