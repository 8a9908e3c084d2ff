"""Calls that we place, on the stack's own classes, its thread played by the test."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from baresip import UserAgent
from baresip._native import lib
from baresip.call import CallState
from baresip.events import Event, StackEvent

from voice.sip.outgoing import NotAnswered, Outgoing, dialled

AGENT, CALL, ANOTHER = 1, 7, 8
URI = "sip:200@192.0.2.7"
NOTHING_LATER = 0.01
"""Seconds that a call would ring on whose end was missed."""
LONG = 60.0


class Stack:
    """Answers a command only after it has told what happened meanwhile."""

    def __init__(self, *meanwhile: StackEvent) -> None:
        self.draining = False
        self.listeners: list[Callable[[StackEvent], None]] = []
        self.dials = asyncio.Event()
        self.dials.set()
        self.hung_up = asyncio.Event()
        self._meanwhile = meanwhile

    def subscribe(self, listener: Callable[[StackEvent], None]) -> None:
        self.listeners.append(listener)

    def unsubscribe(self, listener: Callable[[StackEvent], None]) -> None:
        self.listeners.remove(listener)

    async def cmd(self, command: int, *, args: str) -> tuple[int, bytes]:
        if command == lib.BP_CMD_CALL_HANGUP:
            assert args == str(CALL)
            self.hung_up.set()
            self.tells(happened(Event.CALL_CLOSED))
            return 0, b""
        await self.dials.wait()
        self.tells(*self._meanwhile)
        return 0, json.dumps({"handle": CALL}).encode()

    def tells(self, *events: StackEvent) -> None:
        for event in events:
            for listener in list(self.listeners):
                listener(event)


def happened(event: Event, *, call: int = CALL, text: str | None = None) -> StackEvent:
    return StackEvent(event=event, ua=AGENT, call=call, text=text, call_id="a1")


def agent_of(stack: Any) -> UserAgent:
    return UserAgent(stack, AGENT)


def outgoing(stack: Stack, has_replied: Callable[[str], bool] = lambda call_id: False) -> Outgoing:
    return Outgoing(agent_of(stack), has_replied)


async def a_while() -> None:
    """Every task has its turn, several times."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_an_answer_that_comes_while_we_still_dial_is_heard() -> None:
    stack = Stack(happened(Event.CALL_RINGING), happened(Event.CALL_ESTABLISHED))
    call = await outgoing(stack).ring(URI, {}, NOTHING_LATER)
    assert (call.state, call.call_id) == (CallState.ESTABLISHED, "a1")
    assert len(stack.listeners) == 1, "the call listens, and nobody else"


async def test_a_refusal_that_comes_while_we_still_dial_is_told_with_its_status() -> None:
    stack = Stack(happened(Event.CALL_CLOSED, text="486 Busy Here"))
    with pytest.raises(NotAnswered, match="486"):
        await outgoing(stack).ring(URI, {}, NOTHING_LATER)
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


async def test_a_call_given_up_while_it_is_being_placed_is_ended() -> None:
    stack = Stack()
    stack.dials.clear()
    calls = outgoing(stack, has_replied=lambda call_id: True)
    ringing = asyncio.create_task(calls.ring(URI, {}, LONG))
    await a_while()
    ringing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ringing
    stack.dials.set()
    await asyncio.wait_for(stack.hung_up.wait(), LONG)
    await a_while()
    assert stack.listeners == []


async def test_a_call_given_up_in_the_moment_in_which_it_is_placed_is_ended() -> None:
    stack = Stack()
    stack.dials.clear()
    calls = outgoing(stack, has_replied=lambda call_id: True)
    ringing = asyncio.create_task(calls.ring(URI, {}, LONG))
    await a_while()
    stack.dials.set()
    await asyncio.sleep(0)
    ringing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ringing
    await asyncio.wait_for(stack.hung_up.wait(), LONG)


async def test_a_call_given_up_is_hung_up_only_once_it_has_been_replied_to() -> None:
    stack, replied = Stack(happened(Event.CALL_OUTGOING)), set[str]()
    calls = outgoing(stack, has_replied=replied.__contains__)
    ringing = asyncio.create_task(calls.ring(URI, {}, LONG))
    await a_while()
    ringing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ringing
    await a_while()
    assert not stack.hung_up.is_set(), "the stack would forget the call, and the telephone ring on"
    replied.add("a1")
    await asyncio.wait_for(stack.hung_up.wait(), LONG)


async def test_a_call_given_up_that_is_answered_is_hung_up() -> None:
    stack = Stack()
    ringing = asyncio.create_task(outgoing(stack).ring(URI, {}, LONG))
    await a_while()
    ringing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ringing
    stack.tells(happened(Event.CALL_ESTABLISHED))
    await asyncio.wait_for(stack.hung_up.wait(), LONG)


async def test_a_call_that_has_rung_long_enough_without_a_reply_is_ended_when_one_comes() -> None:
    stack = Stack()
    with pytest.raises(NotAnswered, match="no_answer"):
        await outgoing(stack).ring(URI, {}, NOTHING_LATER)
    await a_while()
    assert not stack.hung_up.is_set()
    stack.tells(happened(Event.CALL_ESTABLISHED))
    await asyncio.wait_for(stack.hung_up.wait(), LONG)


async def test_when_the_line_ends_no_reply_is_waited_for() -> None:
    stack = Stack()
    calls = outgoing(stack)
    with pytest.raises(NotAnswered, match="no_answer"):
        await calls.ring(URI, {}, NOTHING_LATER)
    await asyncio.wait_for(calls.close(), LONG)
    assert not stack.hung_up.is_set()
