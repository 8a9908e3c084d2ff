"""Which language a message is in, and what to tell who writes another one than ours.

py3langid is right on 98 % of short French questions; the rest are initials and misspelt words. So a message counts as
foreign only when it has three words, the identifier is sure, and most of its words are unknown to the knowledge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from bot.dialogue import Channel
from bot.errors import BadKnowledge
from bot.knowledge import Knowledge
from bot.nlu.text import folded_form

SURE_FROM = 0.9
FEWEST_WORDS = 3
KNOWN_SHARE = 0.5
# The languages people most often speak in France beside French; fewer candidates make fewer mistakes.
CANDIDATES = ("fr", "en", "es", "de", "it", "pt", "nl", "ar", "tr", "ro", "pl", "ru", "uk", "zh")
_FILE = "data/prompts.yml"


@dataclass(frozen=True, slots=True)
class Languages:
    """`notices` say in another language what is possible, by language and channel; `notes` go before an answer that
    exists in our language only. `words` are those of the pack's own examples, folded."""

    own: str = "fr"
    notices: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    notes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    words: frozenset[str] = frozenset()

    def of(self, text: str) -> str:
        """The language of a message ("en"), or empty for our own and for what is not clear."""
        words = folded_form(text).split()
        if len(text.split()) < FEWEST_WORDS:
            return ""
        if words and sum(word in self.words for word in words) / len(words) >= KNOWN_SHARE:
            return ""
        language, probability = _identifier().classify(text)
        return str(language) if language != self.own and probability >= SURE_FROM else ""

    def gibberish(self, text: str) -> bool:
        """Whether none of its words is known and it is no other language either: not foreign, but not understood."""
        words = folded_form(text).split()
        return bool(text) and not any(word in self.words for word in words) and not self.of(text)

    def notice(self, text: str, channel: Channel) -> str:
        """What is possible, in the language of `text`; in English for a language nobody wrote a notice in; empty
        when the text is in our own language."""
        return self._said(self.notices, text, channel)

    def note(self, text: str, channel: Channel) -> str:
        """Like `notice`, short, before an answer in our language."""
        return self._said(self.notes, text, channel)

    def _said(self, sentences: Mapping[str, Mapping[str, str]], text: str, channel: Channel) -> str:
        language = self.of(text) if sentences else ""
        if not language:
            return ""
        return (sentences.get(language) or sentences.get("en") or {}).get(channel.value, "")


def load_languages(prompts: Mapping[str, Any], knowledge: Knowledge, own: str) -> Languages:
    """From the key `other_languages:` of the prompts. Raises `BadKnowledge`, naming language and sentence."""
    found = prompts.get("other_languages") or {}
    if not isinstance(found, dict):
        raise BadKnowledge(f"{_FILE}, other_languages: one entry for each language is needed.")
    notices: dict[str, dict[str, str]] = {}
    notes: dict[str, dict[str, str]] = {}
    for language, sentences in found.items():
        for name, target in (("notice", notices), ("note", notes)):
            wordings = sentences.get(name) if isinstance(sentences, dict) else None
            if not isinstance(wordings, dict) or not all(isinstance(wordings.get(c.value), str) for c in Channel):
                raise BadKnowledge(f"{_FILE}, other_languages, {language}, {name}: `web:` and `phone:` are needed.")
            target[str(language)] = {channel.value: wordings[channel.value].strip() for channel in Channel}
    examples = (text for text, intent in knowledge.examples if intent != "language_other")
    words = frozenset(word for text in examples for word in folded_form(text).split())
    return Languages(own, notices, notes, words)


@lru_cache(maxsize=1)
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(CANDIDATES))
    return identifier
