"""Which of the few words that a telephone expects was said, from what Whisper's encoder makes of the sound. Pure.

Whisper's decoder writes sentences: a lone "trois" becomes "C'est quoi ?", for it has learnt that people do not say so
little. Its encoder hears the word well enough. A small network reads that instead: each step of 20 ms is reduced to 80
numbers, five steps together are looked at for 192 traits, and how strongly each is there, at most and on the whole,
tells the word, or that it is none of them. Several such networks are asked, and others that see the spectrum of the
sound and know nothing of Whisper (`voice/word_spectrum.py`); the mean of what both kinds say is believed, since they
are wrong about different sounds. They were taught with synthetic voices by `bench/short_words.py`, which also measures
them with voices that they have never heard.

What the caller was asked for makes some words likelier (`LIKELIER`), if no other word was more likely anyway; sure only
if they are likely by their sound.

The weights fit the encoder that they were taught with and no other: `load` gives none for another model.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from voice.taught import networks_in, readable
from voice.turn import Expecting
from voice.word_spectrum import BANDS, Spectrum, WordSpectrum

Steps = NDArray[np.float32]
"""Of the encoder: one row for each 20 ms."""
Weights = dict[str, NDArray[np.float32]]

WINDOW_SECONDS = 3.0
"""Of sound given to the encoder: a third of the time of a transcription's window."""
MOST_STEPS = 120
LONGEST_SECONDS = 1.6
"""Of speech: "plus lentement", said slowly."""
RATE_HZ = 16000
TOGETHER = 5
MEAN_WEIGHT = 3.0

SURE = 0.6
"""From here on a word is acted on without being transcribed."""
MOST_UNSURE = 0.59
"""What a word is given that would be sure by what was asked for alone."""
LIKELY = 0.45
"""From here on it is believed if the recogniser doubts its own words; if it does not, and they sound like something
else, neither is."""
POSSIBLE = 0.2
"""From here on it is believed if what was transcribed sounds like it; and another short answer is not."""

_YES_OR_NO = frozenset(
    "oui,ouais,oui oui,d'accord,voilà,exactement,tout à fait,c'est ça,non,non merci,jamais".split(",")
)
_PLACES = frozenset(
    ("un", "deux", "trois", "la première", "la deuxième", "la troisième", "numéro un", "numéro deux", "numéro trois")
)
EXPECTED: dict[Expecting, frozenset[str]] = {
    Expecting.QUESTION: frozenset(),
    Expecting.YES_OR_NO: _YES_OR_NO,
    Expecting.CHOICE: _PLACES,
    Expecting.NUMBER: frozenset(),
}
"""Who is asked for a telephone number may say yes to the one they call from; but a promise is made no sooner."""
LIKELIER = {Expecting.YES_OR_NO: 6.0, Expecting.CHOICE: 2.0}
"""So many times is a word likelier where it was asked for. Numbers have many neighbours ("hein", "douzième")."""

_LEVEL_SAMPLES = 320
_FAINT_DB = 16.0
"""So far below the loudest 20 ms is not the caller's word, but others in the room, or its own weak edges."""
_BEFORE_SECONDS = 0.5
_WEIGHTS = Path(__file__).with_name("short_words.npz")
_SPECTRUM_WEIGHTS = "word_spectrum.npz"


@dataclass(frozen=True, slots=True)
class Word:
    """The likeliest word; `text` is empty when it is likelier none of those that are known."""

    text: str
    probability: float

    @property
    def sure(self) -> bool:
        """Whether it may be acted on as it is."""
        return bool(self.text) and self.probability >= SURE

    @property
    def likely(self) -> bool:
        """Whether it may be acted on if another ear heard nothing that it is sure of."""
        return bool(self.text) and self.probability >= LIKELY

    @property
    def possible(self) -> bool:
        """Whether it may be acted on if another ear agrees."""
        return bool(self.text) and self.probability >= POSSIBLE


NO_WORD = Word("", 0.0)


