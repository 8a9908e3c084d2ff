"""Character and word n-grams of a folded text, weighted by TF-IDF: what survives typing and hearing errors.

Kept in a vocabulary of plain lists, so that a trained model is two arrays and a JSON file, and using it
needs numpy alone.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from bot.nlu.text import folded_form

Floats = npt.NDArray[np.float32]


def character_grams(folded: str, shortest: int = 2, longest: int = 5) -> Iterator[str]:
    """n-grams inside each word, with a space at both ends of the word (scikit-learn's `char_wb`)."""
    for word in folded.split():
        padded = f" {word} "
        for size in range(shortest, longest + 1):
            if size >= len(padded):
                yield padded
                break
            for start in range(len(padded) - size + 1):
                yield padded[start : start + size]


def word_grams(folded: str) -> Iterator[str]:
    """Words, and pairs of neighbouring words."""
    words = folded.split()
    yield from words
    for first, second in pairwise(words):
        yield f"{first} {second}"


class TfIdf:
    """One family of n-grams: term frequency on a log scale, times rarity, scaled to length 1."""

    def __init__(self, terms: Sequence[str], rarity: Floats) -> None:
        self.terms = list(terms)
        self.rarity = rarity
        self._column: dict[str, int] = {term: column for column, term in enumerate(self.terms)}

    @classmethod
    def learn(cls, documents: Iterable[Iterable[str]], at_least: int) -> TfIdf:
        """Keeps the terms that occur in `at_least` documents or more."""
        seen: Counter[str] = Counter()
        total = 0
        for document in documents:
            seen.update(set(document))
            total += 1
        terms = sorted(term for term, count in seen.items() if count >= at_least)
        rarity = np.array([math.log((1 + total) / (1 + seen[t])) + 1 for t in terms], dtype=np.float32)
        return cls(terms, rarity)

    def weigh(self, document: Iterable[str]) -> tuple[list[int], Floats]:
        """The columns present and their weights (length 1, or empty when no term is known)."""
        counts = Counter(c for c in map(self._column.get, document) if c is not None)
        columns = list(counts)
        weights = np.array([1 + math.log(n) for n in counts.values()], dtype=np.float32) * self.rarity[columns]
        return columns, weights / max(float(np.linalg.norm(weights)), 1e-9)


class LexicalFeatures:
    """Both families side by side; words count half as much as characters."""

    def __init__(self, characters: TfIdf, words: TfIdf, weight: float) -> None:
        self.characters = characters
        self.words = words
        self.weight = weight

    @classmethod
    def learn(cls, texts: Sequence[str], weight: float) -> LexicalFeatures:
        folded = [folded_form(text) for text in texts]
        return cls(
            TfIdf.learn((character_grams(text) for text in folded), at_least=2),
            TfIdf.learn((word_grams(text) for text in folded), at_least=1),
            weight,
        )

    @property
    def size(self) -> int:
        """How many columns there are."""
        return len(self.characters.terms) + len(self.words.terms)

    def columns_of(self, text: str) -> tuple[list[int], Floats]:
        """The non-zero columns of a text and their weights."""
        folded = folded_form(text)
        char_columns, char_weights = self.characters.weigh(character_grams(folded))
        word_columns, word_weights = self.words.weigh(word_grams(folded))
        offset = len(self.characters.terms)
        columns = char_columns + [offset + column for column in word_columns]
        return columns, np.concatenate([self.weight * char_weights, self.weight / 2 * word_weights])
