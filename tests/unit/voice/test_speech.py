"""Speaking and hearing for many calls: what is cached, what is shared, what a failure costs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from bot.errors import SpeechUnavailable
from voice.speech import GaveWay, Speech
from voice.turn import Expecting, Hearing


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


class PatientVoice:
    """Speaks in advance; with `gate` closed each sentence takes until it is broken off."""

    def __init__(self) -> None:
        self.finished: list[str] = []
        self.begun: list[str] = []
        self.gate = threading.Event()
        self._broken_off = threading.Event()

    def speak(self, text: str, length_scale: float) -> bytes:
        self._broken_off.clear()
        self.begun.append(text)
        if not self.gate.is_set() and self._broken_off.wait(5):
            raise GaveWay
        self.finished.append(text)
        return text.encode("utf-16-le")

    def break_off(self) -> None:
        self._broken_off.set()


class SlowEars:
    """Hears what it is given when `gate` opens."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.heard: list[float] = []

    def hear(
        self, samples: NDArray[np.float32], speech_seconds: float, is_wanted: Callable[[], bool], expecting: Expecting
    ) -> Hearing:
        self.gate.wait(5)
        self.heard.append(speech_seconds)
        return Hearing("oui", 0.9, "high", True, speech_seconds)


class Deaf:
    def hear(
        self, samples: NDArray[np.float32], speech_seconds: float, is_wanted: Callable[[], bool], expecting: Expecting
    ) -> Hearing:
        raise RuntimeError("no memory")


def speech(voice: CountingVoice, directory: Path, pace: float = 1.0) -> Speech:
    return Speech(Deaf(), voice, directory, pace=pace)


async def test_a_sentence_is_made_once_and_outlives_the_process(tmp_path: Path) -> None:
    voice = CountingVoice()
    first = await speech(voice, tmp_path).speak("Bonjour.")
    assert await speech(voice, tmp_path).speak("Bonjour.") == first
    assert len(voice.spoken) == 1


async def test_somebody_s_own_words_leave_nothing_on_the_disk_nor_in_memory(tmp_path: Path) -> None:
    voice = CountingVoice()
    shared = speech(voice, tmp_path)
    await shared.speak("Je suis malade.", keep=False)
    assert list(tmp_path.rglob("*")) == []
    await shared.speak("Je suis malade.", keep=False)
    assert len(voice.spoken) == 2
    await shared.speak("Bonjour.")
    await shared.speak("Bonjour.", keep=False)
    assert len(voice.spoken) == 3, "what is there already is used"


@pytest.mark.parametrize("other", ["voice", "pace"])
async def test_old_sound_is_never_played_for_another_voice_or_pace(tmp_path: Path, other: str) -> None:
    voice = CountingVoice()
    await speech(voice, tmp_path).speak("Bonjour.")
    changed = CountingVoice("voice-2" if other == "voice" else "voice-1")
    await speech(changed, tmp_path, 1.2 if other == "pace" else 1.0).speak("Bonjour.")
    assert len(changed.spoken) == 1


async def test_slower_is_slower_at_once_for_what_has_been_said_before(tmp_path: Path) -> None:
    voice = CountingVoice()
    shared = speech(voice, tmp_path)
    normal = await shared.speak("Bonjour. " * 100)
    assert shared.is_cached("Bonjour. " * 100, 1.25)
    slower = await shared.speak("Bonjour. " * 100, 1.25)
    assert len(voice.spoken) == 1
    assert len(slower) == pytest.approx(1.25 * len(normal), rel=0.02)


async def test_what_was_never_said_is_made_once_for_every_pace(tmp_path: Path) -> None:
    voice = CountingVoice()
    shared = speech(voice, tmp_path, 1.1)
    await shared.speak("Bonjour.", 1.5)
    await shared.speak("Bonjour.")
    assert voice.spoken == [("Bonjour.", 1.1)]


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


async def test_what_the_first_caller_needs_is_not_spoken_at_the_priority_of_what_may_wait(tmp_path: Path) -> None:
    voice, advance = CountingVoice(), PatientVoice()
    shared = Speech(Deaf(), voice, tmp_path, advance=advance)
    await shared.prepare(["Un.", "Deux."])
    assert [text for text, _ in voice.spoken] == ["Un.", "Deux."]
    assert advance.begun == []
    assert await shared.prerender(["Un.", "Deux."]) == 0, "they are kept"


async def test_a_voice_that_fails_or_a_full_disk_does_not_keep_the_telephone_from_ringing(tmp_path: Path) -> None:
    await speech(CountingVoice(), tmp_path).prepare(["panne", "Deux."])
    blocked = tmp_path / "file"
    blocked.write_text("not a directory")
    voice = CountingVoice()
    await speech(voice, blocked).prepare(["Un.", "Deux."])
    assert len(voice.spoken) == 1


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0)


