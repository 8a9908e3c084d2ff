"""Clips of `bench/short_words_teachers.py` as telephones bring them: said in other ways, over many lines.

Each clip is taken several times: slower or faster, lower or higher, with the first sound cut off, "euh" before or
"s'il vous plaît" after it; through a room, a handset and a codec, with noise. What is no answer is made from the same
clips: several words in a row (a number dictated, an answer and more), and the first half of one.
"""

from __future__ import annotations

import subprocess
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.callers_audio import Callers, noise, speech_span, through_a_law
from bench.short_words_teachers import CROWDS, RATE_HZ, answer_in, text_of
from voice.audio import Floats, float_to_pcm, pcm_to_float, read_wav
from voice.stretch import stretch

TAKES, TAKES_OF_A_CROWD = 5, 8
"""Of each clip."""
IN_A_ROW, HALVES = 60, 10
"""Of each voice, what is no answer; a crowd says nothing in a row."""
_LEAD_SECONDS = 0.8
_DIGITS = ("zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix")
_ALONE = (
    "oui oui",
    "oui merci",
    "non merci",
    "non non",
    "merci",
    "d'accord",
    "ok",
    "voilà",
    "pardon",
    "bonjour",
    "allô",
)
"""What may be said before or after an answer without its being another."""
_HALVED = (
    "conseiller", "agent", "répétez", "plus fort", "attendez", "pardon", "suivant", "bonjour", "merci", "au revoir",
    "adhésion", "exactement", "tout à fait", "la première", "la deuxième", "la troisième", "numéro un", "zéro",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Said:
    """A sound on a line, and the answer in it (empty: none)."""

    name: str
    voice: str
    answer: str
    line: Floats


class Teacher:
    """One voice's clips by their texts."""

    def __init__(self, place: Path) -> None:
        self.voice = place.name
        self._clips = {text_of(path): path for path in sorted(place.glob("*.wav"))}
        self.texts = tuple(self._clips)
        self.answers = tuple(text for text in self.texts if answer_in(text))
        self.others = tuple(text for text in self.texts if not answer_in(text))

    def speech(self, text: str) -> Floats:
        """Without the silence around it."""
        sound = read_wav(self._clips[text])[0]
        start, end = speech_span(sound)
        return sound[round(start * RATE_HZ) : round(end * RATE_HZ)]


def takes(callers: Callers, teacher: Teacher) -> Iterator[Said]:
    """All takes of one voice, by lot but the same at each run."""
    for text in teacher.texts:
        for take in range(TAKES_OF_A_CROWD if teacher.voice in CROWDS else TAKES):
            name = f"{teacher.voice} {text} {take}"
            rng = _lots(name)
            yield Said(
                name, teacher.voice, answer_in(text), on_some_line(callers, _said(teacher, text, rng), name, rng)
            )
    for number in range(0 if teacher.voice in CROWDS else IN_A_ROW):
        name = f"{teacher.voice} row {number}"
        rng = _lots(name)
        row = _in_a_row([teacher.speech(text) for text in _words_in_a_row(teacher, rng)], rng)
        yield Said(name, teacher.voice, "", on_some_line(callers, row, name, rng))
    for number in range(HALVES):
        name = f"{teacher.voice} half {number}"
        rng = _lots(name)
        whole = teacher.speech(str(rng.choice(_HALVED)))
        half = whole[: round(len(whole) * rng.uniform(0.35, 0.5))]
        yield Said(name, teacher.voice, "", on_some_line(callers, half, name, rng))


def _lots(name: str) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(name.encode()))


def _said(teacher: Teacher, text: str, rng: np.random.Generator) -> Floats:
    sound, lot = teacher.speech(text), rng.random()
    if not answer_in(text):
        return sound
    if lot < 0.08:
        return _in_a_row([teacher.speech("euh"), sound], rng)
    if lot < 0.13:
        return _in_a_row([sound, teacher.speech("s'il vous plaît")], rng)
    if lot < 0.28:
        return sound[round(rng.uniform(0.01, 0.05) * RATE_HZ) :]
    return sound


