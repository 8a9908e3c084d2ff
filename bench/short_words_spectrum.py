"""Teaches the networks of `voice/word_spectrum.py`. In the Rasa environment (TensorFlow), from the project's directory:

    PYTHONPATH=. .venv-rasa/bin/python bench/short_words_spectrum.py [--heard DIR] [--networks 4] [--rounds 18]

after `bench/short_words.py listen`, in half an hour on two cores. In each of its rounds every sound
is seen as another person would say it elsewhere: its bands moved up or down (a longer or shorter throat), slower or
faster, brighter or duller, in noise or with another sound behind it, a stretch of time or some bands hidden. Normalised
batch by batch while taught, the layers are folded into plain ones when kept.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import queue
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from bench.teaching import Pace, falling_rate, plain
from voice.word_spectrum import BANDS, DILATIONS, HIGHEST_HZ, LOWEST_HZ, MEAN_WEIGHT, MOST_FRAMES, Floats, picture

PROJECT = Path(__file__).parents[1]
OUT = PROJECT / "voice" / "word_spectrum.npz"
BATCH, ALIKE = 64, 32
"""Batches are drawn from so many at once, alike in length."""
_PACE = Pace(2e-3, 300, 0.02)
_SMOOTHING, _DECAY, _DROPPED = 0.05, 2e-5, 0.3
_PATCH_TRAITS, _TRAITS, _LAST, _REACH = (16, 24), 128, 192, 9
_FRAMES_IN_A_ROW, _DARK = 16, -1.25
_THROATS = 16


class Lessons:
    """All sounds: `bands` one after another, how many frames each has, and which word it is."""

    def __init__(self, directory: Path) -> None:
        pieces = [np.load(path) for path in sorted(directory.glob("*.spectra.npz"))]
        if not pieces:
            raise SystemExit(f"{directory} holds no *.spectra.npz: `bench/short_words.py listen` makes them.")
        answers = np.concatenate([piece["answers"] for piece in pieces])
        self.words = sorted({str(answer) for answer in answers} - {""})
        self.labels = np.array([self.words.index(one) if one else len(self.words) for one in answers])
        self.counts = np.concatenate([piece["counts"] for piece in pieces])
        self._bands = np.concatenate([piece["bands"] for piece in pieces])
        self._starts = np.concatenate([[0], np.cumsum(self.counts)[:-1]])

    def sound(self, number: int) -> Floats:
        return np.asarray(self._bands[self._starts[number] :][: self.counts[number]], np.float32)

    def batches(self, rng: np.random.Generator) -> Iterator[tuple[Floats, Floats, Any]]:
        """Pictures, which of their steps hold sound, and what they are; each sound once."""
        order, batches = rng.permutation(len(self.labels)), []
        for start in range(0, len(order), BATCH * ALIKE):
            alike = order[start : start + BATCH * ALIKE]
            alike = alike[np.argsort(self.counts[alike], kind="stable")]
            batches += [alike[place : place + BATCH] for place in range(0, len(alike), BATCH)]
        for place in rng.permutation(len(batches)):
            yield (*together([self.elsewhere(int(one), rng) for one in batches[place]]), self.labels[batches[place]])

    def elsewhere(self, number: int, rng: np.random.Generator) -> Floats:
        """The picture of a sound as somebody else says it somewhere else."""
        bands = in_noise(as_somebody_else(self.sound(number), rng), self._another, rng)
        cut = rng.integers(0, 25)
        seen = picture(bands[cut:] if len(bands) - cut > 20 else bands)
        if rng.random() < 0.3:
            width = rng.integers(1, 7)
            first = rng.integers(0, BANDS - width)
            seen[:, first : first + width] = seen.mean()
        if rng.random() < 0.2:
            width = rng.integers(2, 7)
            first = rng.integers(0, max(1, len(seen) - width))
            seen[first : first + width] = _DARK
        return seen

    def _another(self, rng: np.random.Generator) -> Floats:
        return self.sound(int(rng.integers(len(self.labels))))


def throat(factor: float) -> Floats:
    """Moves the bands of a voice as a throat that is so much shorter would: float32[40, 40]."""

    def mel(hertz: Any) -> Any:
        return 2595 * np.log10(1 + hertz / 700)

    bands = np.linspace(mel(LOWEST_HZ), mel(HIGHEST_HZ), BANDS + 2)[1:-1]
    hertz = 700 * (10 ** (bands / 2595) - 1)
    sources = (mel(np.clip(hertz * factor, LOWEST_HZ, HIGHEST_HZ)) - bands[0]) / (bands[1] - bands[0])
    sources = np.clip(sources, 0, BANDS - 1.001)
    whole, share = sources.astype(int), sources - sources.astype(int)
    moved = np.zeros((BANDS, BANDS), np.float32)
    moved[whole, np.arange(BANDS)] = 1 - share
    moved[whole + 1, np.arange(BANDS)] += share
    return moved


THROATS = [throat(factor) for factor in np.linspace(0.86, 1.16, _THROATS)]


def as_somebody_else(bands: Floats, rng: np.random.Generator) -> Floats:
    """Another throat, pace and handset."""
    if rng.random() < 0.8:
        bands = bands @ THROATS[rng.integers(len(THROATS))]
    if rng.random() < 0.6:
        places = np.linspace(0, len(bands) - 1.001, max(10, round(len(bands) * rng.uniform(0.82, 1.22))))
        whole = places.astype(int)
        share = (places - whole)[:, None].astype(np.float32)
        bands = bands[whole] * (1 - share) + bands[whole + 1] * share
    if rng.random() < 0.7:
        across = np.linspace(-1, 1, BANDS, dtype=np.float32)
        wave = np.cos(np.pi * across * rng.uniform(0.5, 2) + rng.uniform(0, 6))
        bands = bands + rng.normal(0, 0.5) * across + rng.normal(0, 0.4) * wave
    return np.asarray(bands, np.float32)


def in_noise(bands: Floats, another: Any, rng: np.random.Generator) -> Floats:
    """Often with a hiss, or a rumble, or somebody else behind it."""
    loud, lot = np.percentile(bands, 97), rng.random()
    if lot < 0.35:
        level = loud - rng.uniform(2.0, 6.5) + np.linspace(rng.uniform(-0.5, 2.5), 0, BANDS)
        noise = level + np.log(rng.gamma(4.0, 0.25, bands.shape) + 1e-3)
    elif lot < 0.6:
        other = another(rng)
        other = np.resize(np.roll(other, rng.integers(0, max(1, len(other) - 5)), axis=0), bands.shape)
        noise = other - np.percentile(other, 97) + loud - rng.uniform(3, 7)
    else:
        return bands
    return np.asarray(np.logaddexp(bands, noise), np.float32)


def together(pictures: Sequence[Floats]) -> tuple[Floats, Floats]:
    """One array, and which of its frames hold sound."""
    cut = [one[:MOST_FRAMES] for one in pictures]
    longest = -(-max(len(one) for one in cut) // _FRAMES_IN_A_ROW) * _FRAMES_IN_A_ROW
    seen = np.full((len(cut), longest, BANDS), _DARK, np.float32)
    sound = np.zeros((len(cut), longest, 1), np.float32)
    for place, one in enumerate(cut):
        seen[place, : len(one)] = one
        sound[place, : len(one)] = 1
    return seen, sound


def ahead(batches: Iterator[Any], many: int = 4) -> Iterator[Any]:
    """The same, made on another thread."""
    ready: queue.Queue[Any] = queue.Queue(many)

    def make() -> None:
        for batch in batches:
            ready.put(batch)
        ready.put(None)

    threading.Thread(target=make, daemon=True).start()
    while (batch := ready.get()) is not None:
        yield batch


# -- the network --


def network(tf: Any, classes: int) -> Any:
    """As `voice.word_spectrum` has it, each layer but the last with its batch normalisation."""
    layers, relu = tf.keras.layers, tf.nn.relu

    class Network(tf.keras.Model):
        def __init__(self) -> None:
            super().__init__()
            first, second = _PATCH_TRAITS
            self.patch1 = layers.Conv2D(first, 3, strides=(2, 2), padding="same")
            self.patch2 = layers.Conv2D(second, 3, strides=(1, 2), padding="same")
            self.step = layers.Dense(_TRAITS)
            self.around = [layers.DepthwiseConv1D(_REACH, padding="same", dilation_rate=far) for far in DILATIONS]
            self.mixed = [layers.Dense(_TRAITS) for _ in DILATIONS]
            self.last = layers.Dense(_LAST)
            self.words = layers.Dense(classes)
            self.drop = layers.Dropout(_DROPPED)
            self.norms = [layers.BatchNormalization() for _ in range(4 + len(DILATIONS))]

        def call(self, seen: Any, sound: Any, training: bool = False) -> Any:
            norms = iter([partial(norm, training=training) for norm in self.norms])
            seen = relu(next(norms)(self.patch1(seen[..., None])))
            seen = relu(next(norms)(self.patch2(seen)))
            sound = sound[:, ::2]
            seen = tf.reshape(seen, (tf.shape(seen)[0], tf.shape(seen)[1], BANDS // 4 * _PATCH_TRAITS[1]))
            traits = relu(next(norms)(self.step(seen))) * sound
            for around, mixed in zip(self.around, self.mixed, strict=True):
                traits = relu(traits + next(norms)(mixed(around(traits)))) * sound
            traits = relu(next(norms)(self.last(traits))) * sound
            mean = MEAN_WEIGHT * tf.reduce_sum(traits, axis=1) / tf.reduce_sum(sound, axis=1)
            whole = tf.concat([tf.reduce_max(traits, axis=1), mean], -1)
            return self.words(self.drop(whole, training=training))

    return Network()


def folded(net: Any) -> dict[str, Floats]:
    """The weights as `voice.word_spectrum` reads them."""
    many = len(DILATIONS)
    mixed = [plain(layer, norm) for layer, norm in zip(net.mixed, net.norms[3 : 3 + many], strict=True)]
    kept = {
        "around": np.stack([layer.depthwise_kernel.numpy()[:, :, 0] for layer in net.around]),
        "around_bias": np.stack([layer.bias.numpy() for layer in net.around]),
        "mixed": np.stack([weights for weights, _ in mixed]),
        "mixed_bias": np.stack([bias for _, bias in mixed]),
        "words": net.words.kernel.numpy(),
        "words_bias": net.words.bias.numpy(),
    }
    plain_ones = (("patch1", 0), ("patch2", 1), ("step", 2), ("last", 3 + many))
    for name, place in plain_ones:
        kept[name], kept[f"{name}_bias"] = plain(getattr(net, name), net.norms[place])
    return {name: np.asarray(one, np.float32) for name, one in kept.items()}


def taught(directory: Path, rounds: int, seed: int) -> dict[str, Floats]:
    """One network; each begins with other weights and sees other lots."""
    os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "OMP_NUM_THREADS": "1"}
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.random.set_seed(seed)
    lessons, rng = Lessons(directory), np.random.default_rng(seed)
    classes = len(lessons.words) + 1
    net, steps = network(tf, classes), -(-len(lessons.labels) // BATCH) * rounds

    optimiser = tf.keras.optimizers.legacy.Adam(falling_rate(tf, _PACE, steps), clipnorm=5.0)

    @tf.function(reduce_retracing=True, autograph=False)
    def step(seen: Any, sound: Any, labels: Any) -> Any:
        with tf.GradientTape() as tape:
            scores = net(seen, sound, training=True)
            wanted = tf.one_hot(labels, classes) * (1 - _SMOOTHING) + _SMOOTHING / classes
            loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(wanted, scores))
            sizes = [tf.nn.l2_loss(one) for one in net.trainable_variables if "kernel" in one.name]
            whole = loss + _DECAY * tf.add_n(sizes)
        slopes = tape.gradient(whole, net.trainable_variables)
        optimiser.apply_gradients(zip(slopes, net.trainable_variables, strict=True))
        return tf.reduce_sum(tf.cast(tf.argmax(scores, -1) == tf.cast(labels, tf.int64), tf.int32))

    began = time.monotonic()
    for number in range(rounds):
        right = sum(int(step(*batch)) for batch in ahead(lessons.batches(rng)))
        share = right / len(lessons.labels)
        print(
            f"network {seed}, round {number + 1} of {rounds}: {share:.1%} right, {time.monotonic() - began:.0f} s",
            flush=True,
        )
    return folded(net)


def main() -> None:
    parser = argparse.ArgumentParser(description="Single words by their spectrum: taught.")
    parser.add_argument("--heard", type=Path, default=PROJECT / "var" / "bench" / "short_words")
    parser.add_argument("--networks", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=18)
    parser.add_argument("--out", type=Path, default=OUT)
    chosen = parser.parse_args()
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count() or 1, fresh) as processes:
        teach = partial(taught, chosen.heard, chosen.rounds)
        networks = list(processes.map(teach, range(chosen.networks)))
    lessons = Lessons(chosen.heard)
    kept: dict[str, Any] = {name: np.stack([one[name] for one in networks]).astype(np.float16) for name in networks[0]}
    about = {"words": lessons.words, "sounds": len(lessons.labels)}
    np.savez_compressed(chosen.out, about=json.dumps(about, ensure_ascii=False), **kept)
    print(f"{chosen.out}: {len(lessons.words)} words, {chosen.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
