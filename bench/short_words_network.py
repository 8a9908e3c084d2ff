"""The network of `voice/short_words.py`, taught: NumPy, Adam, a few minutes on one core."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voice.short_words import MEAN_WEIGHT, TOGETHER

Floats = NDArray[np.float32]
Weights = dict[str, Floats]

REDUCED, TRAITS = 80, 192
EPOCHS, BATCH = 20, 64
_RATE, _DECAY, _SMOOTHING = 2e-3, 2e-4, 0.05
_DROP_INPUTS, _DROP_TRAITS = 0.1, 0.4
_HALF = TOGETHER // 2
_POOL = 32
"""Batches are drawn from so many at once, alike in length."""


def taught(
    steps: NDArray[np.float16], counts: NDArray[np.int64], labels: NDArray[np.int64], classes: int, seed: int
) -> Weights:
    """`steps`: those of all sounds, one after another; `counts`: how many each has; `labels` are below `classes`."""
    rng = np.random.default_rng(seed)
    weights = _fresh(rng, steps.shape[1], classes)
    first = {name: np.zeros_like(one) for name, one in weights.items()}
    second = {name: np.zeros_like(one) for name, one in weights.items()}
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    done = 0
    for epoch in range(EPOCHS):
        rate = _RATE * (0.5 * (1 + np.cos(np.pi * epoch / EPOCHS)) + 0.02)
        right = 0
        for chosen in _batches(rng, counts):
            longest = int(counts[chosen].max())
            sound = (np.arange(longest)[None] < counts[chosen][:, None]).astype(np.float32)[:, :, None]
            seen = np.zeros((len(chosen), longest, steps.shape[1]), np.float32)
            for place, one in enumerate(chosen):
                seen[place, : counts[one]] = steps[starts[one] : starts[one] + counts[one]]
            seen *= _dropped(rng, (len(chosen), 1, steps.shape[1]), _DROP_INPUTS)
            likely, back = _forward(weights, seen, sound, _dropped(rng, (len(chosen), 2 * TRAITS), _DROP_TRAITS))
            right += int((likely.argmax(axis=1) == labels[chosen]).sum())
            wanted = np.full_like(likely, _SMOOTHING / classes)
            wanted[np.arange(len(chosen)), labels[chosen]] += 1 - _SMOOTHING
            done += 1
            for name, slope in back((likely - wanted) / np.float32(len(chosen))).items():
                first[name] = 0.9 * first[name] + 0.1 * slope
                second[name] = 0.999 * second[name] + 0.001 * slope**2
                step = (first[name] / (1 - 0.9**done)) / (np.sqrt(second[name] / (1 - 0.999**done)) + 1e-8)
                decay = _DECAY * weights[name] if name.startswith("w") else 0.0
                weights[name] = (weights[name] - rate * min(1.0, done / 50) * (step + decay)).astype(np.float32)
        print(f"round {epoch + 1} of {EPOCHS}: {right / len(labels):.1%} right", flush=True)
    return weights


def _batches(rng: np.random.Generator, counts: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    order = rng.permutation(len(counts))
    batches = []
    for start in range(0, len(order), BATCH * _POOL):
        alike = order[start : start + BATCH * _POOL]
        alike = alike[np.argsort(counts[alike], kind="stable")]
        batches += [alike[place : place + BATCH] for place in range(0, len(alike), BATCH)]
    for place in rng.permutation(len(batches)):
        yield batches[place]


def _fresh(rng: np.random.Generator, width: int, classes: int) -> Weights:
    def some(rows: int, columns: int, gain: float = 1.0) -> Floats:
        return (rng.standard_normal((rows, columns)) * gain / np.sqrt(rows)).astype(np.float32)

    return {
        "w1": some(width, REDUCED),
        "b1": np.zeros(REDUCED, np.float32),
        "w2": some(TOGETHER * REDUCED, TRAITS, 1.4),
        "b2": np.zeros(TRAITS, np.float32),
        "w3": some(2 * TRAITS, classes),
        "b3": np.zeros(classes, np.float32),
    }


def _dropped(rng: np.random.Generator, shape: tuple[int, ...], share: float) -> Floats:
    return ((rng.random(shape) > share) / (1 - share)).astype(np.float32)


def _forward(w: Weights, seen: Floats, sound: Floats, drop: Floats) -> tuple[Floats, Callable[[Floats], Weights]]:
    """How likely each class is; and how each weight must change, given how each score should."""
    batch, length, width = seen.shape
    reduced = np.maximum(seen.reshape(-1, width) @ w["w1"] + w["b1"], 0).reshape(batch, length, -1) * sound
    padded = np.pad(reduced, ((0, 0), (_HALF, _HALF), (0, 0)))
    together = np.concatenate([padded[:, i : i + length] for i in range(TOGETHER)], axis=2)
    flat = together.reshape(batch * length, -1)
    traits = np.maximum(flat @ w["w2"] + w["b2"], 0).reshape(batch, length, -1) * sound
    strongest = traits.argmax(axis=1)[:, None]
    share = np.float32(MEAN_WEIGHT) / sound.sum(axis=1)
    whole = np.concatenate([np.take_along_axis(traits, strongest, 1)[:, 0], traits.sum(axis=1) * share], 1) * drop
    scores = whole @ w["w3"] + w["b3"]
    likely = np.exp(scores - scores.max(axis=1, keepdims=True))
    likely /= likely.sum(axis=1, keepdims=True)

    def back(slope: Floats) -> Weights:
        at_whole: Any = (slope @ w["w3"].T) * drop
        at_traits = np.zeros_like(traits)
        np.put_along_axis(at_traits, strongest, at_whole[:, None, : traits.shape[2]], 1)
        at_traits += (at_whole[:, traits.shape[2] :] * share)[:, None]
        at_flat = (at_traits * (traits > 0)).reshape(batch * length, -1)
        at_together = (at_flat @ w["w2"].T).reshape(batch, length, -1)
        at_padded = np.zeros_like(padded)
        size = reduced.shape[2]
        for i in range(TOGETHER):
            at_padded[:, i : i + length] += at_together[:, :, i * size : (i + 1) * size]
        at_reduced = (at_padded[:, _HALF : _HALF + length] * (reduced > 0)).reshape(batch * length, -1)
        return {
            "w1": seen.reshape(-1, width).T @ at_reduced,
            "b1": at_reduced.sum(axis=0),
            "w2": flat.T @ at_flat,
            "b2": at_flat.sum(axis=0),
            "w3": whole.T @ slope,
            "b3": slope.sum(axis=0),
        }

    return likely, back
