"""Sounds of a telephone line in which nobody speaks, made up: float32 at 8 kHz, after the A-law of the line."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from voice.audio import A_LAW, float_to_pcm, pcm_to_float, to_peak

RATE_HZ = 8000
_DTMF_ROWS, _DTMF_COLUMNS = (697, 770, 852, 941), (1209, 1336, 1477, 1633)


def sounds(seed: int = 7) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Every kind in several durations and levels, with its name."""
    rng = np.random.default_rng(seed)
    for seconds in (0.6, 1.5, 3.0, 6.0):
        count = round(seconds * RATE_HZ)
        for name, sound in _kinds(count, rng):
            for peak_dbfs in (-35.0, -10.0):
                yield f"{name} {seconds} s {peak_dbfs:.0f} dB", _on_the_line(to_peak(sound, peak_dbfs))


def _kinds(count: int, rng: np.random.Generator) -> Iterator[tuple[str, NDArray[np.float32]]]:
    time = np.arange(count) / RATE_HZ
    white = rng.standard_normal(count)
    spectrum = np.fft.rfft(white)
    tilt = np.maximum(np.arange(len(spectrum)), 1.0)
    yield "white noise", white.astype(np.float32)
    yield "pink noise", np.fft.irfft(spectrum / np.sqrt(tilt), count).astype(np.float32)
    yield "brown noise", np.fft.irfft(spectrum / tilt, count).astype(np.float32)
    yield "gusts", (white * (0.5 + 0.5 * np.sin(2 * np.pi * 1.3 * time)) ** 3).astype(np.float32)
    yield "clicks", np.where(rng.random(count) < 0.001, rng.standard_normal(count), 0).astype(np.float32)
    yield "mains hum", _tones(time, 50, 100, 150, 250)
    yield "dial tone", _tones(time, 440)
    yield "ringback", _tones(time, 440) * (time % 5 < 1.5)
    yield "busy tone", _tones(time, 440) * (time % 1 < 0.5)
    yield (
        "information tone",
        np.select(
            [time % 2 < 0.33, time % 2 < 0.66, time % 2 < 1.0], [_tones(time, hz) for hz in (950, 1400, 1800)]
        ).astype(np.float32),
    )
    yield "keys", _keys(time, rng)
    yield "fax", _tones(time, 1100) * (time % 3.5 < 0.5)
    yield (
        "modem",
        np.sin(
            2 * np.pi * np.cumsum(np.where(rng.random(count // 27 + 1).repeat(27)[:count] < 0.5, 1300, 2100)) / RATE_HZ
        ).astype(np.float32),
    )
    yield "held chord", _tones(time, 262, 330, 392)
    yield "melody", _melody(time, rng)


def _tones(time: NDArray[np.float64], *frequencies: float) -> NDArray[np.float32]:
    return np.sum([np.sin(2 * np.pi * hz * time) for hz in frequencies], axis=0).astype(np.float32)


def _keys(time: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float32]:
    sound = np.zeros(len(time), np.float32)
    for start in np.arange(0, time[-1], 0.4):
        pressed = (time >= start) & (time < start + 0.15)
        sound[pressed] = _tones(time[pressed], rng.choice(_DTMF_ROWS), rng.choice(_DTMF_COLUMNS))
    return sound


def _melody(time: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float32]:
    notes = rng.choice([262, 294, 330, 349, 392, 440, 494], size=int(time[-1] / 0.3) + 1)
    frequency = notes[(time / 0.3).astype(int)]
    return (np.sin(2 * np.pi * np.cumsum(frequency) / RATE_HZ) * np.exp(-3 * (time % 0.3))).astype(np.float32)


def _on_the_line(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    samples = np.frombuffer(float_to_pcm(sound), np.int16)
    return pcm_to_float(A_LAW.decode(A_LAW.encode(samples)).tobytes())
