"""The callers of this gateway who want a person: what their calls ask of the desk, and what the desk tells them.

How a request stands is read from the database whenever the desk has changed, by whichever gateway, and told when it
differs from what the call heard last. So nothing is missed that happens while nobody looks, and whoever is told twice
is told the same. What cannot be written because the store is away is written as soon as it is back.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import structlog

from bot.desk import events, routing
from bot.desk.agents import Agent
from bot.desk.desk import Desk
from bot.desk.events import Case, Who
from bot.desk.of_calls import OfCalls
from bot.desk.telephone import BROWSER, CALLING, CONNECTING, HELD, JOINED, LOST, RINGING, Line
from bot.dialogue import Channel
from bot.errors import GuichetError, StoreUnavailable
from bot.store.desk_records import AgentRecord
from bot.store.records import HandoverReason, HandoverState
from bot.summary import summarise
from voice import call_messages as m
from voice.agent_leg import AgentLeg
from voice.calling_back import PERSON

log = structlog.get_logger(__name__)

Frame = dict[str, Any]
OnTaken = Callable[[Case, Agent, str, str], None]
Tell = Callable[[m.Event], None]

_AGAIN_SECONDS = 2.0
_ENDING_SECONDS = 3.0
_SPEAKING = (JOINED, HELD)
_BY_THE_AGENT = "hung_up"
_LINE_STATES = {m.DeskNews.JOINED: JOINED, m.DeskNews.HELD: HELD}
_FAILURES = {m.DeskNews.ABSENT: "not_answered", m.DeskNews.TRANSFER_FAILED: "transfer_failed"}


@dataclass(slots=True)
class _Caller:
    """A call that is on. `said` is what it heard last of its request, as `version` has it; `agent_id` has the call.

    `keeps_promise`: its agent has called the person; `reaches_out`: and the person has not answered yet.
    """

    tell: Tell
    handover_id: str = ""
    version: int = -1
    said: m.DeskSaid | None = None
    agent_id: str = ""
    agent_name: str = ""
    line: Line | None = None
    leg: AgentLeg | None = None
    keeps_promise: bool = False
    reaches_out: bool = False
    in_turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class Callers:
    """`voice.call_desk.CallDesk` for one gateway; beside it, what those need who bring an agent to a caller.

    `on_taken` rings the agent's telephone, passes the call on or waits for the softphone; `on_parted` hears that the
    call is no longer with the agent it was with, who is to be rung or heard no more. `on_calling_back` prepares a call
    that its agent makes to a number, and hears what becomes of the agent until the person answers. `tell_agent` sends
    a frame to the consoles of an agent. `run` belongs to the gateway's own tasks. `changes` counts what no database
    knows.
    """

    def __init__(self, desk: Desk) -> None:
        self.on_taken: OnTaken = lambda case, agent, way, phone: None
        self.on_parted: Callable[[str], None] = lambda conversation_id: None
        self.on_calling_back: Callable[[Case, str], Tell] = lambda case, number: lambda event: None
        self.tell_agent: Callable[[str, Frame], None] = lambda agent_id, frame: None
        self.changes = 0
        self.desk = desk
        self._calls: dict[str, _Caller] = {}
        self._requests = OfCalls(desk)
        self._tasks: set[asyncio.Task[None]] = set()
        desk.telephone = self

    # What a call asks (CallDesk)

    def enter(self, conversation_id: str, tell: Tell) -> None:
        """See `CallDesk`. A call that its agent makes begins as one that has been taken."""
        call = self._calls.get(conversation_id)
        if call is None:
            self._calls[conversation_id] = _Caller(tell)
            return
        call.tell, call.reaches_out = tell, False
        tell(m.DeskSaid(m.DeskState.TAKEN, agent=call.agent_name) if call.handover_id else m.DeskSaid(m.DeskState.GONE))
        if call.leg is not None:
            tell(m.AgentOnLine(call.leg))
        if call.handover_id:
            self._start(self._requests.tell(call.handover_id, events.Answered()))

    def leave(self, conversation_id: str) -> None:
        """See `CallDesk`."""
        call = self._calls.pop(conversation_id, None)
        if call is not None:
            self._part(conversation_id, call)
            self._start(self._leave(call))

    async def request(self, conversation_id: str, reason: str) -> None:
        """See `CallDesk`. The turns that led here are to be kept before: the summary is made of them."""
        if (call := self._calls.get(conversation_id)) is not None:
            await asyncio.shield(self._start(self._request(conversation_id, call, reason)))

    async def cancel(self, conversation_id: str, *, listed: bool = False) -> None:
        """See `CallDesk`."""
        if (call := self._calls.get(conversation_id)) is not None:
            await asyncio.shield(self._start(self._cancel(conversation_id, call, listed=listed)))

    async def told(self, conversation_id: str, what: m.DeskNews) -> None:
        """See `CallDesk`."""
        call = self._calls.get(conversation_id)
        if call is None or not call.agent_id:
            return
        if what in _LINE_STATES:
            self._set_line(call, call.line.way if call.line else "", _LINE_STATES[what])
            if what is m.DeskNews.JOINED and call.keeps_promise:
                await asyncio.shield(self._start(self._requests.tell(call.handover_id, events.Joined())))
        else:
            await asyncio.shield(self._start(self._happened(call, what, Who(call.agent_id, call.agent_name))))

    # What brings an agent to a caller

    def on_line(self, conversation_id: str) -> bool:
        """Whether this gateway holds the call."""
        return conversation_id in self._calls

    def line(self, conversation_id: str) -> Line | None:
        """None while no agent has the call, and when another gateway holds it."""
        call = self._calls.get(conversation_id)
        return _as_it_is(call) if call else None

    def taken(self, case: Case, agent: Agent, way: str, phone: str) -> None:
        """This agent has the call: the caller hears so, and `on_taken` brings them together.

        Asked again in the same way, nothing happens while the agent is being brought or is there. In another way, the
        call is told again, and to part from them first where they were there.
        """
        call = self._calls.get(case.conversation_id)
        if call is None:
            return  # gone at this very moment: the request says so presently
        if call.handover_id != case.id:  # nor does the call know of it, so that nobody waits
            self._start(self.not_taken(case.id, agent.id, "no_line"))
            return
        line = _as_it_is(call) if call.agent_id == agent.id else None
        if line is not None and line.way == way and line.state != LOST:
            return
        if line is not None:
            if call.leg is not None:
                call.tell(m.DeskSaid(m.DeskState.QUEUED))
            call.leg = call.said = None
            self.on_parted(case.conversation_id)
        self._show(case.conversation_id, call, case)
        self._set_line(call, way, CONNECTING if way == BROWSER else RINGING)
        self.on_taken(case, agent, way, phone)

    def call_back(self, case: Case, number: str, agent: Agent, way: str, phone: str) -> None:
        """See `Telephone`."""
        call = _Caller(self.on_calling_back(case, number), handover_id=case.id, keeps_promise=True, reaches_out=True)
        self._calls[case.conversation_id] = call
        self.taken(case, agent, way, phone)

    async def person_rung(self, handover_id: str) -> None:
        """The agent is there, and the telephone of the person begins to ring."""
        with contextlib.suppress(GuichetError):  # only the count of the attempts is wrong then
            if (case := await self.desk.store.handover_by_id(handover_id)) is not None:
                await self.desk.rung(case)

    async def not_reached(self, conversation_id: str, code: str, agent_id: str) -> None:
        """The person did not come on the line: it is over, the promise stands, and the agent is told why.

        Who has put down their own telephone knows why. `code` as in `voice.calling_back`.
        """
        call = self._calls.pop(conversation_id, None)
        if call is None:
            return
        handover_id = call.handover_id
        self._part(conversation_id, call)
        told = handover_id and await self._requests.change(handover_id, events.NotReached(code.removeprefix(PERSON)))
        if told and code != _BY_THE_AGENT:
            self._tell_failed(agent_id, handover_id, code)
        with contextlib.suppress(StoreUnavailable):  # as after a crash
            await self.desk.store.end_conversation(conversation_id, code)

    def agent_on_line(self, conversation_id: str, leg: AgentLeg, way: str) -> None:
        """The agent can hear and speak, for the first time or again. Where nobody is to be joined, the leg is ended."""
        call = self._calls.get(conversation_id)
        if call is None or not call.agent_id:
            self._start(leg.hangup())
            return
        is_on_hold = call.line is not None and call.line.state == HELD  # and stays so
        call.leg = leg
        self._set_line(call, way, HELD if is_on_hold else CALLING if call.reaches_out else CONNECTING)
        call.tell(m.AgentOnLine(leg))

    def set_line(self, conversation_id: str, state: str, way: str) -> None:
        """What `Handover.line` says, while an agent has the call."""
        call = self._calls.get(conversation_id)
        if call is not None and call.agent_id:
            self._set_line(call, way, state)

    def transfer_to(self, conversation_id: str, target: str) -> None:
        """The line is to pass the call on to this SIP URI."""
        self._tell_served(conversation_id, m.TransferAsked(target))

    def hold(self, conversation_id: str, on: bool) -> None:
        """Music for the caller, or the agent again. Nothing before they are joined."""
        call = self._calls.get(conversation_id)
        line = _as_it_is(call) if call else None
        if call is None or line is None or line.state not in _SPEAKING:
            return
        self._set_line(call, line.way, HELD if on else JOINED)
        call.tell(m.HoldAsked(on))

    async def not_taken(self, handover_id: str, agent_id: str, code: str) -> None:
        """The agent's telephone did not take it: back to the queue, this agent is not asked again, and is told why.

        `code`: not_answered, declined, transfer_failed, no_line.
        """
        calls_back = any(one.handover_id == handover_id and one.reaches_out for one in self._calls.values())
        if await self._requests.change(handover_id, events.AgentAbsent(agent_id)):
            self._tell_failed(agent_id, handover_id, f"agent_{code}" if calls_back else code)

    async def keep_alive(self, live: Sequence[Case], agents: Sequence[AgentRecord]) -> set[str]:
        """Who speaks with a caller of this gateway is there, whatever their console does, and not idle.

        A request that its call does not know is a missed call: nobody waits in it.
        """
        policy, now = self.desk.policy, self.desk.clock()
        seen = {agent.id: agent.seen_at for agent in agents}
        speaking: set[str] = set()
        for case in live:
            call = self._calls.get(case.conversation_id)
            if call is None:
                continue
            if case.on_line and call.handover_id != case.id and not call.in_turn.locked():
                # Written, though the store said nothing in time: the call was told that nobody can be reached.
                await self._requests.tell(case.id, events.CallOver())
            if (call.handover_id, call.agent_id) != (case.id, case.agent_id):
                continue
            line = _as_it_is(call)
            if line is None or line.state not in _SPEAKING:
                continue
            speaking.add(call.agent_id)
            if case.deadline is None or case.deadline - now < policy.rules.idle / 2:
                await self.desk.change(case, events.Spoke())
            if call.agent_id not in seen or now - seen[call.agent_id] > policy.agent_lost / 3:
                await self.desk.store.agent_speaks(call.agent_id)
        return speaking

    # The desk's side

    async def run(self) -> None:
        """Until cancelled: tells every call what changes. What was begun is finished at the end."""
        failed = False
        try:
            with self.desk.bus.listening() as changed:
                while True:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(changed.wait(), _AGAIN_SECONDS if failed else None)
                    changed.clear()
                    try:
                        await self.look()
                    except GuichetError as error:
                        log.error("callers.not_looked", error=str(error))
                        failed = True
                    except Exception:  # it serves every caller of this gateway: none of them may end it
                        log.exception("callers.broken")
                        failed = True
                    else:
                        failed = False
        finally:
            await self.settle()

    async def look(self) -> None:
        """Tells every call how its request stands. Raises `StoreUnavailable`."""
        await self._requests.pay()
        asking = [(key, call, call.handover_id) for key, call in self._calls.items() if call.handover_id]
        if not asking:
            return
        live = await self.desk.live()
        cases = {one.id: one for one in live}
        ended = [handover_id for _, _, handover_id in asking if handover_id not in cases]
        cases |= await self.desk.store.handovers_by_id(ended) if ended else {}
        places = routing.positions(live)
        waits = await self.desk.lately_taken() if places else []
        for conversation_id, call, handover_id in asking:
            if call.handover_id != handover_id:
                continue  # asked for something else meanwhile
            place = places.get(handover_id)
            wait = routing.expected_wait_seconds(place, waits) if place else None
            self._show(conversation_id, call, cases.get(handover_id), place, wait)

    async def settle(self) -> None:
        """Waits for what is under way, but not for ever."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_ENDING_SECONDS)

    async def _request(self, conversation_id: str, call: _Caller, reason: str) -> None:
        async with call.in_turn:
            call.handover_id, call.said = "", None
            try:
                conversation = await self.desk.store.conversation(conversation_id)
                summary = summarise(conversation.turns) if conversation else ""
                case = await self.desk.requested(conversation_id, Channel.PHONE, HandoverReason(reason), summary)
            except GuichetError as error:
                log.error("callers.not_requested", conversation=conversation_id, error=str(error))
                call.tell(m.DeskSaid(m.DeskState.REFUSED, "unavailable"))
                return
            call.handover_id, call.version = case.id, case.version
        try:
            await self.look()
        except GuichetError as error:  # what is known already is enough
            log.error("callers.not_looked", error=str(error))
            self._show(conversation_id, call, case)

    async def _cancel(self, conversation_id: str, call: _Caller, *, listed: bool) -> None:
        async with call.in_turn:
            handover_id, call.handover_id, call.said = call.handover_id, "", None
            self._part(conversation_id, call)
            if handover_id:
                await self._requests.change(handover_id, events.CallOver() if listed else events.Cancelled())

    async def _leave(self, call: _Caller) -> None:
        async with call.in_turn:
            if call.handover_id:
                await self._requests.change(call.handover_id, events.CallOver())

    async def _happened(self, call: _Caller, what: m.DeskNews, agent: Who) -> None:
        async with call.in_turn:
            match what:
                case m.DeskNews.ABSENT | m.DeskNews.TRANSFER_FAILED:
                    await self.not_taken(call.handover_id, agent.id, _FAILURES[what])
                case m.DeskNews.LOST:
                    await self._requests.change(call.handover_id, events.AgentLost(agent.id))
                case m.DeskNews.HUNG_UP:
                    await self._requests.change(call.handover_id, events.Closed(agent))
                case m.DeskNews.TRANSFERRED:
                    await self._requests.change(call.handover_id, events.CallOver(transferred=True))

    def _show(
        self, conversation_id: str, call: _Caller, case: Case | None, place: int | None = None, wait: int | None = None
    ) -> None:
        """Tells the call what it does not know yet. What is older than what it heard last is no news."""
        if case is not None and case.version < call.version:
            return
        said = stands(case, place, wait)
        has_it = case is not None and case.state is HandoverState.ACTIVE and case.on_line and case.agent_id
        if call.agent_id and call.agent_id != has_it:
            self._part(conversation_id, call)
            if has_it:  # from one agent to another: the first is to be parted from, then comes the second
                call.tell(m.DeskSaid(m.DeskState.QUEUED))
        if case is not None and has_it:
            call.agent_id, call.agent_name = case.agent_id or "", case.agent_name
        if case is not None:
            call.version = case.version
        if said is None or said == call.said:
            return
        call.said = said
        if said.state not in (m.DeskState.QUEUED, m.DeskState.TAKEN):
            call.handover_id, call.version, call.said = "", -1, None
        call.tell(said)

    def _part(self, conversation_id: str, call: _Caller) -> None:
        if call.agent_id:
            call.agent_id, call.agent_name, call.line, call.leg = "", "", None, None
            self._line_changed()
            self.on_parted(conversation_id)

    def _set_line(self, call: _Caller, way: str, state: str) -> None:
        if call.line is not None and (call.line.way, call.line.state) == (way, state):
            return
        call.line = Line(way, state, self.desk.clock())
        self._line_changed()

    def _line_changed(self) -> None:
        self.changes += 1
        self.desk.bus.changed()

    def _tell_failed(self, agent_id: str, handover_id: str, code: str) -> None:
        text = self.desk.texts.failures.get(code, "")
        self.tell_agent(agent_id, {"type": "call_failed", "handover_id": handover_id, "code": code, "text": text})

    def _tell_served(self, conversation_id: str, event: m.Event) -> None:
        call = self._calls.get(conversation_id)
        if call is not None and call.agent_id:
            call.tell(event)

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _as_it_is(call: _Caller) -> Line | None:
    """An agent's end that the network has cut off knows so before anybody is told. While it rings at the person's, that
    is what the agent has to know.
    """
    if call.line is not None and not call.reaches_out and call.leg is not None and call.leg.reason == LOST:
        return replace(call.line, state=LOST)
    return call.line


def stands(case: Case | None, place: int | None = None, wait_seconds: int | None = None) -> m.DeskSaid | None:
    """How the request stands, in the words of a call; None before it is known. Pure."""
    if case is None:
        return m.DeskSaid(m.DeskState.GONE)
    match case.state:
        case HandoverState.REQUESTED:
            return None
        case HandoverState.QUEUED | HandoverState.OFFERED if case.on_line:
            return m.DeskSaid(m.DeskState.QUEUED, place=place, wait_seconds=wait_seconds)
        case HandoverState.QUEUED | HandoverState.REFUSED if case.refusal:
            return m.DeskSaid(m.DeskState.REFUSED, case.refusal)
        case HandoverState.ACTIVE if case.on_line:
            return m.DeskSaid(m.DeskState.TAKEN, agent=case.agent_name)
        case HandoverState.WRAP_UP | HandoverState.CLOSED if case.ending in ("returned", "idle"):
            return m.DeskSaid(m.DeskState.RETURNED)
        case HandoverState.WRAP_UP | HandoverState.CLOSED if case.ending == "closed":
            return m.DeskSaid(m.DeskState.CLOSED)
        case _:
            return m.DeskSaid(m.DeskState.GONE)
