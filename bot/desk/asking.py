"""What visitors ask of the desk: `bot.desk.visitor.VisitorDesk`."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.desk import events, routing
from bot.desk.admission import Admission
from bot.desk.cases import TRIES
from bot.desk.events import CallbackLeft, Case, MessageLeft
from bot.desk.refusals import NotNow, NotThere, Unusable
from bot.desk.visitor import Availability, HandoverView, VisitorState
from bot.dialogue import Channel
from bot.phone_numbers import normalised
from bot.store.desk_records import CallbackRecord, DeskMessageRecord
from bot.store.records import HandoverReason, HandoverState
from bot.summary import summarise

_AFTER_REFUSAL = timedelta(hours=1)
_NAME_CHARS = 128
_CONTACT_CHARS = 200
_TEXT_CHARS = 4000
_SLOTS = 6


class Asking(Admission):
    """The part of `Desk` that visitors speak with."""

    async def request(
        self, conversation_id: str, channel: Channel, reason: HandoverReason, summary: str
    ) -> HandoverView:
        """See `VisitorDesk`. A call asks to wait on the line."""
        return await self.view(await self.requested(conversation_id, channel, reason, summary))

    async def cancel(self, conversation_id: str) -> HandoverView | None:
        """See `VisitorDesk`."""
        case = await self._open(conversation_id)
        if case is None:
            return None
        await self.change(case, events.Cancelled(), tell=False)
        return HandoverView(VisitorState.CANCELLED)

    async def leave_callback(self, conversation_id: str, name: str, number: str, slot_id: str) -> HandoverView:
        """See `VisitorDesk`. An empty `slot_id`: as soon as possible."""
        if not self.policy.callbacks:
            raise NotNow("slot_gone")
        dialled = normalised(number)
        if dialled is None:
            raise Unusable("bad_number")
        slot = await self.slot(slot_id) if slot_id else None
        async with self.in_turn(conversation_id):
            known = await self.same_promise(conversation_id, dialled, slot_id)
            if known is None:
                promise = self.promise(conversation_id, None, name.strip()[:_NAME_CHARS], dialled, slot)
                await self._keep_for_sure(promise, CallbackLeft())
        return HandoverView(VisitorState.CALLBACK, slot=slot)

    async def leave_message(self, conversation_id: str, name: str, contact: str, text: str) -> HandoverView:
        """See `VisitorDesk`."""
        name, contact, text = name.strip()[:_NAME_CHARS], contact.strip(), text.strip()
        if not self.policy.messages or not text or not contact:
            raise Unusable
        if len(text) > _TEXT_CHARS or len(contact) > _CONTACT_CHARS:
            raise Unusable("too_long")
        await self._keep_for_sure(self.written(conversation_id, None, name, contact, text), MessageLeft())
        return HandoverView(VisitorState.MESSAGE_LEFT)

    async def now(self, conversation_id: str) -> HandoverView | None:
        """See `VisitorDesk`."""
        case = await self._open(conversation_id)
        return None if case is None else await self.view(case)

    def bot_is_silent(self, view: HandoverView | None) -> bool:
        """See `VisitorDesk`."""
        return view is not None and view.state is VisitorState.ACTIVE

    async def visitor_left(self, conversation_id: str) -> None:
        """See `VisitorDesk`."""
        case = await self._open(conversation_id)
        if case is not None and case.channel is not Channel.PHONE:
            await self.change(case, events.VisitorLeft())
        self.bus.changed()  # erased conversations are seen to be gone

    async def availability(self, language: str = "fr") -> Availability:
        """See `VisitorDesk`."""
        now = self.clock()
        is_open = self.hours.is_open(now)
        return Availability(
            open=is_open,
            staffed=routing.staffed(await self.present()),
            hours=tuple(self.hours.lines(language, now=now)),
            next_opening=None if is_open else self.hours.next_opening(now),
            slots=tuple(await self.free_slots(_SLOTS)) if self.policy.callbacks else (),
            messages=self.policy.messages,
        )

    # Inside

    async def _open(self, conversation_id: str) -> Case | None:
        case = await self.store.handover(conversation_id)
        return case if case is not None and case.state.is_open else None

    async def _keep_for_sure(
        self, promised: CallbackRecord | DeskMessageRecord, left: CallbackLeft | MessageLeft
    ) -> None:
        """With the request that it belongs to. When that ends at this very moment, with another."""
        for _ in range(TRIES):
            case = await self._case_for_promise(promised.conversation_id)
            _, is_kept = await self.changed(case, left, kept=[replace(promised, handover_id=case.id)], tell=False)
            if is_kept or (isinstance(promised, CallbackRecord) and await self._is_promised(promised)):
                return
        raise NotNow("over")

    async def _is_promised(self, one: CallbackRecord) -> bool:
        """By who asked for the same at the same moment."""
        return await self.same_promise(one.conversation_id, one.number, one.slot_id) is not None

    async def _case_for_promise(self, conversation_id: str) -> Case:
        """The request that a promise belongs to: the open one, the one just refused, or a new one."""
        case = await self.store.handover(conversation_id)
        if case is not None and case.state.is_open:
            return case
        since = self.clock() - _AFTER_REFUSAL
        if case is not None and case.state is HandoverState.REFUSED and (case.closed_at or case.requested_at) > since:
            return case
        conversation = await self.store.conversation(conversation_id)
        if conversation is None:
            raise NotThere("unknown_conversation")
        return await self.store.request_handover(conversation_id, HandoverReason.ASKED, summarise(conversation.turns))
