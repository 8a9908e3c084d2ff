"""Two hundred sounds of a telephone line in which nobody says a word; none may become a question or stop the bot.

A third is real: excerpts of the music on hold of Debian's asterisk-moh-opsound-wav (CC BY-SA 3.0), and snaps, doors,
drums, a burp, a crow of sonic-pi-samples (CC0). The rest is made up: noise, hum, the network's tones, keys, clicks, and
what throats do, as shaped noise with the resonances of a mouth. The same at each run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from bench.callers_audio import RATE_HZ, debian_package, through_a_law
from bot.settings import Settings
from voice.audio import Floats, read_wav, resample

Wave = NDArray[np.float64]

LEAD_SECONDS, TAIL_SECONDS = 1.0, 2.0
_DTMF_ROWS, _DTMF_COLUMNS = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
_MUSIC = (
    "macroform-cold_day", "macroform-robot_dity", "macroform-the_simplicity", "manolo_camp-morning_coffee",
    "reno_project-system",
)  # fmt: skip
_SAMPLES = (
    "misc_burp", "misc_crow", "perc_door", "perc_snap", "perc_snap2", "perc_swash", "perc_till", "perc_impact1",
    "vinyl_hiss", "vinyl_scratch", "vinyl_rewind", "ambi_choir", "ambi_piano", "ambi_swoosh", "ambi_glass_rub",
    "drum_roll", "drum_cowbell",
    "tabla_te1", "guit_e_slide", "loop_industrial", "loop_3d_printer", "loop_safari", "bass_voxy_c", "elec_pop",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LineSound:
    """`kind` groups the report; `samples` are at 8 kHz after A-law, with line before and after."""

    name: str
    kind: str
    samples: Floats


def line_sounds(settings: Settings) -> list[LineSound]:
    """All two hundred."""
    rng = np.random.default_rng(20261122)
    made = []
    for number, (kind, sound, peak_dbfs) in enumerate(_all(settings, rng)):
        peak = float(np.max(np.abs(sound))) or 1.0
        level = 10 ** (peak_dbfs / 20)
        around = [
            np.zeros(round(LEAD_SECONDS * RATE_HZ)),
            sound / peak * level,
            np.zeros(round(TAIL_SECONDS * RATE_HZ)),
        ]
        whole = np.concatenate(around)
        made.append(LineSound(f"{kind}_{number:03}", kind, through_a_law(whole + rng.normal(0, 3e-4, len(whole)))))
    return made


def _all(settings: Settings, rng: np.random.Generator) -> Iterator[tuple[str, Wave, float]]:
    """Kind, sound and the level of its loudest sample."""
    for seconds in (2.0, 5.0, 12.0):
        for peak_dbfs in (-70.0, -50.0):
            yield "silence", rng.standard_normal(round(seconds * RATE_HZ)), peak_dbfs
    for seconds, peak_dbfs in ((0.6, -12.0), (1.5, -24.0), (5.0, -36.0)):
        for kind, sound in _machines(np.arange(round(seconds * RATE_HZ)) / RATE_HZ, rng):
            yield kind, sound, peak_dbfs
    for number in range(18):
        yield "cough", _coughs(rng, 1 + number % 3), (-8.0, -18.0)[number % 2]
        yield "breath", _breath(rng, 0.3 + 0.06 * number), (-24.0, -34.0)[number % 2]
    for number in range(10):
        yield "throat", _throat(rng), (-12.0, -22.0)[number % 2]
        yield "knock", _knocks(rng, 1 + number % 4), (-6.0, -16.0)[number % 2]
        yield "clap", _claps(rng, 1 + number % 5), (-6.0, -16.0)[number % 2]
        yield "rustle", _rustle(rng), (-14.0, -26.0)[number % 2]
    music = debian_package(settings, "asterisk-moh-opsound-wav")
    for name in _MUSIC:
        whole = read_wav(next(music.rglob(f"{name}.wav")))[0].astype(np.float64)
        for number in range(8):
            start = int((0.02 + 0.11 * number) * len(whole))
            yield "music", whole[start : start + (2 + number % 4 * 2) * RATE_HZ], (-10.0, -22.0)[number % 2]
    samples = debian_package(settings, "sonic-pi-samples")
    for number, name in enumerate(_SAMPLES):
        yield "recorded", _decoded(next(samples.rglob(f"{name}.flac")))[: 6 * RATE_HZ], (-8.0, -20.0)[number % 2]


# -- machines --


def _machines(time: Wave, rng: np.random.Generator) -> Iterator[tuple[str, Wave]]:
    count = len(time)
    white = rng.standard_normal(count)
    spectrum, tilt = np.fft.rfft(white), np.maximum(np.arange(count // 2 + 1), 1.0)
    yield "noise", white
    yield "noise", np.fft.irfft(spectrum / np.sqrt(tilt), count)
    yield "noise", np.fft.irfft(spectrum / tilt, count)
    yield "noise", white * (0.5 + 0.5 * np.sin(2 * np.pi * 1.3 * time)) ** 3
    yield "clicks", np.where(rng.random(count) < 0.001, rng.standard_normal(count), 0.0) + 1e-4 * white
    yield "hum", _tones(time, 50, 100, 150, 250, 350)
    yield "tones", _tones(time, 440)
    yield "tones", _tones(time, 440) * (time % 5 < 1.5)
    yield "tones", _tones(time, 440) * (time % 1 < 0.5)
    yield (
        "tones",
        np.select([time % 2 < end for end in (0.33, 0.66, 1.0)], [_tones(time, f) for f in (950, 1400, 1800)]),
    )
    yield "tones", _tones(time, 1100) * (time % 3.5 < 0.5)
    yield "modem", np.sin(2 * np.pi * np.cumsum(np.where(_bits(rng, count), 1300, 2100)) / RATE_HZ)
    yield "keys", _keys(time, rng)
    yield "keys", _keys(time, rng)
    yield "chord", _tones(time, 262, 330, 392) * (0.6 + 0.4 * np.sin(2 * np.pi * 5 * time))
    yield "melody", _melody(time, rng)
    yield "melody", _melody(time, rng)
    yield "siren", np.sin(2 * np.pi * np.cumsum(600 + 300 * np.sin(2 * np.pi * 0.7 * time)) / RATE_HZ)


def _tones(time: Wave, *frequencies: float) -> Wave:
    return np.asarray(np.sum([np.sin(2 * np.pi * hz * time) for hz in frequencies], axis=0))


def _bits(rng: np.random.Generator, count: int) -> NDArray[np.bool_]:
    return np.asarray(rng.random(count // 27 + 1).repeat(27)[:count] < 0.5)


def _keys(time: Wave, rng: np.random.Generator) -> Wave:
    sound = np.zeros(len(time))
    for start in np.arange(0, time[-1], 0.4):
        pressed = (time >= start) & (time < start + 0.15)
        sound[pressed] = _tones(time[pressed], rng.choice(_DTMF_ROWS), rng.choice(_DTMF_COLUMNS))
    return sound


def _melody(time: Wave, rng: np.random.Generator) -> Wave:
    notes = rng.choice([262, 294, 330, 349, 392, 440, 494], size=int(time[-1] / 0.3) + 1)
    phase = 2 * np.pi * np.cumsum(notes[(time / 0.3).astype(int)]) / RATE_HZ
    return np.asarray(sum(np.sin(phase * k) / k for k in range(1, 5)) * np.exp(-3 * (time % 0.3)))


# -- throats and hands --


def _resonant(sound: Wave, resonances: Sequence[tuple[float, float]]) -> Wave:
    """Noise or pulses through a mouth: gain around each resonance (hertz, width)."""
    frequency = np.fft.rfftfreq(len(sound), 1 / RATE_HZ)
    gain = sum(1 / (1 + ((frequency - hz) / width) ** 2) for hz, width in resonances)
    return np.asarray(np.fft.irfft(np.fft.rfft(sound) * gain, len(sound)))


def _decay(count: int, attack_seconds: float, decay_seconds: float) -> Wave:
    time = np.arange(count) / RATE_HZ
    return np.asarray(np.minimum(1, time / attack_seconds) * np.exp(-time / decay_seconds))


def _pulses(rng: np.random.Generator, count: int, pitch_hz: float) -> Wave:
    """A rough voice: pulses whose period wavers by a tenth."""
    sound = np.zeros(count)
    at = 0.0
    while at < count:
        sound[int(at)] = 1.0
        at += RATE_HZ / pitch_hz * (1 + 0.1 * rng.standard_normal())
    return sound


def _coughs(rng: np.random.Generator, times: int) -> Wave:
    """A burst, a noisy stream, and for half of them a voiced end."""
    pieces = []
    for _ in range(times):
        count = round((0.25 + 0.15 * rng.random()) * RATE_HZ)
        mouth = [(500 + 300 * rng.random(), 200), (1500 + 400 * rng.random(), 300), (2600, 500)]
        cough = _resonant(rng.standard_normal(count), mouth) * _decay(count, 0.004, 0.07)
        if rng.random() < 0.5:
            tail = _resonant(_pulses(rng, count, 120 + 120 * rng.random()), mouth)
            cough += 6 * tail * np.roll(_decay(count, 0.05, 0.06), count // 3)
        pieces += [cough, np.zeros(round((0.1 + 0.2 * rng.random()) * RATE_HZ))]
    return np.concatenate(pieces)


def _throat(rng: np.random.Generator) -> Wave:
    """Clearing one's throat: a rough voiced rattle, mouth closed."""
    count = round((0.3 + 0.4 * rng.random()) * RATE_HZ)
    source = _pulses(rng, count, 70 + 40 * rng.random()) + 0.05 * rng.standard_normal(count)
    return _resonant(source, [(350, 150), (1100, 300)]) * np.hanning(count)


