"""What a caller hears while they wait: soft, within a telephone's band, and without a place where it begins."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from numpy.typing import NDArray

from voice.hold_music import PEAK_DBFS, RATE_HZ, SECONDS, blocks, hold_music


@pytest.fixture(scope="module")
def music() -> NDArray[np.float64]:
    return np.frombuffer(hold_music(), "<i2").astype(np.float64) / 32768


def test_it_lasts_so_long_that_nobody_counts_the_rounds(music: NDArray[np.float64]) -> None:
    assert len(music) == SECONDS * RATE_HZ
    assert 20 <= SECONDS <= 40


def test_it_is_soft_and_never_silent(music: NDArray[np.float64]) -> None:
    assert 20 * np.log10(np.abs(music).max()) == pytest.approx(PEAK_DBFS, abs=0.1)
    levels = 10 * np.log10(np.mean(music.reshape(-1, RATE_HZ // 2) ** 2, axis=1))
    assert levels.min() > -38
    assert levels.max() - levels.min() < 8


def test_a_telephone_carries_all_of_it(music: NDArray[np.float64]) -> None:
    power = np.abs(np.fft.rfft(music)) ** 2
    hz = np.fft.rfftfreq(len(music), 1 / RATE_HZ)
    assert power[(hz > 280) & (hz < 3400)].sum() / power.sum() > 0.999
    assert power[hz < 2000].sum() / power.sum() > 0.99  # nothing shrill
    assert abs(music.mean()) < 1e-4


def test_its_end_goes_into_its_beginning_without_a_click(music: NDArray[np.float64]) -> None:
    """A click is a bend sharper than any that the music has in itself."""
    bends = np.abs(np.diff(np.concatenate([music[-100:], music[:100]]), 2))
    assert bends.max() <= np.abs(np.diff(music, 2)).max()
    assert bends[95:103].max() < 3 * np.median(bends) + 2 / 32768


def test_it_is_made_once_and_would_be_the_same_again() -> None:
    assert hold_music() is hold_music()
    assert hold_music.__wrapped__() == hold_music()


def test_it_is_played_in_pieces_round_after_round() -> None:
    assert list(islice(blocks(b"ab" * 5, 2 / RATE_HZ), 6)) == [b"abab", b"abab", b"ab"] * 2
