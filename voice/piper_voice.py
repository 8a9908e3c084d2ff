"""A Piper voice, for the telephone: text in, 8 kHz sound out.

Stock piper-tts lets onnxruntime take every core and keep the memory of the longest sentence. Here it gets a few
threads that do not spin (the recogniser and the line need the cores too) and gives memory back: 380 MB resident
instead of 850. Synthesis takes about half the duration of the speech on two quiet cores, so callers speak
sentence by sentence (`voice.sentences`) and keep fixed sentences in a cache keyed by `digest`.
"""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any, cast

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors
from piper import PiperVoice as PiperEngine
from piper import SynthesisConfig
from piper.config import PiperConfig

from bot.errors import ModelMissing, SpeechUnavailable
from voice.audio import resample, trim_silence
from voice.loudness import to_speech_level
from voice.memory import give_memory_back
from voice.speech import GaveWay

LINE_RATE_HZ = 8000

_LONGEST_PHONEMES = 400
"""The default voice drops what exceeds 510 phonemes; a sentence of that length is cut between words."""
_PAUSE_SECONDS = 0.2
_KEEP_BEFORE_SECONDS, _KEEP_AFTER_SECONDS = 0.03, 0.12

_ENGINE_ERRORS = (
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.RuntimeException,
    ort_errors.InvalidGraph,
    ort_errors.InvalidProtobuf,
    ort_errors.NoSuchFile,
    ort_errors.NotImplemented,
    RuntimeError,
    MemoryError,
)


class _BreakableSession:
    """An onnxruntime session whose runs can be ended from another thread, in milliseconds."""

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self._session = session
        self.options = onnxruntime.RunOptions()

    def run(self, names: list[str] | None, inputs: dict[str, Any]) -> Any:
        return self._session.run(names, inputs, self.options)


class PiperVoice:
    """One voice; safe for several threads, which take turns."""

    def __init__(self, onnx_path: str | Path, *, threads: int = 2, length_scale: float = 1.0) -> None:
        """Loads the voice and its `.onnx.json`. Raises `ModelMissing` when it is absent or not a Piper voice.

        `length_scale`: 1.2 speaks a fifth slower.
        """
        self.path = Path(onnx_path)
        self.length_scale = length_scale
        self._lock = Lock()
        config_path = Path(f"{onnx_path}.json")
        for path in (self.path, config_path):
            if not path.is_file():
                raise ModelMissing(f"The voice file {path} is absent: run `guichet voices install`.")
        try:
            config = PiperConfig.from_dict(json.loads(config_path.read_text(encoding="utf-8")))
            session = onnxruntime.InferenceSession(
                str(self.path), _session_options(threads), providers=["CPUExecutionProvider"]
            )
        except (*_ENGINE_ERRORS, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelMissing(
                f"The voice {self.path} cannot be loaded ({type(error).__name__}): run `guichet voices verify`."
            ) from None
        self._session = _BreakableSession(session)
        self._background = onnxruntime.RunOptions()
        self._engine = PiperEngine(session=cast(onnxruntime.InferenceSession, self._session), config=config)
        self.rate_hz: int = config.sample_rate
        give_memory_back()

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the voice file: what a cache of its speech must be keyed by."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def synthesise(
        self, text: str, *, length_scale: float | None = None, background: bool = False
    ) -> NDArray[np.float32]:
        """Speaks a text as it stands (see `voice.spoken_french`): float32 at 8 kHz, at the level of `voice.loudness`.

        At most 30 ms of silence are left before and 120 ms after. Empty when there is nothing to say.
        Blocks. Raises `SpeechUnavailable` when the engine fails, `GaveWay` when it was broken off in the background.
        """
        scale = self.length_scale if length_scale is None else length_scale
        options = onnxruntime.RunOptions()
        if background:
            self._background = options
        try:
            with self._lock:
                self._session.options = options
                parts = [self._speak(piece, scale) for piece in self._pieces(text)]
        except _ENGINE_ERRORS as error:
            if options.terminate:
                raise GaveWay from None
            raise SpeechUnavailable(f"The voice failed on a sentence: {type(error).__name__}.") from error
        if not parts:
            return np.zeros(0, np.float32)
        pause = np.zeros(round(_PAUSE_SECONDS * self.rate_hz), np.float32)
        whole = np.concatenate([block for part in parts for block in (part, pause)])
        line = resample(whole, self.rate_hz, LINE_RATE_HZ)
        trimmed = trim_silence(line, LINE_RATE_HZ, _KEEP_BEFORE_SECONDS, _KEEP_AFTER_SECONDS)
        return to_speech_level(trimmed)

    def break_off(self) -> None:
        """Ends the synthesis in the background, if there is one, whether it is speaking or waiting for its turn."""
        self._background.terminate = True

    def _pieces(self, text: str) -> list[list[str]]:
        """Phonemes of each sentence, none longer than the network takes."""
        pieces = []
        for sentence in self._engine.phonemize(text):
            phonemes = list(sentence)
            while len(phonemes) > _LONGEST_PHONEMES:
                spaces = [i for i, phoneme in enumerate(phonemes[:_LONGEST_PHONEMES]) if phoneme == " "]
                cut = spaces[-1] + 1 if spaces else _LONGEST_PHONEMES
                pieces.append(phonemes[:cut])
                phonemes = phonemes[cut:]
            pieces.append(phonemes)
        return [piece for piece in pieces if any(phoneme.isalpha() for phoneme in piece)]

    def _speak(self, phonemes: list[str], length_scale: float) -> NDArray[np.float32]:
        ids = self._engine.phonemes_to_ids(phonemes)
        sound = self._engine.phoneme_ids_to_audio(ids, SynthesisConfig(length_scale=length_scale))
        return np.asarray(sound, np.float32).reshape(-1)


def _session_options(threads: int) -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.enable_cpu_mem_arena = False
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return options
