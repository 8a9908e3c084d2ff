"""Drives one call: waits for what happens on the line, gives it to `voice.call.Call`, does what that commands.

Nothing is decided here. The only clock is here (the event loop's); every slow thing (transcription,
dialogue, synthesis, storage) is a task whose result comes back as an event with its number.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Protocol

import structlog

from bot.dialogue import Channel, Dialogue, Question, Reply
from bot.errors import GuichetError
from voice import call_messages as m
from voice.agent_leg import AgentLeg
from voice.call import Call, Phase
from voice.call_desk import CallDesk
from voice.ear import EarEvent
from voice.hearing_ahead import HUSH_FRAMES, HearingAhead
from voice.joining import Joining
from voice.leg import (
    CallLeg,
    Held,
    Key,
    LineClosed,
    LineEvent,
    Played,
    Retrieved,
    Sound,
    TransferFailed,
    TransferMode,
)
from voice.line_ear import Hushed, LineEar, VoiceActivity
from voice.observer import CallObserver, NoObserver
from voice.speech import Speech
from voice.talker import Talker
from voice.turn import Expecting, TurnKept

log = structlog.get_logger(__name__)


class Record(Protocol):
    """What a call leaves behind. Every method may raise `StoreUnavailable`; the call goes on without it."""

    async def keep_turn(self, turn: TurnKept) -> None: ...

    async def note(self, at_seconds: float, kind: str, detail: str) -> None: ...

    async def request_person(self, reason: str) -> None: ...

    async def promise_callback(self, number: str) -> None: ...

    async def end(self, reason: str) -> None: ...


SendLink = Callable[[str, str], Awaitable[object]]
"""Sends (title, address) to the caller's telephone."""


