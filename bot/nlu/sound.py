"""A second classifier, of how a question sounds: what a recogniser writes is wrong in its letters, right in its sounds.

"Un numéro si réponds sans crier" is "un numéro Siret pour s'inscrire": no word is left, most sounds are. The examples
are turned into keys of sounds (`bot/nlu/phonetic.py`), all words in one, and n-grams of those into one multinomial
logistic regression, as for the letters (`bot/nlu/hybrid.py`). Of misheard questions it knows more than the letters do,
of others less: it is asked about what was heard only, and for a second opinion (`bot.nlu.decision.second_opinion`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from bot.nlu.hybrid import ReducedSpace, fit_regression, lexical_matrix, softmax
from bot.nlu.lexical import Floats, TfIdf
from bot.nlu.phonetic import key

FILE = "sound.npz"
SHORTEST, LONGEST = 2, 5
AT_LEAST = 3
"""Examples that hold an n-gram, for it to count."""
_WORD = re.compile(r"\w+'?")


def sound_grams(text: str) -> Iterator[str]:
    """n-grams of the sounds of a text, across its words, with a space at both ends."""
    sounds = f" {key(_WORD.findall(text.replace('’', chr(39)).lower()))} "
    for size in range(SHORTEST, LONGEST + 1):
        for start in range(len(sounds) - size + 1):
            yield sounds[start : start + size]


class SoundFeatures:
    """The n-grams known, as `bot.nlu.hybrid.lexical_matrix` takes them."""

    def __init__(self, grams: TfIdf) -> None:
        self.grams = grams

    @property
    def size(self) -> int:
        """How many columns there are."""
        return len(self.grams.terms)

    def columns_of(self, text: str) -> tuple[list[int], Floats]:
        """The non-zero columns of a text and their weights."""
        return self.grams.weigh(sound_grams(text))


class SoundModel:
    """A fitted classifier. `weights`: one row for each n-gram, one column for each class."""

    def __init__(self, *, classes: Sequence[str], features: SoundFeatures, weights: Floats, bias: Floats) -> None:
        self.classes = list(classes)
        self._features = features
        self._weights = weights
        self._bias = bias

    @classmethod
    def fit(cls, texts: Sequence[str], labels: Sequence[str]) -> SoundModel:
        """Learns from texts and their classes. Deterministic."""
        features = SoundFeatures(TfIdf.learn((sound_grams(text) for text in texts), AT_LEAST))
        nothing_else = np.zeros((len(texts), 0), dtype=np.float32)
        space = ReducedSpace.of(nothing_else, lexical_matrix(texts, features))
        classes, weights, bias = fit_regression(space.points, labels)
        _, per_gram = space.expand(weights)
        return cls(classes=classes, features=features, weights=per_gram, bias=bias)

    def predict(self, text: str) -> dict[str, float]:
        """The probability of each class."""
        columns, weights = self._features.columns_of(text)
        scores = weights @ self._weights[columns].astype(np.float32) + self._bias
        return dict(zip(self.classes, softmax(scores).tolist(), strict=True))

    def save(self, directory: Path) -> None:
        """Writes sound.npz."""
        np.savez_compressed(
            directory / FILE,
            classes=np.array(self.classes),
            grams=np.array(self._features.grams.terms),
            rarity=self._features.grams.rarity,
            weights=self._weights.astype(np.float16),
            bias=self._bias,
        )

    @classmethod
    def load(cls, directory: Path) -> SoundModel:
        """Reads what `save` wrote. Raises `OSError`, `ValueError` or `KeyError` when it is not whole."""
        with np.load(directory / FILE, allow_pickle=False) as arrays:
            features = SoundFeatures(TfIdf(arrays["grams"].tolist(), arrays["rarity"]))
            return cls(
                classes=arrays["classes"].tolist(),
                features=features,
                weights=arrays["weights"],
                bias=arrays["bias"],
            )
