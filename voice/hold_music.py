"""Music for callers who wait, made by us: nobody's rights, no file, and made for a telephone.

Eight slow chords of 4 s, each swelling and fading into the next, with a few soft bell notes above: 32 s that go round
for ever. Every sound that lasts beyond the end goes on at the beginning, so that there is no place where it begins.
All notes lie between 290 and 1320 Hz and have few overtones, for a telephone carries 300 to 3400 Hz and its coding is
rough on bright sound; it peaks at -20 dBFS, since words are said at -18 dBFS on average and come between. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 8000
SECONDS = 32
PEAK_DBFS = -20.0

_CHORD_SECONDS = 4
_SWELL_SECONDS, _FADE_SECONDS = 1.6, 2.4
_BELL_SECONDS = 3.0
_PAD_OVERTONES = (0.18, 0.08)  # the second and the third, of the loudness of the first
_BELL_OVERTONES = (0.25, 0.0)
_BELL = 0.45  # of the loudness of a note of a chord
_APART = 1.0015  # each note of a chord is two, so little apart that they drift: a pad that breathes

# Semitones from the B of 494 Hz. G, E minor, C, D, B minor, E minor, A minor, D suspended: each close to the last.
_CHORDS = (
    (-4, 0, 3, 7), (-7, -4, 0, 5), (-7, -4, 1, 5), (-9, -5, -2, 3),
    (-9, -5, 0, 3), (-7, -4, 0, 5), (-7, -2, 1, 5), (-9, -4, -2, 3),
)  # fmt: skip
# (seconds, semitones): two or three bells to a chord, none on its first beat.
_BELLS = (
    (1.0, 12), (2.5, 8), (5.5, 12), (7.0, 17), (9.0, 13), (10.5, 12), (13.0, 10), (14.5, 15),
    (17.0, 12), (18.5, 7), (21.5, 5), (23.0, 8), (25.0, 10), (26.5, 13), (29.0, 15), (30.5, 10),
)  # fmt: skip

Floats = NDArray[np.float64]


@lru_cache(maxsize=1)
def hold_music() -> bytes:
    """One round: signed 16-bit little-endian mono PCM at 8 kHz. Made once, in a quarter of a second."""
    loop = np.zeros(SECONDS * RATE_HZ)
    pads = {semitones: _pad(_hz(semitones)) for chord in _CHORDS for semitones in chord}
    bells = {semitones: _bell(_hz(semitones)) for _, semitones in _BELLS}
    for index, chord in enumerate(_CHORDS):
        for semitones in chord:
            _add(loop, index * _CHORD_SECONDS, pads[semitones])
    for at_seconds, semitones in _BELLS:
        _add(loop, at_seconds, bells[semitones])
    loop *= 10 ** (PEAK_DBFS / 20) / np.abs(loop).max()
    return np.rint(loop * 32767).astype("<i2").tobytes()


def blocks(pcm: bytes, seconds: float) -> Iterator[bytes]:
    """Round after round, in pieces of that length; never ends."""
    size = round(seconds * RATE_HZ) * 2
    while True:
        for begin in range(0, len(pcm), size):
            yield pcm[begin : begin + size]


def _hz(semitones: int) -> float:
    return float(493.88 * 2 ** (semitones / 12))


def _pad(hz: float) -> Floats:
    seconds = _times(_CHORD_SECONDS + _FADE_SECONDS)
    tone = _tone(hz, seconds, _PAD_OVERTONES) + _tone(hz * _APART, seconds, _PAD_OVERTONES)
    swell: Floats = np.sin(np.clip(seconds / _SWELL_SECONDS, 0, 1) * np.pi / 2) ** 2
    fade: Floats = np.cos(np.clip((seconds - _CHORD_SECONDS) / _FADE_SECONDS, 0, 1) * np.pi / 2) ** 2
    return tone * swell * fade


def _bell(hz: float) -> Floats:
    seconds = _times(_BELL_SECONDS)
    strike: Floats = np.clip(seconds / 0.03, 0, 1)
    ring: Floats = np.exp(-seconds / 0.6) * np.clip((_BELL_SECONDS - seconds) / 0.5, 0, 1)
    return _BELL * _tone(hz, seconds, _BELL_OVERTONES) * strike * ring


def _tone(hz: float, seconds: Floats, overtones: tuple[float, float]) -> Floats:
    """The overtones are polynomials of the first tone, for a sine costs ten times more: cos 2x and sin 3x."""
    sine = np.sin(2 * np.pi * hz * seconds)
    second, third = overtones
    square = sine * sine
    return sine * (1 + third * (3 - 4 * square)) + second * (1 - 2 * square)


def _times(seconds: float) -> Floats:
    return np.arange(round(seconds * RATE_HZ)) / RATE_HZ


def _add(loop: Floats, at_seconds: float, sound: Floats) -> None:
    """What lasts beyond the end goes on at the beginning."""
    begin = round(at_seconds * RATE_HZ)
    until_end = min(len(sound), len(loop) - begin)
    loop[begin : begin + until_end] += sound[:until_end]
    loop[: len(sound) - until_end] += sound[until_end:]
