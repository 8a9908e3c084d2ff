"""Persons whom agents call back: what `voice.calling_back` decides is done here, through a line that places calls.

A reference is given out for each; the line brings it back with the call once the person has answered. It cannot be
guessed, and one that is not expected any more is a person whose agent has gone: they are told so (`Calls`).
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any, Protocol

import structlog

from bot.desk.callers import Callers
from bot.desk.events import Case
from bot.errors import GuichetError
from voice import calling_back as c
from voice.agent_leg import AgentLeg
from voice.agent_phone import Voice
from voice.call_messages import AgentGone, Tick
from voice.framing import DialFailed
from voice.hold_music import blocks
from voice.leg import FRAME_BYTES, FRAME_SECONDS
from voice.live_sound import Pace
from voice.ringback import ringback
from voice.session import Record

log = structlog.get_logger(__name__)

_PREFIX = "callback-"


class Rings(Protocol):
    """Calls persons (`bot.web.keys.Callbacks`)."""

    async def ring(self, reference: str, number: str) -> None: ...

    async def stop(self, reference: str) -> None: ...


class AgentCallbacks:
    """All whose agents are brought, or whose telephones ring. `texts` as in `BriefingTexts.person`.

    `voice` is None while the engines are not loaded; `record_of` is the record of a call that has begun already.
    """

    def __init__(
        self,
        callers: Callers,
        rings: Rings,
        texts: Mapping[str, str],
        *,
        voice: Callable[[], Voice | None],
        record_of: Callable[[str], Record],
        limits: c.CallingBackLimits,
    ) -> None:
        self._callers = callers
        self._rings = rings
        self._texts = texts
        self._voice = voice
        self._record_of = record_of
        self._limits = limits
        self._under_way: dict[str, _OneCallback] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        callers.on_calling_back = self.begin

    def begin(self, case: Case, number: str) -> Callable[[c.Event], None]:
        """See `Callers.on_calling_back`."""
        reference = _PREFIX + secrets.token_hex(16)
        one = _OneCallback(case, (reference, number), self._callers, self._rings, self._say, start=self._start)
        self._under_way[reference] = one
        one.begin(self._limits, lambda: self._under_way.pop(reference, None))
        return one.happened

    def is_placed(self, reference: str) -> bool:
        """Whether it was given out here, now or once."""
        return reference.startswith(_PREFIX)

    async def answered(self, reference: str, line_id: str) -> tuple[str, Record] | None:
        """The call's conversation and record; None when its agent has gone."""
        one = self._under_way.get(reference)
        if one is None or not await one.answered():
            return None
        conversation_id = one.case.conversation_id
        self._start(self._on_line(conversation_id, line_id))  # nobody hears silence until it is written
        return conversation_id, self._record_of(conversation_id)

    def failed(self, failed: DialFailed) -> None:
        """`LineServer`'s callback, for references of ours."""
        if (one := self._under_way.get(failed.reference)) is not None:
            one.happened(c.PersonNotReached(failed.reason))

    async def close(self) -> None:
        """At once; what rings is let go."""
        for one in list(self._under_way.values()):
            await one.close()
        for task in list(self._tasks):
            await _ended(task)

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _on_line(self, conversation_id: str, line_id: str) -> None:
        try:
            await self._callers.desk.store.call_answered(conversation_id, line_id)
        except GuichetError as error:  # the call is then not found by its line
            log.error("callback.line_not_kept", conversation=conversation_id, error=str(error))

    async def _say(self, what: str) -> bytes:
        """A sentence for the agent, as sound; empty when there is no voice."""
        voice, text = self._voice(), self._texts.get(what, "")
        if voice is None or not text:
            return b""
        try:
            return b"".join([await voice.speak(piece) for piece in voice.pieces(text)])
        except GuichetError as error:
            log.error("callback.not_told", what=what, error=str(error))
            return b""


