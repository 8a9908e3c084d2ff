"""Calling back a person who was promised it: which requests may lead to a call, and what the desk is told."""

from __future__ import annotations

from typing import Protocol

import structlog

from bot.errors import Conflict, UnknownConversation
from bot.store import HandoverRecord

log = structlog.get_logger(__name__)


class Requests(Protocol):
    """Where the requests for a person are kept (`bot.store.Store`)."""

    async def handover_by_id(self, handover_id: str) -> HandoverRecord | None: ...


class Line(Protocol):
    """What dials (`bot.web.keys.Callbacks`)."""

    async def call_back(self, conversation_id: str, number: str) -> None: ...


async def call_back(requests: Requests, line: Line, handover_id: str) -> None:
    """Dials the number promised with this request; returns when a line is dialling.

    Raises `UnknownConversation` when there is no such request, `Conflict` when it is closed or holds no number, and
    whatever the line raises.
    """
    request = await requests.handover_by_id(handover_id)
    if request is None:
        raise UnknownConversation("No such request: it was never made, or it has been erased.")
    if not request.state.is_open:
        raise Conflict("This request is closed: nobody waits for a call any more.")
    if not request.callback_number:
        raise Conflict("No callback was promised with this request.")
    await line.call_back(request.conversation_id, request.callback_number)
    log.info("callback.dialled", handover=handover_id, conversation=request.conversation_id)
