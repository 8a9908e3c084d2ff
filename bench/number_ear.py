"""Who teaches `voice/number_ear.py` telephone numbers, and what Whisper's encoder makes of them.

    .venv/bin/python bench/callers_audio.py                        # once: the babble behind the voices
    .venv/bin/python bench/number_ear.py speak [--seconds 600]     # 2,000 clips, 20 minutes
    .venv/bin/python bench/number_ear.py listen [--seconds 600]    # 5,000 sounds on lines, 9 minutes
    PYTHONPATH=. .venv-rasa/bin/python bench/number_ear_network.py # voice/number_ear.npz, 9 minutes
    .venv/bin/python bench/spoken_numbers.py                       # what it has learnt, with other voices

Both stop after `--seconds` and go on where they were. All lots are drawn alike at each run. Everything is kept in
<data>/bench/numbers; what is removed there is made anew. espeak-ng and sox are needed.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
import time
import zlib
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from bench import callers_audio
from bench.callers_audio import open_callers, speech_span, styled_voice
from bench.number_ear_texts import other, part, plain, tokens, whole
from bench.short_words_crowds import PACES, Crowd
from bench.short_words_takes import on_some_line
from bench.short_words_teachers import ESPEAK, MIXED, PICO, RATE_HZ, espeak, pico_voice
from bot.evaluation import read_labelled
from bot.settings import PROJECT_DIR, Settings, load_settings
from voice.audio import Floats, Upsampler8To16, read_wav, write_wav
from voice.engines import load_whisper
from voice.install.catalogue import KOKORO_JS
from voice.install.fetch import fetch_npm_archive
from voice.piper_voice import PiperVoice
from voice.spoken_french import speak
from voice.whisper import RATE_HZ as WIDE_HZ
from voice.whisper import transcription_window

PERSONS, PROCESSES, TAKES, SILENCES = 130, 2, 2, 2
"""Persons of the crowd, besides the named voices."""
_LONGEST_SECONDS = 14.0
_AROUND_SECONDS = (0.1, 0.8)
"""Of line before and after, by lot."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Telephone numbers: spoken, and heard by the encoder.")
    parser.add_argument("what", choices=("speak", "listen"))
    parser.add_argument("--seconds", type=float, default=1e9, help="stop after this long; the rest is made next time")
    chosen = parser.parse_args()
    settings = load_settings()
    directory = settings.data_path / "bench" / "numbers"
    directory.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + chosen.seconds
    work = _speak if chosen.what == "speak" else _listen
    done: Callable[[str], bool] = _is_spoken if chosen.what == "speak" else _is_heard
    fetch_npm_archive(KOKORO_JS, settings.data_path / "bench" / "packages", print)
    left = [name for name in teachers() if not done(str(directory / name))]
    shares = [left[number::PROCESSES] for number in range(PROCESSES)]
    with ProcessPoolExecutor(PROCESSES) as processes:
        list(processes.map(partial(work, settings, directory, deadline), shares))
    print(f"{sum(not done(str(directory / name)) for name in teachers())} of {len(teachers())} voices are left")


def teachers() -> list[str]:
    """Everybody who teaches."""
    return [*(f"person-{number:03}" for number in range(PERSONS)), *ESPEAK, *PICO, *MIXED]


def texts(name: str, questions: list[str]) -> list[str]:
    """What a voice says; one with a name says three times as much as one of the crowd."""
    rng, said = _lots(f"texts {name}"), []
    for _ in range(1 if name.startswith("person") else 3):
        said += [whole(rng, by_figure=False) for _ in range(3)]
        said += [whole(rng, by_figure=True) for _ in range(2)]
        said += [part(rng, by_figure=False) for _ in range(2)]
        said += [part(rng, by_figure=True) for _ in range(2)]
        said += [other(rng, questions) for _ in range(3)]
    return said


def _questions() -> list[str]:
    labelled = read_labelled(PROJECT_DIR / "tests" / "questions" / "dev.tsv")
    return [
        one.question for one in labelled if len(one.question.split()) <= 10 and not re.search(r"\d|[][]", one.question)
    ]


def _lots(seed: str) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(seed.encode()))


def _is_spoken(place: str) -> bool:
    return Path(place, "texts.json").exists()


def _is_heard(place: str) -> bool:
    return Path(place + ".npz").exists()


# -- spoken --


