"""Vectors of the training examples, kept on disk, so that training again costs seconds instead of minutes.

Embedding 4,000 examples takes the better part of a CPU minute; a corrected file changes a dozen of them. The store
is one .npz per encoder, keyed by a digest of the text: it holds no text. `python -m bot.nlu.vectors` reads a
JSON list of texts on standard input and fills the store on all cores; training itself then only reads it.

Texts are embedded one by one: in company a vector differs in its last digits, and training twice must give the same
model whatever the store held before.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from bot.nlu.encoder import Encoder, Vectors, open_encoder
from bot.nlu.text import spoken_form

PROJECT_DIR = Path(__file__).resolve().parent.parent.parent
CHUNK = 25

Progress = Callable[[int, int], None]


def default_directory() -> Path:
    """`embeddings/` in the data directory: GUICHET_DATA_DIR, else var/."""
    return PROJECT_DIR / os.environ.get("GUICHET_DATA_DIR", "var") / "embeddings"


def digest(text: str) -> str:
    """The key of a text: 16 bytes of SHA-256 in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:32]


class VectorStore:
    """The vectors known for one encoder. Nothing is written before `save`."""

    def __init__(self, encoder_name: str, directory: Path | None = None) -> None:
        self.path = (directory or default_directory()) / f"{encoder_name}.npz"
        self._known: dict[str, Vectors] = {}
        if self.path.is_file():
            try:
                with np.load(self.path, allow_pickle=False) as file:
                    self._known = dict(zip(file["keys"].tolist(), file["vectors"], strict=True))
            except (OSError, ValueError, KeyError):  # a torn file costs a recomputation, nothing else
                self._known = {}

    def missing(self, texts: Sequence[str]) -> list[str]:
        """Those texts, once each, that have no vector yet."""
        return [text for text in dict.fromkeys(texts) if digest(text) not in self._known]

    def add(self, texts: Sequence[str], vectors: Sequence[Vectors]) -> None:
        self._known.update((digest(text), vector) for text, vector in zip(texts, vectors, strict=True))

    def get(self, texts: Sequence[str]) -> Vectors:
        """Shape (len(texts), dimensions). Raises `KeyError` for a text that is missing."""
        return np.stack([self._known[digest(text)] for text in texts])

    def save(self) -> None:
        """Replaces the file in one step: a reader never sees half of it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.path.parent, suffix=".npz")
        with os.fdopen(handle, "wb") as file:
            np.savez(file, keys=np.array(list(self._known)), vectors=np.stack(list(self._known.values())))
        Path(name).replace(self.path)


def embed_stored(encoder: Encoder, texts: Sequence[str], directory: Path | None = None) -> Vectors:
    """Vectors of texts in `spoken_form`, from the store; what is missing is computed here and stored."""
    spoken = [spoken_form(text) for text in texts]
    store = VectorStore(encoder.name, directory)
    missing = store.missing(spoken)
    if missing:
        store.add(missing, [encoder.embed(text) for text in missing])
        store.save()
    return store.get(spoken)


def _embed_chunk(kind: str, texts: list[str]) -> list[Vectors]:
    encoder = open_encoder(kind)
    return [encoder.embed(text) for text in texts]


def fill_store(kind: str, texts: Sequence[str], workers: int, progress: Progress) -> int:
    """Embeds what the store lacks on `workers` processes; saves every few seconds of work, so that an
    interruption loses little. Returns how many were computed."""
    store = VectorStore(open_encoder(kind).name)
    missing = store.missing([spoken_form(text) for text in texts])
    if not missing:
        return 0
    chunks = [missing[i : i + CHUNK] for i in range(0, len(missing), CHUNK)]
    done = 0
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        results = pool.map(_embed_chunk, [kind] * len(chunks), chunks)
        for number, (chunk, vectors) in enumerate(zip(chunks, results, strict=True)):
            store.add(chunk, vectors)
            done += len(chunk)
            progress(done, len(missing))
            if number % 8 == 7:
                store.save()
    store.save()
    return done


def main() -> None:
    """`python -m bot.nlu.vectors [e5|use] [WORKERS]`, texts as a JSON list on standard input."""
    kind = sys.argv[1] if len(sys.argv) > 1 else "e5"
    workers = int(sys.argv[2]) if len(sys.argv) > 2 else (os.cpu_count() or 1)

    def report(done: int, total: int) -> None:
        print(f"guichet: {done} of {total} example questions embedded", file=sys.stderr, flush=True)

    fill_store(kind, json.load(sys.stdin), workers, report)


if __name__ == "__main__":
    main()
