"""Whisper without the words of a hundred other languages.

Each token that the decoder writes is chosen among 51,865, of which French needs a third; weighing all of them is a
quarter of its time. So the model is loaded from a copy without the rows of the others, which is deleted at once: the
file stays as it is. (What CTranslate2 is given as bytes it keeps as long as it lives.) What is left out can still be
written, in smaller pieces; every byte is kept, and so are all the marks of the model.

The kept tokens are those of the 60,000 commonest French words (wordfreq 3.1), in small letters, with a capital, behind
a space, an apostrophe and a hyphen, of the numbers to 3,000 and of punctuation; one bit a token in
`whisper_vocabulary.bin`. The service's own terms are added by whoever loads.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

FIRST_MARK = 50257
"""From here on tokens are marks, not text, in every multilingual Whisper; in an English one, from the token before."""
_END_OF_TEXT = "<|endoftext|>"
"""The first mark."""
_VOCABULARY = "vocabulary.json"
_IDS_IN_CONFIG = ("suppress_ids", "suppress_ids_begin", "lang_ids")
_FRENCH = Path(__file__).with_name("whisper_vocabulary.bin")

Tokens = NDArray[np.int64]


def french_tokens(also: Iterable[int], size: int) -> Tokens:
    """The tokens that French needs, in order: the common ones, `also`, and all marks of a vocabulary of `size`."""
    common = np.flatnonzero(np.unpackbits(np.frombuffer(_FRENCH.read_bytes(), np.uint8)))
    wanted = np.concatenate([common, np.fromiter(also, np.int64), np.arange(FIRST_MARK, size)])
    return np.unique(wanted[wanted < size])


def vocabulary_size(directory: Path) -> int:
    """How many tokens a model knows; 0 when its vocabulary is none that is cut here: a multilingual Whisper's."""
    path = directory / _VOCABULARY
    words = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
    return len(words) if isinstance(words, list) and words[FIRST_MARK : FIRST_MARK + 1] == [_END_OF_TEXT] else 0


@contextmanager
def cut_model(directory: Path, kept: Tokens) -> Iterator[Path]:
    """A directory with a model of CTranslate2 that has the `kept` rows of its vocabulary, to be loaded meanwhile.

    Raises `ValueError`, or `struct.error`, for a file that is none of CTranslate2's, and `OSError` without the room
    for another of its size among the temporary files.
    """
    with TemporaryDirectory(prefix="guichet-model-", ignore_cleanup_errors=True) as cut:
        _write_cut(directory, kept, Path(cut))
        yield Path(cut)


def _write_cut(directory: Path, kept: Tokens, cut: Path) -> None:
    words = json.loads((directory / _VOCABULARY).read_text(encoding="utf-8"))
    place = {int(token): number for number, token in enumerate(kept)}
    config = json.loads((directory / "config.json").read_text(encoding="utf-8"))
    for name in _IDS_IN_CONFIG:
        if name in config:
            config[name] = [place[token] for token in config[name] if token in place]
    (cut / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (cut / _VOCABULARY).write_text(json.dumps([words[token] for token in kept]), encoding="utf-8")
    with (cut / "model.bin").open("wb") as file:
        file.writelines(_cut_rows(memoryview((directory / "model.bin").read_bytes()), len(words), kept))


def _cut_rows(model: memoryview, size: int, kept: Tokens) -> list[bytes | memoryview]:
    """The pieces of the model with the `kept` rows of each variable that has as many as the vocabulary.

    The file: version, name of the specification and its revision; then each variable with name, dimensions, type, and
    its bytes; then aliases. Numbers are little-endian, names end in a zero byte that their length counts.
    """
    _, at = struct.unpack_from("<I", model)[0], 4
    at += 2 + struct.unpack_from("<H", model, at)[0] + 4
    (count,) = struct.unpack_from("<I", model, at)
    at += 4
    pieces: list[bytes | memoryview] = []
    copied = 0
    for _ in range(count):
        at += 2 + struct.unpack_from("<H", model, at)[0]
        (rank,) = struct.unpack_from("<B", model, at)
        shape = struct.unpack_from(f"<{rank}I", model, at + 1)
        header = at + 1 + 4 * rank
        kind, length = struct.unpack_from("<BI", model, header)
        start = header + 5
        if rank and shape[0] == size:
            rows = np.frombuffer(model, np.uint8, length, start).reshape(size, -1)[kept]
            pieces += [
                model[copied:at],
                struct.pack(f"<B{rank}I", rank, len(kept), *shape[1:]),
                struct.pack("<BI", kind, rows.size),
                rows.tobytes(),
            ]
            copied = start + length
        at = start + length
    if not pieces or at > len(model):
        raise ValueError("The model has no rows for its vocabulary.")
    return [*pieces, model[copied:]]


def renumbered(tokens: Sequence[int], kept: Tokens) -> list[int]:
    """Tokens of the whole vocabulary as places in the cut one, to which all of them belong."""
    return [int(place) for place in np.searchsorted(kept, np.asarray(tokens, np.int64))]
