"""The real engines behind `voice.speech`: Whisper with the plausibility check, and a Piper voice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray

from bot.errors import ModelMissing
from bot.settings import PROJECT_DIR, Settings
from voice.audio import float_to_pcm
from voice.piper_voice import PiperVoice, give_memory_back
from voice.plausibility import plausible
from voice.speech import Speech
from voice.turn import Hearing
from voice.whisper import Whisper


class WhisperRecogniser:
    """`voice.speech.Recogniser` on Whisper."""

    def __init__(self, whisper: Whisper) -> None:
        self._whisper = whisper

    def hear(self, samples: NDArray[np.float32], speech_seconds: float) -> Hearing:
        transcript = self._whisper.transcribe(samples)
        return Hearing(
            text=transcript.text,
            confidence=transcript.confidence,
            certainty=transcript.certainty,
            plausible=bool(plausible(transcript, speech_seconds)),
            speech_seconds=speech_seconds,
        )


class PiperSynthesiser:
    """`voice.speech.Synthesiser` on a Piper voice."""

    def __init__(self, voice: PiperVoice) -> None:
        self._voice = voice

    @property
    def digest(self) -> str:
        return self._voice.digest

    def speak(self, text: str, length_scale: float) -> bytes:
        pcm = float_to_pcm(self._voice.synthesise(text, length_scale=length_scale))
        give_memory_back()  # a few ms; without it the process keeps the room of every long sentence, 1 GB and more
        return pcm


def load_speech(settings: Settings) -> Speech:
    """Both engines, loaded and warm. 2 to 5 s. Raises `ModelMissing`, naming the command that installs."""
    chosen = settings.speech
    whisper = load_recogniser(settings)
    voice = PiperVoice(_place(settings.voices_path, chosen.voice, ".onnx"), threads=chosen.synthesis_threads)
    whisper.transcribe(np.random.default_rng(0).normal(0, 0.01, 16000).astype(np.float32))
    voice.synthesise("Bonjour.")
    return Speech(
        WhisperRecogniser(whisper),
        PiperSynthesiser(voice),
        settings.data_path / "speech-cache",
        workers=chosen.recogniser_workers,
        pace=chosen.length_scale,
    )


def load_recogniser(settings: Settings) -> Whisper:
    """The chosen Whisper model, told which words to expect. Raises `ModelMissing`."""
    chosen = settings.speech
    return Whisper(
        _place(settings.models_path, chosen.whisper_model),
        prompt=hearing_prompt(),
        threads=chosen.recogniser_threads,
        workers=chosen.recogniser_workers,
    )


def _place(directory: Path, name: str, suffix: str = "") -> Path:
    """A path as it is; a name, under `directory`."""
    return Path(name) if "/" in name else directory / f"{name}{suffix}"


def hearing_prompt() -> str:
    """The sentence that tells the recogniser which words to expect, from the knowledge's own prompts file."""
    try:
        raw = yaml.safe_load((PROJECT_DIR / "data" / "prompts.yml").read_text(encoding="utf-8"))
        return str(raw["hearing"]["prompt"])
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError):
        return ""


def check_models(settings: Settings) -> None:
    """Raises `ModelMissing` when a file of the chosen recogniser or voice is absent. Loads nothing."""
    whisper = _place(settings.models_path, settings.speech.whisper_model)
    voice = _place(settings.voices_path, settings.speech.voice, ".onnx")
    for path, remedy in (
        (whisper / "model.bin", "models"),
        (voice, "voices"),
        (voice.with_name(voice.name + ".json"), "voices"),
    ):
        if not path.is_file():
            raise ModelMissing(f"{path} is missing: `guichet {remedy} install` brings it.")
