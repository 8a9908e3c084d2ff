"""What the caller hears: how much of it is spoken in advance, how long the rest takes, how even and how slow it can be.

    .venv/bin/python bench/speech_output.py [--live 20] [--levels 50] [--out FILE]

`cached`: after rendering in advance what `voice.spoken.phone_texts` and the answers hold, the telephone's texts of
which every piece is in the cache; every way to fill in every sentence of the bot is tried, and a hundred telephone
numbers. The voice is a silent stand-in here: what is cached does not depend on the sound. `live`: seconds until the
first clause of a sentence never said before is there, warm, and until the whole sentence would have been; with the
settings' voice, like the rest. `openings`: how long the openings last that cover it. `stretch`: processor time of
"plus lentement" a second of speech. `level`: speech level (dBFS, `voice.loudness`) over many sentences, with equal
peaks as before and as it is now. `louder`: what +6 dB gives. `broken_off`: seconds until speaking in advance has made
way for a caller.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.knowledge import Knowledge, load_knowledge
from bot.machine import machine
from bot.pack import Pack, load_pack
from bot.settings import PROJECT_DIR, load_settings
from voice.audio import float_to_pcm, pcm_to_float, to_peak
from voice.engines import PiperInAdvance, PiperSynthesiser
from voice.loudness import louder, speech_level_dbfs
from voice.piper_voice import LINE_RATE_HZ, PiperVoice
from voice.speech import GaveWay, Speech
from voice.spoken import MOST_CHOICES, filled, phone_texts, spoken_sentences
from voice.spoken_french import with_exceptions
from voice.stretch import stretch
from voice.turn import Expecting, Hearing

LOUDER_DB = 6.0
SLOWER = 1.25


class Silent:
    """Speaks without a sound worth hearing."""

    digest = "silent"

    def speak(self, text: str, length_scale: float) -> bytes:
        return b"\0\0"


class Deaf:
    def hear(
        self, samples: NDArray[np.float32], speech_seconds: float, is_wanted: Callable[[], bool], expecting: Expecting
    ) -> Hearing:
        raise NotImplementedError


def main() -> None:
    chosen = _arguments()
    settings = load_settings()
    pack = load_pack()
    knowledge = load_knowledge(pack)
    voice = PiperVoice(
        settings.voices_path / f"{settings.speech.voice}.onnx", threads=settings.speech.synthesis_threads
    )
    voice.synthesise("Bonjour.")
    answers = sorted(set(knowledge.spoken_texts))
    # Evenly over the subjects, not the first file only.
    firsts = [spoken_sentences(text)[0] for text in answers]
    long = [sentence for sentence in firsts if len(sentence) > 40]
    levels = long[:: max(1, len(long) // chosen.levels)][: chosen.levels]
    sounds = [voice.synthesise(sentence) for sentence in levels]
    result = {
        "machine": machine(),
        "voice": settings.speech.voice,
        "synthesis_threads": settings.speech.synthesis_threads,
        "cached": asyncio.run(cached(pack, knowledge)),
        "live": asyncio.run(live(voice, answers[:: max(1, len(answers) // chosen.live)][: chosen.live], pack)),
        "openings": {text: round(len(voice.synthesise(text)) / LINE_RATE_HZ, 2) for text in _openings(pack)},
        "stretch": stretching(sounds),
        "level": {
            "n": len(sounds),
            "equal_peaks": spread([speech_level_dbfs(to_peak(sound, -3.0)) for sound in sounds]),
            "now": spread([speech_level_dbfs(sound) for sound in sounds]),
            "highest_peak_dbfs": round(20 * float(np.log10(max(np.abs(sound).max() for sound in sounds))), 2),
        },
        "louder": made_louder(sounds),
        "broken_off": broken_off(voice, max(answers, key=len)),
    }
    chosen.out.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1, ensure_ascii=False))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="What the caller hears.")
    parser.add_argument("--live", type=int, default=20, help="sentences to make while a caller waits")
    parser.add_argument("--levels", type=int, default=50, help="sentences whose level is measured")
    parser.add_argument("--out", type=Path, default=PROJECT_DIR / "bench" / "results" / "speech_output.json")
    return parser.parse_args()


def _openings(pack: Pack) -> list[str]:
    return list(pack.prompts()["phone_line"].get("openings", ()))


async def cached(pack: Pack, knowledge: Knowledge) -> dict[str, Any]:
    """Of the telephone's texts, those of which every piece is in the cache."""
    prompts = pack.prompts()
    facts = [{"title": s.title, "source": s.source_title, "date": s.verified_on} for s in knowledge.values()]
    in_advance = [*phone_texts(prompts, facts), *knowledge.spoken_texts]
    said = [
        *every_clarification(prompts["dialogue"], [fact["title"] for fact in facts]),
        *numbers_read_back(prompts["phone_line"]),
        *in_advance,
    ]
    said_as = with_exceptions(pack.pronunciation)
    pieces = {piece for text in in_advance for piece in spoken_sentences(text, said_as)}
    with tempfile.TemporaryDirectory() as directory:
        speech = Speech(Deaf(), Silent(), Path(directory), said_as=said_as)
        for piece in pieces:
            await speech.speak(piece)
        whole = sum(all(speech.is_cached(piece) for piece in speech.pieces(text)) for text in said)
        await speech.close()
    return {
        "texts": len(said),
        "share": round(whole / len(said), 4),
        "pieces_spoken_in_advance": len(pieces),
    }


