"""Telephones that are rung for agents: what `voice.rung_phone` decides is done here, through a line that places calls.

A reference is given out for each that is rung; the line brings it back with the call once that is answered. It cannot
be guessed, and one that is not expected (any more) is put down: it would otherwise be taken for a caller.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from typing import Protocol

import structlog

from bot.errors import LineUnavailable
from voice import call_messages as m
from voice import rung_phone as r
from voice.agent_leg import AgentLeg
from voice.framing import DialFailed
from voice.leg import CallLeg, Held, Key, LineClosed, Played, Retrieved, Sound
from voice.live_sound import SILENCE, LiveSound, Pace
from voice.talker import Talker

log = structlog.get_logger(__name__)

_PREFIX = "agent-"
_UNREAD_SOUNDS = 10
_HUNG_UP = "caller"
"""What a line says of a call that its other side has ended."""


class Rings(Protocol):
    """A line that places calls (`voice.line_server.LineServer`)."""

    async def dial(self, target: str, reference: str) -> None: ...

    async def stop_dialling(self, reference: str) -> None: ...


class Voice(Protocol):
    """A `voice.talker.Voice` that need not keep what it has said."""

    def pieces(self, text: str) -> list[str]: ...

    def is_cached(self, piece: str, pace: float = 1.0) -> bool: ...

    async def speak(self, piece: str, pace: float = 1.0, *, keep: bool = True) -> bytes: ...


class AgentPhones:
    """All that ring, are answered or are joined. `voice` is None while the engines are not loaded.

    `gone` is said to an agent who has picked up when there is nothing to take any more.
    """

    def __init__(self, line: Rings, voice: Callable[[], Voice | None], gone: str) -> None:
        self._line = line
        self._voice = voice
        self._gone = gone
        self._rung: dict[str, Ringing] = {}

    def ring(
        self,
        target: str,
        told: Sequence[str],
        *,
        personal: Sequence[str] = (),
        on_connected: Callable[[AgentLeg], None],
        on_not_taken: Callable[[str], None],
        on_held: Callable[[bool], None],
    ) -> Ringing:
        """Rings `target`, a SIP URI; who picks up is told `told`, then `personal`, the sound of which is not kept.

        Exactly one of `on_connected` and `on_not_taken` is called, unless withdrawn. `on_held`: the agent who has the
        caller has put us on hold with a key of the telephone, or is back.
        """
        reference = _PREFIX + secrets.token_hex(16)
        ringing = Ringing(
            self._line,
            target,
            reference,
            voice=self._voice,
            told=told,
            personal=personal,
            gone=self._gone,
            on_held=on_held,
        )
        self._rung[reference] = ringing
        ringing.begin(on_connected, on_not_taken, lambda: self._rung.pop(reference, None))
        return ringing

    def is_rung(self, reference: str) -> bool:
        """Whether it was given out here, now or once."""
        return reference.startswith(_PREFIX)

    async def take(self, leg: CallLeg) -> None:
        """A rung telephone was answered; lasts as long as its line."""
        ringing = self._rung.get(leg.info.reference)
        if ringing is None:
            log.info("agent_phone.not_expected")
            await leg.hangup()
            return
        await ringing.carry(leg)

    def failed(self, failed: DialFailed) -> None:
        """`LineServer`'s callback, for references of ours."""
        if (ringing := self._rung.get(failed.reference)) is not None:
            ringing.happened(r.NotReached(failed.reason))

    async def close(self) -> None:
        """Whatever rings is withdrawn."""
        for ringing in list(self._rung.values()):
            await ringing.close()


