"""A visitor speaks to the page, and is read to, with the real recogniser and the real voice."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from bot.commands.evaluate import edit_distance, words_of
from bot.hearing import load_lexicon
from bot.knowledge import load_knowledge
from bot.settings import load_settings
from bot.telephone import patience
from tests.integration.not_speech import sounds
from voice.audio import float_to_pcm, read_wav, resample
from voice.dictation import unhurried
from voice.engines import load_speech
from voice.silero import SileroVad
from voice.speech import Speech
from voice.turn import Hearing
from voice.visitors import VisitorLimits, Visitors

pytestmark = pytest.mark.models

AUDIO = Path(__file__).parents[1] / "audio"
RATE_HZ = 16000
PORTION_BYTES = 2048


@pytest.fixture(scope="module")
def speech() -> Speech:
    settings = load_settings()
    return load_speech(settings, load_lexicon(settings), settings.load_pack().pronunciation)


@pytest.fixture
def lent(speech: Speech) -> Visitors:
    settings = load_settings()
    chosen = settings.widget
    patient = unhurried(patience(settings), chosen.listen_patience, chosen.listen_seconds)
    visitors = Visitors(SileroVad, patient, VisitorLimits(wait_seconds=30.0))
    # The engines' queues belong to the loop in which they were first waited for: one for each test.
    visitors.speech = Speech(speech._recogniser, speech._synthesiser, load_settings().data_path / "speech-cache")
    return visitors


def questions() -> list[tuple[str, str]]:
    with (AUDIO / "manifest.tsv").open(encoding="utf-8") as file:
        return [(row["path"], row["text"]) for row in csv.DictReader(file, delimiter="\t")]


async def said(
    visitors: Visitors, samples: np.ndarray, rate_hz: int, silence_seconds: float
) -> tuple[Hearing | None, bool]:
    """What was heard of a sound with silence after it, and whether it ended before all of that silence."""
    silence = np.zeros(int(silence_seconds * RATE_HZ), np.float32)
    pcm = float_to_pcm(np.concatenate([silence[: RATE_HZ // 2], resample(samples, rate_hz, RATE_HZ), silence]))
    ended_early = True

    async def portions() -> AsyncIterator[bytes]:
        nonlocal ended_early
        for start in range(0, len(pcm), PORTION_BYTES):
            await asyncio.sleep(0)
            yield pcm[start : start + PORTION_BYTES]
        ended_early = False

    async def enough() -> None:
        pass

    return await visitors.listen(portions(), enough), ended_early


async def test_recorded_questions_are_written_down_and_end_by_themselves(lent: Visitors) -> None:
    wrong = total = 0
    for path, text in questions():
        heard, ended_early = await said(lent, *read_wav(AUDIO / path), silence_seconds=4.0)
        assert heard is not None, path
        assert heard.plausible, path
        assert ended_early, path
        wrong += edit_distance(words_of(text), words_of(heard.question))
        total += len(words_of(text))
    assert wrong / total < 0.15


async def test_noise_and_silence_never_become_words(lent: Visitors) -> None:
    words = []
    for name, sound in list(sounds())[::3]:
        heard, _ = await said(lent, sound, 8000, silence_seconds=3.0)
        if heard is not None and heard.plausible:
            words.append((name, heard.question))
    assert words == []


async def test_what_is_read_aloud_is_what_the_recogniser_hears(lent: Visitors) -> None:
    wrong = total = 0
    for subject in load_knowledge(load_settings().load_pack()).topics[:4]:
        content = b"".join([chunk async for chunk in lent.read(subject.phone).chunks()])
        samples, rate_hz = read_wav(content)
        assert lent.speech is not None
        sound = resample(samples, rate_hz, RATE_HZ)
        heard = await lent.speech.hear(sound, len(sound) / RATE_HZ)
        wrong += edit_distance(words_of(subject.phone), words_of(heard.question))
        total += len(words_of(subject.phone))
    assert wrong / total < 0.25
