"""The calls of docs/calls/scenarios.yml, placed for real, recorded, and written down for a reader.

    .venv/bin/python bench/recorded_calls.py [--only NAME …] [--recordings DIR]

Each call goes over SIP to the running service (or one started for it). docs/calls/NAME.md then shows what the caller
said, what the service heard, how long it took, what it says it said, and what the recogniser makes of the recording of
the line: the last two must tell the same. With --recordings, the sound of both sides is kept as NAME.wav, the caller
on the left.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import tempfile
import wave
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import yaml
from numpy.typing import NDArray

from bench.callers_audio import noise, open_callers, styled_voice, through_a_law
from bot.callers import CallView
from bot.commands.call import service_uri
from bot.hearing import load_lexicon
from bot.machine import machine
from bot.running import running_service
from bot.settings import PROJECT_DIR, Settings, load_settings
from voice.audio import float_to_pcm, pcm_to_float, resample
from voice.engines import load_whisper
from voice.install.catalogue import KOKORO_JS
from voice.install.fetch import fetch_npm_archive
from voice.leg import RATE_HZ
from voice.piper_voice import PiperVoice
from voice.sip.phone import Phone, PhoneCall
from voice.spoken_french import speak
from voice.whisper import Whisper

PLACE = PROJECT_DIR / "docs" / "calls"
SCENARIOS = PLACE / "scenarios.yml"
LEVEL_DBFS = -26.0
POLL_SECONDS = 0.05
LISTENS_SECONDS = 90.0
ANSWER_SECONDS = 20.0
QUIET_SECONDS = 0.3


@dataclass
class Scenario:
    """One call: who speaks, on what line, and what they do."""

    name: str
    title: str
    caller: list[dict[str, Any]]
    voice: str = "siwis"
    pace: float = 1.0
    line: str = "quiet"


@dataclass
class Moment:
    """Something in the call, `at` seconds after its beginning."""

    at: float
    what: str
    text: str


@dataclass
class Course:
    """What happened in a call."""

    moments: list[Moment] = field(default_factory=list)
    caller: list[tuple[float, bytes]] = field(default_factory=list)
    heard: bytes = b""
    kept: dict[str, Any] = field(default_factory=dict)


class Player:
    """Plays one scenario in an answered call."""

    def __init__(self, call: PhoneCall, view: CallView, sounds: dict[str, bytes]) -> None:
        self.course = Course()
        self._call = call
        self._view = view
        self._sounds = sounds
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()

    async def play(self, scenario: Scenario) -> Course:
        """Ends when the caller has nothing more to do and the bot has finished, or the bot has hung up."""
        for step in scenario.caller:
            if "over" not in step and not await self._bot_listens():
                break
            await self._do(step)
        await self._bot_listens()
        await asyncio.sleep(0.5)
        self.course.kept = await self._view.look()
        self.course.heard = bytes(self._call.heard.recording)
        return self.course

    async def _do(self, step: dict[str, Any]) -> None:
        match step:
            case {"say": str(text)}:
                await self._say(text)
            case {"over": str(text), "after": seconds}:
                await asyncio.sleep(float(seconds))
                await self._say(text)
            case {"key": str(keys)}:
                self._note("key", keys)
                for key in keys:
                    await self._call.press(key)
                    await asyncio.sleep(0.2)
                with contextlib.suppress(TimeoutError):
                    await self._bot_speaks(self._loop.time())
            case {"wait": seconds}:
                self._note("silence", f"{seconds} s")
                await asyncio.sleep(float(seconds))
            case _:
                raise SystemExit(f"{SCENARIOS.name}: a step is say, over with after, key or wait, not {step}.")

    async def _say(self, text: str) -> None:
        self._note("say", text)
        self.course.caller.append((self._loop.time() - self._began, self._sounds[text]))
        ended_at = await self._call.say(self._sounds[text])
        with contextlib.suppress(TimeoutError):
            await self._bot_speaks(ended_at)

    def _note(self, what: str, text: str) -> None:
        self.course.moments.append(Moment(self._loop.time() - self._began, what, text))

    async def _bot_speaks(self, since: float) -> float:
        """When the bot began to speak after `since`. Raises TimeoutError when it does not."""
        async with asyncio.timeout(ANSWER_SECONDS):
            while (moment := self._call.first_loud_after(since)) is None:
                await asyncio.sleep(POLL_SECONDS)
        return moment

    async def _bot_listens(self) -> bool:
        async with asyncio.timeout(LISTENS_SECONDS):
            while not self._call.closed.is_set():
                quiet = self._call.quiet_seconds(self._loop.time())
                if (
                    quiet is not None
                    and quiet > QUIET_SECONDS
                    and (await self._view.look()).get("phase") == "listening"
                ):
                    return True
                await asyncio.sleep(POLL_SECONDS)
        return False


def main() -> None:
    parser = argparse.ArgumentParser(description="Places the calls of docs/calls/scenarios.yml and writes them down.")
    parser.add_argument("--only", nargs="*", default=[], help="names of scenarios")
    parser.add_argument("--recordings", type=Path, help="where to keep the sound")
    options = parser.parse_args()
    scenarios = [Scenario(**raw) for raw in yaml.safe_load(SCENARIOS.read_text(encoding="utf-8"))]
    chosen = [one for one in scenarios if not options.only or one.name in options.only]
    settings = load_settings()
    sounds = {one.name: spoken_by(settings, one) for one in chosen}
    courses = asyncio.run(place(settings, chosen, sounds))
    whisper = load_whisper(settings, load_lexicon(settings).prompt)
    for one, course in zip(chosen, courses, strict=True):
        page = "\n".join(written(one, course, whisper)) + "\n"
        (PLACE / f"{one.name}.md").write_text(page, encoding="utf-8")
        print(page)
        if options.recordings:
            options.recordings.mkdir(parents=True, exist_ok=True)
            keep_sound(options.recordings / f"{one.name}.wav", both_sides(course))


def spoken_by(settings: Settings, scenario: Scenario) -> dict[str, bytes]:
    """Every text of the caller as 8 kHz PCM, on the scenario's line."""
    callers = open_callers(settings)
    with tempfile.TemporaryDirectory() as directory:
        archive = fetch_npm_archive(KOKORO_JS, settings.data_path / "bench" / "packages", print)
        voice = PiperVoice(styled_voice(settings, archive, scenario.voice, Path(directory)), threads=2)
        sounds = {}
        for text in (
            str(step.get("say") or step.get("over")) for step in scenario.caller if {"say", "over"} & set(step)
        ):
            sound = voice.synthesise(speak(text), length_scale=scenario.pace)
            level = 10 ** (LEVEL_DBFS / 20) / max(1e-6, float(np.sqrt(np.mean(np.square(sound)))))
            around = noise(callers, scenario.line, len(sound), text) * 10 ** ((LEVEL_DBFS - 20) / 20)
            sounds[text] = float_to_pcm(through_a_law(sound * level + around))
    return sounds