def _speak(settings: Settings, directory: Path, deadline: float, names: list[str]) -> None:
    questions = _questions()
    with tempfile.TemporaryDirectory() as made:
        voices = _Voices(settings, Path(made))
        for name in names:
            if time.monotonic() > deadline:
                return
            place = directory / name
            place.mkdir(exist_ok=True)
            said = texts(name, questions)
            rng = _lots(f"paces {name}")
            say = voices.of(name, rng)
            for number, text in enumerate(said):
                write_wav(place / f"{number:02}.wav", say(plain(text)), RATE_HZ)
            (place / "texts.json").write_text(json.dumps(said, ensure_ascii=False), encoding="utf-8")


class _Voices:
    """All who teach, each made when they are wanted."""

    def __init__(self, settings: Settings, made: Path) -> None:
        self._settings, self._made = settings, made
        self._archive = fetch_npm_archive(KOKORO_JS, settings.data_path / "bench" / "packages", lambda _: None)
        self._crowd = Crowd(settings, self._archive, made)

    def of(self, name: str, rng: np.random.Generator) -> Callable[[str], Floats]:
        """What makes a voice say something."""
        if name in ESPEAK:
            return partial(espeak, name, *ESPEAK[name])
        if name in PICO:
            return partial(pico_voice(self._settings), *PICO[name])
        if name in MIXED:
            callers_audio.VOICES[name] = {"ff_siwis": MIXED[name], name: 1 - MIXED[name]}
            voice = PiperVoice(styled_voice(self._settings, self._archive, name, self._made), threads=1)
        else:
            self._crowd.become(rng)
            voice = self._crowd
        pace = float(rng.choice(PACES))

        def say(text: str) -> Floats:
            return voice.synthesise(speak(text), length_scale=pace * float(rng.uniform(0.9, 1.1)))

        return say


# -- heard --


def _listen(settings: Settings, directory: Path, deadline: float, names: list[str]) -> None:
    callers, whisper = open_callers(settings), load_whisper(settings)
    for name in names:
        if time.monotonic() > deadline:
            return
        if not _is_spoken(str(directory / name)):
            continue
        wanted: list[str] = []
        steps = []
        for number, (text, sound) in enumerate(_takes(directory / name)):
            rng = _lots(f"line {name} {number}")
            line = np.asarray(on_some_line(callers, sound, f"{name} {number}", rng), np.float32)
            begin, end = (round((0.8 - rng.uniform(*_AROUND_SECONDS)) * RATE_HZ) for _ in range(2))
            heard = Upsampler8To16()(line[max(0, begin) : len(line) - max(0, end)])
            steps.append(whisper.encoded(heard, transcription_window(len(heard) / WIDE_HZ)).astype(np.float16))
            wanted.append(" ".join(tokens(text)))
        kept: dict[str, Any] = {"tokens": wanted, "counts": [len(one) for one in steps]}
        part_of = directory / f"{name}.part"
        with part_of.open("wb") as file:
            np.savez(file, **kept, steps=np.concatenate(steps))
        part_of.rename(directory / f"{name}.npz")


def _takes(place: Path) -> list[tuple[str, Floats]]:
    """What was said, by itself and in rows with pauses, up to 14 s; and nothing, of which the line makes a noise."""
    said = json.loads((place / "texts.json").read_text(encoding="utf-8"))
    sounds = []
    for number in range(len(said)):
        sound = read_wav(place / f"{number:02}.wav")[0]
        start, end = speech_span(sound)
        sounds.append(sound[max(0, round((start - 0.03) * RATE_HZ)) : round((end + 0.03) * RATE_HZ)])
    takes = []
    for number, text in enumerate(said):
        takes += [(text, sounds[number])] * TAKES
    rng = _lots(f"rows {place.name}")
    parts = [number for number, text in enumerate(said) if "[" not in text and len(tokens(text)) <= 8]
    for _ in range(len(said) // 2):
        chosen = [int(one) for one in rng.choice(parts, size=rng.integers(2, 5))]
        row = sounds[chosen[0]]
        for one in chosen[1:]:
            pause = np.zeros(round(rng.uniform(0.05, 0.9) * RATE_HZ), np.float32)
            row = np.concatenate([row, pause, sounds[one]])
        takes.append((", ".join(said[one] for one in chosen), row))
    return [
        (text, sound[: round(_LONGEST_SECONDS * RATE_HZ)])
        for text, sound in takes
        if len(sound) <= _LONGEST_SECONDS * RATE_HZ
    ]


if __name__ == "__main__":
    main()
