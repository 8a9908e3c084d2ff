"""Sound for tests, and how well it came through."""

from __future__ import annotations

import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from voice.audio import A_LAW

RATE_HZ = 8000
WINDOW = 2000
SLIP = 4000


def murmur(seconds: float, seed: int, peak: int = 16000) -> bytes:
    """Something like speech: a gliding buzz with syllables, different for each seed. s16le, 8 kHz."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    pitch = np.interp(t, np.linspace(0, seconds, 12), rng.uniform(110, 260, 12))
    phase = 2 * np.pi * np.cumsum(pitch) / RATE_HZ
    buzz = sum(np.sin(n * phase) / n for n in range(1, 12))
    beats = np.arange(0, seconds + 0.2, 0.1)
    syllables = np.interp(t, beats, rng.uniform(0.15, 1, len(beats)))
    sound = buzz * syllables
    return (sound / np.abs(sound).max() * peak).astype("<i2").tobytes()


def write_wav(path: Path, pcm: bytes, *, rate_hz: int = RATE_HZ, channels: int = 1) -> Path:
    """From 8 kHz mono, in any format."""
    samples = soxr.resample(np.frombuffer(pcm, "<i2"), RATE_HZ, rate_hz)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(np.repeat(samples, channels).tobytes())
    return path


def read_pcm(path: Path) -> bytes:
    """A recording in any format as 8 kHz mono."""
    with wave.open(str(path)) as file:
        assert file.getsampwidth() == 2
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, file.getnchannels())
        return soxr.resample(samples[:, 0], file.getframerate(), RATE_HZ).tobytes()


def write_alaw(path: Path, pcm: bytes) -> Path:
    """What sipp's rtp_stream plays."""
    path.write_bytes(A_LAW.encode(np.frombuffer(pcm, "<i2")))
    return path


@dataclass(frozen=True)
class Fidelity:
    """How `sent` was found in `received`, window by window: a busy test machine may lose or delay some."""

    snr_db: float
    """Of the median window, at its best gain; 37 dB is G.711's own limit."""
    intact: float
    """Share of windows that are there with at least 20 dB."""


def fidelity(received: bytes, sent: bytes) -> Fidelity:
    """Looks for each window of 250 ms where it should be, give or take half a second of slip."""
    heard, ref = _floats(received), _floats(sent)
    heard = np.concatenate([heard, np.zeros(max(0, len(ref) - len(heard)))])
    lag = _lag(heard, ref)
    ratios = []
    for start in range(0, len(ref) - WINDOW + 1, WINDOW):
        window = ref[start : start + WINDOW]
        around = heard[max(0, start + lag - SLIP) : start + lag + WINDOW + SLIP]
        ratios.append(_window_snr(around, window) if len(around) >= WINDOW else -np.inf)
    return Fidelity(float(np.median(ratios)), float(np.mean(np.array(ratios) > 20)))


def _lag(heard: NDArray[np.float64], ref: NDArray[np.float64]) -> int:
    size = 1 << int(np.ceil(np.log2(len(heard) + len(ref))))
    match = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(ref, size)), size)
    best = int(np.argmax(match))
    return best if best < len(heard) else best - size


def _window_snr(around: NDArray[np.float64], window: NDArray[np.float64]) -> float:
    products = np.correlate(around, window, "valid")
    energies = np.convolve(around**2, np.ones(len(window)), "valid")
    best = int(np.argmax(products / np.sqrt(energies + 1)))
    found = around[best : best + len(window)]
    gain = (found @ window) / (window @ window)
    noise = found - gain * window
    return float(10 * np.log10(((gain * window) @ (gain * window) + 1e-9) / (noise @ noise + 1e-9)))


def loudest(pcm: bytes) -> float:
    """The greatest sample; A-law has no zero, its silence is 8."""
    return float(np.abs(_floats(pcm)).max(initial=0))


def _floats(pcm: bytes) -> NDArray[np.float64]:
    return np.frombuffer(pcm, "<i2").astype(np.float64)