class _OneCallback:
    """One of them, until it is decided."""

    def __init__(
        self,
        case: Case,
        dialled: tuple[str, str],
        callers: Callers,
        rings: Rings,
        say: Callable[[str], Coroutine[Any, Any, bytes]],
        *,
        start: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]],
    ) -> None:
        self.case = case
        self._reference, self._number = dialled
        self._callers, self._rings, self._say, self._start = callers, rings, say, start
        self._events: asyncio.Queue[c.Event] = asyncio.Queue()
        self._is_answered: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._watching: asyncio.Task[None] | None = None
        self._sounding: asyncio.Task[None] | None = None
        self._counting: asyncio.Task[None] | None = None
        self._task: asyncio.Task[None] | None = None
        self._leg: AgentLeg | None = None

    def begin(self, limits: c.CallingBackLimits, on_over: Callable[[], object]) -> None:
        """Waits for the agent."""
        self._task = asyncio.create_task(self._run(limits))
        self._task.add_done_callback(self._report)
        self._task.add_done_callback(lambda _: on_over())

    def happened(self, event: c.Event) -> None:
        """Something with the agent, the person or the desk."""
        self._events.put_nowait(event)

    async def answered(self) -> bool:
        """The person has picked up: whether the agent is there to speak with them."""
        self.happened(c.PersonAnswered())
        return await asyncio.shield(self._is_answered)

    async def close(self) -> None:
        """At once; nobody is told."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _report(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("callback.broken", handover=self.case.id, exc_info=error)

    async def _run(self, limits: c.CallingBackLimits) -> None:
        loop = asyncio.get_running_loop()
        decides = c.CallingBack(loop.time(), limits)
        is_decided = False
        try:
            while not is_decided:
                event: c.Event = Tick()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout_at(decides.wake_at):
                        event = await self._events.get()
                commands = decides.handle(event, loop.time())
                if is_decided := decides.is_decided:  # who has picked up waits for nothing else
                    self._decided(decides.phase is c.CallingBackPhase.ANSWERED)
                for command in commands:
                    await self._perform(command)
        finally:
            self._decided(False)
            await _ended(self._watching)
            if decides.phase is not c.CallingBackPhase.ANSWERED:
                await _ended(self._sounding)

    def _decided(self, is_answered: bool) -> None:
        if not self._is_answered.done():
            self._is_answered.set_result(is_answered)

    async def _perform(self, command: c.Command) -> None:
        match command:
            case c.Watch(leg=leg):
                await self._watch(leg)
            case c.RingPerson():
                await self._ring()
            case c.StopRinging():
                await self._rings.stop(self._reference)
            case c.PlayRingback():
                await self._sound(self._ringback())
            case c.TellAgent(what=what):
                await self._sound(self._tell(what))
            case c.Finish(code=code):
                log.info("callback.not_reached", handover=self.case.id, code=code)
                if self._leg is not None:
                    await self._leg.hangup()
                if self._counting is not None:  # an attempt is written down before what became of it
                    await asyncio.wait([self._counting])
                await self._callers.not_reached(self.case.conversation_id, code, self.case.agent_id or "")

    async def _ring(self) -> None:
        try:
            await self._rings.ring(self._reference, self._number)
        except GuichetError as error:
            log.warning("callback.not_dialled", handover=self.case.id, error=str(error))
            self.happened(c.PersonNotReached("not_sent"))
            return
        self._counting = self._start(self._callers.person_rung(self.case.id))
        self._counting.add_done_callback(self._report)

    async def _watch(self, leg: AgentLeg) -> None:
        await _ended(self._watching)
        before, self._leg = self._leg, leg
        if before is not None:
            await before.hangup()
        self._watching = asyncio.create_task(self._until_gone(leg))

    async def _until_gone(self, leg: AgentLeg) -> None:
        async for _ in leg.sounds():
            pass
        self.happened(AgentGone(leg, leg.reason))

    async def _sound(self, sounding: Coroutine[Any, Any, None]) -> None:
        await _ended(self._sounding)
        self._sounding = asyncio.create_task(sounding)

    async def _ringback(self) -> None:
        await self._play(blocks(ringback(), FRAME_SECONDS))

    async def _tell(self, what: str) -> None:
        pcm = await self._say(what)
        await self._play(pcm[begin : begin + FRAME_BYTES] for begin in range(0, len(pcm), FRAME_BYTES))
        self.happened(c.Told())

    async def _play(self, frames: Iterable[bytes]) -> None:
        leg, pace, loop = self._leg, Pace(), asyncio.get_running_loop()
        for frame in frames:
            await asyncio.sleep(pace.wait_seconds(loop.time()))
            if leg is not None:
                await leg.play(frame)


async def _ended(task: asyncio.Task[None] | None) -> None:
    if task is not None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