def _breath(rng: np.random.Generator, seconds: float) -> Wave:
    count = round(seconds * RATE_HZ)
    return _resonant(rng.standard_normal(count), [(900, 500), (1800, 700)]) * np.hanning(count)


def _knocks(rng: np.random.Generator, times: int) -> Wave:
    count = round(0.18 * RATE_HZ)
    mode = 120 + 200 * rng.random()
    one = (np.sin(2 * np.pi * mode * np.arange(count) / RATE_HZ) + 0.4 * rng.standard_normal(count)) * _decay(
        count, 0.001, 0.02
    )
    return np.tile(one, times)


def _claps(rng: np.random.Generator, times: int) -> Wave:
    gaps = [np.zeros(round((0.1 + 0.3 * rng.random()) * RATE_HZ)) for _ in range(times)]
    count = round(0.1 * RATE_HZ)
    claps = [_resonant(rng.standard_normal(count), [(1200, 600)]) * _decay(count, 0.001, 0.015) for _ in range(times)]
    return np.concatenate([piece for pair in zip(claps, gaps, strict=True) for piece in pair])


def _rustle(rng: np.random.Generator) -> Wave:
    """Paper, or a sleeve on the microphone: noise in irregular short bursts."""
    count = round((0.5 + rng.random()) * RATE_HZ)
    bursts = np.repeat(rng.random(count // 200 + 1) ** 4, 200)[:count]
    return _resonant(rng.standard_normal(count), [(2500, 1200)]) * bursts


def _decoded(path: Path) -> Wave:
    """A FLAC file as one channel at 8 kHz."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        blocks = [frame.to_ndarray() for frame in container.decode(stream)]
        planar = stream.format.is_planar
        channels, rate_hz = stream.channels, stream.rate
    whole = np.concatenate(blocks, axis=1).astype(np.float64)
    mono = whole.mean(axis=0) if planar else whole.reshape(-1, channels).mean(axis=1)
    return resample((mono / max(1.0, np.abs(mono).max())).astype(np.float32), rate_hz, RATE_HZ).astype(np.float64)
