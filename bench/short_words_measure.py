"""Whether `voice/short_words.py` knows words of voices that it has never heard, and leaves all else alone.

Answers: the single words of the ten voices of `bench/callers_audio.py` on its lines; three other voices of espeak-ng;
two women who say digits, June Wallack and Armelle Desjardins (Debian's asterisk-core-sounds-fr-wav and
asterisk-prompt-fr-armelle), on four lines. No answers: their other short prompts, the words of Debian's
ktuberling-data, what `bench/turn_taking.py` pauses after in sentences and dictated numbers, and sounds without words.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.callers_audio import (
    Callers,
    debian_package,
    on_a_line,
    open_callers,
    recording,
    speech_span,
    through_a_law,
)
from bench.line_sounds import line_sounds
from bench.short_words_takes import Said, noisy
from bench.short_words_teachers import RATE_HZ, answer_in, espeak, texts_for
from bench.simulated_call import listened
from bench.turn_taking import line_of
from bot.errors import ModelMissing
from bot.hearing import load_lexicon
from bot.settings import Settings
from voice.audio import Floats
from voice.ear import FRAME_SAMPLES, FRAME_SECONDS, Ear, Paused, Resumed
from voice.engines import load_short_words, load_whisper
from voice.patience import Patience
from voice.short_words import EXPECTED, MOST_STEPS, WINDOW_SECONDS, ShortWords, short_sound
from voice.turn import Expecting
from voice.whisper import Whisper
from voice.word_spectrum import MOST_FRAMES, spectrum

Utterance = tuple[Floats, float]
ESPEAK_OTHERS = (("fr+m1", 155, 50), ("fr+f3", 150, 60), ("fr-be+m5", 165, 45))
DIGITS = ("zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix")
LINES = {
    "quiet": ("pink", 60.0),
    "pink 20 dB": ("pink", 20.0),
    "babble 20 dB": ("babble", 20.0),
    "pink 10 dB": ("pink", 10.0),
}
SENTENCES = ("question", "recorded", "hesitation", "mid_sentence", "number", "recorded_number")
_NO_SOUND: Floats = np.zeros(0, np.float32)
YES_NO = {"oui": "yes", "ouais": "yes", "oui oui": "yes", "non": "no", "non merci": "no", "jamais": "no"}


@dataclass(frozen=True, slots=True)
class Heard:
    """What the encoder made of a short sound (None: it was not noticed, or too long), its spectrum, and the answer in
    it, if any."""

    name: str
    voice: str
    answer: str
    steps: Floats | None = None
    bands: Floats | None = None


def last_utterance(line: Floats) -> Utterance | None:
    """What is transcribed of the caller's turn, and the seconds of speech in it; None: nothing was noticed."""
    patience = Patience()
    found, since = None, 0.0
    for at, event, sound in _pauses(line, patience):
        if found is not None and at - since > patience.turn_over_short_seconds:
            break
        if isinstance(event, Paused):
            found, since = (sound, event.speech_seconds), at
        else:
            found = None
    return found


def _pauses(line: Floats, patience: Patience) -> Iterator[tuple[float, Paused | Resumed, Floats]]:
    heard, ear = listened(line), Ear(patience.pause_seconds)
    for number, probability in enumerate(heard.probabilities):
        for event in ear.hear(probability, heard.wide[number * FRAME_SAMPLES : (number + 1) * FRAME_SAMPLES]):
            if isinstance(event, Paused | Resumed):
                yield number * FRAME_SECONDS, event, ear.utterance() if isinstance(event, Paused) else _NO_SOUND


def measure(settings: Settings, directory: Path) -> dict[str, Any]:
    """How many answers are known, and what else is taken for one, at the border where words are acted on.

    What the encoder made of everybody is kept in `directory`, for the next time.
    """
    words, kept = load_short_words(settings), directory / "measured.npz"
    if words is None:
        raise ModelMissing("There are no weights for this recogniser: teach them first.")
    if not kept.exists():
        keep(list(heard(settings)), kept)
    return summed_up(read(kept), words)


