"""Questions heard over a telephone line beside the same questions typed, with and without what the domain tells the
recogniser.

    .venv/bin/python bench/hearing.py kokoro-js-1.2.1.tgz [--every 2] [--sounds DIR] [--model MODEL] [--out FILE]
    .venv/bin/python bench/hearing.py kokoro-js-1.2.1.tgz --questions bench/initials.tsv --every 1 --times 6 --out FILE

Every second development question (tests/questions/dev.tsv) is spoken by the bundled voice, half of them in its own
French style and half in three foreign ones (a strong accent), at five paces, band-limited to 300-3400 Hz with noise
25 dB below, and coded by A-law or mu-law. The archive holds the styles (`npm pack kokoro-js@1.2.1`). The sounds are
made in a temporary directory, or in `--sounds`, from where another run takes them again: 10 minutes otherwise.

The second command asks questions with initials in them ("c'est quoi, le CEA") in every style.

Conditions: `typed`; `no_prompt`; `with_cea`, a sentence that was tried and is not served; `prompted`, the pack's
own; `mended`, the same transcripts with their terms put right and with what they may have been instead, which is
what is served. What the call would not pass on (implausible, or less sure than "medium") counts as an empty text, hence
refused.
"""

from __future__ import annotations

import argparse
import itertools
import json
import re
import tempfile
import time
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bot.commands.evaluate import edit_distance, words_of
from bot.dialogue import Reading
from bot.evaluation import Judged, Labelled, Scores, read_labelled
from bot.hearing import load_lexicon
from bot.lexicon import Lexicon
from bot.machine import machine
from bot.settings import PROJECT_DIR, Settings, load_settings
from bot.training import Heard as HeardText
from bot.training import judge
from scripts.make_test_audio import through_a_line, with_style
from voice.audio import A_LAW, MU_LAW, read_wav, resample, write_wav
from voice.corrections import Corrections
from voice.engines import load_whisper
from voice.mistaken import perhaps_said
from voice.piper_voice import LINE_RATE_HZ, PiperVoice
from voice.plausibility import plausible
from voice.silero import voiced_seconds
from voice.spoken_french import speak
from voice.transcript import Transcript, other_readings
from voice.whisper import RATE_HZ, Whisper

QUESTIONS = PROJECT_DIR / "tests" / "questions" / "dev.tsv"
FRENCH = "ff_siwis"
STYLES = (FRENCH, "im_nicola", FRENCH, "if_sara", FRENCH, "em_alex")
PACES = (1.0, 0.9, 1.1, 0.95, 1.05)
WITH_CEA = (
    "Est-ce que le CEA, chèque emploi associatif, gère à l'Urssaf le volet social, la DPAE, l'adhésion, le bulletin de "
    "paie, les cotisations, le prélèvement à la source, le SIRET, le RIB, la DSN, le SMIC et le CDD du salarié de "
    "l'association ?"
)
# Nobody says "c koi": what is typed short is spoken long.
TYPED_SHORT = {
    "c koi": "c'est quoi", "koi": "quoi", "kan": "quand", "ki": "qui", "pk": "pourquoi", "qd": "quand",
    "tps": "temps", "mdp": "mot de passe", "tel": "téléphone", "svp": "s'il vous plaît", "jpe": "je peux",
    "jdois": "je dois", "minscrire": "m'inscrire", "g": "j'ai", "rdv": "rendez-vous", "sa coute": "ça coûte",
    "ag": "A G",
}  # fmt: skip
BANDS = (0.0, 0.41, 0.5, 0.6, 0.7, 0.8, 1.01)


@dataclass(frozen=True)
class Heard:
    """One question as it was heard. `text` is empty when the call would have asked to repeat it."""

    text: str
    written: str
    confidence: float
    readings: tuple[tuple[str, float], ...] = ()


def main() -> None:
    chosen = _arguments()
    settings = load_settings()
    asked = read_labelled(chosen.questions)[:: chosen.every]
    questions = [one for one in asked for _ in range(chosen.times)]
    lexicon = load_lexicon(settings)
    corrections = Corrections(lexicon.terms, lexicon.ordinary, speak)
    with tempfile.TemporaryDirectory() as temporary:
        sounds = make_sounds(settings, questions, chosen.archive, chosen.sounds or Path(temporary))
        heard = {
            name: transcribe(load_whisper(settings, prompt), sounds)
            for name, prompt in (("no_prompt", ""), ("with_cea", WITH_CEA), ("prompted", lexicon.prompt))
        }
    heard["mended"] = [as_served(one, corrections, lexicon) for one in heard["prompted"]]
    texts = {"typed": [one.question for one in questions]} | {k: [h.text for h in v] for k, v in heard.items()}
    sure = {name: [HeardText(one.confidence, one.readings) for one in each] for name, each in heard.items()}
    judged = judge_all(settings, chosen.model or settings.dialogue_model_path, questions, texts, sure)
    result = {
        "machine": machine(),
        "prompt": lexicon.prompt,
        "n": len(questions),
        "conditions": {
            name: asdict(Scores.of(judged[name])) | (errors(questions, heard[name]) if name in heard else {})
            for name in texts
        },
        "by_confidence": by_confidence(heard["mended"], judged["mended"]),
        "mended": sorted({(h.text, m.text) for h, m in zip(heard["prompted"], heard["mended"], strict=True)
                          if h.text != m.text}),
    }  # fmt: skip
    chosen.out.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps(result["conditions"], indent=1))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Questions heard over a telephone line.")
    parser.add_argument("archive", type=Path, help="kokoro-js-1.2.1.tgz, which holds the styles")
    parser.add_argument("--questions", type=Path, default=QUESTIONS, help="question<TAB>intent, with that header line")
    parser.add_argument("--every", type=int, default=2, help="take every n-th question")
    parser.add_argument("--times", type=int, default=1, help="speak each as often; six times: by every style")
    parser.add_argument("--sounds", type=Path, help="where to keep the sounds, or take them from")
    parser.add_argument("--model", type=Path, help="another dialogue model than the installed one")
    parser.add_argument("--out", type=Path, default=PROJECT_DIR / "bench" / "results" / "hearing.json")
    return parser.parse_args()


