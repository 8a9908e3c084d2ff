"""Agents who call back what was promised: one of two calls, nobody is called twice, and the promise is never lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from bot.desk import history
from bot.desk.callers import Callers
from bot.desk.calling_back import call_back
from bot.desk.desk import Desk
from bot.desk.events import Case
from bot.desk.policy import Policy
from bot.desk.refusals import BadWay
from bot.desk.sweeping import Sweep
from bot.errors import Busy, NotAllowed, StoreUnavailable
from bot.store import Store
from bot.store.desk_records import CallbackRecord, CallbackState
from bot.store.records import HandoverReason, HandoverState
from tests.unit.desk.conftest import ANNE, BRUNO, Clock, Leg, OnThePhone, Someone, Visitors, calls_in, chat, make_desk
from tests.unit.desk.test_callers import POLICY, Bringing, away, takes_calls
from tests.unit.desk.test_desk import NUMBER, code
from voice import call_messages as m
from voice.call_messages import DeskNews


@pytest.fixture
def policy() -> Policy:
    return POLICY


class Dialler:
    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.checked: list[str] = []

    def check(self, number: str) -> None:
        if self.error:
            raise self.error
        self.checked.append(number)

    async def call_back(self, conversation_id: str, number: str) -> None:
        self.check(number)


class Scene:
    """A desk with a promise, and whoever brings agents and rings persons, writing down what they are told."""

    def __init__(self, desk: Desk, store: Store, promise: CallbackRecord) -> None:
        self.desk, self.store, self.callers = desk, store, Callers(desk)
        self.bringing = Bringing(self.callers)
        self.promise_id = promise.id
        self.told: list[m.Event] = []
        self.numbers: list[str] = []
        self.callers.on_calling_back = self._calling_back

    def _calling_back(self, case: Case, number: str) -> Callable[[m.Event], None]:
        self.numbers.append(number)
        return self.told.append

    async def promise(self) -> CallbackRecord:
        found = await self.store.callback(self.promise_id)
        assert found is not None
        return found

    async def call(self, agent: Someone = ANNE, way: str = "phone") -> Case:
        begun = await call_back(self.desk, Dialler(), self.promise_id, agent, way=way)
        return await self.case(begun)

    async def case(self, of: CallbackRecord | None = None) -> Case:
        call_id = (of or await self.promise()).call_id
        found = await self.store.handover_by_id(call_id or "")
        assert found is not None
        return found

    async def answered(self, agent: Someone = ANNE) -> tuple[Case, OnThePhone]:
        """The agent is there, the person picks up."""
        case = await self.call(agent)
        self.callers.agent_on_line(case.conversation_id, Leg(), "phone")
        await self.callers.person_rung(case.id)
        phone = OnThePhone(case.conversation_id)
        self.callers.enter(case.conversation_id, phone.told.append)
        await self.callers.settle()
        return case, phone


@pytest.fixture
async def scene(desk: Desk, store: Store) -> AsyncIterator[Scene]:
    await takes_calls(desk, ANNE, BRUNO)
    await desk.leave_callback(await chat(store), "Mme Petit", NUMBER, "")
    (promise,) = await store.callbacks()
    made = Scene(desk, store, promise)
    yield made
    await made.callers.settle()


async def test_the_agent_is_brought_first_and_the_call_is_theirs(scene: Scene) -> None:
    case = await scene.call(way="browser")
    assert scene.numbers == ["+33612345678"]
    assert scene.bringing.taken == [("anne", "browser", "")]
    assert (case.state, case.agent_id, case.on_line, case.reason) == (
        HandoverState.ACTIVE,
        "anne",
        True,
        HandoverReason.CALLBACK,
    )
    promise = await scene.promise()
    assert (promise.state, promise.agent_id, promise.attempts) == (CallbackState.DIALLING, "anne", 0)
    assert promise.dialled_at is None, "nobody has been called yet"
    line = scene.callers.line(case.conversation_id)
    assert line is not None
    assert (line.way, line.state) == ("browser", "connecting")
    assert scene.told == [m.DeskSaid(m.DeskState.TAKEN, agent="Anne")]


async def test_of_two_agents_who_click_one_calls(scene: Scene) -> None:
    results = await asyncio.gather(
        *(call_back(scene.desk, Dialler(), scene.promise_id, agent, way="browser") for agent in (ANNE, BRUNO)),
        return_exceptions=True,
    )
    assert [getattr(one, "code", "") for one in results if isinstance(one, Exception)] == ["under_way"]
    assert len(scene.bringing.taken) == 1
    assert len(await scene.desk.live()) == 1


async def test_two_gateways_on_one_database_call_once(
    scene: Scene, store: Store, visitors: Visitors, clock: Clock
) -> None:
    other = make_desk(store, visitors, POLICY, clock)
    others = Callers(other)
    results = await asyncio.gather(
        call_back(scene.desk, Dialler(), scene.promise_id, ANNE, way="browser"),
        call_back(other, Dialler(), scene.promise_id, BRUNO, way="browser"),
        return_exceptions=True,
    )
    assert [getattr(one, "code", "") for one in results if isinstance(one, Exception)] == ["under_way"]
    await others.settle()


async def test_nobody_calls_back_while_they_speak_with_somebody(scene: Scene) -> None:
    phone = await calls_in(scene.callers)
    request = await scene.store.handover(phone.conversation_id)
    assert request is not None
    await scene.desk.take(request.id, ANNE, way="browser")
    assert await code(scene.call()) == "on_a_call"
    await scene.call(BRUNO)
    phone = await calls_in(scene.callers)
    request = await scene.store.handover(phone.conversation_id)
    assert request is not None
    assert await code(scene.desk.take(request.id, BRUNO, way="browser")) == "on_a_call"


async def test_who_takes_a_caller_and_calls_back_at_once_speaks_with_one(scene: Scene) -> None:
    waiting = await calls_in(scene.callers)
    request = await scene.store.handover(waiting.conversation_id)
    assert request is not None
    for _ in range(2):
        results = await asyncio.gather(
            scene.desk.take(request.id, ANNE, way="phone"), scene.call(ANNE), return_exceptions=True
        )
        assert "on_a_call" in [getattr(one, "code", "") for one in results if isinstance(one, Exception)]
    assert len(scene.bringing.taken) == 1


@pytest.mark.parametrize("error", [NotAllowed("premium"), Busy("full")])
async def test_what_may_not_or_cannot_be_dialled_brings_nobody(scene: Scene, error: Exception) -> None:
    with pytest.raises(type(error)):
        await call_back(scene.desk, Dialler(error), scene.promise_id, ANNE, way="browser")
    assert (await scene.promise()).state is CallbackState.PROMISED
    assert scene.bringing.taken == []


async def test_a_call_is_not_passed_on_before_it_is_made(scene: Scene) -> None:
    for way in ("transfer", "pigeon"):
        with pytest.raises(BadWay):
            await scene.call(way=way)
    assert (await scene.promise()).state is CallbackState.PROMISED


async def test_when_both_are_on_the_line_the_promise_is_kept(scene: Scene, clock: Clock) -> None:
    case, phone = await scene.answered()
    assert [type(one) for one in phone.told] == [m.DeskSaid, m.AgentOnLine]
    assert (await scene.promise()).state is CallbackState.DIALLING, "picking up is not speaking"
    await scene.callers.told(case.conversation_id, DeskNews.JOINED)
    kept = await scene.promise()
    assert (kept.state, kept.agent_id, kept.attempts) == (CallbackState.KEPT, "anne", 1)
    clock.pass_seconds(60)
    await scene.desk.close(case.id, ANNE)
    await scene.callers.look()
    assert phone.said[-1] == ("closed", "")
    after = await scene.case()
    assert (after.state, after.ending) == (HandoverState.WRAP_UP, "closed")
    await scene.desk.wrap_up(case.id, ANNE, None)
    assert (await scene.promise()).state is CallbackState.KEPT


async def test_an_answering_machine_is_marked_as_missed_by_who_heard_it(scene: Scene, clock: Clock) -> None:
    case, _ = await scene.answered()
    await scene.callers.told(case.conversation_id, DeskNews.JOINED)
    assert await code(scene.desk.settle(scene.promise_id, BRUNO, CallbackState.MISSED)) == "over"
    missed = await scene.desk.settle(scene.promise_id, ANNE, CallbackState.MISSED, "Répondeur")
    assert (missed.state, missed.note) == (CallbackState.MISSED, "Répondeur")
    await scene.desk.settle(scene.promise_id, ANNE, CallbackState.PROMISED)
    await scene.desk.close(case.id, ANNE)
    case, _ = await scene.answered()
    await scene.callers.told(case.conversation_id, DeskNews.JOINED)
    clock.pass_seconds(25 * 3600)
    assert await code(scene.desk.settle(scene.promise_id, ANNE, CallbackState.MISSED)) == "over"


async def test_nobody_answered_and_the_promise_stands(scene: Scene) -> None:
    case = await scene.call()
    scene.callers.agent_on_line(case.conversation_id, Leg(), "phone")
    await scene.callers.person_rung(case.id)
    await scene.callers.not_reached(case.conversation_id, "person_busy", "anne")
    promise = await scene.promise()
    assert (promise.state, promise.attempts, promise.agent_id) == (CallbackState.PROMISED, 1, "anne")
    after = await scene.case()
    assert (after.state, after.ending, after.on_line) == (HandoverState.CLOSED, "busy", False)
    assert scene.bringing.frames == [("anne", "person_busy")]
    assert scene.bringing.parted == [case.conversation_id]
    conversation = await scene.store.conversation(case.conversation_id)
    assert conversation is not None
    assert conversation.ended_reason == "person_busy"
    again = await scene.call(BRUNO)
    assert again.id != case.id
    await scene.callers.not_reached(again.conversation_id, "person_not_answered", "bruno")
    missed = await scene.desk.settle(scene.promise_id, BRUNO, CallbackState.MISSED)
    assert missed.state is CallbackState.MISSED


async def test_an_agent_who_does_not_pick_up_has_called_nobody(scene: Scene) -> None:
    case = await scene.call()
    await scene.callers.not_taken(case.id, "anne", "not_answered")
    await scene.callers.look()
    assert scene.bringing.frames == [("anne", "agent_not_answered")]
    assert scene.told[-1] == m.DeskSaid(m.DeskState.GONE)
    promise = await scene.promise()
    assert (promise.state, promise.attempts, promise.dialled_at) == (CallbackState.PROMISED, 0, None)


async def test_hanging_up_before_the_answer_ends_it_at_once(scene: Scene) -> None:
    case = await scene.call()
    await scene.desk.close(case.id, ANNE)
    await scene.callers.look()
    assert scene.told[-1] == m.DeskSaid(m.DeskState.GONE)
    assert (await scene.promise()).state is CallbackState.PROMISED
    assert (await scene.case()).state is HandoverState.CLOSED, "there is nothing to write up"
    await scene.callers.not_reached(case.conversation_id, "hung_up", "anne")
    assert scene.bringing.frames == [], "who has hung up knows it"


async def test_an_agent_who_is_gone_when_the_person_answers_leaves_the_promise(scene: Scene) -> None:
    case, phone = await scene.answered()
    await scene.desk.close(case.id, ANNE)
    await scene.callers.look()
    assert phone.said[-1] == ("closed", "")
    assert (await scene.promise()).state is CallbackState.PROMISED


async def test_a_person_who_hangs_up_before_they_have_spoken_is_called_again(scene: Scene) -> None:
    case, _ = await scene.answered()
    scene.callers.leave(case.conversation_id)
    await scene.callers.settle()
    assert (await scene.promise()).state is CallbackState.PROMISED
    assert (await scene.case()).ending == "left"


async def test_an_agent_who_is_cut_off_leaves_a_person_in_front_of_the_queue(scene: Scene) -> None:
    case, phone = await scene.answered()
    await scene.callers.told(case.conversation_id, DeskNews.LOST)
    await scene.callers.look()
    assert phone.said[-1] == ("queued", "")
    again = await scene.desk.take(case.id, BRUNO, way="phone")
    scene.callers.agent_on_line(case.conversation_id, Leg(), "phone")
    await scene.callers.told(case.conversation_id, DeskNews.JOINED)
    kept = await scene.promise()
    assert (again.agent_id, kept.state, kept.agent_id) == ("bruno", CallbackState.KEPT, "bruno")


async def test_who_leaves_the_queue_without_having_spoken_is_promised_once_and_not_listed_too(scene: Scene) -> None:
    case, _ = await scene.answered()
    await scene.callers.told(case.conversation_id, DeskNews.LOST)
    scene.callers.leave(case.conversation_id)
    await scene.callers.settle()
    assert (await scene.promise()).state is CallbackState.PROMISED
    assert (await scene.case()).state is HandoverState.CALLBACK


async def test_a_gateway_that_dies_gives_the_promise_back_in_time(scene: Scene, sweep: Sweep, clock: Clock) -> None:
    await scene.call()
    scene.desk.telephone = None
    clock.pass_seconds(POLICY.rules.reach.total_seconds() / 2)
    await takes_calls(scene.desk, ANNE)
    await sweep.once()
    assert (await scene.promise()).state is CallbackState.DIALLING
    clock.pass_seconds(POLICY.rules.reach.total_seconds() / 2)
    await takes_calls(scene.desk, ANNE)
    await sweep.once()
    assert (await scene.promise()).state is CallbackState.PROMISED
    assert await scene.desk.live() == []


async def test_a_promise_of_which_the_call_is_over_is_made_again_by_the_sweep(
    scene: Scene, sweep: Sweep, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = await scene.call()
    with monkeypatch.context() as broken:
        broken.setattr(scene.store, "callback_of_call", away)
        await scene.desk.close(case.id, ANNE)
    assert (await scene.promise()).state is CallbackState.DIALLING
    clock.pass_seconds(6)
    await sweep.once()
    assert (await scene.promise()).state is CallbackState.PROMISED


async def waits_alone(scene: Scene) -> Case:
    """The agent is cut off from a person who has answered."""
    case, _ = await scene.answered()
    await scene.callers.told(case.conversation_id, DeskNews.LOST)
    return case


@pytest.mark.parametrize("fails_at", ["callback_of_call", "change_promise", "change_handover after it is listed"])
async def test_whatever_the_store_does_not_write_who_hung_up_is_promised_once_and_not_listed(
    scene: Scene, sweep: Sweep, clock: Clock, monkeypatch: pytest.MonkeyPatch, fails_at: str
) -> None:
    case = await waits_alone(scene)
    write = scene.store.change_handover

    async def writes_that_it_is_listed(before: Case, after: Case, **named: Any) -> Case | None:
        return await write(before, after, **named) if after.state is HandoverState.QUEUED else await away()

    with monkeypatch.context() as broken:
        name, _, later = fails_at.partition(" ")
        broken.setattr(scene.store, name, writes_that_it_is_listed if later else away)
        scene.callers.leave(case.conversation_id)
        await scene.callers.settle()
    assert (await scene.promise()).state is CallbackState.DIALLING
    clock.pass_seconds(6)
    await sweep.once()
    assert (await scene.promise()).state is CallbackState.PROMISED
    assert (await scene.case()).state is HandoverState.CALLBACK
    assert await scene.desk.live() == []


async def test_who_is_only_listed_after_they_have_spoken_can_be_promised_and_called_again(scene: Scene) -> None:
    case, _ = await scene.answered()
    await scene.callers.told(case.conversation_id, DeskNews.JOINED)
    await scene.callers.told(case.conversation_id, DeskNews.LOST)
    scene.callers.leave(case.conversation_id)
    await scene.callers.settle()
    assert [one.id for one in await scene.desk.live()] == [case.id]
    await scene.desk.settle(scene.promise_id, ANNE, CallbackState.MISSED)
    await scene.desk.settle(scene.promise_id, ANNE, CallbackState.PROMISED)
    assert (await scene.call()).state is HandoverState.ACTIVE


async def test_a_long_conversation_is_not_called_again_meanwhile(scene: Scene, sweep: Sweep, clock: Clock) -> None:
    case, _ = await scene.answered()
    await scene.callers.told(case.conversation_id, DeskNews.JOINED)
    for _ in range(6):
        clock.pass_seconds(10 * 60)
        await scene.desk.seen(ANNE)
        await sweep.once()
    assert (await scene.promise()).state is CallbackState.KEPT
    assert (await scene.case()).state is HandoverState.ACTIVE


async def test_what_is_kept_while_the_store_is_away_is_written_when_it_is_back(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, _ = await scene.answered()
    with monkeypatch.context() as broken:
        broken.setattr(scene.store, "callback_of_call", away)
        await scene.callers.told(case.conversation_id, DeskNews.JOINED)
        with pytest.raises(StoreUnavailable):
            await scene.callers.look()
    await scene.callers.look()
    assert (await scene.promise()).state is CallbackState.KEPT


async def test_two_who_speak_are_not_parted_because_the_store_was_away_when_the_person_answered(
    scene: Scene, sweep: Sweep, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = await scene.call()
    scene.callers.agent_on_line(case.conversation_id, Leg(), "phone")
    with monkeypatch.context() as broken:
        broken.setattr(scene.store, "handover_by_id", away)
        scene.callers.enter(case.conversation_id, OnThePhone(case.conversation_id).told.append)
        await scene.callers.settle()
        await scene.callers.told(case.conversation_id, DeskNews.JOINED)
    clock.pass_seconds(POLICY.rules.reach.total_seconds() + 1)
    await sweep.once()
    assert (await scene.case()).state is HandoverState.ACTIVE
    await scene.callers.look()
    assert (await scene.case()).state is HandoverState.ACTIVE
    assert (await scene.promise()).state is CallbackState.KEPT


async def test_a_headset_that_is_lost_while_it_rings_changes_nothing_of_what_rings(scene: Scene) -> None:
    case = await scene.call(way="browser")
    leg = Leg()
    scene.callers.agent_on_line(case.conversation_id, leg, "browser")
    leg.reason = "lost"
    line = scene.callers.line(case.conversation_id)
    assert line is not None
    assert line.state == "calling"
    scene.callers.enter(case.conversation_id, OnThePhone(case.conversation_id).told.append)
    line = scene.callers.line(case.conversation_id)
    assert line is not None
    assert line.state == "lost", "the person is there"


@pytest.mark.parametrize("state", [one for one in CallbackState if one is not CallbackState.DIALLING])
async def test_nothing_is_said_of_a_promise_while_an_agent_s_call_keeps_it(scene: Scene, state: CallbackState) -> None:
    await scene.call()
    for agent in (ANNE, BRUNO):
        assert await code(scene.desk.settle(scene.promise_id, agent, state)) == "under_way"
    assert (await scene.promise()).state is CallbackState.DIALLING


async def test_who_is_on_the_line_with_an_agent_is_not_called_again(scene: Scene) -> None:
    case, _ = await scene.answered()
    await scene.callers.told(case.conversation_id, DeskNews.JOINED)
    await scene.desk.settle(scene.promise_id, ANNE, CallbackState.MISSED)
    await scene.desk.settle(scene.promise_id, ANNE, CallbackState.PROMISED)
    assert await code(scene.call(BRUNO)) == "under_way"
    assert await code(scene.desk.dial(scene.promise_id, BRUNO, Dialler())) == "under_way"
    await scene.desk.close(case.id, ANNE)
    await scene.call(BRUNO)


async def test_who_was_handed_a_call_back_may_say_that_a_machine_answered(scene: Scene) -> None:
    case, _ = await scene.answered()
    await scene.callers.told(case.conversation_id, DeskNews.JOINED)
    await scene.desk.transfer(case.id, ANNE, to_agent="bruno")
    await scene.desk.take(case.id, BRUNO, way="phone")
    missed = await scene.desk.settle(scene.promise_id, BRUNO, CallbackState.MISSED)
    assert (missed.state, missed.agent_id) == (CallbackState.MISSED, "bruno")


async def test_an_agent_whose_call_has_begun_is_brought_though_the_store_is_away_by_then(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scene.store, "handover_by_id", away)
    begun = await call_back(scene.desk, Dialler(), scene.promise_id, ANNE, way="browser")
    assert begun.state is CallbackState.DIALLING
    assert scene.bringing.taken == [("anne", "browser", "")]


async def test_what_an_agent_calls_tells_nobody_how_long_others_wait(scene: Scene, clock: Clock) -> None:
    case, _ = await scene.answered()
    clock.pass_seconds(60)
    await scene.callers.told(case.conversation_id, DeskNews.LOST)
    await scene.desk.take(case.id, BRUNO, way="phone")
    after = await scene.case()
    assert after.taken_at is not None
    assert after.place_given is not None
    assert await scene.desk.lately_taken() == []


async def test_a_program_cannot_have_the_bot_call_who_is_being_called_by_an_agent(scene: Scene) -> None:
    await scene.call()
    assert await code(scene.desk.dial(scene.promise_id, BRUNO, Dialler(), even_dialling=True)) == "under_way"


async def test_calls_that_agents_make_are_no_requests_of_callers(scene: Scene, clock: Clock) -> None:
    case, _ = await scene.answered()
    await scene.callers.told(case.conversation_id, DeskNews.JOINED)
    await scene.desk.close(case.id, ANNE)
    requests = [*await scene.store.handovers_of(case.conversation_id)]
    shown = history.counted(history.Happened(requests, [await scene.promise()], [], []), clock())
    assert (shown["handovers"]["asked"], shown["callbacks"]["kept"]) == (0, 1)
    assert shown["callbacks"]["kept_on_time"] == 1
