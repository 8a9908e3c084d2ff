"""The tone that an agent hears while somebody's telephone rings."""

from __future__ import annotations

import numpy as np

from voice.ringback import ringback


def test_it_rings_as_in_france_and_does_not_click() -> None:
    sound = np.frombuffer(ringback(), "<i2").astype(np.float64) / 32768
    assert len(sound) == 5 * 8000
    assert np.abs(sound[12000:]).max() == 0
    spectrum = np.abs(np.fft.rfft(sound[:12000]))
    assert round(float(np.argmax(spectrum)) / 1.5) == 440
    assert 0.09 < np.abs(sound).max() < 0.11
    assert np.abs(sound[:4]).max() < 0.01
    assert np.abs(sound[11997:12000]).max() < 0.01
