"""Teaches the networks of `voice/number_ear.py`. In the Rasa environment (TensorFlow), from the project's directory:

    PYTHONPATH=. .venv-rasa/bin/python bench/number_ear_network.py [--heard DIR] [--networks 2] [--rounds 24]

after `bench/number_ear.py listen`. Each network learns to write the number words that it hears, one after another,
without being told when each was said (connectionist temporal classification, Graves et al. 2006). In each of its rounds
every sound comes at another pace, with stretches of time and some of its traits hidden. Those whose names end in 9
teach nothing: by them it is told how much is learnt.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from bench.teaching import Pace, falling_rate, plain
from voice.install.catalogue import WHISPER_BASE
from voice.number_ear import DILATIONS, TOKENS
from voice.taught import Floats

PROJECT = Path(__file__).parents[1]
OUT = PROJECT / "voice" / "number_ear.npz"
BATCH, ALIKE = 24, 16
"""Batches are drawn from so many at once, alike in length."""
_PACE = Pace(2e-3, 200, 0.01)
_DECAY, _DROPPED = 1e-5, 0.25
_REDUCED, _TRAITS, _REACH = 96, 160, 9
_STEPS_IN_A_ROW = 50


class Lessons:
    """All sounds: their steps one after another, how many each has, and the tokens that are said in it."""

    def __init__(self, paths: list[Path]) -> None:
        pieces = [np.load(path) for path in paths]
        texts = [str(text) for piece in pieces for text in piece["tokens"]]
        self.tokens = [[TOKENS.index(word) for word in text.split()] for text in texts]
        self.counts = np.concatenate([piece["counts"] for piece in pieces])
        self._steps = np.concatenate([piece["steps"] for piece in pieces])
        self._starts = np.concatenate([[0], np.cumsum(self.counts)[:-1]])

    def sound(self, number: int) -> Floats:
        return np.asarray(self._steps[self._starts[number] :][: self.counts[number]], np.float32)

    def batches(self, rng: np.random.Generator) -> Iterator[list[int]]:
        """Each sound once, those alike in length together."""
        order, batches = rng.permutation(len(self.counts)), []
        for start in range(0, len(order), BATCH * ALIKE):
            alike = order[start : start + BATCH * ALIKE]
            alike = alike[np.argsort(self.counts[alike], kind="stable")]
            batches += [[int(one) for one in alike[at : at + BATCH]] for at in range(0, len(alike), BATCH)]
        for at in rng.permutation(len(batches)):
            yield batches[at]


def elsewhere(steps: Floats, rng: np.random.Generator) -> Floats:
    """The steps of a sound at another pace, with something missing."""
    if rng.random() < 0.6:
        places = np.linspace(0, len(steps) - 1.001, round(len(steps) * rng.uniform(0.85, 1.2)))
        whole = places.astype(int)
        share = (places - whole)[:, None].astype(np.float32)
        steps = steps[whole] * (1 - share) + steps[whole + 1] * share
    steps = steps * (rng.random((1, steps.shape[1])) > 0.1).astype(np.float32) / np.float32(0.9)
    for _ in range(2):
        if rng.random() < 0.4:
            width = int(rng.integers(1, 5))
            first = int(rng.integers(0, max(1, len(steps) - width)))
            steps[first : first + width] = 0
    return steps


def together(sounds: list[Floats]) -> tuple[Floats, Floats]:
    """One array, and which of its steps hold sound."""
    longest = -(-max(len(one) for one in sounds) // _STEPS_IN_A_ROW) * _STEPS_IN_A_ROW
    steps = np.zeros((len(sounds), longest, sounds[0].shape[1]), np.float32)
    sound = np.zeros((len(sounds), longest, 1), np.float32)
    for place, one in enumerate(sounds):
        steps[place, : len(one)] = one
        sound[place, : len(one)] = 1
    return steps, sound


def network(tf: Any) -> Any:
    """As `voice.number_ear` has it, each layer but the last with its batch normalisation."""
    layers, relu = tf.keras.layers, tf.nn.relu

    class Network(tf.keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.reduce = layers.Dense(_REDUCED)
            self.pair = layers.Dense(_TRAITS)
            self.around = [layers.DepthwiseConv1D(_REACH, padding="same", dilation_rate=far) for far in DILATIONS]
            self.mixed = [layers.Dense(_TRAITS) for _ in DILATIONS]
            self.tokens = layers.Dense(len(TOKENS) + 1)
            self.drop = layers.Dropout(_DROPPED)
            self.norms = [layers.BatchNormalization() for _ in range(2 + len(DILATIONS))]

        def call(self, steps: Any, sound: Any, training: bool = False) -> Any:
            norms = iter([partial(norm, training=training) for norm in self.norms])
            reduced = relu(next(norms)(self.reduce(steps))) * sound
            shape = tf.shape(reduced)
            pairs = tf.reshape(reduced, (shape[0], shape[1] // 2, 2 * _REDUCED))
            sound = tf.maximum(sound[:, ::2], sound[:, 1::2])
            traits = relu(next(norms)(self.pair(pairs))) * sound
            for around, mixed in zip(self.around, self.mixed, strict=True):
                seen = self.drop(around(traits), training=training)
                traits = relu(traits + next(norms)(mixed(seen))) * sound
            return self.tokens(self.drop(traits, training=training))

    return Network()


def folded(net: Any) -> dict[str, Floats]:
    """The weights as `voice.number_ear` reads them."""
    mixed = [plain(layer, norm) for layer, norm in zip(net.mixed, net.norms[2:], strict=True)]
    kept = {
        "around": np.stack([layer.depthwise_kernel.numpy()[:, :, 0] for layer in net.around]),
        "around_bias": np.stack([layer.bias.numpy() for layer in net.around]),
        "mixed": np.stack([weights for weights, _ in mixed]),
        "mixed_bias": np.stack([bias for _, bias in mixed]),
        "tokens": net.tokens.kernel.numpy(),
        "tokens_bias": net.tokens.bias.numpy(),
    }
    for name, place in (("reduce", 0), ("pair", 1)):
        kept[name], kept[f"{name}_bias"] = plain(getattr(net, name), net.norms[place])
    return {name: np.asarray(one, np.float32) for name, one in kept.items()}


def taught(directory: Path, rounds: int, seed: int) -> dict[str, Floats]:
    """One network; each begins with other weights and sees other lots."""
    os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "OMP_NUM_THREADS": "1"}
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.random.set_seed(seed)
    paths = sorted(directory.glob("*.npz"))
    lessons = Lessons([path for path in paths if not path.stem.endswith("9")])
    examined = Lessons([path for path in paths if path.stem.endswith("9")])
    rng = np.random.default_rng(seed)
    net, many = network(tf), -(-len(lessons.counts) // BATCH) * rounds

    optimiser = tf.keras.optimizers.legacy.Adam(falling_rate(tf, _PACE, many), clipnorm=5.0)

    @tf.function(reduce_retracing=True, autograph=False)
    def step(steps: Any, sound: Any, wanted: Any, lengths: Any) -> Any:
        with tf.GradientTape() as tape:
            scores = tf.transpose(net(steps, sound, training=True), (1, 0, 2))
            losses = tf.compat.v1.nn.ctc_loss(wanted, scores, lengths, ignore_longer_outputs_than_inputs=True)
            sizes = [tf.nn.l2_loss(one) for one in net.trainable_variables if "kernel" in one.name]
            whole = tf.reduce_mean(losses) + _DECAY * tf.add_n(sizes)
        slopes = tape.gradient(whole, net.trainable_variables)
        optimiser.apply_gradients(zip(slopes, net.trainable_variables, strict=True))
        return tf.reduce_sum(losses)

    @tf.function(reduce_retracing=True, autograph=False)
    def best(steps: Any, sound: Any) -> Any:
        return tf.argmax(net(steps, sound, training=False), -1)

    began = time.monotonic()
    for number in range(rounds):
        loss = 0.0
        for chosen in lessons.batches(rng):
            steps, sound = together([elsewhere(lessons.sound(one), rng) for one in chosen])
            lengths = np.asarray(np.ceil(sound[:, :, 0].sum(axis=1) / 2), np.int32)
            loss += float(step(steps, sound, _sparse(tf, [lessons.tokens[one] for one in chosen]), lengths))
        if number % 4 == 3 or number == rounds - 1:
            right = 0
            for chosen in examined.batches(np.random.default_rng(0)):
                steps, sound = together([examined.sound(one) for one in chosen])
                for one, whole in zip(chosen, best(steps, sound).numpy(), strict=True):
                    path = whole[: -(-int(examined.counts[one]) // 2)]
                    kept = [int(a) for a, b in zip(path, [-1, *path[:-1]], strict=True) if a != b and a < len(TOKENS)]
                    right += kept == examined.tokens[one]
            share = right / max(1, len(examined.counts))
            print(
                f"network {seed}, round {number + 1} of {rounds}: loss {loss / len(lessons.counts):.2f}, "
                f"{share:.1%} of {len(examined.counts)} right, {time.monotonic() - began:.0f} s",
                flush=True,
            )
    return folded(net)


def _sparse(tf: Any, tokens: list[list[int]]) -> Any:
    places = [(row, column) for row, one in enumerate(tokens) for column in range(len(one))]
    values = [token for one in tokens for token in one]
    shape = (len(tokens), max(1, *(len(one) for one in tokens)))
    return tf.SparseTensor(np.array(places, np.int64).reshape(-1, 2), np.array(values, np.int32), shape)


def main() -> None:
    parser = argparse.ArgumentParser(description="Telephone numbers by the encoder's steps: taught.")
    parser.add_argument("--heard", type=Path, default=PROJECT / "var" / "bench" / "numbers")
    parser.add_argument("--networks", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=24)
    parser.add_argument("--out", type=Path, default=OUT)
    chosen = parser.parse_args()
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count() or 1, fresh) as processes:
        networks = list(processes.map(partial(taught, chosen.heard, chosen.rounds), range(chosen.networks)))
    kept: dict[str, Any] = {name: np.stack([one[name] for one in networks]).astype(np.float16) for name in networks[0]}
    about = {"tokens": TOKENS, "model_sha256": WHISPER_BASE[0].sha256}
    np.savez_compressed(chosen.out, about=json.dumps(about, ensure_ascii=False), **kept)
    print(f"{chosen.out}: {chosen.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
