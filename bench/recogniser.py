"""What a transcription costs and how well it hears, before and after each thing that was made faster.

    .venv/bin/python bench/recogniser.py [--every 2] [--sounds DIR] [--out FILE]

The sounds are the recorded questions of tests/audio, the questions and single words of `bench/callers_audio.py` (those
made so far, on its lines, with the half second before and 0.3 s after that the call keeps), and the questions that
`bench/hearing.py --sounds DIR` has left. Every variant hears every sound, in a process of its own whose environment
is the variant's, and they take turns sound by sound, so that a busy machine is equally busy for all. `cpu_ms` counts
every thread of the process, for 0.15 s after the transcript too.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bench.callers_audio import LEAD_SECONDS, LINES, RATE_HZ, Callers, on_a_line, open_callers
from bench.hearing import QUESTIONS, spoken
from bot.commands.evaluate import edit_distance, words_of
from bot.evaluation import read_labelled
from bot.hearing import load_lexicon
from bot.machine import machine
from bot.settings import PROJECT_DIR, load_settings
from voice.audio import Floats, read_wav, resample, write_wav
from voice.install.places import model_path
from voice.plausibility import plausible
from voice.silero import voiced_seconds
from voice.spoken_french import speak
from voice.transcript import folded_words
from voice.whisper import RATE_HZ as HEARD_AT_HZ
from voice.whisper import SERVED, Decoding, Whisper

_BEFORE, _AFTER = 0.5, 0.3
_SPIN_SECONDS = 0.15
_RECORDED = PROJECT_DIR / "tests" / "audio"


class Variant(NamedTuple):
    """`blas_threads`: of NumPy's OpenBLAS. `whole_vocabulary`: with the tokens of every language."""

    decoding: Decoding
    blas_threads: int = 1
    prompted: bool = True
    whole_vocabulary: bool = False


VARIANTS = {
    "before": Variant(Decoding(5, 5), blas_threads=os.cpu_count() or 2, whole_vocabulary=True),
    "served": Variant(SERVED),
    "whole_vocabulary": Variant(SERVED, whole_vocabulary=True),
    "three_finished": Variant(Decoding(5, 3)),
    "two_finished": Variant(Decoding(5, 2)),
    "beam_3": Variant(Decoding(3, 3)),
    "greedy": Variant(Decoding(1, 1)),
    "no_prompt": Variant(SERVED, prompted=False),
}


class Said(NamedTuple):
    """A sound (8 kHz) and its words; `kind` is question or word."""

    kind: str
    text: str
    sound: Floats


def main() -> None:
    parser = argparse.ArgumentParser(description="What a transcription costs and how well it hears.")
    parser.add_argument("--every", type=int, default=2, help="take every n-th sound")
    parser.add_argument("--sounds", type=Path, help="what bench/hearing.py --sounds has made")
    parser.add_argument("--out", type=Path, default=PROJECT_DIR / "bench" / "results" / "recogniser.json")
    parser.add_argument("--only", default="", help="these variants beside `before`, with commas (default: all)")
    parser.add_argument("--variant", choices=VARIANTS, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.variant:
        serve(VARIANTS[chosen.variant])
        return
    said = [*questions(chosen.sounds), *words()][:: chosen.every]
    names = ["before", *chosen.only.split(",")] if chosen.only else list(VARIANTS)
    heard = transcribe(said, names)
    result = {
        "machine": machine(),
        "load": round(os.getloadavg()[0], 1),
        "n": {kind: sum(one.kind == kind for one in said) for kind in ("question", "word")},
        "variants": {name: figures(said, each, heard["before"]) for name, each in heard.items()},
    }
    chosen.out.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1, ensure_ascii=False))


# -- the sounds --


