"""Callbacks and written messages: promised or left by visitors, kept by agents, never lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import structlog

from bot.callbacks import Line
from bot.desk import routing
from bot.desk.agents import Agent
from bot.desk.cases import Cases
from bot.desk.events import CallbackLeft, Case, Event
from bot.desk.refusals import NotNow, NotThere, Unusable
from bot.desk.visitor import Slot
from bot.errors import GuichetError
from bot.phone_numbers import normalised
from bot.store.desk_records import (
    CallbackRecord,
    CallbackState,
    DeskMessageRecord,
    MessageState,
)
from bot.store.records import HandoverState

log = structlog.get_logger(__name__)

_SLOTS_LOOKED_AT = 40
_NOTE_CHARS = 4000
_CORRECTED_WITHIN = timedelta(days=1)


class Promises(Cases):
    """The part of `Desk` that keeps promises."""

    async def free_slots(self, count: int) -> list[Slot]:
        """The next hours in which a call can still be promised."""
        now = self.clock()
        taken = await self.store.callbacks_in_slots(now)
        offered = self.hours.slots(now, count=_SLOTS_LOOKED_AT)
        free = [one for one in offered if taken.get(one.id, 0) < self.policy.callbacks_per_slot]
        return [Slot(one.id, one.start, one.end) for one in free[:count]]

    async def slot(self, slot_id: str) -> Slot:
        """Raises `NotNow` when it is no longer offered."""
        for one in await self.free_slots(_SLOTS_LOOKED_AT):
            if one.id == slot_id:
                return one
        raise NotNow("slot_gone")

    def promise(
        self, conversation_id: str, handover_id: str | None, name: str, number: str, slot: Slot | None
    ) -> CallbackRecord:
        """A new promise, not yet kept in the store."""
        now = self.clock()
        return CallbackRecord(
            id=uuid4().hex,
            conversation_id=conversation_id,
            handover_id=handover_id,
            state=CallbackState.PROMISED,
            name=name,
            number=number,
            promised_at=now,
            due_at=slot.end if slot else now + self.policy.callback_within,
            slot_id=slot.id if slot else "",
            slot_start=slot.start if slot else None,
            slot_end=slot.end if slot else None,
        )

    async def same_promise(self, conversation_id: str, number: str, slot_id: str = "") -> CallbackRecord | None:
        """The promise made before, when the same is asked again."""
        for one in await self.store.callbacks(conversation_id=conversation_id):
            if one.state.is_open and (one.number, one.slot_id) == (number, slot_id):
                return one
        return None

    async def keep_promise(self, case: Case) -> Case:
        """The caller left the number that is in the request: it becomes a promise, and nobody waits any more."""
        number = case.callback_number or ""
        known = await self.same_promise(case.conversation_id, number)
        made = self.promise(case.conversation_id, case.id, "", number, None)
        return await self.change(case, CallbackLeft(), kept=[] if known else [made])

    async def call_ends(self, case: Case, event: Event) -> Case:
        """The caller waits no more, or has gone. A number that they leave at this moment is a promise too."""
        if case.callback_number and case.state.is_open:
            return await self.keep_promise(case)
        after = await self.change(case, event)
        if after.callback_number and not after.state.is_open:
            made = self.promise(after.conversation_id, after.id, "", after.callback_number, None)
            if await self.store.keep(made, once=True):
                self.bus.changed()
        return after

    def written(
        self, conversation_id: str, handover_id: str | None, name: str, contact: str, text: str
    ) -> DeskMessageRecord:
        """A new message, not yet kept in the store."""
        return DeskMessageRecord(
            id=uuid4().hex,
            conversation_id=conversation_id,
            handover_id=handover_id,
            state=MessageState.NEW,
            name=name,
            contact=contact,
            text=text,
            received_at=self.clock(),
        )

    # What agents do

    async def promise_by_agent(
        self, conversation_id: str, agent: Agent, name: str, number: str, slot_id: str = ""
    ) -> CallbackRecord:
        """An agent promises a call."""
        dialled = normalised(number)
        if dialled is None:
            raise Unusable("bad_number")
        if await self.store.conversation(conversation_id) is None:
            raise NotThere("unknown_conversation")
        known = await self.same_promise(conversation_id, dialled, slot_id)
        if known is not None:
            return known
        slot = await self.slot(slot_id) if slot_id else None
        latest = await self.store.handover(conversation_id)
        made = self.promise(conversation_id, latest.id if latest else None, name.strip(), dialled, slot)
        if not await self.store.keep(made, per_slot=self.policy.callbacks_per_slot):
            raise NotThere("unknown_conversation")
        self.bus.changed()
        return made

    async def dial(
        self, callback_id: str, agent: Agent, line: Line | None, *, even_dialling: bool = False
    ) -> CallbackRecord:
        """Calls now; without a line the agent does. Of two agents one gets `NotNow("under_way")`.

        With `even_dialling` only the line says whether a call is under way. Raises what the line raises; then the
        promise stands as before.
        """
        before = await self._callback(callback_id)
        under_way = before.state is CallbackState.DIALLING and not even_dialling
        if under_way or await self.is_being_called(before):
            raise NotNow("under_way")
        if not before.state.is_open:
            raise NotNow("over")
        now = self.clock()
        dialling = await self.store.change_promise(
            before,
            replace(
                before,
                state=CallbackState.DIALLING,
                agent_id=agent.id,
                agent_name=agent.name,
                attempts=before.attempts + 1,
                dialled_at=before.dialled_at or now,
                tried_at=now,
                ended_at=None,
                call_id=None,
            ),
        )
        if dialling is None:
            raise NotNow("under_way")
        self.bus.changed()
        if line is None:
            return dialling
        try:
            await line.call_back(before.conversation_id, before.number)
        except GuichetError:
            await self.store.change_promise(dialling, replace(before, version=dialling.version))
            self.bus.changed()
            raise
        log.info("callback.dialled", callback=callback_id, conversation=before.conversation_id)
        return dialling

    async def settle(self, callback_id: str, agent: Agent, state: CallbackState, note: str = "") -> CallbackRecord:
        """Kept, missed or cancelled; or promised again after it was missed or while it is being made.

        What a call of this agent has kept may turn out to be missed: an answering machine answers too. `NotNow`:
        "under_way" while an agent's call is keeping it, or else "over".
        """
        _check(note)
        before = await self._callback(callback_id)
        if before.state is state:
            return before
        if state is CallbackState.PROMISED:
            possible = before.state in (CallbackState.MISSED, CallbackState.DIALLING)
        else:
            possible = before.state.is_open or (
                state is CallbackState.MISSED and await self._was_kept_by_call(before, agent)
            )
        if not possible:
            raise NotNow("over")
        if before.state is CallbackState.DIALLING and await self.is_being_called(before):
            raise NotNow("under_way")
        after = replace(
            before,
            state=state,
            agent_id=agent.id,
            agent_name=agent.name,
            ended_at=None if state.is_open else self.clock(),
            note=note.strip() or before.note,
        )
        saved = await self.store.change_promise(before, after)
        if saved is None:
            raise NotNow("over")
        self.bus.changed()
        return saved

    async def mark_message(
        self, message_id: str, agent: Agent, state: MessageState, note: str = ""
    ) -> DeskMessageRecord:
        """Done, or to be done again."""
        _check(note)
        before = await self.store.desk_message(message_id)
        if before is None:
            raise NotThere("unknown_message")
        if before.state is state:
            return before
        after = replace(
            before,
            state=state,
            agent_id=agent.id,
            agent_name=agent.name,
            done_at=self.clock() if state is MessageState.DONE else None,
            note=note.strip() or before.note,
        )
        saved = await self.store.change_promise(before, after)
        if saved is None:
            raise NotNow("over")
        self.bus.changed()
        return saved

    async def rung(self, case: Case) -> None:
        """The agent who calls back is there, and the person's telephone is about to ring."""
        now = self.clock()

        def tried(promise: CallbackRecord) -> CallbackRecord | None:
            if promise.state is not CallbackState.DIALLING:
                return None
            return replace(promise, attempts=promise.attempts + 1, dialled_at=promise.dialled_at or now, tried_at=now)

        await self.promise_of_call(case, tried)

    async def spoken(self, case: Case) -> None:
        """Agent and person have been joined: the promise is kept."""
        now = self.clock()

        def kept(promise: CallbackRecord) -> CallbackRecord | None:
            if not promise.state.is_open:
                return None
            return replace(
                promise,
                state=CallbackState.KEPT,
                agent_id=case.agent_id or promise.agent_id,
                agent_name=case.agent_name or promise.agent_name,
                ended_at=now,
            )

        await self.promise_of_call(case, kept)

    async def again_what_was_not_finished(self) -> None:
        """A call that was begun and of which nobody told the result is to be made again."""
        overdue = self.clock() - self.policy.dialling
        for one in await self.store.callbacks(state=CallbackState.DIALLING):
            call = await self.store.handover_by_id(one.call_id) if one.call_id else None
            if call is not None:
                if not _is_on(call):
                    await self.promise_again(call)
            elif one.call_id or (one.tried_at or one.promised_at) < overdue:
                await self.store.change_promise(one, replace(one, state=CallbackState.PROMISED))
                self.bus.changed()

    async def is_being_called(self, promise: CallbackRecord) -> bool:
        """By an agent, whose call is not over."""
        call = await self.store.handover_by_id(promise.call_id) if promise.call_id else None
        return call is not None and _is_on(call)

    async def _was_kept_by_call(self, promise: CallbackRecord, agent: Agent) -> bool:
        """Lately, by this agent or by whom the call was handed on to."""
        since = self.clock() - _CORRECTED_WITHIN
        if promise.state is not CallbackState.KEPT or promise.call_id is None or (promise.ended_at or since) <= since:
            return False
        call = await self.store.handover_by_id(promise.call_id)
        return agent.id in (promise.agent_id, call.agent_id if call else None)

    async def _callback(self, callback_id: str) -> CallbackRecord:
        found = await self.store.callback(callback_id)
        if found is None:
            raise NotThere("unknown_callback")
        return found


def _is_on(call: Case) -> bool:
    """Whether somebody is in it, or about to be: it is neither over nor only listed."""
    return call.state.is_open and (call.state is HandoverState.ACTIVE or routing.waits(call))


def _check(note: str) -> None:
    if len(note) > _NOTE_CHARS:
        raise Unusable("too_long")
