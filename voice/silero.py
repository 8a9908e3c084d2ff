"""Silero's voice detector, one 32 ms frame at a time: 0.23 ms of CPU a frame.

The network (v6, inside faster-whisper's wheel) has a memory of its own and looks back at the last 4 ms; both
belong to one call, while the session that holds the weights is shared by the process.
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

RATE_HZ = 16000
FRAME_SAMPLES = 512
FRAME_SECONDS = FRAME_SAMPLES / RATE_HZ
_CONTEXT_SAMPLES = 64


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

    def probability(self, frame: NDArray[np.float32]) -> float:
        """How likely the 512 samples (float32, 16 kHz, in order) hold speech. Raises `BadAudio` for another size."""
        if frame.shape != (FRAME_SAMPLES,):
            raise BadAudio(f"The voice detector takes {FRAME_SAMPLES} samples, not {frame.shape}.")
        sound = np.concatenate([self._context, frame]).astype(np.float32, copy=False)[None]
        result, self._hidden, self._cell = self._session.run(None, {"input": sound, "h": self._hidden, "c": self._cell})
        self._context = frame[-_CONTEXT_SAMPLES:]
        return float(result.ravel()[0])


def voiced_seconds(samples: NDArray[np.float32], *, on: float = 0.4, off: float = 0.2) -> float:
    """How much of a finished sound (float32, 16 kHz) is speech: from `on` until it falls below `off`."""
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