class Ringing:
    """One telephone, from the first ring until an agent has the caller or does not take them."""

    def __init__(
        self,
        line: Rings,
        target: str,
        reference: str,
        *,
        voice: Callable[[], Voice | None],
        told: Sequence[str],
        personal: Sequence[str],
        gone: str,
        on_held: Callable[[bool], None],
    ) -> None:
        self._line, self._target, self._reference = line, target, reference
        self._voice, self._told, self._personal, self._gone = voice, told, personal, gone
        self._on_held = on_held
        self._events: asyncio.Queue[r.Event] = asyncio.Queue()
        self._leg: CallLeg | None = None
        self._talker: Talker | None = None
        self._phone: PhoneLeg | None = None
        self._is_over = False
        self._task: asyncio.Task[None] | None = None

    def begin(
        self,
        on_connected: Callable[[AgentLeg], None],
        on_not_taken: Callable[[str], None],
        on_over: Callable[[], object],
    ) -> None:
        """Rings."""
        self._task = asyncio.create_task(self._run(on_connected, on_not_taken))
        self._task.add_done_callback(lambda _: on_over())

    def withdraw(self) -> None:
        """There is nothing to take any more. Who has the caller already is not parted from them by this."""
        self.happened(r.Withdrawn())

    async def end(self) -> None:
        """Nobody is wanted at this telephone any more, not even who has the caller."""
        self.withdraw()
        if self._phone is not None:
            await self._phone.hangup()

    def happened(self, event: r.Event) -> None:
        """Something with this telephone."""
        self._events.put_nowait(event)

    async def carry(self, leg: CallLeg) -> None:
        """Passes on what happens on the telephone's line, until that is closed."""
        if self._leg is not None or self._is_over:
            await leg.hangup()
            return
        self._leg = leg
        self.happened(r.PickedUp())
        async for event in leg.events():
            match event:
                case Sound(pcm=pcm) if self._phone is not None:
                    self._phone.heard(pcm)
                case Key(digit=digit):
                    self.happened(r.Pressed(digit))
                case Played(name=name) if self._talker is not None:
                    self._talker.played(name)
                case Held() | Retrieved() if self._phone is not None:
                    self._phone.is_held = isinstance(event, Held)
                    self._on_held(self._phone.is_held)
                case LineClosed(reason=reason):
                    self.happened(r.PutDown())
                    if self._phone is not None:
                        await self._phone.over("hung_up" if reason == _HUNG_UP else "lost")

    async def close(self) -> None:
        """At once; nobody is told."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self, on_connected: Callable[[AgentLeg], None], on_not_taken: Callable[[str], None]) -> None:
        loop = asyncio.get_running_loop()
        decides = r.RungPhone(loop.time())
        try:
            await self._line.dial(self._target, self._reference)
        except LineUnavailable:
            self.happened(r.NotReached("line_lost"))
        try:
            while not decides.is_decided:
                event: r.Event = r.Tick()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout_at(decides.wake_at):
                        event = await self._events.get()
                for command in decides.handle(event, loop.time()):
                    await self._perform(command, on_connected, on_not_taken)
        finally:
            self._is_over = True
            if self._talker is not None:
                await self._talker.close()
            if decides.phase is not r.RungPhase.CONNECTED:
                await self._line.stop_dialling(self._reference)
                if self._leg is not None:
                    await self._leg.hangup()

    async def _perform(
        self, command: r.Command, on_connected: Callable[[AgentLeg], None], on_not_taken: Callable[[str], None]
    ) -> None:
        match command:
            case r.Tell(serial=serial):
                self._say(serial, [*self._told, *self._personal])
            case r.SayGone(serial=serial):
                self._say(serial, [self._gone])
            case r.Connect() if self._leg is not None:
                if self._talker is not None:
                    self._talker.stop()
                self._phone = PhoneLeg(self._leg)
                on_connected(self._phone)
            case r.Report(code=code):
                on_not_taken(code)
            # StopRinging, PutDownPhone: it is over, and `_run` lets go of the line.

    def _say(self, serial: int, texts: Sequence[str]) -> None:
        voice = self._voice()
        if voice is None or self._leg is None:
            self.happened(r.Told(serial))
            return
        if self._talker is None:
            clock = asyncio.get_running_loop().time
            self._talker = Talker(self._leg, _Discreet(voice, self._personal), self._reported, clock)
        self._talker.say(serial, texts)

    def _reported(self, event: m.Event) -> None:
        if isinstance(event, m.Said):
            self.happened(r.Told(event.serial))


class _Discreet:
    """The voice, which keeps nothing of what is personal."""

    def __init__(self, voice: Voice, personal: Collection[str]) -> None:
        self._voice = voice
        self._personal = personal
        self._not_kept: set[str] = set()

    def pieces(self, text: str) -> list[str]:
        found = self._voice.pieces(text)
        if text in self._personal:
            self._not_kept.update(found)
        return found

    def is_cached(self, piece: str, pace: float = 1.0) -> bool:
        return self._voice.is_cached(piece, pace)

    async def speak(self, piece: str, pace: float = 1.0) -> bytes:
        return await self._voice.speak(piece, pace, keep=piece not in self._not_kept)


class PhoneLeg:
    """An `AgentLeg` over a telephone's line: what is played leaves evenly, whatever bursts it comes in."""

    def __init__(self, leg: CallLeg) -> None:
        self.is_held = False
        """Whether the agent has put us on hold: the line then plays nothing and would keep what it is given."""
        self._leg = leg
        self._out = LiveSound()
        self._heard: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._reason = ""
        self._sending = asyncio.create_task(self._send())

    async def sounds(self) -> AsyncIterator[bytes]:
        """See `AgentLeg`."""
        while (pcm := await self._heard.get()) is not None:
            yield pcm
        self._heard.put_nowait(None)  # whoever asks once more is not kept waiting

    @property
    def reason(self) -> str:
        """See `AgentLeg`."""
        return self._reason

    async def play(self, pcm: bytes) -> None:
        """See `AgentLeg`."""
        self._out.add(pcm)

    async def hangup(self) -> None:
        """See `AgentLeg`."""
        await self.over("lost")
        await self._leg.hangup()

    def heard(self, pcm: bytes) -> None:
        """The agent's sound; what nobody reads is not kept."""
        if self._reason:
            return
        if self._heard.qsize() >= _UNREAD_SOUNDS:
            self._heard.get_nowait()
        self._heard.put_nowait(pcm)

    async def over(self, reason: str) -> None:
        """The line is closed."""
        if self._reason:
            return
        self._reason = reason
        self._heard.put_nowait(None)
        self._sending.cancel()
        await asyncio.gather(self._sending, return_exceptions=True)

    async def _send(self) -> None:
        pace, loop = Pace(), asyncio.get_running_loop()
        while True:
            await asyncio.sleep(pace.wait_seconds(loop.time()))
            if (frame := self._out.frame()) is not SILENCE and not self.is_held:  # the line makes its own silence
                await self._leg.play(frame)
