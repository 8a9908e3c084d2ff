"""Judges labelled questions with a trained Rasa model, without starting Rasa: the same `Understanding` that is
served is taken out of the model's archive.

`python -m bot.nlu.evaluate MODEL.tar.gz`: on standard input a JSON list of [text, the recogniser's confidence in it, or
null for what was typed, its other readings as [text, confidence]]; on standard output a JSON object
{"report": …, "judged": [{"kind", "subjects", "ranking": [[intent, probability] × 5], "sureness", "chance"}]}.
"""

from __future__ import annotations

import json
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from bot.nlu.context import Context
from bot.nlu.encoder import Encoder, Vectors
from bot.nlu.text import spoken_form
from bot.nlu.understanding import FILE, Understanding
from bot.nlu.vectors import embed_stored


def load_from_archive(model: Path) -> Understanding:
    """Raises `RuntimeError` when the archive holds no model of ours."""
    with tarfile.open(model) as archive, tempfile.TemporaryDirectory() as directory:
        homes = {str(PurePosixPath(m.name).parent) for m in archive.getmembers() if PurePosixPath(m.name).name == FILE}
        if len(homes) != 1:
            raise RuntimeError("this archive holds no trained Guichet classifier")
        home = homes.pop()
        for member in archive.getmembers():
            path = PurePosixPath(member.name)
            source = archive.extractfile(member) if member.isfile() and str(path.parent) == home else None
            if source is not None:
                (Path(directory) / path.name).write_bytes(source.read())
        return Understanding.load(Path(directory))


Readings = Sequence[tuple[str, float]]


class Foreseen:
    """An encoder that looks up the vectors it has been given, and computes the others."""

    def __init__(self, encoder: Encoder, texts: list[str]) -> None:
        self.name = encoder.name
        self._encoder = encoder
        self._vectors: dict[str, Vectors] = dict(zip(texts, embed_stored(encoder, texts), strict=True))

    def embed(self, text: str) -> Vectors:
        found = self._vectors.get(text)
        return self._encoder.embed(text) if found is None else found

    def embed_all(self, texts: Sequence[str]) -> Vectors:
        return np.stack([self.embed(text) for text in texts])


def judge(known: Understanding, asked: Sequence[tuple[str, float | None, Readings]]) -> list[dict[str, Any]]:
    """What is done with each text (how surely it was heard, and what else), as the first of a conversation."""
    known.encoder = Foreseen(known.encoder, [spoken_form(text) for text, _, _ in asked])
    judged = []
    for text, heard_confidence, readings in asked:
        understood = known.understand(text, Context(heard_confidence, readings=tuple(readings)))
        decision = understood.decision
        judged.append(
            {
                "kind": decision.kind,
                "subjects": list(decision.subjects),
                "ranking": understood.ranking[:5],
                "sureness": round(decision.sureness, 4),
                "chance": round(decision.chance, 4),
                "reason": decision.reason,
            }
        )
    return judged


def main() -> None:
    known = load_from_archive(Path(sys.argv[1]))
    json.dump({"report": known.report, "judged": judge(known, json.load(sys.stdin))}, sys.stdout)


if __name__ == "__main__":
    main()
