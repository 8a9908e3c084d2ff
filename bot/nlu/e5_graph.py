"""The network of multilingual-e5-small (a BERT of 12 layers) as an ONNX graph that multiplies in 8-bit integers.

Two rules keep the vectors right. Numbers are made integers token by token (a token's largest value becomes 127),
because one outlier would take the precision of all others, and because a text's vector must not depend on what is
encoded beside it. And weights have 7 bits: products of 8 and 7 bits can be added in pairs within 16 bits, which is
how processors without VNNI add them; with 8 they would overflow there, silently.

Word vectors are looked up outside the graph. Several texts go in one behind the other without padding; `bias` keeps
each to itself.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from bot.nlu.e5_onnx import MICROSOFT, GraphWriter
from bot.nlu.e5_weights import E5Weights, Floats, Packed, unpacked

_LARGEST_WEIGHT = 63
_LARGEST_ACTIVATION = 127
_ZERO_ACTIVATION = 128
# Below this, a token's largest value counts as this: nothing is divided by zero.
_SMALLEST_RANGE = 1e-6

# Adds to a graph the product of a tensor with a matrix; returns the result's name. The bench tries others.
Product = Callable[[GraphWriter, str, Packed], str]


def eight_bit_product(graph: GraphWriter, source: str, matrix: Packed) -> str:
    """Integers for each token and each output, multiplied, and made floats again."""
    whole, factors = eight_bit(unpacked(matrix))
    step = graph.array(np.array(1 / _LARGEST_ACTIVATION, np.float32))
    zero = graph.array(np.array(_ZERO_ACTIVATION, np.uint8))
    largest = graph.apply("ReduceMax", graph.apply("Abs", source), axes=[-1], keepdims=1)
    largest = graph.apply("Max", largest, graph.array(np.array(_SMALLEST_RANGE, np.float32)))
    quantised = graph.apply("QuantizeLinear", graph.apply("Div", source, largest), step, zero)
    product = graph.apply(
        "MatMulIntegerToFloat",
        quantised,
        graph.array(whole.T),
        step,
        graph.array(factors),
        zero,
        graph.array(np.zeros(len(whole), np.int8)),
        domain=MICROSOFT,
    )
    return graph.apply("Mul", product, largest)


def eight_bit(matrix: Floats) -> tuple[npt.NDArray[np.int8], Floats]:
    """Integers within ±63, and the factor of each row: matrix ≈ integers x factors."""
    factors = np.maximum(np.abs(matrix).max(axis=1), _SMALLEST_RANGE) / _LARGEST_WEIGHT
    return np.rint(matrix / factors[:, None]).astype(np.int8), factors.astype(np.float32)


def encoder_model(weights: E5Weights, product: Product = eight_bit_product) -> bytes:
    """An ONNX model. Inputs: "words" (1, tokens, hidden), the sum of word, place and type vectors; "bias" (1, 1,
    tokens, tokens), 0 where one token sees the other and very negative where it does not. Output: "tokens", like
    "words"."""
    return _Network(weights, product).model()


class _Network:
    """Writes the graph. Methods take and return names of tensors of shape (1, tokens, …)."""

    def __init__(self, weights: E5Weights, product: Product) -> None:
        self._graph = GraphWriter()
        self._weights = weights
        self._product = product
        self._epsilon = float(weights.epsilon)

    def model(self) -> bytes:
        norm = self._vectors("emb.ln.w"), self._vectors("emb.ln.b")
        state = self._graph.apply("LayerNormalization", "words", *norm, axis=-1, epsilon=self._epsilon)
        for number in range(self._weights.layers):
            state = self._layer(f"l{number}", state)
        self._graph.node("Identity", [state], ["tokens"])
        shape = (1, "tokens", self._weights.hidden)
        return self._graph.model({"words": shape, "bias": (1, 1, "tokens", "tokens")}, {"tokens": shape})

    def _layer(self, layer: str, state: str) -> str:
        hidden, inner = self._weights.hidden, self._weights.inner
        change = self._times(self._attention(layer, state), hidden, f"{layer}.ao.w")
        state = self._added(state, change, f"{layer}.ao.b", f"{layer}.aln")
        wide = self._times(state, hidden, f"{layer}.fi.w")
        wide = self._graph.apply("BiasGelu", wide, self._vectors(f"{layer}.fi.b"), domain=MICROSOFT)
        change = self._times(wide, inner, f"{layer}.fo.w")
        return self._added(state, change, f"{layer}.fo.b", f"{layer}.oln")

    def _attention(self, layer: str, state: str) -> str:
        hidden = self._weights.hidden
        three = self._times(state, hidden, f"{layer}.q.w", f"{layer}.k.w", f"{layer}.v.w")
        query, key, value = self._graph.split(three, [hidden] * 3)
        biases = self._vectors(f"{layer}.q.b", f"{layer}.k.b", f"{layer}.v.b")
        no_padding = ""
        inputs = (query, key, value, biases, no_padding, "bias")
        return self._graph.apply("MultiHeadAttention", *inputs, domain=MICROSOFT, num_heads=self._weights.heads)

    def _added(self, state: str, change: str, bias: str, norm: str) -> str:
        inputs = (change, state, *map(self._vectors, (f"{norm}.w", f"{norm}.b", bias)))
        return self._graph.apply("SkipLayerNormalization", *inputs, domain=MICROSOFT, epsilon=self._epsilon)

    def _times(self, source: str, columns: int, *names: str) -> str:
        """The product with matrices that stand side by side."""
        matrix = np.concatenate([self._weights.packed(name, columns) for name in names])
        return self._product(self._graph, source, matrix)

    def _vectors(self, *names: str) -> str:
        """Stored vectors, one behind the other."""
        return self._graph.array(np.concatenate([self._weights.vector(name) for name in names]))
