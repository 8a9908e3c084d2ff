"""Visitors of a page borrow the engines: what is heard of them, and who goes before."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from bot.errors import BadAudio, Busy, SpeechUnavailable
from voice.dictation import unhurried
from voice.patience import Patience
from voice.speech import Speech
from voice.turn import Expecting, Hearing
from voice.visitors import VisitorLimits, Visitors

RATE_HZ = 16000
PATIENT = unhurried(Patience(), 1.8, 30.0)


class LoudIsSpeech:
    """A detector for sounds that are either loud or silent."""

    def probability(self, frame: NDArray[np.float32]) -> float:
        return 0.9 if float(np.max(np.abs(frame))) > 0.1 else 0.0


class Ears:
    """Hears a number for each utterance; `gate` holds a transcription back, `plausible` says which are believed."""

    def __init__(self, plausible: Iterable[bool] = ()) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.begun = threading.Semaphore(0)
        self.lengths: list[float] = []
        self.given_up = 0
        self._plausible = iter(plausible)

    def hear(
        self, samples: NDArray[np.float32], speech_seconds: float, is_wanted: Callable[[], bool], expecting: Expecting
    ) -> Hearing:
        self.begun.release()
        while not self.gate.wait(0.01):
            if not is_wanted():
                self.given_up += 1
                break
        self.lengths.append(len(samples) / RATE_HZ)
        return Hearing(f"parole {len(self.lengths)}.", 0.9, "high", next(self._plausible, True), speech_seconds)


class Broken:
    def hear(
        self, samples: NDArray[np.float32], speech_seconds: float, is_wanted: Callable[[], bool], expecting: Expecting
    ) -> Hearing:
        raise RuntimeError("no memory")


class Voice:
    digest = "voice-1"

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.begun: list[str] = []

    def speak(self, text: str, length_scale: float) -> bytes:
        self.begun.append(text)
        self.gate.wait(5)
        return text.encode("utf-16-le")


def visitors(tmp_path: Path, ears: Ears | Broken, voice: Voice | None = None, **limits: float) -> Visitors:
    made = Visitors(LoudIsSpeech, PATIENT, VisitorLimits(**limits))  # type: ignore[arg-type]
    made.speech = Speech(ears, voice or Voice(), tmp_path)
    return made


def pcm(*parts: tuple[str, float]) -> bytes:
    """Parts of so many seconds, spoken or silent."""
    levels = [np.full(int(seconds * RATE_HZ), 16000 if kind == "speech" else 0, "<i2") for kind, seconds in parts]
    return np.concatenate(levels).tobytes()


async def portions(sound: bytes, size: int = 2048, given: list[int] | None = None) -> AsyncIterator[bytes]:
    """As a network brings it: in portions, between which other things happen."""
    for start in range(0, len(sound), size):
        await asyncio.sleep(0.001)
        if given is not None:
            given.append(start)
        yield sound[start : start + size]


async def nothing() -> None:
    pass


async def hear(lent: Visitors, sound: bytes, **more: object) -> Hearing | None:
    return await lent.listen(portions(sound, **more), nothing)  # type: ignore[arg-type]


async def test_a_question_is_heard_whole_and_ends_by_itself(tmp_path: Path) -> None:
    ears, given = Ears(), list[int]()
    sound = pcm(("silence", 0.5), ("speech", 1.5), ("silence", 5.0))
    heard = await hear(visitors(tmp_path, ears), sound, given=given)
    assert heard is not None
    assert heard.plausible
    assert ears.lengths[-1] == pytest.approx(0.5 + 1.5, abs=0.3)
    assert len(given) * 2048 < len(sound)  # it did not wait for the rest of the silence


async def test_the_visitor_is_told_as_soon_as_no_more_sound_is_wanted(tmp_path: Path) -> None:
    ears, told = Ears(), asyncio.Event()
    ears.gate.clear()

    async def enough() -> None:
        told.set()

    lent = visitors(tmp_path, ears)
    sound = portions(pcm(("speech", 1.0), ("silence", 3.0)))
    task = asyncio.create_task(lent.listen(sound, enough))
    async with asyncio.timeout(5):
        await told.wait()
    assert not task.done()
    ears.gate.set()
    assert (await task) is not None


async def test_visitors_have_the_recogniser_for_microphones_and_callers_that_of_the_telephone(tmp_path: Path) -> None:
    telephone, microphones = Ears(), Ears()
    lent = visitors(tmp_path, telephone)
    lent.speech = Speech(telephone, Voice(), tmp_path, for_visitors=microphones)
    await hear(lent, pcm(("speech", 1.0)))
    assert (len(telephone.lengths), len(microphones.lengths)) == (0, 1)
    await lent.speech.hear(np.zeros(RATE_HZ, np.float32), 1.0)
    assert (len(telephone.lengths), len(microphones.lengths)) == (1, 1)


async def test_a_breath_in_the_middle_does_not_end_it(tmp_path: Path) -> None:
    ears = Ears()
    sound = pcm(("speech", 1.0), ("silence", 0.4), ("speech", 1.0), ("silence", 3.0))
    await hear(visitors(tmp_path, ears), sound)
    assert ears.lengths[-1] > 2.3


async def test_sound_that_stops_coming_is_taken_as_it_is(tmp_path: Path) -> None:
    heard = await hear(visitors(tmp_path, Ears()), pcm(("speech", 1.0)))
    assert heard is not None
    assert heard.plausible


@pytest.mark.parametrize("sound", [b"", pcm(("silence", 0.01)), pcm(("silence", 9.0))])
async def test_silence_is_nothing_and_nothing_is_transcribed(tmp_path: Path, sound: bytes) -> None:
    ears = Ears()
    assert await hear(visitors(tmp_path, ears), sound) is None
    assert ears.lengths == []


async def test_a_noise_is_passed_over_and_the_question_after_it_is_heard(tmp_path: Path) -> None:
    sound = pcm(("speech", 0.3), ("silence", 2.0), ("speech", 1.5), ("silence", 3.0))
    heard = await hear(visitors(tmp_path, Ears([False])), sound)
    assert heard is not None
    assert heard.plausible


async def test_noises_alone_never_become_words(tmp_path: Path) -> None:
    sound = pcm(("speech", 0.3), ("silence", 12.0))
    heard = await hear(visitors(tmp_path, Ears([False])), sound)
    assert heard is not None
    assert not heard.plausible


async def test_who_never_stops_is_heard_up_to_the_limit(tmp_path: Path) -> None:
    ears, given = Ears(), list[int]()
    lent = visitors(tmp_path, ears, listen_seconds=5.0)
    await hear(lent, pcm(("speech", 20.0)), given=given)
    assert ears.lengths[-1] == pytest.approx(5.0, abs=0.6)
    assert len(given) * 2048 < 6 * RATE_HZ * 2


async def test_half_a_sample_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadAudio):
        await hear(visitors(tmp_path, Ears()), b"\0\0\0")


async def test_a_recogniser_that_fails_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(SpeechUnavailable):
        await hear(visitors(tmp_path, Broken()), pcm(("speech", 1.0)))


async def test_without_engines_nobody_is_listened_or_read_to(tmp_path: Path) -> None:
    lent = Visitors(LoudIsSpeech, PATIENT, VisitorLimits())
    with pytest.raises(SpeechUnavailable), lent.place("a"):
        pass
    with pytest.raises(SpeechUnavailable):
        lent.read("Bonjour.")


def test_places_are_few_and_given_back(tmp_path: Path) -> None:
    lent = visitors(tmp_path, Ears(), listened_to=2)
    with lent.place("a"), lent.place("b"), pytest.raises(Busy), lent.place("c"):
        pass
    with lent.place("c"):
        pass


def test_one_visitor_is_listened_to_once_at_a_time(tmp_path: Path) -> None:
    lent = visitors(tmp_path, Ears())
    with lent.place("a"), pytest.raises(Busy), lent.place("a"):
        pass


def test_the_last_places_are_for_callers(tmp_path: Path) -> None:
    lent = visitors(tmp_path, Ears(), conversations=6)
    assert lent.speech is not None
    lent.speech.calls_on = 5
    with lent.place("a"), pytest.raises(Busy), lent.place("b"):
        pass
    lent.speech.calls_on = 6
    with pytest.raises(Busy), lent.place("a"):
        pass


async def test_a_caller_who_waits_takes_the_worker_and_the_visitor_is_heard_after(tmp_path: Path) -> None:
    ears = Ears()
    ears.gate.clear()
    lent = visitors(tmp_path, ears)
    assert lent.speech is not None
    visitor = asyncio.create_task(hear(lent, pcm(("speech", 1.0))))
    await asyncio.to_thread(ears.begun.acquire)
    caller = asyncio.create_task(lent.speech.hear(np.zeros(RATE_HZ * 4, np.float32), 1.0))
    await asyncio.to_thread(ears.begun.acquire)  # the caller's has begun in the visitor's place
    assert ears.given_up == 1
    assert not visitor.done()
    ears.gate.set()
    await caller
    heard = await visitor
    assert heard is not None
    assert ears.lengths[-2] == 4.0
    assert ears.lengths[-1] < 2.0


async def test_a_visitor_who_gets_no_turn_is_told_to_write(tmp_path: Path) -> None:
    ears = Ears()
    ears.gate.clear()
    lent = visitors(tmp_path, ears, wait_seconds=0.1)
    assert lent.speech is not None
    caller = asyncio.create_task(lent.speech.hear(np.zeros(RATE_HZ, np.float32), 1.0))
    await asyncio.to_thread(ears.begun.acquire)
    with pytest.raises(Busy):
        await hear(lent, pcm(("speech", 1.0)))
    ears.gate.set()
    await caller


async def test_who_leaves_is_no_longer_transcribed(tmp_path: Path) -> None:
    ears = Ears()
    ears.gate.clear()
    lent = visitors(tmp_path, ears)
    visitor = asyncio.create_task(hear(lent, pcm(("speech", 1.0))))
    await asyncio.to_thread(ears.begun.acquire)
    visitor.cancel()
    await asyncio.gather(visitor, return_exceptions=True)
    async with asyncio.timeout(5):
        while not ears.given_up:
            await asyncio.sleep(0.01)


async def read(lent: Visitors, text: str) -> tuple[bool, list[bytes]]:
    reading = lent.read(text)
    return reading.is_ready, [chunk async for chunk in reading.chunks()]


async def test_what_was_said_before_is_sent_whole_with_its_length(tmp_path: Path) -> None:
    lent = visitors(tmp_path, Ears())
    assert lent.speech is not None
    await lent.speech.prerender(["Bonjour. Merci."])
    ready, chunks = await read(lent, "Bonjour. Merci.")
    assert ready
    assert len(chunks) == 1
    assert len(chunks[0]) == 8 + int.from_bytes(chunks[0][4:8], "little")


async def test_what_was_never_said_begins_before_its_end_is_made(tmp_path: Path) -> None:
    voice = Voice()
    reading = visitors(tmp_path, Ears(), voice).read("Bonjour. Merci.")
    assert not reading.is_ready
    chunks = reading.chunks()
    first = await anext(chunks)
    assert first.startswith(b"RIFF")
    assert voice.begun == ["Bonjour."]
    assert [chunk async for chunk in chunks][-1].endswith("Merci.".encode("utf-16-le"))


async def test_the_voice_is_a_callers_first(tmp_path: Path) -> None:
    voice = Voice()
    lent = visitors(tmp_path, Ears(), voice, wait_seconds=0.2)
    assert lent.speech is not None
    voice.gate.clear()
    caller = asyncio.create_task(lent.speech.speak("Ne quittez pas."))
    while not voice.begun:
        await asyncio.sleep(0.01)
    with pytest.raises(Busy):
        await read(lent, "Bonjour.")
    assert lent.speech.syntheses.waiting == 0  # not even in the queue, before the next caller
    voice.gate.set()
    await caller
    assert voice.begun == ["Ne quittez pas."]
