"""The bot's mouth: what is on the line after a pause, and where it goes on."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from bot.errors import SpeechUnavailable
from voice import call_messages as m
from voice.leg import CallInfo
from voice.talker import GAP, Talker, lead_in_bytes, quiet_place_before

LOUD = (np.ones(8000) * 8000).astype("<i2").tobytes()  # 1 s
QUIET = bytes(1600)  # 0.1 s
MUSIC = b"".join(bytes([n]) * 32000 for n in range(1, 4))  # three blocks of 2 s


class FakeVoice:
    """Each text is one piece; its sound is one second for each letter, with a short silence after each."""

    def __init__(self) -> None:
        self.paces: list[float] = []
        self.never_said: set[str] = set()

    def pieces(self, text: str) -> list[str]:
        return text.split("|")

    def is_cached(self, piece: str, pace: float = 1.0) -> bool:
        return piece not in self.never_said

    async def speak(self, piece: str, pace: float = 1.0) -> bytes:
        self.paces.append(pace)
        if piece == "muet":
            raise SpeechUnavailable("no voice")
        return (LOUD + QUIET) * len(piece)


class SlowLeg:
    """A line on which nothing has been heard yet, unless told so."""

    def __init__(self) -> None:
        self.info = CallInfo("line")
        self.played: list[bytes] = []
        self.marks: list[str] = []
        self.flushed = 0

    async def play(self, pcm: bytes) -> None:
        self.played.append(pcm)

    async def mark(self, name: str) -> None:
        self.marks.append(name)

    async def flush(self) -> None:
        self.flushed += 1


class Scene:
    def __init__(self) -> None:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
        self.leg, self.voice = SlowLeg(), FakeVoice()
        self.now = 100.0
        self.heard = 0
        self.reports: list[m.Event] = []
        self.talker = Talker(
            self.leg,  # type: ignore[arg-type]
            self.voice,
            self.reports.append,
            lambda: self.now,
            openings=["alors", "voyons"],
            make_music=lambda: MUSIC,
        )

    async def settle(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)

    async def says(self, *texts: str) -> None:
        self.talker.say(1, texts)
        await self.settle()

    async def hears_all(self) -> None:
        """All that is on the line is heard."""
        for mark in self.leg.marks[self.heard :]:
            self.talker.played(mark)
        self.heard = len(self.leg.marks)
        await self.music_is_there()

    async def music_is_there(self) -> None:
        """It is made in a thread: the only one here, so that what is done there after it is done later."""
        await self.settle()
        await asyncio.to_thread(lambda: None)
        await self.settle()

    @property
    def music(self) -> list[int]:
        """The blocks of music that went to the line."""
        return [pcm[0] for pcm in self.leg.played if len(pcm) == 32000]


async def test_it_is_said_when_the_last_piece_has_been_heard() -> None:
    scene = Scene()
    await scene.says("ab|c", "d")
    assert scene.reports == [m.SpeakingStarted(1)]
    for mark in scene.leg.marks[:-1]:
        scene.talker.played(mark)
    assert m.Said(1) not in scene.reports
    scene.talker.played(scene.leg.marks[-1])
    assert scene.reports[-1] == m.Said(1)


async def test_a_pause_silences_the_line_and_tells_how_much_is_left() -> None:
    scene = Scene()
    await scene.says("a|b|c")
    scene.talker.played(scene.leg.marks[0])
    scene.talker.pause()
    await scene.settle()
    assert scene.leg.flushed == 1
    assert scene.reports[-1] == m.TalkPaused(1, 1)


async def test_marks_that_come_back_because_of_the_flush_mean_nothing() -> None:
    scene = Scene()
    await scene.says("a|b")
    marks = list(scene.leg.marks)
    scene.talker.pause()
    for mark in marks:
        scene.talker.played(mark)
    assert m.Said(1) not in scene.reports


async def test_going_on_begins_at_a_silence_just_before_the_place_of_the_pause() -> None:
    scene = Scene()
    await scene.says("abc|d")
    scene.now += 2.6  # in the third second of the first piece
    scene.talker.pause()
    scene.talker.resume()
    await scene.settle()
    resumed = scene.leg.played[2]
    assert 0 < len(resumed) - len(LOUD + QUIET + GAP) <= len(QUIET)  # the third letter again, from its beginning
    assert len(scene.leg.played) == 4
    scene.talker.played(scene.leg.marks[-1])
    assert scene.reports[-1] == m.Said(1)


async def test_two_pauses_in_one_piece_do_not_lose_the_place() -> None:
    scene = Scene()
    await scene.says("abcd")
    scene.now += 1.9
    scene.talker.pause()
    scene.talker.resume()
    await scene.settle()
    scene.now += 1.9
    scene.talker.pause()
    scene.talker.resume()
    await scene.settle()
    assert [len(pcm) // len(LOUD + QUIET) for pcm in scene.leg.played] == [4, 3, 2]


async def test_a_stop_forgets_what_was_being_said() -> None:
    scene = Scene()
    await scene.says("a")
    scene.talker.stop()
    await scene.settle()
    scene.talker.played(scene.leg.marks[0])
    assert scene.reports == [m.SpeakingStarted(1)]


async def test_a_voice_that_fails_is_reported() -> None:
    scene = Scene()
    await scene.says("muet")
    assert scene.reports == [m.Said(1, failed=True)]


async def test_nothing_to_say_is_said_at_once() -> None:
    scene = Scene()
    scene.talker.say(1, [])
    await scene.settle()
    assert scene.reports == [m.Said(1)]


async def test_what_was_never_said_begins_with_a_word_that_was() -> None:
    scene = Scene()
    scene.voice.never_said = {"abc"}
    await scene.says("abc|d")
    assert [len(pcm) // len(LOUD + QUIET) for pcm in scene.leg.played] == [len("voyons"), 3, 1]


async def test_what_was_said_before_needs_no_opening() -> None:
    scene = Scene()
    scene.voice.never_said = {"d"}
    await scene.says("abc|d")
    assert [len(pcm) // len(LOUD + QUIET) for pcm in scene.leg.played] == [3, 1]


async def test_music_begins_behind_the_last_word_and_goes_round() -> None:
    scene = Scene()
    scene.talker.say(1, ["ab|c"])
    scene.talker.music()
    await scene.music_is_there()
    assert scene.music == []
    await scene.hears_all()
    assert scene.reports[-1] == m.Said(1)
    assert scene.music == [1, 2]  # one is heard while another waits behind it
    for _ in range(3):
        await scene.hears_all()
    assert scene.music == [1, 2, 3, 1, 2, 3, 1, 2]


async def test_with_nothing_being_said_music_begins_at_once() -> None:
    scene = Scene()
    await scene.says("a")
    await scene.hears_all()
    scene.talker.music()
    scene.talker.music()
    await scene.music_is_there()
    assert scene.music == [1, 2]


async def test_music_gives_way_to_words_at_once_and_comes_back_only_when_asked_for() -> None:
    scene = Scene()
    await scene.says("a")
    await scene.hears_all()
    scene.talker.music()
    await scene.music_is_there()
    scene.talker.say(2, ["b"])
    await scene.settle()
    assert scene.leg.flushed == 1
    await scene.hears_all()
    assert scene.reports[-1] == m.Said(2)
    assert scene.music == [1, 2]


async def test_words_behind_words_are_not_cut_off_because_music_will_follow() -> None:
    scene = Scene()
    scene.talker.say(1, ["a"])
    scene.talker.music()
    await scene.settle()
    scene.talker.say(2, ["b"])
    scene.talker.music()
    await scene.settle()
    assert scene.leg.flushed == 0
    assert scene.music == []
    await scene.hears_all()
    assert scene.music == [1, 2]


async def test_music_that_was_to_follow_other_words_does_not_follow_these() -> None:
    scene = Scene()
    scene.talker.say(1, ["a"])
    scene.talker.music()
    await scene.says("b")
    await scene.hears_all()
    assert scene.music == []


async def test_music_stops_with_the_talk() -> None:
    scene = Scene()
    scene.talker.music()
    await scene.music_is_there()
    scene.talker.stop()
    await scene.hears_all()
    await scene.hears_all()
    assert (scene.leg.flushed, scene.music) == (1, [1, 2])
    scene.talker.music()
    await scene.music_is_there()
    assert scene.music == [1, 2, 1, 2]  # and begins anew when it is asked for


async def test_a_voice_that_fails_leaves_the_music() -> None:
    scene = Scene()
    scene.talker.say(1, ["muet"])
    scene.talker.music()
    await scene.music_is_there()
    assert scene.reports == [m.Said(1, failed=True)]
    assert scene.music == [1, 2]


async def test_the_pace_reaches_the_voice() -> None:
    scene = Scene()
    scene.talker.pace = 1.25
    await scene.says("a")
    assert scene.voice.paces == [1.25]


def test_the_quiet_place_is_the_end_of_the_last_silence_before() -> None:
    sound = LOUD + QUIET + LOUD
    assert quiet_place_before(sound, len(LOUD) + len(QUIET) + 3200) == len(LOUD) + len(QUIET) - 320
    assert quiet_place_before(sound, 8000) == 0
    assert quiet_place_before(b"", 5000) == 0


def test_the_quiet_before_the_first_word_is_not_waited_for() -> None:
    assert lead_in_bytes(QUIET + LOUD) == len(QUIET) - 320
    assert lead_in_bytes(LOUD) == 0
    assert lead_in_bytes(QUIET) == 0