async def test_a_call_breaks_off_speaking_in_advance_which_begins_again_afterwards(tmp_path: Path) -> None:
    advance = PatientVoice()
    shared = Speech(Deaf(), CountingVoice(), tmp_path, advance=advance)
    rendering = asyncio.create_task(shared.prerender(["Un.", "Deux."]))
    await until(lambda: advance.begun == ["Un."])
    advance.gate.set()
    shared.calls_on += 1
    await asyncio.sleep(0.05)
    assert advance.finished == []
    shared.calls_on -= 1
    assert await rendering == 2
    assert advance.begun == ["Un.", "Un.", "Deux."]
    assert advance.finished == ["Un.", "Deux."]


async def test_a_caller_does_not_wait_for_what_is_spoken_in_advance(tmp_path: Path) -> None:
    advance = PatientVoice()
    shared = Speech(Deaf(), CountingVoice(), tmp_path, advance=advance)
    rendering = asyncio.create_task(shared.prerender(["Un."]))
    await until(lambda: advance.begun == ["Un."])
    advance.gate.set()
    assert await asyncio.wait_for(shared.speak("Un."), 2) == "Un.".encode("utf-16-le")
    await rendering
    assert advance.finished == []


async def test_speaking_in_advance_ends_where_nothing_can_be_kept(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a directory")
    voice = CountingVoice()
    assert await speech(voice, blocked).prerender(["Un.", "Deux.", "Trois."]) == 0
    assert len(voice.spoken) == 1


async def test_a_cache_file_that_can_be_neither_read_nor_replaced_costs_speed_only(tmp_path: Path) -> None:
    voice = CountingVoice()
    shared = speech(voice, tmp_path)
    await shared.speak("Bonjour.")
    (file,) = tmp_path.rglob("*.s16")
    file.unlink()
    (file / "in the way").mkdir(parents=True)
    assert await shared.speak("Bonjour.") == "Bonjour.".encode("utf-16-le")
    assert await shared.speak("Bonjour.") == "Bonjour.".encode("utf-16-le")
    assert len(voice.spoken) == 3
    assert list(tmp_path.rglob("*.tmp")) == []


async def test_a_transcription_that_is_not_wanted_any_more_does_not_take_its_turn(tmp_path: Path) -> None:
    ears = SlowEars()
    shared = Speech(ears, CountingVoice(), tmp_path)
    sound = np.zeros(10, np.float32)
    first, unwanted, last = (asyncio.create_task(shared.hear(sound, seconds)) for seconds in (1.0, 2.0, 3.0))
    await until(lambda: (shared.transcriptions.running, shared.transcriptions.waiting) == (1, 2))
    unwanted.cancel()
    ears.gate.set()
    await asyncio.gather(first, last)
    assert ears.heard == [1.0, 3.0]


async def test_too_many_transcriptions_waiting_are_refused_and_the_others_served(tmp_path: Path) -> None:
    ears = SlowEars()
    shared = Speech(ears, CountingVoice(), tmp_path)
    asked = [asyncio.create_task(shared.hear(np.zeros(10, np.float32), 1.0)) for _ in range(30)]
    await until(lambda: any(task.done() for task in asked))
    ears.gate.set()
    results = await asyncio.gather(*asked, return_exceptions=True)
    served = [one for one in results if isinstance(one, Hearing)]
    assert 10 < len(served) < 30
    assert all(isinstance(one, SpeechUnavailable) for one in results if one not in served)
    assert shared.transcriptions.waiting == shared.transcriptions.running == 0


LONG = "Le bulletin de paie est mis en ligne le 6 du mois suivant, dans votre espace employeur. Bonjour."


async def test_what_was_never_said_is_spoken_by_clause_and_what_was_said_whole(tmp_path: Path) -> None:
    shared = speech(CountingVoice(), tmp_path)
    before = shared.pieces(LONG)
    assert before[0] == "Le bulletin de paie est mis en ligne le sisse du mois suivant,"
    assert before[-1] == "Bonjour."
    await shared.prerender([LONG])
    after = shared.pieces(LONG)
    assert all(shared.is_cached(piece) for piece in after)
    assert " ".join(after) == " ".join(before)
    assert len(after) <= len(before)


async def test_words_are_pronounced_as_the_service_says_them(tmp_path: Path) -> None:
    shared = Speech(Deaf(), CountingVoice(), tmp_path, said_as={"TESE": "Tésé"})
    assert shared.pieces("Le Tese.") == ["Le Tésé."]
    await shared.prerender(["Le Tese."])
    assert shared.is_cached("Le Tésé.")


async def test_a_transcription_under_way_is_told_that_nobody_waits_for_it_any_more(tmp_path: Path) -> None:
    asked: list[bool] = []
    begun, gate = threading.Event(), threading.Event()

    class Asking:
        def hear(
            self,
            samples: NDArray[np.float32],
            speech_seconds: float,
            is_wanted: Callable[[], bool],
            expecting: Expecting,
        ) -> Hearing:
            asked.append(is_wanted())
            begun.set()
            gate.wait(5)
            asked.append(is_wanted())
            return Hearing("oui", 0.9, "high", True, speech_seconds)

    shared = Speech(Asking(), CountingVoice(), tmp_path)
    hearing = asyncio.create_task(shared.hear(np.zeros(8000, np.float32), 0.5))
    await asyncio.to_thread(begun.wait, 5)
    hearing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await hearing
    gate.set()
    async with asyncio.timeout(5):
        while len(asked) < 2:
            await asyncio.sleep(0.005)
    assert asked == [True, False]


SOUND = np.zeros(10, np.float32)


async def test_what_was_begun_ahead_is_not_done_twice(tmp_path: Path) -> None:
    ears = SlowEars()
    shared = Speech(ears, CountingVoice(), tmp_path, workers=2)
    begun = shared.hear_ahead(SOUND, 1.0)
    assert begun is not None
    wanted = asyncio.create_task(shared.hear(SOUND, 1.0, begun))
    await until(lambda: shared.transcriptions.running == 1)
    ears.gate.set()
    assert (await wanted).text == "oui"
    assert ears.heard == [1.0]


async def test_nobody_hears_ahead_with_the_last_free_recogniser(tmp_path: Path) -> None:
    ears = SlowEars()
    alone, shared = (Speech(ears, CountingVoice(), tmp_path, workers=count) for count in (1, 2))
    assert alone.hear_ahead(SOUND, 1.0) is None
    waited_for = asyncio.create_task(shared.hear(SOUND, 2.0))
    await until(lambda: shared.transcriptions.running == 1)
    assert shared.hear_ahead(SOUND, 1.0) is None
    ears.gate.set()
    await waited_for


async def test_two_who_fall_silent_at_once_do_not_take_both_recognisers(tmp_path: Path) -> None:
    ears = SlowEars()
    ears.gate.set()
    shared = Speech(ears, CountingVoice(), tmp_path, workers=2)
    first = shared.hear_ahead(SOUND, 1.0)
    assert shared.hear_ahead(SOUND, 1.0) is None
    assert first is not None
    await first
    second = shared.hear_ahead(SOUND, 1.0)
    assert second is not None
    await second


async def test_with_more_calls_than_recognisers_nobody_hears_ahead(tmp_path: Path) -> None:
    shared = Speech(SlowEars(), CountingVoice(), tmp_path, workers=2)
    shared.calls_on = 3
    assert shared.hear_ahead(SOUND, 1.0) is None


async def test_hearing_ahead_gives_way_to_whoever_would_have_to_wait(tmp_path: Path) -> None:
    wanted_still: list[bool] = []
    gate, entered = threading.Event(), threading.Event()

    class Asking:
        def hear(
            self,
            samples: NDArray[np.float32],
            speech_seconds: float,
            is_wanted: Callable[[], bool],
            expecting: Expecting,
        ) -> Hearing:
            entered.set()
            gate.wait(5)
            if speech_seconds == 1.0:
                wanted_still.append(is_wanted())
            return Hearing("oui", 0.9, "high", True, speech_seconds)

    shared = Speech(Asking(), CountingVoice(), tmp_path, workers=2)
    begun = shared.hear_ahead(SOUND, 1.0)
    assert begun is not None
    await until(entered.is_set)
    others = [asyncio.create_task(shared.hear(SOUND, seconds)) for seconds in (2.0, 3.0)]
    await until(begun.cancelled)
    again = asyncio.create_task(shared.hear(SOUND, 4.0, begun))
    await asyncio.sleep(0)
    gate.set()
    assert [one.speech_seconds for one in await asyncio.gather(*others, again)] == [2.0, 3.0, 4.0]
    await until(lambda: bool(wanted_still))  # its thread may be the last of the three to go on
    assert wanted_still == [False]


async def test_nothing_begun_ahead_for_a_caller_gives_way_to_a_visitor(tmp_path: Path) -> None:
    ears = SlowEars()
    shared = Speech(ears, CountingVoice(), tmp_path, workers=2)
    begun = shared.hear_ahead(SOUND, 1.0)
    assert begun is not None
    caller = asyncio.create_task(shared.hear(SOUND, 2.0))
    await until(lambda: shared.transcriptions.running == 2)
    visitor = asyncio.create_task(shared.hear_visitor(SOUND, 3.0))
    await until(lambda: shared.transcriptions.waiting == 1)
    assert not begun.cancelling()
    ears.gate.set()
    assert [one.speech_seconds for one in await asyncio.gather(begun, caller, visitor)] == [1.0, 2.0, 3.0]


async def test_until_the_step_of_what_was_dropped_is_done_nobody_hears_ahead_but_whoever_is_waited_for(
    tmp_path: Path,
) -> None:
    ears = SlowEars()
    shared = Speech(ears, CountingVoice(), tmp_path, workers=2)
    dropped = shared.hear_ahead(SOUND, 1.0)
    assert dropped is not None
    await until(lambda: shared.transcriptions.running == 1)
    dropped.cancel()
    await until(dropped.cancelled)
    assert shared.hear_ahead(SOUND, 2.0) is None
    waited_for = asyncio.create_task(shared.hear(SOUND, 3.0))
    await until(lambda: shared.transcriptions.running == 2)
    ears.gate.set()
    assert (await waited_for).speech_seconds == 3.0
    await until(lambda: shared.transcriptions.running == 0)
    assert (again := shared.hear_ahead(SOUND, 4.0)) is not None
    assert (await again).speech_seconds == 4.0
