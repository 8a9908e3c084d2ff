"""What the agent may answer: the verified texts that the bot has, never anything composed.

Two ways lead to a text: the subjects the classifier ranked for the visitor's words, and the words themselves, found in
titles and answers. What both find comes first.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from bot.dialogue import Ranked
from bot.knowledge import Kind, Knowledge, Subject
from bot.nlu.text import folded_form

SHOWN = 5
_LIKELY = 0.05
_FEWEST_CHARS = 3
_TITLE_WEIGHT = 3.0
_KINDS = frozenset({Kind.ANSWER, Kind.REFERRAL, Kind.ELSEWHERE})
_NONE: frozenset[str] = frozenset()
_LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]*)\)")
_BULLET = re.compile(r"(?m)^(\s*)[-*]\s+")
_STRONG = re.compile(r"(\*\*|__)(.+?)\1", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A subject whose text fits, how well (0 to 1), and what has found it: "ranking" or "text"."""

    subject: Subject
    score: float
    found_by: str


class Answers:
    """Finds verified answers. The words of all texts are folded once, and stand in the order of a dictionary: all that
    begin with what is sought stand together.
    """

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._intents = [subject.intent for subject in knowledge.values() if subject.kind in _KINDS]
        self._in_titles: dict[str, set[str]] = defaultdict(set)
        self._in_texts: dict[str, set[str]] = defaultdict(set)
        for intent in self._intents:
            subject = knowledge[intent]
            for word in _sequence(subject.title):
                self._in_titles[word].add(intent)
            for word in _sequence(f"{subject.web} {' '.join(subject.keywords)}"):
                self._in_texts[word].add(intent)
        self._words = sorted({*self._in_titles, *self._in_texts})

    def for_words(self, ranking: Sequence[Ranked], words: str) -> list[Suggestion]:
        """For what a visitor said last."""
        found = {
            one.intent: Suggestion(self._knowledge[one.intent], one.confidence, "ranking")
            for one in ranking
            if one.confidence >= _LIKELY and self._has(one.intent)
        }
        for suggestion in self.search(words):
            known = found.get(suggestion.subject.intent)
            if known is None:
                found[suggestion.subject.intent] = Suggestion(suggestion.subject, suggestion.score / 2, "text")
            else:
                better = min(1.0, known.score + suggestion.score / 4)
                found[suggestion.subject.intent] = Suggestion(known.subject, better, "ranking")
        return sorted(found.values(), key=lambda one: (-one.score, one.subject.intent))[:SHOWN]

    def search(self, words: str, limit: int = SHOWN) -> list[Suggestion]:
        """By the words of title and text, or their beginnings. Common words count less, very small ones not."""
        sought = [word for word in _sequence(words) if len(word) >= _FEWEST_CHARS or word.isdigit()]
        if not sought:
            return []
        best = 0.0
        scores: dict[str, float] = defaultdict(float)
        for word in dict.fromkeys(sought):
            in_titles, in_texts = self._having(word)
            weight = self._rarity(len(in_titles | in_texts))
            best += _TITLE_WEIGHT * weight
            for intent in in_titles:
                scores[intent] += _TITLE_WEIGHT * weight
            for intent in in_texts - in_titles:
                scores[intent] += weight
        found = [Suggestion(self._knowledge[intent], score / best, "text") for intent, score in scores.items() if score]
        return sorted(found, key=lambda one: (-one.score, one.subject.intent))[:limit]

    def _has(self, intent: str) -> bool:
        return intent in self._knowledge and self._knowledge[intent].kind in _KINDS

    def _having(self, sought: str) -> tuple[set[str], set[str]]:
        """The subjects with the word, or one that begins with it, in the title and in the text."""
        in_titles: set[str] = set()
        in_texts: set[str] = set()
        for index in range(bisect_left(self._words, sought), len(self._words)):
            if not (word := self._words[index]).startswith(sought):
                break
            in_titles |= self._in_titles.get(word, _NONE)
            in_texts |= self._in_texts.get(word, _NONE)
        return in_titles, in_texts

    def _rarity(self, having: int) -> float:
        """The fewer texts have a word, the more it says; nothing when all have it."""
        return math.log((1 + len(self._intents)) / (1 + having))


def plain(markdown: str) -> str:
    """The text for a message that is shown as it is: addresses beside their links, dots for bullets, no stars."""
    text = _LINK.sub(lambda match: match[1] if match[1] == match[2] else f"{match[1]} ({match[2]})", markdown)
    return _BULLET.sub(r"\1• ", _STRONG.sub(r"\2", text)).strip()


def _sequence(text: str) -> list[str]:
    return folded_form(text).split()
