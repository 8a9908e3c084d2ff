"""Sound files other than WAV (MP3, Ogg, FLAC, M4A, G.711 in WAV…), through PyAV, which carries FFmpeg."""

from __future__ import annotations

import io

import av
import numpy as np
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

from bot.errors import BadAudio

_RATE_HZ = 16000


def decode(content: bytes, name: str) -> tuple[NDArray[np.float32], int]:
    """Mono float32 at 16 kHz, and that rate. Raises `BadAudio` when FFmpeg finds no sound in it."""
    resampler = AudioResampler(format="flt", layout="mono", rate=_RATE_HZ)
    blocks: list[NDArray[np.float32]] = []
    try:
        with av.open(io.BytesIO(content), mode="r", metadata_errors="ignore") as container:
            if not container.streams.audio:
                raise BadAudio(f"{name} holds no sound.")
            for frame in [*container.decode(audio=0), None]:
                blocks += [block.to_ndarray()[0] for block in resampler.resample(frame)]
    except (av.FFmpegError, EOFError, ValueError):
        raise BadAudio(f"{name} is not a sound file, or is damaged.") from None
    return (np.concatenate(blocks) if blocks else np.zeros(0, np.float32)), _RATE_HZ
