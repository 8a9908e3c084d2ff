"""All calls of this gateway: admission, one session each, and what can be seen of a live one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from bot.dialogue import Dialogue
from bot.errors import GuichetError
from voice.call import Call, Patience, Phase
from voice.leg import CallLeg
from voice.prompts import PhonePrompts
from voice.session import CallSession, Record, VoiceActivity
from voice.speech import Speech

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class LiveCall:
    """A call that is on, or has just ended."""

    conversation_id: str
    line_id: str
    phase: Phase = Phase.RINGING


class Calls:
    """Takes every call that a line brings (`take` is the line server's callback).

    `open_record(line_id)` starts the conversation in the store and returns its id and its record. `speech` is
    None while the engines are still loading or missing: the caller is then refused, not kept waiting mute.
    """

    def __init__(
        self,
        *,
        prompts: PhonePrompts,
        patience: Patience,
        dialogue: Dialogue,
        activity: Callable[[], VoiceActivity],
        open_record: Callable[[str], Awaitable[tuple[str, Record]]],
        max_calls: int,
        transfer_to: str = "",
    ) -> None:
        self.speech: Speech | None = None
        self.live: dict[str, LiveCall] = {}
        self._prompts = prompts
        self._patience = patience
        self._dialogue = dialogue
        self._activity = activity
        self._open_record = open_record
        self._max_calls = max_calls
        self._transfer_to = transfer_to

    async def take(self, leg: CallLeg) -> None:
        """One call from beginning to end. Never raises: a broken call must not take the others along."""
        speech = self.speech
        if speech is None or len(self.live) >= self._max_calls:
            log.warning("call.refused", reason="no_speech" if speech is None else "full", calls=len(self.live))
            await leg.hangup()
            return
        try:
            conversation_id, record = await self._open_record(leg.info.line_id)
        except GuichetError as error:
            log.error("call.refused", reason="store", error=str(error))
            await leg.hangup()
            return
        live = self.live[conversation_id] = LiveCall(conversation_id, leg.info.line_id)

        def show(phase: Phase) -> None:
            live.phase = phase

        log.info("call.started", conversation=conversation_id, protocol=leg.info.protocol)
        try:
            session = CallSession(
                leg,
                Call(self._prompts, self._patience, can_transfer=bool(self._transfer_to)),
                conversation_id=conversation_id,
                dialogue=self._dialogue,
                speech=speech,
                activity=self._activity(),
                record=record,
                transfer_to=self._transfer_to,
                on_phase=show,
            )
            await session.run()
            log.info(
                "call.ended", conversation=conversation_id, reason=session.call.end_reason, turns=session.call.turn
            )
        except Exception:  # the supervisor of one call
            log.exception("call.broken", conversation=conversation_id)
            await leg.hangup()
        finally:
            del self.live[conversation_id]

    def phase(self, conversation_id: str) -> str:
        """Of a live call; "ended" for every other."""
        live = self.live.get(conversation_id)
        return (live.phase if live else Phase.ENDED).value
