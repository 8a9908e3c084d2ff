"""Speech made slower or faster without changing its pitch: FFmpeg's `atempo` filter (WSOLA), through PyAV.

A caller who says "plus lentement" must hear slower speech at once, but only the configured pace is in the cache.
Stretching costs half a millisecond of processor time for a second of speech, a thousandth of speaking it anew. Why
this library: decision 8.
"""

from __future__ import annotations

import av
import numpy as np
from av.filter import Graph

from bot.errors import SpeechUnavailable

RATE_HZ = 8000
SLOWEST, FASTEST = 2.0, 0.5

# The filter keeps back its last window (64 ms); silence put behind the speech pushes it out.
_PUSH_SAMPLES = 1600


def stretch(pcm: bytes, length_scale: float) -> bytes:
    """The same speech (s16le, 8 kHz, mono) lasting `length_scale` times as long, to the sample.

    The scale is kept between 0.5 and 2: beyond, speech is no longer understood. Raises `SpeechUnavailable`.
    """
    length_scale = min(max(length_scale, FASTEST), SLOWEST)
    samples = np.frombuffer(pcm, "<i2")
    wanted = round(len(samples) * length_scale)
    if wanted == len(samples):
        return pcm
    try:
        stretched = _atempo(np.pad(samples, (0, _PUSH_SAMPLES)), 1 / length_scale)
    except (av.FFmpegError, ValueError) as error:
        raise SpeechUnavailable(f"Speech could not be stretched: {type(error).__name__}.") from error
    return np.pad(stretched, (0, max(0, wanted - len(stretched))))[:wanted].astype("<i2").tobytes()


def _atempo(
    samples: np.ndarray[tuple[int], np.dtype[np.int16]], tempo: float
) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    graph = Graph()
    graph.link_nodes(
        graph.add_abuffer(sample_rate=RATE_HZ, format="s16", layout="mono"),
        graph.add("atempo", f"{tempo:.6f}"),
        graph.add("abuffersink"),
    ).configure()
    frame = av.AudioFrame.from_ndarray(samples[np.newaxis], format="s16", layout="mono")
    frame.sample_rate = RATE_HZ
    graph.push(frame)
    graph.push(None)
    blocks = []
    while True:
        try:
            blocks.append(graph.pull().to_ndarray()[0])
        except (av.error.EOFError, av.error.BlockingIOError):
            return np.concatenate(blocks) if blocks else samples[:0]
