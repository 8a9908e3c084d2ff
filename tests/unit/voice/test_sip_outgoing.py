"""Calls that we place, on the stack's own classes, its thread played by the test."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from baresip import UserAgent
from baresip.call import CallState
from baresip.events import Event, StackEvent

from voice.sip.outgoing import NotAnswered, dialled, ring

AGENT, CALL, ANOTHER = 1, 7, 8
URI = "sip:200@192.0.2.7"
NOTHING_LATER = 0.01
"""Seconds that a call would ring on whose end was missed."""


class Stack:
    """Answers a command only after it has told what happened meanwhile."""

    def __init__(self, *meanwhile: StackEvent) -> None:
        self.draining = False
        self.listeners: list[Callable[[StackEvent], None]] = []
        self._meanwhile = meanwhile

    def subscribe(self, listener: Callable[[StackEvent], None]) -> None:
        self.listeners.append(listener)

    def unsubscribe(self, listener: Callable[[StackEvent], None]) -> None:
        self.listeners.remove(listener)

    async def cmd(self, *_: object, **__: object) -> tuple[int, bytes]:
        for event in self._meanwhile:
            for listener in list(self.listeners):
                listener(event)
        return 0, json.dumps({"handle": CALL}).encode()


def happened(event: Event, *, call: int = CALL, text: str | None = None) -> StackEvent:
    return StackEvent(event=event, ua=AGENT, call=call, text=text, call_id="a1")


def agent_of(stack: Any) -> UserAgent:
    return UserAgent(stack, AGENT)


async def test_an_answer_that_comes_while_we_still_dial_is_heard() -> None:
    stack = Stack(happened(Event.CALL_RINGING), happened(Event.CALL_ESTABLISHED))
    call = await ring(agent_of(stack), URI, {}, NOTHING_LATER)
    assert (call.state, call.call_id) == (CallState.ESTABLISHED, "a1")
    assert len(stack.listeners) == 1, "the call listens, and nobody else"


async def test_a_refusal_that_comes_while_we_still_dial_is_told_with_its_status() -> None:
    stack = Stack(happened(Event.CALL_CLOSED, text="486 Busy Here"))
    with pytest.raises(NotAnswered, match="486"):
        await ring(agent_of(stack), URI, {}, NOTHING_LATER)
    assert stack.listeners == []


async def test_another_call_s_answer_is_not_ours() -> None:
    call = await dialled(agent_of(Stack(happened(Event.CALL_ESTABLISHED, call=ANOTHER))), URI)
    assert call.state is CallState.OUTGOING


async def test_what_comes_later_is_told_once() -> None:
    stack = Stack(happened(Event.CALL_RINGING))
    told: list[StackEvent] = []
    call = await dialled(agent_of(stack), URI)
    call.on(told.append)
    for listener in list(stack.listeners):
        listener(happened(Event.CALL_ESTABLISHED))
    assert [event.event for event in told] == [Event.CALL_ESTABLISHED]
