"""The line as an extension of a real registrar, Debian's Kamailio."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.integration.sip import sipp
from tests.integration.sip.calling import Sipp
from tests.integration.sip.kamailio import Kamailio
from tests.integration.sip.line_under_test import LineUnderTest
from tests.integration.sip.sounds import murmur
from voice.leg import LineClosed, Played

GREETING = murmur(1.0, seed=1)


def through(registrar: Kamailio, steps: str, callers: Sipp) -> asyncio.Task[sipp.Outcome]:
    """A call of the registrar's own number for us."""
    return asyncio.create_task(callers.call_port(registrar.port, steps))


def routed(steps: str) -> str:
    """Requests inside the call go through the registrar again (Record-Route)."""
    return steps.replace("      Max-Forwards: 70\n", "      [routes]\n      Max-Forwards: 70\n")


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_calls_come_through_the_registrar(tmp_path: Path, callers: Sipp, transport: str) -> None:
    async with Kamailio(tmp_path) as registrar:
        account = {"account": f"4100@127.0.0.1:{registrar.port}", "password": "secret", "transport": transport}
        async with LineUnderTest(tmp_path, greeting=GREETING, **account) as line:
            await line.event("registered")
            steps = routed(sipp.dial(user="4100") + sipp.pause(2500) + sipp.hang_up())
            outcome = await through(registrar, steps, callers)
            session = await line.call()
            await asyncio.wait_for(session.over.wait(), 15)
            assert outcome.status == 0, outcome.output
            assert session.events == [Played("greeting"), LineClosed("caller")]


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_registrar_that_was_restarted_knows_us_again(tmp_path: Path, callers: Sipp, transport: str) -> None:
    async with Kamailio(tmp_path) as registrar:
        account = {"account": f"4100@127.0.0.1:{registrar.port}", "password": "secret", "transport": transport}
        async with LineUnderTest(tmp_path, greeting=GREETING, register_seconds=10, **account) as line:
            await line.event("registered")
            await registrar.stop()
            lost = await line.event("registration_failed", seconds=90)
            assert f"({transport})" in lost["reason"], "and what to look at"
            await registrar.start()
            await line.event("registered", seconds=90)
            steps = routed(sipp.dial(user="4100") + sipp.pause(300) + sipp.hang_up())
            outcome = await through(registrar, steps, callers)
            assert outcome.status == 0, outcome.output


async def test_a_wrong_password_is_told(tmp_path: Path) -> None:
    async with Kamailio(tmp_path) as registrar:
        account = {"account": f"4100@127.0.0.1:{registrar.port}", "password": "wrong"}
        async with LineUnderTest(tmp_path, **account) as line:
            report = await line.event("registration_failed")
            assert report["reason"].startswith("401"), report


async def test_a_registrar_that_is_down_is_told_and_found_later(tmp_path: Path) -> None:
    async with Kamailio(tmp_path) as registrar:
        await registrar.stop()
        account = {"account": f"4100@127.0.0.1:{registrar.port}", "password": "secret", "transport": "tcp"}
        async with LineUnderTest(tmp_path, **account) as line:
            report = await line.event("registration_failed")
            assert report["reason"]
            await registrar.start()
            await line.event("registered", seconds=90)
