"""Who asks for a person is let in, or refused: decided, written and given a place in one transaction.

Of a crowd, those who ask while others are being let in are let in together: each is decided after those before, the
limit of the queue and the places included, and all of them cost one reading of how things are and one transaction. A
gateway that dies has let in all of these or none, and none waits for a decision.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import structlog

from bot.desk import routing
from bot.desk.events import CallWaits, Case, Situation
from bot.desk.handover import decide
from bot.desk.payload import title_of
from bot.desk.promises import Promises
from bot.dialogue import Channel
from bot.store.desk_records import EventRecord
from bot.store.records import WAITING_STATES, HandoverReason, HandoverState
from bot.store.together import Together

log = structlog.get_logger(__name__)

_URGENT = frozenset({"distress", "emergency"})
_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class _Asked:
    """What somebody wants."""

    conversation_id: str
    channel: Channel
    reason: HandoverReason
    summary: str


class Admission(Promises):
    """The part of `Desk` that lets people in."""

    def __init__(self, *of_cases: Any, **named: Any) -> None:
        super().__init__(*of_cases, **named)
        self.admitting = Together(self._admit, key=lambda one: one.conversation_id, seconds=_SECONDS)

    async def requested(self, conversation_id: str, channel: Channel, reason: HandoverReason, summary: str) -> Case:
        """The request of this conversation, which asks for a person: a new one, or the one that is open already.

        Raises `UnknownConversation`, `StoreUnavailable`.
        """
        asked = _Asked(conversation_id, channel, reason, summary)
        return await self.admitting(asked) or await self._asked_again(asked)

    async def _admit(self, crowd: Sequence[_Asked]) -> list[Case | None]:
        """None for who is not new here: they take no place of those who are."""
        now = self.clock()
        wishes = await self.store.intents_of([one.conversation_id for one in crowd])
        live, agents = await self.live(), await self.present()
        have_one = {one.conversation_id for one in live if one.state.is_open}
        begun: list[Case] = []
        kinds: list[str] = []
        for one in crowd:
            if one.conversation_id not in wishes or one.conversation_id in have_one:
                continue  # erased, or asks again
            team, priority = self._where_to(wishes[one.conversation_id])
            case = Case(
                id=uuid4().hex,
                conversation_id=one.conversation_id,
                requested_at=now,
                reason=one.reason,
                state=HandoverState.REQUESTED,
                summary=one.summary,
                channel=one.channel,
                priority=priority,
                team=team,
            )
            situation = self.situation(case, agents, [*live, *begun])
            decision = decide(case, _event(one.channel, situation), now, self.policy.rules)
            begun.append(decision.case)
            kinds.append(decision.kind)
        if not begun:
            return [None] * len(crowd)
        begun = await self._with_waits_given(begun, live)
        events = [EventRecord(one.id, now, kind) for one, kind in zip(begun, kinds, strict=True)]
        kept = await self.store.begin_handovers(list(zip(begun, events, strict=True)))
        new = {one.conversation_id: one for one in kept if one is not None}
        for case, kind in zip(begun, kinds, strict=True):
            if case.conversation_id in new:
                log.info("desk.changed", handover=case.id, conversation=case.conversation_id, what=kind)
        self.bus.changed()
        return [new.get(one.conversation_id) for one in crowd]

    async def _with_waits_given(self, begun: Sequence[Case], live: Sequence[Case]) -> list[Case]:
        """What each is told first, to be compared with what came."""
        places = routing.positions([*live, *begun])
        seconds_each = routing.seconds_for_a_place(await self.lately_taken()) if places else None
        return [
            replace(one, place_given=place, wait_given_seconds=routing.wait_at(place, seconds_each))
            if (place := places.get(one.id))
            else one
            for one in begun
        ]

    async def _asked_again(self, asked: _Asked) -> Case:
        """Who has an open request keeps it; a caller may begin to wait with it."""
        intents = await self.store.intents_of([asked.conversation_id])
        team, priority = self._where_to(intents.get(asked.conversation_id, ()))
        wish = (asked.conversation_id, asked.reason, asked.summary)
        case = await self.store.request_handover(*wish, priority=priority, team=team)
        if case.callback_number and case.state in WAITING_STATES:  # promised before; this is another wish
            await self.keep_promise(case)
            case = await self.store.request_handover(*wish, priority=priority, team=team)
        if asked.channel is Channel.PHONE or case.state is HandoverState.REQUESTED:
            situation = self.situation(case, await self.present(), await self.live())
            case = await self.change(case, _event(asked.channel, situation), tell=False)
        return case

    def _where_to(self, intents: Sequence[str]) -> tuple[str, int]:
        """Team and priority, by what was asked last."""
        wishes = [intent for intent in reversed(intents) if intent and intent != "handover"]
        themed = next((self.knowledge[one] for one in wishes if title_of(self.knowledge, one)), None)
        team = self.policy.team_by_theme.get(themed.theme, "") if themed else ""
        return team, int(bool(_URGENT & set(wishes[:3])))


def _event(channel: Channel, situation: Situation) -> Situation | CallWaits:
    """A caller asks to wait on the line."""
    return CallWaits(situation) if channel is Channel.PHONE else situation
