"""A visitor speaks to the page: from the last sound to the words in the field, from a press to the first sound read.

    .venv/bin/python bench/widget_voice.py [--rounds 1] [--out FILE]

The questions of tests/audio are sent over a real WebSocket as a browser does, in portions of 64 ms at the pace of
speech, to the real engines; the dialogue is not needed. `heard`: from the end of the speech to the frame `heard`, when
a silence ends it (`patience` times as long a one as on the telephone), and when the visitor presses again right after
the last word. `word_errors`: of both. `read`: from the request to the first sound of an answer that is in the cache,
and of one that was never said; and the size of a minute.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.commands.evaluate import edit_distance, words_of
from bot.hearing import load_lexicon
from bot.knowledge import load_knowledge
from bot.machine import machine
from bot.settings import PROJECT_DIR, Settings, load_settings
from bot.web.keys import CHATS, SETTINGS, TEXTS
from bot.web.texts import load_web_texts
from bot.widget_voice import add_voice
from voice.audio import float_to_pcm, read_wav, resample, trim_silence
from voice.engines import load_speech
from voice.marked_wav import wav_head

AUDIO = PROJECT_DIR / "tests" / "audio"
RATE_HZ = 16000
PORTION_SAMPLES = 1024
OWN = {"Authorization": "Bearer token"}
NEVER_SAID = [
    "Le guichet de la rue des Tilleuls sera fermé pour travaux la semaine prochaine.",
    "Apportez une enveloppe timbrée, deux photographies et le formulaire bleu.",
    "La permanence du samedi matin se tient désormais dans la salle des fêtes.",
]


class Room:
    """A chat whose log holds the texts to be read."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._log = [{"type": "reply", "seq": number, "text": text} for number, text in enumerate(texts, 1)]

    def messages(self, after: int) -> list[dict[str, Any]]:
        return self._log[after:]


class Chats:
    """Lets everybody in."""

    def __init__(self, room: Room) -> None:
        self._room = room

    async def enter(self, conversation_id: str, token: str) -> Room:
        return self._room


def main() -> None:
    parser = argparse.ArgumentParser(description="A visitor speaks to the page.")
    parser.add_argument("--rounds", type=int, default=1, help="how often each question is said")
    parser.add_argument("--out", type=Path, default=PROJECT_DIR / "bench" / "results" / "widget_voice.json")
    chosen = parser.parse_args()
    result = asyncio.run(measure(chosen.rounds))
    chosen.out.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1, ensure_ascii=False))


async def measure(rounds: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as directory:
        base = load_settings()
        settings = base.model_copy(
            update={
                "widget": base.widget.model_copy(update={"listen": True, "speak": True}),
                "data_dir": base.data_path,
            }
        )
        pack = settings.load_pack()
        speech = load_speech(settings, load_lexicon(settings), pack.pronunciation)
        speech._cache._directory = Path(directory)  # nothing has been said yet
        answers = [subject.phone for subject in load_knowledge(pack).topics[:6]]
        room = Room([*answers, *NEVER_SAID])
        async with TestServer(application(settings, room, speech)) as server, aiohttp.ClientSession() as session:
            url = str(server.make_url("/api/conversations/c"))
            await speech.prerender(answers)
            silence = [await say(session, url, *one, press=False) for one in questions() for _ in range(rounds)]
            press = [await say(session, url, *one, press=True) for one in questions() for _ in range(rounds)]
            cached = [await read(session, url, seq) for seq in range(1, len(answers) + 1)]
            made = [await read(session, url, len(answers) + seq) for seq in range(1, len(NEVER_SAID) + 1)]
    return {
        "machine": machine(),
        "recogniser": settings.speech.whisper_model,
        "patience": settings.widget.listen_patience,
        "questions": len(silence),
        "heard": {
            "by_silence": spread([one["seconds"] for one in silence]),
            "by_press": spread([one["seconds"] for one in press]),
        },
        "microphone_off": {"by_silence": spread([one["enough_seconds"] for one in silence])},
        "word_errors": {"by_silence": word_errors(silence), "by_press": word_errors(press)},
        "read": {
            "cached_first_sound": spread([seconds for seconds, _ in cached]),
            "made_first_sound": spread([seconds for seconds, _ in made]),
            "kib_a_minute": round((len(wav_head(8000, 0)) + 60 * 16000) / 1024),
        },
    }


def application(settings: Settings, room: Room, speech: Any) -> web.Application:
    pack = settings.load_pack()
    app = web.Application()
    app[SETTINGS] = settings
    app[TEXTS] = load_web_texts(pack.prompts(), pack.words["service"])
    app[CHATS] = Chats(room)  # type: ignore[assignment]  # all that is asked of it here
    visitors = add_voice(app, settings, load_knowledge(pack))
    assert visitors is not None
    visitors.speech = speech
    return app


def questions() -> list[tuple[np.ndarray, str]]:
    """Sound (16 kHz, its silences cut off) and words."""
    with (AUDIO / "manifest.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    found = []
    for row in rows:
        samples, rate_hz = read_wav(AUDIO / row["path"])
        found.append((trim_silence(resample(samples, rate_hz, RATE_HZ), RATE_HZ, 0.1, 0.0), row["text"]))
    return found


async def say(
    session: aiohttp.ClientSession, url: str, samples: np.ndarray, text: str, *, press: bool
) -> dict[str, Any]:
    """One question at the pace of speech, then silence, or the second press."""
    rng = np.random.default_rng(0)
    silence = rng.normal(0, 0.0003, 5 * RATE_HZ).astype(np.float32)
    sound = samples if press else np.concatenate([samples, silence])
    async with session.ws_connect(f"{url}/listen") as socket:
        await socket.send_json({"type": "hello", "token": "token"})
        await socket.receive_json()
        answers = asyncio.create_task(_answers(socket))
        began = time.perf_counter()
        for start in range(0, len(sound), PORTION_SAMPLES):
            portion = sound[start : start + PORTION_SAMPLES]
            await asyncio.sleep(max(0.0, began + (start + len(portion)) / RATE_HZ - time.perf_counter()))
            if answers.done() or socket.closed:
                break
            await socket.send_bytes(float_to_pcm(portion))
        if press:
            await socket.send_json({"type": "end"})
        at, heard = await answers
    ended = began + len(samples) / RATE_HZ
    return {
        "seconds": at["heard"] - ended,
        "enough_seconds": at["enough"] - ended,
        "wrong": edit_distance(words_of(text), words_of(heard)),
        "words": len(words_of(text)),
    }


async def _answers(socket: aiohttp.ClientWebSocketResponse) -> tuple[dict[str, float], str]:
    """When each frame came, and the words."""
    at, heard = {}, ""
    async for frame in socket:
        content = json.loads(frame.data)
        at[content["type"]] = time.perf_counter()
        heard = content.get("text", heard)
    return at, heard


async def read(session: aiohttp.ClientSession, url: str, seq: int) -> tuple[float, int]:
    """Seconds to the first portion of sound, and all bytes."""
    began = time.perf_counter()
    async with session.get(f"{url}/speech/{seq}", headers=OWN) as response:
        response.raise_for_status()
        first = await response.content.readany()
        seconds = time.perf_counter() - began
        return seconds, len(first) + len(await response.read())


def word_errors(said: Sequence[dict[str, Any]]) -> float:
    return round(sum(one["wrong"] for one in said) / sum(one["words"] for one in said), 3)


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """Milliseconds."""
    return {
        "median_ms": round(float(np.median(seconds)) * 1000),
        "p95_ms": round(float(np.quantile(seconds, 0.95)) * 1000),
    }


if __name__ == "__main__":
    main()
