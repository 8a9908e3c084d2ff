"""Real calls: a SIP telephone that is not ours, recorded questions, and the answer listened to by transcribing it."""

from __future__ import annotations

import asyncio
import json
import re
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
from numpy.typing import NDArray

from bot.commands.evaluate import read_manifest
from bot.hearing import load_lexicon
from bot.knowledge import load_knowledge
from bot.settings import load_settings
from tests.integration.sip.baresip_phone import BaresipPhone
from tests.service.running import Service, free_port
from voice.audio import float_to_pcm, read_wav, resample
from voice.engines import load_whisper
from voice.whisper import Whisper

AUDIO = Path(__file__).parents[1] / "audio"


@pytest.fixture(scope="session")
def recogniser() -> Whisper:
    settings = load_settings()
    return load_whisper(settings, load_lexicon(settings).prompt)


def transcribed(recogniser: Whisper, samples: NDArray[np.float32]) -> str:
    return recogniser.transcribe(resample(samples, 8000, 16000)).text.lower()


def pcm_of(name: str) -> bytes:
    samples, rate = read_wav(AUDIO / name)
    return float_to_pcm(resample(samples, rate, 8000))


def telephone(directory: Path, sound: bytes) -> BaresipPhone:
    return BaresipPhone(directory, sound, sip_port=free_port(), control_port=free_port(), rtp_port=42000)


async def call_of(service: Service, line_id: str) -> dict[str, Any]:
    """The call, as the desk's API shows it."""
    async with asyncio.timeout(10):
        while True:
            found = await asyncio.to_thread(service.get, f"/api/calls?line_id={quote(line_id)}", desk=True)
            if "phase" in found:
                return found
            await asyncio.sleep(0.05)


async def greeting_seconds(service: Service, tmp_path: Path) -> float:
    """How long the greeting lasts: from the answer until the bot listens."""
    async with telephone(tmp_path / "first", b"") as phone:
        line_id = await phone.dial(service.sip_uri)
        began = time.monotonic()
        while (await call_of(service, line_id))["phase"] != "listening":
            await asyncio.sleep(0.05)
        lasted = time.monotonic() - began
        await phone.hang_up()
    return lasted


async def test_a_caller_asks_how_to_join_and_hears_the_right_answer(
    service: Service, recogniser: Whisper, tmp_path: Path
) -> None:
    wait = await greeting_seconds(service, tmp_path)
    before = bytes(int((wait + 1.0) * 8000) * 2)
    async with telephone(tmp_path / "second", before + pcm_of("adherer.wav")) as phone:
        line_id = await phone.dial(service.sip_uri)
        async with asyncio.timeout(90):
            while not (call := await call_of(service, line_id))["turns"]:
                await asyncio.sleep(0.2)
        await phone.hang_up()
        recording, rate = read_wav(phone.heard())
    assert rate == 8000
    greeting = transcribed(recogniser, recording[: int(wait * rate)])
    assert re.search(r"assistant.*automatique", greeting)
    assert re.search(r"conseiller|personne", greeting)
    answer = transcribed(recogniser, recording[int((wait + 2.0) * rate) :])
    assert "en ligne" in answer or "espace employeur" in answer
    assert "siret" in answer or "siré" in answer
    assert [turn["intent"] for turn in call["turns"]] == ["adhesion_comment"]
    assert call["turns"][0]["answers"][0]["source"]


def test_ten_questions_are_answered_and_none_wrongly(service: Service) -> None:
    recordings = [
        one for one in read_manifest(AUDIO / "manifest.tsv") if one.intents[0] not in ("handover", "out_of_scope")
    ]
    assert len(recordings) == 10
    files = [str(one.path) for one in recordings]
    reports = service.lines("call", *files, "--skip-answers", "--json", seconds=500)
    got = [
        (one.path.stem, report["outcome"], report["intent"]) for one, report in zip(recordings, reports, strict=True)
    ]
    right = [one for one, report in zip(recordings, reports, strict=True) if report["intent"] in one.intents]
    topics = {subject.intent for subject in load_knowledge().topics}
    answered = [(one, g) for one, g in zip(recordings, got, strict=True) if g[1] == "answered" and g[2] in topics]
    wrong = [g for one, g in answered if g[2] not in one.intents]
    assert wrong == []
    assert len(right) >= 9, got
    assert all(report["end_of_speech_to_first_audio_ms"] is not None for report in reports)
    for report in reports:
        assert set(report["segments"]) <= {"endpoint", "transcription", "dialogue", "synthesis"}


def test_asking_for_a_person_or_pressing_0_puts_the_call_on_the_desk(service: Service) -> None:
    service.lines("call", str(AUDIO / "conseiller.wav"), "--json")
    (pressed,) = service.lines("call", "--key", "0", "--json")
    assert pressed["outcome"] == "handover"
    assert "conseiller" in pressed["spoken"]
    waiting = service.get("/api/desk", desk=True)["handovers"]
    reasons = {one["reason"] for one in waiting if one["conversation"]["channel"] == "phone"}
    assert {"asked", "key"} <= reasons


def test_a_caller_who_never_speaks_is_helped_and_never_answered_with_invented_words(
    service: Service, tmp_path: Path
) -> None:
    done = service.guichet("call", str(AUDIO / "silence.wav"), "--json", "--record", str(tmp_path / "heard.wav"))
    assert done.returncode in (0, 1), done.stderr
    for line in done.stdout.splitlines():
        report = json.loads(line)
        assert not report["heard"]
        assert report["outcome"] != "answered"


def test_a_question_outside_the_service_is_refused(service: Service) -> None:
    (report,) = service.lines("call", str(AUDIO / "horaires.wav"), "--json")
    assert report["outcome"] in ("abstained", "clarify")
