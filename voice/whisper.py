"""Whisper on CTranslate2, without its fixed window of 30 s.

Whisper was trained on 30 s of sound and its usual drivers pad every utterance to that, which costs 2.1 s of CPU
for a question of 3 s. CTranslate2 takes any even number of frames: with a window of max(8 s, sound + 1 s) it is
0.45 s, at the same share of wrong words (17.7 % against 18.1 %). Below about 5 s the text degrades. About one
utterance in a hundred then goes round in circles; it is detected and done again with the whole window.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import ctranslate2
import numpy as np
import structlog
import tokenizers
from faster_whisper.feature_extractor import FeatureExtractor
from faster_whisper.tokenizer import Tokenizer
from numpy.typing import NDArray

from bot.dialogue import Reading
from bot.errors import ModelMissing, SpeechUnavailable
from voice.audio import quiet_cuts
from voice.memory import give_memory_back
from voice.transcript import Transcript, certainty_of, other_readings
from voice.whisper_vocabulary import FIRST_MARK, cut_model, french_tokens, renumbered, vocabulary_size

__all__ = ["RATE_HZ", "SERVED", "Decoding", "Transcript", "Whisper", "looped"]

RATE_HZ = 16000

_FRAME_SAMPLES = 320
"""One step of the encoder: two frames of 10 ms."""
_WINDOW_SECONDS = 30.0
_SHORTEST_WINDOW_SECONDS = 8.0
_PAD_SECONDS = 1.0
_LONGEST_PIECE_SECONDS = 28.0
_SHORTEST_SOUND_SECONDS = 0.1
_SILENT_BELOW = 0.0005
"""Peak of what is silence on a G.711 line: its lowest level is 0.00024."""
_PROMPT_TOKENS = 223
_SEQUENCE_TOKENS = 448
_NEEDED_FILES = ("model.bin", "config.json", "tokenizer.json")

log = structlog.get_logger(__name__)


class Decoding(NamedTuple):
    """How hard the words are looked for. What else was tried: docs/decisions/0010-recogniser-speed.md.

    The search ends when `finished` of its hypotheses have come to their end; all those are returned. Three instead of
    five would take 5 % off the decoding, and one of the two alternatives with it.
    """

    beam: int = 5
    finished: int = 5


SERVED = Decoding()


class _Heard(NamedTuple):
    text: str
    avg_logprob: float
    no_speech: float
    alternatives: tuple[Reading, ...] = ()


def transcription_window(seconds: float) -> float:
    """The window, in seconds, in which a sound that long is transcribed."""
    return min(_WINDOW_SECONDS, max(_SHORTEST_WINDOW_SECONDS, seconds + _PAD_SECONDS))


class Whisper:
    """A recogniser for one language; safe for several threads, `workers` of which run side by side.

    `prompt` is a sentence full of the domain's words: it makes Whisper expect them ("DPAE", "volet social"), which
    takes the share of wrong words from 21.5 to 16 %. Keep it under 80 tokens. `terms` are written as they are.
    French is heard with the tokens that French needs, unless `whole_vocabulary` (`voice/whisper_vocabulary.py`).
    """

    def __init__(
        self,
        model_dir: str | Path,
        *,
        prompt: str = "",
        threads: int = 1,
        workers: int = 1,
        language: str = "fr",
        decoding: Decoding = SERVED,
        terms: Iterable[str] = (),
        whole_vocabulary: bool = False,
    ) -> None:
        """Loads the model, in 8 bits. Raises `ModelMissing` when it is absent or cannot be loaded."""
        directory = Path(model_dir)
        for name in _NEEDED_FILES:
            if not (directory / name).is_file():
                raise ModelMissing(f"The recogniser {directory} has no {name}: run `guichet models install`.")
        try:
            vocabulary = tokenizers.Tokenizer.from_file(str(directory / "tokenizer.json"))
            size = 0 if whole_vocabulary or language != "fr" else vocabulary_size(directory)
            self._kept = french_tokens(_tokens_of(vocabulary, [prompt, *terms]), size) if size > FIRST_MARK else None
            self._model = self._loaded(directory, threads, workers)
            give_memory_back()
        except Exception as error:  # noqa: BLE001 - tokenizers raises nothing narrower
            raise ModelMissing(
                f"The recogniser {directory} cannot be loaded ({type(error).__name__}): run `guichet models verify`."
            ) from None
        self._decoding = decoding
        self._features = FeatureExtractor(feature_size=self._model.n_mels)
        # CTranslate2 takes a small vocabulary for that of an English model.
        multilingual = self._kept is not None or self._model.is_multilingual
        self._tokenizer = Tokenizer(vocabulary, multilingual, task="transcribe", language=language)
        whole: list[int] = [*self._prompt_tokens(prompt), *self._tokenizer.sot_sequence, self._tokenizer.no_timestamps]
        self._prompt = whole if self._kept is None else renumbered(whole, self._kept)

    def _loaded(self, directory: Path, threads: int, workers: int) -> ctranslate2.models.Whisper:
        """With the tokens of every language where there is no room to leave some out: dearer, not worse."""
        load = partial(
            ctranslate2.models.Whisper,
            device="cpu",
            compute_type="int8",
            intra_threads=threads,
            inter_threads=workers,
        )
        if self._kept is not None:
            try:
                with cut_model(directory, self._kept) as cut:
                    return load(str(cut))
            except OSError as error:
                log.warning("recogniser.vocabulary_whole", error=str(error))
                self._kept = None
        return load(str(directory))

    def transcribe(self, samples: NDArray[np.float32], is_wanted: Callable[[], bool] = lambda: True) -> Transcript:
        """One utterance (float32, 16 kHz) in words. Blocks; most of the time without the interpreter's lock.

        Less than 0.1 s, or silence, is an empty transcript of certainty "none"; more than 28 s is cut where
        it is quiet and joined again. Raises `SpeechUnavailable` when the engine fails.

        `is_wanted` is asked before each step (encoding, a third of the time; decoding; doing it again), in the calling
        thread. Once it says no, the rest is left out and the transcript is empty, as of silence.
        """
        if len(samples) < _SHORTEST_SOUND_SECONDS * RATE_HZ or float(np.max(np.abs(samples))) < _SILENT_BELOW:
            return _nothing(samples)
        try:
            pieces = [
                self._transcribe_piece(piece, is_wanted)
                for piece in quiet_cuts(samples, RATE_HZ, _LONGEST_PIECE_SECONDS)
            ]
        except _Unwanted:
            return _nothing(samples)
        except (RuntimeError, ValueError, MemoryError) as error:
            raise SpeechUnavailable(f"The recogniser failed on an utterance: {type(error).__name__}.") from error
        return pieces[0] if len(pieces) == 1 else _joined(pieces)

    def encoded(self, samples: NDArray[np.float32], window_seconds: float) -> NDArray[np.float32]:
        """What the encoder makes of a sound (16 kHz) within a window: one row for each 20 ms of the sound.

        Raises `SpeechUnavailable`.
        """
        try:
            steps = np.asarray(self._model.encode(self._mel(samples, window_seconds)))[0]
        except (RuntimeError, ValueError, MemoryError) as error:
            raise SpeechUnavailable(f"The recogniser failed on an utterance: {type(error).__name__}.") from error
        return np.asarray(steps[: -(-len(samples) // _FRAME_SAMPLES)], np.float32)

    def _transcribe_piece(self, samples: NDArray[np.float32], is_wanted: Callable[[], bool]) -> Transcript:
        seconds = len(samples) / RATE_HZ
        window = transcription_window(seconds)
        heard = self._hear(samples, window, is_wanted)
        redone = looped(heard.text) and window < _WINDOW_SECONDS
        if redone:
            heard = self._hear(samples, _WINDOW_SECONDS, is_wanted)
        return _transcript(heard, seconds, redone)

    def _hear(self, samples: NDArray[np.float32], window_seconds: float, is_wanted: Callable[[], bool]) -> _Heard:
        _check(is_wanted)
        encoded = self._model.encode(self._mel(samples, window_seconds))
        _check(is_wanted)
        # Spoken French has fewer than 8 tokens a second; the cap ends what runs away.
        new_tokens = 16 + int(12 * len(samples) / RATE_HZ)
        result = self._model.generate(
            encoded,
            [self._prompt],
            beam_size=self._decoding.beam,
            patience=self._decoding.finished / self._decoding.beam,
            num_hypotheses=self._decoding.finished,
            max_length=min(_SEQUENCE_TOKENS, len(self._prompt) + new_tokens),
            return_scores=True,
            return_no_speech_prob=True,
        )[0]
        texts = [self._text(tokens) for tokens in result.sequences_ids]
        readings = (Reading(text, _confidence(score)) for text, score in zip(texts, result.scores, strict=True))
        return _Heard(
            texts[0], float(result.scores[0]), float(result.no_speech_prob), other_readings(texts[0], readings)
        )

    def _text(self, tokens: list[int]) -> str:
        if self._kept is not None:
            tokens = [int(self._kept[token]) for token in tokens]
        return str(self._tokenizer.decode([token for token in tokens if token < self._tokenizer.eot]).strip())

    def _mel(self, samples: NDArray[np.float32], window_seconds: float) -> ctranslate2.StorageView:
        padded = np.zeros(int(window_seconds * RATE_HZ / _FRAME_SAMPLES) * _FRAME_SAMPLES, np.float32)
        count = min(len(samples), len(padded))
        padded[:count] = samples[:count]
        mel = self._features(padded, padding=0)[:, : len(padded) // 160]
        return ctranslate2.StorageView.from_array(np.ascontiguousarray(mel[None], np.float32))

    def _prompt_tokens(self, prompt: str) -> list[int]:
        if not prompt.strip():
            return []
        return [self._tokenizer.sot_prev, *self._tokenizer.encode(" " + prompt.strip())[-_PROMPT_TOKENS:]]


def _tokens_of(vocabulary: tokenizers.Tokenizer, texts: Iterable[str]) -> set[int]:
    """Of each text as a sentence's beginning and inside one."""
    forms = [form for text in texts for form in (text, f" {text.strip()}", f"'{text.strip()}")]
    return {token for form in vocabulary.encode_batch(forms, add_special_tokens=False) for token in form.ids}


