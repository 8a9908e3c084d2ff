"""The measuring telephone of the benches against the real SIP process."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from bot.commands.bench.sounds import line_noise, utterance
from bot.commands.bench.telephone import Telephone
from bot.errors import LineUnavailable
from tests.integration.sip.line_under_test import LineUnderTest, Session
from tests.integration.sip.sounds import loudest, murmur

NOISE = line_noise("quiet", 20.0, np.random.default_rng(0))


async def test_a_call_is_answered_heard_spoken_to_and_ended(tmp_path: Path) -> None:
    greeting = murmur(1.0, seed=1)
    spoken = utterance("q", np.frombuffer(murmur(1.0, seed=2), "<i2").astype(np.float32) / 32768)
    async with LineUnderTest(tmp_path, greeting=greeting) as line, Telephone() as phone:
        call = await phone.dial(line.uri, NOISE)
        session = await line.call()
        said = await call.say(spoken)
        assert spoken.seconds - 0.3 < said.ended_at - said.began_at < spoken.seconds + 1.0
        first = call.first_loud_after(call.answered_at)
        assert first is not None
        await call.press("5")
        await asyncio.sleep(0.5)
        await call.hang_up()
        await asyncio.wait_for(session.over.wait(), 10)
        assert session.keys == "5"
        assert loudest(bytes(session.heard)) > 1000
        assert session.info.line_id == call.line_id
        assert len(call.pacing.gaps_ms) > 50
        assert call.pacing.timestamp_jumps == 0


async def test_the_bots_hang_up_ends_the_call(tmp_path: Path) -> None:
    async with LineUnderTest(tmp_path) as line, Telephone() as phone:
        call = await phone.dial(line.uri, NOISE)
        session = await line.call()
        await call.press("#")
        await asyncio.wait_for(call.closed.wait(), 10)
        await asyncio.wait_for(session.over.wait(), 10)
        with pytest.raises(LineUnavailable):
            await call.say(utterance("q", np.ones(8000, np.float32)))


async def test_a_refusal_is_told_with_its_status(tmp_path: Path) -> None:
    async with LineUnderTest(tmp_path, session=Session, with_gateway=False) as line, Telephone() as phone:
        with pytest.raises(LineUnavailable, match="486"):
            await phone.dial(line.uri, NOISE)
