"""A call and the desk together, in any order of what callers, agents, lines and the clock may do: they agree."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from bot.desk.callers import Callers
from bot.desk.desk import Desk
from bot.desk.policy import Policy
from bot.desk.refusals import NotNow
from bot.desk.sweeping import Sweep
from bot.pack import load_pack
from bot.store.desk_records import AgentStatus
from bot.store.records import HandoverState
from tests.unit.desk.conftest import ANNE, BRUNO, Clock, Leg, OnThePhone, calls_in, latest
from tests.unit.desk.test_callers import POLICY
from voice import call_messages as m
from voice.patience import Patience
from voice.prompts import load_prompts
from voice.waiting import Stage, Waiting

STEPS = 40
_SPEAKING = (Stage.JOINED, Stage.ON_HOLD)
_SERVED = (Stage.TAKEN, Stage.LOST, Stage.PASSING_ON, *_SPEAKING)


@pytest.fixture
def policy() -> Policy:
    return POLICY


@pytest.fixture
async def callers(desk: Desk) -> AsyncIterator[Callers]:
    callers = Callers(desk)
    yield callers
    await callers.settle()


class Caller:
    """A call as it really is, without its sound."""

    def __init__(self, phone: OnThePhone, callers: Callers, clock: Clock) -> None:
        self.phone = phone
        self.waiting: Waiting | None = None
        self.joined: Leg | None = None
        self._callers = callers
        self._clock = clock
        self._read = 0
        self._prompts = load_prompts(load_pack().prompts())

    @property
    def now(self) -> float:
        return self._clock.time.timestamp()

    @property
    def asks(self) -> bool:
        return self.waiting is not None and self.waiting.outcome is None

    async def ask(self) -> None:
        self.waiting = Waiting(
            self._prompts, Patience(), lambda texts: [m.Say(1, tuple(texts))], reason="asked", can_call_back=True
        )
        await self._perform(self.waiting.begin(self.now))

    async def happens(self, event: m.Event) -> None:
        if self.waiting is not None and self.waiting.outcome is None:
            await self._perform(self.waiting.handle(event, self.now))

    async def hears(self) -> None:
        """All that the desk has told meanwhile."""
        while self._read < len(self.phone.told):
            event = self.phone.told[self._read]
            self._read += 1
            await self.happens(event)

    async def _perform(self, commands: list[m.Command]) -> None:
        conversation_id = self.phone.conversation_id
        for command in commands:
            match command:
                case m.AskDesk(reason=reason):
                    await self._callers.request(conversation_id, reason)
                case m.LeaveDesk(listed=listed):
                    await self._callers.cancel(conversation_id, listed=listed)
                case m.TellDesk(what=what):
                    await self._callers.told(conversation_id, what)
                case m.Join(leg=leg):
                    assert isinstance(leg, Leg)
                    self.joined = leg
                case m.Part(hang_up=hang_up):
                    if hang_up:
                        self.joined = None


class Town:
    """One caller, two agents, and what they do at random."""

    def __init__(self, desk: Desk, callers: Callers, clock: Clock, caller: Caller, chance: random.Random) -> None:
        self.desk, self.callers, self.clock, self.caller, self.chance = desk, callers, clock, caller, chance
        self.sweep = Sweep(desk)

    async def step(self) -> str:
        often = [self.ask, self.take, self.leg, self.wait] * 2
        doing = self.chance.choice([*often, self.cut, self.key, self.agent_ends, self.hand_on, self.hold, self.line])
        with suppress(NotNow):
            await doing()
        for _ in range(4):  # until everybody has heard everything
            await self.callers.look()
            await self.caller.hears()
        return doing.__name__

    async def ask(self) -> None:
        if not self.caller.asks:
            self.clock.pass_seconds(1)
            await self.caller.ask()

    async def take(self) -> None:
        request = await self.desk.store.handover(self.caller.phone.conversation_id)
        if request is not None and request.on_line:
            agent = self.chance.choice([ANNE, BRUNO])
            await self.desk.take(request.id, agent, way=self.chance.choice(["browser", "phone", "transfer"]))

    async def leg(self) -> None:
        line = self.callers.line(self.caller.phone.conversation_id)
        if line is not None and line.way != "transfer":
            self.callers.agent_on_line(self.caller.phone.conversation_id, Leg(), line.way)

    async def cut(self) -> None:
        if (leg := self.caller.joined) is not None:
            leg.reason = self.chance.choice(["lost", "hung_up"])
            await self.caller.happens(m.AgentGone(leg, leg.reason))

    async def key(self) -> None:
        await self.caller.happens(m.KeyPressed(self.chance.choice("1*5")))

    async def line(self) -> None:
        line = self.callers.line(self.caller.phone.conversation_id)
        if line is not None and line.way == "transfer":
            self.callers.transfer_to(self.caller.phone.conversation_id, "sip:214@pbx.example")
            await self.caller.hears()
            await self.caller.happens(m.Said(1))
            await self.caller.happens(m.TransferRefused("busy"))

    async def agent_ends(self) -> None:
        request = await latest(self.desk, self.caller.phone.conversation_id)
        await self.chance.choice([self.desk.close, self.desk.give_back])(request.id, ANNE)

    async def hand_on(self) -> None:
        request = await latest(self.desk, self.caller.phone.conversation_id)
        await self.desk.transfer(request.id, ANNE, to_agent="bruno")

    async def hold(self) -> None:
        request = await latest(self.desk, self.caller.phone.conversation_id)
        await self.desk.hold(request.id, ANNE, self.chance.random() < 0.5)

    async def wait(self) -> None:
        for _ in range(self.chance.choice([1, 3, 10])):
            self.clock.pass_seconds(5)
            for agent in (ANNE, BRUNO):
                await self.desk.seen(agent, status=AgentStatus.AVAILABLE, takes_calls=True, phone="214")
            await self.sweep.once()
            if self.caller.waiting is not None and self.caller.now >= self.caller.waiting.wake_at:
                await self.caller.happens(m.Tick())


@pytest.mark.parametrize("seed", range(3))
async def test_a_call_and_the_desk_agree_whatever_happens(
    desk: Desk, callers: Callers, clock: Clock, seed: int
) -> None:
    caller = Caller(await calls_in(callers, asks_for_person=False), callers, clock)
    town = Town(desk, callers, clock, caller, random.Random(seed))
    await town.wait()
    await caller.ask()
    done: list[str] = []
    for _ in range(STEPS):
        done.append(await town.step())
        request, waiting = await latest(desk, caller.phone.conversation_id), caller.waiting
        assert waiting is not None
        assert request.on_line == caller.asks, done  # who waits is known to wait, and nobody else
        is_served = request.on_line and request.state is HandoverState.ACTIVE
        assert is_served == (waiting.outcome is None and waiting.stage in _SERVED), done
        if waiting.stage in _SPEAKING and waiting.outcome is None:
            line = callers.line(caller.phone.conversation_id)
            assert line is not None, done
            assert line.state == ("held" if waiting.stage is Stage.ON_HOLD else "joined"), done
            assert caller.joined is not None, done
    assert "take" in done
    callers.leave(caller.phone.conversation_id)
    await callers.settle()
    request = await latest(desk, caller.phone.conversation_id)
    assert not request.on_line
    assert callers.line(caller.phone.conversation_id) is None


@pytest.mark.parametrize("is_cut_off", [False, True])
async def test_an_agent_who_takes_the_call_to_another_way_is_waited_for_anew(
    desk: Desk, callers: Callers, clock: Clock, *, is_cut_off: bool
) -> None:
    caller, leg = Caller(await calls_in(callers, asks_for_person=False), callers, clock), Leg()
    await desk.seen(ANNE, status=AgentStatus.AVAILABLE, takes_calls=True, phone="214")
    await caller.ask()
    request = await latest(desk, caller.phone.conversation_id)
    await desk.take(request.id, ANNE, way="browser")
    callers.agent_on_line(caller.phone.conversation_id, leg, "browser")
    await caller.hears()
    assert caller.joined is leg
    if is_cut_off:
        leg.reason = "lost"
        await caller.happens(m.AgentGone(leg, "lost"))
        clock.pass_seconds(Patience().agent_back_seconds - 1)
    await desk.take(request.id, ANNE, way="phone")
    await caller.hears()
    assert caller.joined is None or is_cut_off
    await caller.happens(m.AgentGone(leg, "lost"))  # the headset is over a moment later
    assert caller.waiting is not None
    assert caller.waiting.stage is Stage.TAKEN
    assert caller.waiting.wake_at == caller.now + Patience().agent_seconds
    telephone = Leg()
    callers.agent_on_line(caller.phone.conversation_id, telephone, "phone")
    await caller.hears()
    assert caller.joined is telephone
    assert (await latest(desk, caller.phone.conversation_id)).agent_id == "anne"