def cost(settings: Settings) -> dict[str, float]:
    """Seconds of CPU (median) in which a word is known, and in which the same sound is transcribed."""
    callers, words = open_callers(settings), load_short_words(settings)
    lexicon = load_lexicon(settings)
    whisper = load_whisper(settings, lexicon.prompt, lexicon.terms)
    spent: dict[str, list[float]] = {"known": [], "transcribed": []}
    for said in list(_callers(callers))[::8]:
        utterance = last_utterance(said.line)
        if utterance is not None and words is not None:
            began = time.process_time()
            pair = given(whisper, utterance)
            if pair is not None:
                words.hear(pair[0], spectrum=pair[1])
                between = time.process_time()
                whisper.transcribe(utterance[0])
                spent["known"].append(between - began)
                spent["transcribed"].append(time.process_time() - between)
    return {name: round(float(np.median(each)), 3) for name, each in spent.items()}


def keep(everything: Sequence[Heard], place: Path) -> None:
    """Writes what `read` reads."""
    kept: dict[str, Any] = {name: [getattr(one, name) for one in everything] for name in ("name", "voice", "answer")}
    for kind, most in (("steps", MOST_STEPS), ("bands", MOST_FRAMES)):
        each = [np.zeros((0, 1)) if (made := getattr(one, kind)) is None else made[:most] for one in everything]
        kept[f"{kind}_counts"] = [len(one) for one in each]
        kept[kind] = np.concatenate([one for one in each if len(one)]).astype(np.float16)
    np.savez(place, **kept)


def read(place: Path) -> list[Heard]:
    """What `keep` has written."""
    with np.load(place) as file:
        pieces = {
            kind: np.split(file[kind].astype(np.float32), np.cumsum(file[f"{kind}_counts"])[:-1])
            for kind in ("steps", "bands")
        }
        named = zip(file["name"], file["voice"], file["answer"], pieces["steps"], pieces["bands"], strict=True)
        return [
            Heard(str(name), str(voice), str(answer), *((steps, bands) if len(steps) else ()))
            for name, voice, answer, steps, bands in named
        ]


def summed_up(everything: Sequence[Heard], words: ShortWords) -> dict[str, Any]:
    """The figures of `measure`."""
    taken = [(one, _sure(one, words)) for one in everything]
    asked = [(one.answer, word) for one, word in taken if one.answer in YES_NO]
    by_voice = {
        voice: [pair for pair in taken if pair[0].voice == voice]
        for voice in dict.fromkeys(one.voice for one, _ in taken)
    }
    return {
        "voices": {voice: _of_voice(pairs) for voice, pairs in by_voice.items()},
        "in_context": {
            str(expecting): _in_context(everything, words, expecting)
            for expecting in (Expecting.YES_OR_NO, Expecting.CHOICE)
        },
        "yes_or_no": {
            "n": len(asked),
            "right": sum(YES_NO[answer] == YES_NO.get(word) for answer, word in asked),
            "opposite": sum(word in YES_NO and YES_NO[answer] != YES_NO[word] for answer, word in asked),
            "taken_for_one": sum(word in YES_NO for one, word in taken if one.answer not in YES_NO),
        },
        "wrong": [f"{one.name}: {one.answer or '-'} > {word}" for one, word in taken if word not in ("", one.answer)],
    }


def _in_context(everything: Sequence[Heard], words: ShortWords, expecting: Expecting) -> dict[str, Any]:
    """The same sounds where some of the words are asked for: what is gained of those, and wrongly taken for one."""
    asked_for = EXPECTED[expecting]
    taken = [(one, _sure(one, words, expecting)) for one in everything]
    new = [(one, word) for one, word in taken if word in asked_for and word not in (one.answer, _sure(one, words))]
    return {
        group: {
            "answers_asked_for": len(pairs := [(one, word) for one, word in those if one.answer in asked_for]),
            "right": sum(word == one.answer for one, word in pairs),
            "wrong": sum(word not in ("", one.answer) for one, word in pairs),
        }
        for group, those in (
            ("callers", [pair for pair in taken if pair[0].voice == "callers"]),
            ("others", [pair for pair in taken if pair[0].voice != "callers"]),
        )
    } | {
        "other_answers": len(others := [pair for pair in taken if pair[0].answer and pair[0].answer not in asked_for]),
        "taken_for_one_asked_for": sum(word in asked_for for _, word in others),
        "other_sounds": len(sounds := [(one, word) for one, word in taken if not one.answer and one.steps is not None]),
        "taken_for_an_answer": sum(word != "" for _, word in sounds),
        "wrong_for_the_context": [f"{one.name}: {one.answer or '-'} > {word}" for one, word in new],
    }


