"""Speaking and hearing for many calls: what is cached, what is shared, what a failure costs."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from bot.errors import SpeechUnavailable
from voice.speech import Speech
from voice.turn import Hearing


class CountingVoice:
    """Speaks a text as its bytes, and counts. `gate` holds it back."""

    def __init__(self, digest: str = "voice-1") -> None:
        self.digest = digest
        self.spoken: list[tuple[str, float]] = []
        self.gate = threading.Event()
        self.gate.set()

    def speak(self, text: str, length_scale: float) -> bytes:
        self.gate.wait(5)
        self.spoken.append((text, length_scale))
        if text == "panne":
            raise RuntimeError("no memory")
        return text.encode("utf-16-le")


class Deaf:
    def hear(self, samples: NDArray[np.float32], speech_seconds: float) -> Hearing:
        raise RuntimeError("no memory")


def speech(voice: CountingVoice, directory: Path, pace: float = 1.0) -> Speech:
    return Speech(Deaf(), voice, directory, pace=pace)


async def test_a_sentence_is_made_once_and_outlives_the_process(tmp_path: Path) -> None:
    voice = CountingVoice()
    first = await speech(voice, tmp_path).speak("Bonjour.")
    assert await speech(voice, tmp_path).speak("Bonjour.") == first
    assert len(voice.spoken) == 1


@pytest.mark.parametrize("other", ["voice", "pace", "slower"])
async def test_old_sound_is_never_played_for_another_voice_or_pace(tmp_path: Path, other: str) -> None:
    voice = CountingVoice()
    await speech(voice, tmp_path).speak("Bonjour.")
    changed = CountingVoice("voice-2" if other == "voice" else "voice-1")
    await speech(changed, tmp_path, 1.2 if other == "pace" else 1.0).speak(
        "Bonjour.", 1.25 if other == "slower" else 1.0
    )
    assert len(changed.spoken) == 1


async def test_two_callers_who_need_the_same_sentence_share_one_synthesis(tmp_path: Path) -> None:
    voice = CountingVoice()
    voice.gate.clear()
    shared = speech(voice, tmp_path)
    both = [asyncio.create_task(shared.speak("Bonjour.")) for _ in range(2)]
    await asyncio.sleep(0.05)
    voice.gate.set()
    assert len({await task for task in both}) == 1
    assert len(voice.spoken) == 1


async def test_a_caller_who_hangs_up_does_not_take_the_sentence_from_another(tmp_path: Path) -> None:
    voice = CountingVoice()
    voice.gate.clear()
    shared = speech(voice, tmp_path)
    gone, stays = (asyncio.create_task(shared.speak("Bonjour.")) for _ in range(2))
    await asyncio.sleep(0.05)
    gone.cancel()
    voice.gate.set()
    assert await stays == "Bonjour.".encode("utf-16-le")


async def test_a_damaged_cache_file_is_made_again(tmp_path: Path) -> None:
    voice = CountingVoice()
    await speech(voice, tmp_path).speak("Bonjour.")
    (file,) = tmp_path.rglob("*.s16")
    file.write_bytes(b"")
    assert await speech(voice, tmp_path).speak("Bonjour.") == "Bonjour.".encode("utf-16-le")


async def test_a_disk_that_cannot_be_written_costs_speed_not_the_call(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a directory")
    assert await speech(CountingVoice(), blocked).speak("Bonjour.") == "Bonjour.".encode("utf-16-le")


async def test_a_voice_that_fails_says_so_and_speaks_the_next_sentence(tmp_path: Path) -> None:
    shared = speech(CountingVoice(), tmp_path)
    with pytest.raises(SpeechUnavailable):
        await shared.speak("panne")
    assert await shared.speak("Bonjour.")


async def test_a_recogniser_that_fails_says_so(tmp_path: Path) -> None:
    with pytest.raises(SpeechUnavailable):
        await speech(CountingVoice(), tmp_path).hear(np.zeros(10, np.float32), 1.0)


async def test_rendering_in_advance_stands_aside_while_a_call_is_on(tmp_path: Path) -> None:
    voice = CountingVoice()
    shared = speech(voice, tmp_path)
    shared.calls_on = 1
    rendering = asyncio.create_task(shared.prerender(["Un.", "Deux."]))
    await asyncio.sleep(0.05)
    assert voice.spoken == []
    shared.calls_on = 0
    assert await rendering == 2
    assert await shared.prerender(["Un.", "Deux."]) == 0
