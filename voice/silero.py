"""Silero's voice detector, one 32 ms frame at a time: 0.23 ms of CPU a frame.

The network (v6, inside faster-whisper's wheel) has a memory of its own and looks back at the last 4 ms; both
belong to one call, while the session that holds the weights is shared by the process.

That memory grows deaf in a long silence: after 15 s of it, as while the bot speaks, five of the twelve recordings
of tests/audio were not noticed at all (speech at 0.2 instead of 0.5). So it is forgotten after each half second
of clear silence; then all twelve are noticed from their first syllable.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from bot.errors import BadAudio, ModelMissing
from voice.audio import Upsampler8To16, resample

RATE_HZ = 16000
FRAME_SAMPLES = 512
FRAME_SECONDS = FRAME_SAMPLES / RATE_HZ
_CONTEXT_SAMPLES = 64
_SILENT_BELOW = 0.05
_FORGET_AFTER_FRAMES = 16


class SileroVad:
    """The detector's state for one call. Not for two threads at once."""

    def __init__(self) -> None:
        self._session = _session()
        self.reset()

    @staticmethod
    def load() -> None:
        """Loads the shared session now rather than with the first call. Raises `ModelMissing`."""
        _session()

    def reset(self) -> None:
        """Forgets what was heard, as for a new call."""
        self._hidden = np.zeros((1, 1, 128), np.float32)
        self._cell = np.zeros((1, 1, 128), np.float32)
        self._context = np.zeros(_CONTEXT_SAMPLES, np.float32)
        self._silent_frames = 0

    def probability(self, frame: NDArray[np.float32]) -> float:
        """How likely the 512 samples (float32, 16 kHz, in order) hold speech. Raises `BadAudio` for another size."""
        if frame.shape != (FRAME_SAMPLES,):
            raise BadAudio(f"The voice detector takes {FRAME_SAMPLES} samples, not {frame.shape}.")
        sound = np.concatenate([self._context, frame]).astype(np.float32, copy=False)[None]
        result, self._hidden, self._cell = self._session.run(None, {"input": sound, "h": self._hidden, "c": self._cell})
        self._context = frame[-_CONTEXT_SAMPLES:]
        probability = float(result.ravel()[0])
        self._silent_frames = self._silent_frames + 1 if probability < _SILENT_BELOW else 0
        if self._silent_frames >= _FORGET_AFTER_FRAMES:
            self.reset()
        return probability


def voiced_seconds(samples: NDArray[np.float32], rate_hz: int, *, on: float = 0.3, off: float = 0.1) -> float:
    """How much of a finished sound (float32) is speech: from a probability of `on` until it falls below `off`.

    Sound of the telephone goes through the filter of live calls: the detector is some 0.15 surer of speech
    with what that leaves above 4 kHz than after a perfect resampler.
    """
    samples = Upsampler8To16()(samples) if rate_hz == 8000 else resample(samples, rate_hz, RATE_HZ)
    detector, speaking, frames = SileroVad(), False, 0
    for start in range(0, len(samples) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
        speaking = detector.probability(samples[start : start + FRAME_SAMPLES]) > (off if speaking else on)
        frames += speaking
    return frames * FRAME_SECONDS


@lru_cache(maxsize=1)
def _session() -> Any:
    package = find_spec("faster_whisper")
    if package is None or package.origin is None:
        raise ModelMissing("The voice detector is in the package faster-whisper, which is absent: run `make run`.")
    path = Path(package.origin).parent / "assets" / "silero_vad_v6.onnx"
    if not path.is_file():
        raise ModelMissing(f"The voice detector {path} is absent: install faster-whisper 1.2 again.")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
