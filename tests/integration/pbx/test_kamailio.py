"""The line registers at a real exchange; whom it does not take, the exchange sends to people."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.pbx.exchange import Exchange, kamailio
from tests.integration.sip.baresip_phone import BaresipPhone
from tests.integration.sip.line_under_test import LineUnderTest
from tests.integration.sip.sounds import fidelity, murmur
from tests.integration.sip.tls_registrar import make_certificate
from voice.leg import Key, LineClosed, Played

GREETING = murmur(2, seed=1)
QUESTION = murmur(2, seed=2)


@pytest.fixture
async def people(tmp_path: Path) -> AsyncIterator[BaresipPhone]:
    """A telephone that picks up."""
    async with BaresipPhone(tmp_path / "people", b"", answers=True) as phone:
        yield phone


@pytest.fixture
async def exchange(tmp_path: Path, people: BaresipPhone) -> AsyncIterator[Exchange]:
    async with kamailio(tmp_path, people.uri) as running:
        yield running


@pytest.fixture
async def phone(tmp_path: Path) -> AsyncIterator[BaresipPhone]:
    """The caller's."""
    async with BaresipPhone(tmp_path / "caller", QUESTION) as caller:
        yield caller


async def _is_taken_by(people: BaresipPhone, phone: BaresipPhone, exchange: Exchange) -> bool:
    await phone.dial(exchange.uri)
    await people.expect("CALL_ESTABLISHED")
    await phone.hang_up()
    return bool(await people.expect("CALL_CLOSED"))


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
async def test_a_registered_line_takes_the_calls_of_the_exchange(
    tmp_path: Path, exchange: Exchange, phone: BaresipPhone, transport: str
) -> None:
    async with LineUnderTest(tmp_path, greeting=GREETING, **exchange.account(transport)) as line:
        await line.event("registered", 15)
        await phone.dial(exchange.uri)
        session = await line.call()
        await session.wait_for(Played)
        await asyncio.sleep(0.5)
        await phone.press("5")
        await session.wait_for(Key)
        await phone.hang_up()
        await asyncio.wait_for(session.over.wait(), 15)
        assert fidelity(phone.heard(), GREETING).intact >= 0.5
        assert fidelity(bytes(session.heard), QUESTION).intact >= 0.5
        assert session.keys == "5"
        assert session.events[-1] == LineClosed("caller")


async def test_a_wrong_password_is_reported_and_people_take_the_calls(
    tmp_path: Path, exchange: Exchange, people: BaresipPhone, phone: BaresipPhone
) -> None:
    async with LineUnderTest(tmp_path, **exchange.account(password="wrong")) as line:
        assert "401" in str((await line.event("registration_failed", 30))["reason"])
        assert await _is_taken_by(people, phone, exchange)


async def test_an_exchange_that_no_authority_vouches_for_is_not_trusted(tmp_path: Path, exchange: Exchange) -> None:
    stranger, _ = make_certificate(tmp_path, "stranger")
    async with LineUnderTest(tmp_path, **exchange.account("tls") | {"ca_file": stranger}) as line:
        await line.event("registration_failed", 30)


async def test_people_take_the_calls_that_the_line_refuses(
    tmp_path: Path, exchange: Exchange, people: BaresipPhone, phone: BaresipPhone
) -> None:
    async with LineUnderTest(tmp_path, **exchange.account()) as line:
        await line.event("registered", 15)
        line.refusing = True
        assert await _is_taken_by(people, phone, exchange)


async def test_people_take_the_call_that_is_one_too_many(
    tmp_path: Path, exchange: Exchange, people: BaresipPhone, phone: BaresipPhone
) -> None:
    async with (
        LineUnderTest(tmp_path, greeting=GREETING, max_calls=1, **exchange.account()) as line,
        BaresipPhone(tmp_path / "first", QUESTION) as first,
    ):
        await line.event("registered", 15)
        await first.dial(exchange.uri)
        await line.call()
        assert await _is_taken_by(people, phone, exchange)
        await first.hang_up()


async def test_people_take_the_calls_once_the_line_is_stopped(
    tmp_path: Path, exchange: Exchange, people: BaresipPhone, phone: BaresipPhone
) -> None:
    async with LineUnderTest(tmp_path, **exchange.account()) as line:
        await line.event("registered", 15)
    assert await _is_taken_by(people, phone, exchange)


async def test_people_take_the_calls_of_a_line_that_died_without_a_word(
    tmp_path: Path, exchange: Exchange, people: BaresipPhone, phone: BaresipPhone
) -> None:
    async with LineUnderTest(tmp_path, **exchange.account()) as line:
        await line.event("registered", 15)
        line.process.kill()
        await line.process.wait()
        assert await _is_taken_by(people, phone, exchange)
