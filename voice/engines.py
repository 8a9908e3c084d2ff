"""The real engines behind `voice.speech`: Whisper with its corrections and plausibility check, and a Piper voice."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
import structlog
from numpy.typing import NDArray

from bot.dialogue import Reading
from bot.errors import ModelMissing, SpeechUnavailable
from bot.settings import Settings
from voice.audio import float_to_pcm
from voice.corrections import Corrections
from voice.dictated_figures import NO_NUMBER, Dictated, dictated
from voice.endpointing import dictating, lone_number, short_answer
from voice.french.figures import in_pairs
from voice.install.places import model_sums
from voice.memory import give_memory_back
from voice.mistaken import Mistaken, perhaps_said
from voice.number_ear import LONGEST_SECONDS as LONGEST_NUMBER_SECONDS
from voice.number_ear import NumberEar
from voice.piper_voice import PiperVoice
from voice.plausibility import FEWEST_VOICED_SECONDS, plausible
from voice.short_answers import COMMANDS, LONGEST_SECONDS, meant
from voice.short_words import NO_WORD, WINDOW_SECONDS, ShortWords, Word, short_sound
from voice.speech import Speech
from voice.speech_cache import SpeechCache
from voice.spoken import spoken_sentences
from voice.spoken_french import DEFAULT, speak, with_exceptions
from voice.transcript import Transcript, other_readings
from voice.turn import Certainty, Expecting, Hearing
from voice.whisper import RATE_HZ, Whisper, transcription_window
from voice.word_spectrum import spectrum
from voice.workers import HEARING_NICE, SPEAKING_NICE, made_at

log = structlog.get_logger(__name__)

_Ear = TypeVar("_Ear")


class Lexicon(Protocol):
    """What the knowledge tells a recogniser: a sentence full of its terms, the terms, words that are no mistake
    as they stand (small letters), and words that may have been another one."""

    @property
    def prompt(self) -> str: ...

    @property
    def terms(self) -> Sequence[str]: ...

    @property
    def ordinary(self) -> Collection[str]: ...

    @property
    def mistaken(self) -> Sequence[Mistaken]: ...


class WhisperRecogniser:
    """`voice.speech.Recogniser` on Whisper, with the domain's terms mended and ears of its own for single words and for
    numbers that are dictated."""

    def __init__(
        self,
        whisper: Whisper,
        corrections: Corrections,
        words: ShortWords | None = None,
        numbers: NumberEar | None = None,
        mistaken: Sequence[Mistaken] = (),
    ) -> None:
        self._whisper = whisper
        self._corrections = corrections
        self._words = words
        self._numbers = numbers
        self._mistaken = mistaken

    def without_words(self) -> WhisperRecogniser:
        """The same engine without its own ears, which know words and numbers as the telephone brings them only."""
        return WhisperRecogniser(self._whisper, self._corrections, mistaken=self._mistaken)

    def hear(
        self,
        samples: NDArray[np.float32],
        speech_seconds: float,
        is_wanted: Callable[[], bool] = lambda: True,
        expecting: Expecting = Expecting.QUESTION,
    ) -> Hearing:
        word = self._word(samples, speech_seconds, is_wanted, expecting)
        if word.sure:
            return Hearing(word.text, word.probability, "high", True, speech_seconds)
        for_number = expecting is Expecting.NUMBER
        if for_number and (number := self._number(samples, is_wanted)).sure:
            return Hearing(in_pairs(number.figures), number.probability, "high", True, speech_seconds)
        transcript = self._whisper.transcribe(samples, is_wanted)
        is_recited = transcript.certainty != "high" and self._corrections.only_lists(transcript.text)
        is_plausible = plausible(transcript, speech_seconds) and not is_recited
        is_doubtful = not is_plausible or transcript.certainty in ("low", "none")
        others = [Reading(self._corrections.mend(one.text), one.confidence) for one in transcript.alternatives]
        command = self._command(transcript, speech_seconds, word)
        mended = command or self._corrections.mend(transcript.text)
        others.insert(0, Reading(perhaps_said(mended, self._mistaken), transcript.confidence))
        is_sure = command and (meant([transcript.text], (command,)) or (word.possible and word.text == command))
        sure: Certainty = "medium" if is_sure and transcript.certainty == "low" else transcript.certainty
        is_checked = word.possible and not (for_number and _dictated(transcript.text, word))
        if is_checked and not meant([mended], (word.text,)):
            if word.likely and is_doubtful and not for_number:  # a promise is not made on half a word
                return Hearing(word.text, word.probability, "medium", True, speech_seconds)
            if word.likely or short_answer(transcript.text):
                sure = "low"  # two ears, two different answers: better asked again
        return Hearing(
            text=transcript.text,
            confidence=transcript.confidence,
            certainty=sure,
            plausible=is_plausible,
            speech_seconds=speech_seconds,
            mended=mended if mended != transcript.text else "",
            alternatives=other_readings(mended, others),
        )

    def _word(
        self, samples: NDArray[np.float32], speech_seconds: float, is_wanted: Callable[[], bool], expecting: Expecting
    ) -> Word:
        """The word that a short sound is, so far as that is known without transcribing it."""
        if self._words is None or speech_seconds < FEWEST_VOICED_SECONDS:
            return NO_WORD
        sound = short_sound(samples)
        if sound is None or not is_wanted():
            return NO_WORD
        return self._words.hear(self._whisper.encoded(sound, WINDOW_SECONDS), expecting, spectrum(sound))

    def _number(self, samples: NDArray[np.float32], is_wanted: Callable[[], bool]) -> Dictated:
        """The figures that are dictated, so far as they are known without transcribing anything."""
        if self._numbers is None or len(samples) > LONGEST_NUMBER_SECONDS * RATE_HZ or not is_wanted():
            return NO_NUMBER
        window = transcription_window(len(samples) / RATE_HZ)
        return dictated(self._numbers.hear(self._whisper.encoded(samples, window)))

    def _command(self, transcript: Transcript, speech_seconds: float, word: Word) -> str | None:
        """The short answer that a word or two sound like, unless they are one as they stand."""
        if speech_seconds > LONGEST_SECONDS or short_answer(transcript.text):
            return None
        readings = [transcript.text, *(one.text for one in transcript.alternatives)]
        return meant(readings, (word.text,) if word.possible else ()) or meant(readings, COMMANDS)


def _dictated(text: str, word: Word) -> bool:
    """Whether it is a part of a number, of which the ear for words knows single figures only. "Un" is the key 1."""
    if dictating(text) or lone_number(text):
        return text.strip(" .!").lower() not in ("un", "1")
    return lone_number(word.text) and not short_answer(text)


class PiperSynthesiser:
    """`voice.speech.Synthesiser` on a Piper voice."""

    def __init__(self, voice: PiperVoice) -> None:
        self._voice = voice

    @property
    def digest(self) -> str:
        return self._voice.digest

    def speak(self, text: str, length_scale: float) -> bytes:
        return _spoken(self._voice, text, length_scale, background=False)


class PiperInAdvance:
    """`voice.speech.AdvanceVoice` on the same voice."""

    def __init__(self, voice: PiperVoice) -> None:
        self._voice = voice

    def speak(self, text: str, length_scale: float) -> bytes:
        return _spoken(self._voice, text, length_scale, background=True)

    def break_off(self) -> None:
        self._voice.break_off()


def _spoken(voice: PiperVoice, text: str, length_scale: float, *, background: bool) -> bytes:
    try:
        return float_to_pcm(voice.synthesise(text, length_scale=length_scale, background=background))
    finally:
        give_memory_back()  # without it the process keeps the room of every long sentence, 1 GB and more


def load_speech(settings: Settings, lexicon: Lexicon, pronunciation: Mapping[str, str] | None = None) -> Speech:
    """Both engines, loaded and warm. 2 to 5 s. Raises `ModelMissing`, naming the command that installs.

    `pronunciation` is the pack's.
    """
    chosen = settings.speech
    said_as = with_exceptions(pronunciation or {})
    recogniser = made_at(HEARING_NICE, partial(load_recogniser, settings, lexicon, said_as))
    voice = made_at(SPEAKING_NICE, partial(load_voice, settings))
    recogniser.hear(np.random.default_rng(0).normal(0, 0.01, 16000).astype(np.float32), 0.0)
    voice.synthesise("Bonjour.")
    return Speech(
        recogniser,
        PiperSynthesiser(voice),
        cache_path(settings),
        workers=chosen.recogniser_workers,
        pace=chosen.length_scale,
        said_as=said_as,
        advance=PiperInAdvance(voice),
        for_visitors=recogniser.without_words(),
    )


def cache_path(settings: Settings) -> Path:
    """Where spoken sentences are kept."""
    return settings.data_path / "speech-cache"


def load_voice(settings: Settings) -> PiperVoice:
    """The chosen voice alone. Raises `ModelMissing`."""
    chosen = settings.speech
    return PiperVoice(_place(settings.voices_path, chosen.voice, ".onnx"), threads=chosen.synthesis_threads)


def speak_into_cache(settings: Settings, texts: Iterable[str], pronunciation: Mapping[str, str]) -> Iterator[int]:
    """Speaks what the cache has not; yields how many pieces remain, first before any is made, then after each.

    Raises `ModelMissing`, `SpeechUnavailable`; the latter too where nothing can be kept. Safe beside a service.
    """
    voice = load_voice(settings)
    scale = round(settings.speech.length_scale, 3)
    cache = SpeechCache(cache_path(settings), voice.digest, scale)
    said_as = with_exceptions(pronunciation)
    pieces = dict.fromkeys(piece for text in texts for piece in spoken_sentences(text, said_as))
    missing = [piece for piece in pieces if piece not in cache]
    yield len(missing)
    for done, piece in enumerate(missing, 1):
        if not cache.write(piece, _spoken(voice, piece, scale, background=False)):
            raise SpeechUnavailable(f"{cache_path(settings)} cannot be written: see the line above. Make room there.")
        yield len(missing) - done


def load_recogniser(settings: Settings, lexicon: Lexicon, said_as: Mapping[str, str] = DEFAULT) -> WhisperRecogniser:
    """The chosen Whisper model, told which words to expect, how they sound, and so what to mend in what it writes.
    Raises `ModelMissing`."""
    corrections = Corrections(lexicon.terms, lexicon.ordinary, partial(speak, exceptions=said_as))
    whisper = load_whisper(settings, lexicon.prompt, lexicon.terms)
    words, numbers = load_short_words(settings), load_number_ear(settings)
    return WhisperRecogniser(whisper, corrections, words, numbers, lexicon.mistaken)


def load_short_words(settings: Settings) -> ShortWords | None:
    """What knows single words by the encoder of the chosen model; None when that was never taught them."""
    return _if_taught(ShortWords.load, settings, "single_words.unknown")


def load_number_ear(settings: Settings) -> NumberEar | None:
    """What hears dictated numbers by the encoder of the chosen model; None when that was never taught them."""
    return _if_taught(NumberEar.load, settings, "numbers.unknown")


def _if_taught(load: Callable[[str], _Ear | None], settings: Settings, otherwise: str) -> _Ear | None:
    sums = model_sums(_place(settings.models_path, settings.speech.whisper_model))
    lines = sums.read_text(encoding="utf-8").splitlines() if sums.is_file() else ()
    digest = next((line.split()[0] for line in lines if line.split()[1:] == ["model.bin"]), "")
    try:
        return load(digest)
    except ModelMissing as error:
        log.warning(otherwise, error=str(error))
        return None


def load_whisper(settings: Settings, prompt: str = "", terms: Sequence[str] = ()) -> Whisper:
    """The chosen Whisper model alone. Raises `ModelMissing`."""
    chosen = settings.speech
    return Whisper(
        _place(settings.models_path, chosen.whisper_model),
        prompt=prompt,
        terms=terms,
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
