"""What an agent hears while the telephone of a person rings: the French ringing tone, made by us. Pure.

440 Hz, 1.5 s of tone and 3.5 s of silence (ITU-T E.180, list of national tones), at -20 dBFS, with edges of 5 ms that
do not click.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from voice.leg import RATE_HZ

_HZ = 440.0
_TONE_SECONDS, _ROUND_SECONDS, _EDGE_SECONDS = 1.5, 5.0, 0.005
_PEAK = 10 ** (-20 / 20)


@lru_cache(maxsize=1)
def ringback() -> bytes:
    """One round of it: signed 16-bit little-endian mono PCM at 8 kHz."""
    seconds = np.arange(round(_TONE_SECONDS * RATE_HZ)) / RATE_HZ
    edges = np.clip(np.minimum(seconds, _TONE_SECONDS - seconds) / _EDGE_SECONDS, 0, 1)
    sound = np.zeros(round(_ROUND_SECONDS * RATE_HZ))
    sound[: len(seconds)] = np.sin(2 * np.pi * _HZ * seconds) * edges * _PEAK
    return np.rint(sound * 32767).astype("<i2").tobytes()
