"""What a caller's telephone sends: speech at a telephone's level over the noise of the line, which never stops. Pure.

The noise is there before, during and after the words, as on a real line, so the end of speech cannot be read off the
level of what was sent. It is known all the same, because it is taken from the clean speech before noise is added: the
last 10 ms that are less than 26 dB below the loudest. What follows is breath and room.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from voice.audio import A_LAW, Floats
from voice.leg import FRAME_SAMPLES, RATE_HZ

NoiseKind = Literal["quiet", "pink", "babble"]
Samples = NDArray[np.float64]

SPEECH_DBFS = -26.0
"""The active level of speech on a telephone line (ITU-T P.56 measures it; -26 dB is the usual reference)."""
QUIET_LINE_DB = 60.0
_BLOCK = RATE_HZ // 100
_FADED = 0.05
_TALKERS = 6
_LOOP_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Utterance:
    """Clean speech of one turn at `SPEECH_DBFS`: from `start_samples` until `end_samples`.

    `intents` are the subjects it asks for; empty where nobody has said.
    """

    name: str
    voice: str
    text: str
    samples: Samples
    start_samples: int
    end_samples: int
    intents: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """Until the end of the speech."""
        return self.end_samples / RATE_HZ


def utterance(
    name: str, samples: Floats, *, voice: str = "", text: str = "", intents: tuple[str, ...] = ()
) -> Utterance:
    """From clean 8 kHz sound; silence after the speech is cut, since the line's noise goes on by itself."""
    clean = samples.astype(np.float64)
    start, end = speech_span(clean)
    clean = clean * (db_to_gain(SPEECH_DBFS) / max(1e-6, rms(clean[start:end])))
    return Utterance(name, voice, text, clean[: min(len(clean), end + RATE_HZ // 5)], start, end, intents)


def speech_span(samples: Samples) -> tuple[int, int]:
    """First sample and the one after the last of the speech in a clean sound; (0, 0) when it is silent."""
    whole = len(samples) // _BLOCK
    levels = np.sqrt((samples[: whole * _BLOCK].reshape(whole, _BLOCK) ** 2).mean(axis=1)) if whole else np.zeros(0)
    loud = np.flatnonzero(levels > max(1e-5, _FADED * levels.max(initial=0.0)))
    return (int(loud[0]) * _BLOCK, int(loud[-1] + 1) * _BLOCK) if len(loud) else (0, 0)


def rms(samples: Samples) -> float:
    """Effective level, 1 for full scale; 0 for nothing."""
    return float(np.sqrt(np.mean(samples**2))) if len(samples) else 0.0


def db_to_gain(decibels: float) -> float:
    """-20 dB is a tenth."""
    return float(10 ** (decibels / 20))


def line_noise(kind: NoiseKind, snr_db: float, rng: np.random.Generator, voices: Sequence[Utterance] = ()) -> Samples:
    """20 s of noise to be played in a loop, `snr_db` below speech. Babble is six of the `voices` at once."""
    count = _LOOP_SECONDS * RATE_HZ
    if kind == "quiet":
        snr_db = QUIET_LINE_DB
    noise = babble(voices, count, rng) if kind == "babble" and voices else coloured(count, rng, pink=kind != "quiet")
    return noise * (db_to_gain(SPEECH_DBFS - snr_db) / rms(noise))


def coloured(count: int, rng: np.random.Generator, *, pink: bool) -> Samples:
    """White noise, or pink (equal power in each octave)."""
    spectrum = np.fft.rfft(rng.standard_normal(count))
    if pink:
        spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 1.0))
    return np.asarray(np.fft.irfft(spectrum, count))


def babble(voices: Sequence[Utterance], count: int, rng: np.random.Generator) -> Samples:
    """Several people talking at once, without a pause, each sentence beginning somewhere else."""
    mixed = np.zeros(count)
    for _ in range(_TALKERS):
        at = -int(rng.integers(2 * RATE_HZ))
        while at < count:
            samples = voices[int(rng.integers(len(voices)))].samples
            begin, end = max(0, at), min(count, at + len(samples))
            if end > begin:
                mixed[begin:end] += samples[begin - at : end - at]
            at += len(samples)
    return mixed


class Mouth:
    """The sound that leaves a telephone, 20 ms at a time, in A-law: the line's noise, and speech over it when there is.

    `spoken_in` and `spoken_out` tell after each frame whether it held the beginning and the end of the speech.
    """

    def __init__(self, noise: Samples) -> None:
        self._noise = np.resize(noise, max(FRAME_SAMPLES, len(noise) // FRAME_SAMPLES * FRAME_SAMPLES))
        self._noise_at = 0
        self._speech: Samples = np.zeros(0)
        self._start = self._end = self._at = 0
        self.spoken_in = self.spoken_out = False

    def say(self, spoken: Utterance) -> None:
        """Begins with the next frame; what was being said is dropped."""
        self._speech, self._at = spoken.samples, 0
        self._start, self._end = spoken.start_samples, spoken.end_samples

    @property
    def speaking(self) -> bool:
        """Whether speech is left."""
        return self._at < len(self._speech)

    def frame(self) -> bytes:
        """The next 160 samples."""
        mixed = self._noise[self._noise_at : self._noise_at + FRAME_SAMPLES].copy()
        self._noise_at = (self._noise_at + FRAME_SAMPLES) % len(self._noise)
        piece = self._speech[self._at : self._at + FRAME_SAMPLES]
        mixed[: len(piece)] += piece
        after = self._at + FRAME_SAMPLES
        self.spoken_in = self._at <= self._start < min(after, self._end)
        self.spoken_out = self._at < self._end <= after
        self._at = min(after, len(self._speech))
        return A_LAW.encode(np.clip(np.rint(mixed * 32768), -32768, 32767).astype(np.int16))