def questions(left: Path | None) -> Iterator[Said]:
    with (_RECORDED / "manifest.tsv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            yield Said("question", row["text"], read_wav(_RECORDED / row["path"])[0])
    yield from _callers("question", "question")
    if left:
        asked = read_labelled(QUESTIONS)[::2]
        for path in sorted(left.glob("*.wav")):
            yield Said("question", spoken(asked[int(path.stem)].question), read_wav(path)[0])


def words() -> Iterator[Said]:
    yield from _callers("word", "word", "recorded_word")


def _callers(kind: str, *kinds: str) -> Iterator[Said]:
    callers: Callers = open_callers(load_settings())
    for number, clip in enumerate(callers.of_kind(*kinds)):
        sound = on_a_line(callers, clip, LINES[number % len(LINES)])
        start, end = LEAD_SECONDS + clip.starts - _BEFORE, LEAD_SECONDS + clip.ends + _AFTER
        yield Said(kind, clip.text, sound[round(start * RATE_HZ) : round(end * RATE_HZ)])


# -- one variant, one process: a path a line in, figures and words a line out --


def transcribe(said: Sequence[Said], names: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    heard: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as directory:
        running = {name: _start(name, VARIANTS[name]) for name in names}
        for number, one in enumerate(said):
            path = Path(directory) / f"{number}.wav"
            write_wav(path, one.sound, RATE_HZ)
            for name, process in running.items():
                assert process.stdin and process.stdout
                process.stdin.write(f"{path}\n")
                process.stdin.flush()
                heard[name].append(json.loads(process.stdout.readline()))
        for process in running.values():
            process.communicate()
    return heard


def _start(name: str, variant: Variant) -> subprocess.Popen[str]:
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": str(variant.blas_threads), "PYTHONPATH": str(PROJECT_DIR)}
    command = [sys.executable, __file__, "--variant", name]
    return subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def serve(variant: Variant) -> None:
    settings = load_settings()
    lexicon = load_lexicon(settings)
    whisper = Whisper(
        model_path(settings.models_path, settings.speech.whisper_model),
        prompt=lexicon.prompt if variant.prompted else "",
        decoding=variant.decoding,
        terms=lexicon.terms,
        whole_vocabulary=variant.whole_vocabulary,
    )
    whisper.transcribe(np.random.default_rng(0).normal(0, 0.01, HEARD_AT_HZ).astype(np.float32))
    for line in sys.stdin:
        sound, rate_hz = read_wav(Path(line.strip()))
        samples = resample(sound, rate_hz, HEARD_AT_HZ)
        at, cpu = time.perf_counter(), time.process_time()
        transcript = whisper.transcribe(samples)
        taken = time.perf_counter() - at
        time.sleep(_SPIN_SECONDS)
        cpu = time.process_time() - cpu
        passed_on = plausible(transcript, voiced_seconds(sound, rate_hz)) and transcript.certainty in ("high", "medium")
        row = {"text": transcript.text, "passed_on": passed_on, "confidence": transcript.confidence}
        print(json.dumps({**row, "ms": taken * 1000, "cpu_ms": cpu * 1000}), flush=True)


# -- the figures --


def figures(said: Sequence[Said], heard: Sequence[dict[str, Any]], before: Sequence[dict[str, Any]]) -> dict[str, Any]:
    asked = [(one, h, b) for one, h, b in zip(said, heard, before, strict=True) if one.kind == "question"]
    single = [(one, h) for one, h in zip(said, heard, strict=True) if one.kind == "word"]
    pairs = [(words_of(one.text), words_of(h["text"])) for one, h, _ in asked]
    took = [h["ms"] for _, h, _ in asked]
    missed = [f"{one.text}: {h['text']}" for one, h in single if not _same_words(one.text, h["text"])]
    return {
        "ms_p50": round(float(np.percentile(took, 50))),
        "ms_p95": round(float(np.percentile(took, 95))),
        "cpu_ms": round(float(np.mean([h["cpu_ms"] for _, h, _ in asked]))),
        "wrong_words": round(sum(edit_distance(*pair) for pair in pairs) / sum(len(one) for one, _ in pairs), 4),
        "passed_on": round(sum(h["passed_on"] for _, h, _ in asked) / len(asked), 4),
        "words_as_before": sum(folded_words(h["text"]) == folded_words(b["text"]) for _, h, b in asked),
        "confidence_minus_before": round(float(np.mean([h["confidence"] - b["confidence"] for _, h, b in asked])), 4),
        "one_word_ms_p50": round(float(np.median([h["ms"] for _, h in single]))) if single else None,
        "one_word_right": round(1 - len(missed) / len(single), 4) if single else None,
        "one_word_wrong": missed,
    }


def _same_words(said: str, heard: str) -> bool:
    return words_of(speak(said)) == words_of(speak(heard))  # "deux" and "2" sound the same


if __name__ == "__main__":
    main()