def short_sound(samples: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """The part of an utterance (16 kHz) in which a single word may be: from half a second before its loud stretch on.

    None when that stretch is longer than a word. A room full of voices makes an utterance long without making it loud.
    """
    count = len(samples) // _LEVEL_SAMPLES
    if count < 3:
        return None
    power = np.mean(np.square(samples[: count * _LEVEL_SAMPLES].reshape(count, -1)), axis=1)
    # The weaker of two neighbours: a knock is no word.
    steady = np.minimum(power[1:], power[:-1])
    loud = np.flatnonzero(steady > steady.max() * 10 ** (-_FAINT_DB / 10))
    if not loud.size or (loud[-1] + 2 - loud[0]) * _LEVEL_SAMPLES > LONGEST_SECONDS * RATE_HZ:
        return None
    return samples[max(0, int(loud[0]) * _LEVEL_SAMPLES - round(_BEFORE_SECONDS * RATE_HZ)) :]


class ShortWords:
    """The taught networks, of the encoder's steps and of the spectrum. Safe for several threads."""

    def __init__(self, words: tuple[str, ...], *networks: Weights, by_spectrum: WordSpectrum | None = None) -> None:
        self.words = words
        self._networks = networks
        self._by_spectrum = by_spectrum
        self._times = {
            expecting: np.array([times if word in EXPECTED[expecting] else 1.0 for word in (*words, "")], np.float32)
            for expecting, times in LIKELIER.items()
        }

    @classmethod
    def load(cls, model_sha256: str, path: Path = _WEIGHTS) -> ShortWords | None:
        """None when there are no weights for the model with this digest. Those of the spectrum lie beside them.

        Raises `ModelMissing` when either cannot be read: a damaged file, one of another version, or only one of them.
        """
        if not path.is_file():
            return None
        with readable(path):
            about, networks = networks_in(path)
            if about["model_sha256"] != model_sha256:
                return None
            taught = cls(tuple(about["words"]), *networks)
            taught._check(taught._by_steps(np.zeros((1, networks[0]["w1"].shape[0]), np.float32)))
        beside = path.with_name(_SPECTRUM_WEIGHTS)
        with readable(beside):  # the borders hold for both kinds together
            also, networks = networks_in(beside)
            if also["words"] != about["words"]:
                raise ValueError("The same words are needed.")
            taught._by_spectrum = WordSpectrum(*networks)
            taught._check(taught._by_spectrum.likely(np.zeros((1, BANDS), np.float32)))
        return taught

    def _check(self, scores: NDArray[np.float32]) -> None:
        if scores.size != len(self.words) + 1:
            raise ValueError("As many scores as words are needed, and one for none of them.")

    def hear(self, steps: Steps, expecting: Expecting = Expecting.QUESTION, spectrum: Spectrum | None = None) -> Word:
        """`steps` are those with sound, the half second before and the pause after it included; `spectrum` is that of
        the same sound. Without it the steps alone count."""
        likely = self._likely(steps[:MOST_STEPS], spectrum)
        word = self._likeliest(likely)
        best = int(likely[:-1].argmax())
        if word.sure or self.words[best] not in EXPECTED[expecting]:
            return word
        asked_for = likely * self._times[expecting]
        believed = self._likeliest(asked_for / asked_for.sum())
        if believed.sure and likely[best] < LIKELY:  # not by what was asked alone: it is transcribed
            return Word(believed.text, MOST_UNSURE)
        return believed

    def _likeliest(self, likely: NDArray[np.float32]) -> Word:
        best = int(likely.argmax())
        return Word(self.words[best] if best < len(self.words) else "", float(likely[best]))

    def _likely(self, steps: Steps, spectrum: Spectrum | None) -> NDArray[np.float32]:
        """How likely each word is, and at the end, none of them."""
        if self._by_spectrum is None or spectrum is None or not len(spectrum):
            return self._by_steps(steps)
        return np.asarray((self._by_steps(steps) + self._by_spectrum.likely(spectrum)) / 2, np.float32)

    def _by_steps(self, steps: Steps) -> NDArray[np.float32]:
        return np.asarray(np.mean([_of_one(network, steps) for network in self._networks], axis=0), np.float32)


def _of_one(w: Weights, steps: Steps) -> NDArray[np.float32]:
    """What one network makes of it."""
    count, half = len(steps), TOGETHER // 2
    reduced = np.zeros((count + TOGETHER - 1, w["b1"].size), np.float32)
    reduced[half : half + count] = np.maximum(steps @ w["w1"] + w["b1"], 0)
    together = np.concatenate([reduced[i : i + count] for i in range(TOGETHER)], axis=1)
    traits = np.maximum(together @ w["w2"] + w["b2"], 0)
    scores = np.concatenate([traits.max(axis=0), traits.mean(axis=0) * MEAN_WEIGHT]) @ w["w3"] + w["b3"]
    likely = np.exp(scores - scores.max())
    return np.asarray(likely / likely.sum(), np.float32)