def spoken(question: str) -> str:
    """The words of a typed question as somebody says them."""
    for short, long in TYPED_SHORT.items():
        question = re.sub(rf"(?<![\w'-]){short}(?![\w'-])", long, question, flags=re.I)
    return question


def make_sounds(settings: Settings, questions: Sequence[Labelled], archive: Path, directory: Path) -> list[Path]:
    """One WAV a question, 8 kHz after the line; those that are there already are not made again."""
    directory.mkdir(parents=True, exist_ok=True)
    paths = [directory / f"{number:03}.wav" for number in range(len(questions))]
    if all(path.is_file() for path in paths):
        return paths
    base = settings.voices_path / f"{settings.speech.voice}.onnx"
    with tempfile.TemporaryDirectory() as styled:
        voices = {style: PiperVoice(with_style(base, archive, style, Path(styled))) for style in set(STYLES)}
        for number, (path, labelled) in enumerate(zip(paths, questions, strict=True)):
            if path.is_file():
                continue
            voice, pace = voices[STYLES[number % len(STYLES)]], PACES[number % len(PACES)]
            sound = voice.synthesise(speak(spoken(labelled.question)), length_scale=pace)
            line = through_a_line(sound, np.random.default_rng(zlib.crc32(labelled.question.encode())))
            law = (A_LAW, MU_LAW)[number % 2]
            coded = law.decode(law.encode((line * 32767).astype(np.int16)))
            write_wav(path, coded.astype(np.float32) / 32768, LINE_RATE_HZ)
    return paths


def transcribe(whisper: Whisper, sounds: Sequence[Path]) -> list[Heard]:
    heard = []
    started = time.process_time()
    for path in sounds:
        samples, rate_hz = read_wav(path)
        transcript = whisper.transcribe(resample(samples, rate_hz, RATE_HZ))
        passed_on = _passed_on(transcript, voiced_seconds(samples, rate_hz))
        readings = tuple((one.text, one.confidence) for one in transcript.alternatives)
        heard.append(Heard(transcript.text if passed_on else "", transcript.text, transcript.confidence, readings))
    print(f"{(time.process_time() - started) / len(sounds):.2f} CPU s an utterance", flush=True)
    return heard


def as_served(one: Heard, corrections: Corrections, lexicon: Lexicon) -> Heard:
    """With its terms put right, and what it may have been instead (`voice.engines.WhisperRecogniser`)."""
    text = corrections.mend(one.text)
    others = [Reading(perhaps_said(text, lexicon.mistaken), one.confidence)]
    others += [Reading(corrections.mend(other), sure) for other, sure in one.readings]
    readings = tuple((other.text, other.confidence) for other in other_readings(text, others))
    return Heard(text, corrections.mend(one.written), one.confidence, readings)


def _passed_on(transcript: Transcript, speech_seconds: float) -> bool:
    """Whether the call asks the dialogue (`voice.call`)."""
    return plausible(transcript, speech_seconds) and transcript.certainty in ("high", "medium")


def judge_all(
    settings: Settings,
    model: Path,
    questions: Sequence[Labelled],
    texts: dict[str, list[str]],
    sure: dict[str, list[HeardText]],
) -> dict[str, list[Judged]]:
    """All conditions in one batch: loading the model takes longer than judging."""
    flat = [Labelled(text, one.intents) for each in texts.values() for text, one in zip(each, questions, strict=True)]
    size = len(questions)
    heard = [one for name in texts for one in sure.get(name, [None] * size)]
    judged, _ = judge(settings, model, flat, heard)
    return {name: judged[place * size : (place + 1) * size] for place, name in enumerate(texts)}


def errors(questions: Sequence[Labelled], heard: Sequence[Heard]) -> dict[str, float]:
    """Share of wrong words of all that was written, and of the French style alone; share that is asked to repeat."""
    pairs = [(words_of(spoken(q.question)), words_of(h.written)) for q, h in zip(questions, heard, strict=True)]
    french = [pair for number, pair in enumerate(pairs) if STYLES[number % len(STYLES)] == FRENCH]
    return {
        "wer": _word_error_rate(pairs),
        "wer_french_style": _word_error_rate(french),
        "asked_to_repeat": round(sum(not one.text for one in heard) / len(heard), 4),
    }


def _word_error_rate(pairs: Sequence[tuple[list[str], list[str]]]) -> float:
    return round(sum(edit_distance(said, heard) for said, heard in pairs) / sum(len(said) for said, _ in pairs), 4)


def by_confidence(heard: Sequence[Heard], judged: Sequence[Judged]) -> list[dict[str, Any]]:
    """What became of the questions that were passed on, by how sure the recogniser was."""
    bands = []
    for low, high in itertools.pairwise(BANDS):
        inside = [j for h, j in zip(heard, judged, strict=True) if h.text and low <= h.confidence < high]
        if inside:
            answered = [one for one in inside if one.kind == "answer" and not one.refused]
            bands.append(
                {
                    "from": low,
                    "n": len(inside),
                    "answered": len(answered),
                    "answered_wrongly": sum(one.wrong for one in answered),
                    "served": sum(one.served for one in inside),
                }
            )
    return bands


if __name__ == "__main__":
    main()