class _Unwanted(Exception):
    """Nobody waits for the transcript any more."""


def _check(is_wanted: Callable[[], bool]) -> None:
    if not is_wanted():
        raise _Unwanted


def _nothing(samples: NDArray[np.float32]) -> Transcript:
    return Transcript("", 0.0, "none", -10.0, 1.0, len(samples) / RATE_HZ)


def looped(text: str) -> bool:
    """Whether a text goes round in circles: the same five words twice, or more repetition than speech has."""
    words = re.findall(r"[\w'-]+", text.lower())
    fives = [tuple(words[start : start + 5]) for start in range(len(words) - 4)]
    if len(set(fives)) < len(fives):
        return True
    raw = text.encode()
    return bool(raw) and len(raw) / len(zlib.compress(raw)) > 2.2


def _transcript(heard: _Heard, seconds: float, redone: bool) -> Transcript:
    certainty = certainty_of(heard.text, heard.avg_logprob, heard.no_speech)
    confidence = _confidence(heard.avg_logprob) if heard.text else 0.0
    return Transcript(
        heard.text, confidence, certainty, heard.avg_logprob, heard.no_speech, seconds, redone, heard.alternatives
    )


def _confidence(avg_logprob: float) -> float:
    return min(1.0, math.exp(avg_logprob))


def _joined(pieces: list[Transcript]) -> Transcript:
    """One transcript of consecutive pieces. Those without speech give no words; figures are means over time.

    Their alternatives are left out: each is another reading of one piece only."""
    spoken = [piece for piece in pieces if piece.certainty != "none"]
    counted = spoken or pieces
    seconds = sum(piece.duration_seconds for piece in counted)
    heard = _Heard(
        " ".join(piece.text for piece in spoken),
        sum(piece.avg_logprob * piece.duration_seconds for piece in counted) / seconds,
        sum(piece.no_speech_probability * piece.duration_seconds for piece in counted) / seconds,
    )
    whole = sum(piece.duration_seconds for piece in pieces)
    return _transcript(heard, whole, any(piece.redone for piece in pieces))
