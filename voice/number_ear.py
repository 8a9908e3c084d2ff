"""Numbers that are dictated, from what Whisper's encoder makes of the sound. Pure.

Whisper's decoder writes sentences: figures dictated by themselves become words that sound like them ("C'est les héros
de 34"), or go round in circles ("0, 5, 8, 8, 8"). Its encoder hears them well enough. A small network reads that
instead: at each 40 ms it tells which of the two dozen words that French numbers are made of is being said, or that it
is something else, or nothing new (connectionist temporal classification, Graves et al. 2006). The likeliest sequences
of words are looked for among all (prefix beam search), and each is judged by every network.

The weights fit the encoder that they were taught with and no other: `load` gives none for another model. Taught with
synthetic voices by `bench/number_ear.py`; `bench/spoken_numbers.py` measures it with others.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from voice.taught import Floats, Weights, around, networks_in, readable

TOKENS = (
    *"""zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize vingt trente
    quarante cinquante soixante et""".split(),
    "autre",
)
"""The words, and the last: something that is no number, however long."""
OTHER = TOKENS[-1]
LONGEST_SECONDS = 20.0
"""Of sound: nobody dictates longer without being answered."""
DILATIONS = (1, 2, 4, 8, 1)
_WEIGHTS = Path(__file__).with_name("number_ear.npz")
_BEAM = 12
_LEAST_LIKELY = 1e-3
"""A word less likely than this at a step is not followed."""
_LEAST_LOG_SHARE = math.log(1e-4)
"""A way that is so much less likely than the likeliest is left out."""
_STEP_SECONDS = 0.04


@dataclass(frozen=True, slots=True)
class Way:
    """One way to hear an utterance: number words, and `OTHER` for what is none; `probability` among all ways.

    `begun` is when each word was first heard, in seconds of the sound; empty: not known.
    """

    words: tuple[str, ...]
    probability: float
    begun: tuple[float, ...] = ()


class NumberEar:
    """The taught networks. Safe for several threads."""

    def __init__(self, *networks: Weights) -> None:
        self._networks = networks

    @classmethod
    def load(cls, model_sha256: str, path: Path = _WEIGHTS) -> NumberEar | None:
        """None when there are no weights for the model with this digest. Raises `ModelMissing` for a damaged file."""
        if not path.is_file():
            return None
        with readable(path):
            about, networks = networks_in(path)
            if about["model_sha256"] != model_sha256:
                return None
            ear = cls(*networks)
            (scores, *_) = ear.likely(np.zeros((2, len(networks[0]["reduce"])), np.float32))
            if tuple(about["tokens"]) != TOKENS or scores.shape != (1, len(TOKENS) + 1):
                raise ValueError("One score for each token is needed, and one for nothing new.")
        return ear

    def hear(self, steps: Floats) -> list[Way]:
        """The likeliest ways to hear it, best first. `steps` as of `Whisper.encoded`: one row for each 20 ms."""
        if len(steps) < 2:
            return []
        seen = self.likely(steps)
        candidates = {tokens for each in seen for tokens in _prefixes(each)}
        scored = {tokens: sum(log_probability(each, tokens) for each in seen) / len(seen) for tokens in candidates}
        best = max(scored.values())
        whole = sum(math.exp(score - best) for score in scored.values())
        ways = [
            Way(tuple(TOKENS[one] for one in tokens), math.exp(score - best) / whole, _begun(seen[0], tokens))
            for tokens, score in scored.items()
            if score > best + _LEAST_LOG_SHARE
        ]
        return sorted(ways, key=lambda way: -way.probability)

    def likely(self, steps: Floats) -> list[Floats]:
        """For each network, how likely each token is, and at the end nothing new: float32[steps / 2, tokens + 1]."""
        return [_of_one(network, steps) for network in self._networks]


def _of_one(w: Weights, steps: Floats) -> Floats:
    """What one network makes of it. Names as `bench/number_ear_network.py` gives them."""
    reduced = np.maximum(steps @ w["reduce"] + w["reduce_bias"], 0)
    if len(reduced) % 2:
        reduced = np.concatenate([reduced, np.zeros_like(reduced[:1])])
    traits = np.maximum(reduced.reshape(len(reduced) // 2, -1) @ w["pair"] + w["pair_bias"], 0)
    for number, dilation in enumerate(DILATIONS):
        heard = around(traits, w["around"][number], dilation) + w["around_bias"][number]
        traits = np.maximum(traits + heard @ w["mixed"][number] + w["mixed_bias"][number], 0)
    scores = traits @ w["tokens"] + w["tokens_bias"]
    likely = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(likely / likely.sum(axis=1, keepdims=True), np.float32)


def _prefixes(likely: Floats) -> list[tuple[int, ...]]:
    """The likeliest sequences of tokens: prefix beam search (Hannun et al. 2014)."""
    nothing = likely.shape[1] - 1
    beam: dict[tuple[int, ...], tuple[float, float]] = {(): (1.0, 0.0)}  # ended by nothing new, by its last token
    for row in likely:
        found: dict[tuple[int, ...], list[float]] = defaultdict(lambda: [0.0, 0.0])
        tokens = [int(one) for one in np.flatnonzero(row[:nothing] > _LEAST_LIKELY)]
        for prefix, (by_nothing, by_token) in beam.items():
            found[prefix][0] += (by_nothing + by_token) * float(row[nothing])
            if prefix:
                found[prefix][1] += by_token * float(row[prefix[-1]])
            for token in tokens:
                again = bool(prefix) and prefix[-1] == token
                found[(*prefix, token)][1] += (by_nothing if again else by_nothing + by_token) * float(row[token])
        kept = sorted(found.items(), key=lambda one: -sum(one[1]))[:_BEAM]
        scale = sum(kept[0][1]) or 1.0
        beam = {prefix: (ways[0] / scale, ways[1] / scale) for prefix, ways in kept}
    return list(beam)


def log_probability(likely: Floats, tokens: Sequence[int]) -> float:
    """Of this sequence, over all the times at which its tokens may be said: the forward algorithm."""
    nothing = likely.shape[1] - 1
    path = [nothing, *(one for token in tokens for one in (token, nothing))]
    if len(tokens) > len(likely):
        return -math.inf
    rows = likely[:, path].astype(np.float64)
    skips = np.array([n > 1 and path[n] != nothing and path[n] != path[n - 2] for n in range(len(path))], np.float64)
    ways, log_scale = np.zeros(len(path)), 0.0
    ways[:2] = rows[0, :2]
    for row in rows[1:]:
        moved = ways.copy()
        moved[1:] += ways[:-1]
        moved[2:] += ways[:-2] * skips[2:]
        ways = moved * row
        total = float(ways.sum())
        if total <= 0:
            return -math.inf
        ways /= total
        log_scale += math.log(total)
    last = float(ways[-2:].sum())
    return math.log(last) + log_scale if last > 0 else -math.inf


def _begun(likely: Floats, tokens: Sequence[int]) -> tuple[float, ...]:
    """When each token is first there, in the likeliest of all the times at which they may be said (Viterbi)."""
    nothing = likely.shape[1] - 1
    path = np.array([nothing, *(one for token in tokens for one in (token, nothing))])
    skips = np.zeros(len(path), bool)
    skips[3::2] = path[3::2] != path[1:-2:2]
    rows = np.log(likely[:, path].astype(np.float64) + 1e-30)
    best = np.full(len(path), -np.inf)
    best[:2] = rows[0, :2]
    came_from = np.zeros((len(rows), len(path)), np.int8)
    for number, row in enumerate(rows[1:], 1):
        ways = np.full((3, len(path)), -np.inf)
        ways[0], ways[1, 1:] = best, best[:-1]
        ways[2, 2:] = np.where(skips[2:], best[:-2], -np.inf)
        came_from[number] = ways.argmax(axis=0)
        best = ways.max(axis=0) + row
    state = len(path) - 1 if best[-1] >= best[-2:][0] else len(path) - 2
    begun = [0] * len(tokens)
    for number in range(len(rows) - 1, -1, -1):
        if state % 2:
            begun[state // 2] = number
        state -= int(came_from[number, state])
    return tuple(round(_STEP_SECONDS * number, 2) for number in begun)
