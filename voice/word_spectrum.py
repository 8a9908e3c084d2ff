"""The words of `voice/short_words.py` by their spectrum alone: a second ear, which errs about other sounds. Pure.

A sound becomes 40 bands (mel scale, 80 to 3900 Hz, what a telephone line lets through) each 10 ms, as a picture that is
as bright however loud the caller is. Two layers look at small patches of it (30 ms by three bands), five more at longer
and longer stretches, up to the whole word; how strongly each of 192 traits is there, at most and on the whole, tells
the word. Small as such networks are (148,000 weights), several are asked. It needs no recogniser, and some 2 ms of CPU.

Taught by `bench/short_words.py`, with every sound bent, stretched, tilted and made noisy in another way each time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from voice.taught import around

Floats = NDArray[np.float32]
Weights = dict[str, Floats]
Spectrum = Floats
"""Log of the power in each band: float32[frames, 40]."""

RATE_HZ = 16000
HOP_SAMPLES, WINDOW_SAMPLES = 160, 512
BANDS, LOWEST_HZ, HIGHEST_HZ = 40, 80.0, 3900.0
MOST_FRAMES = 220
DILATIONS = (1, 1, 2, 2)
MEAN_WEIGHT = 3.0
_LEAST_POWER = 1e-10
_FAINTEST, _SCALE, _LOUD_PERCENT = -9.0, 4.0, 97
_DARK = _FAINTEST / _SCALE + 1
_FRAMES_IN_A_ROW = 16
"""A sound is continued in the dark to a multiple of so many frames, as it was when the networks were taught."""


def mel_filters() -> Floats:
    """How much of each frequency is in each band: float32[40, 257], each band's weights add up to 1."""

    def mel(hertz: float) -> float:
        return float(2595 * np.log10(1 + hertz / 700))

    edges = 700 * (10 ** (np.linspace(mel(LOWEST_HZ), mel(HIGHEST_HZ), BANDS + 2) / 2595) - 1)
    hertz = np.fft.rfftfreq(WINDOW_SAMPLES, 1 / RATE_HZ)
    low, middle, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    shapes = np.maximum(0, np.minimum((hertz - low) / (middle - low), (high - hertz) / (high - middle)))
    return np.asarray(shapes / shapes.sum(axis=1, keepdims=True), np.float32)


_FILTERS = mel_filters()
_WINDOW = np.hanning(WINDOW_SAMPLES).astype(np.float32)


def spectrum(samples: Floats) -> Spectrum:
    """Of a short sound (16 kHz), its first 2.2 s; no frame for one shorter than 32 ms."""
    count = min(MOST_FRAMES, (len(samples) - WINDOW_SAMPLES) // HOP_SAMPLES + 1)
    if count < 1:
        return np.zeros((0, BANDS), np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(samples, WINDOW_SAMPLES)[::HOP_SAMPLES][:count] * _WINDOW
    power = (np.abs(np.fft.rfft(frames, axis=1)) ** 2).astype(np.float32)
    return np.asarray(np.log(power @ _FILTERS.T + _LEAST_POWER), np.float32)


def picture(bands: Spectrum) -> Floats:
    """The same for a loud caller and a soft one: 1 is loud, -1.25 the faintest that is still looked at."""
    return np.asarray(np.maximum(bands - np.percentile(bands, _LOUD_PERCENT), _FAINTEST) / _SCALE + 1, np.float32)


class WordSpectrum:
    """The taught networks. Safe for several threads."""

    def __init__(self, *networks: Weights) -> None:
        self._networks = networks

    def likely(self, bands: Spectrum) -> Floats:
        """How likely each word is, and at the end, none of them. `bands` as of `spectrum`, one frame at least."""
        seen = picture(bands[:MOST_FRAMES])
        return np.asarray(np.mean([_of_one(network, seen) for network in self._networks], axis=0), np.float32)


def _of_one(w: Weights, seen: Floats) -> Floats:
    """What one network makes of it. Names as `bench/short_words_spectrum.py` gives them."""
    steps = -(-len(seen) // 2)
    dark = np.full((-len(seen) % _FRAMES_IN_A_ROW, BANDS), _DARK, np.float32)
    patches = _patches(np.concatenate([seen, dark])[:, :, None], w["patch1"], w["patch1_bias"], stride=2, before=0)
    patches = _patches(patches, w["patch2"], w["patch2_bias"], stride=1, before=1)[:steps]
    traits = np.maximum(patches.reshape(steps, -1) @ w["step"] + w["step_bias"], 0)
    for number, dilation in enumerate(DILATIONS):
        heard = around(traits, w["around"][number], dilation) + w["around_bias"][number]
        traits = np.maximum(traits + heard @ w["mixed"][number] + w["mixed_bias"][number], 0)
    traits = np.maximum(traits @ w["last"] + w["last_bias"], 0)
    scores = np.concatenate([traits.max(axis=0), traits.mean(axis=0) * MEAN_WEIGHT]) @ w["words"] + w["words_bias"]
    likely = np.exp(scores - scores.max())
    return np.asarray(likely / likely.sum(), np.float32)


def _patches(seen: Floats, weights: Floats, bias: Floats, *, stride: int, before: int) -> Floats:
    """Three frames by three bands, every `stride`-th frame and every second band; float32[frames, bands, traits]."""
    padded = np.pad(seen, ((before, 1), (0, 1), (0, 0)))
    rows, columns = (len(seen) - 1) // stride + 1, seen.shape[1] // 2
    pieces = [
        padded[row : row + (rows - 1) * stride + 1 : stride, column : column + 2 * columns - 1 : 2]
        for row in range(3)
        for column in range(3)
    ]
    together = np.concatenate(pieces, axis=2).reshape(rows * columns, -1)
    made = np.maximum(together @ weights.reshape(together.shape[1], -1) + bias, 0)
    return np.asarray(made.reshape(rows, columns, -1), np.float32)
