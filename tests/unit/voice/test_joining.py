"""A caller and a person who hear each other: nothing late is kept, and whoever is gone is noticed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from voice.agent_leg import AgentLeg
from voice.joining import ENOUGH_SECONDS, MOST_SECONDS, Bucket, Joining
from voice.leg import FRAME_SECONDS, CallInfo

WORDS = b"\x10\x27" * 160
QUIET = b"\x05\x00" * 160


class FakeAgentLeg:
    """An agent who says what is put into `says`; None ends it."""

    def __init__(self) -> None:
        self.says: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.heard: list[bytes] = []
        self.reason = ""
        self.is_hung_up = False

    async def sounds(self) -> AsyncIterator[bytes]:
        while (pcm := await self.says.get()) is not None:
            yield pcm

    async def play(self, pcm: bytes) -> None:
        self.heard.append(pcm)

    async def hangup(self) -> None:
        self.is_hung_up = True
        self.says.put_nowait(None)

    def is_gone(self, reason: str) -> None:
        self.reason = reason
        self.says.put_nowait(None)


class FakeLine:
    def __init__(self) -> None:
        self.info = CallInfo("line")
        self.played: list[bytes] = []

    async def play(self, pcm: bytes) -> None:
        self.played.append(pcm)


class Scene:
    def __init__(self) -> None:
        self.line, self.gone = FakeLine(), list[AgentLeg]()
        self.now = 100.0
        self.joining = Joining(self.line, self.gone.append, lambda: self.now)  # type: ignore[arg-type]

    async def settle(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)

    async def agent_says(self, agent: FakeAgentLeg, *sounds: bytes) -> None:
        for pcm in sounds:
            agent.says.put_nowait(pcm)
        await self.settle()


async def test_both_hear_each_other() -> None:
    scene, agent = Scene(), FakeAgentLeg()
    scene.joining.join(agent)
    await scene.agent_says(agent, WORDS)
    await scene.joining.caller_says(QUIET)
    assert scene.line.played == [WORDS]
    assert agent.heard == [QUIET]
    await scene.joining.close()


@pytest.mark.parametrize("who", ["agent", "caller"])
async def test_on_hold_nobody_is_heard_whoever_asked_for_it_and_afterwards_both_are(who: str) -> None:
    scene, agent = Scene(), FakeAgentLeg()
    scene.joining.join(agent)
    if who == "agent":
        scene.joining.hold()
    scene.joining.caller_away = who == "caller"
    await scene.agent_says(agent, WORDS)
    await scene.joining.caller_says(WORDS)
    assert (scene.line.played, agent.heard, scene.joining.has_agent) == ([], [], True)
    scene.joining.caller_away = False
    scene.joining.join(agent)
    await scene.agent_says(agent, QUIET)
    assert scene.line.played == [QUIET]
    await scene.joining.close()


@pytest.mark.parametrize("on_hold", [False, True])
async def test_an_agent_who_is_gone_is_noticed_also_on_hold(on_hold: bool) -> None:
    scene, agent = Scene(), FakeAgentLeg()
    scene.joining.join(agent)
    if on_hold:
        scene.joining.hold()
    agent.is_gone("lost")
    await scene.settle()
    assert scene.gone == [agent]
    assert not scene.joining.has_agent


async def test_an_agent_s_end_that_breaks_is_gone_too() -> None:
    class Broken(FakeAgentLeg):
        async def sounds(self) -> AsyncIterator[bytes]:
            raise RuntimeError("a defect")
            yield b""

    scene, agent = Scene(), Broken()
    scene.joining.join(agent)
    await scene.settle()
    assert scene.gone == [agent]


async def test_who_is_parted_is_hung_up_and_not_reported() -> None:
    scene, agent = Scene(), FakeAgentLeg()
    scene.joining.join(agent)
    await scene.settle()
    scene.joining.part()
    await scene.agent_says(agent, WORDS)
    assert agent.is_hung_up
    assert (scene.gone, scene.line.played) == ([], [])
    await scene.joining.caller_says(WORDS)
    assert agent.heard == []


async def test_who_comes_back_by_another_way_replaces_the_first() -> None:
    scene, first, second = Scene(), FakeAgentLeg(), FakeAgentLeg()
    scene.joining.join(first)
    await scene.settle()
    scene.joining.join(second)
    await scene.agent_says(second, WORDS)
    assert first.is_hung_up
    assert (scene.line.played, scene.gone) == ([WORDS], [])
    await scene.joining.close()
    assert second.is_hung_up


async def test_sound_that_a_network_held_up_does_not_make_the_rest_late() -> None:
    scene, agent = Scene(), FakeAgentLeg()
    scene.joining.join(agent)
    await scene.agent_says(agent, *[WORDS] * 100)  # two seconds at once
    at_once = len(scene.line.played)
    assert at_once * FRAME_SECONDS <= MOST_SECONDS + FRAME_SECONDS
    scene.now += 1.0
    await scene.agent_says(agent, QUIET)
    assert len(scene.line.played) == at_once + 1
    await scene.joining.close()


def test_a_delay_is_made_up_for_in_the_next_pause() -> None:
    bucket, now = Bucket(), 0.0
    for _ in range(20):
        bucket.lets_through(WORDS, now)
    assert bucket.on_the_way(now) >= MOST_SECONDS
    for _ in range(20):  # the agent draws breath
        now += FRAME_SECONDS
        bucket.lets_through(QUIET, now)
    assert bucket.on_the_way(now) <= ENOUGH_SECONDS + FRAME_SECONDS


def test_sound_that_comes_in_time_is_never_dropped() -> None:
    bucket = Bucket()
    late = (0.0, 0.03, 0.0, 0.05, 0.01)  # the jitter of a network
    assert all(bucket.lets_through(QUIET, n * FRAME_SECONDS + late[n % 5]) for n in range(1000))


@given(st.lists(st.tuples(st.floats(0, 0.5), st.integers(1, 800), st.booleans()), max_size=200))
@example([(0.0, 1, False), (0.0, 1, False), (0.0, 800, False), (0.0, 800, False), (0.0, 1, False)])
def test_never_more_than_the_limit_and_a_frame_is_on_its_way(arrivals: list[tuple[float, int, bool]]) -> None:
    bucket, now = Bucket(), 0.0
    for later, samples, quiet in arrivals:
        now += later
        before = bucket.on_the_way(now)
        if bucket.lets_through((b"\0\0" if quiet else b"\x10\x27") * samples, now):
            assert bucket.on_the_way(now) < MOST_SECONDS + samples / 8000 + 1e-9
        else:  # a short frame that comes on top of a long one adds nothing to it
            assert bucket.on_the_way(now) == before
