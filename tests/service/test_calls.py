"""Real calls: a SIP telephone that is not ours, recorded questions, and the answer listened to by transcribing it."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
from numpy.typing import NDArray

from bot.commands.evaluate import Recording, read_manifest
from bot.knowledge import load_knowledge
from tests.integration.sip.baresip_phone import BaresipPhone
from tests.service.running import Service
from voice.audio import float_to_pcm, pcm_to_float, quiet_cuts, read_wav, resample
from voice.whisper import Whisper

AUDIO = Path(__file__).parents[1] / "audio"


def transcribed(recogniser: Whisper, samples: NDArray[np.float32]) -> str:
    """Piece by piece: of a long stretch at once the recogniser sometimes leaves half a sentence out."""
    pieces = quiet_cuts(resample(samples, 8000, 16000), 16000, 10.0)
    return " ".join(recogniser.transcribe(piece).text for piece in pieces).lower()


def pcm_of(name: str) -> bytes:
    samples, rate = read_wav(AUDIO / name)
    return float_to_pcm(resample(samples, rate, 8000))


def telephone(directory: Path, sound: bytes) -> BaresipPhone:
    return BaresipPhone(directory, sound)


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


def words(text: str) -> list[str]:
    """The words that carry the meaning: five letters or more."""
    return re.findall(r"[^\W\d_]{5,}", text.lower())


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
        recording, rate = pcm_to_float(phone.heard()), 8000
    greeting = transcribed(recogniser, recording[: int(wait * rate)])
    assert re.search(r"assistant.*automatique", greeting)
    assert re.search(r"conseiller|personne", greeting)
    answer = transcribed(recogniser, recording[int((wait + 2.0) * rate) :])
    assert "en ligne" in answer or "espace employeur" in answer
    # The whole answer, not its beginning: the recogniser writes a few words otherwise than they were said.
    said = set(words(call["turns"][0]["spoken"]))
    understood = said & set(words(answer))
    assert len(understood) >= 0.7 * len(said), (said - understood, answer)
    assert [turn["intent"] for turn in call["turns"]] == ["adhesion_comment"]
    assert call["turns"][0]["answers"][0]["source"]


def asked(service: Service, recordings: list[Recording]) -> list[dict[str, Any]]:
    """One call in which all are asked; a report for each."""
    files = [str(one.path) for one in recordings]
    return service.lines("call", *files, "--skip-answers", "--json", seconds=500)


def test_ten_questions_are_answered_and_none_wrongly(service: Service) -> None:
    recordings = [
        one for one in read_manifest(AUDIO / "manifest.tsv") if one.intents[0] not in ("handover", "out_of_scope")
    ]
    assert len(recordings) == 10
    reports = asked(service, recordings)
    for place, report in enumerate(reports):
        if "répéter votre question" in (report["spoken"] or ""):  # as a caller would who is asked to
            (reports[place],) = asked(service, recordings[place : place + 1])
    got = [
        (one.path.stem, report["outcome"], report["intent"]) for one, report in zip(recordings, reports, strict=True)
    ]
    right = [one for one, report in zip(recordings, reports, strict=True) if report["intent"] in one.intents]
    topics = {subject.intent for subject in load_knowledge().topics}
    answered = [(one, g) for one, g in zip(recordings, got, strict=True) if g[1] == "answered" and g[2] in topics]
    wrong = [g for one, g in answered if g[2] not in one.intents]
    assert wrong == []
    missed = [(one.text, report) for one, report in zip(recordings, reports, strict=True) if one not in right]
    assert len(right) >= 9, missed
    assert all(report["end_of_speech_to_first_audio_ms"] is not None for report in reports)
    for report in reports:
        assert set(report["segments"]) <= {"endpoint", "transcription", "dialogue", "synthesis"}


BESIDE_EACH_OTHER = {
    "asks for a person": (str(AUDIO / "conseiller.wav"),),
    "presses 0": ("--key", "0"),
    "says nothing": (str(AUDIO / "silence.wav"),),
    "asks for something else": (str(AUDIO / "horaires.wav"),),
}


@pytest.fixture(scope="module")
def calls(service: Service) -> dict[str, subprocess.CompletedProcess[str]]:
    """Calls that have nothing to do with each other, two at a time."""
    with ThreadPoolExecutor(2) as lines:
        ended = lines.map(lambda turns: service.guichet("call", *turns, "--json"), BESIDE_EACH_OTHER.values())
        return dict(zip(BESIDE_EACH_OTHER, ended, strict=True))


def reports_of(call: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert call.returncode == 0, call.stderr
    return [json.loads(line) for line in call.stdout.splitlines()]


@pytest.fixture(scope="module")
def answered(service: Service) -> None:
    """The last call: a question that was answered, then the key 0."""
    service.lines("call", str(AUDIO / "adherer.wav"), "--key", "0", "--json")


def test_asking_for_a_person_or_pressing_0_puts_the_call_on_the_desk(
    service: Service, calls: dict[str, subprocess.CompletedProcess[str]]
) -> None:
    reports_of(calls["asks for a person"])
    (pressed,) = reports_of(calls["presses 0"])
    assert pressed["outcome"] == "handover"
    assert "conseiller" in pressed["spoken"]
    waiting = service.get("/api/desk", desk=True)["handovers"]
    reasons = {one["reason"] for one in waiting if one["conversation"]["channel"] == "phone"}
    assert {"asked", "key"} <= reasons


def test_a_caller_whom_nobody_can_take_leaves_a_number_and_the_desk_shows_it(service: Service) -> None:
    reports = service.lines("call", "--key", "0", "--key", "0612345678#", "--json")
    assert "rappeler" in reports[0]["spoken"]
    waiting = service.get("/api/desk", desk=True)["handovers"]
    assert "+33612345678" in [one["callback_number"] for one in waiting]
    refused = service.post("/api/callbacks/" + next(one["id"] for one in waiting if one["callback_number"]), desk=True)
    assert refused["error"]["code"] == "not_allowed"  # nothing is dialled unless phone.callback_allowed says so


@pytest.mark.usefixtures("answered")
def test_a_call_can_be_looked_at_from_beginning_to_end(service: Service) -> None:
    shown = service.guichet("calls", "show", "last")
    assert shown.returncode == 0, shown.stderr
    for words in ("adhesion_comment", "heard", "said", "wait", "endpoint", "transcription", "key        0"):
        assert words in shown.stdout
    listed = service.guichet("calls", "list", "--last", "1")
    assert "key" in listed.stdout
    (call,) = service.lines("calls", "show", "last", "--json")
    assert call["turns"][0]["intent"] == "adhesion_comment"
    assert {"greeted"} <= {note["kind"] for note in call["notes"]}
    for turn in call["turns"]:
        assert all(milliseconds >= 0 for milliseconds in turn["segments"].values())


@pytest.mark.usefixtures("answered")
def test_calls_and_waits_are_counted(service: Service) -> None:
    page = service.metrics()
    assert re.search(r'guichet_calls_started_total\{protocol="sip"\} [1-9]', page)
    assert re.search(r"guichet_wait_seconds_count [1-9]", page)
    assert re.search(r'guichet_turns_total\{channel="phone",outcome="answered"\} [1-9]', page)


def test_a_caller_who_never_speaks_is_helped_and_never_answered_with_invented_words(
    calls: dict[str, subprocess.CompletedProcess[str]],
) -> None:
    done = calls["says nothing"]
    assert done.returncode in (0, 1), done.stderr
    for line in done.stdout.splitlines():
        report = json.loads(line)
        assert not report["heard"]
        assert report["outcome"] != "answered"


def test_a_question_outside_the_service_is_refused(calls: dict[str, subprocess.CompletedProcess[str]]) -> None:
    (report,) = reports_of(calls["asks for something else"])
    assert report["outcome"] in ("abstained", "clarify")
