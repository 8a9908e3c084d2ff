"""How loud speech is, made even and made louder without hard clipping. Pure; mono, 8 kHz.

Two sentences with the same peak may differ by several dB to the ear, and a peak 15 dB above the rest leaves no room for
"plus fort". So the level of speech is measured where somebody speaks, not in the pauses, and what rises above the
ceiling is turned down for some milliseconds (a look-ahead limiter) instead of being cut off.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

RATE_HZ = 8000
SPEECH_DBFS = -18.0
CEILING_DBFS = -1.0

_FRAME = 160  # samples: 20 ms
_QUIETER_THAN_SPEECH_DB = 25.0
_LOOK_AHEAD = 40  # samples: 5 ms

Floats = NDArray[np.float32]


def speech_level_dbfs(samples: Floats) -> float:
    """Root mean square of the 20 ms frames in which somebody speaks: those at most 25 dB below the loudest one.

    -120 for silence or nothing.
    """
    whole = (
        samples[: len(samples) // _FRAME * _FRAME]
        if len(samples) >= _FRAME
        else np.pad(samples, (0, _FRAME - len(samples)))
    )
    power = np.mean(np.square(whole.reshape(-1, _FRAME), dtype=np.float64), axis=1)
    spoken = power[power >= power.max() * 10 ** (-_QUIETER_THAN_SPEECH_DB / 10)]
    return max(-120.0, 10 * float(np.log10(spoken.mean() + 1e-12)))


def to_speech_level(samples: Floats, level_dbfs: float = SPEECH_DBFS) -> Floats:
    """The same speech at a level of its own, no sample above -1 dBFS; silence stays silence."""
    present = speech_level_dbfs(samples)
    return samples if present <= -120 else limited(samples * np.float32(10 ** ((level_dbfs - present) / 20)))


def louder(pcm: bytes, gain_db: float) -> bytes:
    """Speech (s16le, 8 kHz, mono) made louder, or softer; peaks are held under -1 dBFS rather than cut off."""
    if gain_db == 0:
        return pcm
    samples = np.frombuffer(pcm, "<i2").astype(np.float32) * np.float32(10 ** (gain_db / 20) / 32768)
    return bytes(np.rint(limited(samples) * 32767).astype("<i2").tobytes())


def limited(samples: Floats, ceiling_dbfs: float = CEILING_DBFS) -> Floats:
    """No sample above the ceiling. The gain falls ahead of a peak and comes back after it, over 5 ms each.

    The lowest gain wanted within 5 ms, then averaged over as long: an average of values none of which is above what
    the peak needs is not above it either, and it has no corner that would be heard as a click.
    """
    ceiling = 10 ** (ceiling_dbfs / 20)
    wanted = np.minimum(1.0, ceiling / np.maximum(np.abs(samples), 1e-9))
    if len(samples) == 0 or wanted.min() == 1.0:
        return samples
    span = 2 * _LOOK_AHEAD + 1
    lowest = sliding_window_view(np.pad(wanted, 2 * _LOOK_AHEAD, constant_values=1.0), span).min(axis=1)
    gain = np.convolve(lowest, np.full(span, 1 / span), "valid")
    return (samples * gain).astype(np.float32)
