"""All calls of this gateway: admission, one session each, and what can be seen of a live one.

Who calls when every place is taken hears so in a sentence, and is passed on to a person where that is possible; only
beyond `polite_refusals` such calls does a caller get the busy tone.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

import structlog

from bot.dialogue import Dialogue
from bot.errors import GuichetError
from voice.agent_phone import AgentPhones
from voice.call import Call, Patience, Phase
from voice.call_desk import CallDesk
from voice.call_messages import Opening
from voice.framing import DialFailed
from voice.leg import CallInfo, CallLeg, TransferMode
from voice.line_ear import VoiceActivity
from voice.observer import CallObserver, NoObserver
from voice.prompts import PhonePrompts
from voice.session import CallSession, Record, SendLink
from voice.speech import Speech
from voice.to_a_person import Closed, Possible

log = structlog.get_logger(__name__)

CONTEXT_HEADER = "X-Guichet-Conversation"


@dataclass(slots=True)
class LiveCall:
    """A call that is on, or has just ended."""

    conversation_id: str
    line_id: str
    phase: Phase = Phase.RINGING
    polite_refusal: bool = False
    reference: str = ""


@dataclass(frozen=True, slots=True)
class ToPeople:
    """How callers reach a person: `transfer_to` is a SIP URI or empty; `callbacks` may be promised.

    `number_of` reads the caller's number from what the line says: digits, or empty when hidden; `is_number` tells
    whether people can be called back at one. `link_for` gives a way to send a link to that number, or None. `closed`
    is None while people can be reached.
    """

    transfer_to: str = ""
    transfer_mode: TransferMode = TransferMode.BLIND
    callbacks: bool = False
    number_of: Callable[[CallInfo], str] = lambda _: ""
    is_number: Callable[[str], bool] = lambda _: True
    link_for: Callable[[str, str], SendLink | None] = lambda conversation_id, number: None
    closed: Callable[[], Closed | None] = lambda: None


class AgentCallbacks(Protocol):
    """Calls that were placed for agents (`bot.agent_callbacks.AgentCallbacks`). They are taken when all places are too:
    two people are on the line already.
    """

    def is_placed(self, reference: str) -> bool:
        """Whether it is of a call that was placed for an agent, now or once."""
        ...

    async def answered(self, reference: str, line_id: str) -> tuple[str, Record] | None:
        """The conversation and the record that this call has already; None when its agent has gone."""
        ...

    def failed(self, failed: DialFailed) -> None:
        """The person is not on the line: their call was refused."""
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """Calls at the same time, and how many more are told in words that all places are taken."""

    calls: int
    polite_refusals: int = 0


class Calls:
    """Takes every call that a line brings (`take` is the line server's callback).

    `open_record(line_id)` starts the conversation in the store and returns its id and its record. `on_answered` hears
    the reference of a call that we placed. `speech` is None while the engines are still loading or missing: the caller
    is then refused, not kept waiting mute. Who wants a person is put into the queue of the `desk`, where there is one.
    A telephone that `agent_phones` has rung is no caller's: it goes there. A call that `agent_callbacks` has placed is
    joined to its agent.
    """

    def __init__(
        self,
        *,
        prompts: PhonePrompts,
        patience: Patience,
        dialogue: Dialogue,
        activity: Callable[[], VoiceActivity],
        open_record: Callable[[str], Awaitable[tuple[str, Record]]],
        limits: Limits,
        people: ToPeople | None = None,
        desk: CallDesk | None = None,
        observer: CallObserver | None = None,
        on_answered: Callable[[str], None] = lambda reference: None,
    ) -> None:
        self.speech: Speech | None = None
        self.agent_phones: AgentPhones | None = None
        self.agent_callbacks: AgentCallbacks | None = None
        self.live: dict[str, LiveCall] = {}
        self._prompts = prompts
        self._patience = patience
        self._dialogue = dialogue
        self._activity = activity
        self._open_record = open_record
        self._limits = limits
        self._people = people or ToPeople()
        self._desk = desk
        self._observer = observer or NoObserver()
        self._on_answered = on_answered

    async def take(self, leg: CallLeg) -> None:
        """One call from beginning to end. Never raises: a broken call must not take the others along."""
        if self.agent_phones is not None and self.agent_phones.is_rung(leg.info.reference):
            await self.agent_phones.take(leg)
            return
        speech = self.speech
        most = self._limits.calls + self._limits.polite_refusals
        if speech is None or (len(self.live) >= most and not self._is_agents(leg.info)):
            await self._refuse(leg, "no_speech" if speech is None else "full")
            return
        try:
            opening, conversation_id, record = await self._opened(leg.info)
        except GuichetError as error:
            log.error("call.record_failed", error=str(error))
            await self._refuse(leg, "store")
            return
        live = LiveCall(
            conversation_id,
            leg.info.line_id,
            polite_refusal=opening is Opening.BUSY,
            reference=leg.info.reference,
        )
        self.live[conversation_id] = live
        self._came(leg.info)  # only now: from here on `is_called_back` knows of it
        log.info("call.started", conversation=conversation_id, protocol=leg.info.protocol, opening=opening.value)
        self._observer.call_started(leg.info.protocol)
        began = time.monotonic()
        reason = "broken"
        try:
            session = self._session(leg, speech, live, record, opening)
            await session.run()
            reason = session.call.end_reason
            log.info("call.ended", conversation=conversation_id, reason=reason, turns=session.call.turn)
        except Exception:  # the supervisor of one call
            log.exception("call.broken", conversation=conversation_id)
            await leg.hangup()
        finally:
            del self.live[conversation_id]
            self._observer.call_ended(reason, time.monotonic() - began)

    def phase(self, conversation_id: str) -> str:
        """Of a live call; "ended" for every other."""
        live = self.live.get(conversation_id)
        return (live.phase if live else Phase.ENDED).value

    @property
    def is_full(self) -> bool:
        """Whether every place for a conversation is taken."""
        return sum(not live.polite_refusal for live in self.live.values()) >= self._limits.calls

    def is_called_back(self, conversation_id: str) -> bool:
        """Whether the callback that this conversation was promised is on."""
        return any(live.reference == conversation_id for live in self.live.values())

    async def _opened(self, info: CallInfo) -> tuple[Opening, str, Record]:
        """How it begins, its conversation and its record. Raises what `open_record` raises."""
        opening = Opening.BUSY if self.is_full else Opening.NORMAL
        if self.agent_callbacks is not None and self._is_agents(info):
            if (known := await self.agent_callbacks.answered(info.reference, info.line_id)) is not None:
                return Opening.AGENT, *known
            opening = Opening.AGENT_GONE
        elif info.reference:
            opening = Opening.CALLBACK
        return opening, *await self._open_record(info.line_id)

    async def _refuse(self, leg: CallLeg, reason: str) -> None:
        log.warning("call.refused", reason=reason, calls=len(self.live))
        self._observer.call_refused(reason)
        self._came(leg.info)
        if self.agent_callbacks is not None and self._is_agents(leg.info):
            self.agent_callbacks.failed(DialFailed(leg.info.reference, "not_sent"))
        await leg.hangup()

    def _is_agents(self, info: CallInfo) -> bool:
        """Whether it was placed for an agent."""
        return self.agent_callbacks is not None and self.agent_callbacks.is_placed(info.reference)

    def _came(self, info: CallInfo) -> None:
        if info.reference:
            self._on_answered(info.reference)

    def _session(self, leg: CallLeg, speech: Speech, live: LiveCall, record: Record, opening: Opening) -> CallSession:
        people = self._people
        number = people.number_of(leg.info)
        send_link = people.link_for(live.conversation_id, number) if number else None
        possible = Possible(
            can_transfer=bool(people.transfer_to) and leg.info.can_transfer,
            can_call_back=people.callbacks,
            can_send_link=send_link is not None,
            caller_number=number,
            is_number=people.is_number,
            closed=people.closed,
            has_desk=self._desk is not None,
        )

        def show(phase: Phase) -> None:
            live.phase = phase

        return CallSession(
            leg,
            Call(self._prompts, self._patience, possible),
            conversation_id=live.conversation_id,
            dialogue=self._dialogue,
            speech=speech,
            activity=self._activity(),
            record=record,
            opening=opening,
            transfer_to=people.transfer_to,
            transfer_mode=people.transfer_mode,
            context={CONTEXT_HEADER: live.conversation_id},
            send_link=send_link,
            desk=self._desk,
            on_phase=show,
            observer=self._observer,
        )
