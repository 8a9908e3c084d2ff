"""Telephones rung for agents, with a line and a voice that are short classes: who is told, joined, or left in peace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from bot.errors import LineUnavailable
from voice.agent_leg import AgentLeg
from voice.agent_phone import AgentPhones, PhoneLeg
from voice.framing import DialFailed
from voice.leg import CallInfo, Held, Key, LineClosed, LineEvent, Played, Retrieved, Sound

SECOND = bytes(16000)
LATE, NOW = b"\x01\x02" * 160, b"\x03\x04" * 160


class FakeLine:
    def __init__(self, *, fails: bool = False) -> None:
        self.dialled: list[tuple[str, str]] = []
        self.stopped: list[str] = []
        self.fails = fails

    async def dial(self, target: str, reference: str) -> None:
        if self.fails:
            raise LineUnavailable("no line")
        self.dialled.append((target, reference))

    async def stop_dialling(self, reference: str) -> None:
        self.stopped.append(reference)


class FakeVoice:
    def __init__(self) -> None:
        self.spoken: list[str] = []
        self.kept: list[str] = []

    def pieces(self, text: str) -> list[str]:
        return [text]

    def is_cached(self, piece: str, pace: float = 1.0) -> bool:
        return True

    async def speak(self, piece: str, pace: float = 1.0, *, keep: bool = True) -> bytes:
        self.spoken.append(piece)
        self.kept += [piece] * keep
        return SECOND


class FakeLeg:
    """A telephone that was answered; marks come back as soon as they are set."""

    def __init__(self, reference: str) -> None:
        self.info = CallInfo(line_id="t", reference=reference)
        self.queue: asyncio.Queue[LineEvent] = asyncio.Queue()
        self.played: list[bytes] = []
        self.hung_up = False
        self.flushed = False
        self.plays_at_once = True

    async def events(self) -> AsyncIterator[LineEvent]:
        while True:
            event = await self.queue.get()
            yield event
            if isinstance(event, LineClosed):
                return

    async def play(self, pcm: bytes) -> None:
        self.played.append(pcm)

    async def mark(self, name: str) -> None:
        if self.plays_at_once:
            self.queue.put_nowait(Played(name))

    async def flush(self) -> None:
        self.flushed = True

    async def transfer(self, target: str, **_: object) -> None:
        raise AssertionError

    async def hangup(self) -> None:
        if not self.hung_up:
            self.hung_up = True
            self.queue.put_nowait(LineClosed("bot"))


class Rung:
    """One agent rung, and everything that comes of it."""

    def __init__(self, *, fails: bool = False) -> None:
        self.line, self.voice = FakeLine(fails=fails), FakeVoice()
        self.phones = AgentPhones(self.line, lambda: self.voice, "Trop tard.")
        self.legs: list[AgentLeg] = []
        self.codes: list[str] = []
        self.held: list[bool] = []
        self.ringing = self.phones.ring(
            "sip:12@pbx",
            ["Appel.", "Tapez 1."],
            personal=["Je suis malade."],
            on_connected=self.legs.append,
            on_not_taken=self.codes.append,
            on_held=self.held.append,
        )

    async def reference(self) -> str:
        await until(lambda: self.line.dialled)
        return self.line.dialled[0][1]

    async def answered(self) -> tuple[FakeLeg, asyncio.Task[None]]:
        leg = FakeLeg(await self.reference())
        carried = asyncio.create_task(self.phones.take(leg))
        await until(lambda: self.voice.spoken)
        return leg, carried


async def until(happened: object) -> None:
    assert callable(happened)
    async with asyncio.timeout(5):
        while not happened():
            await asyncio.sleep(0)


async def test_who_picks_up_is_told_and_by_1_speaks_with_the_caller() -> None:
    rung = Rung()
    leg, carried = await rung.answered()
    await until(lambda: rung.voice.spoken == ["Appel.", "Tapez 1.", "Je suis malade."])
    assert rung.legs == []
    leg.queue.put_nowait(Key("1"))
    await until(lambda: rung.legs)
    (agent,) = rung.legs
    leg.queue.put_nowait(Sound(b"agent!"))
    assert await anext(agent.sounds()) == b"agent!"
    before = len(leg.played)
    for _ in range(3):
        await agent.play(b"\x01\x02" * 160)
    await until(lambda: len(leg.played) > before)
    assert leg.played[before] == b"\x01\x02" * 160
    assert not leg.hung_up
    leg.queue.put_nowait(LineClosed("caller"))
    assert [pcm async for pcm in agent.sounds()] == []
    assert agent.reason == "hung_up"
    await carried
    assert rung.codes == []


async def test_the_sound_of_a_caller_s_own_words_is_not_kept() -> None:
    rung = Rung()
    await rung.answered()
    await until(lambda: len(rung.voice.spoken) == 3)
    assert rung.voice.kept == ["Appel.", "Tapez 1."]


async def test_while_the_agent_s_telephone_holds_us_nothing_is_sent_and_the_caller_s_call_is_told() -> None:
    rung = Rung()
    leg, _ = await rung.answered()
    leg.queue.put_nowait(Held())  # before the key nobody waits for this agent
    leg.queue.put_nowait(Retrieved())
    leg.queue.put_nowait(Key("1"))
    await until(lambda: rung.legs)
    assert rung.held == []
    leg.queue.put_nowait(Held())
    await until(lambda: rung.held == [True])
    before = len(leg.played)
    for _ in range(8):
        await rung.legs[0].play(LATE)
    phone = rung.legs[0]
    assert isinstance(phone, PhoneLeg)
    await until(lambda: not phone._out._frames)  # what came meanwhile is forgotten, at the pace of sound
    leg.queue.put_nowait(Retrieved())
    await until(lambda: rung.held == [True, False])
    for _ in range(3):
        await phone.play(NOW)
    await until(lambda: len(leg.played) > before)
    assert set(leg.played[before:]) == {NOW}


async def test_a_telephone_whose_line_is_lost_has_not_hung_up_on_the_caller() -> None:
    rung = Rung()
    leg, _ = await rung.answered()
    leg.queue.put_nowait(Key("1"))
    await until(lambda: rung.legs)
    leg.queue.put_nowait(LineClosed("line_lost"))
    await until(lambda: rung.legs[0].reason == "lost")


async def test_hash_declines_and_the_line_is_put_down() -> None:
    rung = Rung()
    leg, carried = await rung.answered()
    leg.queue.put_nowait(Key("#"))
    await carried
    assert (rung.codes, rung.legs, leg.hung_up) == (["declined"], [], True)


async def test_hanging_up_before_1_declines() -> None:
    rung = Rung()
    leg, carried = await rung.answered()
    leg.queue.put_nowait(LineClosed("caller"))
    await carried
    await until(lambda: rung.codes == ["declined"])


async def test_a_telephone_that_is_busy_is_told_to_the_desk() -> None:
    rung = Rung()
    rung.phones.failed(DialFailed(await rung.reference(), "486"))
    await until(lambda: rung.codes == ["declined"])


async def test_without_a_line_nobody_is_rung_and_the_desk_hears_so_at_once() -> None:
    rung = Rung(fails=True)
    await until(lambda: rung.codes == ["no_line"])


async def test_a_caller_who_has_gone_stops_the_ringing_and_a_late_answer_is_put_down() -> None:
    rung = Rung()
    reference = await rung.reference()
    rung.ringing.withdraw()
    await until(lambda: rung.line.stopped == [reference])
    late = FakeLeg(reference)
    await asyncio.wait_for(rung.phones.take(late), 5)
    assert late.hung_up
    assert (rung.codes, rung.legs) == ([], [])


async def test_who_has_picked_up_hears_that_the_caller_has_gone() -> None:
    rung = Rung()
    leg, carried = await rung.answered()
    rung.ringing.withdraw()
    await carried
    assert rung.voice.spoken[-1] == "Trop tard."
    assert (rung.codes, rung.legs, leg.hung_up) == ([], [], True)


async def test_a_second_answer_to_the_same_ring_is_put_down() -> None:
    rung = Rung()
    leg, _ = await rung.answered()
    second = FakeLeg(leg.info.reference)
    await rung.phones.take(second)
    assert second.hung_up
    assert not leg.hung_up


async def test_references_cannot_be_guessed_and_are_known_from_a_callback_s() -> None:
    rung = Rung()
    reference = await rung.reference()
    assert len(reference) >= 32
    assert rung.phones.is_rung(reference)
    assert not rung.phones.is_rung("")
    assert not rung.phones.is_rung("0b7f6c1d2e3f4a5b8c9d0e1f2a3b4c5d")


async def test_what_rings_at_the_service_s_stop_is_given_up() -> None:
    rung = Rung()
    reference = await rung.reference()
    await rung.phones.close()
    assert rung.line.stopped == [reference]
    assert rung.codes == []