def _words_in_a_row(teacher: Teacher, rng: np.random.Generator) -> Sequence[str]:
    lot = rng.random()
    if lot < 0.4:
        return [str(one) for one in rng.choice(_DIGITS, size=rng.integers(2, 5))]
    others = [text for text in teacher.others if text not in ("euh", "hum", "s'il vous plaît")]
    answers = [text for text in teacher.answers if text not in _ALONE]
    if lot < 0.75:
        return [str(rng.choice(answers)), str(rng.choice(others))]
    if lot < 0.9:
        return [str(rng.choice(others)), str(rng.choice(answers))]
    first, second = (str(one) for one in rng.choice(answers, size=2, replace=False))
    return [first, second] if answer_in(first) != answer_in(second) else [first, str(rng.choice(others))]


def _in_a_row(parts: Sequence[Floats], rng: np.random.Generator) -> Floats:
    pieces = [parts[0]]
    for part in parts[1:]:
        pieces += [np.zeros(round(rng.uniform(0.0, 0.1) * RATE_HZ), np.float32), part]
    return np.concatenate(pieces)


# -- on the line --


def on_some_line(callers: Callers, speech: Floats, seed: str, rng: np.random.Generator) -> Floats:
    """A pace, a pitch, a room, a handset, noise and a codec, all by lot."""
    sound = _resampled(speech, rng.uniform(0.85, 1.18))
    if rng.random() < 0.3:
        sound = pcm_to_float(stretch(float_to_pcm(sound * 0.5), rng.uniform(0.8, 1.35)))
    if rng.random() < 0.3:
        sound = _in_a_room(sound, rng)
    sound = _through_a_handset(sound, rng)
    kind = str(rng.choice(["pink", "babble", "white"]))
    snr_db, level_dbfs = float(rng.choice([50, 30, 25, 20, 15, 10])), float(rng.uniform(-34, -17))
    coded = through_gsm if rng.random() < 0.2 else through_a_law
    return coded(noisy(callers, sound, seed, kind=kind, snr_db=snr_db, level_dbfs=level_dbfs))


def noisy(
    callers: Callers, speech: Floats, seed: str, *, kind: str, snr_db: float, level_dbfs: float = -26.0
) -> NDArray[np.float64]:
    """0.8 s of line before and after."""
    power = float(np.mean(np.square(speech, dtype=np.float64)))
    silence = np.zeros(round(_LEAD_SECONDS * RATE_HZ))
    whole = np.concatenate([silence, speech * 10 ** (level_dbfs / 20) / max(1e-6, power**0.5), silence])
    return np.asarray(whole + noise(callers, kind, len(whole), seed) * 10 ** ((level_dbfs - snr_db) / 20))


def through_gsm(sound: NDArray[np.float64]) -> Floats:
    """A mobile telephone's codec, by sox."""
    raw = "-t raw -r 8000 -c 1 -e signed -b 16 -"
    coded = subprocess.run(
        ["sox", *raw.split(), "-t", "gsm", "-"],
        input=float_to_pcm(sound.astype(np.float32)),
        capture_output=True,
        check=True,
    ).stdout
    back = subprocess.run(["sox", "-t", "gsm", "-", *raw.split()], input=coded, capture_output=True, check=True).stdout
    return pcm_to_float(back)


def _resampled(sound: Floats, factor: float) -> Floats:
    places = np.linspace(0, len(sound) - 1, round(len(sound) * factor))
    return np.interp(places, np.arange(len(sound)), sound).astype(np.float32)


def _in_a_room(sound: Floats, rng: np.random.Generator) -> Floats:
    count = round(rng.uniform(0.05, 0.3) * RATE_HZ)
    room = rng.standard_normal(count) * np.exp(-4 * np.arange(count) / count) * rng.uniform(0.02, 0.1)
    room[0] = 1.0
    return np.convolve(sound, room).astype(np.float32)


def _through_a_handset(sound: Floats, rng: np.random.Generator) -> Floats:
    """Its band, and how much brighter or duller it makes a voice."""
    spectrum = np.fft.rfft(sound)
    hertz = np.fft.rfftfreq(len(sound), 1 / RATE_HZ)
    low, high, tilt_db = rng.uniform(60, 350), rng.uniform(2900, 3950), rng.uniform(-6, 6)
    gain = 10 ** (tilt_db * np.log2(np.maximum(hertz, 50) / 1000) / 2 / 20)
    gain *= 1 / (1 + (low / np.maximum(hertz, 1)) ** 6) / (1 + (hertz / high) ** 24)
    return np.fft.irfft(spectrum * gain, len(sound)).astype(np.float32)