def every_clarification(dialogue: Mapping[str, Any], titles: Sequence[str]) -> list[str]:
    """Each clarifying sentence with choices in every place, each title beside its neighbours."""
    item = dialogue["clarify_item"]["phone"]
    with_choices = [
        text for entry in dialogue.values() if isinstance(entry, dict)
        for text in entry.get("phone", ()) if "{choices}" in text
    ]  # fmt: skip
    listed = []
    for start, size in itertools.product(range(len(titles)), range(2, MOST_CHOICES + 1)):
        chosen = [titles[(start + place) % len(titles)] for place in range(size)]
        texts = (filled(item, [{"number": str(n), "title": title}])[0] for n, title in enumerate(chosen, start=1))
        listed.append({"choices": " ".join(texts)})
    return filled(with_choices, listed)


def numbers_read_back(line: Mapping[str, Any]) -> list[str]:
    """The sentences around the answers that repeat a telephone number."""
    random = np.random.default_rng(4)
    numbers = [{"number": "06 " + " ".join(f"{pair:02}" for pair in random.integers(0, 100, 4))} for _ in range(100)]
    return filled((text for text in line.values() if isinstance(text, str) and "{number}" in text), numbers)


async def live(voice: PiperVoice, texts: Sequence[str], pack: Pack) -> dict[str, Any]:
    """Each text's first sentence, its first clause alone and whole, with nothing in the cache."""
    said_as = with_exceptions(pack.pronunciation)
    waits: dict[str, list[float]] = {"clause": [], "sentence": []}
    lasts: dict[str, list[float]] = {"clause": [], "sentence": []}
    for text in texts:
        for what, wait in waits.items():
            with tempfile.TemporaryDirectory() as directory:
                speech = Speech(Deaf(), PiperSynthesiser(voice), Path(directory), said_as=said_as)
                piece = (speech.pieces(text) if what == "clause" else spoken_sentences(text, said_as))[0]
                started = time.perf_counter()
                pcm = await speech.speak(piece)
                wait.append(time.perf_counter() - started)
                lasts[what].append(len(pcm) / 2 / LINE_RATE_HZ)
                await speech.close()
    measured: dict[str, Any] = {"n": len(texts), "load_average": round(os.getloadavg()[0], 1)}
    for what, wait in waits.items():
        measured[f"first_{what}_seconds"] = percentiles(wait)
        measured[f"first_{what}_lasts_seconds"] = percentiles(lasts[what])
    measured["wait_for_each_second_of_speech"] = round(sum(map(sum, waits.values())) / sum(map(sum, lasts.values())), 2)
    return measured


def stretching(sounds: Sequence[NDArray[np.float32]]) -> dict[str, float]:
    pcm = [float_to_pcm(sound) for sound in sounds]
    started = time.process_time()
    for one in pcm:
        stretch(one, SLOWER)
    seconds = sum(len(one) for one in pcm) / 2 / LINE_RATE_HZ
    return {"scale": SLOWER, "cpu_ms_per_second": round(1000 * (time.process_time() - started) / seconds, 2)}


def made_louder(sounds: Sequence[NDArray[np.float32]]) -> dict[str, Any]:
    gains, peaks = [], []
    for sound in sounds:
        loud = pcm_to_float(louder(float_to_pcm(sound), LOUDER_DB))
        gains.append(speech_level_dbfs(loud) - speech_level_dbfs(sound))
        peaks.append(20 * float(np.log10(np.abs(loud).max())))
    return {"asked_db": LOUDER_DB, "got_db": spread(gains), "highest_peak_dbfs": round(max(peaks), 2)}


def broken_off(voice: PiperVoice, text: str, times: int = 5) -> dict[str, float]:
    """From the wish to the free voice."""
    advance = PiperInAdvance(voice)
    sentence = max(spoken_sentences(text), key=len)
    waited = []
    for _ in range(times):
        asked: list[float] = []

        def ask(asked: list[float] = asked) -> None:
            asked.append(time.perf_counter())
            advance.break_off()

        timer = threading.Timer(1.0, ask)
        timer.start()
        try:
            advance.speak(sentence, 1.0)
        except GaveWay:
            waited.append(time.perf_counter() - asked[0])
        timer.join()
    return percentiles(waited)


def percentiles(values: Sequence[float]) -> dict[str, float]:
    return {name: round(float(np.percentile(values, at)), 3) for name, at in (("p50", 50), ("p95", 95))}


def spread(values: Sequence[float]) -> dict[str, float]:
    return {
        "lowest": round(min(values), 2),
        "p50": round(float(np.median(values)), 2),
        "highest": round(max(values), 2),
        "spread_db": round(max(values) - min(values), 2),
    }


if __name__ == "__main__":
    main()
