"""Teaches `voice/short_words.py` its words, and measures it with voices that it has never heard.

    .venv/bin/python bench/callers_audio.py                         # once: the callers that it is measured with
    .venv/bin/python bench/short_words.py speak [--seconds 600]     # who teaches: 3,100 clips, 40 minutes
    .venv/bin/python bench/short_words.py listen [--seconds 600]    # what both kinds of networks are given, 30 minutes
    .venv/bin/python bench/short_words.py teach                     # voice/short_words.npz, 20 minutes
    PYTHONPATH=. .venv-rasa/bin/python bench/short_words_spectrum.py  # voice/word_spectrum.npz, 30 minutes
    .venv/bin/python bench/short_words.py measure [--out FILE]      # bench/results/short_words.json, 3 minutes

`speak` and `listen` stop after `--seconds` and go on where they were. All lots are drawn alike at each run. Everything
is kept in <data>/bench/short_words; what is removed there is made anew. espeak-ng and sox are needed.
"""

from __future__ import annotations

import argparse
import json
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.callers_audio import open_callers
from bench.short_words_measure import Utterance, cost, last_utterance, measure
from bench.short_words_network import Weights, taught
from bench.short_words_takes import Teacher, takes
from bench.short_words_teachers import CROWDS, is_spoken, speak_all, voices
from bot.machine import machine
from bot.settings import PROJECT_DIR, Settings, load_settings
from voice.audio import Floats
from voice.engines import load_whisper
from voice.install.catalogue import WHISPER_BASE
from voice.short_words import LONGEST_SECONDS, MOST_STEPS, SURE, WINDOW_SECONDS, short_sound
from voice.whisper import Whisper
from voice.word_spectrum import spectrum

NETWORKS, PROCESSES = 4, 2


def main() -> None:
    parser = argparse.ArgumentParser(description="Single words: taught and measured.")
    parser.add_argument("what", choices=("speak", "listen", "teach", "measure"))
    parser.add_argument("--seconds", type=float, default=1e9, help="stop after this long; the rest is made next time")
    parser.add_argument("--out", type=Path, default=PROJECT_DIR / "bench" / "results" / "short_words.json")
    chosen = parser.parse_args()
    settings = load_settings()
    directory = settings.data_path / "bench" / "short_words"
    directory.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + chosen.seconds
    match chosen.what:
        case "speak":
            print("all is spoken" if speak_all(settings, directory, deadline) else "something is left to be spoken")
        case "listen":
            listen(settings, directory, deadline)
        case "teach":
            teach(directory, PROJECT_DIR / "voice" / "short_words.npz")
        case "measure":
            result: dict[str, Any] = {"machine": machine(), "sure_from": SURE, "cpu_seconds": cost(settings)}
            result |= measure(settings, directory)
            chosen.out.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
            print(json.dumps(result, indent=1, ensure_ascii=False))


def listen(settings: Settings, directory: Path, deadline: float) -> None:
    """Keeps the encoder's steps of all takes, and their spectra, two files for each voice."""
    left = [voice for voice in voices() if not all((directory / name).exists() for name in _files(voice))]
    with ProcessPoolExecutor(PROCESSES) as processes:
        for told in processes.map(partial(_listen_to, settings, directory, deadline), left):
            print(told, flush=True)


def _files(voice: str) -> tuple[str, str]:
    return f"{voice}.npz", f"{voice}.spectra.npz"


def _listen_to(settings: Settings, directory: Path, deadline: float, voice: str) -> str:
    """Keeps the steps and spectra of one voice; what has become of it."""
    if not is_spoken(directory, voice):
        return f"{voice} is not spoken yet"
    if time.monotonic() > deadline:
        return f"{voice} is left to be heard"
    callers, whisper = open_callers(settings), load_whisper(settings)
    names, answers, steps, spectra = [], [], [], []
    for said in takes(callers, Teacher(directory / voice)):
        sound = _short(last_utterance(said.line), loud_stretch=voice in CROWDS)
        if sound is not None and len(made := encoded(whisper, sound)):
            names.append(said.name)
            answers.append(said.answer)
            steps.append(made)
            spectra.append(spectrum(sound))
    for name, kind, each in zip(_files(voice), ("steps", "bands"), (steps, spectra), strict=True):
        kept = {"names": names, "answers": answers, "counts": [len(one) for one in each]}
        place = directory / name
        with place.with_suffix(".part").open("wb") as file:
            np.savez(file, **kept, **{kind: np.concatenate(each).astype(np.float16)})
        place.with_suffix(".part").rename(place)
    return f"{voice}: {len(names)} sounds"


def _short(utterance: Utterance | None, *, loud_stretch: bool) -> Floats | None:
    """What may be a word: its loud stretch, as a call hears it; or all of it, if the ear noticed no more speech."""
    if utterance is None:
        return None
    if loud_stretch:
        return short_sound(utterance[0])
    return utterance[0] if utterance[1] <= LONGEST_SECONDS else None


def encoded(whisper: Whisper, utterance: Floats) -> Floats:
    """As `voice.engines` has it."""
    return whisper.encoded(utterance, WINDOW_SECONDS)[:MOST_STEPS]


def teach(directory: Path, out: Path) -> None:
    """Makes the weights from what was heard of all voices."""
    with ProcessPoolExecutor(PROCESSES) as processes:
        networks = list(processes.map(partial(network, directory), range(NETWORKS)))
    words, _, counts, _ = lessons(directory)
    about = {"words": words, "model_sha256": WHISPER_BASE[0].sha256, "voices": voices(), "sounds": len(counts)}
    kept: dict[str, Any] = {name: np.stack([one[name] for one in networks]).astype(np.float16) for name in networks[0]}
    np.savez_compressed(out, about=json.dumps(about, ensure_ascii=False), **kept)
    print(f"{out}: {len(words)} words, {out.stat().st_size} bytes, taught with {len(counts)} sounds")


def network(directory: Path, seed: int) -> Weights:
    """One of those that are asked together; each began with other weights."""
    words, labels, counts, steps = lessons(directory)
    return taught(steps, counts, labels, len(words) + 1, seed)


def lessons(directory: Path) -> tuple[list[str], NDArray[np.int64], NDArray[np.int64], NDArray[np.float16]]:
    """The words; and of all sounds, which they are, their lengths and their steps."""
    pieces = [np.load(directory / f"{voice}.npz") for voice in voices()]
    answers, counts, steps = (
        np.concatenate([piece[name] for piece in pieces]) for name in ("answers", "counts", "steps")
    )
    words = sorted(set(answers) - {""})
    return words, np.array([words.index(one) if one else len(words) for one in answers]), counts, steps


if __name__ == "__main__":
    main()
