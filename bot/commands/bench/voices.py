"""Who calls in the benches: many voices asking questions of the domain.

Made by bench/callers_audio.py under <data>/bench/callers (synthetic voices, men and women, several paces); where they
have not been made, the few recordings of tests/audio.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bot.commands.bench.sounds import NoiseKind, Samples, Utterance, line_noise, utterance
from bot.commands.evaluate import read_manifest
from bot.evaluation import read_labelled
from bot.settings import PROJECT_DIR, Settings
from voice.audio import read_wav, resample
from voice.leg import RATE_HZ

RECORDINGS = PROJECT_DIR / "tests" / "audio" / "manifest.tsv"
QUESTIONS = PROJECT_DIR / "tests" / "questions" / "dev.tsv"
NOT_ANSWERED = ("handover", "out_of_scope")
NOISES: tuple[NoiseKind, ...] = ("pink", "babble")


@dataclass(frozen=True, slots=True)
class Callers:
    """Everything the callers of one bench may say. `source` tells where it comes from."""

    questions: tuple[Utterance, ...]
    source: str

    def turns(self, count: int, seed: int) -> list[Utterance]:
        """`count` questions, each as often as the others, in an order that depends on the seed."""
        rng = np.random.default_rng(seed)
        order: list[int] = []
        while len(order) < count:
            order += rng.permutation(len(self.questions)).tolist()
        return [self.questions[number] for number in order[:count]]

    def noise(self, kind: NoiseKind, snr_db: float, seed: int) -> Samples:
        """The noise of one line."""
        return line_noise(kind, snr_db, np.random.default_rng(seed), self.questions)


def load_callers(settings: Settings) -> Callers:
    """The synthetic voices, or the recordings of the tests where there are too few of them."""
    directory = settings.data_path / "bench" / "callers"
    made = tuple(_made(directory))
    if len(made) >= 12:
        voices = len({one.voice for one in made})
        return Callers(made, f"{len(made)} questions of {voices} synthetic voices")
    recorded = tuple(_recorded(RECORDINGS))
    return Callers(recorded, f"{len(recorded)} recordings of tests/audio")


def _made(directory: Path) -> Iterator[Utterance]:
    index = directory / "clips.jsonl"
    if not index.is_file():
        return
    labels = {one.question: one.intents for one in read_labelled(QUESTIONS)}
    for line in index.read_text(encoding="utf-8").splitlines():
        clip = json.loads(line)
        path = directory / f"{clip['name']}.wav"
        intents = labels.get(clip["text"], ())
        if clip["kind"] == "question" and path.is_file() and not set(intents) & set(NOT_ANSWERED):
            yield _read(path, voice=clip["voice"], text=clip["text"], intents=intents)


def _recorded(manifest: Path) -> Iterator[Utterance]:
    for recording in read_manifest(manifest):
        if not set(recording.intents) & set(NOT_ANSWERED):
            yield _read(recording.path, voice="test", text=recording.text, intents=recording.intents)


def _read(path: Path, *, voice: str, text: str, intents: tuple[str, ...]) -> Utterance:
    samples, rate_hz = read_wav(path)
    return utterance(path.stem, resample(samples, rate_hz, RATE_HZ), voice=voice, text=text, intents=intents)


def voices_of(turns: Sequence[Utterance]) -> int:
    """How many different voices."""
    return len({turn.voice for turn in turns})
