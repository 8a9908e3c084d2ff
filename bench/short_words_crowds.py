"""Crowds for `bench/short_words_teachers.py`: every word is said by somebody else.

A voice of the bundled synthesiser is a table of numbers, and a mixture of tables is a voice of its own. So the table is
made an input of the network, and each clip is said by a mixture drawn for it: a third to two thirds French, the rest
one or two of 44 foreign ones of npm's kokoro-js. Ninety words of one voice teach a voice; ninety of a crowd, the words.
"""

from __future__ import annotations

import tarfile
import zlib
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

from bench.callers_audio import VOICES
from bot.settings import Settings
from voice.audio import Floats
from voice.piper_voice import PiperVoice
from voice.spoken_french import speak

FRENCH = "ff_siwis"
PACES = (1.0, 0.85, 1.15, 0.95, 1.25, 1.05)
MARKS = (" !", ".", " ?", ".")
_TABLE = "pv_style"
"""The input of the bundled voice's network that tells who speaks."""
_MEASURED_WITH = frozenset(style for shares in VOICES.values() for style in shares) - {FRENCH}
_SCALES = (0.667, 0.8)
"""Of Piper's own, which this network has no use for."""


class Crowd(PiperVoice):
    """The bundled voice as somebody else for each text. `archive` is that of kokoro-js, `made` a place for its file."""

    def __init__(self, settings: Settings, archive: Path, made: Path) -> None:
        super().__init__(_with_a_table(settings, made), threads=1)
        self._tables = _tables(archive)
        self._table = self._tables[FRENCH]

    def say(self, crowd: str, text: str) -> Floats:
        """One of a crowd says it at one of six paces, as a statement, a question or a call: the same at each run."""
        rng = np.random.default_rng(zlib.crc32(f"{crowd} {text}".encode()))
        self.become(rng)
        return self.synthesise(speak(text + str(rng.choice(MARKS))), length_scale=float(rng.choice(PACES)))

    def become(self, rng: np.random.Generator) -> None:
        """Somebody drawn by lot."""
        others = rng.choice([name for name in self._tables if name != FRENCH], size=rng.integers(1, 3), replace=False)
        shares = rng.dirichlet(np.full(len(others), 2.0)) * (1 - (french := rng.uniform(0.35, 0.65)))
        self._table = sum(
            (self._tables[str(name)] * np.float32(share) for name, share in zip(others, shares, strict=True)),
            self._tables[FRENCH] * np.float32(french),
        )

    def _speak(self, phonemes: list[str], length_scale: float) -> Floats:
        ids = self._engine.phonemes_to_ids(phonemes)
        given = {
            "input": np.array([ids], np.int64),
            "input_lengths": np.array([len(ids)], np.int64),
            "scales": np.array([_SCALES[0], length_scale, _SCALES[1]], np.float32),
            _TABLE: self._table,
        }
        return np.asarray(self._session.run(None, given)[0], np.float32).reshape(-1)


def _with_a_table(settings: Settings, made: Path) -> Path:
    """The installed voice, whose table is given with each text."""
    base = settings.voices_path / f"{settings.speech.voice}.onnx"
    model = onnx.load(str(base))
    table = next(one for one in model.graph.initializer if one.name == _TABLE)
    model.graph.input.append(helper.make_tensor_value_info(_TABLE, TensorProto.FLOAT, list(table.dims)))
    path = made / base.name
    onnx.save(model, str(path))
    path.with_name(path.name + ".json").write_bytes(base.with_name(base.name + ".json").read_bytes())
    return path


def _tables(archive: Path) -> dict[str, Floats]:
    """Everybody in kokoro-js but those who are in the voices that the words are measured with; by name."""
    found = {}
    with tarfile.open(archive) as tar:
        for member in sorted(tar.getmembers(), key=lambda one: one.name):
            name = Path(member.name)
            if name.suffix == ".bin" and name.stem not in _MEASURED_WITH and (file := tar.extractfile(member)):
                found[name.stem] = np.frombuffer(file.read(), np.float32).reshape(-1, 256)
    return found
