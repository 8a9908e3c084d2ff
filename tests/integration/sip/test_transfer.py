"""A caller passed on after the target has answered, and every way in which that fails without losing the caller."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.integration.sip import sipp
from tests.integration.sip.calling import Sipp
from tests.integration.sip.line_under_test import TRANSFER_TARGET, LineUnderTest, Session, free_port
from tests.integration.sip.sounds import murmur
from voice.leg import Held, LineClosed, TransferFailed, TransferMode

MUSIC = murmur(20, seed=2)
CONTEXT = {"X-Guichet-Conversation": "c-42", "User-to-User": "c-42", "X-Bad": "two\r\nlines"}
REPLACES = "Supported: 100rel, timer, replaces, norefersub, histinfo"
"""As Asterisk says it."""


def attending(port: int, mode: TransferMode = TransferMode.ATTENDED) -> type[Session]:
    """A session that passes its caller to this port at key 9."""

    class Attending(Session):
        async def on_key(self, digit: str) -> None:
            if digit == "9":
                await self.leg.transfer(f"sip:agent@127.0.0.1:{port}", mode=mode, context=CONTEXT)

    return Attending


def wants_a_person(extra: str = REPLACES) -> str:
    """A caller presses 9."""
    return sipp.dial(extra=extra) + sipp.pause(300) + sipp.press_now("9")


async def test_the_caller_is_joined_to_whom_we_consulted(tmp_path: Path, callers: Sipp) -> None:
    port = free_port()
    caller = (
        wants_a_person()
        + sipp.accept_reinvite()
        + sipp.expect("REFER", "202 Accepted")
        + sipp.notify(5, "100 Trying", final=False)
        + sipp.notify(6, "200 OK", final=True)
        + sipp.expect("BYE")
    )
    agent = sipp.ring() + sipp.pause(700) + sipp.answer() + sipp.accept_reinvite() + sipp.expect("BYE")
    async with LineUnderTest(tmp_path, greeting=MUSIC, session=attending(port)) as line:
        consulted = asyncio.create_task(callers.wait(port, agent))
        outcome = await callers.call(line, caller)
        session = await line.call()
        await asyncio.wait_for(session.over.wait(), 15)
        assert outcome.status == 0, outcome.output
        assert (await consulted).status == 0, (await consulted).output
        assert session.events[-1] == LineClosed("transferred")
        invite = callers.messages("callee").partition("SIP/2.0 180")[0]
        assert "X-Guichet-Conversation: c-42\n" in invite.replace("\r", "")
        assert "User-to-User: 632d3432;encoding=hex\n" in invite.replace("\r", "")
        assert "X-Bad" not in invite
        assert f"Refer-To: <sip:agent@127.0.0.1:{port}?Replaces=" in callers.messages("caller")


@pytest.mark.parametrize(("status", "reason"), [("486 Busy Here", "486"), ("480 Temporarily Unavailable", "480")])
async def test_a_target_that_is_busy_costs_the_caller_nothing(
    tmp_path: Path, callers: Sipp, status: str, reason: str
) -> None:
    port = free_port()
    caller = wants_a_person() + sipp.pause(2500) + sipp.press("5") + sipp.hang_up()
    async with LineUnderTest(tmp_path, greeting=MUSIC, session=attending(port)) as line:
        consulted = asyncio.create_task(callers.wait(port, sipp.ring() + sipp.decline(status)))
        outcome = await callers.call(line, caller)
        session = await line.call()
        await asyncio.wait_for(session.over.wait(), 15)
        assert outcome.status == 0, outcome.output
        assert (await consulted).status == 0
        assert TransferFailed(reason) in session.events
        assert session.keys == "95"


async def test_a_target_that_does_not_answer_in_time_is_given_up(tmp_path: Path, callers: Sipp) -> None:
    port = free_port()
    caller = wants_a_person() + sipp.pause(3500) + sipp.hang_up()
    async with LineUnderTest(tmp_path, greeting=MUSIC, session=attending(port), ring_seconds=1) as line:
        consulted = asyncio.create_task(callers.wait(port, sipp.ring() + sipp.cancelled()))
        outcome = await callers.call(line, caller)
        session = await line.call()
        await asyncio.wait_for(session.over.wait(), 15)
        assert outcome.status == 0, outcome.output
        assert (await consulted).status == 0, (await consulted).output
        assert TransferFailed("no_answer") in session.events


async def test_a_caller_who_hangs_up_meanwhile_takes_the_consultation_along(tmp_path: Path, callers: Sipp) -> None:
    port = free_port()
    async with LineUnderTest(tmp_path, greeting=MUSIC, session=attending(port)) as line:
        consulted = asyncio.create_task(callers.wait(port, sipp.ring() + sipp.cancelled()))
        outcome = await callers.call(line, wants_a_person() + sipp.pause(1500) + sipp.hang_up())
        session = await line.call()
        await asyncio.wait_for(session.over.wait(), 15)
        assert outcome.status == 0, outcome.output
        assert (await consulted).status == 0, (await consulted).output
        assert session.events[-1] == LineClosed("caller")


async def test_a_refused_join_keeps_the_caller_and_frees_the_agent(tmp_path: Path, callers: Sipp) -> None:
    port = free_port()
    caller = (
        wants_a_person()
        + sipp.accept_reinvite()
        + sipp.expect("REFER", "603 Decline")
        + sipp.accept_reinvite("sendrecv")
        + sipp.pause(500)
        + sipp.press("5")
        + sipp.hang_up()
    )
    agent = sipp.ring() + sipp.answer() + sipp.accept_reinvite() + sipp.expect("BYE")
    async with LineUnderTest(tmp_path, greeting=MUSIC, session=attending(port)) as line:
        consulted = asyncio.create_task(callers.wait(port, agent))
        outcome = await callers.call(line, caller)
        session = await line.call()
        await asyncio.wait_for(session.over.wait(), 15)
        assert outcome.status == 0, outcome.output
        assert (await consulted).status == 0, (await consulted).output
        assert TransferFailed("603") in session.events
        assert Held() not in session.events, "it was we who held the caller"
        assert session.keys == "95"


async def test_without_replaces_the_transfer_is_blind(tmp_path: Path, callers: Sipp) -> None:
    port = free_port()
    caller = (
        wants_a_person(extra="Supported: timer")
        + sipp.expect("REFER", "202 Accepted")
        + sipp.notify(5, "200 OK", final=True)
        + sipp.expect("BYE")
    )
    async with LineUnderTest(tmp_path, greeting=MUSIC, session=attending(port), transfer_headers=True) as line:
        outcome = await callers.call(line, caller)
        session = await line.call()
        await asyncio.wait_for(session.over.wait(), 15)
        assert outcome.status == 0, outcome.output
        assert session.events[-1] == LineClosed("transferred")
        refer_to = f"Refer-To: <sip:agent@127.0.0.1:{port}?X-Guichet-Conversation=c-42&User-to-User="
        assert refer_to in callers.messages("caller")


@pytest.mark.parametrize("in_dialog", [True, False])
async def test_nobody_may_send_the_bot_elsewhere(tmp_path: Path, callers: Sipp, in_dialog: bool) -> None:
    """A REFER from outside could make us dial anything."""
    port = free_port()
    extra = f"Refer-To: <sip:premium@127.0.0.1:{port}>"
    refer = sipp.request("REFER", 2, in_dialog=in_dialog, extra=extra)
    if in_dialog:
        steps = sipp.dial() + sipp.pause(300) + refer + sipp.response(501) + sipp.pause(1000) + sipp.hang_up()
    else:
        steps = refer + sipp.response(501)
    async with LineUnderTest(tmp_path, greeting=MUSIC) as line:
        outcome = await callers.call(line, steps)
        assert outcome.status == 0, outcome.output
        assert f":{port}" not in callers.messages("caller").replace(extra, "")
        if in_dialog:
            session = await line.call()
            await asyncio.wait_for(session.over.wait(), 15)
            assert session.events[-1] == LineClosed("caller")


@pytest.mark.parametrize("how", ["gateway lost", "stopped", "nobody takes the call"])
async def test_a_caller_whom_the_bot_loses_is_passed_on(tmp_path: Path, callers: Sipp, how: str) -> None:
    """For a PBX our hanging up would be a goodbye like any other."""
    outcome_of_transfer = "486 Busy Here" if how == "nobody takes the call" else "200 OK"
    caller = (
        sipp.dial()
        + sipp.expect("REFER", "202 Accepted")
        + sipp.notify(5, outcome_of_transfer, final=True)
        + sipp.expect("BYE")
    )
    async with LineUnderTest(tmp_path, greeting=MUSIC, transfer_to=TRANSFER_TARGET) as line:
        call = asyncio.create_task(callers.call(line, caller))
        session = await line.call()
        await asyncio.sleep(0.5)
        if how == "stopped":
            assert await line.stop_process() == 0
        else:
            for connection in list(line.server._connections):
                connection.cancel()
        outcome = await call
        assert outcome.status == 0, outcome.output
        assert f"Refer-To: <{TRANSFER_TARGET}>" in callers.messages("caller")
        if how == "stopped":
            await asyncio.wait_for(session.over.wait(), 15)
            assert session.events[-1] == LineClosed("transferred")