class CallSession:
    """One call on one leg, from `run` to its end. `transfer_to` is where people are, `context` what they are told.

    `desk` is asked for a person where `call` may ask it.
    """

    def __init__(
        self,
        leg: CallLeg,
        call: Call,
        *,
        conversation_id: str,
        dialogue: Dialogue,
        speech: Speech,
        activity: VoiceActivity,
        record: Record,
        opening: m.Opening = m.Opening.NORMAL,
        transfer_to: str = "",
        transfer_mode: TransferMode = TransferMode.BLIND,
        context: dict[str, str] | None = None,
        send_link: SendLink | None = None,
        desk: CallDesk | None = None,
        on_phase: Callable[[Phase], None] = lambda _: None,
        observer: CallObserver | None = None,
    ) -> None:
        self.call = call
        self.conversation_id = conversation_id
        self._leg = leg
        self._dialogue = dialogue
        self._speech = speech
        self._record = record
        self._opening = opening
        self._transfer_to = transfer_to
        self._transfer_mode = transfer_mode
        self._context = context or {}
        self._send_link = send_link
        self._desk = desk
        self._on_phase = on_phase
        self._observer = observer or NoObserver()
        limit_seconds = call.patience.max_utterance_seconds + 5
        self._hearing = LineEar(activity, call.patience.pause_seconds, limit_seconds, HUSH_FRAMES)
        self._ahead = HearingAhead(speech, self._hearing)
        self._events: asyncio.Queue[m.Event] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        self._records: asyncio.Queue[Callable[[], Coroutine[Any, Any, None]] | None] = asyncio.Queue()
        self._transcribing: asyncio.Task[None] | None = None
        self._began_at = 0.0
        self._talker: Talker | None = None
        self._joining = Joining(leg, self._agent_gone, lambda: asyncio.get_running_loop().time())

    async def run(self) -> None:
        """Ends when the call has ended, with everything it started stopped and everything it wrote down kept."""
        loop = asyncio.get_running_loop()
        self._began_at = loop.time()
        talker = self._talker = Talker(
            self._leg,
            self._speech,
            self._events.put_nowait,
            loop.time,
            openings=self.call.prompts.openings,
            conversation_id=self.conversation_id,
        )
        listener = asyncio.create_task(self._read_line())
        writer = asyncio.create_task(self._write_records())
        self._speech.calls_on += 1
        self._events.put_nowait(m.CallAnswered(self._opening))  # first: the desk may have something to tell at once
        if self._desk is not None:
            self._desk.enter(self.conversation_id, self._events.put_nowait)
        try:
            while self.call.phase is not Phase.ENDED:
                event = await self._next_event(loop)
                for command in self.call.handle(event, loop.time()):
                    self._perform(command, talker)
                self._on_phase(self.call.phase)
        finally:
            self._speech.calls_on -= 1
            try:
                await self._stop(talker, listener)
                self._keep(lambda: self._record.end(self.call.end_reason or "interrupted"))
                self._records.put_nowait(None)
                await writer
            finally:  # whatever breaks, nobody stays at the desk or on the line
                writer.cancel()
                if self._desk is not None:
                    self._desk.leave(self.conversation_id)
                await self._leg.hangup()

    async def _stop(self, talker: Talker, listener: asyncio.Task[None]) -> None:
        await talker.close()
        self._ahead.drop()
        for task in (*self._tasks, listener):
            task.cancel()
        await asyncio.gather(*self._tasks, listener, return_exceptions=True)
        await self._joining.close()

    async def _next_event(self, loop: asyncio.AbstractEventLoop) -> m.Event:
        wake_at = self.call.wake_at
        try:
            async with asyncio.timeout_at(wake_at):
                return await self._events.get()
        except TimeoutError:
            return m.Tick()

    async def _read_line(self) -> None:
        async for event in self._leg.events():
            if isinstance(event, Sound) and self._joining.has_agent:
                await self._joining.caller_says(event.pcm)
            elif isinstance(event, Sound):
                for heard in self._hearing.hear(event.pcm):
                    self._heard(heard)
            else:
                self._happened(event)
        self._events.put_nowait(m.HungUp("line_lost"))

    def _heard(self, event: EarEvent | Hushed) -> None:
        self._ahead.notice(event, self.call.expecting)
        if not isinstance(event, Hushed):
            self._events.put_nowait(event)

    def _happened(self, event: LineEvent) -> None:
        match event:
            case Key(digit=digit):
                self._events.put_nowait(m.KeyPressed(digit))
            case Played(name=name) if self._talker is not None:
                self._talker.played(name)
            case TransferFailed(reason=reason):
                self._events.put_nowait(m.TransferRefused(reason))
            case Held() | Retrieved():
                self._joining.caller_away = isinstance(event, Held)
                self._events.put_nowait(m.PutOnHold() if isinstance(event, Held) else m.TakenBack())
            case LineClosed(reason=reason):
                self._events.put_nowait(m.HungUp(reason or "caller"))

    def _perform(self, command: m.Command, talker: Talker) -> None:
        match command:
            case m.Say(serial=serial, texts=texts):
                talker.say(serial, texts)
            case m.StopTalking():
                talker.stop()
            case m.PauseTalking():
                talker.pause()
            case m.ResumeTalking():
                talker.resume()
            case m.SetPace(length_scale=length_scale):
                talker.pace = length_scale
            case m.SetVolume(gain_db=gain_db):
                talker.gain_db = gain_db
            case m.Listen():
                self._stop_transcribing()
                self._ahead.drop()
                self._hearing.ear.forget()
            case m.Transcribe(attempt=attempt, expecting=expecting):
                self._stop_transcribing()
                self._transcribing = self._start(self._transcribe(attempt, expecting))
            case m.StopTranscribing():
                self._stop_transcribing()
            case m.Ask():
                self._start(self._ask(command))
            case m.PlayMusic():
                talker.music()
            case m.Join(leg=leg):
                self._joining.join(leg)
            case m.Part(hang_up=False):
                self._joining.hold()
            case m.Part():
                self._joining.part()
                self._hearing.afresh()
            case m.Transfer(target=target):
                to = target or self._transfer_to
                self._start(self._leg.transfer(to, mode=self._transfer_mode, context=self._context))
            case m.HangUp():
                self._start(self._leg.hangup())
            case _:
                self._write_down(command)

    def _agent_gone(self, leg: AgentLeg) -> None:
        self._hearing.afresh()
        self._events.put_nowait(m.AgentGone(leg, leg.reason))

    def _write_down(self, command: m.Command) -> None:
        match command:
            case m.KeepTurn(turn=turn):
                self._observer.turn_kept(turn)
                self._keep(lambda: self._record.keep_turn(turn))
            case m.Note(kind=kind, detail=detail):
                self._note(kind, detail)
            case m.RequestPerson(reason=reason):
                self._keep(lambda: self._record.request_person(reason))
            case m.PromiseCallback(number=number):
                self._keep(lambda: self._record.promise_callback(number))
            case m.SendLink(title=title, url=url) if self._send_link is not None:
                self._start(self._link(self._send_link, title, url))
            case _ if self._desk is not None:
                self._ask_of(self._desk, command)

    def _ask_of(self, desk: CallDesk, command: m.Command) -> None:
        """In order with what is written down: a request comes after the turns that led to it."""
        match command:
            case m.AskDesk(reason=reason):
                self._keep(lambda: desk.request(self.conversation_id, reason))
            case m.LeaveDesk(listed=listed):
                self._keep(lambda: desk.cancel(self.conversation_id, listed=listed))
            case m.TellDesk(what=what):
                self._keep(lambda: desk.told(self.conversation_id, what))

    def _note(self, kind: m.NoteKind, detail: str = "") -> None:
        at_seconds = asyncio.get_running_loop().time() - self._began_at
        self._observer.noted(kind.value)
        self._keep(lambda: self._record.note(at_seconds, kind.value, detail))

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _stop_transcribing(self) -> None:
        """One that waits for its turn is never begun; the words of one under way come too late to matter."""
        if self._transcribing is not None:
            self._transcribing.cancel()
            self._transcribing = None

    async def _transcribe(self, attempt: int, expecting: Expecting) -> None:
        hearing = None
        try:
            hearing = await self._ahead.words(expecting)
        except GuichetError as error:
            log.error("call.recognition_failed", conversation=self.conversation_id, error=str(error))
            self._note(m.NoteKind.RECOGNITION_FAILED)
        self._events.put_nowait(m.Heard(attempt, hearing))

    async def _ask(self, ask: m.Ask) -> None:
        reply: Reply | None = None
        try:
            reply = await self._dialogue.ask(
                Question(
                    self.conversation_id,
                    Channel.PHONE,
                    ask.text,
                    ask.choice,
                    ask.confidence,
                    ask.alternatives,
                    ask.turn,
                    ask.replaces,
                )
            )
        except GuichetError as error:
            log.error("call.dialogue_failed", conversation=self.conversation_id, error=str(error))
            self._note(m.NoteKind.DIALOGUE_FAILED)
        self._events.put_nowait(m.Replied(ask.turn, reply))

    async def _link(self, send: SendLink, title: str, url: str) -> None:
        try:
            await send(title, url)
        except GuichetError as error:
            log.error("call.link_not_sent", conversation=self.conversation_id, error=str(error))

    def _keep(self, write: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._records.put_nowait(write)

    async def _write_records(self) -> None:
        """One after the other, in order, beside the call: the store may be slow, the caller does not wait."""
        while (write := await self._records.get()) is not None:
            try:
                await write()
            except GuichetError as error:
                log.error("call.not_recorded", conversation=self.conversation_id, error=str(error))
