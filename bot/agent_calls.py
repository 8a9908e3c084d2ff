"""Brings an agent to the caller they have taken: their telephone is rung, the call is passed on, or a headset comes.

The desk says who has taken which call (`Callers.on_taken`) and that it is no longer theirs (`on_parted`); the call
hears of the agent's end of the line through `Callers` again. Nothing is decided here but which of the three ways.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import structlog

from bot.agent_briefing import BriefingTexts, briefing
from bot.agent_callbacks import AgentCallbacks
from bot.agent_callbacks import Rings as RingsPersons
from bot.desk.agents import Agent
from bot.desk.callers import Callers
from bot.desk.desk import Desk
from bot.desk.events import Case
from bot.desk.payload import head
from bot.desk.telephone import BROWSER, PHONE, TRANSFER
from bot.errors import SoftphoneUnavailable, StoreUnavailable
from bot.settings import DeskSettings, Settings
from bot.store.records import ConversationRecord, HandoverReason
from voice.agent_leg import AgentLeg
from voice.agent_phone import AgentPhones, Ringing, Rings
from voice.calling_back import CallingBackLimits
from voice.calls import Calls
from voice.framing import DialFailed
from voice.session import Record
from voice.softphone.softphones import PART_SECONDS, Softphones

log = structlog.get_logger(__name__)

_LINE_FIRST_SECONDS = 10.0
"""The line ends the ringing by itself, and says why."""


class AgentCalls:
    """One for a gateway. `softphones` is None where no browser may take calls; `dial_as` is `phone.dial_as`."""

    def __init__(
        self, callers: Callers, desk: Desk, texts: BriefingTexts, *, softphones: Softphones | None, dial_as: str
    ) -> None:
        self._callers = callers
        self._desk = desk
        self._texts = texts
        self._softphones = softphones
        self._dial_as = dial_as
        self._phones: AgentPhones | None = None
        self._callbacks: AgentCallbacks | None = None
        self._rung: dict[str, Ringing] = {}
        self._asked: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        callers.on_taken = self.taken
        callers.on_parted = self.parted

    def serve(self, calls: Calls, line: Rings) -> None:
        """From now on telephones can be rung, and what they bring is taken from the calls."""
        self._phones = calls.agent_phones = AgentPhones(line, lambda: calls.speech, self._texts.gone)

    def call_back(
        self, calls: Calls, rings: RingsPersons, record_of: Callable[[str], Record], ring_seconds: float
    ) -> None:
        """From now on agents can call back persons who were promised it, and whom `rings` rings."""
        self._callbacks = calls.agent_callbacks = AgentCallbacks(
            self._callers,
            rings,
            self._texts.person,
            voice=lambda: calls.speech,
            record_of=record_of,
            limits=CallingBackLimits(ring_seconds=ring_seconds + _LINE_FIRST_SECONDS),
        )

    def dial_failed(self, failed: DialFailed) -> None:
        """`LineServer`'s callback: a telephone was not answered, an agent's or a person's."""
        for placed in (self._phones, self._callbacks):
            if placed is not None:
                placed.failed(failed)

    def taken(self, case: Case, agent: Agent, way: str, phone: str) -> None:
        """See `Callers.on_taken`. A headset comes by itself (`softphone`)."""
        if way == PHONE:
            self._asked[case.conversation_id] = self._start(self._ring(case, agent, phone))
        elif way == TRANSFER and self._dial_as:
            self._callers.transfer_to(case.conversation_id, self._dial_as.format(number=phone))
        elif way == TRANSFER:
            self._start(self._callers.not_taken(case.id, agent.id, "no_line"))

    def parted(self, conversation_id: str) -> None:
        """See `Callers.on_parted`."""
        if (asked := self._asked.pop(conversation_id, None)) is not None:
            asked.cancel()
        if (ringing := self._rung.pop(conversation_id, None)) is not None:
            ringing.withdraw()
            self._start(_end_later(ringing))
        if self._softphones is not None:
            self._softphones.part(conversation_id)

    async def softphone(self, handover_id: str, agent: Agent, sdp: str) -> str:
        """The answer to the offer of the browser of the agent who has taken this call; again after a reload.

        Raises `NotThere`, `NotNow` (not_yours, over, elsewhere), `BadMessage`, `SoftphoneUnavailable`.
        """
        case = await self._desk.spoken_with(handover_id, agent)
        if self._softphones is None:
            raise SoftphoneUnavailable("No softphone here: desk.call_ways does not name browser.")
        on_line = partial(self._callers.agent_on_line, case.conversation_id, way=BROWSER)
        return await self._softphones.answer(case.conversation_id, sdp, on_line)

    async def close(self) -> None:
        """Ends what rings and what is joined."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for placed in (self._callbacks, self._phones):
            if placed is not None:
                await placed.close()
        if self._softphones is not None:
            await self._softphones.close()

    async def _ring(self, case: Case, agent: Agent, phone: str) -> None:
        conversation_id = case.conversation_id
        told, personal = await self._briefing(case)
        self._asked.pop(conversation_id, None)
        if self._phones is None or not self._dial_as:
            await self._callers.not_taken(case.id, agent.id, "no_line")
            return

        def not_taken(code: str) -> None:
            log.info("agent_phone.not_taken", handover=case.id, code=code)
            self._rung.pop(conversation_id, None)
            self._start(self._callers.not_taken(case.id, agent.id, code))

        def connected(leg: AgentLeg) -> None:
            self._callers.agent_on_line(conversation_id, leg, PHONE)

        def held(on: bool) -> None:
            if self._rung.get(conversation_id) is ringing:  # the caller is with this agent still
                self._callers.hold(conversation_id, on)

        target = self._dial_as.format(number=phone)
        ringing = self._rung[conversation_id] = self._phones.ring(
            target, told, personal=personal, on_connected=connected, on_not_taken=not_taken, on_held=held
        )

    async def _briefing(self, case: Case) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What can be said of any caller, and the caller's own words."""
        try:
            conversation = await self._about(case)
        except StoreUnavailable as error:
            log.error("agent_phone.no_briefing", handover=case.id, error=str(error))
            conversation = None
        known = head(conversation.turns if conversation else (), case, self._desk.knowledge)
        told = briefing(self._texts, case.reason, known.title, "")
        return told, briefing(self._texts, case.reason, known.title, known.last_words)[len(told) :]

    async def _about(self, case: Case) -> ConversationRecord | None:
        """What was said before: of a call back, where it was promised."""
        promise = None
        if case.reason is HandoverReason.CALLBACK:
            promise = await self._desk.store.callback_of_call(case.id)
        return await self._desk.store.conversation(promise.conversation_id if promise else case.conversation_id)

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


async def _end_later(ringing: Ringing) -> None:
    """A call parts from an agent by itself; a telephone that it does not know is ended here."""
    await asyncio.sleep(PART_SECONDS)
    await ringing.end()


async def agent_calls(settings: Settings, callers: Callers, desk: Desk, texts: BriefingTexts) -> AgentCalls:
    """As the settings have it. What WebRTC needs is loaded only where it is wanted: it takes a second."""
    softphones = None
    if BROWSER in desk.policy.call_ways:
        softphones = await asyncio.to_thread(_load_softphones, settings.desk)
    return AgentCalls(callers, desk, texts, softphones=softphones, dial_as=settings.phone.dial_as)


def _load_softphones(chosen: DeskSettings) -> Softphones:
    from voice.softphone.peer import Peer

    first, last = (int(port) for port in chosen.softphone_ports.split("-"))
    ports = range(first, last + 1)
    return Softphones(lambda: Peer(chosen.softphone_addresses, ports))