def _sure(one: Heard, words: ShortWords, expecting: Expecting = Expecting.QUESTION) -> str:
    if one.steps is None:
        return ""
    word = words.hear(one.steps, expecting, one.bands)
    return word.text if word.sure else ""


def _of_voice(pairs: Sequence[tuple[Heard, str]]) -> dict[str, int]:
    answers = [(one.answer, word) for one, word in pairs if one.answer]
    others = [word for one, word in pairs if not one.answer and one.steps is not None]
    return {
        "answers": len(answers),
        "right": sum(word == answer for answer, word in answers),
        "wrong": sum(word not in ("", answer) for answer, word in answers),
        "other_sounds": len(others),
        "taken_for_an_answer": sum(word != "" for word in others),
    }


def heard(settings: Settings) -> Iterator[Heard]:
    """Everybody, through the real ear and the encoder."""
    callers, whisper = open_callers(settings), load_whisper(settings)
    for said in (*_callers(callers), *_espeak(callers), *_women(settings, callers), *_things(settings, callers)):
        yield Heard(said.name, said.voice, said.answer, *(given(whisper, last_utterance(said.line)) or ()))
    lines = [("sentences", clip.name, on_a_line(callers, clip, *line_of(clip))) for clip in callers.of_kind(*SENTENCES)]
    lines += [("no words", sound.name, sound.samples) for sound in line_sounds(settings)]
    for kind, name, line in lines:
        for _, event, sound in _pauses(line, Patience()):
            if isinstance(event, Paused):
                yield Heard(name, kind, "", *(given(whisper, (sound, event.speech_seconds)) or ()))


def given(whisper: Whisper, utterance: Utterance | None) -> tuple[Floats, Floats] | None:
    """The encoder's steps and the spectrum, as `voice.engines` has them."""
    sound = None if utterance is None else short_sound(utterance[0])
    return None if sound is None else (whisper.encoded(sound, WINDOW_SECONDS), spectrum(sound))


def _callers(callers: Callers) -> Iterator[Said]:
    for clip in callers.of_kind("word"):
        yield Said(clip.name, "callers", answer_in(clip.text), on_a_line(callers, clip, *line_of(clip)))


def _espeak(callers: Callers) -> Iterator[Said]:
    for number, (voice, speed, pitch) in enumerate(ESPEAK_OTHERS):
        for text in texts_for(number % 2, 2):
            name = f"{voice} {text}"
            line = tuple(LINES)[zlib.crc32(name.encode()) % len(LINES)]
            yield Said(name, "espeak-ng", answer_in(text), _on(callers, espeak(voice, speed, pitch, text), name, line))


def _women(settings: Settings, callers: Callers) -> Iterator[Said]:
    june = debian_package(settings, "asterisk-core-sounds-fr-wav") / "usr/share/asterisk/sounds/fr_CA_f_June/digits"
    armelle = debian_package(settings, "asterisk-prompt-fr-armelle") / "usr/share/asterisk/sounds/fr/digits"
    for voice, files in (("june", sorted(june.glob("*.wav"))), ("armelle", sorted(armelle.glob("*.gsm")))):
        for path in files:
            answer = DIGITS[int(path.stem)] if path.stem.isdigit() and int(path.stem) < len(DIGITS) else ""
            for line in LINES:
                name = f"{voice} {path.stem} {line}"
                yield Said(name, voice, answer, _on(callers, recording(path), name, line))


def _things(settings: Settings, callers: Callers) -> Iterator[Said]:
    things = debian_package(settings, "ktuberling-data") / "usr/share/ktuberling/sounds/fr"
    for path in sorted(things.glob("*.wav")):
        yield Said(path.stem, "ktuberling", "", _on(callers, recording(path), path.stem, "pink 20 dB"))


def _on(callers: Callers, sound: Floats, name: str, line: str) -> Floats:
    start, end = (round(edge * RATE_HZ) for edge in speech_span(sound))
    kind, snr_db = LINES[line]
    return through_a_law(noisy(callers, sound[start:end], name, kind=kind, snr_db=snr_db))