async def place(settings: Settings, scenarios: Sequence[Scenario], sounds: dict[str, dict[str, bytes]]) -> list[Course]:
    uri = service_uri(settings)
    parts = ("dialogue", "actions", "speech", "phone")
    courses = []
    async with aiohttp.ClientSession() as session, running_service(session, settings, parts=parts) as url:
        for scenario in scenarios:
            print(f"Calling: {scenario.title} …", flush=True)
            async with Phone(uri) as phone:
                call = await phone.dial(uri)
                try:
                    view = CallView(session, url, settings.desk_token(), call.line_id)
                    courses.append(await Player(call, view, sounds[scenario.name]).play(scenario))
                finally:
                    await call.hang_up()
    return courses


def written(scenario: Scenario, course: Course, whisper: Whisper) -> Iterator[str]:
    """The page of one call."""
    yield f"# {scenario.title}"
    yield ""
    where = machine()
    yield f"*{where['date']}, {where['cpu']}, {where['cores']} cœurs. Ligne : {scenario.line}. bench/recorded_calls.py*"
    turns = list(course.kept.get("turns") or [])
    edges = [moment.at for moment in course.moments] + [len(course.heard) / 2 / RATE_HZ]
    yield from _heard(course, whisper, 0.0, edges[0])
    for number, moment in enumerate(course.moments):
        yield ""
        yield {"say": f"**L'appelant** : {moment.text}", "key": f"**L'appelant** tape {moment.text}"}.get(
            moment.what, f"**L'appelant** se tait ({moment.text})"
        )
        if moment.what != "silence" and turns:
            yield from _kept(turns.pop(0))
        yield from _heard(course, whisper, moment.at, edges[number + 1])
    for turn in turns:
        yield from _kept(turn)
    events = ", ".join(f"{note['kind']} à {note['at_ms'] / 1000:.0f} s" for note in course.kept.get("notes") or [])
    yield ""
    yield f"Événements : {events}."


def _kept(turn: dict[str, Any]) -> Iterator[str]:
    wait = sum((turn.get("segments") or {}).values())
    heard = f"entendu « {turn['heard']} » ({turn['confidence'] or 0:.2f}), " if turn["heard"] else ""
    yield ""
    yield f"> {heard}{turn['outcome']} {turn['intent']}, {wait:.0f} ms d'attente"
    yield ">"
    yield f"> dit : {turn['spoken']}"


def _heard(course: Course, whisper: Whisper, begin: float, end: float) -> Iterator[str]:
    sound = course.heard[round(begin * RATE_HZ) * 2 : round(end * RATE_HZ) * 2]
    if len(sound) > RATE_HZ:
        text = whisper.transcribe(resample(pcm_to_float(sound), RATE_HZ, 16000)).text
        yield ""
        yield f"**Sur la ligne** (transcrit de l'enregistrement) : {text}"


def both_sides(course: Course) -> NDArray[np.int16]:
    """Shape (samples, 2): the caller, the bot."""
    bot = np.frombuffer(course.heard, "<i2")
    caller = np.zeros_like(bot)
    for at, pcm in course.caller:
        sound = np.frombuffer(pcm, "<i2")[: max(0, len(bot) - round(at * RATE_HZ))]
        caller[round(at * RATE_HZ) : round(at * RATE_HZ) + len(sound)] = sound
    return np.stack([caller, bot], axis=1)


def keep_sound(path: Path, sides: NDArray[np.int16]) -> None:
    with wave.open(str(path), "wb") as writer:
        writer.setnchannels(2)
        writer.setsampwidth(2)
        writer.setframerate(RATE_HZ)
        writer.writeframes(sides.astype("<i2").tobytes())


if __name__ == "__main__":
    main()
