"""The real engines behind `voice.speech`: Whisper with its corrections and plausibility check, and a Piper voice."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bot.dialogue import Reading
from bot.errors import ModelMissing
from bot.settings import Settings
from voice.audio import float_to_pcm
from voice.corrections import Corrections
from voice.piper_voice import PiperVoice, give_memory_back
from voice.plausibility import plausible
from voice.speech import Speech
from voice.spoken_french import speak
from voice.transcript import other_readings
from voice.turn import Hearing
from voice.whisper import Whisper


class Lexicon(Protocol):
    """What the knowledge tells a recogniser: a sentence full of its terms, the terms, and words that are no mistake
    as they stand (small letters)."""

    @property
    def prompt(self) -> str: ...

    @property
    def terms(self) -> Sequence[str]: ...

    @property
    def ordinary(self) -> Collection[str]: ...


class WhisperRecogniser:
    """`voice.speech.Recogniser` on Whisper, with the domain's terms mended."""

    def __init__(self, whisper: Whisper, corrections: Corrections) -> None:
        self._whisper = whisper
        self._corrections = corrections

    def hear(self, samples: NDArray[np.float32], speech_seconds: float) -> Hearing:
        transcript = self._whisper.transcribe(samples)
        mended = self._corrections.mend(transcript.text)
        others = (Reading(self._corrections.mend(one.text), one.confidence) for one in transcript.alternatives)
        return Hearing(
            text=transcript.text,
            confidence=transcript.confidence,
            certainty=transcript.certainty,
            plausible=bool(plausible(transcript, speech_seconds)),
            speech_seconds=speech_seconds,
            mended=mended if mended != transcript.text else "",
            alternatives=other_readings(mended, others),
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


def load_speech(settings: Settings, lexicon: Lexicon) -> Speech:
    """Both engines, loaded and warm. 2 to 5 s. Raises `ModelMissing`, naming the command that installs."""
    chosen = settings.speech
    recogniser = load_recogniser(settings, lexicon)
    voice = PiperVoice(_place(settings.voices_path, chosen.voice, ".onnx"), threads=chosen.synthesis_threads)
    recogniser.hear(np.random.default_rng(0).normal(0, 0.01, 16000).astype(np.float32), 0.0)
    voice.synthesise("Bonjour.")
    return Speech(
        recogniser,
        PiperSynthesiser(voice),
        settings.data_path / "speech-cache",
        workers=chosen.recogniser_workers,
        pace=chosen.length_scale,
    )


def load_recogniser(settings: Settings, lexicon: Lexicon) -> WhisperRecogniser:
    """The chosen Whisper model, told which words to expect, and what to mend in what it writes. Raises
    `ModelMissing`."""
    corrections = Corrections(lexicon.terms, lexicon.ordinary, speak)
    return WhisperRecogniser(load_whisper(settings, lexicon.prompt), corrections)


def load_whisper(settings: Settings, prompt: str = "") -> Whisper:
    """The chosen Whisper model alone. Raises `ModelMissing`."""
    chosen = settings.speech
    return Whisper(
        _place(settings.models_path, chosen.whisper_model),
        prompt=prompt,
        threads=chosen.recogniser_threads,
        workers=chosen.recogniser_workers,
    )


def _place(directory: Path, name: str, suffix: str = "") -> Path:
    """A path as it is; a name, under `directory`."""
    return Path(name) if "/" in name else directory / f"{name}{suffix}"


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
